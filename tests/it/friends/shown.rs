//! Who is shown a friend who goes to the same school, and by what the friend may be named.

use baton_wire::v1::{self, RecipientPurpose, Role, SectionKind};

use super::{local, naming, row, set};
use crate::harness::*;
use crate::recipients::further;

on_both_engines! {
    async fn a_friend_who_goes_to_the_same_school_is_shown_there_by_whatever_it_is_named(exchange) {
        let child = exchange.classmate().await;
        let number = exchange.number();
        let by_upn = exchange.classmate().await;
        let by_list = exchange.child(&exchange.primary, vec![local("room 4, bed 2")], Some(&exchange.secondary)).await;
        let both = vec![upn(number), local("7B-12")];
        let by_both = exchange.child(&exchange.primary, both, Some(&exchange.secondary)).await;
        let elsewhere = exchange.child(&exchange.primary, vec![upn(exchange.number())], Some(&exchange.academy)).await;
        let rows = vec![
            by_upn.named("Ada"),
            elsewhere.named("Ben"),
            by_list.named("Cleo"),
            row("Dan", &[]),
            by_both.named("Eve"),
        ];
        let sender = exchange.publisher().await;
        let said = naming(&child.of, rows.clone());
        let published = sender.publish(said).await.unwrap();
        let profile = published.name;
        for role in [Role::ReceiverLead, Role::Senco, Role::Dsl] {
            let who = exchange.person(&exchange.secondary, &[role]).await;
            let got = who.get(&profile).await.unwrap().content.unwrap().relationships.unwrap();
            // As they were written, and in that order.
            let expected = [&rows[0], &rows[2], &rows[4]].map(Clone::clone);
            assert_eq!(got.peers, expected, "{role:?}");
            assert!(got.friendship_group.is_some(), "and the rest of the section");
        }
        for role in [Role::DataManager, Role::SubjectTeacher] {
            let who = exchange.person(&exchange.secondary, &[role]).await;
            if let Ok(got) = who.get(&profile).await {
                assert!(got.content.unwrap().relationships.is_none(), "{role:?}");
            }
        }
        // Who wrote it has all of it.
        assert_eq!(sender.sees(&profile).await, set(&["Ada", "Ben", "Cleo", "Dan", "Eve"]));
        exchange.holds().await;
    }

    async fn twins_are_shown_in_each_others_profile(exchange) {
        let (one, other) = (exchange.classmate().await, exchange.classmate().await);
        let sender = exchange.publisher().await;
        let first = sender.names_friends(&one.of, vec![other.named("Castor")]).await;
        let second = sender.names_friends(&other.of, vec![one.named("Pollux")]).await;
        let senco = exchange.senco().await;
        assert_eq!(senco.sees(&first).await, set(&["Castor"]));
        assert_eq!(senco.sees(&second).await, set(&["Pollux"]));
        exchange.goes_to(&one, &exchange.academy).await;
        assert_eq!(senco.sees(&second).await, set(&[]));
        let there = exchange.person(&exchange.academy, &[Role::Senco]).await;
        assert_eq!(there.sees(&first).await, set(&[]));
        exchange.goes_to(&other, &exchange.academy).await;
        assert_eq!(there.sees(&first).await, set(&["Castor"]));
        assert_eq!(there.sees(&second).await, set(&["Pollux"]));
        exchange.holds().await;
    }

    async fn who_receives_beside_the_destination_is_shown_no_friend(exchange) {
        let (child, friend) = (exchange.classmate().await, exchange.classmate().await);
        let sender = exchange.publisher().await;
        let profile = sender.names_friends(&child.of, vec![friend.named("Ada")]).await;
        let kinds = [SectionKind::Relationships];
        let named = further(RecipientPurpose::SendSupport, &kinds);
        let school = exchange.another(v1::SettingKind::School, "outreach").await;
        sender.names(&child.of.name, &school, named).await.unwrap();
        let dual = v1::AddRecipientRequest {
            parent: sender.setting.clone(),
            name: sender.mine(&child.of.name),
            setting: Some(exchange.academy.code.clone()),
            relation: v1::RecipientRelation::Dual.into(),
            first_day: "2026-03-10".to_owned(),
            last_day: "2026-07-31".to_owned(),
            purpose: v1::RecipientPurpose::DualRegistration.into(),
            request_id: fresh(),
            ..Default::default()
        };
        sender.transitions().add_recipient(dual).await.unwrap();
        for setting in [&school, &exchange.academy] {
            // Both children go there, as far as it is concerned.
            if setting.name == exchange.academy.name {
                exchange.goes_to(&friend, &exchange.academy).await;
            }
            let senco = exchange.person(setting, &[Role::Senco]).await;
            let got = senco.get(&profile).await.unwrap().content.unwrap().relationships.unwrap();
            assert_eq!(got.peers, []);
            assert!(got.friendship_group.is_some(), "the section itself is theirs");
        }
        exchange.goes_to(&friend, &exchange.secondary).await;
        let senco = exchange.senco().await;
        assert_eq!(senco.sees(&profile).await, set(&["Ada"]));
        // The former destination sees nothing at all, the next one nobody who does not come.
        exchange.goes_to(&child, &exchange.academy).await;
        let there = exchange.person(&exchange.academy, &[Role::Senco]).await;
        assert_eq!(there.sees(&profile).await, set(&[]));
        refused(senco.get(&profile).await);
        exchange.holds().await;
    }

    async fn documents_of_the_section_go_with_the_section_and_not_with_friends(exchange) {
        let (child, friend) = (exchange.classmate().await, exchange.classmate().await);
        exchange.goes_to(&friend, &exchange.academy).await;
        let sender = exchange.publisher().await;
        let profile = sender.names_friends(&child.of, vec![friend.named("Ada")]).await;
        let about = (SectionKind::Relationships, "seating plan");
        sender.add(&profile, about, b"who sits where").await.unwrap();
        let senco = exchange.senco().await;
        assert_eq!(senco.documents_of(&profile).await.unwrap().len(), 1);
    }
}
