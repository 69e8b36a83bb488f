//! A ledger that really forks: the same keys go on from one copied database in two ways, and the
//! high-water mark is put aside. A subscriber notices, keeps the evidence, and goes on receiving.

use std::fs;
use std::time::Duration;

use baton_client::{AlarmKind, Event, Sighting, Subscription, Witness};
use baton_domain::log::Checkpoint;
use baton_domain::log::note::VerifierKey;
use baton_wire::v1::Role;
use futures::StreamExt as _;

use crate::export::Auditor;
use crate::harness::*;

/// Longest a test waits for what has to come.
const PATIENCE: Duration = Duration::from_mins(1);

/// Puts the marks aside that would have the service refuse an older database.
fn forget_marks(exchange: &Exchange) {
    for name in ["data/keys/high-water", "data.high-water"] {
        fs::remove_file(exchange.home.base().join(name)).unwrap();
    }
}

/// What a program of a subscriber sees when it starts, until it has received an item and found something.
async fn receives(
    exchange: &Exchange,
    (receiver, subscription): (&Caller, &str),
    auditor: &Auditor,
) -> (Vec<Sighting>, usize) {
    let receiver = receiver.at(&exchange.door);
    receiver.connection(&exchange.door, auditor.path("").as_path());
    let client = auditor.client(exchange).await;
    let witness = Witness::at(auditor.path("witness.json")).unwrap();
    let witness = witness.evidence_in(auditor.path("evidence"));
    let subscription = Subscription::of(&client, subscription).unwrap();
    let mut watch = subscription.witnessed_by(&witness).watch();
    let (mut seen, mut items) = (Vec::new(), 0);
    let receive = async {
        while items == 0 || seen.is_empty() {
            match watch.next().await.expect("a watch goes on").unwrap() {
                Event::Turn(turn) => items += turn.items.len(),
                Event::Witness(sighting) => seen.push(sighting),
                _ => {}
            }
        }
    };
    let received = tokio::time::timeout(PATIENCE, receive).await;
    received.expect("no item came, or nothing was found");
    (seen, items)
}

on_both_engines! {
    async fn a_subscriber_sees_a_fork_keeps_the_evidence_and_goes_on_receiving(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        exchange.stop().await;
        exchange.home.copy().await;

        // One way, which the subscriber sees.
        exchange.start(false).await.unwrap();
        let auditor = Auditor::of(exchange, &receiver);
        let (seen, _) = receives(exchange, (&receiver, &subscription), &auditor).await;
        assert!(matches!(seen[..], [Sighting::FirstSeen { .. }]), "{seen:?}");
        exchange.stop().await;

        // And the other: the same keys, the same term, and more entries than the one had.
        exchange.home.put_back().await;
        forget_marks(exchange);
        exchange.start(false).await.unwrap();
        for _ in 0..20 {
            let _ = exchange.officer.list_transitions().await.unwrap();
        }
        let (seen, items) = receives(exchange, (&receiver, &subscription), &auditor).await;
        assert!(items > 0, "it goes on receiving");
        let [Sighting::Alarm(alarm)] = &seen[..] else {
            panic!("an alarm, once: {seen:?}");
        };
        assert_eq!(alarm.kind, AlarmKind::Fork);

        // Two signatures of the ledger's own key under two histories, for anybody to check.
        let files = alarm.evidence.as_ref().expect("evidence is saved");
        let vkey = fs::read_to_string(&files.verifier_key).unwrap();
        let vkey: VerifierKey = vkey.trim_end().parse().unwrap();
        let service = exchange.running().ledger().verifier_key();
        assert_eq!(vkey.to_string(), service, "the service's own key");
        let open = |path| Checkpoint::open(&fs::read(path).unwrap(), std::slice::from_ref(&vkey));
        let (held, other) = (open(&files.held).unwrap(), open(&files.seen).unwrap());
        assert!(held.origin == other.origin && held.root != other.root);

        // What was held is kept, also over restarts: the alarm is there again at each connection.
        let (seen, _) = receives(exchange, (&receiver, &subscription), &auditor).await;
        assert!(matches!(&seen[..], [Sighting::Alarm(again)] if again.kind == AlarmKind::Fork), "{seen:?}");
        assert_eq!(fs::read_dir(auditor.path("evidence")).unwrap().count() % 3, 0);
    }

    async fn a_ledger_that_was_set_back_is_seen_before_it_has_grown_again(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        exchange.stop().await;
        exchange.home.copy().await;
        exchange.start(false).await.unwrap();
        for _ in 0..20 {
            let _ = exchange.officer.list_transitions().await.unwrap();
        }
        let auditor = Auditor::of(exchange, &receiver);
        receives(exchange, (&receiver, &subscription), &auditor).await;
        exchange.stop().await;
        exchange.home.put_back().await;
        forget_marks(exchange);
        exchange.start(false).await.unwrap();
        let (seen, _) = receives(exchange, (&receiver, &subscription), &auditor).await;
        let [Sighting::Alarm(alarm)] = &seen[..] else {
            panic!("an alarm, once: {seen:?}");
        };
        // It cannot prove what it has not got any more.
        assert_eq!(alarm.kind, AlarmKind::Unproved);
        let kept = Witness::at(auditor.path("witness.json")).unwrap().checkpoint().await.unwrap();
        assert!(kept.size > exchange.size(), "what was held is kept");
    }
}
