//! How a ledger asks a witness for a cosignature, and how a witness judges it (C2SP tlog-witness,
//! `add-checkpoint`).
//!
//! ```text
//! old 20852014
//! PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
//! …
//!
//! baton.ledger/ldg_…/1
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — baton.ledger/ldg_…/1 Az3grl…
//! ```

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::note::{NoteError, VerifierKey};
use super::proof::verify_consistency;
use super::tree::{EMPTY_ROOT, Hash, MAX_SIZE};

/// The most hashes of a consistency proof.
pub const HASHES_MAX: usize = 63;
/// The longest submission read, in bytes: a proof, and a checkpoint with 32 signatures of witnesses
/// that have long names.
pub const MAX_BYTES: usize = 32 * 1024;

/// A checkpoint and how it goes on from the one a witness has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Size of the checkpoint the witness is believed to have cosigned last; 0: none.
    pub old: u64,
    /// RFC 6962 consistency proof from there; none from 0.
    pub proof: Vec<Hash>,
    /// The checkpoint, as it was signed.
    pub checkpoint: String,
}

impl fmt::Display for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        for hash in &self.proof {
            writeln!(f, "{}", STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Accepts exactly what `Display` writes.
impl FromStr for Submission {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let read = read(text).ok_or(Malformed)?;
        if text.len() <= MAX_BYTES && read.to_string() == text {
            Ok(read)
        } else {
            Err(Malformed)
        }
    }
}

fn read(text: &str) -> Option<Submission> {
    let (head, checkpoint) = text.split_once("\n\n")?;
    let mut lines = head.split('\n');
    let old = lines.next()?.strip_prefix("old ")?.parse().ok()?;
    let proof = lines
        .map(|line| Hash::try_from(STANDARD.decode(line).ok()?.as_slice()).ok())
        .collect::<Option<Vec<_>>>()?;
    let fits = old <= MAX_SIZE && proof.len() <= HASHES_MAX && !checkpoint.is_empty();
    fits.then(|| Submission {
        old,
        proof,
        checkpoint: checkpoint.to_owned(),
    })
}

/// Not a submission as C2SP tlog-witness has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not of the form: old <size>, at most 63 hashes, an empty line, a checkpoint")]
pub struct Malformed;

/// Why a witness does not cosign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCosigned {
    /// 400: no checkpoint.
    #[error("the checkpoint cannot be read")]
    Unreadable,
    /// 403: none of the log's keys signed, or one of them is named and did not.
    #[error("the checkpoint is not signed by a key of its log")]
    NotSigned,
    /// 400: the old size is beyond the checkpoint.
    #[error("the old size is beyond the checkpoint")]
    OldBeyond,
    /// 409: another one was cosigned last; its size.
    #[error("the checkpoint cosigned last has {0} entries")]
    OtherSize(u64),
    /// 409: two signed checkpoints of one size with two roots. This is proof that the log forked.
    #[error("another root was cosigned at this size of {0} entries")]
    Fork(u64),
    /// 422: not proved to go on from the one cosigned last.
    #[error("the proof does not show that the checkpoint goes on from the one cosigned last")]
    Unproved,
}

impl Submission {
    /// The checkpoint, if a witness that last cosigned `held` of this log may cosign it, in the
    /// order of the standard. `keys` are those of the log.
    ///
    /// Whoever cosigns first puts the checkpoint in the place of `held`, durably, with nobody in
    /// between.
    pub fn judge(
        &self,
        held: Option<&Checkpoint>,
        keys: &[VerifierKey],
    ) -> Result<Checkpoint, NotCosigned> {
        let opened = Checkpoint::open(self.checkpoint.as_bytes(), keys);
        let now = opened.map_err(|error| match error {
            CheckpointError::Note(NoteError::Unsigned | NoteError::BadSignature(_))
            | CheckpointError::Origin => NotCosigned::NotSigned,
            _ => NotCosigned::Unreadable,
        })?;
        if self.old > now.size {
            return Err(NotCosigned::OldBeyond);
        }
        let (size, root) = held.map_or((0, &EMPTY_ROOT), |held| (held.size, &held.root));
        if self.old != size {
            return Err(NotCosigned::OtherSize(size));
        }
        if now.size == size && now.root != *root {
            return Err(NotCosigned::Fork(size));
        }
        verify_consistency(size, root, now.size, &now.root, &self.proof)
            .map_err(|_| NotCosigned::Unproved)?;
        Ok(now)
    }
}
