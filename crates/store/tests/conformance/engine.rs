//! The two engines: a folder for SQLite, a fresh database for PostgreSQL. What a test does to a
//! database behind the ledger's back it does here.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::num::{NonZeroU16, NonZeroU32};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU32, Ordering};

use baton_store::{DiskReserve, Place, Rotation};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;

/// A cluster's URL, to its database `postgres`. `scripts/pg run` sets it.
const CLUSTER: &str = "BATON_TEST_POSTGRES";
/// Folder with everything the cluster writes.
const CLUSTER_FILES: &str = "BATON_TEST_POSTGRES_FILES";

/// A place for one ledger.
pub(crate) struct Home {
    folder: PathBuf,
    /// Goes with the home.
    _temporary: Option<TempDir>,
    /// The cluster and the name of this test's database in it.
    database: Option<(String, String)>,
    /// Room that is kept; a test may set it before it opens its ledger.
    pub(crate) reserve: DiskReserve,
    pub(crate) bodies_kept: Option<NonZeroU16>,
}

/// Runs each test on both engines. Where there is no cluster PostgreSQL is left out, but not in CI.
macro_rules! on_both_engines {
    ($(async fn $name:ident($home:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn law($home: &$crate::engine::Home) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                law(&$crate::engine::Home::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let Some(home) = $crate::engine::Home::postgres().await else { return };
                law(&home).await;
                home.forget().await;
            }
        }
    )+};
}
pub(crate) use on_both_engines;

impl Home {
    pub(crate) fn sqlite() -> Self {
        Self::temporary(None)
    }

    fn temporary(database: Option<(String, String)>) -> Self {
        let temporary = TempDir::new().unwrap();
        let folder = temporary.path().join("data");
        Self {
            folder,
            _temporary: Some(temporary),
            database,
            reserve: DiskReserve::default(),
            bodies_kept: None,
        }
    }

    /// SQLite in a folder that somebody else made, on a small disk: one MiB of it is kept.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self {
            folder: folder.join("data"),
            _temporary: None,
            database: None,
            reserve: DiskReserve {
                mib: NonZeroU32::MIN,
                ..DiskReserve::default()
            },
            bodies_kept: None,
        }
    }

    pub(crate) async fn postgres() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Ok(cluster) = std::env::var(CLUSTER) else {
            assert!(
                std::env::var_os("CI").is_none(),
                "{CLUSTER} names no cluster"
            );
            println!("PostgreSQL was left out: {CLUSTER} names no cluster (scripts/pg run -- …)");
            return None;
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("baton_{}_{number}", std::process::id());
        let mut admin = PgConnection::connect(&cluster).await.unwrap();
        run_postgres(&mut admin, &format!("CREATE DATABASE {name}")).await;
        Some(Self::temporary(Some((cluster, name))))
    }

    pub(crate) fn place(&self) -> Place {
        Place {
            folder: self.folder(),
            postgres: self.url(),
            master: None,
            rotation: Rotation {
                every: None,
                keep: 2,
                ..Rotation::default()
            },
            reserve: self.reserve,
            bodies_kept: self.bodies_kept,
        }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.database.is_some()
    }

    fn url(&self) -> Option<String> {
        let (cluster, name) = self.database.as_ref()?;
        let (server, _) = cluster.rsplit_once('/').unwrap();
        Some(format!("{server}/{name}"))
    }

    /// The same place, its cluster reached over another port of this machine.
    pub(crate) fn place_over(&self, port: u16) -> Place {
        let (_, name) = self.database.as_ref().unwrap();
        Place {
            postgres: Some(format!("postgres://postgres@127.0.0.1:{port}/{name}")),
            ..self.place()
        }
    }

    /// Does something to the database that the product never does.
    pub(crate) async fn tamper(&self, sql: &str) {
        match self.url() {
            Some(url) => {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                run_postgres(&mut connection, sql).await;
                connection.close().await.unwrap();
            }
            None => {
                let mut connection = self.sqlite_connection().await;
                sqlx::raw_sql(AssertSqlSafe(sql))
                    .execute(&mut connection)
                    .await
                    .unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// Holds what every commit needs: nothing is decided until it is let go.
    pub(crate) async fn hold(&self) -> Held {
        match self.url() {
            Some(url) => {
                let mut by = PgConnection::connect(&url).await.unwrap();
                run_postgres(&mut by, "BEGIN; SELECT 1 FROM head FOR UPDATE").await;
                Held::Postgres(by)
            }
            None => {
                let mut by = self.sqlite_connection().await;
                let write = sqlx::raw_sql("BEGIN IMMEDIATE");
                write.execute(&mut by).await.unwrap();
                Held::Sqlite(by)
            }
        }
    }

    /// A number out of the database.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        match self.url() {
            Some(url) => {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                sqlx::query_scalar(AssertSqlSafe(sql))
                    .fetch_one(&mut connection)
                    .await
                    .unwrap()
            }
            None => {
                let mut connection = self.sqlite_connection().await;
                sqlx::query_scalar(AssertSqlSafe(sql))
                    .fetch_one(&mut connection)
                    .await
                    .unwrap()
            }
        }
    }

    /// Bytes out of the database.
    pub(crate) async fn bytes(&self, sql: &str) -> Vec<u8> {
        match self.url() {
            Some(url) => {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                sqlx::query_scalar(AssertSqlSafe(sql))
                    .fetch_one(&mut connection)
                    .await
                    .unwrap()
            }
            None => {
                let mut connection = self.sqlite_connection().await;
                sqlx::query_scalar(AssertSqlSafe(sql))
                    .fetch_one(&mut connection)
                    .await
                    .unwrap()
            }
        }
    }

    /// Turns one bit of a value in the database.
    pub(crate) async fn flip(&self, (table, column): (&str, &str), row: &str) {
        let sql = format!("SELECT {column} FROM {table} WHERE {row}");
        let mut bytes = self.bytes(&sql).await;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let hex = hex(&bytes);
        let literal = if self.is_postgres() {
            format!("'\\x{hex}'")
        } else {
            format!("x'{hex}'")
        };
        self.tamper(&format!(
            "UPDATE {table} SET {column} = {literal} WHERE {row}"
        ))
        .await;
    }

    /// Which of these texts stand in any file of the ledger, as they are: the data folder, and on
    /// PostgreSQL everything the cluster has on its disk, rows that are dead, log and write-ahead
    /// log too. None where the cluster's files cannot be had.
    pub(crate) async fn found(&self, texts: &[String]) -> Option<BTreeSet<String>> {
        let mut folders = vec![self.folder()];
        if let Some(url) = self.url() {
            let Some(files) = std::env::var_os(CLUSTER_FILES) else {
                assert!(
                    std::env::var_os("CI").is_none(),
                    "{CLUSTER_FILES} names no folder"
                );
                println!("the cluster's files were left out: {CLUSTER_FILES} is not set");
                return None;
            };
            folders.push(files.into());
            let mut connection = PgConnection::connect(&url).await.unwrap();
            run_postgres(&mut connection, "CHECKPOINT").await;
            connection.close().await.unwrap();
        }
        // Hundreds of megabytes: no work for an unoptimised build.
        let mut search = Command::new("grep");
        search.args(["--recursive", "--text", "--no-filename", "--only-matching"]);
        // Other tests' databases come and go meanwhile.
        search.args(["--fixed-strings", "--no-messages"]);
        for text in texts {
            search.args(["-e", text]);
        }
        let output = search.arg("--").args(folders).env("LC_ALL", "C").output();
        let said = String::from_utf8(output.unwrap().stdout).unwrap();
        Some(said.lines().map(str::to_owned).collect())
    }

    /// Takes the database away. The folder goes by itself.
    pub(crate) async fn forget(self) {
        if let Some((cluster, name)) = &self.database {
            let mut admin = PgConnection::connect(cluster).await.unwrap();
            run_postgres(&mut admin, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    async fn sqlite_connection(&self) -> SqliteConnection {
        let file = self.folder().join("ledger.db");
        SqliteConnectOptions::from_str(file.to_str().unwrap())
            .unwrap()
            .connect()
            .await
            .unwrap()
    }
}

/// A connection that holds what every commit needs.
pub(crate) enum Held {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Held {
    pub(crate) async fn let_go(self) {
        match self {
            Self::Sqlite(by) => by.close().await.unwrap(),
            Self::Postgres(by) => by.close().await.unwrap(),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

async fn run_postgres(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .unwrap();
}
