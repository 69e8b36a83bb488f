//! Checkpoints: what a ledger says about itself at one size, signed (C2SP tlog-checkpoint v1.0.0).
//!
//! Three lines: the origin, the number of entries in decimal, the root in base64. Who holds one
//! can prove any later change of what it covers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::note::{self, NoteError, SignerKey, VerifierKey, WitnessKey};
use super::tree::{EMPTY_ROOT, Hash, MAX_SIZE};

/// The size and root of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which ledger and term, see [`origin`]. Also the name of the key that signs.
    pub origin: String,
    /// Number of entries; the root covers the positions below it.
    pub size: u64,
    /// The root of the tree over those entries.
    pub root: Hash,
}

/// The longest ledger id that fits in an origin, in bytes.
const MAX_LEDGER_ID_BYTES: usize = 64;

/// The origin of a ledger in one of its terms: `baton.ledger/<ledger id>/<term>`.
///
/// C2SP asks for a URL without its scheme and lets no one assume that it leads anywhere. It holds
/// no host name on purpose: a ledger keeps its identity when it moves. A new term is a new log to
/// every verifier, so that a restored backup cannot pass for the ledger it was taken from.
///
/// The id is made of ASCII letters, digits, `-` and `_`, 1 to 64 of them.
pub fn origin(ledger_id: &str, term: u64) -> Result<String, CheckpointError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let fits = (1..=MAX_LEDGER_ID_BYTES).contains(&ledger_id.len());
    if fits && ledger_id.bytes().all(allowed) {
        Ok(format!("baton.ledger/{ledger_id}/{term}"))
    } else {
        Err(CheckpointError::Origin)
    }
}

impl Checkpoint {
    /// The three lines, which are what is signed.
    pub fn text(&self) -> String {
        let root = STANDARD.encode(self.root);
        format!("{}\n{}\n{root}\n", self.origin, self.size)
    }

    /// Signs the checkpoint. The key must bear the name of the origin.
    ///
    /// Never sign two checkpoints of one origin that are not consistent with each other: that is a
    /// split view, and provable.
    pub fn sign(&self, key: &SignerKey) -> Result<String, CheckpointError> {
        self.sign_with(&[key])
    }

    /// Signs with each of several keys of the ledger, as while a new one takes over.
    pub fn sign_with(&self, keys: &[&SignerKey]) -> Result<String, CheckpointError> {
        let text = self.text();
        let named = |key: &&SignerKey| key.verifier().name() == self.origin;
        if !keys.iter().all(named) || read(&text)? != *self {
            return Err(CheckpointError::Origin);
        }
        Ok(note::sign(&text, keys)?)
    }

    /// Reads a checkpoint that one of these witnesses cosigned, whoever else signed it: what a
    /// witness keeps of a ledger, of which the ledger's keys may have changed since.
    pub fn open_cosigned(signed: &[u8], known: &[WitnessKey]) -> Result<Self, CheckpointError> {
        if note::cosignatures(signed, known)?.is_empty() {
            return Err(NoteError::Unsigned.into());
        }
        read(note::text(signed)?)
    }

    /// The origin a note says it is of, before anybody has verified that: to find out whose key it
    /// has to be.
    pub fn claimed_origin(signed: &[u8]) -> Option<&str> {
        let end = signed.iter().position(|byte| *byte == b'\n')?;
        str::from_utf8(&signed[..end])
            .ok()
            .filter(|it| !it.is_empty())
    }

    /// Verifies and reads a signed checkpoint.
    ///
    /// Among the known keys may be witnesses and several keys of the ledger itself; one that bears
    /// the name of the origin must have signed. So a key answers for its own ledger only.
    pub fn open(signed: &[u8], known: &[VerifierKey]) -> Result<Self, CheckpointError> {
        let note = note::open(signed, known)?;
        let checkpoint = read(note.text())?;
        if note.signed_by(&checkpoint.origin) {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Origin)
        }
    }
}

/// Reads the three lines.
///
/// C2SP allows further lines and advises against them, since monitors cannot audit what they say.
/// A Baton ledger writes none, so a checkpoint that has some is not one of its own.
fn read(text: &str) -> Result<Checkpoint, CheckpointError> {
    let mut lines = text
        .strip_suffix('\n')
        .ok_or(CheckpointError::Format)?
        .split('\n');
    let (Some(origin), Some(size), Some(root), None) =
        (lines.next(), lines.next(), lines.next(), lines.next())
    else {
        return Err(CheckpointError::Format);
    };
    let checkpoint = Checkpoint {
        origin: origin.to_owned(),
        size: read_size(size).ok_or(CheckpointError::Size)?,
        root: read_root(root).ok_or(CheckpointError::Root)?,
    };
    if checkpoint.origin.is_empty() {
        return Err(CheckpointError::Origin);
    }
    if checkpoint.size == 0 && checkpoint.root != EMPTY_ROOT {
        return Err(CheckpointError::Root);
    }
    Ok(checkpoint)
}

/// Decimal without sign or leading zeros.
fn read_size(text: &str) -> Option<u64> {
    let size: u64 = text.parse().ok()?;
    (size <= MAX_SIZE && size.to_string() == text).then_some(size)
}

fn read_root(text: &str) -> Option<Hash> {
    Hash::try_from(STANDARD.decode(text).ok()?.as_slice()).ok()
}

/// Why a checkpoint was not signed or not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it does not hold.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not exactly three lines.
    #[error("a checkpoint has exactly three lines")]
    Format,
    /// The origin is not one, or the key that signs bears another name.
    #[error("the origin is malformed or not the name of the key")]
    Origin,
    /// Not a decimal number of entries within [`MAX_SIZE`].
    #[error("the size is not a number of entries")]
    Size,
    /// Not the base64 of 32 bytes, or not the root of an empty tree that is said to be one.
    #[error("the root is not a root at this size")]
    Root,
}
