//! The few words SQLite and PostgreSQL say differently.

use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, PgConnection, PgPool, SqlSafeStr as _, SqlitePool};

use super::{Begun, Tx};
use crate::error::StoreError;

/// Statements a connection keeps prepared; the ladder makes some two hundred.
const STATEMENTS_KEPT: usize = 1_024;
/// Readers beside the one writer.
pub(super) const READERS: u32 = 4;
/// Pages SQLite keeps in memory, in KiB below zero: a whole batch, so that none of it is written
/// before its commit and then again.
const CACHE: &str = "-65536";
/// Pages of 4 KiB the write-ahead log may have before it is folded into the file: some batches,
/// so that pages each of them changes are folded once.
const CHECKPOINT_PAGES: &str = "8192";
/// Connections to PostgreSQL.
pub(crate) const CONNECTIONS: u32 = READERS + 4;
/// How long an idle connection is taken to be alive.
const IDLE_TRUSTED: Duration = Duration::from_secs(1);
/// Longest wait for a lock another node or process holds.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(10);

/// PostgreSQL only: all that is read is of one moment.
const READING: &str = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// PostgreSQL only: a transaction that holds nobody up may idle for longer than those that do.
const LONG_READ: &str = "SET LOCAL idle_in_transaction_session_timeout = '10min'";

/// Where the rows are.
#[derive(Debug, Clone)]
pub(crate) enum Db {
    /// One writing connection and some that only read, on one file.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
    },
    Postgres(PgPool),
}

macro_rules! migrations {
    ($engine:literal: $($number:literal $name:literal $file:literal),+ $(,)?) => {
        vec![$(Migration::new(
            $number,
            $name.into(),
            MigrationType::Simple,
            include_str!(concat!("../../../../migrations/", $engine, "/", $file))
            .into_sql_str(),
            false,
        )),+]
    };
}

impl Db {
    /// Opens a SQLite file, made when absent, and brings its schema up to date.
    pub(crate) async fn sqlite(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("secure_delete", "ON")
            .pragma("cache_size", CACHE)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .busy_timeout(LOCK_WAIT)
            .statement_cache_capacity(STATEMENTS_KEPT);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await?;
        Migrator::with_migrations(migrations!("sqlite": 1 "ledger" "0001_ledger.sql"))
            .run(&write)
            .await?;
        let read = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        Ok(Db::Sqlite { write, read })
    }

    /// Connects to PostgreSQL and brings the schema up to date.
    pub(crate) async fn postgres(url: &str) -> Result<Self, StoreError> {
        let millis = LOCK_WAIT.as_millis().to_string();
        let options = PgConnectOptions::from_str(url)?
            .application_name("baton")
            .statement_cache_capacity(STATEMENTS_KEPT)
            .options([
                ("lock_timeout", millis.as_str()),
                ("idle_in_transaction_session_timeout", millis.as_str()),
                ("default_transaction_isolation", "read committed"),
            ]);
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(LOCK_WAIT)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    // One that lay idle may have been cut off meanwhile; one in use has just
                    // answered, and asking it again would cost every act a round trip.
                    Ok(meta.idle_for < IDLE_TRUSTED || connection.ping().await.is_ok())
                })
            })
            .connect_with(options)
            .await?;
        Migrator::with_migrations(migrations!("postgres": 1 "ledger" "0001_ledger.sql"))
            .run(&pool)
            .await?;
        Ok(Db::Postgres(pool))
    }

    /// A transaction that will write. On SQLite it holds the write lock from here on.
    pub(crate) async fn begin_write(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Db::Sqlite { write, .. } => {
                Tx::Sqlite(Begun::begin(write.acquire().await?, "BEGIN IMMEDIATE").await?)
            }
            Db::Postgres(pool) => Tx::Postgres(Begun::begin(pool.acquire().await?, "BEGIN").await?),
        })
    }

    /// A transaction that writes and is alone with the head, whether there is one yet or not:
    /// another waits here until this one ended, also when its process was killed in its commit.
    pub(crate) async fn begin_alone(&self) -> Result<Tx, StoreError> {
        let mut tx = self.begin_write().await?;
        if matches!(tx, Tx::Postgres(_)) {
            tx.execute("LOCK TABLE head IN EXCLUSIVE MODE", Vec::new())
                .await?;
        }
        Ok(tx)
    }

    /// A transaction that only reads, all of it at one moment.
    pub(crate) async fn begin_read(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Db::Sqlite { read, .. } => {
                Tx::Sqlite(Begun::begin(read.acquire().await?, "BEGIN").await?)
            }
            Db::Postgres(pool) => Tx::Postgres(Begun::begin(pool.acquire().await?, READING).await?),
        })
    }

    /// The same for a reader that may take hours, and waits for a disk in between.
    pub(crate) async fn begin_long_read(&self) -> Result<Tx, StoreError> {
        let mut tx = self.begin_read().await?;
        if matches!(tx, Tx::Postgres(_)) {
            tx.execute(LONG_READ, Vec::new()).await?;
        }
        Ok(tx)
    }

    /// Whether a PostgreSQL database holds a ledger. Nothing is made there.
    pub(crate) async fn postgres_holds_ledger(url: &str) -> Result<bool, StoreError> {
        let mut connection = PgConnection::connect(url).await?;
        let there = sqlx::query_scalar::<_, bool>("SELECT to_regclass('head') IS NOT NULL");
        let holds = there.fetch_one(&mut connection).await?
            && sqlx::query_scalar::<_, bool>("SELECT EXISTS (SELECT 1 FROM head)")
                .fetch_one(&mut connection)
                .await?;
        connection.close().await?;
        Ok(holds)
    }

    /// A connection for one statement that reads.
    pub(crate) async fn once(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Db::Sqlite { read, .. } => Tx::SqliteOnce(read.acquire().await?),
            Db::Postgres(pool) => Tx::PostgresOnce(pool.acquire().await?),
        })
    }

    /// The text that reads the head row and, on PostgreSQL, locks it until the commit. SQLite's
    /// `BEGIN IMMEDIATE` is lock enough.
    pub(crate) fn lock_head(&self) -> &'static str {
        match self {
            Db::Sqlite { .. } => crate::head::READ,
            Db::Postgres(_) => crate::head::READ_LOCKED,
        }
    }

    /// Closes every connection; on SQLite the write-ahead log is folded into the file.
    pub(crate) async fn close(&self) {
        match self {
            Db::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }
}
