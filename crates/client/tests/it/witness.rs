//! A ledger that contradicts itself is noticed, and items keep coming.

use std::{fs, time::Duration};

use baton_client::{
    AlarmKind, Event, ReceiptError, Sighting, Subscription, Witness, verify_receipt,
};
use baton_domain::log::{Checkpoint, leaf_hash};
use baton_wire::{status::Reason, twin, v1};
use futures::StreamExt as _;

use crate::double::{Double, Ledger, ORIGIN, SETTING, SUBSCRIPTION, Told};

#[expect(
    clippy::unnecessary_wraps,
    reason = "stands in scripts beside refusals"
)]
fn turn(position: i64, checkpoint: &str) -> Told {
    Ok(twin::WatchResponse {
        items: vec![twin::Item {
            position,
            ..Default::default()
        }],
        token: position.to_string(),
        checkpoint: checkpoint.to_owned(),
        ..Default::default()
    })
}

fn fork_of(origin: &str, seed: u8, entries: &[&str]) -> Ledger {
    let mut ledger = Ledger {
        origin: origin.to_owned(),
        seed,
        leaves: Vec::new(),
    };
    ledger.append(entries);
    ledger
}

fn alarm(sighting: Option<Sighting>) -> Option<AlarmKind> {
    match sighting {
        Some(Sighting::Alarm(alarm)) => Some(alarm.kind),
        _ => None,
    }
}

#[tokio::test]
async fn a_fork_is_told_with_its_evidence_and_items_keep_coming() {
    let double = Double::start().await;
    let folder = tempfile::tempdir().unwrap();
    // Three entries both have in common are seen; then history after the first is another one.
    let before = double
        .script
        .ledger
        .lock()
        .unwrap()
        .append(&["a", "b", "c"]);
    let witness = Witness::in_memory()
        .evidence_in(folder.path())
        .every_turns(1);
    let client = double.client().await;
    witness.check(&client, SETTING, &before).await.unwrap();

    let forked = fork_of(ORIGIN, 1, &["a", "x", "c", "d"]);
    let after = forked.checkpoint();
    *double.script.ledger.lock().unwrap() = forked;
    let turns = (10..14).map(|position| turn(position, &after)).collect();
    double.script.streams.lock().unwrap().push_back(turns);
    let subscription = Subscription::of(&client, SUBSCRIPTION)
        .unwrap()
        .witnessed_by(&witness);
    let mut watch = subscription.watch();
    let (mut positions, mut alarms) = (Vec::new(), Vec::new());
    while positions.len() < 4 {
        match watch.next().await.unwrap().unwrap() {
            Event::Turn(turn) => positions.push(turn.items[0].position),
            Event::Witness(Sighting::Alarm(alarm)) => alarms.push(alarm),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(positions, [10, 11, 12, 13]);
    assert_eq!(alarms.len(), 1, "told once");
    let told = &alarms[0];
    assert_eq!(told.kind, AlarmKind::Fork);
    assert_eq!((&told.held, &told.seen), (&before, &after));

    // The evidence convinces anybody who has nothing but the three files.
    let files = told.evidence.as_ref().unwrap();
    let key = fs::read_to_string(&files.verifier_key)
        .unwrap()
        .parse()
        .unwrap();
    let open = |path| Checkpoint::open(&fs::read(path).unwrap(), std::slice::from_ref(&key));
    assert_eq!(open(&files.held).unwrap().size, 3);
    assert_eq!(open(&files.seen).unwrap().size, 4);
    assert_eq!(
        witness.checkpoint().await.unwrap().size,
        3,
        "what was held is kept"
    );
}

#[tokio::test]
async fn growth_is_proved_and_remembered_across_restarts() {
    let double = Double::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("witness.json");
    let client = double.client().await;
    let witness = Witness::at(&path).unwrap();
    let first = double
        .script
        .ledger
        .lock()
        .unwrap()
        .append(&["a", "b", "c"]);
    let seen = witness.check(&client, SETTING, &first).await.unwrap();
    assert!(
        matches!(seen, Some(Sighting::FirstSeen { size: 3, .. })),
        "{seen:?}"
    );
    let grown = double.script.ledger.lock().unwrap().append(&["d", "e"]);
    let seen = witness.check(&client, SETTING, &grown).await.unwrap();
    assert_eq!(seen, Some(Sighting::Consistent { size: 5 }));
    // An earlier turn overtaken by a later one is no contradiction.
    assert_eq!(witness.check(&client, SETTING, &first).await.unwrap(), None);

    let again = Witness::at(&path).unwrap();
    assert_eq!(again.checkpoint().await.unwrap().size, 5);
    // Restored from a copy, without saying so: what was seen is gone.
    let set_back = fork_of(ORIGIN, 1, &["a", "b", "c"]);
    *double.script.ledger.lock().unwrap() = set_back;
    let seen = again.check_newest(&client, SETTING).await.unwrap();
    assert_eq!(alarm(seen), Some(AlarmKind::Unproved));
    // And again the same history: quiet, and the next alarm is told once more.
    let back = double
        .script
        .ledger
        .lock()
        .unwrap()
        .append(&["d", "e", "f"]);
    let seen = again.check(&client, SETTING, &back).await.unwrap();
    assert_eq!(seen, Some(Sighting::Consistent { size: 6 }));
}

#[tokio::test]
async fn a_new_term_is_told_and_other_keys_and_ledgers_are_not_believed() {
    let double = Double::start().await;
    let client = double.client().await;
    let witness = Witness::in_memory();
    double.script.ledger.lock().unwrap().append(&["a", "b"]);
    witness.check_newest(&client, SETTING).await.unwrap();
    let now = async |origin: &str, seed| {
        let ledger = fork_of(origin, seed, &["a", "z", "y"]);
        let checkpoint = ledger.checkpoint();
        *double.script.ledger.lock().unwrap() = ledger;
        witness.check(&client, SETTING, &checkpoint).await.unwrap()
    };
    assert_eq!(alarm(now(ORIGIN, 9).await), Some(AlarmKind::KeyChanged));
    assert_eq!(
        alarm(now("baton.ledger/ldg_2/0", 1).await),
        Some(AlarmKind::OtherLedger)
    );
    let term = now("baton.ledger/ldg_1/1", 2).await;
    let Some(Sighting::NewTerm {
        from,
        to,
        size_before: 2,
        size: 3,
    }) = term
    else {
        panic!("{term:?}")
    };
    assert_eq!(
        (from.as_str(), to.as_str()),
        (ORIGIN, "baton.ledger/ldg_1/1")
    );
    assert_eq!(alarm(now(ORIGIN, 1).await), Some(AlarmKind::OlderTerm));
}

#[tokio::test]
async fn a_proof_that_never_comes_is_an_alarm_in_the_end() {
    let double = Double::start().await;
    let client = double.client().await.with_deadline(Duration::from_secs(1));
    let witness = Witness::in_memory();
    double.script.ledger.lock().unwrap().append(&["a", "b"]);
    witness.check_newest(&client, SETTING).await.unwrap();
    let grown = double.script.ledger.lock().unwrap().append(&["c"]);
    double
        .script
        .proofs
        .lock()
        .unwrap()
        .extend([Reason::Unavailable; 200]);
    let mut looks = 0;
    let told = loop {
        looks += 1;
        if let Ok(told) = witness.check(&client, SETTING, &grown).await {
            break told;
        }
    };
    assert_eq!(looks, baton_client::LOOKS_MISSED_MAX);
    assert_eq!(alarm(told), Some(AlarmKind::Withheld));
    double.script.proofs.lock().unwrap().clear();
    let seen = witness.check(&client, SETTING, &grown).await.unwrap();
    assert_eq!(seen, Some(Sighting::Consistent { size: 3 }));
}

#[tokio::test]
async fn a_receipt_holds_only_for_the_entry_it_names() {
    let double = Double::start().await;
    let client = double.client().await;
    let (checkpoint, key) = {
        let mut ledger = double.script.ledger.lock().unwrap();
        (
            ledger.append(&["a", "b", "c"]),
            ledger.key().verifier().clone(),
        )
    };
    let receipt = v1::Receipt {
        ledger_id: "ldg_1".to_owned(),
        position: 1,
        leaf_hash: leaf_hash(b"b").as_bytes().to_vec().into(),
        checkpoint,
        ..Default::default()
    };
    let verify = async |receipt| verify_receipt(&client, SETTING, &receipt, &key).await;
    assert_eq!(verify(receipt.clone()).await.unwrap().size, 3);
    let newest = v1::Receipt {
        checkpoint: String::new(),
        ..receipt.clone()
    };
    verify(newest).await.unwrap();
    let moved = v1::Receipt {
        position: 2,
        ..receipt.clone()
    };
    assert!(matches!(verify(moved).await, Err(ReceiptError::Proof(_))));
    let later = v1::Receipt {
        position: 3,
        ..receipt.clone()
    };
    assert_eq!(verify(later).await, Err(ReceiptError::NotCovered));
    let other = v1::Receipt {
        ledger_id: "ldg_2".to_owned(),
        ..receipt.clone()
    };
    assert_eq!(verify(other).await, Err(ReceiptError::OtherLedger));
    let signed = receipt.checkpoint.replacen("\n3\n", "\n4\n", 1);
    let forged = v1::Receipt {
        checkpoint: signed,
        ..receipt
    };
    assert!(matches!(
        verify(forged).await,
        Err(ReceiptError::Checkpoint(_))
    ));
}

#[tokio::test]
async fn of_two_that_share_a_file_the_one_that_saw_less_does_not_set_it_back() {
    let double = Double::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("witness.json");
    let client = double.client().await;
    let see = |entries: &[&str]| double.script.ledger.lock().unwrap().append(entries);
    let first = see(&["a"]);
    let one = Witness::at(&path).unwrap();
    one.check(&client, SETTING, &first).await.unwrap();
    let other = Witness::at(&path).unwrap();
    let second = see(&["b"]);
    let third = see(&["c"]);
    one.check(&client, SETTING, &third).await.unwrap();
    other.check(&client, SETTING, &second).await.unwrap();
    let kept = Witness::at(&path).unwrap().checkpoint().await.unwrap();
    assert_eq!(kept.size, 3);
    let sizes = [
        one.checkpoint().await.unwrap().size,
        other.checkpoint().await.unwrap().size,
    ];
    assert_eq!(sizes, [3, 2]);
}
