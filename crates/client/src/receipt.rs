//! Receipts: a promise that an act stands in the ledger, and how to hold the ledger to it.

use baton_domain::log::{
    Checkpoint, Hash, checkpoint::CheckpointError, note::VerifierKey, proof::ProofError,
    verify_inclusion,
};
use baton_wire::v1;

use crate::{Client, ClientError, witness};

/// Why a receipt was not verified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// The proof could not be asked for. Says nothing about the receipt.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Position or leaf hash are not such.
    #[error("the receipt is malformed")]
    Malformed,
    /// Its checkpoint is not signed by this key.
    #[error("the checkpoint does not hold: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// It names another ledger than the key.
    #[error("the receipt is of another ledger")]
    OtherLedger,
    /// The checkpoint is older than the entry.
    #[error("the checkpoint does not cover the entry")]
    NotCovered,
    /// The entry is not in the ledger as the receipt says.
    #[error("the entry is not in the ledger as the receipt says: {0}")]
    Proof(#[from] ProofError),
}

/// Asks for the inclusion proof of a receipt's entry and verifies it against the receipt's signed
/// checkpoint, or the newest one if it carries none. Returns that checkpoint.
///
/// The key is best one held by a [`Witness`](crate::Witness), which also sees to it that one
/// checkpoint goes on from the other: give it the receipt's checkpoint to
/// [`check`](crate::Witness::check). Fails closed: a receipt is verified only by `Ok`.
pub async fn verify_receipt(
    client: &Client,
    parent: &str,
    receipt: &v1::Receipt,
    key: &VerifierKey,
) -> Result<Checkpoint, ReceiptError> {
    let leaf = Hash::try_from(&receipt.leaf_hash[..]).map_err(|_| ReceiptError::Malformed)?;
    let position = u64::try_from(receipt.position).map_err(|_| ReceiptError::Malformed)?;
    let parent = parent.to_owned();
    let signed = if receipt.checkpoint.is_empty() {
        let request = v1::GetCheckpointRequest {
            parent: parent.clone(),
        };
        client.get_checkpoint(request).await?.checkpoint
    } else {
        receipt.checkpoint.clone()
    };
    let checkpoint = Checkpoint::open(signed.as_bytes(), std::slice::from_ref(key))?;
    let ledger = witness::origin(&checkpoint.origin).map(|(ledger, _)| ledger);
    if ledger != Some(receipt.ledger_id.as_str()) {
        return Err(ReceiptError::OtherLedger);
    }
    if position >= checkpoint.size {
        return Err(ReceiptError::NotCovered);
    }
    let tree_size = i64::try_from(checkpoint.size).map_err(|_| ReceiptError::Malformed)?;
    let request = v1::GetInclusionProofRequest {
        parent,
        position: receipt.position,
        tree_size,
    };
    let told = client.get_inclusion_proof(request).await?;
    let proof: Vec<Hash> = told
        .hashes
        .iter()
        .map(|hash| Hash::try_from(&hash[..]).map_err(|_| ProofError::Length))
        .collect::<Result<_, _>>()?;
    verify_inclusion(&leaf, position, checkpoint.size, &proof, &checkpoint.root)?;
    Ok(checkpoint)
}
