//! What is past its time goes by itself, and whoever has it is told before.

use baton_domain::log::Json;
use baton_wire::v1::TransitionState::{Accepted, Erased, Published};
use baton_wire::v1::{self, ItemKind, Role};

use crate::harness::*;

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

/// A move between two schools of which nobody of the tests below hears.
async fn aside(exchange: &Exchange) -> Move {
    let of = exchange.planned_as(v1::PlannedTransition {
        to: Some(exchange.academy.code.clone()),
        ..exchange.plan_of(v1::Point::PrimaryToSecondary)
    });
    let of = of.await;
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    let said = submission(&of, typical(4, of.point));
    sender.publish(said).await.unwrap();
    of
}

/// Waits until the whole of today was looked at: whoever looks at a new day does so before anything else,
/// and releases what a redirect opened. The first release may have been under way when the day came.
async fn looked_at(exchange: &Exchange, aside: &Move) {
    for to in [&exchange.elsewhere, &exchange.academy] {
        let size = exchange.size();
        let moved = exchange.officer.redirect(&aside.name, to, "2026-03-09");
        moved.await.unwrap();
        exchange.entered("released", size, 1).await;
    }
    let sender = exchange.person(&aside.from, &[Role::Publisher]).await;
    sender.erase(sender.erasure(&aside.name)).await.unwrap();
}

on_both_engines! {
    async fn receivers_are_told_four_weeks_before_it_goes(exchange) {
        let [filed, open, held] = [exchange.open_move().await, exchange.open_move().await, exchange.open_move().await];
        let sender = exchange.person(&filed.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&filed.to, &[Role::Senco]).await;
        let mut names = Vec::new();
        for (of, seed) in [(&filed, 1), (&open, 2), (&held, 3)] {
            names.push(receiver.mine(&sender.publish(submission(of, typical(seed, of.point))).await.unwrap().name));
        }
        assert_eq!(receiver.get(&names[0]).await.unwrap().kept_until, "2026-12-31");
        receiver.acknowledge(&names[0], 1).await.unwrap();
        assert_eq!(receiver.get(&names[0]).await.unwrap().kept_until, "2026-12-20");
        sender.hold(&held.name, v1::HoldReason::Investigation).await.unwrap();
        let subscription = receiver.subscribe().await.unwrap();
        let mut turn = receiver.pull(&subscription, "").await.unwrap();
        assert_eq!(turn.items.len(), 3);

        // The day before, nothing is said; then of the one that was filed, and once only.
        let aside = aside(exchange).await;
        exchange.hand.send_replace(at("2026-11-21T23:30:00Z"));
        looked_at(exchange, &aside).await;
        for (today, name, last) in [
            ("2026-11-22T00:30:00Z", &names[0], "2026-12-20"),
            ("2026-12-03T00:30:00Z", &names[1], "2026-12-31"),
        ] {
            exchange.hand.send_replace(at(today));
            turn = receiver.await_item(&subscription, &turn.token).await.unwrap();
            let [item] = &turn.items[..] else { panic!("{turn:?}") };
            let told = item.profile.as_ref().unwrap();
            assert_eq!((item.kind(), &told.name, told.kept_until.as_str()), (ItemKind::Expires, name, last));
            assert!(told.kinds.is_empty() && told.content.is_none(), "it shows nothing: {told:?}");
            assert!(receiver.acknowledge(name, told.version).await.is_err(), "a warning is nothing to take over");
        }
        receiver.acknowledge(&names[1], 1).await.unwrap();
        assert_eq!(receiver.get(&names[1]).await.unwrap().kept_until, "2026-12-31", "as announced");
        // The hold ends: what could not go is announced as well.
        sender.hold(&held.name, v1::HoldReason::Unspecified).await.unwrap();
        exchange.hand.send_replace(at("2026-12-04T00:30:00Z"));
        turn = receiver.await_item(&subscription, &turn.token).await.unwrap();
        let [item] = &turn.items[..] else { panic!("{turn:?}") };
        assert_eq!((item.kind(), &item.profile.as_ref().unwrap().name), (ItemKind::Expires, &names[2]));

        let lines = exchange.lines(0).await;
        let announced = lines.iter().filter(|line| line.said().0 == "expiry_announced");
        let days = announced.map(|line| match line.get("time_us") {
            Some(Json::Int(time_us)) => time_us / DAY_US,
            other => panic!("{other:?}"),
        });
        let on = |day| at(day) / DAY_US;
        let expected = ["2026-11-22T00:30:00Z", "2026-12-03T00:30:00Z", "2026-12-04T00:30:00Z"];
        assert_eq!(days.collect::<Vec<_>>(), expected.map(on), "and not a day before");
        exchange.verify_all().await;
    }

    async fn another_destination_is_told_anew(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let old = exchange.person(&of.to, &[Role::Senco]).await;
        let new = exchange.person(&exchange.academy, &[Role::Senco]).await;
        let (at_old, at_new) = (old.subscribe().await.unwrap(), new.subscribe().await.unwrap());
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let turn = old.await_item(&at_old, "").await.unwrap();
        exchange.hand.send_replace(at("2026-12-03T00:30:00Z"));
        let turn = old.await_item(&at_old, &turn.token).await.unwrap();
        assert_eq!(turn.items[0].kind(), ItemKind::Expires);

        exchange.officer.redirect(&of.name, &exchange.academy, "2026-03-09").await.unwrap();
        let late = old.pull(&at_old, "").await.unwrap();
        let kinds: Vec<_> = late.items.iter().map(v1::Item::kind).collect();
        assert_eq!(kinds, [ItemKind::NotAvailable, ItemKind::NotAvailable, ItemKind::Closed]);
        let came = new.await_item(&at_new, "").await.unwrap();
        assert_eq!(the_profile(&came.items).kept_until, "2026-12-31");
        exchange.hand.send_replace(at("2026-12-04T00:30:00Z"));
        let told = new.await_item(&at_new, &came.token).await.unwrap();
        assert_eq!(told.items[0].kind(), ItemKind::Expires, "{told:?}");
        exchange.verify_all().await;
    }

    async fn content_expires_after_the_move_and_held_content_does_not(exchange) {
        let [filed, open, held] = [exchange.open_move().await, exchange.open_move().await, exchange.open_move().await];
        let sender = exchange.person(&filed.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&filed.to, &[Role::Senco]).await;
        let mut names = Vec::new();
        for (of, seed) in [(&filed, 1), (&open, 2), (&held, 3)] {
            names.push(sender.publish(submission(of, typical(seed, of.point))).await.unwrap().name);
        }
        receiver.get(&names[0]).await.unwrap();
        receiver.acknowledge(&names[0], 1).await.unwrap();
        let until = |of: &Move| {
            let (sender, name) = (sender.clone(), of.name.clone());
            async move { sender.transition(&name).await.unwrap().kept_until }
        };
        assert_eq!((until(&filed).await, until(&open).await), ("2026-12-20".into(), "2026-12-31".into()));
        sender.hold(&held.name, v1::HoldReason::Investigation).await.unwrap();

        let states = async |expected: [v1::TransitionState; 3]| {
            for (of, state) in [&filed, &open, &held].into_iter().zip(expected) {
                assert_eq!(sender.transition(&of.name).await.unwrap().state(), state);
            }
        };
        states([Accepted, Published, Published]).await;
        // The last day is a day on which it is kept.
        exchange.hand.send_replace(at("2026-12-20T23:30:00Z"));
        receiver.look().await.unwrap();
        states([Accepted, Published, Published]).await;
        let size = exchange.size();
        exchange.hand.send_replace(at("2026-12-21T00:30:00Z"));
        exchange.entered("expired", size, 1).await;
        states([Erased, Published, Published]).await;
        let size = exchange.size();
        exchange.hand.send_replace(at("2027-01-01T00:30:00Z"));
        exchange.entered("expired", size, 1).await;
        states([Erased, Erased, Published]).await;
        let size = exchange.size();
        sender.hold(&held.name, v1::HoldReason::Unspecified).await.unwrap();
        exchange.hand.send_replace(at("2027-01-02T00:30:00Z"));
        exchange.entered("expired", size, 1).await;
        states([Erased, Erased, Erased]).await;
        exchange.verify_all().await;
    }
}
