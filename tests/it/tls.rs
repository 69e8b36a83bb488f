//! Which TLS the service speaks: 1.3, and 1.2 where it is configured for clients that know no other.

use std::sync::Arc;

use baton_server::server_config;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::harness::*;

/// The version both ends agree on, or why they do not.
async fn shake(
    tls12: bool,
    client: &'static [&'static SupportedProtocolVersion],
) -> std::io::Result<ProtocolVersion> {
    let papers = Papers::of_server();
    let config =
        server_config(papers.certificate.as_bytes(), papers.key.as_bytes(), tls12).unwrap();
    let mut roots = RootCertStore::empty();
    let own = CertificateDer::from_pem_slice(papers.certificate.as_bytes()).unwrap();
    roots.add(own).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(client)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (here, there) = tokio::io::duplex(16 * 1024);
    let name = "localhost".try_into().unwrap();
    let connector = TlsConnector::from(Arc::new(client));
    let accept = TlsAcceptor::from(Arc::new(config)).accept(there);
    let (shaken, accepted) = tokio::join!(connector.connect(name, here), accept);
    accepted?;
    Ok(shaken?.get_ref().1.protocol_version().unwrap())
}

#[tokio::test]
async fn tls_1_2_is_spoken_only_where_it_is_configured() {
    const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];
    const OLD: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
    assert_eq!(shake(false, BOTH).await.unwrap(), ProtocolVersion::TLSv1_3);
    assert_eq!(shake(true, BOTH).await.unwrap(), ProtocolVersion::TLSv1_3);
    assert_eq!(shake(true, OLD).await.unwrap(), ProtocolVersion::TLSv1_2);
    assert!(shake(false, OLD).await.is_err());
}
