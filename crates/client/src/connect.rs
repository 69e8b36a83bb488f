//! The way to a service: TLS, the caller's credential, and the limits of a connection.

use std::{fmt, io, path::PathBuf, time::Duration};

use baton_wire::v1::backup_service_client::BackupServiceClient;
use baton_wire::v1::document_service_client::DocumentServiceClient;
use baton_wire::v1::subscription_service_client::SubscriptionServiceClient;
use bytes::Bytes;
use http::uri::PathAndQuery;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::{
    client::Grpc,
    metadata::{Ascii, MetadataValue},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Uri},
};

use crate::{ClientError, ConnectError, RetryPolicy, codec::Whole};

/// Largest answer read, in bytes.
pub const RECEIVE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Largest request sent, in bytes.
pub const SEND_BYTES_MAX: usize = 5 * 1024 * 1024;
/// How long a connection may take to come about.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a call may take, repetitions included.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// Silence after which the connection is probed while calls are open. Servers count probes that
/// come faster than every five minutes without data, and close.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(305);
/// How long the answer to a probe may take.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

const BEARER: &str = "Bearer ";

/// A connection to a service, under one credential. Cloning is cheap and shares it; it comes back
/// by itself when it was lost.
#[derive(Clone)]
pub struct Connection {
    channel: Channel,
    authorization: Option<MetadataValue<Ascii>>,
    pub(crate) deadline: Duration,
    pub(crate) retry: RetryPolicy,
}

impl Connection {
    /// A connection to `https://host[:port]`, to be described further.
    pub fn builder(url: impl Into<String>) -> ConnectionBuilder {
        ConnectionBuilder {
            url: url.into(),
            socket: None,
            roots: Vec::new(),
            identity: None,
            api_key: None,
            connect_timeout: CONNECT_TIMEOUT,
            deadline: DEADLINE,
            retry: RetryPolicy::default(),
        }
    }

    /// One attempt of a unary call.
    pub(crate) async fn unary(
        &self,
        path: &'static str,
        message: Bytes,
        deadline: Duration,
    ) -> Result<Bytes, ClientError> {
        let mut grpc = Grpc::new(self.channel.clone())
            .max_decoding_message_size(RECEIVE_BYTES_MAX)
            .max_encoding_message_size(SEND_BYTES_MAX);
        grpc.ready().await.map_err(|_| ClientError::Lost)?;
        let mut request = self.request(message);
        request.set_timeout(deadline);
        let answer = grpc
            .unary(request, PathAndQuery::from_static(path), Whole)
            .await?;
        Ok(answer.into_inner())
    }

    pub(crate) fn subscriptions(&self) -> SubscriptionServiceClient<Channel> {
        SubscriptionServiceClient::new(self.channel.clone())
            .max_decoding_message_size(RECEIVE_BYTES_MAX)
            .max_encoding_message_size(SEND_BYTES_MAX)
    }

    pub(crate) fn documents(&self) -> DocumentServiceClient<Channel> {
        DocumentServiceClient::new(self.channel.clone())
            .max_decoding_message_size(RECEIVE_BYTES_MAX)
    }

    pub(crate) fn backups(&self) -> BackupServiceClient<Channel> {
        BackupServiceClient::new(self.channel.clone())
    }

    /// A message on its way, with the credential.
    pub(crate) fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        if let Some(authorization) = &self.authorization {
            request
                .metadata_mut()
                .insert("authorization", authorization.clone());
        }
        request
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("deadline", &self.deadline)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// A connection being described.
pub struct ConnectionBuilder {
    url: String,
    socket: Option<PathBuf>,
    roots: Vec<Certificate>,
    identity: Option<Identity>,
    api_key: Option<String>,
    connect_timeout: Duration,
    deadline: Duration,
    retry: RetryPolicy,
}

impl ConnectionBuilder {
    /// Certificates, PEM, that the server's is checked against. None are built in; for a public
    /// server give the bundle of the machine. May be called more than once.
    #[must_use]
    pub fn ca_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.roots.push(Certificate::from_pem(pem));
        self
    }

    /// Goes through a Unix socket instead of the network, as that of a service's data folder. The
    /// address then only says which name the server's certificate is to be for.
    #[must_use]
    pub fn over_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.socket = Some(path.into());
        self
    }

    /// The caller's certificate and its private key, PEM (mutual TLS).
    #[must_use]
    pub fn identity_pem(mut self, cert: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        self.identity = Some(Identity::from_pem(cert, key));
        self
    }

    /// The caller's API key, or the one-time token of `baton init`. Sent as
    /// `authorization: Bearer <key>` with every call.
    #[must_use]
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// How long a connection may take to come about; by default [`CONNECT_TIMEOUT`].
    #[must_use]
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a call may take, repetitions included; by default [`DEADLINE`]. The service is
    /// told (`grpc-timeout`). Streams have none.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How often and how fast calls are repeated.
    #[must_use]
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Connects now, so that a wrong address or certificate shows now. A credential shows at the
    /// first call.
    pub async fn connect(self) -> Result<Connection, ClientError> {
        let endpoint = self.endpoint()?;
        let channel = match self.socket.clone() {
            None => endpoint.connect().await,
            Some(path) => endpoint.connect_with_connector(socket(path)).await,
        };
        let channel = channel.map_err(|error| {
            let tls = ClientError::from_transport(&error);
            tls.unwrap_or(ConnectError::Unreachable.into())
        })?;
        self.finish(channel)
    }

    /// Connects with the first call. Must be called within a tokio runtime.
    pub fn connect_lazy(self) -> Result<Connection, ClientError> {
        let endpoint = self.endpoint()?;
        let channel = match self.socket.clone() {
            None => endpoint.connect_lazy(),
            Some(path) => endpoint.connect_with_connector_lazy(socket(path)),
        };
        self.finish(channel)
    }

    fn endpoint(&self) -> Result<Endpoint, ConnectError> {
        let uri: Uri = self.url.parse().map_err(|_| ConnectError::Address)?;
        if uri.scheme_str() != Some("https") || uri.host().is_none() || uri.path() != "/" {
            return Err(ConnectError::Address);
        }
        if self.identity.is_some() && self.api_key.is_some() {
            return Err(ConnectError::TwoCredentials);
        }
        if self.roots.is_empty() {
            return Err(ConnectError::Roots);
        }
        let endpoint = Endpoint::from(uri)
            .user_agent(concat!("baton-client/", env!("CARGO_PKG_VERSION")))
            .map_err(|_| ConnectError::Address)?
            .connect_timeout(self.connect_timeout)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .keep_alive_while_idle(false);
        let tls = ClientTlsConfig::new()
            .ca_certificates(self.roots.iter().cloned())
            .timeout(self.connect_timeout);
        // Tried without the identity first, to tell which of the two is at fault.
        let trusting = endpoint
            .clone()
            .tls_config(tls.clone())
            .map_err(|_| ConnectError::Roots)?;
        match &self.identity {
            None => Ok(trusting),
            Some(identity) => endpoint
                .tls_config(tls.identity(identity.clone()))
                .map_err(|_| ConnectError::Identity),
        }
    }

    fn finish(self, channel: Channel) -> Result<Connection, ClientError> {
        let authorization = self
            .api_key
            .map(|key| {
                let value = format!("{BEARER}{}", key.trim());
                let mut value: MetadataValue<Ascii> =
                    value.parse().map_err(|_| ConnectError::ApiKey)?;
                value.set_sensitive(true);
                Ok::<_, ConnectError>(value)
            })
            .transpose()?;
        Ok(Connection {
            channel,
            authorization,
            deadline: self.deadline,
            retry: self.retry,
        })
    }
}

impl fmt::Debug for ConnectionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionBuilder")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Connects to a socket whatever the address; TLS goes over it as over any connection.
fn socket(
    path: PathBuf,
) -> impl tower::Service<
    Uri,
    Response = TokioIo<UnixStream>,
    Error = io::Error,
    Future = impl Future<Output = io::Result<TokioIo<UnixStream>>> + Send,
> + Send
+ 'static {
    tower::service_fn(move |_: Uri| {
        let path = path.clone();
        async move { UnixStream::connect(path).await.map(TokioIo::new) }
    })
}
