//! Bytes nobody meant on the connection itself: before the handshake, and as HTTP/2 with a valid
//! key behind it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use baton_wire::v1::{self, Role};
use prost::Message as _;
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{still_serves, verified};
use crate::chance::{Dice, damaged, seed, time};
use crate::harness::*;

/// Connections of the short form.
const CONNECTIONS: u64 = 60;
/// A connection whose other end is closed is gone after this, handshakes that never came included.
const GONE: Duration = Duration::from_secs(20);
/// Bytes of an answer that are read; what comes behind does not count.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Whoever says nothing for so long waits for more, and gets none.
const QUIET: Duration = Duration::from_millis(40);

/// Frames that are right somewhere.
const FRAMES: &[&[u8]] = &[
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\0\0\0\x04\0\0\0\0\0",
    b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0",
    b"\0\0\x06\x04\0\0\0\0\0\0\x05\xff\xff\xff\xff",
    b"\0\0\x08\x06\0\0\0\0\0abcdefgh",
    b"\0\0\x04\x08\0\0\0\0\0\x7f\xff\xff\xff",
    b"\0\0\x04\x08\0\0\0\0\x01\0\0\0\0",
    b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08",
    b"\0\0\x08\x07\0\0\0\0\0\0\0\0\x01\0\0\0\0",
    b"\0\0\x01\x09\x04\0\0\0\x01\x82",
    b"\0\0\x05\0\x01\0\0\0\x01\x01\0\0\0\0",
    b"\0\0\x05\0\0\0\0\0\x03\0\xff\xff\xff\xff",
    b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
    b"POST /baton.v1.AuditService/GetCheckpoint HTTP/1.1\r\ncontent-length: 5\r\n\r\n",
    b"\x16\x03\x01\x02\0\x01",
    b"\0\0\0\xff\xff\0\0\0\x05",
];

/// A frame of HTTP/2.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut out = length[1..].to_vec();
    out.extend([kind, flags]);
    out.extend(stream.to_be_bytes());
    out.extend(payload);
    out
}

/// A header field, spelled out and not indexed.
fn header(name: &str, value: &str, out: &mut Vec<u8>) {
    out.push(0);
    for text in [name, value] {
        // A length below 127 is one byte, a longer one is that and the rest.
        match u8::try_from(text.len()) {
            Ok(short) if short < 127 => out.push(short),
            _ => out.extend([127, u8::try_from(text.len() - 127).unwrap()]),
        }
        out.extend(text.as_bytes());
    }
}

/// A call under a key.
pub(crate) fn call(key: &str, (method, message): (&str, &[u8]), stream: u32) -> Vec<u8> {
    let mut fields = Vec::new();
    header(":method", "POST", &mut fields);
    header(":scheme", "https", &mut fields);
    header(":path", &format!("/baton.v1.{method}"), &mut fields);
    header(":authority", "localhost", &mut fields);
    header("content-type", "application/grpc", &mut fields);
    header("te", "trailers", &mut fields);
    header("authorization", &format!("Bearer {key}"), &mut fields);
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    [frame(1, 4, stream, &fields), frame(0, 1, stream, &body)].concat()
}

/// A whole connection: calls under a valid key.
pub(crate) fn conversation(key: &str, calls: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    out.extend(frame(4, 0, 0, &[]));
    for ((method, message), stream) in calls.iter().zip((1..).step_by(2)) {
        out.extend(call(key, (*method, message.as_slice()), stream));
    }
    out
}

/// TLS as a client without a certificate speaks it.
pub(crate) fn connector(door: &Door) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(door.authority.as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsConnector::from(Arc::new(config))
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// Sends bytes, listens, closes this end, and waits until the other end closes too. Failing to send
/// or read is an answer: the service may hang up on such a caller. Not ending is none.
async fn say(mut stream: impl Stream, bytes: &[u8]) -> usize {
    let mut answer: Vec<u8> = Vec::new();
    let spoken = async {
        let _ = stream.write_all(bytes).await;
        let mut piece = [0; 4096];
        while let Ok(Ok(read)) = tokio::time::timeout(QUIET, stream.read(&mut piece)).await {
            answer.extend(&piece[..read]);
            if read == 0 || answer.len() > ANSWER_BYTES_MAX {
                break;
            }
        }
        let _ = stream.shutdown().await;
        while let Ok(1..) = stream.read(&mut piece).await {}
    };
    let ended = tokio::time::timeout(GONE, spoken).await;
    assert!(
        ended.is_ok(),
        "the connection was kept: {}",
        bytes.escape_ascii()
    );
    answer.len()
}

#[test]
fn campaign_fuzz_connection_that_says_anything_is_ended_and_others_are_served() {
    run(async || {
        let exchange = Exchange::new(Home::sqlite()).await;
        let (holder, key) = exchange
            .key_holder(&exchange.primary, &[Role::Publisher])
            .await;
        let checkpoint = v1::GetCheckpointRequest {
            parent: holder.setting.clone(),
        };
        let list = v1::ListTransitionsRequest {
            parent: holder.setting.clone(),
            ..Default::default()
        };
        let calls = [
            ("AuditService/GetCheckpoint", checkpoint.encode_to_vec()),
            ("TransitionService/ListTransitions", list.encode_to_vec()),
        ];
        let sound = [
            conversation(&key, &calls),
            conversation(&key, &calls[..1]),
            conversation("baton_test_wrong", &calls),
        ];
        let connector = connector(&exchange.door);
        let before = exchange.size();
        let tcp = || TcpStream::connect(("127.0.0.1", exchange.door.port));
        let name = || ServerName::try_from("localhost").unwrap();
        // What is sound is understood, and the list makes an entry: the search would find nothing behind a wrong handshake.
        let stream = connector
            .connect(name(), tcp().await.unwrap())
            .await
            .unwrap();
        say(stream, &sound[0]).await;
        assert_eq!(
            exchange.size(),
            before + 1,
            "the list was entered, the checkpoint was not"
        );

        let (seed, began, time) = (seed(), Instant::now(), time());
        println!("seed={seed}");
        let (mut connections, mut answers) = (0, 0);
        while time.map_or(connections < CONNECTIONS, |time| began.elapsed() < time) {
            let mut dice = Dice::of(seed, connections);
            let bytes = damaged(&mut dice, &sound, FRAMES);
            let stream = tcp().await.unwrap();
            answers += if dice.one_in(4) {
                say(stream, &bytes).await
            } else {
                let stream = connector.connect(name(), stream).await.unwrap();
                say(stream, &bytes).await
            };
            connections += 1;
        }
        still_serves(&exchange).await;
        let entries = verified(&exchange).await;
        println!(
            "figures: connections: seed={seed} connections={connections} answer_bytes={answers} \
             entries={entries} verified=1 kept=0"
        );
        exchange.end().await;
    });
}
