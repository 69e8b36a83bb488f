//! Another destination: the old receiver is closed at once, the new one gets what stands.

use baton_wire::status::Reason;
use baton_wire::v1::{self, ItemKind, Role};

use crate::harness::*;

const OFFERED: &str = "2026-03-09";

on_both_engines! {
    async fn a_redirect_closes_the_old_receiver_at_once_on_an_open_watch_too(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let old = exchange.person(&of.to, &[Role::Senco]).await;
        let new = exchange.person(&exchange.academy, &[Role::Senco]).await;
        let (subscription, other) = (old.subscribe().await.unwrap(), new.subscribe().await.unwrap());
        let early = new.pull(&other, "").await.unwrap();
        assert_eq!(early.items, []);
        let sent = typical(2, of.point);
        let published = sender.publish(submission(&of, sent.clone())).await.unwrap();
        let mut watch = old.watch(&subscription, "").await.unwrap();
        let first = watch.message().await.unwrap().unwrap();
        let profile = the_profile(&first.items).name.clone();
        old.get(&profile).await.expect("the destination reads");

        let redirected = exchange.officer.redirect(&of.name, &exchange.academy, OFFERED).await.unwrap();
        assert_eq!(refused(old.get(&profile).await).reason, Reason::PermissionDenied, "at once");

        let closed = loop {
            let turn = watch.message().await.unwrap().unwrap();
            if let [item] = turn.items.as_slice() {
                break item.clone();
            }
        };
        assert_eq!(closed.kind(), ItemKind::Closed, "the open watch is told: {closed:?}");
        assert_eq!(closed.position, redirected.position, "at the position of the redirect");
        let bare = v1::Profile { name: profile.clone(), ..Default::default() };
        assert_eq!(closed.profile, Some(bare), "by its name and nothing else");

        let from_the_start = old.pull(&subscription, "").await.unwrap();
        let kinds: Vec<_> = from_the_start.items.iter().map(v1::Item::kind).collect();
        assert_eq!(kinds, [ItemKind::NotAvailable, ItemKind::Closed], "nothing to a late look either");

        let arrived = new.await_item(&other, &early.token).await.unwrap();
        let shown = the_profile(&arrived.items);
        assert_eq!(new.get(&shown.name).await.unwrap().content, Some(Box::new(sent)), "a resumed token gets it");
        assert!(arrived.items[0].position >= redirected.position);
        assert_eq!(published.version, shown.version, "no new version was needed");
    }

    async fn a_former_receiver_answers_the_closing_and_can_do_nothing_else(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let old = exchange.person(&of.to, &[Role::Senco, Role::Publisher]).await;
        let published = sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        let subscription = old.subscribe().await.unwrap();
        old.await_item(&subscription, "").await.unwrap();
        exchange.officer.redirect(&of.name, &exchange.academy, OFFERED).await.unwrap();

        for (what, answer) in [
            ("get", old.get(&published.name).await.map(drop)),
            ("reject", old.reject(&published.name, 1, v1::RejectReason::Moved).await.map(drop)),
            ("withdraw", old.withdraw(&published.name).await.map(drop)),
            ("redirect", old.redirect(&of.name, &exchange.secondary, OFFERED).await.map(drop)),
            ("who saw", old.who_saw(&of.name).await.map(drop)),
        ] {
            assert_eq!(refused(answer).reason, Reason::PermissionDenied, "{what}");
        }
        old.acknowledge(&published.name, 1).await.expect("it says what became of its copy");
        let state = sender.transition(&of.name).await.unwrap().state();
        assert_ne!(state, v1::TransitionState::Accepted, "which takes nothing over");
    }

    async fn a_receiver_never_sets_a_destination(exchange) {
        let of = exchange.open_move().await;
        let receiver = exchange.person(&of.to, &[Role::Publisher, Role::ReceiverLead]).await;
        let before = exchange.size();
        let answer = receiver.redirect(&of.name, &exchange.academy, OFFERED).await;
        assert_eq!(refused(answer).reason, Reason::PermissionDenied);
        assert_eq!(exchange.one_since(before).await.said(), ("redirected", "denied"));
    }

    async fn without_a_destination_nobody_receives_and_the_first_one_can_come_back(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let published = sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        let first = receiver.await_item(&subscription, "").await.unwrap();
        let request = v1::RedirectTransitionRequest {
            parent: sender.setting.clone(),
            name: sender.mine(&of.name),
            request_id: fresh(),
            ..Default::default()
        };
        let nowhere = sender.transitions().redirect_transition(request).await.unwrap().into_inner();
        assert_eq!(nowhere.transition.unwrap().to, "");
        assert_eq!(refused(receiver.get(&published.name).await).reason, Reason::PermissionDenied);
        let request = v1::ListTransitionsRequest {
            parent: exchange.officer.setting.clone(),
            no_destination_only: true,
            ..Default::default()
        };
        let late = exchange.officer.transitions().list_transitions(request).await.unwrap();
        assert_eq!(late.into_inner().transitions.len(), 1, "the council sees who has no place");

        let closed = receiver.await_item(&subscription, &first.token).await.unwrap();
        assert_eq!(closed.items[0].kind(), ItemKind::Closed);
        exchange.officer.redirect(&of.name, &of.to, OFFERED).await.unwrap();
        let back = receiver.await_item(&subscription, &closed.token).await.unwrap();
        assert_eq!(the_profile(&back.items).version, 1);
        receiver.get(&published.name).await.expect("the destination again");
    }

    async fn who_was_never_told_of_a_learner_learns_nothing_from_the_redirect(exchange) {
        // Reception offers are out on 16 April only.
        let of = exchange.planned(v1::Point::EarlyYearsToPrimary).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let never = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = never.subscribe().await.unwrap();
        let published = sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        exchange.officer.redirect(&of.name, &exchange.academy, OFFERED).await.unwrap();
        assert_eq!(never.pull(&subscription, "").await.unwrap().items, []);
        for answer in [
            never.transition(&of.name).await.map(drop),
            never.acknowledge(&published.name, 1).await.map(drop),
        ] {
            assert_eq!(refused(answer).reason, Reason::PermissionDenied);
        }
    }

    async fn a_withdrawal_closes_every_receiver_and_a_late_subscriber_gets_no_content(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let published = sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        let early = receiver.subscribe().await.unwrap();
        let mut watch = receiver.watch(&early, "").await.unwrap();
        the_profile(&watch.message().await.unwrap().unwrap().items);

        sender.withdraw(&published.name).await.unwrap();
        let closed = loop {
            let turn = watch.message().await.unwrap().unwrap();
            if let [item] = turn.items.as_slice() {
                break item.clone();
            }
        };
        assert_eq!(closed.kind(), ItemKind::Closed);
        assert_eq!(refused(receiver.get(&published.name).await).reason, Reason::PermissionDenied);

        let late = exchange.person(&of.to, &[Role::Dsl]).await;
        let other = late.subscribe_to("late", v1::Point::Unspecified, 0).await.unwrap();
        let request = v1::PullRequest {
            parent: late.setting.clone(),
            subscription: other,
            inline_content: true,
            ..Default::default()
        };
        let pulled = late.subscriptions().pull(request).await.unwrap().into_inner();
        for item in &pulled.items {
            assert_ne!(item.kind(), ItemKind::Profile, "{item:?}");
            let content = item.profile.as_ref().and_then(|profile| profile.content.as_ref());
            assert_eq!(content, None, "withdrawn content is delivered to nobody");
        }
        let again = refused(sender.withdraw(&published.name).await);
        assert_eq!(again.reason, Reason::WithdrawnAlready);
        let next = sender.publish(submission(&of, typical(3, of.point))).await.unwrap();
        assert_eq!(next.version, 2, "what was withdrawn can be published anew");
        receiver.get(&next.name).await.expect("and is received");
    }
}
