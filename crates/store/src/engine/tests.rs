//! What is not checked when it is compiled: that every statement means something to both engines,
//! that both keep the same tables, and that a batch costs the same few statements whatever its
//! size.

use std::collections::BTreeSet;

use baton_domain::act::{Bootstrap, Caller, ImportSetting, Proof, RequestId, SettingDraft};
use baton_domain::ids::SettingIdentifier;
use baton_domain::route::SettingKind;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqlSafeStr as _};

use super::table::{Statement, Table as _};
use super::{Db, STATEMENTS};
use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::open::Place;
use crate::reserve::DiskReserve;
use crate::rows::{
    AboutRow, ContentRow, CredentialRow, EntryRow, FeedRow, LearnerCodeRow, LearnerRow, LeaseRow,
    PolicySetRow, ProfileRow, ReceiptRow, RecipientRow, ReleasedRow, RequestRow, SettingCodeRow,
    SettingKeyRow, SettingRow, SubscriptionRow, TileRow, TransitionRow, VersionRow,
};
use crate::{acts, head, open, proofs, sweeper};

fn statements() -> Vec<Statement> {
    macro_rules! of_tables {
        ($($row:ty),+ $(,)?) => { [$(<$row>::statements().all().collect::<Vec<_>>()),+].concat() };
    }
    let mut all = of_tables!(
        AboutRow,
        ContentRow,
        CredentialRow,
        EntryRow,
        FeedRow,
        LeaseRow,
        LearnerCodeRow,
        LearnerRow,
        PolicySetRow,
        ProfileRow,
        ReceiptRow,
        RecipientRow,
        ReleasedRow,
        RequestRow,
        SettingCodeRow,
        SettingKeyRow,
        SettingRow,
        SubscriptionRow,
        TileRow,
        TransitionRow,
        VersionRow,
    );
    let fixed = [
        head::READ,
        head::INSERT,
        head::WRITE,
        open::LEAF,
        proofs::LEAVES,
        proofs::TILES,
        sweeper::OLD_REQUESTS,
        sweeper::STANDING,
    ];
    all.extend(
        acts::STATEMENTS
            .into_iter()
            .chain(fixed)
            .map(Statement::from),
    );
    all
}

/// A fresh database on the cluster, where there is one. In CI there is.
async fn postgres(name: &str) -> Option<(Db, String)> {
    let Ok(cluster) = std::env::var("BATON_TEST_POSTGRES") else {
        assert!(
            std::env::var_os("CI").is_none(),
            "BATON_TEST_POSTGRES names no cluster"
        );
        println!("PostgreSQL was left out: BATON_TEST_POSTGRES names no cluster");
        return None;
    };
    let name = format!("baton_{}_{name}", std::process::id());
    let mut admin = PgConnection::connect(&cluster).await.unwrap();
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
    let (server, _) = cluster.rsplit_once('/').unwrap();
    Some((
        Db::postgres(&format!("{server}/{name}")).await.unwrap(),
        name,
    ))
}

async fn forget(db: Db, name: &str) {
    db.close().await;
    let cluster = std::env::var("BATON_TEST_POSTGRES").unwrap();
    let mut admin = PgConnection::connect(&cluster).await.unwrap();
    let drop = AssertSqlSafe(format!("DROP DATABASE {name}"));
    sqlx::raw_sql(drop).execute(&mut admin).await.unwrap();
}

/// The values of a statement are bound in the order they stand in, on both engines.
#[test]
fn a_generated_statement_has_its_values_in_order() {
    for Statement { sqlite, postgres } in statements() {
        if sqlite == postgres {
            continue;
        }
        let mut pieces = sqlite.split('?');
        let first = pieces.next().unwrap_or_default().to_owned();
        let numbered = (1..)
            .zip(pieces)
            .map(|(number, rest)| format!("${number}{rest}"));
        assert_eq!(first + &numbered.collect::<String>(), postgres);
    }
}

#[tokio::test]
async fn every_statement_is_prepared_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::sqlite(&folder.path().join("ledger.db")).await.unwrap();
    let Db::Sqlite { write, .. } = &db else {
        unreachable!()
    };
    let mut connection = write.acquire().await.unwrap();
    for Statement { sqlite: sql, .. } in statements() {
        let prepared = (&mut *connection)
            .prepare(AssertSqlSafe(sql).into_sql_str())
            .await;
        assert!(prepared.is_ok(), "{sql}: {:?}", prepared.err());
    }
}

#[tokio::test]
async fn every_statement_is_prepared_on_postgres() {
    let Some((db, name)) = postgres("statements").await else {
        return;
    };
    let Db::Postgres(pool) = &db else {
        unreachable!()
    };
    let mut connection = pool.acquire().await.unwrap();
    let locked = Statement::from(head::READ_LOCKED);
    for Statement { postgres: sql, .. } in statements().into_iter().chain([locked]) {
        let prepared = (&mut *connection)
            .prepare(AssertSqlSafe(sql).into_sql_str())
            .await;
        assert!(prepared.is_ok(), "{sql}: {:?}", prepared.err());
    }
    drop(connection);
    forget(db, &name).await;
}

/// Table, column, type as SQLite names it, whether it may be null.
type Columns = BTreeSet<(String, String, String, bool)>;

async fn sqlite_columns(db: &Db) -> Columns {
    let Db::Sqlite { write, .. } = db else {
        unreachable!()
    };
    let found: Vec<(String, String, String, bool)> = sqlx::query_as(
        "SELECT t.name, c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0 \
         FROM sqlite_master t, pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
    )
    .fetch_all(write)
    .await
    .unwrap();
    found.into_iter().collect()
}

#[tokio::test]
async fn both_engines_keep_the_same_tables_and_sort_text_alike() {
    let Some((db, name)) = postgres("schema").await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Db::sqlite(&folder.path().join("ledger.db")).await.unwrap();
    let Db::Postgres(pool) = &db else {
        unreachable!()
    };
    let found: Vec<(String, String, String, bool)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text, CASE \
           WHEN data_type = 'bigint' THEN 'INTEGER' WHEN data_type = 'bytea' THEN 'BLOB' \
           WHEN data_type = 'text' AND collation_name = 'C' THEN 'TEXT' \
           ELSE data_type || ' ' || coalesce(collation_name, '') END, is_nullable = 'YES' \
         FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert_eq!(
        found.into_iter().collect::<Columns>(),
        sqlite_columns(&sqlite).await
    );
    forget(db, &name).await;
}

#[tokio::test]
async fn a_batch_takes_as_many_statements_whatever_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place {
        folder: folder.path().to_owned(),
        postgres: None,
        reserve: DiskReserve::default(),
    };
    let (clock, _hand) = Clock::fixed(1_773_144_000_000_000);
    let token = Ledger::create(&place, &clock).await.unwrap();
    let ledger = Ledger::open(&place, clock, false).await.unwrap();
    let presented = crate::Presented::Key {
        credential: token.credential,
        secret: token.secret.to_vec(),
    };
    let known = ledger.authenticate(&presented).await.unwrap().unwrap();
    let first = Caller {
        credential: known.credential,
        acting: known.setting,
    };
    let draft = |kind, code: String| SettingDraft {
        kind,
        name: code.clone(),
        council: "301".to_owned(),
        town: String::new(),
        open: true,
        codes: vec![SettingIdentifier::parse("baton-local", &code).unwrap()],
    };
    let council = draft(SettingKind::Council, "council".to_owned());
    let act = Bootstrap {
        council,
        proof: Proof::Certificate([1; 32]),
    };
    let made = ledger.act(&first, act).await.unwrap().value;
    let officer = Caller {
        credential: made.issued.credential.id,
        acting: made.council.id,
    };

    // Each a rung of the ladder, and together less than the 256 entries that make a tile.
    let mut taken = Vec::new();
    for size in [1, 4, 16, 64] {
        let acts = (0..size).map(|number| ImportSetting {
            setting: draft(SettingKind::School, format!("school-{size}-{number}")),
            request: RequestId::parse(&format!("import-{size}-{number}")).unwrap(),
            validate_only: false,
        });
        let before = STATEMENTS.get();
        // One thread: all of them wait before the first is decided.
        let done = futures::future::join_all(acts.map(|act| ledger.act(&officer, act))).await;
        taken.push(STATEMENTS.get() - before);
        let receipts = done.into_iter().map(|done| done.unwrap().receipt.unwrap());
        let checkpoints: BTreeSet<_> = receipts.map(|receipt| receipt.checkpoint).collect();
        assert_eq!(checkpoints.len(), 1, "they shared a commit");
    }
    assert_eq!(taken, [taken[0]; 4]);
    assert!(taken[0] < 30, "{}", taken[0]);
    ledger.close().await;
}
