//! Configuration: the commented default file, one's own file over it, the environment over both.

mod keys;
mod witnesses;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroU32};
use std::path::{Path, PathBuf};

use baton_store::DiskReserve;
use config::{File, FileFormat};
use serde::Deserialize;

pub use self::keys::KeysConfig;
pub use self::witnesses::{WitnessConfig, WitnessingConfig};
use crate::backups::BackupConfig;
use crate::limits::Rates;

/// The default file, with every option and what it means.
pub const DEFAULT: &str = include_str!("config.default.toml");

/// Everything that can be configured.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the ledger is.
    pub ledger: LedgerConfig,
    /// Keys.
    pub keys: KeysConfig,
    /// The service.
    pub server: ServerConfig,
    /// The operator's page.
    pub operator: OperatorConfig,
    /// Public proofs.
    pub proofs: ProofsConfig,
    /// Backups.
    pub backup: BackupConfig,
    /// How witnesses are asked.
    pub witnessing: WitnessingConfig,
    /// The witnesses that are asked.
    pub witness: Vec<WitnessConfig>,
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
    /// Years after which the bodies of entries are dropped, or 0.
    pub entry_years: u16,
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

/// Public proofs as static files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofsConfig {
    /// Where they are written, or empty.
    pub folder: PathBuf,
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
    /// A file, a variable or a value is wrong; the text names it. It holds the whole cause, so none
    /// is added to it.
    #[error("configuration: {0}")]
    Wrong(String),
    /// The file is not there, may not be read, or is no UTF-8.
    #[error("configuration: {} cannot be read: {}", .0.display(), why(*.1))]
    Unreadable(PathBuf, std::io::ErrorKind),
    /// A variable is no option, and looks as if it were meant to be one.
    #[error("configuration: the variable {name} is no option{}", meant(.like.as_deref()))]
    Variable {
        /// The variable.
        name: String,
        /// The nearest variable that is one.
        like: Option<String>,
    },
    /// An option has a value that makes no sense.
    #[error("configuration: {0}")]
    Value(&'static str),
    /// A witness that is none, by its place in the file, from 1.
    #[error("configuration: [[witness]] {0}: {1}")]
    Witness(usize, &'static str),
}

impl LedgerConfig {
    /// Room that is kept on the disk.
    pub fn reserve(&self) -> DiskReserve {
        DiskReserve {
            mib: self.disk_reserve_mib,
            ..DiskReserve::default()
        }
    }

    /// Years after which the bodies of entries are dropped; none: they are kept for good.
    pub fn bodies_kept(&self) -> Option<NonZeroU16> {
        NonZeroU16::new(self.entry_years)
    }
}

impl From<config::ConfigError> for ConfigError {
    fn from(error: config::ConfigError) -> Self {
        Self::Wrong(error.to_string())
    }
}

fn why(kind: std::io::ErrorKind) -> String {
    match kind {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::InvalidData => "it is no UTF-8".to_owned(),
        kind => kind.to_string(),
    }
}

fn meant(like: Option<&str>) -> String {
    match like {
        Some(like) => format!("; was {like} meant?"),
        None => ": unset it".to_owned(),
    }
}

/// Characters a variable may differ in from an option and still be meant for it.
const TYPING_ERRORS_MAX: usize = 2;

impl Config {
    /// The default, with a file over it, with `BATON_SECTION_OPTION` variables over both.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::layered(file, std::env::vars_os())
    }

    fn layered(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut layers =
            config::Config::builder().add_source(config::File::from_str(DEFAULT, FileFormat::Toml));
        if let Some(file) = file {
            // The layer below would put other characters for bytes that are no UTF-8.
            std::fs::read_to_string(file)
                .map_err(|error| ConfigError::Unreadable(file.to_owned(), error.kind()))?;
            layers = layers.add_source(File::from(file).format(FileFormat::Toml));
        }
        let options = options()?;
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            if let Some(option) = options.get(name) {
                let value = value
                    .into_string()
                    .map_err(|_| ConfigError::Wrong(format!("the variable {name} is no text")))?;
                layers = layers.set_override(option, value)?;
            } else {
                refuse_what_resembles(name, &options)?;
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
        self.keys.check()?;
        self.backup.check()?;
        self.witnessing.check()?;
        witnesses::read(&self.witness)?;
        Ok(self)
    }
}

/// What every variable of ours begins with.
const PREFIX: &str = "BATON_";

/// Every option's path by its variable.
fn options() -> Result<BTreeMap<String, String>, ConfigError> {
    let defaults: toml::Table =
        toml::from_str(DEFAULT).map_err(|_| ConfigError::Value("the default is broken"))?;
    let mut names = BTreeMap::new();
    for (section, options) in &defaults {
        for option in options.as_table().into_iter().flat_map(toml::Table::keys) {
            let path = format!("{section}.{option}");
            let name = format!("{PREFIX}{}", path.replace('.', "_").to_uppercase());
            names.insert(name, path);
        }
    }
    Ok(names)
}

/// A typing error in a variable must not pass in silence: whoever set it believes that it holds.
/// Variables under the name of a section are meant for it, and so are those that are nearly an
/// option; any others are other programs'.
fn refuse_what_resembles(
    name: &str,
    options: &BTreeMap<String, String>,
) -> Result<(), ConfigError> {
    let nearest = options
        .keys()
        .map(|option| (strsim::osa_distance(name, option), option))
        .min()
        .filter(|(distance, _)| *distance <= TYPING_ERRORS_MAX);
    let in_section = options.values().find_map(|path| {
        let (section, _) = path.split_once('.')?;
        let rest = name.strip_prefix(PREFIX)?;
        rest.strip_prefix(&section.to_uppercase())?
            .strip_prefix('_')
    });
    match (nearest, in_section) {
        (None, None) => Ok(()),
        (None, Some(rest)) if of_the_cluster(rest) => Ok(()),
        (nearest, _) => Err(ConfigError::Variable {
            name: name.to_owned(),
            like: nearest.map(|(_, option)| option.clone()),
        }),
    }
}

/// Kubernetes tells every container of a service `baton-server` by `BATON_SERVER_SERVICE_HOST`,
/// `BATON_SERVER_PORT_7443_TCP` and the like; nobody typed those.
fn of_the_cluster(rest: &str) -> bool {
    rest == "PORT" || rest.starts_with("PORT_") || rest.starts_with("SERVICE_")
}

#[cfg(test)]
mod tests {

    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        let pair = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
        pairs.iter().map(pair).collect()
    }

    fn refusal(pairs: &[(&str, &str)]) -> String {
        Config::layered(None, variables(pairs))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_default_file_is_a_whole_configuration() {
        let config = Config::layered(None, []).unwrap();
        assert_eq!(config.server.environment, "live");
        assert_eq!(config.limits.refusals_per_minute.get(), 60);
    }

    #[test]
    fn a_variable_goes_over_a_file_and_an_unknown_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("baton.toml");
        std::fs::write(&file, "[server]\nlisten = \"127.0.0.1:1\"\ntls12 = true\n").unwrap();
        let set = variables(&[("BATON_SERVER_LISTEN", "127.0.0.1:2")]);
        let config = Config::layered(Some(&file), set).unwrap();
        assert_eq!(config.server.listen.port(), 2);
        assert!(config.server.tls12);

        std::fs::write(&file, "[server]\nlistne = \"127.0.0.1:1\"\n").unwrap();
        let error = Config::layered(Some(&file), []).unwrap_err().to_string();
        assert!(error.contains("listne"), "{error}");
    }

    #[test]
    fn a_disk_reserve_can_be_set_but_not_given_up() {
        let set =
            |value| Config::layered(None, variables(&[("BATON_LEDGER_DISK_RESERVE_MIB", value)]));
        let shipped = Config::layered(None, []).unwrap();
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
        let error = Config::layered(Some(&file), []).unwrap_err();
        assert!(matches!(error, ConfigError::Unreadable(..)), "{error}");
    }

    #[test]
    fn a_variable_that_is_nearly_an_option_is_refused_and_the_option_named() {
        assert_eq!(
            refusal(&[("BATON_SERVER_LISTNE", "127.0.0.1:2")]),
            "configuration: the variable BATON_SERVER_LISTNE is no option; \
             was BATON_SERVER_LISTEN meant?"
        );
        assert_eq!(
            refusal(&[("BATON_SEVER_LISTEN", "127.0.0.1:2")]),
            "configuration: the variable BATON_SEVER_LISTEN is no option; \
             was BATON_SERVER_LISTEN meant?"
        );
        assert_eq!(
            refusal(&[("BATON_LOG_VERBOSITY", "debug")]),
            "configuration: the variable BATON_LOG_VERBOSITY is no option: unset it"
        );
    }

    #[test]
    fn variables_of_others_are_left_alone() {
        let others = variables(&[
            ("BATON_CONNECTION", "officer/connection.toml"),
            ("BATON_TOKEN", "baton_live_x"),
            ("BATON_TEST_POSTGRES", "postgres://"),
            ("BATON_SERVER_PORT", "tcp://10.0.0.1:7443"),
            ("BATON_SERVER_PORT_7443_TCP_ADDR", "10.0.0.1"),
            ("BATON_SERVER_SERVICE_HOST", "10.0.0.1"),
            ("SERVER_LISTEN", "127.0.0.1:2"),
        ]);
        assert_eq!(
            Config::layered(None, others).unwrap(),
            Config::layered(None, []).unwrap()
        );
    }

    #[test]
    fn a_wrong_value_is_told_once() {
        let error = refusal(&[("BATON_SERVER_DEADLINE_SECONDS", "soon")]);
        assert_eq!(error.matches("soon").count(), 1, "{error}");
    }
}
