//! Which witnesses are asked for cosignatures, and how.

use std::path::PathBuf;
use std::time::Duration;

use baton_domain::log::note::WitnessKey;
use serde::Deserialize;

use super::ConfigError;
use crate::witnesses::{Asked, WITNESSES_MAX, Witnesses, WitnessesError};

/// Longest time between two rounds, in seconds.
const INTERVAL_MAX: u64 = 3_600;
/// Longest time for one witness, in seconds.
const TIMEOUT_MAX: u64 = 60;

/// How witnesses are asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessingConfig {
    /// Seconds between two rounds.
    pub interval_seconds: u64,
    /// Seconds one witness may take.
    pub timeout_seconds: u64,
    /// Certificates of authorities, PEM, or empty for the system's.
    pub roots: PathBuf,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessConfig {
    /// What comes before `/add-checkpoint`.
    pub url: String,
    /// Its key, a C2SP vkey of type 0x04.
    pub key: String,
}

impl WitnessingConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !(1..=INTERVAL_MAX).contains(&self.interval_seconds) {
            return Err(ConfigError::Value(
                "witnessing.interval_seconds is 1 to 3600",
            ));
        }
        if !(1..=TIMEOUT_MAX).contains(&self.timeout_seconds) {
            return Err(ConfigError::Value("witnessing.timeout_seconds is 1 to 60"));
        }
        Ok(())
    }

    /// The witnesses, ready to be asked; none without any. Reads the roots.
    pub fn witnesses(&self, listed: &[WitnessConfig]) -> Result<Option<Witnesses>, WitnessesError> {
        let Some(asked) = read(listed).ok().filter(|asked| !asked.is_empty()) else {
            return Ok(None);
        };
        let times = (
            Duration::from_secs(self.interval_seconds),
            Duration::from_secs(self.timeout_seconds),
        );
        let roots = Some(&*self.roots).filter(|path| !path.as_os_str().is_empty());
        Witnesses::new(asked, times, roots).map(Some)
    }
}

/// The witnesses of a configuration, each a different one.
pub(super) fn read(listed: &[WitnessConfig]) -> Result<Vec<Asked>, ConfigError> {
    if listed.len() > WITNESSES_MAX {
        return Err(ConfigError::Value("at most 16 [[witness]]"));
    }
    let mut asked: Vec<Asked> = Vec::new();
    for (at, one) in listed.iter().enumerate() {
        let wrong = |what| ConfigError::Witness(at + 1, what);
        let key: WitnessKey = one
            .key
            .parse()
            .map_err(|_| wrong("key is no vkey of a witness, <name>+<id>+<key of type 0x04>"))?;
        if asked
            .iter()
            .any(|it| it.key.public_key() == key.public_key())
        {
            return Err(wrong("its key stands there twice"));
        }
        let read = Asked::new(&one.url, key);
        asked.push(read.ok_or_else(|| {
            wrong("url is https://host[:port][/path], or http:// to this machine, and no more")
        })?);
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "witness.example.com/w1+9582033c+BBOY9ixtGkV8UbpqS189vS9p/KkyFiGNyJl+QWvRfZPK";

    fn refusal(url: &str, key: &str) -> Option<String> {
        let one = WitnessConfig {
            url: url.to_owned(),
            key: key.to_owned(),
        };
        read(&[one]).err().map(|error| error.to_string())
    }

    #[test]
    fn a_witness_is_a_secret_channel_and_a_key() {
        for url in [
            "https://witness.example.org",
            "https://witness.example.org/",
            "https://witness.example.org:8443/a/b",
            "http://127.0.0.1:8080/w",
            "http://[::1]:8080",
            "http://localhost:8080",
        ] {
            assert_eq!(refusal(url, KEY), None, "{url}");
        }
        for url in [
            "http://witness.example.org",
            "http://127.0.0.1.example.org",
            "ftp://witness.example.org",
            "https://",
            "witness.example.org",
            "https://witness.example.org/?q",
            "https://user@witness.example.org",
            "",
        ] {
            let said = refusal(url, KEY).unwrap_or_default();
            assert!(said.contains("[[witness]] 1: url"), "{url}: {said}");
        }
        let of_a_ledger =
            "baton.ledger/ldg_v/1+c1553e52+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";
        let said = refusal("https://w.example", of_a_ledger).unwrap_or_default();
        assert!(said.contains("key is no vkey of a witness"), "{said}");
    }

    #[test]
    fn each_witness_is_another_one_and_there_are_not_too_many() {
        let one = WitnessConfig {
            url: "https://w.example".to_owned(),
            key: KEY.to_owned(),
        };
        let twice = read(&[one.clone(), one.clone()]).err().unwrap().to_string();
        assert!(twice.contains("[[witness]] 2: its key"), "{twice}");
        let many = vec![one; WITNESSES_MAX + 1];
        assert!(read(&many).is_err());
    }
}
