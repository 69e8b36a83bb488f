//! The ledger checked from the outside: every entry fetched, every hash computed again.

use anyhow::Context as _;
use baton_domain::log::verify::{Record, Verifier};
use baton_domain::log::{Checkpoint, Hash};
use baton_wire::v1;

use super::Tally;
use super::cast::Cast;

pub(super) async fn verify(cast: &Cast, tally: &mut Tally) -> anyhow::Result<bool> {
    let auditor = &cast.person("council/auditor").client;
    let newest = auditor
        .get_checkpoint(v1::GetCheckpointRequest::default())
        .await?;
    let key = newest.verifier_key.parse().context("the verifier key")?;
    let checkpoint = Checkpoint::open(newest.checkpoint.as_bytes(), &[key])
        .context("the checkpoint's signature")?;
    tally.entries = checkpoint.size;
    let mut verifier = Verifier::new(&checkpoint);
    let mut whole = true;
    let mut start = 0;
    while start < checkpoint.size {
        let request = v1::ListEntriesRequest {
            start: i64::try_from(start)?,
            ..Default::default()
        };
        let page = auditor.list_entries(request).await?;
        // Reading is an act as well: entries past the checkpoint are those of this very check.
        let covered = page
            .entries
            .iter()
            .filter(|e| e.position.unsigned_abs() < checkpoint.size);
        for entry in covered {
            let found = verifier.record(Record {
                position: entry.position.unsigned_abs(),
                entry: Some(&entry.body),
                leaf: Hash::try_from(entry.leaf_hash.as_ref()).ok(),
            });
            whole &= found.faults.is_empty();
            start = entry.position.unsigned_abs() + 1;
        }
        if page.entries.is_empty() {
            break;
        }
    }
    Ok(whole && verifier.finish().faults.is_empty())
}
