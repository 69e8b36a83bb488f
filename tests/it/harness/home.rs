//! The two engines: a folder for SQLite, a fresh database for PostgreSQL. What a test does to a
//! database behind the ledger's back it does here.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use baton_store::{DiskReserve, Place, Rotation};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;

/// A cluster's URL, to its database `postgres`. `scripts/pg run` sets it.
const CLUSTER: &str = "BATON_TEST_POSTGRES";

/// A place for one ledger.
pub(crate) struct Home {
    folder: TempDir,
    /// The cluster and the name of this test's database in it.
    database: Option<(String, String)>,
    /// Room that is kept; a test may set it before the ledger is opened.
    pub(crate) reserve: DiskReserve,
}

/// A hold on a database.
pub(crate) enum Held {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Held {
    /// Lets go.
    pub(crate) async fn release(self) {
        match self {
            Self::Sqlite(by) => by.close().await.unwrap(),
            Self::Postgres(by) => by.close().await.unwrap(),
        }
    }
}

impl Home {
    pub(crate) fn sqlite() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            database: None,
            reserve: DiskReserve::default(),
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
        let name = format!("baton_it_{}_{number}", std::process::id());
        let home = Self {
            folder: TempDir::new().unwrap(),
            database: Some((cluster, name)),
            reserve: DiskReserve::default(),
        };
        home.admin(|name| vec![format!("CREATE DATABASE {name}")])
            .await;
        Some(home)
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
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.database.is_some()
    }

    /// The folder everything is in; the ledger's is `data` below it.
    pub(crate) fn base(&self) -> &Path {
        self.folder.path()
    }

    fn folder(&self) -> PathBuf {
        self.folder.path().join("data")
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
        let sql = AssertSqlSafe(sql);
        if let Some(url) = self.url() {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        } else {
            let file = SqliteConnectOptions::new().filename(self.folder().join("ledger.db"));
            let mut connection = file.connect().await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }

    /// A number out of the PostgreSQL database.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let url = self.url().expect("PostgreSQL alone");
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let number = sqlx::query_scalar(AssertSqlSafe(sql));
        number.fetch_one(&mut connection).await.unwrap()
    }

    /// Holds what every commit needs: nothing is decided until it is let go.
    pub(crate) async fn hold(&self) -> Held {
        if let Some(url) = self.url() {
            let mut by = PgConnection::connect(&url).await.unwrap();
            let head = sqlx::raw_sql("BEGIN; SELECT 1 FROM head FOR UPDATE");
            head.execute(&mut by).await.unwrap();
            return Held::Postgres(by);
        }
        let file = format!("sqlite://{}", self.folder().join("ledger.db").display());
        let mut by = SqliteConnection::connect(&file).await.unwrap();
        let write = sqlx::raw_sql("BEGIN IMMEDIATE");
        write.execute(&mut by).await.unwrap();
        Held::Sqlite(by)
    }

    /// Keeps the database as it is now, as a nightly copy would. The service is stopped.
    pub(crate) async fn copy(&self) {
        if self.is_postgres() {
            self.admin(|name| vec![format!("CREATE DATABASE {name}_old TEMPLATE {name}")])
                .await;
        } else {
            std::fs::copy(
                self.folder().join("ledger.db"),
                self.folder.path().join("old"),
            )
            .unwrap();
        }
    }

    /// Puts the copy back, and leaves the keys as they are. The service is stopped.
    pub(crate) async fn put_back(&self) {
        if self.is_postgres() {
            self.admin(|name| {
                vec![
                    format!("DROP DATABASE {name} WITH (FORCE)"),
                    format!("ALTER DATABASE {name}_old RENAME TO {name}"),
                ]
            })
            .await;
        } else {
            for aside in ["ledger.db-wal", "ledger.db-shm"] {
                assert!(
                    !self.folder().join(aside).exists(),
                    "{aside} was left by a stopped ledger"
                );
            }
            std::fs::copy(
                self.folder.path().join("old"),
                self.folder().join("ledger.db"),
            )
            .unwrap();
        }
    }

    /// Takes the database away. The folder goes by itself.
    pub(crate) async fn forget(self) {
        self.admin(|name| vec![format!("DROP DATABASE {name} WITH (FORCE)")])
            .await;
    }

    async fn admin(&self, statements: impl Fn(&str) -> Vec<String>) {
        let Some((cluster, name)) = &self.database else {
            return;
        };
        let mut admin = PgConnection::connect(cluster).await.unwrap();
        for sql in statements(name) {
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(&mut admin)
                .await
                .unwrap();
        }
        admin.close().await.unwrap();
    }
}
