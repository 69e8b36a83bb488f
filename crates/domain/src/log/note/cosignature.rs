//! What a witness says of a checkpoint: that at a time it was the newest it had seen of that log,
//! and consistent with every earlier one (C2SP tlog-cosignature, Ed25519, `cosignature/v1`).

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::key::{KEY_LENGTH, check_name, print_vkey, read_vkey};
use super::{KeyError, KeyId, NoteError, SIGNATURE_PREFIX};

/// Signature type of an Ed25519 cosignature.
const COSIGNATURE_TYPE: u8 = 0x04;
/// Length of the time that stands before the signature, in bytes.
const TIME_LENGTH: usize = 8;

/// The public key of a witness and its name.
///
/// Its text form is the vkey `<name>+<key id>+<base64 of 0x04 ‖ public key>`. It is no
/// [`super::VerifierKey`]: a witness cannot sign for a ledger, nor a ledger as its own witness.
#[derive(Clone, Debug)]
pub struct WitnessKey {
    name: String,
    id: KeyId,
    public_key: [u8; KEY_LENGTH],
    parsed: ParsedPublicKey,
}

impl WitnessKey {
    /// A key from its name and the 32 bytes of RFC 8032.
    pub fn new(name: &str, public_key: [u8; KEY_LENGTH]) -> Result<Self, KeyError> {
        check_name(name)?;
        let parsed = ParsedPublicKey::new(&ED25519, public_key).map_err(|_| KeyError::Material)?;
        Ok(Self {
            name: name.to_owned(),
            id: KeyId::of(name, COSIGNATURE_TYPE, &public_key),
            public_key,
            parsed,
        })
    }

    /// The name of the witness.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id that stands before each of its cosignatures.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The 32 bytes of RFC 8032. Cosignatures do not commit to the name, so two witnesses with one
    /// key are one witness.
    pub const fn public_key(&self) -> &[u8; KEY_LENGTH] {
        &self.public_key
    }

    /// The time of a cosignature of this key over a text.
    fn accepts(&self, text: &str, blob: &[u8]) -> Option<u64> {
        let (time, signature) = blob.split_first_chunk::<TIME_LENGTH>()?;
        let time = u64::from_be_bytes(*time);
        i64::try_from(time).ok()?;
        let signed = message(text, time);
        let held = self.parsed.verify_sig(signed.as_bytes(), signature);
        held.ok().map(|()| time)
    }
}

impl PartialEq for WitnessKey {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.public_key == other.public_key
    }
}

impl Eq for WitnessKey {}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print_vkey(
            &self.name,
            self.id,
            COSIGNATURE_TYPE,
            &self.public_key,
        ))
    }
}

/// Reads a vkey of type 0x04. The key id must be the one of name and key, in lower case.
impl FromStr for WitnessKey {
    type Err = KeyError;

    fn from_str(vkey: &str) -> Result<Self, KeyError> {
        let (name, id, public_key) = read_vkey(vkey, COSIGNATURE_TYPE)?;
        let key = Self::new(name, public_key)?;
        if key.id.to_string() == id {
            Ok(key)
        } else {
            Err(KeyError::IdMismatch)
        }
    }
}

/// The private key of a witness. It cannot be printed or read out again.
pub struct CosignerKey {
    verifier: WitnessKey,
    pair: Ed25519KeyPair,
}

impl CosignerKey {
    /// A key from a name and a 32-byte Ed25519 seed, which the caller draws, keeps and wipes.
    pub fn from_seed(name: &str, seed: &[u8; KEY_LENGTH]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Material)?;
        let public_key = pair.public_key().as_ref().try_into();
        let public_key = public_key.map_err(|_| KeyError::Material)?;
        Ok(Self {
            verifier: WitnessKey::new(name, public_key)?,
            pair,
        })
    }

    /// The public half.
    pub const fn verifier(&self) -> &WitnessKey {
        &self.verifier
    }

    /// The signature line over the text of a checkpoint, at a time in seconds since 1970 UTC.
    ///
    /// What is cosigned must be on disk before this leaves: see [`crate::log::submission`].
    pub fn cosign(&self, text: &str, time: u64) -> Result<String, NoteError> {
        super::check_text(text)?;
        if !text.ends_with('\n') || i64::try_from(time).is_err() {
            return Err(NoteError::Format);
        }
        let signature = self.pair.try_sign(message(text, time).as_bytes());
        let signature = signature.map_err(|_| NoteError::SigningFailed)?;
        let blob = [
            &self.verifier.id.as_bytes()[..],
            &time.to_be_bytes(),
            signature.as_ref(),
        ]
        .concat();
        let name = &self.verifier.name;
        Ok(format!(
            "{SIGNATURE_PREFIX}{name} {}\n",
            STANDARD.encode(blob)
        ))
    }
}

impl fmt::Debug for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CosignerKey({}+{})",
            self.verifier.name, self.verifier.id
        )
    }
}

/// A cosignature that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// Whose it is.
    pub witness: WitnessKey,
    /// When it was made, as the witness says; seconds since 1970 UTC.
    pub time: u64,
    /// The signature line, without its newline.
    pub line: String,
}

/// The cosignatures of known witnesses on a note.
///
/// Signatures of unknown keys are passed over, the ledger's own too. A known witness whose
/// cosignature fails rejects the whole note. One that cosigned twice is there twice.
pub fn cosignatures(note: &[u8], known: &[WitnessKey]) -> Result<Vec<Cosignature>, NoteError> {
    let (text, signatures) = super::read(note)?;
    let mut found = Vec::new();
    for signature in signatures {
        let names = |key: &&WitnessKey| signature.name == key.name && signature.key_id == key.id;
        for key in known.iter().filter(names) {
            let time = key.accepts(text, &signature.bytes);
            found.push(Cosignature {
                witness: key.clone(),
                time: time.ok_or(NoteError::BadSignature(key.id))?,
                line: signature.line.to_owned(),
            });
        }
    }
    Ok(found)
}

/// How many different witnesses cosigned a note; see [`cosignatures`].
pub fn cosigned(note: &[u8], known: &[WitnessKey]) -> Result<usize, NoteError> {
    let found = cosignatures(note, known)?;
    let mut keys: Vec<_> = found.iter().map(|it| it.witness.public_key).collect();
    keys.sort_unstable();
    keys.dedup();
    Ok(keys.len())
}

/// A note with further signature lines below those it has, each once. `lines` is what a witness
/// answers: lines that end in a newline.
pub fn with_lines(note: &str, lines: &str) -> Result<String, NoteError> {
    let (_, signatures) = super::read(note.as_bytes())?;
    let mut more = note.to_owned();
    for line in lines.split_inclusive('\n') {
        let held = line.strip_suffix('\n').ok_or(NoteError::Format)?;
        if !signatures.iter().any(|it| it.line == held) {
            more.push_str(line);
        }
    }
    super::read(more.as_bytes())?;
    Ok(more)
}

/// What is signed.
fn message(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}
