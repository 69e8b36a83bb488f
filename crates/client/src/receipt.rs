//! Receipts: a promise that an act stands in the ledger, and how to hold the ledger to it.

use baton_domain::log::{
    Checkpoint, Hash, PortableProof, checkpoint::CheckpointError, note::VerifierKey,
    proof::ProofError, verify_inclusion,
};
use baton_wire::v1;
use serde::{Deserialize, Serialize};

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
    let keys = std::slice::from_ref(key);
    let (_, checkpoint) = prove(client, parent, receipt, keys).await?;
    Ok(checkpoint)
}

/// The proof of a receipt's entry as a file that anybody can check offline, for good: write it with
/// the extension `.tlog-proof` (C2SP tlog-proof). Verified already, as by [`verify_receipt`]. Its
/// extra data is [`ProofNote`] as JSON.
pub async fn portable_receipt(
    client: &Client,
    parent: &str,
    receipt: &v1::Receipt,
    keys: &[VerifierKey],
) -> Result<PortableProof, ReceiptError> {
    Ok(prove(client, parent, receipt, keys).await?.0)
}

/// What Baton writes beside a portable proof. Nothing vouches for it but that the proof holds for
/// the leaf hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofNote {
    /// Leaf hash of the entry, lower-case hexadecimal: what the proof is verified for by those who
    /// may not read the entry.
    pub leaf_hash: String,
    /// Ledger time of the entry, microseconds since 1970 UTC; 0 where it was not known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub time_us: i64,
    /// What was done, as who-saw calls it: `published`, `pulled`, `acknowledged` …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub act: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(value: &i64) -> bool {
    *value == 0
}

impl ProofNote {
    /// What stands in the extra data of a proof.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The note of a proof, if it is one.
    pub fn of(proof: &PortableProof) -> Option<Self> {
        serde_json::from_slice(proof.extra.as_deref()?).ok()
    }

    /// The leaf hash.
    pub fn leaf(&self) -> Option<Hash> {
        let (pairs, rest) = self.leaf_hash.as_bytes().as_chunks::<2>();
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let byte = |pair: &[u8; 2]| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok();
        let bytes: Vec<u8> = pairs.iter().map(byte).collect::<Option<_>>()?;
        let hash = Hash::try_from(bytes.as_slice()).ok();
        hash.filter(|_| rest.is_empty())
    }
}

async fn prove(
    client: &Client,
    parent: &str,
    receipt: &v1::Receipt,
    keys: &[VerifierKey],
) -> Result<(PortableProof, Checkpoint), ReceiptError> {
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
    let checkpoint = Checkpoint::open(signed.as_bytes(), keys)?;
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
    let hashes: Vec<Hash> = told
        .hashes
        .iter()
        .map(|hash| Hash::try_from(&hash[..]).map_err(|_| ProofError::Length))
        .collect::<Result<_, _>>()?;
    verify_inclusion(&leaf, position, checkpoint.size, &hashes, &checkpoint.root)?;
    let note = ProofNote {
        leaf_hash: leaf.to_string(),
        time_us: receipt.time_us,
        act: String::new(),
    };
    let proof = PortableProof {
        extra: Some(note.to_bytes()),
        index: position,
        hashes,
        checkpoint: signed,
    };
    Ok((proof, checkpoint))
}
