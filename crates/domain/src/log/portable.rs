//! Portable proofs: one file that shows offline that an entry stands in a ledger
//! (C2SP tlog-proof, `c2sp.org/tlog-proof@v1`).
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra eyJsZWFmX2hhc2giOiI…
//! index 1042
//! gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
//! …
//!
//! baton.ledger/ldg_…/1
//! 2077
//! sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=
//!
//! — baton.ledger/ldg_…/1 hI2DJw…
//! ```

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::note::{self, VerifierKey};
use super::proof::{ProofError, verify_inclusion};
use super::tree::{Hash, MAX_SIZE};

/// First line of every proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// The most hashes a proof has: one for each bit of a position.
const HASHES_MAX: usize = 64;
/// The most bytes of extra data read.
pub const EXTRA_MAX: usize = 64 * 1024;
/// The longest proof read, in bytes.
pub const MAX_BYTES: usize = note::MAX_BYTES + EXTRA_MAX * 4 / 3 + HASHES_MAX * 48;

/// A proof as it was read or made. What it says holds only after [`PortableProof::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortableProof {
    /// Data of whoever made it; **nothing vouches for it**.
    pub extra: Option<Vec<u8>>,
    /// Position of the entry.
    pub index: u64,
    /// Inclusion proof, leaf to root.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, as it was signed.
    pub checkpoint: String,
}

impl PortableProof {
    /// Checks that the entry of this leaf hash stands at the position, under a key of the ledger.
    /// Answers what was signed.
    pub fn verify(&self, leaf: &Hash, keys: &[VerifierKey]) -> Result<Checkpoint, PortableError> {
        let checkpoint = Checkpoint::open(self.checkpoint.as_bytes(), keys)?;
        let (size, root) = (checkpoint.size, &checkpoint.root);
        verify_inclusion(leaf, self.index, size, &self.hashes, root)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for PortableProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Accepts exactly what `Display` writes.
impl FromStr for PortableProof {
    type Err = PortableError;

    fn from_str(text: &str) -> Result<Self, PortableError> {
        if text.len() > MAX_BYTES {
            return Err(PortableError::TooLong);
        }
        let proof = read(text).ok_or(PortableError::Format)?;
        if proof.to_string() == text {
            Ok(proof)
        } else {
            Err(PortableError::Format)
        }
    }
}

fn read(text: &str) -> Option<PortableProof> {
    let text = text.strip_prefix(HEADER)?.strip_prefix('\n')?;
    let (head, checkpoint) = text.split_once("\n\n")?;
    let mut lines = head.split('\n').peekable();
    let extra = match lines.peek()?.strip_prefix("extra ") {
        Some(extra) => {
            lines.next();
            Some(STANDARD.decode(extra).ok()?)
        }
        None => None,
    };
    let index = lines.next()?.strip_prefix("index ")?.parse().ok()?;
    let hashes = lines
        .map(|line| Hash::try_from(STANDARD.decode(line).ok()?.as_slice()).ok())
        .collect::<Option<Vec<_>>>()?;
    let fits = index <= MAX_SIZE
        && hashes.len() <= HASHES_MAX
        && extra.as_ref().is_none_or(|extra| extra.len() <= EXTRA_MAX);
    fits.then(|| PortableProof {
        extra,
        index,
        hashes,
        checkpoint: checkpoint.to_owned(),
    })
}

/// Why a proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortableError {
    /// Longer than [`MAX_BYTES`].
    #[error("the proof is too long")]
    TooLong,
    /// Not what C2SP tlog-proof says.
    #[error("not a proof in the form of c2sp.org/tlog-proof@v1")]
    Format,
    /// Its checkpoint is not signed by a known key of its ledger.
    #[error("the checkpoint does not hold: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The entry does not stand there.
    #[error("the entry does not stand there: {0}")]
    Inclusion(#[from] ProofError),
}
