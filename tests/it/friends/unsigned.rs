//! A friend is not named where nothing else of them goes for want of an agreement, however much is sent of
//! the child who names them.

use baton_wire::v1::SendingReason;

use super::set;
use crate::harness::*;

on_both_engines! {
    async fn a_friend_is_named_where_both_are_sent_without_an_agreement(exchange) {
        let (child, friend) = (exchange.classmate().await, exchange.classmate().await);
        let (sender, senco) = (exchange.publisher().await, exchange.senco().await);
        let to = exchange.secondary.clone();
        exchange.officer.signs_no_more(&to.name).await.unwrap();
        let subscription = senco.subscribe().await.unwrap();
        let profile = sender.names_friends(&child.of, vec![friend.named("Ada")]).await;
        let why = SendingReason::UrgentNeed;
        sender.sends_without(&child.of.name, &to, why).await.unwrap();
        let first = senco.await_item(&subscription, "").await.unwrap();
        assert_eq!(senco.sees(&profile).await, set(&[]), "nothing of the friend is sent there");
        sender.sends_without(&friend.of.name, &to, why).await.unwrap();
        let again = senco.await_item(&subscription, &first.token).await.unwrap();
        assert_eq!(the_profile(&again.items).name, senco.mine(&profile), "it is told again");
        assert_eq!(senco.sees(&profile).await, set(&["Ada"]));
        sender.sends_without_no_more(&friend.of.name, &to).await.unwrap();
        assert_eq!(senco.sees(&profile).await, set(&[]));
        exchange.verify_all().await;
    }
}
