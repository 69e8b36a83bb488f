//! The two engines: a folder for SQLite, a fresh database for PostgreSQL. What a test does to a
//! database behind the ledger's back it does here.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use baton_server::Backups;
use baton_store::{DiskReserve, Place, Rotation, Shelf};
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
    pub(crate) bodies_kept: Option<NonZeroU16>,
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
        let name = format!("baton_it_{}_{number}", std::process::id());
        let home = Self {
            folder: TempDir::new().unwrap(),
            database: Some((cluster, name)),
            reserve: DiskReserve::default(),
            bodies_kept: None,
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
            bodies_kept: self.bodies_kept,
        }
    }

    /// Where backups go: three of the content are kept, and two of the ring.
    pub(crate) fn backups(&self) -> Backups {
        let shelf = |name: &str, keep| Shelf {
            folder: self.base().join(name),
            keep,
        };
        Backups::new(Some(shelf("backups", 3)), Some(shelf("key-backups", 2)))
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
            let mut connection = self.sqlite_file().connect().await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }

    /// A number out of the database.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let number = AssertSqlSafe(sql);
        if let Some(url) = self.url() {
            let mut by = PgConnection::connect(&url).await.unwrap();
            let number = sqlx::query_scalar(number);
            return number.fetch_one(&mut by).await.unwrap();
        }
        let mut by = self.sqlite_file().connect().await.unwrap();
        let number = sqlx::query_scalar(number).fetch_one(&mut by).await;
        by.close().await.unwrap();
        number.unwrap()
    }

    /// Values of one column of bytes.
    pub(crate) async fn bytes(&self, sql: &str) -> Vec<Vec<u8>> {
        let sql = AssertSqlSafe(sql);
        if let Some(url) = self.url() {
            let mut by = PgConnection::connect(&url).await.unwrap();
            return sqlx::query_scalar(sql).fetch_all(&mut by).await.unwrap();
        }
        let mut by = self.sqlite_file().connect().await.unwrap();
        let values = sqlx::query_scalar(sql).fetch_all(&mut by).await;
        by.close().await.unwrap();
        values.unwrap()
    }

    fn sqlite_file(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new().filename(self.folder().join("ledger.db"))
    }

    /// PostgreSQL writes what it holds in memory into its files.
    pub(crate) async fn write_down(&self) {
        if self.is_postgres() {
            self.tamper("CHECKPOINT").await;
        }
    }

    /// Every file the rows lie in, but for a copy that was kept. PostgreSQL's own log is not among them: it lets go of what is in
    /// it in its own time (docs/erasure.md).
    pub(crate) async fn files(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.path().to_owned()];
        if let Some(url) = self.url() {
            let mut by = PgConnection::connect(&url).await.unwrap();
            let of_this = "SELECT current_setting('data_directory') || '/base/' || oid \
                 FROM pg_database WHERE datname = current_database()";
            let folder: String = sqlx::query_scalar(of_this)
                .fetch_one(&mut by)
                .await
                .unwrap();
            folders.push(folder.into());
        }
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else if entry.path() != self.folder.path().join("old") {
                    files.push(entry.path());
                }
            }
        }
        files
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

    /// The database is gone, as after a disk failed; the keys are there. The service is stopped.
    pub(crate) async fn lose_database(&self) {
        self.admin(|name| {
            vec![
                format!("DROP DATABASE {name} WITH (FORCE)"),
                format!("CREATE DATABASE {name}"),
            ]
        })
        .await;
        for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
            let _ = std::fs::remove_file(self.folder().join(name));
        }
    }

    /// Everything is gone but what was kept elsewhere: the master key, whose copy this answers.
    pub(crate) async fn lose_everything(&self) -> PathBuf {
        let kept = self.base().join("kept-master.key");
        std::fs::copy(self.folder().join("keys/master.key"), &kept).unwrap();
        self.lose_database().await;
        std::fs::remove_dir_all(self.folder()).unwrap();
        let _ = std::fs::remove_file(self.base().join("data.high-water"));
        kept
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
