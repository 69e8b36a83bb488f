//! Certificates.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

/// A certificate and its key.
#[derive(Clone)]
pub(crate) struct Papers {
    pub(crate) certificate: String,
    pub(crate) key: String,
    /// SHA-256 over its public key: what a registry knows it by.
    pub(crate) spki: [u8; 32],
}

impl Papers {
    /// A certificate of a client, by nobody but itself.
    pub(crate) fn new() -> Self {
        Self::of(&CertificateParams::new(["client.example".to_owned()]).unwrap())
    }

    /// The server's, for this machine.
    pub(crate) fn of_server() -> Self {
        Self::of(&CertificateParams::new(["localhost".to_owned()]).unwrap())
    }

    /// A certificate whose last day is long past.
    pub(crate) fn out_of_date() -> Self {
        let mut params = CertificateParams::new(["client.example".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        Self::of(&params)
    }

    fn of(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let spki = baton_server::spki_sha256(certificate.der()).unwrap();
        Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            spki,
        }
    }
}
