//! A wire to PostgreSQL that is cut at the worst moment: around a commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What the wire does at the next commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Cut {
    /// Nothing.
    Never,
    /// The commit does not reach the database.
    Before,
    /// The database commits, and its answer does not come back.
    After,
}

/// The text of a commit and of the answer to it, as the protocol ends a string.
const COMMIT: &[u8] = b"COMMIT\0";

/// A wire under way. It forwards as long as it is kept.
pub(crate) struct Wire {
    pub(crate) port: u16,
    cut: Arc<AtomicU8>,
    /// Dropped, they end.
    _forwarding: JoinSet<()>,
}

impl Wire {
    /// To a cluster, by its URL.
    pub(crate) async fn to(cluster: &str) -> Self {
        let (_, host) = cluster.rsplit_once('@').unwrap();
        let host = host.split('/').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicU8::new(Cut::Never as u8));
        let armed = Arc::clone(&cut);
        let mut forwarding = JoinSet::new();
        forwarding.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((here, _)) = listener.accept().await {
                let there = TcpStream::connect(&host).await.unwrap();
                connections.spawn(forward(here, there, Arc::clone(&armed)));
            }
        });
        Self {
            port,
            cut,
            _forwarding: forwarding,
        }
    }

    /// What is to happen at the next commit. Afterwards nothing does.
    pub(crate) fn at_next_commit(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::SeqCst);
    }

    /// Whether the commit came and the wire was cut.
    pub(crate) fn was_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst) == Cut::Never as u8
    }
}

/// Forwards one connection until an end closes it or it is cut. Both streams close when this ends.
async fn forward(here: TcpStream, there: TcpStream, cut: Arc<AtomicU8>) {
    let (mut from_store, mut to_store) = here.into_split();
    let (mut from_database, mut to_database) = there.into_split();
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = from_store.read(&mut asked) => {
                let Ok(count @ 1..) = read else { return };
                let now = if holds(&asked[..count]) {
                    cut.swap(Cut::Never as u8, Ordering::SeqCst)
                } else {
                    Cut::Never as u8
                };
                if now == Cut::Before as u8 || to_database.write_all(&asked[..count]).await.is_err() {
                    return;
                }
                if now == Cut::After as u8 {
                    return swallow(&mut from_database, (to_store, to_database)).await;
                }
            }
            read = from_database.read(&mut answered) => {
                let Ok(count @ 1..) = read else { return };
                if to_store.write_all(&answered[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Waits for the answer to the commit and keeps it. Only then is either end closed.
async fn swallow(from: &mut OwnedReadHalf, _ends: (OwnedWriteHalf, OwnedWriteHalf)) {
    let mut answer = Vec::new();
    while !holds(&answer) {
        if from.read_buf(&mut answer).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

fn holds(bytes: &[u8]) -> bool {
    bytes.windows(COMMIT.len()).any(|window| window == COMMIT)
}
