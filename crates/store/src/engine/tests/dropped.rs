//! Whoever waits for a transaction may go away at any moment: a client that ends its stream does.
//! What it had asked for must stand in nobody's way.

use std::pin::pin;

use futures::poll;

use super::{forget, postgres};
use crate::engine::dialect::{CONNECTIONS, READERS};
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
    for tx in held {
        tx.rollback().await.unwrap();
    }
    write_once(db).await.expect("a connection that writes");
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
    forget(db, &name).await;
}
