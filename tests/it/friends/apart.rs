//! What is kept apart of a friend is not there for who reads of another child: it neither keeps the friend
//! named nor takes the friend away.

use baton_wire::v1::Role;

use super::set;
use crate::harness::*;
use crate::recipients::restricted;

on_both_engines! {
    async fn what_is_kept_apart_of_a_friend_neither_shows_nor_hides_the_friend(exchange) {
        let (child, friend) = (exchange.classmate().await, exchange.classmate().await);
        let (sender, senco) = (exchange.publisher().await, exchange.senco().await);
        let lead = exchange.person(&exchange.primary, &[Role::Dsl]).await;
        let profile = sender.names_friends(&child.of, vec![friend.named("Ada")]).await;
        let apart = submission(&friend.of, restricted());
        let note = lead.publish(apart.clone()).await.unwrap().name;
        assert_eq!(senco.sees(&profile).await, set(&["Ada"]));
        lead.withdraw(&note).await.unwrap();
        assert_eq!(senco.sees(&profile).await, set(&["Ada"]), "nobody is to learn that there was a note");

        lead.publish(apart).await.unwrap();
        let said = submission(&friend.of, typical(3, friend.of.point));
        let told = sender.publish(said).await.unwrap().name;
        assert_eq!(senco.sees(&profile).await, set(&["Ada"]));
        sender.withdraw(&told).await.unwrap();
        assert_eq!(senco.sees(&profile).await, set(&[]), "nor that there still is one");
        exchange.holds().await;
    }
}
