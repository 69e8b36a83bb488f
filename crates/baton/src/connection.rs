//! How a command reaches a service: a small file that names it, or flags.

use std::path::{Path, PathBuf};

use baton_client::{Client, Connection, ConnectionBuilder};
use baton_server::Running;
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::folder;
use crate::output::{Output, Wrong};

/// Which service, and as whom.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// File that says which service and as whom; made by `credentials issue` and `demo --keep`.
    #[arg(
        long,
        global = true,
        env = "BATON_CONNECTION",
        hide_env_values = true,
        value_name = "FILE"
    )]
    connection: Option<PathBuf>,
    /// Data folder of the ledger: `init` makes it, `serve` serves it. Any other command goes through
    /// it instead of over the network, whether a service runs there or not. Only with SQLite.
    #[arg(
        long,
        global = true,
        env = "BATON_FOLDER",
        hide_env_values = true,
        value_name = "DIR"
    )]
    pub(crate) folder: Option<PathBuf>,
    /// Configuration of the service, where a command names one.
    #[arg(skip)]
    pub(crate) config: Option<PathBuf>,
    #[arg(skip)]
    route: Route,
}

/// How a command reaches the service.
#[derive(Debug, Clone, Default)]
pub(crate) enum Route {
    /// Where the connection file says.
    #[default]
    Network,
    /// By the socket of the service that runs in the folder.
    Served { socket: PathBuf },
    /// By a socket of this process, which has the folder while the command runs.
    Own {
        socket: PathBuf,
        certificate: String,
    },
}

/// A connection file. Paths in it are relative to the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionFile {
    /// `https://host:port` of the service.
    pub(crate) url: String,
    /// Certificate of the service, PEM.
    pub(crate) service_certificate: PathBuf,
    /// Acting setting, `settings/stg_…`.
    pub(crate) setting: String,
    /// Own certificate, PEM; with `key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<PathBuf>,
    /// Own key, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<PathBuf>,
    /// File with an API key, instead of a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) api_key: Option<PathBuf>,
}

impl ConnectionFile {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).map_err(|error| Wrong::unreadable(path, &error))?;
        toml::from_str(&text).map_err(|error| {
            Wrong(format!(
                "{} is no connection file: {}",
                path.display(),
                error.message()
            ))
            .into()
        })
    }

    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        crate::pki::write_private(path, &toml::to_string(self)?)
    }
}

impl ConnectionArgs {
    /// The file the user named.
    pub(crate) fn file(&self) -> anyhow::Result<(PathBuf, ConnectionFile)> {
        let path = self.connection.clone().ok_or_else(|| {
            Wrong("which service? give --connection FILE or set BATON_CONNECTION".to_owned())
        })?;
        let file = ConnectionFile::read(&path)?;
        Ok((path, file))
    }

    /// Opens the way through the folder, if one was given. What comes back is to be stopped when
    /// the command is done.
    pub(crate) async fn open(&mut self, output: Output) -> anyhow::Result<Option<Running>> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let (route, running) = folder::open(folder, self.config.as_deref(), output).await?;
        self.route = route;
        Ok(running)
    }

    /// A connection to the service of this address and certificate, by the way there is.
    pub(crate) fn builder(&self, url: &str, service_certificate: &[u8]) -> ConnectionBuilder {
        match &self.route {
            Route::Network => Connection::builder(url).ca_pem(service_certificate),
            Route::Served { socket } => Connection::builder(url)
                .ca_pem(service_certificate)
                .over_socket(socket),
            Route::Own {
                socket,
                certificate,
            } => Connection::builder(format!("https://{}", folder::OWN_NAME))
                .ca_pem(certificate)
                .over_socket(socket),
        }
    }

    /// A client acting for the setting of the file.
    pub(crate) async fn connect(&self) -> anyhow::Result<Client> {
        let (path, file) = self.file()?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let read = |name: &Path| {
            let path = folder.join(name);
            std::fs::read(&path).map_err(|error| Wrong::unreadable(&path, &error))
        };
        let mut builder = self.builder(&file.url, &read(&file.service_certificate)?);
        match (&file.certificate, &file.key, &file.api_key) {
            (Some(certificate), Some(key), None) => {
                builder = builder.identity_pem(read(certificate)?, read(key)?);
            }
            (None, None, Some(key)) => {
                let key = String::from_utf8(read(key)?)
                    .map_err(|_| Wrong(format!("{} holds no API key", key.display())))?;
                builder = builder.api_key(key.trim());
            }
            _ => {
                let say = "a connection file names certificate and key, or api_key";
                return Err(Wrong(say.to_owned()).into());
            }
        }
        Ok(Client::new(builder.connect().await?).acting_for(file.setting))
    }
}
