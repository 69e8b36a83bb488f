//! Whoever waits for a transaction may go away at any moment: a client that ends its stream does.
//! What it had asked for must stand in nobody's way.

use std::pin::pin;

use futures::poll;

use super::{forget, postgres};
use crate::engine::dialect::{CONNECTIONS, READERS};
use crate::engine::value::{Type, Value};
use crate::engine::{Db, Tx};
use crate::error::StoreError;

/// Each time somebody goes away a little later.
const STEPS: usize = 60;
const ROUNDS: usize = 5;

/// Asks, looks so many times whether it is there, and goes away.
async fn gone_after<T>(steps: usize, asked: impl Future<Output = T>) {
    let mut asked = pin!(asked);
    for _ in 0..steps {
        if poll!(asked.as_mut()).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn read_once(db: &Db) -> Result<(), StoreError> {
    db.begin_read().await?.rollback().await
}

async fn write_once(db: &Db) -> Result<(), StoreError> {
    db.begin_write().await?.rollback().await
}

async fn going_away_stops_nobody(db: &Db) {
    for steps in (0..ROUNDS).flat_map(|_| 0..STEPS) {
        gone_after(steps, db.begin_read()).await;
        gone_after(steps, db.begin_write()).await;
        gone_after(steps, read_once(db)).await;
        gone_after(steps, write_once(db)).await;
    }
    // All at once, so that each connection there is has its turn.
    let mut held: Vec<Tx> = Vec::new();
    let connections = match db {
        Db::Sqlite { .. } => READERS,
        Db::Postgres(_) => CONNECTIONS,
    };
    for _ in 0..connections {
        held.push(db.begin_read().await.expect("a connection that begins"));
    }
    for mut tx in held {
        if matches!(db, Db::Postgres(_)) {
            let says = tx.fetch(LEVEL, Vec::new(), &[Type::Text]).await.unwrap();
            let level = "repeatable read, on".to_owned();
            assert_eq!(
                says,
                [[Value::Text(Some(level))]],
                "it is in the transaction it began"
            );
        }
        tx.rollback().await.unwrap();
    }
    write_once(db).await.expect("a connection that writes");
}

/// What a transaction is, for who is in one.
const LEVEL: &str = "SELECT current_setting('transaction_isolation') || ', ' \
     || current_setting('transaction_read_only')";
/// Connections that are in a transaction nobody knows of.
const LEFT: &str = "SELECT count(*)::bigint FROM pg_stat_activity WHERE datname = current_database() \
     AND state LIKE 'idle in transaction%'";

/// Whoever looks without a transaction must not look into one that was left: what it sees would stay as
/// it was when that began.
async fn nothing_is_left_open(db: &Db) {
    let mut all: Vec<Tx> = Vec::new();
    for _ in 0..CONNECTIONS {
        all.push(db.once().await.unwrap());
    }
    let left = all[0].fetch(LEFT, Vec::new(), &[Type::Int]).await.unwrap();
    assert_eq!(left, [[Value::Int(Some(0))]], "transactions are left open");
}

#[tokio::test]
async fn whoever_goes_away_while_a_transaction_begins_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::sqlite(&folder.path().join("ledger.db")).await.unwrap();
    going_away_stops_nobody(&db).await;
    db.close().await;
    let Some((db, name)) = postgres("dropped").await else {
        return;
    };
    going_away_stops_nobody(&db).await;
    for _ in 0..10 {
        for steps in (0..ROUNDS).flat_map(|_| 0..STEPS) {
            gone_after(steps, db.begin_read()).await;
        }
        nothing_is_left_open(&db).await;
    }
    forget(db, &name).await;
}
