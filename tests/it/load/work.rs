//! Who works meanwhile: senders, receivers, an auditor, and people with documents.

use std::sync::Arc;

use baton_domain::log::note::VerifierKey;
use baton_domain::log::{Checkpoint, Hash, verify_consistency, verify_inclusion};
use baton_wire::v1::{self, ItemKind, Point, SectionKind};
use futures::future::join_all;

use super::standing::{SHARES, Standing};
use crate::chance::Dice;
use crate::harness::*;

/// How long a pull waits for what is to come, in milliseconds.
const WAIT_MS: i32 = 500;
/// One of so many that come is also read.
const READ_ONE_IN: usize = 3;
/// Documents that stand with each profile that has some.
const DOCUMENTS: usize = 3;
/// Longest of them.
const DOCUMENT_BYTES: usize = 20_000;
/// Entries an auditor reads at once.
const ENTRIES: i32 = 64;

/// Publishes whatever may follow, of one sending setting.
pub(super) async fn send_on(standing: Arc<Standing>, from: usize, sender: Caller) {
    while let Some(number) = standing.next(from).await {
        standing.publish("publish", &sender, number).await;
    }
}

/// Pulls everything that comes to a setting and takes its share of it over.
pub(super) async fn receive_on(
    standing: Arc<Standing>,
    share: usize,
    (receiver, mut dice): (Caller, Dice),
) {
    let tally = &standing.tally;
    let id = format!("share-{share}");
    let made = receiver.subscribe_to(&id, Point::Unspecified, 0);
    let Some(subscription) = tally.of("create_subscription", made).await else {
        return;
    };
    let mut token = String::new();
    loop {
        // What was sent before the end is there before a pull that begins after it.
        let busy = !standing.is_sent();
        let request = v1::PullRequest {
            parent: receiver.setting.clone(),
            subscription: receiver.mine(&subscription),
            token: token.clone(),
            wait_ms: if busy { WAIT_MS } else { 0 },
            ..Default::default()
        };
        let mut stub = receiver.subscriptions();
        let pull = async { Ok(stub.pull(request).await?.into_inner()) };
        let method = if token.is_empty() {
            "pull_first"
        } else {
            "pull"
        };
        let Some(turn) = tally.of(method, pull).await else {
            if busy {
                continue;
            }
            return;
        };
        if turn.ledger_changed {
            tally.wrong("pull", "told that the ledger changed");
        }
        token = turn.token;
        if turn.items.is_empty() && !busy {
            return;
        }
        let draws = turn.items.iter().map(|_| dice.one_in(READ_ONE_IN));
        let draws: Vec<bool> = draws.collect();
        let over = turn.items.iter().zip(draws);
        join_all(over.map(|(item, read)| take_over(&standing, &receiver, share, (item, read))))
            .await;
    }
}

async fn take_over(
    standing: &Standing,
    receiver: &Caller,
    share: usize,
    (item, read): (&v1::Item, bool),
) {
    let tally = &standing.tally;
    let Some(shown) = item
        .profile
        .as_ref()
        .filter(|_| item.kind() == ItemKind::Profile)
    else {
        tally.wrong("pull", format!("an item {:?}", item.kind()));
        return;
    };
    let Some(number) = standing.number(shown) else {
        return;
    };
    if read && let Some(read) = tally.of("get", receiver.get(&shown.name)).await {
        standing.compare("get", number, &read);
    }
    if standing.contributions[number].share != share % SHARES {
        return;
    }
    let acknowledge = receiver.acknowledge(&shown.name, shown.version);
    if let Some(receipt) = tally.of("acknowledge", acknowledge).await {
        standing.taken(number, shown.version, &receipt);
    }
}

/// Reads entries and asks for proofs, and checks both against the checkpoint they go with.
pub(super) async fn audit_on(standing: Arc<Standing>, auditor: Caller, mut dice: Dice) {
    let (tally, parent) = (&standing.tally, auditor.setting.clone());
    let hashes = |all: Vec<bytes::Bytes>| -> Vec<Hash> {
        let hash = |hash: bytes::Bytes| Hash::try_from(hash.as_ref()).unwrap();
        all.into_iter().map(hash).collect()
    };
    let mut known: Option<Checkpoint> = None;
    while standing.is_busy() {
        let mut audit = auditor.audit();
        let asked = audit.get_checkpoint(v1::GetCheckpointRequest {
            parent: parent.clone(),
        });
        let Some(told) = tally.of("get_checkpoint", asked).await else {
            continue;
        };
        let told = told.into_inner();
        let key: VerifierKey = told.verifier_key.parse().unwrap();
        let now = Checkpoint::open(told.checkpoint.as_bytes(), &[key]).unwrap();
        let size = usize::try_from(now.size).unwrap();
        let number = |value: usize| i64::try_from(value).unwrap();
        let position = dice.below(size);

        let asked = audit.list_entries(v1::ListEntriesRequest {
            parent: parent.clone(),
            start: number(position),
            page_size: ENTRIES,
        });
        let _ = tally.of("list_entries", asked).await;
        let asked = audit.get_inclusion_proof(v1::GetInclusionProofRequest {
            parent: parent.clone(),
            position: number(position),
            tree_size: number(size),
        });
        if let Some(proof) = tally.of("get_inclusion_proof", asked).await {
            let proof = proof.into_inner();
            let leaf = Hash::try_from(proof.leaf_hash.as_ref()).unwrap();
            let path = hashes(proof.hashes);
            if verify_inclusion(&leaf, position as u64, now.size, &path, &now.root).is_err() {
                tally.wrong("get_inclusion_proof", "it does not hold");
            }
        }
        if let Some(old) = known.as_ref().filter(|old| old.size < now.size) {
            let asked = audit.get_consistency_proof(v1::GetConsistencyProofRequest {
                parent: parent.clone(),
                old_size: i64::try_from(old.size).unwrap(),
                new_size: number(size),
            });
            if let Some(proof) = tally.of("get_consistency_proof", asked).await {
                let path = hashes(proof.into_inner().hashes);
                if verify_consistency(old.size, &old.root, now.size, &now.root, &path).is_err() {
                    tally.wrong("get_consistency_proof", "it does not hold");
                }
            }
        }
        known = Some(now);
        let asked = audit.list_access_rows(v1::ListAccessRowsRequest {
            parent: parent.clone(),
            ..Default::default()
        });
        let _ = tally.of("list_access_rows", asked).await;
        let of = &dice.pick(&standing.contributions).of.name;
        let _ = tally.of("who_saw", auditor.who_saw(of)).await;
    }
}

/// A document that was added: its profile, its name, its bytes.
pub(super) struct Kept {
    profile: usize,
    pub(super) name: String,
    pub(super) file: Vec<u8>,
}

/// Adds the first documents to some profiles.
pub(super) async fn first_documents(
    standing: &Standing,
    (sender, profiles): (&Caller, &[String]),
    dice: &mut Dice,
) -> Vec<Kept> {
    let mut kept = Vec::new();
    for profile in 0..profiles.len() {
        for _ in 0..DOCUMENTS {
            kept.extend(add(standing, (sender, profiles, profile), dice).await);
        }
    }
    kept
}

async fn add(
    standing: &Standing,
    (sender, profiles, profile): (&Caller, &[String], usize),
    dice: &mut Dice,
) -> Option<Kept> {
    let title = format!("Letter {}", dice.next());
    let file = plain(&title, 1 + dice.below(DOCUMENT_BYTES));
    let adding = sender.add(&profiles[profile], (SectionKind::Health, &title), &file);
    let name = standing.tally.of("add_document", adding).await?;
    Some(Kept {
        profile,
        name,
        file,
    })
}

/// Whether a document arrives as it was sent.
pub(super) async fn read_document(standing: &Standing, reader: &Caller, one: &Kept) {
    let read = async {
        let (document, came) = reader.download(&one.name).await;
        document.map(|_| came)
    };
    if let Some(came) = standing.tally.of("download_document", read).await
        && came != one.file
    {
        standing
            .tally
            .wrong("download_document", "it is not what was sent");
    }
}

/// Reads documents, and now and then one takes the place of another. What stands at the end.
pub(super) async fn documents_on(
    standing: Arc<Standing>,
    (sender, reader, profiles): (Caller, Caller, Vec<String>),
    (mut kept, mut dice): (Vec<Kept>, Dice),
) -> Vec<Kept> {
    let tally = &standing.tally;
    while standing.is_busy() && !kept.is_empty() {
        for _ in 0..READ_ONE_IN {
            read_document(&standing, &reader, dice.pick(&kept)).await;
        }
        let at = dice.below(kept.len());
        let profile = kept[at].profile;
        let listed = reader.documents_of(&profiles[profile]);
        let _ = tally.of("list_documents", listed).await;
        let removing = sender.remove_document(&kept[at].name);
        if tally.of("remove_document", removing).await.is_some() {
            kept.swap_remove(at);
            kept.extend(add(&standing, (&sender, &profiles, profile), &mut dice).await);
        }
    }
    kept
}
