//! The text that was signed: hashed here, and never sent.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use baton_domain::agreement::TextVersion;
use baton_wire::v1;
use clap::Args;
use jiff::civil::Date;

use crate::output::Wrong;

/// Bytes read at once.
const READ: usize = 64 * 1024;

/// What a setting signed at joining: all of it, or nothing.
#[derive(Debug, Args)]
pub(crate) struct AtJoining {
    /// They signed the framework agreement: this text. It is hashed here and stays here.
    #[arg(long, value_name = "FILE", requires = "agreement_version")]
    agreement_text: Option<PathBuf>,
    /// Which text that is, e.g. 2026.1.
    #[arg(long, value_name = "LABEL", value_parser = label, requires = "agreement_text")]
    agreement_version: Option<String>,
    /// First day, CCYY-MM-DD; without it today.
    #[arg(long, value_name = "DATE", requires = "agreement_text")]
    agreement_first_day: Option<Date>,
}

impl AtJoining {
    /// As the contract carries it.
    pub(crate) fn signed(&self) -> Result<Option<v1::SignedAgreement>, Wrong> {
        let Some((text, version)) = self
            .agreement_text
            .as_ref()
            .zip(self.agreement_version.as_ref())
        else {
            return Ok(None);
        };
        Ok(Some(v1::SignedAgreement {
            version: version.clone(),
            text_sha256: sha256_of(text)?.to_vec().into(),
            first_day: self
                .agreement_first_day
                .map_or(String::new(), |day| day.to_string()),
            last_day: String::new(),
        }))
    }
}

/// SHA-256 of a file.
pub(super) fn sha256_of(path: &Path) -> Result<[u8; 32], Wrong> {
    let unreadable = |error: std::io::Error| Wrong::unreadable(path, &error);
    let mut file = File::open(path).map_err(unreadable)?;
    let mut hashed = Context::new(&SHA256);
    let mut bytes = vec![0; READ];
    loop {
        let read = file.read(&mut bytes).map_err(unreadable)?;
        if read == 0 {
            break;
        }
        hashed.update(&bytes[..read]);
    }
    let mut out = [0; 32];
    out.copy_from_slice(hashed.finish().as_ref());
    Ok(out)
}

/// Reads the label of a text.
pub(super) fn label(text: &str) -> Result<String, String> {
    let read = TextVersion::parse(text).map(|label| label.as_str().to_owned());
    read.ok_or_else(|| {
        "give 1 to 40 letters, digits, dots, dashes and underscores, first a letter or digit"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_known_by_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agreement.txt");
        std::fs::write(&path, b"abc").unwrap();
        let hash = sha256_of(&path).unwrap();
        assert_eq!(hash[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert!(sha256_of(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_label_with_a_blank_is_told_what_it_may_be() {
        assert_eq!(label("2026.1"), Ok("2026.1".to_owned()));
        assert!(label("version 1").unwrap_err().contains("letters"));
    }
}
