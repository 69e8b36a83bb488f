//! The running service: listeners, layers in order, stopping.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use baton_store::Ledger;
use baton_wire::twin::audit_service_server::AuditServiceServer;
use baton_wire::twin::backup_service_server::BackupServiceServer;
use baton_wire::twin::document_service_server::DocumentServiceServer;
use baton_wire::twin::erasure_service_server::ErasureServiceServer;
use baton_wire::twin::key_service_server::KeyServiceServer;
use baton_wire::twin::policy_service_server::PolicyServiceServer;
use baton_wire::twin::profile_service_server::ProfileServiceServer;
use baton_wire::twin::setting_service_server::SettingServiceServer;
use baton_wire::twin::subscription_service_server::SubscriptionServiceServer;
use baton_wire::twin::transition_service_server::TransitionServiceServer;
use baton_wire::{DESCRIPTOR_SET, methods};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::layer::util::{Identity, Stack};

use crate::admin::AdminSocket;
use crate::authenticate::Authenticate;
use crate::backups::Backups;
use crate::connection::{Lasting, Listener, READY_MAX, accept};
use crate::grpc::{ANSWER_BYTES_MAX, REQUEST_BYTES_MAX, Services, Waiting};
use crate::limits::{Limits, Rates};
use crate::measure::Measure;
use crate::open_calls::OPEN_REQUEST_BYTES_MAX;
use crate::operator;
use crate::static_proofs::{StaticProofs, StaticProofsError};
use crate::witnesses::{Round, Witnesses};

/// Calls of one connection at the same time.
const STREAMS_PER_CONNECTION: u32 = 256;
/// A silent connection is asked whether it is there this often.
const KEEPALIVE: Duration = Duration::from_mins(1);
/// How much longer than a call may take a connection goes on that has reached its age.
const GRACE_BEYOND_DEADLINE: Duration = Duration::from_secs(30);
/// How often refusals are summed up.
const SUMMARY: Duration = Duration::from_mins(1);

/// How a service is run.
#[derive(Debug)]
pub struct Serving {
    /// Where it listens on the network; none: on the folder's socket only.
    pub listener: Option<TcpListener>,
    /// The socket in the data folder, for who owns the folder.
    pub admin: Option<AdminSocket>,
    /// TLS of both.
    pub tls: rustls::ServerConfig,
    /// The operator's page, if there is one.
    pub operator: Option<TcpListener>,
    /// Limits standing before the ledger.
    pub rates: Rates,
    /// Where backups go.
    pub backups: Backups,
    /// Part of every API key made here.
    pub environment: String,
    /// Longest a unary call may take.
    pub deadline: Duration,
    /// How long open calls may go on when the service is stopped.
    pub drain: Duration,
    /// Greatest age of a connection: then its streams end as unavailable, and its client connects
    /// again.
    pub connection_age: Duration,
    /// Refusals are answered in whole steps of this.
    pub refused_every: Duration,
}

/// A service that runs.
#[derive(Debug)]
pub struct Running {
    address: Option<SocketAddr>,
    ledger: Arc<Ledger>,
    stop: CancellationToken,
    tasks: TaskTracker,
    drain: Duration,
}

impl Serving {
    /// Age of a connection as it is meant: a stream is resumed a few times a day.
    pub const CONNECTION_AGE: Duration = Duration::from_hours(4);

    /// Step of refusals as it is meant: an act is decided in a few milliseconds, so nearly all are
    /// answered at the first.
    pub const REFUSED_EVERY: Duration = Duration::from_millis(40);

    /// Starts serving a ledger.
    pub fn start(self, ledger: Ledger) -> std::io::Result<Running> {
        let network = self.listener.as_ref();
        let address = network.map(TcpListener::local_addr).transpose()?;
        let (ledger, limits) = (Arc::new(ledger), Arc::new(Limits::new(&self.rates)));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let services = Services {
            ledger: Arc::clone(&ledger),
            limits: Arc::clone(&limits),
            waiting: Arc::new(Waiting::pulls()),
            downloads: Arc::new(Waiting::downloads()),
            backups: self.backups,
            refused_every: self.refused_every,
            environment: self.environment.into(),
            stop: stop.clone(),
            tasks: tasks.clone(),
        };
        let acceptor = TlsAcceptor::from(Arc::new(self.tls));
        let (ready, connections) = mpsc::channel(READY_MAX);
        let lasting = Lasting {
            age: self.connection_age,
            grace: self.deadline + GRACE_BEYOND_DEADLINE,
        };
        let network = self.listener.map(Listener::Network);
        for listener in network.into_iter().chain(self.admin.map(Listener::Folder)) {
            let to = (ready.clone(), stop.clone());
            accept(listener, acceptor.clone(), &tasks, to, lasting);
        }
        let door = Authenticate {
            ledger: Arc::clone(&ledger),
            limits: Arc::clone(&limits),
            bodies: Arc::default(),
            deadline: self.deadline,
            told: CancellationToken::new(),
        };
        let router = router(&services, door, self.connection_age);
        let stopped = stop.clone();
        tasks.spawn(async move {
            let incoming = ReceiverStream::new(connections);
            let signal = stopped.cancelled_owned();
            if router
                .serve_with_incoming_shutdown(incoming, signal)
                .await
                .is_err()
            {
                tracing::error!("the transport ended with an error");
            }
        });
        tasks.spawn(sum_up(Arc::clone(&ledger), limits, stop.clone()));
        if let Some(listener) = self.operator {
            tasks.spawn(operator::serve(listener, Arc::clone(&ledger), stop.clone()));
        }
        let shown = address.map(tracing::field::display);
        tracing::info!(address = shown, ledger = %ledger.id(), term = ledger.term(), "serving");
        Ok(Running {
            address,
            ledger,
            stop,
            tasks,
            drain: self.drain,
        })
    }
}

/// What every call passes, innermost first.
type Layers = Stack<Authenticate, Stack<Measure, Identity>>;

/// The whole stack in order, outermost first: connection limits, counts, who calls and for how
/// long, services.
fn router(
    services: &Services,
    door: Authenticate,
    age: Duration,
) -> tonic::transport::server::Router<Layers> {
    macro_rules! limited {
        ($service:ident) => {
            $service::new(services.clone())
                .max_decoding_message_size(REQUEST_BYTES_MAX)
                .max_encoding_message_size(ANSWER_BYTES_MAX)
        };
    }
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let (health, health_service) = tonic_health::server::health_reporter();
    services.tasks.spawn(tell_health(
        health,
        services.stop.clone(),
        door.told.clone(),
    ));
    let health_service = health_service.max_decoding_message_size(OPEN_REQUEST_BYTES_MAX);
    let mut router = Server::builder()
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .http2_keepalive_interval(Some(KEEPALIVE))
        // Its own grace would cut the connection without a word before.
        .max_connection_age(age)
        .layer(Measure)
        .layer(door)
        .add_service(health_service)
        .add_service(limited!(SettingServiceServer))
        .add_service(limited!(TransitionServiceServer))
        .add_service(limited!(ProfileServiceServer))
        .add_service(limited!(DocumentServiceServer))
        .add_service(limited!(SubscriptionServiceServer))
        .add_service(limited!(AuditServiceServer))
        .add_service(limited!(KeyServiceServer))
        .add_service(limited!(PolicyServiceServer))
        .add_service(limited!(ErasureServiceServer))
        .add_service(limited!(BackupServiceServer));
    if let Ok(reflection) = reflection().build_v1() {
        let small = reflection.max_decoding_message_size(OPEN_REQUEST_BYTES_MAX);
        router = router.add_service(small);
    }
    // Most clients' tools still ask the older one.
    if let Ok(reflection) = reflection().build_v1alpha() {
        let small = reflection.max_decoding_message_size(OPEN_REQUEST_BYTES_MAX);
        router = router.add_service(small);
    }
    router
}

/// Every service is there until the whole of it is stopped; then load balancers send no more. Once
/// that is `told` who watches is let go.
async fn tell_health(health: HealthReporter, stop: CancellationToken, told: CancellationToken) {
    // The empty name stands for the whole.
    let paths = methods::paths().iter();
    let named = paths.filter_map(|path| path.strip_prefix('/')?.split('/').next());
    let names: BTreeSet<&str> = named.chain([""]).collect();
    for status in [ServingStatus::Serving, ServingStatus::NotServing] {
        for name in &names {
            health.set_service_status(name, status).await;
        }
        stop.cancelled().await;
    }
    told.cancel();
}

/// Once a minute: one entry per caller that was refused faster than its rate.
async fn sum_up(ledger: Arc<Ledger>, limits: Arc<Limits>, stop: CancellationToken) {
    loop {
        let over = tokio::select! {
            () = stop.cancelled() => true,
            () = tokio::time::sleep(SUMMARY) => false,
        };
        for (credential, count) in limits.sum_up() {
            // It may be lost: the counts are for the auditor, not for the caller.
            let _ = ledger.summarise_refusals(credential, count).await;
        }
        if over {
            return;
        }
    }
}

impl Running {
    /// Keeps checkpoint and hash tiles in a folder from now on, as static files for any web server
    /// (C2SP tlog-tiles). The folder is new, or holds the beginning of this ledger; it is brought
    /// up to now before this answers.
    pub async fn publish_proofs(&self, folder: PathBuf) -> Result<(), StaticProofsError> {
        let mut proofs = StaticProofs::open(Arc::clone(&self.ledger), folder).await?;
        proofs.catch_up().await?;
        self.tasks.spawn(proofs.run(self.stop.clone()));
        Ok(())
    }

    /// Has the newest checkpoint cosigned by witnesses from now on.
    pub fn ask_witnesses(&self, witnesses: Witnesses) {
        let round = Round::new(Arc::clone(&self.ledger), witnesses);
        self.tasks.spawn(round.run(self.stop.clone()));
    }

    /// The address it listens on, if it is on the network.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The ledger it serves.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Stops: no new connections, streams end resumable, open calls go on for the drain time,
    /// what was asked of the ledger is decided, then the database is closed.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(self.drain, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("calls were still open at the end of the drain time");
        }
        match Arc::try_unwrap(self.ledger) {
            Ok(ledger) => ledger.close().await,
            // A connection that would not end still holds it. What it asked is durable.
            Err(_) => tracing::warn!("the ledger was still in use when the service stopped"),
        }
    }
}
