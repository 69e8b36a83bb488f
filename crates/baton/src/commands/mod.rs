//! One file per command: its arguments, what it does, what it prints.

pub(crate) mod audit;
pub(crate) mod backup;
mod batch;
pub(crate) mod cohort;
pub(crate) mod credentials;
pub(crate) mod document;
pub(crate) mod erase;
pub(crate) mod hold;
pub(crate) mod init;
pub(crate) mod keys;
pub(crate) mod policy;
pub(crate) mod publish;
pub(crate) mod recipients;
pub(crate) mod redirect;
mod refused;
pub(crate) mod restore;
pub(crate) mod restrict;
pub(crate) mod serve;
pub(crate) mod settings;
pub(crate) mod sharing;
pub(crate) mod show;
mod source;
pub(crate) mod status;
pub(crate) mod subscribe;
pub(crate) mod withdraw;
pub(crate) mod witness;
mod words;
