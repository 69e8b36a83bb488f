//! What the database alone does: the very rows of a run, in plain multi-row inserts, into a fresh
//! file with the same tables and indexes, as durable, in transactions as large as the run's batches
//! were, each with an update of the head.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use baton_benches::job::{self, count};
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, Sqlite, TypeInfo as _, ValueRef as _};

/// Most rows of one statement. More make it no faster.
const ROWS_A_STATEMENT: usize = 256;
/// Tables a publish writes: name, where its rows are found, the position of the act that wrote one.
const TABLES: [(&str, &str, &str); 10] = [
    (
        "content",
        "content t JOIN version v ON v.content_id = t.content_id",
        "v.position",
    ),
    (
        "learner",
        "version v JOIN profile p ON p.id = v.profile_id \
         JOIN transition m ON m.id = p.transition_id JOIN learner t ON t.id = m.learner_id",
        "v.position",
    ),
    (
        "profile",
        "profile t JOIN version v ON v.profile_id = t.id",
        "v.position",
    ),
    ("version", "version t", "t.position"),
    ("released", "released t", "t.position"),
    ("feed", "feed t", "t.position"),
    ("request", "request t", "t.position"),
    ("about", "about t", "t.position"),
    ("entry", "entry t", "t.position"),
    // With the last of the entries it covers.
    ("tile", "tile t", "((t.idx + 1) << (8 * t.level)) - 1"),
];
const SCHEMA: &str = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL \
     AND name NOT LIKE 'sqlite%' AND name NOT LIKE '%sqlx%' ORDER BY rowid";
const HEAD: &str = "UPDATE head SET term = $1, size = $2, time_us = $3, frontier = $4, \
     checkpoint = $5 WHERE id = 1";

/// How it went.
#[derive(Debug, Clone)]
pub(crate) struct Baseline {
    pub(crate) rows: usize,
    pub(crate) publishes: usize,
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
}

impl Baseline {
    pub(crate) fn rows_per_second(&self) -> f64 {
        count(self.rows) / self.seconds
    }

    pub(crate) fn per_second(&self) -> f64 {
        count(self.publishes) / self.seconds
    }
}

/// Writes the rows of the acts at these positions, `batch` acts a transaction.
pub(crate) async fn run(
    from: &Path,
    to: &Path,
    positions: Range<i64>,
    batch: usize,
) -> anyhow::Result<Baseline> {
    let mut run = SqliteConnection::connect_with(&options(from)).await?;
    let acts: Vec<i64> = positions.collect();
    let mut transactions = Vec::new();
    let mut rows = 0;
    for acts in acts.chunks(batch) {
        let mut transaction = Vec::new();
        for (table, found, position) in TABLES {
            let of_table = read(&mut run, (table, found, position), acts).await?;
            rows += of_table.len();
            transaction.push((table, of_table));
        }
        transactions.push(transaction);
    }
    let schema: Vec<String> = sqlx::query_scalar(SCHEMA).fetch_all(&mut run).await?;
    let head = sqlx::query("SELECT * FROM head")
        .fetch_one(&mut run)
        .await?;
    run.close().await?;

    let mut fresh = SqliteConnection::connect_with(&options(to).create_if_missing(true)).await?;
    for statement in schema {
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut fresh)
            .await?;
    }
    let mut inserts = Inserts::default();
    let head = values(&head, 0)?;
    inserts
        .write(&mut fresh, "head", vec![head.clone()])
        .await?;

    let (began, spent) = (Instant::now(), job::cpu_seconds());
    for transaction in transactions {
        sqlx::query("BEGIN IMMEDIATE").execute(&mut fresh).await?;
        for (table, rows) in transaction {
            inserts.write(&mut fresh, table, rows).await?;
        }
        // All but its id, the ledger's and the policies'.
        let changed = head.iter().skip(2).take(5).cloned();
        changed
            .fold(sqlx::query(HEAD), bind)
            .execute(&mut fresh)
            .await?;
        sqlx::query("COMMIT").execute(&mut fresh).await?;
    }
    let (seconds, cpu_seconds) = (began.elapsed().as_secs_f64(), job::cpu_seconds() - spent);
    fresh.close().await?;
    Ok(Baseline {
        rows,
        publishes: acts.len(),
        seconds,
        cpu_seconds,
    })
}

/// As the store opens its file.
fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("secure_delete", "ON")
        .pragma("cache_size", "-65536")
        .pragma("wal_autocheckpoint", "8192")
        .statement_cache_capacity(1_024)
}

#[derive(Debug, Clone)]
enum Value {
    Text(String),
    Int(i64),
    Blob(Vec<u8>),
    Null,
}

/// The rows of one table that neighbouring acts wrote.
async fn read(
    run: &mut SqliteConnection,
    (table, found, position): (&str, &str, &str),
    acts: &[i64],
) -> anyhow::Result<Vec<Vec<Value>>> {
    let text = format!("SELECT t.* FROM {found} WHERE {position} BETWEEN $1 AND $2");
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(acts.first().copied())
        .bind(acts.last().copied())
        .fetch_all(run)
        .await?;
    let per_act = rows.len() / acts.len();
    anyhow::ensure!(
        table == "tile" || per_act > 0,
        "the acts left no rows in {table}"
    );
    rows.iter().map(|row| values(row, 0)).collect()
}

fn values(row: &SqliteRow, from: usize) -> anyhow::Result<Vec<Value>> {
    let columns = from..row.len();
    let read = columns.map(|at| {
        let kind = row.try_get_raw(at)?.type_info().name().to_owned();
        anyhow::Ok(match kind.as_str() {
            "TEXT" => Value::Text(row.try_get(at)?),
            "INTEGER" => Value::Int(row.try_get(at)?),
            "BLOB" => Value::Blob(row.try_get(at)?),
            _ => Value::Null,
        })
    });
    read.collect()
}

/// The texts of the inserts, made once: by table and number of rows.
#[derive(Debug, Default)]
struct Inserts(HashMap<(&'static str, usize), &'static str>);

impl Inserts {
    async fn write(
        &mut self,
        to: &mut SqliteConnection,
        table: &'static str,
        rows: Vec<Vec<Value>>,
    ) -> anyhow::Result<()> {
        let mut rows = rows.into_iter().peekable();
        while let Some(columns) = rows.peek().map(Vec::len) {
            let size = rows.len().min(ROWS_A_STATEMENT);
            let text = self
                .0
                .entry((table, size))
                .or_insert_with(|| text(table, columns, size));
            let values = rows.by_ref().take(size).flatten();
            let insert = values.fold(sqlx::query(*text), bind);
            insert.execute(&mut *to).await?;
        }
        Ok(())
    }
}

/// Kept for the life of the process, as the store keeps its own.
fn text(table: &str, columns: usize, rows: usize) -> &'static str {
    // Numbered parameters have names, and sqlx looks for each name along the list of all.
    let tuple = format!("({})", vec!["?"; columns].join(", "));
    let tuples = vec![tuple; rows].join(", ");
    format!("INSERT INTO {table} VALUES {tuples}").leak()
}

fn bind(
    query: Query<'_, Sqlite, SqliteArguments>,
    value: Value,
) -> Query<'_, Sqlite, SqliteArguments> {
    match value {
        Value::Text(text) => query.bind(text),
        Value::Int(number) => query.bind(number),
        Value::Blob(bytes) => query.bind(bytes),
        Value::Null => query.bind(None::<i64>),
    }
}
