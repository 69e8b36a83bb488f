//! A ledger in memory that a test can let go two ways, and a witness to show it to.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use baton_domain::log::note::{SignerKey, VerifierKey, WitnessKey};
use baton_domain::log::{Checkpoint, Frontier, Hash, Node, Plan, Submission, leaf_hash};
use baton_server::{Witness, WitnessFolder, WitnessFolderError};
use baton_store::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

pub(crate) const ORIGIN: &str = "baton.ledger/ldg_memory/1";

/// Entries and a key. Of at most 256, so that every node comes from the leaves.
#[derive(Clone)]
pub(crate) struct Log {
    leaves: Vec<Hash>,
    seed: u8,
}

impl Log {
    pub(crate) fn new(seed: u8) -> Self {
        let leaves = Vec::new();
        Self { leaves, seed }
    }

    /// The same with further entries of a kind.
    pub(crate) fn grown(mut self, of: &str, to: usize) -> Self {
        assert!(to <= 256, "a small ledger");
        while self.leaves.len() < to {
            let entry = format!("{of} {}", self.leaves.len());
            self.leaves.push(leaf_hash(entry.as_bytes()));
        }
        self
    }

    pub(crate) fn signer(&self) -> SignerKey {
        SignerKey::from_seed(ORIGIN, &[self.seed; 32]).unwrap()
    }

    pub(crate) fn key(&self) -> VerifierKey {
        self.signer().verifier().clone()
    }

    pub(crate) fn at(&self, size: usize) -> Checkpoint {
        let mut frontier = Frontier::new();
        for leaf in &self.leaves[..size] {
            let _completed = frontier.push(*leaf);
        }
        Checkpoint {
            origin: ORIGIN.to_owned(),
            size: size as u64,
            root: frontier.root(),
        }
    }

    pub(crate) fn signed(&self, size: usize) -> String {
        self.at(size).sign(&self.signer()).unwrap()
    }

    pub(crate) fn proof(&self, old: usize, new: usize) -> Vec<Hash> {
        if old == 0 {
            return Vec::new();
        }
        let plan = Plan::consistency(old as u64, new as u64).unwrap();
        let mut nodes = Vec::new();
        for range in plan.ranges() {
            assert_eq!(range.level, 0, "a small ledger");
            for index in range.indices {
                let (level, hash) = (0, self.leaves[usize::try_from(index).unwrap()]);
                nodes.push(Node { level, index, hash });
            }
        }
        plan.build(nodes).unwrap()
    }

    pub(crate) fn asks(&self, old: usize, new: usize) -> String {
        let submission = Submission {
            old: old as u64,
            proof: self.proof(old, new),
            checkpoint: self.signed(new),
        };
        submission.to_string()
    }
}

/// A witness that runs, in this process.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) key: WitnessKey,
    stop: oneshot::Sender<()>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Ends it; its folder is free then.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        self.tasks.join_all().await;
    }
}

/// Makes a witness in a new folder.
pub(crate) fn made(folder: &Path) -> WitnessKey {
    WitnessFolder::create(folder, "witness.example/it").unwrap()
}

/// Opens a witness's folder that was closed a moment ago: a program that another test starts holds
/// every lock of this process until it has begun.
pub(crate) async fn opened(folder: &Path) -> WitnessFolder {
    let wait = async {
        loop {
            match WitnessFolder::open(folder) {
                Err(WitnessFolderError::Busy) => tokio::time::sleep(Duration::from_millis(5)).await,
                opened => return opened.unwrap(),
            }
        }
    };
    let opened = tokio::time::timeout(Duration::from_secs(30), wait).await;
    opened.expect("the folder was not given back")
}

/// Serves a witness's folder.
pub(crate) async fn serve(folder: &Path, ledgers: Vec<VerifierKey>, clock: Clock) -> Running {
    let folder = opened(folder).await;
    let witness = Witness::open(folder, ledgers, clock).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, key) = (listener.local_addr().unwrap(), witness.key().clone());
    let (stop, stopped) = oneshot::channel::<()>();
    let mut tasks = JoinSet::new();
    tasks.spawn(witness.serve(listener, async {
        let _ = stopped.await;
    }));
    Running {
        address,
        key,
        stop,
        tasks,
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

/// A request as bytes, over a connection of its own; none if the other end broke it off.
pub(crate) async fn request(to: SocketAddr, first: &str, body: &str) -> Option<Told> {
    let mut stream = TcpStream::connect(to).await.ok()?;
    let length = body.len();
    let head = format!(
        "{first} HTTP/1.1\r\nhost: witness\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    // A body that is too long is not read to its end.
    let _ = stream.write_all(body.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let field = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(field, _)| field.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.to_owned())
    };
    let whole = field("content-length")?.parse() == Ok(body.len());
    whole.then(|| Told {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        content_type: field("content-type").unwrap_or_default(),
        body: body.to_owned(),
    })
}

/// Submits to a witness.
pub(crate) async fn submit(to: SocketAddr, body: &str) -> Option<Told> {
    request(to, "POST /add-checkpoint", body).await
}
