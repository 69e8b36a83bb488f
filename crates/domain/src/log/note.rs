//! Signed notes: text under signatures that stand in lines below it (C2SP signed-note v1.0.0).
//!
//! ```text
//! This is an example message.
//!
//! — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXm…
//! ```
//!
//! There is no type for a note that was read but not verified: [`open`] is the only way to a text,
//! and it wants the keys.

mod cosignature;
mod key;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub use cosignature::{Cosignature, CosignerKey, WitnessKey, cosignatures, cosigned, with_lines};
pub use key::{KeyError, KeyId, SignerKey, VerifierKey};

/// The longest note read, in bytes: room for [`MAX_SIGNATURES`] post-quantum ones of 5 kB.
pub const MAX_BYTES: usize = 256 * 1024;
/// The most signatures a note may have. The standard asks for at least 16.
pub const MAX_SIGNATURES: usize = 32;

/// Begins every signature line: U+2014 and a space.
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// A text whose signatures were verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signers: Vec<(String, KeyId)>,
}

impl Note {
    /// The signed text, ending in a newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a key of that name signed. With witnesses among the known keys, a note may be
    /// signed by them alone.
    pub fn signed_by(&self, name: &str) -> bool {
        self.signers.iter().any(|(signer, _)| signer == name)
    }
}

/// Signs a text, which must end in a newline and have no other control character.
pub fn sign(text: &str, keys: &[&SignerKey]) -> Result<String, NoteError> {
    check_text(text)?;
    if !text.ends_with('\n') {
        return Err(NoteError::Format);
    }
    if keys.is_empty() {
        return Err(NoteError::Unsigned);
    }
    if keys.len() > MAX_SIGNATURES {
        return Err(NoteError::TooManySignatures);
    }
    let mut note = format!("{text}\n");
    for key in keys {
        let mut blob = key.verifier().id().as_bytes().to_vec();
        blob.extend(key.sign(text).ok_or(NoteError::SigningFailed)?);
        let name = key.verifier().name();
        note.extend([SIGNATURE_PREFIX, name, " ", &STANDARD.encode(blob), "\n"]);
    }
    if note.len() > MAX_BYTES {
        return Err(NoteError::TooLong);
    }
    Ok(note)
}

/// Reads a note and verifies it against the known keys.
///
/// Signatures of unknown keys are passed over, even if they share the name or the id of a known
/// one. A known key whose signature fails rejects the whole note, and so does a note no known key
/// signed.
pub fn open(note: &[u8], known: &[VerifierKey]) -> Result<Note, NoteError> {
    let (text, signatures) = read(note)?;
    let mut signers = Vec::new();
    for signature in signatures {
        for key in known.iter().filter(|key| signature.names(key)) {
            if !key.accepts(text, &signature.bytes) {
                return Err(NoteError::BadSignature(key.id()));
            }
            signers.push((key.name().to_owned(), key.id()));
        }
    }
    if signers.is_empty() {
        return Err(NoteError::Unsigned);
    }
    Ok(Note {
        text: text.to_owned(),
        signers,
    })
}

/// Why a note was not signed or not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than [`MAX_BYTES`].
    #[error("the note is too long")]
    TooLong,
    /// Not a signed note: no UTF-8, a control character, no blank line, a malformed signature.
    #[error("not a signed note")]
    Format,
    /// More than [`MAX_SIGNATURES`].
    #[error("the note has too many signatures")]
    TooManySignatures,
    /// A known key is named, and the signature is not its own: the text or signature was changed.
    #[error("the signature of key {0} does not hold")]
    BadSignature(KeyId),
    /// Signed by none of the known keys.
    #[error("the note is signed by no known key")]
    Unsigned,
    /// The library could not sign.
    #[error("signing failed")]
    SigningFailed,
}

/// The text of a note that was verified already.
pub(super) fn text(note: &[u8]) -> Result<&str, NoteError> {
    read(note).map(|(text, _)| text)
}

/// The text of a note nobody has verified yet, and its signatures.
fn read(note: &[u8]) -> Result<(&str, Vec<Signature<'_>>), NoteError> {
    if note.len() > MAX_BYTES {
        return Err(NoteError::TooLong);
    }
    let note = str::from_utf8(note).map_err(|_| NoteError::Format)?;
    check_text(note)?;
    let (text, signatures) = split(note).ok_or(NoteError::Format)?;
    let mut read = Vec::new();
    for line in signatures.split_terminator('\n') {
        if read.len() == MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        read.push(Signature::read(line).ok_or(NoteError::Format)?);
    }
    Ok((text, read))
}

/// Text and signature lines. The last blank line parts them, so the text may have some itself.
fn split(note: &str) -> Option<(&str, &str)> {
    let blank_line = note.rfind("\n\n")?;
    let (text, signatures) = (&note[..=blank_line], &note[blank_line + 2..]);
    (signatures.ends_with('\n')).then_some((text, signatures))
}

fn check_text(text: &str) -> Result<(), NoteError> {
    let forbidden = |byte: u8| byte < b' ' && byte != b'\n';
    if text.bytes().any(forbidden) {
        Err(NoteError::Format)
    } else {
        Ok(())
    }
}

/// A signature line, read and not yet verified.
struct Signature<'a> {
    line: &'a str,
    name: &'a str,
    key_id: KeyId,
    bytes: Vec<u8>,
}

impl<'a> Signature<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (name, blob) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
        key::check_name(name).ok()?;
        let blob = STANDARD.decode(blob).ok()?;
        let (key_id, bytes) = blob.split_first_chunk()?;
        let signed = !bytes.is_empty();
        signed.then(|| Self {
            line,
            name,
            key_id: KeyId::new(*key_id),
            bytes: bytes.to_vec(),
        })
    }

    fn names(&self, key: &VerifierKey) -> bool {
        self.name == key.name() && self.key_id == key.id()
    }
}
