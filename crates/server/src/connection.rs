//! Accepted connections: TLS handshakes beside one another, each under a deadline, and what is
//! known of the peer afterwards.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::transport::server::Connected;

use crate::admin::AdminSocket;
use crate::lifetime::Lifetime;
use crate::origin::Origin;
use crate::strangers::{Connections, KNOWN_WITHIN, Standing};
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
    /// Where it comes from, for limits only.
    pub(crate) origin: Origin,
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
    async fn accept(&self) -> io::Result<(Stream, Origin)> {
        match self {
            Self::Network(listener) => {
                let (stream, from) = listener.accept().await?;
                let _ = stream.set_nodelay(true);
                Ok((Either::Left(stream), Origin::of(from.ip())))
            }
            Self::Folder(socket) => {
                let (stream, _) = socket.listener.accept().await?;
                Ok((Either::Right(stream), Origin::Folder))
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
    lifetime: Lifetime,
    _slot: OwnedSemaphorePermit,
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

/// How long a connection lasts on which a caller is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lasting {
    /// Then what goes on on it is asked to end, and the client to connect again.
    pub(crate) age: Duration,
    /// So much later it is cut.
    pub(crate) grace: Duration,
}

/// What accepted connections go out by.
pub(crate) type Ready = mpsc::Sender<io::Result<Connection>>;

/// Accepts until told to stop. Connections come out as they finish their handshakes.
pub(crate) fn accept(
    listener: Listener,
    acceptor: TlsAcceptor,
    tasks: &TaskTracker,
    (ready, stop): (Ready, CancellationToken),
    lasting: Lasting,
) {
    let handshakes = tasks.clone();
    let slots = Arc::new(Semaphore::new(listener.connections_max()));
    let connections = Connections::default();
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
                    let Some(standing) = connections.enter(from) else {
                        metrics::counter!("baton_connections_refused_total").increment(1);
                        continue;
                    };
                    let peer = (from, standing, lasting);
                    let (acceptor, ready) = (acceptor.clone(), ready.clone());
                    handshakes.spawn(handshake(acceptor, (stream, peer), slot, ready));
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
    (stream, (origin, standing, lasting)): (Stream, (Origin, Arc<Standing>, Lasting)),
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
        origin,
        standing: Arc::clone(&standing),
    };
    let version = stream.get_ref().1.protocol_version();
    if version == Some(rustls::ProtocolVersion::TLSv1_2) {
        metrics::counter!("baton_tls12_connections_total").increment(1);
    }
    let _ = ready
        .send(Ok(Connection {
            stream,
            lifetime: Lifetime::new(standing, KNOWN_WITHIN, lasting),
            peer,
            _slot: slot,
        }))
        .await;
}

impl Connection {
    /// Looked at whatever the transport does: who does not read has it wait to write.
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.lifetime.poll_over(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
