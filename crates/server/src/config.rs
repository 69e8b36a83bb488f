//! Configuration: the commented default file, one's own file over it, the environment over both.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use baton_store::DiskReserve;
use config::{File, FileFormat};
use serde::Deserialize;

use crate::limits::Rates;

/// The default file, with every option and what it means.
pub const DEFAULT: &str = include_str!("config.default.toml");

/// Everything that can be configured.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the ledger is.
    pub ledger: LedgerConfig,
    /// The service.
    pub server: ServerConfig,
    /// The operator's page.
    pub operator: OperatorConfig,
    /// Limits standing before the ledger.
    pub limits: Rates,
    /// Logs.
    pub log: LogConfig,
}

/// Where the ledger is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerConfig {
    /// Folder of keys and, with SQLite, of the database.
    pub folder: PathBuf,
    /// PostgreSQL's URL, or empty.
    pub postgres: String,
    /// Free room, in MiB, under which only acts that take rights away pass.
    pub disk_reserve_mib: NonZeroU32,
}

/// The service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Address it listens on.
    pub listen: SocketAddr,
    /// Certificate chain, PEM, or empty.
    pub certificate: PathBuf,
    /// Key, PEM, or empty.
    pub key: PathBuf,
    /// Also accept TLS 1.2.
    pub tls12: bool,
    /// Stands in every API key made here.
    pub environment: String,
    /// Longest a unary call may take.
    pub deadline_seconds: u64,
    /// How long open calls may go on when the service is stopped.
    pub drain_seconds: u64,
}

/// The operator's page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorConfig {
    /// Its address, or empty.
    pub listen: String,
}

/// Logs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Level or filter.
    pub filter: String,
    /// `text` or `json`.
    pub format: String,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file, a variable or a value is wrong; the text names it.
    #[error("configuration: {0}")]
    Wrong(#[from] config::ConfigError),
    /// The file is not there, may not be read, or is no UTF-8.
    #[error("configuration: {} cannot be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, std::io::ErrorKind),
    /// An option has a value that makes no sense.
    #[error("configuration: {0}")]
    Value(&'static str),
}

impl LedgerConfig {
    /// Room that is kept on the disk.
    pub fn reserve(&self) -> DiskReserve {
        DiskReserve {
            mib: self.disk_reserve_mib,
            ..DiskReserve::default()
        }
    }
}

impl Config {
    /// The default, with a file over it, with `BATON_SECTION_OPTION` variables over both.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::layered(file, &|key| std::env::var(key).ok())
    }

    fn layered(
        file: Option<&Path>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut layers =
            config::Config::builder().add_source(config::File::from_str(DEFAULT, FileFormat::Toml));
        if let Some(file) = file {
            // The layer below would put other characters for bytes that are no UTF-8.
            std::fs::read_to_string(file)
                .map_err(|error| ConfigError::Unreadable(file.to_owned(), error.kind()))?;
            layers = layers.add_source(File::from(file).format(FileFormat::Toml));
        }
        // Only options that exist: a typing error in a variable must not pass in silence either,
        // but other programs' variables are none of ours.
        let defaults: toml::Table =
            toml::from_str(DEFAULT).map_err(|_| ConfigError::Value("the default is broken"))?;
        for (section, options) in &defaults {
            let Some(options) = options.as_table() else {
                continue;
            };
            for option in options.keys() {
                let name = format!("BATON_{}_{}", section.to_uppercase(), option.to_uppercase());
                if let Some(value) = variable(&name) {
                    layers = layers.set_override(format!("{section}.{option}"), value)?;
                }
            }
        }
        let config: Self = layers.build()?.try_deserialize()?;
        config.check()
    }

    fn check(self) -> Result<Self, ConfigError> {
        let environment = &self.server.environment;
        let fits = (1..=8).contains(&environment.len())
            && environment.bytes().all(|byte| byte.is_ascii_lowercase());
        if !fits {
            return Err(ConfigError::Value("server.environment is 1 to 8 of a-z"));
        }
        // A pull may wait 25 seconds for an item.
        if !(30..=600).contains(&self.server.deadline_seconds) {
            return Err(ConfigError::Value("server.deadline_seconds is 30 to 600"));
        }
        if !matches!(self.log.format.as_str(), "text" | "json") {
            return Err(ConfigError::Value("log.format is \"text\" or \"json\""));
        }
        if self.server.certificate.as_os_str().is_empty() != self.server.key.as_os_str().is_empty()
        {
            return Err(ConfigError::Value(
                "server.certificate and server.key go together",
            ));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn the_default_file_is_a_whole_configuration() {
        let config = Config::layered(None, &|_| None).unwrap();
        assert_eq!(config.server.environment, "live");
        assert_eq!(config.limits.refusals_per_minute.get(), 60);
    }

    #[test]
    fn a_variable_goes_over_a_file_and_an_unknown_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("baton.toml");
        std::fs::write(&file, "[server]\nlisten = \"127.0.0.1:1\"\ntls12 = true\n").unwrap();
        let variable =
            |name: &str| (name == "BATON_SERVER_LISTEN").then(|| "127.0.0.1:2".to_owned());
        let config = Config::layered(Some(&file), &variable).unwrap();
        assert_eq!(config.server.listen.port(), 2);
        assert!(config.server.tls12);

        std::fs::write(&file, "[server]\nlistne = \"127.0.0.1:1\"\n").unwrap();
        let error = Config::layered(Some(&file), &|_| None)
            .unwrap_err()
            .to_string();
        assert!(error.contains("listne"), "{error}");
    }

    #[test]
    fn a_disk_reserve_can_be_set_but_not_given_up() {
        let set = |value: &'static str| {
            let variable = move |name: &str| {
                (name == "BATON_LEDGER_DISK_RESERVE_MIB").then(|| value.to_owned())
            };
            Config::layered(None, &variable)
        };
        let shipped = Config::layered(None, &|_| None).unwrap();
        assert_eq!(shipped.ledger.disk_reserve_mib, DiskReserve::MIB);
        assert_eq!(set("64").unwrap().ledger.disk_reserve_mib.get(), 64);
        let error = set("0").unwrap_err().to_string();
        assert!(error.contains("disk_reserve_mib"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_utf8_is_refused_and_not_mended() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("baton.toml");
        std::fs::write(&file, b"# caf\xe9\n[server]\ntls12 = true\n").unwrap();
        let error = Config::layered(Some(&file), &|_| None).unwrap_err();
        assert!(matches!(error, ConfigError::Unreadable(..)), "{error}");
    }
}
