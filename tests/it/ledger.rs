//! The ledger holds what happened, and an auditor can prove it without trusting the service.

use baton_domain::log::note::VerifierKey;
use baton_domain::log::verify::{Record, Verifier};
use baton_domain::log::{Checkpoint, Hash, Json, verify_consistency, verify_inclusion};
use baton_wire::v1::{self, Point, Role, SectionKind};

use crate::harness::*;

/// What happens on an ordinary day: a bit of everything.
pub(crate) async fn a_day(exchange: &Exchange) -> (Move, String) {
    let of = exchange.open_move().await;
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    let receiver = exchange.person(&of.to, &[Role::Senco]).await;
    let stranger = exchange.person(&exchange.elsewhere, &[Role::Dsl]).await;
    let subscription = receiver.subscribe().await.unwrap();
    let mut profile = submission(&of, typical(1, of.point));
    profile.signatory = format!("Head of year {MARKER}");
    let name = sender.publish(profile).await.unwrap().name;
    receiver.await_item(&subscription, "").await.unwrap();
    receiver.get(&name).await.unwrap();
    receiver.acknowledge(&name, 1).await.unwrap();
    refused(stranger.get(&name).await);
    sender
        .publish(submission(&of, typical(2, of.point)))
        .await
        .unwrap();
    exchange
        .officer
        .redirect(&of.name, &exchange.academy, "2026-03-09")
        .await
        .unwrap();
    sender.withdraw(&name).await.unwrap();
    exchange.officer.revoke(&stranger.credential).await.unwrap();
    let early = exchange.planned(Point::EarlyYearsToPrimary).await;
    let nursery = exchange.person(&early.from, &[Role::Publisher]).await;
    nursery
        .publish(submission(&early, typical(3, early.point)))
        .await
        .unwrap();
    let before = exchange.size();
    exchange.hand.send_replace(at("2026-04-20T12:00:00Z"));
    exchange.grown_to(before + 1).await;
    (of, name)
}

/// A contribution with a document that stands.
pub(crate) async fn with_a_document(exchange: &Exchange) {
    let of = exchange.open_move().await;
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    let published = sender.publish(submission(&of, typical(4, of.point))).await;
    let of_kind = (SectionKind::Health, "a report");
    let profile = published.unwrap().name;
    sender.add(&profile, of_kind, b"a report").await.unwrap();
}

/// Settings that let a vendor act for them.
pub(crate) async fn with_a_vendor(exchange: &Exchange) {
    let vendor = exchange.vendor("example-mis").await;
    for setting in [&exchange.primary, &exchange.nursery] {
        let head = exchange.person(setting, &[Role::Publisher]).await;
        head.lets(&vendor, crate::delegations::ALL).await.unwrap();
    }
}

async fn checkpoint(exchange: &Exchange) -> (Checkpoint, VerifierKey) {
    let request = v1::GetCheckpointRequest {
        parent: exchange.officer.setting.clone(),
    };
    let answer = exchange
        .officer
        .audit()
        .get_checkpoint(request)
        .await
        .unwrap()
        .into_inner();
    let key: VerifierKey = answer.verifier_key.parse().unwrap();
    (opened(&answer.checkpoint, &key), key)
}

/// A checkpoint whose signature holds.
fn opened(signed: &str, key: &VerifierKey) -> Checkpoint {
    Checkpoint::open(signed.as_bytes(), std::slice::from_ref(key)).expect("a good signature")
}

fn hash(bytes: &[u8]) -> Hash {
    Hash::try_from(bytes).unwrap()
}

on_both_engines! {
    async fn all_entries_verify_offline_against_the_signed_checkpoint(exchange) {
        a_day(exchange).await;
        let (_, key) = checkpoint(exchange).await;
        let (entries, signed) = exchange.officer.entries(0).await;
        let signed = opened(&signed, &key);
        assert_eq!(entries.len() as u64, signed.size, "all of them");
        let mut verifier = Verifier::new(&signed);
        let mut time = i64::MIN;
        for entry in &entries {
            let position = u64::try_from(entry.position).unwrap();
            let leaf = Some(hash(&entry.leaf_hash));
            let record = Record { position, entry: Some(&entry.body), leaf };
            assert_eq!(verifier.record(record).faults, [], "at {position}");
            let line = Line::parse(&entry.body);
            let Some(Json::Int(said)) = line.get("position") else { panic!("{line:?}") };
            assert_eq!(*said, entry.position, "positions are dense and said inside");
            let Some(Json::Int(at)) = line.get("time_us") else { panic!("{line:?}") };
            assert!(*at >= time, "ledger time never goes back");
            time = *at;
        }
        let outcome = verifier.finish();
        assert_eq!((outcome.faults, outcome.dropped), (Vec::new(), 0));

        // One changed byte anywhere is found.
        let mut changed = entries[entries.len() / 2].clone();
        let mut body = changed.body.to_vec();
        let last = body.len() - 2;
        body[last] ^= 1;
        changed.body = body.into();
        let mut verifier = Verifier::new(&signed);
        for entry in &entries {
            let entry = if entry.position == changed.position { &changed } else { entry };
            let position = u64::try_from(entry.position).unwrap();
            verifier.record(Record { position, entry: Some(&entry.body), leaf: None });
        }
        assert!(!verifier.finish().faults.is_empty(), "a changed entry is found");
    }

    async fn a_later_checkpoint_is_consistent_with_every_earlier_one(exchange) {
        let (old, _) = checkpoint(exchange).await;
        a_day(exchange).await;
        let (new, _) = checkpoint(exchange).await;
        assert!(new.size > old.size);
        let request = v1::GetConsistencyProofRequest {
            parent: exchange.officer.setting.clone(),
            old_size: i64::try_from(old.size).unwrap(),
            new_size: i64::try_from(new.size).unwrap(),
        };
        let proof = exchange.officer.audit().get_consistency_proof(request).await.unwrap();
        let hashes: Vec<Hash> = proof.into_inner().hashes.iter().map(|it| hash(it)).collect();
        verify_consistency(old.size, &old.root, new.size, &new.root, &hashes).expect("consistent");
        let other = Hash::new([7; 32]);
        assert!(verify_consistency(old.size, &other, new.size, &new.root, &hashes).is_err());
    }

    async fn every_receipt_is_proved_to_stand_in_the_tree(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let published = sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let receipt = published.receipt.unwrap();
        let (newest, key) = checkpoint(exchange).await;
        let signed = opened(&receipt.checkpoint, &key);
        assert!(signed.size > u64::try_from(receipt.position).unwrap(), "signed in the same commit");
        let request = v1::GetInclusionProofRequest {
            parent: sender.setting.clone(),
            position: receipt.position,
            tree_size: i64::try_from(newest.size).unwrap(),
        };
        let proof = sender.audit().get_inclusion_proof(request).await.unwrap().into_inner();
        assert_eq!(proof.leaf_hash, receipt.leaf_hash);
        let hashes: Vec<Hash> = proof.hashes.iter().map(|it| hash(it)).collect();
        let position = u64::try_from(receipt.position).unwrap();
        verify_inclusion(&hash(&receipt.leaf_hash), position, newest.size, &hashes, &newest.root)
            .expect("included");
    }

    async fn the_access_rows_are_a_fold_of_the_entries(exchange) {
        a_day(exchange).await;
        let (rows, fold) = (exchange.rows().await, exchange.fold().await);
        assert!(rows.len() > 20, "{} rows", rows.len());
        assert_eq!(rows, fold, "left: the rows; right: what the entries say of them");
    }

    async fn entries_name_no_person(exchange) {
        let plan = exchange.plan_of(Point::PrimaryToSecondary);
        let upn = plan.learner[0].value.clone();
        let of = exchange.planned_as(plan).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let mut profile = submission(&of, typical(1, of.point));
        profile.signatory = format!("Head of year {MARKER}");
        let identity = profile.content.as_mut().unwrap().identity.as_mut().unwrap();
        let surname = identity.legal_surname.clone().unwrap();
        identity.legal_forename = Some(MARKER.to_owned());
        let name = sender.publish(profile).await.unwrap().name;
        receiver.get(&name).await.unwrap();
        sender.who_saw(&of.name).await.unwrap();
        let (entries, _) = exchange.officer.entries(0).await;
        for entry in entries {
            let body = String::from_utf8(entry.body.to_vec()).unwrap();
            for secret in [upn.as_str(), surname.as_str(), MARKER] {
                assert!(!body.contains(secret), "{secret} stands in the entry {body}");
            }
        }
    }

    async fn who_saw_tells_the_sender_everyone_who_was_shown_the_learner(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let stranger = exchange.person(&exchange.elsewhere, &[Role::Dsl]).await;
        let name = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let read = receiver.get(&name).await.unwrap();
        refused(stranger.get(&name).await);
        let sightings = sender.who_saw(&of.name).await.unwrap();
        let by = |credential: &str| -> Vec<&v1::Sighting> {
            sightings.iter().filter(|it| it.credential == credential).collect()
        };
        let [seen] = by(&receiver.credential)[..] else { panic!("{sightings:?}") };
        assert!(seen.allowed);
        assert_eq!(seen.kinds.len(), read.kinds.len(), "the kinds that left");
        assert_eq!(seen.setting, of.to.name);
        let [turned_away] = by(&stranger.credential)[..] else { panic!("{sightings:?}") };
        assert!(!turned_away.allowed && turned_away.kinds.is_empty());
        assert!(sightings.is_sorted_by_key(|it| it.position));
    }
}
