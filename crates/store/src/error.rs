//! What can go wrong below an act. None of it is shown outside: the server logs it once and
//! answers with an incident id.

use std::path::{Path, PathBuf};

/// An error of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("schema migration")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored row does not fit its type: it was changed from outside.
    #[error("a row of table {0} is inconsistent")]
    Row(&'static str),
    /// A table is looked up by a column no statement was made for.
    #[error("no statement for table {0}")]
    Unprepared(&'static str),
    /// The folder or database holds no ledger, or another one than the keys are for.
    #[error("{0}")]
    NoLedger(&'static str),
    /// A ledger is there already.
    #[error("there is a ledger already")]
    LedgerExists,
    /// Another process has the folder.
    #[error("another process is using {0}")]
    Locked(PathBuf),
    /// A ledger was being put back into the folder.
    #[error(
        "a restore into {0} was broken off, and what is there is not whole: run `baton restore` \
         again, with the same backup"
    )]
    Unfinished(PathBuf),
    /// The database is behind its high-water mark.
    #[error(
        "the database is at entry {size} of term {term}, its keys have seen entry {mark_size} of \
         term {mark_term}: an older copy was put back. To go on from it in a new term, start with \
         --accept-rollback"
    )]
    RolledBack {
        /// Term of the database.
        term: u64,
        /// Entries in the database.
        size: u64,
        /// Term of the mark.
        mark_term: u64,
        /// Entries the mark has seen.
        mark_size: u64,
    },
    /// The operating system's clock is too far off the database's.
    #[error("the clocks of this machine and the database differ by more than 2 seconds")]
    ClockSkew,
    /// The master key does not come from where it should.
    #[error("the master key: {0}")]
    MasterSource(&'static str),
    /// The master key is malformed or of another ring.
    #[error("the master key does not open the key ring")]
    MasterKey,
    /// The ring was sealed under another master key than the one given.
    #[error(
        "the master key does not open the key ring: it is {given}, and the ring is sealed under \
         {needed}"
    )]
    OtherMasterKey {
        /// Fingerprint of the key that would open it.
        needed: String,
        /// Fingerprint of the one given.
        given: String,
    },
    /// The ring could not be sealed under another master key.
    #[error("the key ring could not be written: the old master key still opens it")]
    MasterKept,
    /// A key file others may read.
    #[error("{0} must be readable by its owner only: chmod 600")]
    KeyFileMode(PathBuf),
    /// The key ring is unusable.
    #[error("key ring: {0}")]
    Ring(&'static str),
    /// The list of what was erased was changed.
    #[error(
        "the list of what was erased (`erased` in the key folder) was changed; put back the one from \
         the newest backup of the keys"
    )]
    ErasedList,
    /// What an older copy of the database brought back could not be erased again.
    #[error("what was erased came back with this database and could not be erased again: {0}")]
    NotErasedAgain(crate::refusal::Refusal),
    /// The epoch a key was wrapped under was destroyed.
    #[error("the key epoch was destroyed")]
    EpochGone,
    /// The ring lacks the epoch in force, or holds another key under its number.
    #[error(
        "key epoch {0} is not in the ring: the database is older than the epochs that are kept, or \
         the key folder is not the one its nodes share"
    )]
    EpochMissing(i64),
    /// A key that something was sealed under is not the one in the database any more.
    #[error("a key was replaced while something was sealed under it")]
    KeyReplaced,
    /// Sealed bytes do not open: changed, or under another key.
    #[error("sealed bytes do not open")]
    Sealed,
    /// The system gave no randomness.
    #[error("no randomness from the operating system")]
    Entropy,
    /// The policy set of this version does not load.
    #[error("the policy engine does not work")]
    Policy,
    /// The policy set in force does not load.
    #[error(
        "the policy set in force, {hash}, does not load in this version: {why}. Nothing is decided \
         by any other: serve with the version it was put into force by, and replace it there \
         (`baton policy replace`) by one that this version takes (`baton policy check`)"
    )]
    PolicySet {
        /// Its hash.
        hash: String,
        /// Why.
        why: String,
    },
    /// The head names a policy set that this node has still to load.
    #[error("policy set {0} is not loaded yet")]
    PolicyNotLoaded(String),
    /// The stored tree is inconsistent.
    #[error("the stored tree is inconsistent: {0}")]
    Tree(&'static str),
    /// A file could not be read or written.
    #[error("{path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl StoreError {
    pub(crate) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }

    /// The engine's own code, for the log. Its text may hold values and is never logged.
    pub(crate) fn code(&self) -> String {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error
                .code()
                .map_or(String::new(), std::borrow::Cow::into_owned),
            Self::Database(sqlx::Error::Io(error)) => error.kind().to_string(),
            Self::Database(sqlx::Error::PoolTimedOut) => "pool timed out".to_owned(),
            _ => String::new(),
        }
    }

    /// The disk is full: `SQLITE_FULL`, or PostgreSQL's `disk_full`.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self.code().as_str(), "13" | "53100")
    }

    /// The connection went away; another one may do.
    pub(crate) fn is_cut_off(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed) => true,
            Self::Database(sqlx::Error::Database(_)) => {
                let code = self.code();
                code.starts_with("08") && code.len() == 5 || code.starts_with("57P0")
            }
            _ => false,
        }
    }

    /// The database as a whole is in no state to write, whichever act asks. What is left may be
    /// the fault of one act, and its neighbours may do without it.
    pub(crate) fn is_everyones(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(_)) => {
                let code = self.code();
                match code.parse::<u32>() {
                    // SQLite: the low byte is the kind of error. Busy, locked, out of memory,
                    // read only, input or output, full, cannot open.
                    Ok(code) if code < 10_000 => matches!(code & 0xff, 5..=8 | 10 | 13 | 14),
                    // SQLSTATE classes: connection, rollback, resources, state, operator, system.
                    _ => matches!(code.get(..2), Some("08" | "40" | "53" | "55" | "57" | "58")),
                }
            }
            Self::Database(error) => matches!(
                error,
                sqlx::Error::Io(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
            ),
            Self::ClockSkew
            | Self::NoLedger(_)
            | Self::Policy
            | Self::PolicySet { .. }
            | Self::PolicyNotLoaded(_)
            | Self::EpochMissing(_) => true,
            _ => false,
        }
    }

    /// An error at the commit after which it is sure that nothing was committed: the engine
    /// refused it and lives on.
    pub(crate) fn is_refused_commit(&self) -> bool {
        let code = self.code();
        match code.parse::<u32>() {
            Ok(code) if code < 10_000 => matches!(code & 0xff, 5 | 13 | 19),
            _ => matches!(code.get(..2), Some("23" | "53" | "P0")) || code == "40001",
        }
    }
}
