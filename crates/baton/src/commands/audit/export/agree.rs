//! Whether a ledger goes on from what a folder holds.

use baton_client::Client;
use baton_domain::log::{Checkpoint, Hash, verify_consistency};
use baton_wire::v1;

use crate::output::Broken;

/// Refuses a folder whose entries, so many and with that root, are not the beginning of the ledger.
pub(super) async fn continues(
    client: &Client,
    (size, root): (u64, Hash),
    now: &Checkpoint,
) -> anyhow::Result<()> {
    if size > now.size {
        let say = format!(
            "the folder has {size} entries and the ledger {} now: it was set back. Nothing was \
             overwritten; keep the folder and tell the council",
            now.size
        );
        return Err(Broken(say).into());
    }
    let request = v1::GetConsistencyProofRequest {
        old_size: i64::try_from(size)?,
        new_size: i64::try_from(now.size)?,
        ..Default::default()
    };
    let told = client.get_consistency_proof(request).await?;
    let proof: Result<Vec<Hash>, _> = told
        .hashes
        .iter()
        .map(|hash| Hash::try_from(hash.as_ref()))
        .collect();
    let holds = proof
        .is_ok_and(|proof| verify_consistency(size, &root, now.size, &now.root, &proof).is_ok());
    if holds {
        return Ok(());
    }
    let say = format!(
        "the {size} entries of the folder are not the beginning of this ledger. Nothing was \
         overwritten: check the folder with `baton audit verify`; if it holds, keep it and tell the \
         council"
    );
    Err(Broken(say).into())
}
