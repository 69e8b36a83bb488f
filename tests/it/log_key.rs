//! The ledger takes another key for its checkpoints: both sign for a while, then the new one alone;
//! who holds the old one gets there by what the old key signed, and by nothing else.

use std::fs;
use std::time::Duration;

use baton_client::{Sighting, Witness};
use baton_domain::log::Checkpoint;
use baton_domain::log::handover::{Handover, chain};
use baton_domain::log::note::VerifierKey;
use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};
use serde_json::Value;

use crate::export::Auditor;
use crate::harness::*;

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

async fn newest(exchange: &Exchange) -> v1::GetCheckpointResponse {
    let request = v1::GetCheckpointRequest {
        parent: exchange.officer.setting.clone(),
    };
    let told = exchange.officer.audit().get_checkpoint(request).await;
    told.unwrap().into_inner()
}

fn key(text: &str) -> VerifierKey {
    text.parse().unwrap()
}

async fn rotate(exchange: &Exchange, request_id: &str) -> Answer<v1::RotateLogKeyResponse> {
    let request = v1::RotateLogKeyRequest {
        parent: exchange.officer.setting.clone(),
        request_id: request_id.to_owned(),
    };
    let told = exchange.officer.keys().rotate_log_key(request).await;
    told.map(tonic::Response::into_inner)
}

/// Lets days pass, and something happen after them.
async fn days(exchange: &Exchange, days: i64) {
    exchange.hand.send_modify(|now| *now += days * DAY_US);
    let _ = exchange.officer.list_transitions().await.unwrap();
}

fn signed_by(signed: &str, key: &VerifierKey) -> bool {
    Checkpoint::open(signed.as_bytes(), std::slice::from_ref(key)).is_ok()
}

/// Waits until the ring holds just these keys for checkpoints.
async fn ring_has(exchange: &Exchange, numbers: &[&str]) {
    let ring = exchange.home.base().join("data/keys/ring.json");
    let wait = async {
        loop {
            let text = fs::read_to_string(&ring).unwrap_or_default();
            let held: Value = serde_json::from_str(&text).unwrap_or_default();
            let held = held["log"]
                .as_object()
                .map(|log| log.keys().cloned().collect::<Vec<_>>());
            if held.is_some_and(|held| held == numbers) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), wait).await;
    waited.expect("the ring kept a key that is past, or lost one");
}

on_both_engines! {
    async fn both_keys_sign_for_a_while_and_the_entry_says_so(exchange) {
        let before = newest(exchange).await;
        let old = key(&before.verifier_key);
        assert!(before.handovers.is_empty());
        let id = fresh();
        let told = rotate(exchange, &id).await.unwrap();
        let new = key(&told.verifier_key);
        assert_eq!(key(&told.previous_verifier_key), old);
        assert!(old != new && old.name() == new.name());
        let receipt = told.receipt.unwrap();
        for known in [&old, &new] {
            assert!(signed_by(&receipt.checkpoint, known), "the entry is covered by both");
        }
        let (entries, _) = exchange.officer.entries(receipt.position.unsigned_abs()).await;
        let line = Line::parse(&entries[0].body);
        assert_eq!(line.said(), ("log_key_changed", "done"));
        assert_eq!(line.text("detail/old_key"), old.to_string());
        assert_eq!(line.text("detail/new_key"), new.to_string());
        let now = newest(exchange).await;
        assert_eq!(now.verifier_key, new.to_string());
        let handover = Handover::open(now.handovers[0].as_bytes(), &old).unwrap();
        assert_eq!((handover.new, handover.entry), (new.clone(), receipt.position.unsigned_abs()));

        // The same asking again is the same; another one has to wait.
        let again = rotate(exchange, &id).await.unwrap();
        assert_eq!(again.verifier_key, told.verifier_key);
        let refused = refused(rotate(exchange, &fresh()).await);
        assert_eq!(refused.reason, Reason::LogKeysOverlap);
        ring_has(exchange, &["1", "2"]).await;

        days(exchange, 29).await;
        let during = newest(exchange).await.checkpoint;
        assert!(signed_by(&during, &old) && signed_by(&during, &new));
        days(exchange, 2).await;
        let after = newest(exchange).await.checkpoint;
        assert!(!signed_by(&after, &old) && signed_by(&after, &new), "{after}");
        ring_has(exchange, &["2"]).await;

        // A restart goes on with the new one alone, and the third follows.
        exchange.stop().await;
        exchange.start(false).await.unwrap();
        assert_eq!(newest(exchange).await.verifier_key, new.to_string());
        let third = key(&rotate(exchange, &fresh()).await.unwrap().verifier_key);
        days(exchange, 31).await;
        let told = newest(exchange).await;
        assert!(signed_by(&told.checkpoint, &third) && !signed_by(&told.checkpoint, &new));
        let lead = chain(&old, told.handovers.iter().map(String::as_bytes));
        assert_eq!(lead, [old, new, third], "from the first to the last");
    }

    async fn a_client_that_slept_through_the_overlap_finds_the_way_and_nobody_else_leads_it(exchange) {
        let receiver = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        let auditor = Auditor::of(exchange, &receiver);
        let client = auditor.client(exchange).await;
        let file = auditor.path("witness.json");
        let look = async |signed: &str| {
            let witness = Witness::at(&file).unwrap();
            witness.check(&client, &receiver.setting, signed).await.unwrap()
        };
        assert!(matches!(look("").await, Some(Sighting::FirstSeen { .. })));
        let early = newest(exchange).await;
        rotate(exchange, &fresh()).await.unwrap();
        let turn = newest(exchange).await.checkpoint;
        assert!(matches!(look(&turn).await, Some(Sighting::Consistent { .. })), "both sign");
        days(exchange, 31).await;
        rotate(exchange, &fresh()).await.unwrap();
        days(exchange, 31).await;

        let newer = newest(exchange).await;
        let Some(Sighting::NewKey { from, to, .. }) = look("").await else {
            panic!("a way from the key that is held");
        };
        assert_eq!(from, key(&early.verifier_key).id());
        assert_eq!(to, key(&newer.verifier_key).id());
        // It is held from now on, also after a restart; what the old key signed still counts.
        let _ = exchange.officer.list_transitions().await.unwrap();
        assert!(matches!(look("").await, Some(Sighting::Consistent { .. })));
        assert_eq!(look(&early.checkpoint).await, None, "an old receipt is no alarm");
    }

    async fn an_export_grows_over_new_keys_and_holds_from_any_of_them(exchange) {
        let by = Auditor::of(exchange, &exchange.officer);
        by.exported().await;
        let old = newest(exchange).await.verifier_key;
        rotate(exchange, &fresh()).await.unwrap();
        by.exported().await;
        days(exchange, 31).await;
        let exported = by.audit(&["export", "ledger", "--key", &old]).await;
        assert_eq!(exported.code, 0, "{}", exported.said);
        let new = newest(exchange).await.verifier_key;
        let listed = fs::read_to_string(by.path("ledger/baton/verifier-keys")).unwrap();
        assert_eq!(listed, format!("{old}\n{new}\n"));
        let handover = fs::read_to_string(by.path("ledger/baton/log-key-handovers/1")).unwrap();
        assert!(Handover::open(handover.as_bytes(), &key(&old)).is_ok());
        for line in [
            &["verify", "ledger", "--state"][..],
            &["verify", "ledger", "--key", &old],
            &["verify", "ledger", "--key", &new],
            &["verify", "--key", &old],
        ] {
            let ran = by.audit(line).await;
            assert_eq!(ran.code, 0, "{line:?}: {}", ran.said);
        }
        // A hand-over that is no entry, as a thief of the old key would make one, is no hand-over.
        let listed = by.path("ledger/baton/verifier-keys");
        let file = by.path("ledger/baton/log-key-handovers/1");
        let kept = fs::read_to_string(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let ran = by.audit(&["verify", "ledger"]).await;
        assert_eq!((ran.code, ran.faults()), (1, vec!["handover".to_owned()]), "{}", ran.said);
        assert_eq!(fs::read_to_string(listed).unwrap().lines().count(), 2);
        fs::write(&file, kept).unwrap();
        // Without the hand-over nothing leads from the old key to the new one.
        fs::remove_file(by.path("ledger/baton/log-key-handovers/1")).unwrap();
        let ran = by.audit(&["verify", "ledger", "--key", &old]).await;
        assert_eq!(ran.code, 1, "{}", ran.said);
        assert!(ran.said.contains("signed by no known key"), "{}", ran.said);
    }

    async fn after_a_rollback_the_new_term_has_the_newest_key(exchange) {
        exchange.stop().await;
        exchange.home.copy().await;
        exchange.start(false).await.unwrap();
        let old = key(&rotate(exchange, &fresh()).await.unwrap().previous_verifier_key);
        days(exchange, 31).await;
        ring_has(exchange, &["2"]).await;
        exchange.stop().await;
        exchange.home.put_back().await;
        // The copy names a key that is destroyed.
        exchange.start(true).await.unwrap();
        let told = newest(exchange).await;
        let now = key(&told.verifier_key);
        assert!(now.name() != old.name() && now.public_key() != old.public_key());
        assert!(signed_by(&told.checkpoint, &now));
        assert!(told.handovers.is_empty(), "a new term begins with one key");
    }
}
