//! Somebody who calls: a connection of their own, what proves who they are, and the setting they
//! act for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use baton_wire::v1::audit_service_client::AuditServiceClient;
use baton_wire::v1::backup_service_client::BackupServiceClient;
use baton_wire::v1::document_service_client::DocumentServiceClient;
use baton_wire::v1::erasure_service_client::ErasureServiceClient;
use baton_wire::v1::key_service_client::KeyServiceClient;
use baton_wire::v1::policy_service_client::PolicyServiceClient;
use baton_wire::v1::profile_service_client::ProfileServiceClient;
use baton_wire::v1::setting_service_client::SettingServiceClient;
use baton_wire::v1::subscription_service_client::SubscriptionServiceClient;
use baton_wire::v1::transition_service_client::TransitionServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

use super::papers::Papers;

/// Longest a call of a test may take: a lost answer shows as one, not as a test that hangs.
const PATIENCE: Duration = Duration::from_mins(1);
/// Largest answer a test reads.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Where the service is, and the certificate it is known by.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) port: u16,
    pub(crate) authority: String,
}

impl Door {
    /// A connection that comes about with its first call.
    pub(crate) fn channel(&self, papers: Option<&Papers>) -> Channel {
        self.endpoint(papers).connect_lazy()
    }

    pub(crate) fn endpoint(&self, papers: Option<&Papers>) -> Endpoint {
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&self.authority));
        if let Some(papers) = papers {
            tls = tls.identity(Identity::from_pem(&papers.certificate, &papers.key));
        }
        Endpoint::from_shared(format!("https://localhost:{}", self.port))
            .unwrap()
            .tls_config(tls)
            .unwrap()
            .tcp_nodelay(true)
    }
}

/// Puts an API key into every call.
#[derive(Clone)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(key) = &self.0 {
            request.metadata_mut().insert("authorization", key.clone());
        }
        if request.metadata().get("grpc-timeout").is_none() {
            request.set_timeout(PATIENCE);
        }
        Ok(request)
    }
}

/// Somebody who calls.
#[derive(Clone)]
pub(crate) struct Caller {
    /// The setting they act for, `settings/{setting}`.
    pub(crate) setting: String,
    /// Name of their credential; empty where they have none.
    pub(crate) credential: String,
    papers: Option<Papers>,
    bearer: Bearer,
    pub(crate) channel: Channel,
}

impl Caller {
    pub(crate) fn with_papers(door: &Door, papers: &Papers) -> Self {
        Self::new(door, Some(papers.clone()), None)
    }

    pub(crate) fn with_key(door: &Door, key: &str) -> Self {
        Self::new(door, None, Some(key))
    }

    pub(crate) fn nobody(door: &Door) -> Self {
        Self::new(door, None, None)
    }

    fn new(door: &Door, papers: Option<Papers>, key: Option<&str>) -> Self {
        Self {
            setting: String::new(),
            credential: String::new(),
            channel: door.channel(papers.as_ref()),
            papers,
            bearer: Bearer(key.map(|key| format!("Bearer {key}").parse().unwrap())),
        }
    }

    /// The same person, acting for this setting under this credential.
    pub(crate) fn of(mut self, setting: &str, credential: &str) -> Self {
        setting.clone_into(&mut self.setting);
        credential.clone_into(&mut self.credential);
        self
    }

    /// The same person over another connection.
    pub(crate) fn over(&self, channel: Channel) -> Self {
        Self {
            channel,
            ..self.clone()
        }
    }

    /// The same person at another door: a second server, or one that was started again.
    pub(crate) fn at(&self, door: &Door) -> Self {
        self.over(door.channel(self.papers.as_ref()))
    }

    /// Another connection of the same person, described further by the caller.
    pub(crate) fn endpoint(&self, door: &Door) -> Endpoint {
        door.endpoint(self.papers.as_ref())
    }

    /// Writes a connection file of the program for this caller; its path.
    pub(crate) fn connection(&self, door: &Door, folder: &Path) -> PathBuf {
        let papers = self.papers.as_ref().expect("a caller with a certificate");
        for (name, text) in [
            ("service.pem", &door.authority),
            ("cert.pem", &papers.certificate),
            ("key.pem", &papers.key),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let text = format!(
            "url = \"https://localhost:{}\"\nservice_certificate = \"service.pem\"\n\
             setting = \"{}\"\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n",
            door.port, self.setting
        );
        let file = folder.join("connection.toml");
        std::fs::write(&file, text).unwrap();
        file
    }

    /// The caller's own name for a resource: names begin with the setting whose view they are.
    pub(crate) fn mine(&self, name: &str) -> String {
        under(&self.setting, name)
    }

    pub(crate) fn service(&self) -> InterceptedService<Channel, Bearer> {
        InterceptedService::new(self.channel.clone(), self.bearer.clone())
    }
}

/// A resource as a setting names it.
pub(crate) fn under(setting: &str, name: &str) -> String {
    let parts: Vec<&str> = name.rsplitn(3, '/').collect();
    format!("{setting}/{}/{}", parts[1], parts[0])
}

macro_rules! services {
    ($($name:ident: $stub:ident;)+) => {
        impl Caller { $(
            pub(crate) fn $name(&self) -> $stub<InterceptedService<Channel, Bearer>> {
                $stub::new(self.service())
                    .max_decoding_message_size(ANSWER_BYTES_MAX)
                    .max_encoding_message_size(ANSWER_BYTES_MAX)
            }
        )+ }
    };
}

services! {
    settings: SettingServiceClient;
    transitions: TransitionServiceClient;
    profiles: ProfileServiceClient;
    documents: DocumentServiceClient;
    subscriptions: SubscriptionServiceClient;
    audit: AuditServiceClient;
    keys: KeyServiceClient;
    policies: PolicyServiceClient;
    erasure_calls: ErasureServiceClient;
    backups: BackupServiceClient;
}
