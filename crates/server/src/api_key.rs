//! API keys as people paste them: `baton_<env>_<id>_<secret>_<crc>`.
//!
//! The prefix lets a leak scanner find one, the environment keeps a test key out of production
//! talk, and the check sum tells a torn paste from a wrong key without asking the database.

use baton_domain::ids::CredentialId;

/// The secret is 32 random bytes.
const SECRET_BYTES: usize = 32;

/// A key that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The credential it names.
    pub credential: CredentialId,
    /// What proves it.
    pub secret: Vec<u8>,
}

impl ApiKey {
    /// Prints a key.
    pub fn print(environment: &str, credential: &CredentialId, secret: &[u8]) -> String {
        let id = credential.as_str().trim_start_matches("crd_");
        let body = format!("baton_{environment}_{id}_{}", hex(secret));
        let crc = crc32fast::hash(body.as_bytes());
        format!("{body}_{crc:08x}")
    }

    /// Reads a key; none for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (body, crc) = text.rsplit_once('_')?;
        let right = format!("{:08x}", crc32fast::hash(body.as_bytes()));
        let mut parts = body.strip_prefix("baton_")?.splitn(3, '_');
        let (_environment, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
        let secret = unhex(secret).filter(|bytes| bytes.len() == SECRET_BYTES)?;
        let credential = CredentialId::parse(&format!("crd_{id}")).ok()?;
        (crc == right).then_some(Self { credential, secret })
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8; 2]| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok();
    if rest.is_empty() {
        pairs.iter().map(byte).collect()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_printed_and_a_torn_one_is_not() {
        let credential = CredentialId::from_bytes([3; 16]);
        let key = ApiKey::print("live", &credential, &[0xab; 32]);
        assert_eq!(
            ApiKey::parse(&key),
            Some(ApiKey {
                credential,
                secret: vec![0xab; 32]
            })
        );
        for at in 0..key.len() {
            let mut torn = key.clone();
            torn.remove(at);
            assert_eq!(ApiKey::parse(&torn), None, "without character {at}");
        }
        assert_eq!(ApiKey::parse(""), None);
    }
}
