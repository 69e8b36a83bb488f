//! Sealing: AES-256-GCM with a fresh random nonce, everything that names the bytes as
//! associated data. A sealed value is `nonce (12) ‖ ciphertext ‖ tag (16)`.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::error::StoreError;
use crate::learner::hex;

const NONCE_BYTES: usize = 12;
/// What a fingerprint has, before it is written in hexadecimal.
const FINGERPRINT_BYTES: usize = 8;

/// A symmetric key, wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// A fresh one.
    pub(crate) fn random() -> Result<Self, StoreError> {
        let mut bytes = [0; 32];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| StoreError::Entropy)?;
        Ok(Self(bytes))
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Result<Self, StoreError> {
        bytes.try_into().map(Self).map_err(|_| StoreError::Sealed)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Tells a master key from others and nothing else about it. It may be shown.
    pub(crate) fn fingerprint(&self) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, b"baton/master-fingerprint/v1");
        hex(&tag.as_ref()[..FINGERPRINT_BYTES])
    }

    /// Seals `plain` so that it opens only with the same associated data.
    pub(crate) fn seal(&self, aad: &str, mut plain: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let key = self.cipher()?;
        let nonce = key
            .seal_in_place_append_tag(Aad::from(aad.as_bytes()), &mut plain)
            .map_err(|_| StoreError::Sealed)?;
        let mut sealed = Vec::with_capacity(NONCE_BYTES + plain.len());
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut plain);
        Ok(sealed)
    }

    /// Opens what `seal` made; any changed byte, key or associated data is an error.
    pub(crate) fn open(&self, aad: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (nonce, rest) = sealed
            .split_at_checked(NONCE_BYTES)
            .ok_or(StoreError::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| StoreError::Sealed)?;
        let mut plain = rest.to_vec();
        let length = self
            .cipher()?
            .open_in_place(nonce, Aad::from(aad.as_bytes()), &mut plain)
            .map_err(|_| StoreError::Sealed)?
            .len();
        plain.truncate(length);
        Ok(plain)
    }

    /// A new key sealed under this one, and the key itself.
    pub(crate) fn wrap_fresh(&self, aad: &str) -> Result<(Vec<u8>, Key), StoreError> {
        let key = Key::random()?;
        Ok((self.wrap(aad, &key)?, key))
    }

    /// `key` sealed under this one.
    pub(crate) fn wrap(&self, aad: &str, key: &Key) -> Result<Vec<u8>, StoreError> {
        self.seal(aad, key.0.to_vec())
    }

    /// The key sealed under this one.
    pub(crate) fn unwrap(&self, aad: &str, wrapped: &[u8]) -> Result<Key, StoreError> {
        let mut plain = self.open(aad, wrapped)?;
        let key = Key::from_slice(&plain);
        plain.zeroize();
        key
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, StoreError> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.0).map_err(|_| StoreError::Sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn a_sealed_value_opens_with_its_key_and_name_only() {
        let key = Key::random().unwrap();
        let sealed = key.seal("name", b"content".to_vec()).unwrap();
        assert_eq!(key.open("name", &sealed).unwrap(), b"content");
        assert!(key.open("other name", &sealed).is_err());
        assert!(Key::random().unwrap().open("name", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open("name", &changed).is_err(), "byte {at}");
        }
        assert!(key.open("name", &sealed[..5]).is_err());
    }
}
