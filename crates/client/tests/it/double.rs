//! A running double of the service: its script, its small ledger, and a wire that can be cut.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, atomic::AtomicUsize},
    time::Duration,
};

use baton_client::{Client, Connection, ConnectionBuilder, RetryPolicy};
use baton_domain::log::{Checkpoint, Frontier, Hash, Node, Plan, leaf_hash, note::SignerKey};
use baton_wire::{
    status::{Problem, Reason},
    twin::{
        self, audit_service_server as audit, profile_service_server as profile,
        subscription_service_server as subscription,
    },
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinSet,
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};

pub(crate) const SETTING: &str = "settings/stg_00000000000000000000000001";
pub(crate) const SUBSCRIPTION: &str =
    "settings/stg_00000000000000000000000001/subscriptions/sub_00000000000000000000000001";
pub(crate) const ORIGIN: &str = "baton.ledger/ldg_1/0";

/// One answer of a script.
#[derive(Clone, Debug)]
pub(crate) enum Say {
    Fail(Problem),
    /// Never answers.
    Hang,
}

impl From<Reason> for Say {
    fn from(reason: Reason) -> Self {
        Self::Fail(reason.into())
    }
}

/// What a call came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) request_id: String,
    pub(crate) parent: String,
    pub(crate) authorization: Option<String>,
    pub(crate) timeout: bool,
}

/// An item of a watch's script.
pub(crate) type Told = Result<twin::WatchResponse, Reason>;

#[derive(Default)]
pub(crate) struct Script {
    /// What publishes answer before they succeed.
    pub(crate) publish: Mutex<VecDeque<Say>>,
    pub(crate) asked: Mutex<Vec<Asked>>,
    /// Items of batches, by request id, that have no room the first time.
    pub(crate) no_room: Mutex<Vec<String>>,
    pub(crate) batches: Mutex<Vec<usize>>,
    pub(crate) in_flight: AtomicUsize,
    pub(crate) in_flight_max: AtomicUsize,
    /// The streams of a watch, one per connection; after the last one it stays open and silent.
    pub(crate) streams: Mutex<VecDeque<Vec<Told>>>,
    pub(crate) tokens: Mutex<Vec<String>>,
    pub(crate) ledger: Mutex<Ledger>,
    /// What proofs answer before they are given.
    pub(crate) proofs: Mutex<VecDeque<Reason>>,
}

/// A small ledger: fewer than 256 entries, so that leaves are all a proof needs.
pub(crate) struct Ledger {
    pub(crate) origin: String,
    pub(crate) seed: u8,
    pub(crate) leaves: Vec<Hash>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            origin: ORIGIN.to_owned(),
            seed: 1,
            leaves: Vec::new(),
        }
    }
}

impl Ledger {
    pub(crate) fn append(&mut self, entries: &[&str]) -> String {
        self.leaves
            .extend(entries.iter().map(|entry| leaf_hash(entry.as_bytes())));
        self.checkpoint()
    }

    pub(crate) fn key(&self) -> SignerKey {
        SignerKey::from_seed(&self.origin, &[self.seed; 32]).unwrap()
    }

    pub(crate) fn checkpoint(&self) -> String {
        let mut frontier = Frontier::new();
        for leaf in &self.leaves {
            let _ = frontier.push(*leaf);
        }
        let (size, root) = (frontier.size(), frontier.root());
        Checkpoint {
            origin: self.origin.clone(),
            size,
            root,
        }
        .sign(&self.key())
        .unwrap()
    }

    pub(crate) fn prove(&self, plan: &Plan) -> Vec<prost::bytes::Bytes> {
        let leaves = self.leaves.iter().zip(0..);
        let nodes = leaves.map(|(hash, index)| Node {
            level: 0,
            index,
            hash: *hash,
        });
        let proof = plan.build(nodes).unwrap();
        proof
            .iter()
            .map(|hash| hash.as_bytes().to_vec().into())
            .collect()
    }
}

#[derive(Clone)]
pub(crate) struct Service(pub(crate) Arc<Script>);

/// A running double, reached through a wire that can be cut.
pub(crate) struct Double {
    pub(crate) script: Arc<Script>,
    pub(crate) address: SocketAddr,
    pub(crate) ca: String,
    cut: Arc<Notify>,
    _tasks: JoinSet<()>,
}

impl Double {
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    /// With a client certificate that callers must prove.
    pub(crate) async fn start_with(client_ca: Option<String>) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let ca = made.cert.pem();
        let mut tls = ServerTlsConfig::new()
            .identity(Identity::from_pem(&ca, made.signing_key.serialize_pem()));
        if let Some(client_ca) = client_ca {
            tls = tls.client_ca_root(Certificate::from_pem(client_ca));
        }
        let script = Arc::new(Script::default());
        let service = Service(Arc::clone(&script));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let behind = listener.local_addr().unwrap();
        let router = Server::builder()
            .tls_config(tls)
            .unwrap()
            .add_service(
                profile::ProfileServiceServer::new(service.clone())
                    .max_decoding_message_size(8 << 20),
            )
            .add_service(subscription::SubscriptionServiceServer::new(
                service.clone(),
            ))
            .add_service(audit::AuditServiceServer::new(service));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            router
                .serve_with_incoming(TcpListenerStream::new(listener))
                .await
                .unwrap();
        });
        let wire = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = wire.local_addr().unwrap();
        let cut = Arc::new(Notify::new());
        tasks.spawn(forward(wire, behind, Arc::clone(&cut)));
        Self {
            script,
            address,
            ca,
            cut,
            _tasks: tasks,
        }
    }

    /// Cuts every connection; new ones come about.
    pub(crate) fn cut(&self) {
        self.cut.notify_waiters();
    }

    pub(crate) fn connection(&self) -> ConnectionBuilder {
        let policy = RetryPolicy {
            attempts: 4,
            first: Duration::from_millis(10),
            longest: Duration::from_millis(40),
        };
        Connection::builder(format!("https://{}", self.address))
            .ca_pem(&self.ca)
            .api_key("baton_test_key")
            .retry(policy)
    }

    pub(crate) async fn client(&self) -> Client {
        Client::new(self.connection().connect().await.unwrap()).acting_for(SETTING)
    }

    pub(crate) fn asked_ids(&self) -> Vec<String> {
        let asked = self.script.asked.lock().unwrap();
        asked.iter().map(|asked| asked.request_id.clone()).collect()
    }
}

async fn forward(wire: TcpListener, behind: SocketAddr, cut: Arc<Notify>) {
    let mut ends = JoinSet::new();
    loop {
        let (mut near, _) = wire.accept().await.unwrap();
        let mut far = TcpStream::connect(behind).await.unwrap();
        let cut = Arc::clone(&cut);
        ends.spawn(async move {
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                () = cut.notified() => {}
            }
        });
    }
}
