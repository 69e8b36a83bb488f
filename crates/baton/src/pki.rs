//! Key pairs for service and callers. There is no certificate authority: the registry knows a
//! caller by the hash of its public key, and a client pins the service's own certificate.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

/// A certificate and its key, PEM.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
    /// SHA-256 over the public key: what the registry knows the caller by.
    pub(crate) spki_sha256: [u8; 32],
}

/// Makes a self-signed pair for a service under these names and addresses.
pub(crate) fn service(names: &[String]) -> anyhow::Result<Pair> {
    make(CertificateParams::new(names.to_vec())?, "Baton service")
}

/// Makes a pair for a caller.
pub(crate) fn caller(label: &str) -> anyhow::Result<Pair> {
    make(CertificateParams::default(), label)
}

fn make(mut params: CertificateParams, name: &str) -> anyhow::Result<Pair> {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let spki_sha256 = baton_server::spki_sha256(certificate.der())
        .context("the certificate that was just made cannot be read")?;
    Ok(Pair {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
        spki_sha256,
    })
}

/// Writes a file for its owner only. An existing one is never overwritten.
pub(crate) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} cannot be made", path.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(())
}
