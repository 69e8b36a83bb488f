//! One POST over HTTP/1.1, with TLS unless the witness is on this machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::header::{CONTENT_TYPE, HOST};
use http::uri::Scheme;
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::WitnessesError;

/// Longest answer read, in bytes: signature lines, or a size.
const ANSWER_MAX: usize = 32 * 1024;
/// Longest URL of a witness, in bytes.
const URL_MAX: usize = 512;
/// Where systems keep the certificates of authorities: Debian, Red Hat, Alpine and others.
const SYSTEM_ROOTS: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

/// Where a witness is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    tls: bool,
    host: String,
    port: u16,
    /// As the request names it.
    authority: String,
    path: String,
}

/// What a witness answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Endpoint {
    pub(super) fn parse(url: &str) -> Option<Self> {
        let uri: Uri = (url.len() <= URL_MAX).then(|| url.parse().ok())??;
        let authority = uri.authority()?;
        let tls = *uri.scheme()? == Scheme::HTTPS;
        let host = uri.host()?.trim_matches(['[', ']']).to_owned();
        let plain = *uri.scheme()? == Scheme::HTTP && is_here(&host);
        let clean = uri.query().is_none() && !authority.as_str().contains('@') && !host.is_empty();
        (clean && (tls || plain)).then(|| Self {
            tls,
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            path: format!("{}/add-checkpoint", uri.path().trim_end_matches('/')),
            host,
        })
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls
    }
}

/// Whether a host is this machine: what is sent there needs no TLS.
fn is_here(host: &str) -> bool {
    let loopback = |ip: std::net::IpAddr| ip.is_loopback();
    host == "localhost" || host.parse().is_ok_and(loopback)
}

/// TLS 1.2 and 1.3 as rustls has them, with these authorities.
pub(super) fn tls(roots: Option<&Path>) -> Result<Arc<ClientConfig>, WitnessesError> {
    let system = || {
        SYSTEM_ROOTS
            .iter()
            .map(PathBuf::from)
            .find(|it| it.is_file())
    };
    let file = roots.map(Path::to_owned).or_else(system);
    let file = file.ok_or(WitnessesError::NoRoots)?;
    let pem = std::fs::read(&file);
    let pem = pem.map_err(|error| WitnessesError::Roots(file.clone(), error.kind()))?;
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem).flatten() {
        // One that rustls cannot use is no reason to do without the others.
        let _ = store.add(certificate);
    }
    if store.is_empty() {
        return Err(WitnessesError::NoRoots);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| WitnessesError::NoRoots)?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Posts a body; why it could not, in a word.
pub(super) async fn post(
    to: &Endpoint,
    tls: Option<&Arc<ClientConfig>>,
    body: String,
) -> Result<Answer, &'static str> {
    let stream = TcpStream::connect((to.host.as_str(), to.port)).await;
    let stream = stream.map_err(|_| "unreachable")?;
    if !to.tls {
        return exchange(stream, to, body).await;
    }
    let name = ServerName::try_from(to.host.clone()).map_err(|_| "tls")?;
    let connector = TlsConnector::from(Arc::clone(tls.ok_or("tls")?));
    let stream = connector.connect(name, stream).await.map_err(|_| "tls")?;
    exchange(stream, to, body).await
}

async fn exchange<S>(stream: S, to: &Endpoint, body: String) -> Result<Answer, &'static str>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shaken = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|_| "http")?;
    let request = Request::post(&to.path)
        .header(HOST, &to.authority)
        .header(CONTENT_TYPE, "text/plain; charset=utf-8")
        .body(Full::<Bytes>::from(body))
        .map_err(|_| "http")?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(|_| "http")?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_MAX).collect().await;
        let content_type = head.headers.get(CONTENT_TYPE);
        Ok(Answer {
            status: head.status.as_u16(),
            content_type: content_type
                .and_then(|it| it.to_str().ok())
                .map(str::to_owned),
            body: body.map_err(|_| "http")?.to_bytes().to_vec(),
        })
    };
    tokio::select! {
        answer = answer => answer,
        // Its end is told by the answer, which may have been read by then.
        () = async { let _ = connection.await; std::future::pending().await } => Err("http"),
    }
}
