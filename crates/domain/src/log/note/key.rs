//! The keys of signed notes: Ed25519 under a name.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::log::tree::sha256;

/// Signature type of plain Ed25519. Witness cosignatures are 0x04 and have keys of their own
/// ([`super::WitnessKey`]), so that none passes for the other.
const ED25519_TYPE: u8 = 0x01;
/// Length of an Ed25519 public key and of a seed, in bytes.
pub(super) const KEY_LENGTH: usize = 32;

/// The first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key); the type is 0x01, of witnesses
/// 0x04.
///
/// It tells keys of one name apart and is no proof of anything. Printed as 8 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    pub(super) const fn new(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The bytes as they stand before a signature.
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }

    pub(super) fn of(name: &str, kind: u8, public_key: &[u8; KEY_LENGTH]) -> Self {
        let hash = sha256(&[name.as_bytes(), b"\n", &[kind], public_key]);
        let [a, b, c, d, ..] = *hash.as_bytes();
        Self([a, b, c, d])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// A public key and the name it signs under.
///
/// Its text form is the C2SP vkey `<name>+<key id>+<base64 of 0x01 ‖ public key>`; that one line is
/// all an outsider has to be given to check a ledger.
#[derive(Clone, Debug)]
pub struct VerifierKey {
    name: String,
    id: KeyId,
    public_key: [u8; KEY_LENGTH],
    parsed: ParsedPublicKey,
}

impl VerifierKey {
    /// A key from its name and the 32 bytes of RFC 8032.
    pub fn new(name: &str, public_key: [u8; KEY_LENGTH]) -> Result<Self, KeyError> {
        check_name(name)?;
        let parsed = ParsedPublicKey::new(&ED25519, public_key).map_err(|_| KeyError::Material)?;
        let id = KeyId::of(name, ED25519_TYPE, &public_key);
        Ok(Self {
            name: name.to_owned(),
            id,
            public_key,
            parsed,
        })
    }

    /// The name the key signs under; for the key of a ledger, its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id that stands before each of its signatures.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The 32 bytes of RFC 8032.
    pub const fn public_key(&self) -> &[u8; KEY_LENGTH] {
        &self.public_key
    }

    pub(super) fn accepts(&self, text: &str, signature: &[u8]) -> bool {
        self.parsed.verify_sig(text.as_bytes(), signature).is_ok()
    }
}

impl PartialEq for VerifierKey {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.public_key == other.public_key
    }
}

impl Eq for VerifierKey {}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print_vkey(
            &self.name,
            self.id,
            ED25519_TYPE,
            &self.public_key,
        ))
    }
}

/// A vkey as C2SP writes it.
pub(super) fn print_vkey(name: &str, id: KeyId, kind: u8, key: &[u8; KEY_LENGTH]) -> String {
    let typed = [&[kind][..], key].concat();
    format!("{name}+{id}+{}", STANDARD.encode(typed))
}

/// Name, key id as it is printed, and the key of a vkey of one type.
pub(super) fn read_vkey(vkey: &str, kind: u8) -> Result<(&str, &str, [u8; KEY_LENGTH]), KeyError> {
    // A name has no plus sign, the base64 after the key id may have some.
    let mut parts = vkey.splitn(3, '+');
    let (Some(name), Some(id), Some(typed)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyError::Format);
    };
    let typed = STANDARD.decode(typed).map_err(|_| KeyError::Format)?;
    let (found, key) = typed.split_first().ok_or(KeyError::Format)?;
    if *found != kind {
        return Err(KeyError::UnsupportedType(*found));
    }
    Ok((name, id, key.try_into().map_err(|_| KeyError::Material)?))
}

/// Reads a vkey. The key id must be the one of name and key, in lower case.
impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(vkey: &str) -> Result<Self, KeyError> {
        let (name, id, public_key) = read_vkey(vkey, ED25519_TYPE)?;
        let key = Self::new(name, public_key)?;
        if key.id.to_string() == id {
            Ok(key)
        } else {
            Err(KeyError::IdMismatch)
        }
    }
}

/// A private key and the name it signs under. It cannot be printed or read out again.
pub struct SignerKey {
    verifier: VerifierKey,
    pair: Ed25519KeyPair,
}

impl SignerKey {
    /// A key from a name and a 32-byte Ed25519 seed, which the caller draws, keeps and wipes.
    pub fn from_seed(name: &str, seed: &[u8; KEY_LENGTH]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Material)?;
        let public_key = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| KeyError::Material)?;
        Ok(Self {
            verifier: VerifierKey::new(name, public_key)?,
            pair,
        })
    }

    /// The public half.
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Ed25519 over the text; `None` if the library could not sign (out of memory).
    pub(super) fn sign(&self, text: &str) -> Option<Vec<u8>> {
        let signature = self.pair.try_sign(text.as_bytes()).ok()?;
        Some(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignerKey({}+{})", self.verifier.name, self.verifier.id)
    }
}

/// Whether a key may have that name: not empty, no Unicode space, no plus sign, and none of the
/// control characters a note must not have.
pub(super) fn check_name(name: &str) -> Result<(), KeyError> {
    let forbidden = |c: char| c.is_whitespace() || c < ' ' || c == '+';
    if name.is_empty() || name.contains(forbidden) {
        Err(KeyError::Name)
    } else {
        Ok(())
    }
}

/// Why something is not a key for signed notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name is empty or has a space, a plus sign or a control character.
    #[error("a key name is not empty and has no space, plus sign or control character")]
    Name,
    /// Not of the form `name+id+base64`.
    #[error("not of the form <name>+<key id>+<base64 key>")]
    Format,
    /// A signature type other than the one wanted: of a ledger's key Ed25519 (0x01), of a witness's
    /// the Ed25519 cosignature (0x04).
    #[error("a key of signature type {0:#04x} has no place here")]
    UnsupportedType(u8),
    /// Not 32 bytes, or refused by the library.
    #[error("not an Ed25519 key")]
    Material,
    /// The key id is not the one of this name and key: one of the three was mistyped.
    #[error("the key id does not belong to this name and key")]
    IdMismatch,
}
