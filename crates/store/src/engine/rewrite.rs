//! Taking out of the files what is in no row any more. The two engines have nothing in common here.

use sqlx::{PgPool, Row as _, SqlitePool};

use super::Db;
use super::dialect::LOCK_WAIT;
use crate::error::StoreError;

/// Tables erased rows were in.
const ERASED_FROM: [&str; 18] = [
    "VACUUM (FULL) content",
    "VACUUM (FULL) chunk",
    "VACUUM (FULL) staged",
    "VACUUM (FULL) document",
    "VACUUM (FULL) learner",
    "VACUUM (FULL) learner_code",
    "VACUUM (FULL) about",
    "VACUUM (FULL) version",
    "VACUUM (FULL) receipt",
    "VACUUM (FULL) released",
    "VACUUM (FULL) request",
    "VACUUM (FULL) transition",
    "VACUUM (FULL) recipient",
    "VACUUM (FULL) sharing",
    "VACUUM (FULL) sent_without",
    "VACUUM (FULL) profile",
    "VACUUM (FULL) friend",
    "VACUUM (FULL) credential",
];
/// SQLSTATE of a right that is missing.
const NOT_ALLOWED: &str = "42501";

impl Db {
    /// Bytes the database takes on disk.
    pub(crate) async fn bytes(&self) -> Result<u64, StoreError> {
        let bytes: i64 = match self {
            Db::Sqlite { read, .. } => {
                let pages =
                    "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
                sqlx::query_scalar(pages).fetch_one(read).await?
            }
            Db::Postgres(pool) => {
                let size = "SELECT pg_database_size(current_database())";
                sqlx::query_scalar(size).fetch_one(pool).await?
            }
        };
        Ok(u64::try_from(bytes).unwrap_or(u64::MAX))
    }

    /// Empties the write-ahead log. PostgreSQL's is the cluster's: a checkpoint lets it go in its
    /// own time, where the role may ask for one. False while somebody reads it: then it stays.
    pub(crate) async fn empty_log(&self) -> Result<bool, StoreError> {
        match self {
            Db::Sqlite { write, .. } => truncate(write).await,
            Db::Postgres(pool) => checkpoint(pool).await.map(|()| true),
        }
    }

    /// Writes everything that is left anew, and nothing else.
    pub(crate) async fn rewrite(&self) -> Result<(), StoreError> {
        match self {
            Db::Sqlite { write, .. } => {
                sqlx::query("VACUUM").execute(write).await?;
            }
            Db::Postgres(pool) => {
                for table in ERASED_FROM {
                    sqlx::query(table).execute(pool).await?;
                }
            }
        }
        Ok(())
    }
}

/// Without waiting for readers: nothing is written meanwhile. Whether there was none.
async fn truncate(write: &SqlitePool) -> Result<bool, StoreError> {
    let mut connection = write.acquire().await?;
    let at_once = sqlx::query("PRAGMA busy_timeout = 0");
    at_once.execute(&mut *connection).await?;
    let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)");
    let row = row.fetch_one(&mut *connection).await;
    let wait = format!("PRAGMA busy_timeout = {}", LOCK_WAIT.as_millis());
    let wait = sqlx::query(sqlx::AssertSqlSafe(wait));
    wait.execute(&mut *connection).await?;
    Ok(row?.try_get::<i64, _>(0)? == 0)
}

async fn checkpoint(pool: &PgPool) -> Result<(), StoreError> {
    match sqlx::query("CHECKPOINT").execute(pool).await {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(NOT_ALLOWED) => Ok(()),
        done => Ok(done.map(drop)?),
    }
}
