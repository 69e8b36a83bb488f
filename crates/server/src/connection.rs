//! Accepted connections: TLS handshakes beside one another, each under a deadline, and what is
//! known of the peer afterwards.

use std::future::Future as _;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Sleep, sleep};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::transport::server::Connected;

use crate::admin::AdminSocket;
use crate::strangers::{KNOWN_WITHIN, Standing, Strangers};
use crate::tls::spki_sha256;

/// Connections at the same time; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 2_048;
/// The same of the folder's socket. They are counted apart: a crowd on the network must not shut
/// out the operator.
const ADMIN_CONNECTIONS_MAX: usize = 64;
/// Longest handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Connections that finished their handshake and wait to be served.
pub(crate) const READY_MAX: usize = 64;

/// What is known of who is at the other end.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// Hash of the public key it proved to hold.
    pub(crate) spki: Option<[u8; 32]>,
    /// Its address, for limits only; none when it came by the folder's socket.
    pub(crate) address: Option<IpAddr>,
    /// Whether a caller on this connection is known.
    pub(crate) standing: Arc<Standing>,
}

/// Bytes below TLS: the network's, or the folder's socket.
type Stream = Either<TcpStream, UnixStream>;

/// Where connections come from.
#[derive(Debug)]
pub(crate) enum Listener {
    Network(TcpListener),
    Folder(AdminSocket),
}

impl Listener {
    async fn accept(&self) -> io::Result<(Stream, Option<IpAddr>)> {
        match self {
            Self::Network(listener) => {
                let (stream, from) = listener.accept().await?;
                let _ = stream.set_nodelay(true);
                Ok((Either::Left(stream), Some(from.ip())))
            }
            Self::Folder(socket) => {
                let (stream, _) = socket.listener.accept().await?;
                Ok((Either::Right(stream), None))
            }
        }
    }

    fn connections_max(&self) -> usize {
        match self {
            Self::Network(_) => CONNECTIONS_MAX,
            Self::Folder(_) => ADMIN_CONNECTIONS_MAX,
        }
    }
}

/// A connection after its handshake.
pub(crate) struct Connection {
    stream: TlsStream<Stream>,
    peer: Peer,
    /// When it ends unless a caller is known by then.
    stranger_until: Option<Pin<Box<Sleep>>>,
    _slot: OwnedSemaphorePermit,
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

/// What accepted connections go out by.
pub(crate) type Ready = mpsc::Sender<io::Result<Connection>>;

/// Accepts until told to stop. Connections come out as they finish their handshakes.
pub(crate) fn accept(
    listener: Listener,
    acceptor: TlsAcceptor,
    tasks: &TaskTracker,
    (ready, stop): (Ready, CancellationToken),
) {
    let handshakes = tasks.clone();
    let slots = Arc::new(Semaphore::new(listener.connections_max()));
    let strangers = Arc::new(Strangers::default());
    tasks.spawn(async move {
        loop {
            let slot = Arc::clone(&slots).acquire_owned();
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                slot = slot => match slot {
                    Err(_) => return,
                    Ok(slot) => tokio::select! {
                        () = stop.cancelled() => return,
                        accepted = listener.accept() => accepted.map(|found| (found, slot)),
                    },
                },
            };
            match accepted {
                Ok(((stream, from), slot)) => {
                    let Some(standing) = strangers.enter(from) else {
                        metrics::counter!("baton_connections_refused_total").increment(1);
                        continue;
                    };
                    let (acceptor, ready) = (acceptor.clone(), ready.clone());
                    handshakes.spawn(handshake(acceptor, (stream, from, standing), slot, ready));
                }
                // Out of descriptors, or the peer was gone already: the next one may do better.
                Err(error) => {
                    tracing::warn!(kind = %error.kind(), "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    });
}

async fn handshake(
    acceptor: TlsAcceptor,
    (stream, from, standing): (Stream, Option<IpAddr>, Arc<Standing>),
    slot: OwnedSemaphorePermit,
    ready: Ready,
) {
    let shaken = tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await;
    let Ok(Ok(stream)) = shaken else {
        metrics::counter!("baton_handshakes_failed_total").increment(1);
        return;
    };
    let certificate = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(|chain| chain.first());
    let peer = Peer {
        spki: certificate.and_then(spki_sha256),
        address: from,
        standing,
    };
    let version = stream.get_ref().1.protocol_version();
    if version == Some(rustls::ProtocolVersion::TLSv1_2) {
        metrics::counter!("baton_tls12_connections_total").increment(1);
    }
    let _ = ready
        .send(Ok(Connection {
            stream,
            stranger_until: Some(Box::pin(sleep(KNOWN_WITHIN))),
            peer,
            _slot: slot,
        }))
        .await;
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.peer.standing.is_known() {
            self.stranger_until = None;
        }
        if let Some(until) = &mut self.stranger_until
            && until.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
