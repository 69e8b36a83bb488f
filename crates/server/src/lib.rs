//! What is done: transports, authentication, limits, streams. No rule lives here: a call is
//! decoded, asked of the ledger, and its outcome encoded.

mod admin;
mod allowance;
mod api_key;
mod authenticate;
mod backups;
mod bodies;
mod config;
mod connection;
mod even;
mod gate;
mod grpc;
mod lifetime;
mod limits;
mod measure;
mod open_calls;
mod operator;
mod origin;
mod own_words;
mod serve;
mod static_proofs;
mod strangers;
mod tls;
mod witness;
mod witnesses;

pub use admin::{ADMIN_SOCKET, AdminSocket};
pub use api_key::ApiKey;
pub use backups::{BackupConfig, Backups};
pub use config::{
    Config, ConfigError, DEFAULT as DEFAULT_CONFIG, KeysConfig, LogConfig, WitnessConfig,
    WitnessingConfig,
};
pub use limits::Rates;
pub use serve::{Running, Serving};
pub use static_proofs::StaticProofsError;
pub use tls::{TlsError, server_config, spki_sha256};
pub use witness::{Witness, WitnessFolder, WitnessFolderError};
pub use witnesses::{Asked, WITNESSES_MAX, Witnesses, WitnessesError};
