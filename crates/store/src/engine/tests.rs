//! What is not checked when it is compiled: that every statement means something to both engines,
//! that both keep the same tables, and that a batch costs the same few statements whatever its
//! size.

mod batch_size;
mod dropped;
mod plans;

use std::collections::BTreeSet;

use baton_domain::ids::SettingId;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqlSafeStr as _};

use super::Db;
use super::table::{Statement, Table as _};
use super::value::Column as _;
use crate::rows::{
    AboutRow, AgreementRow, ChunkRow, ContentRow, CredentialRow, DelegationRow, DocumentRow,
    EntryRow, ErasedRow, FeedRow, FriendRow, LearnerCodeRow, LearnerRow, LeaseRow, LogKeyRow,
    PolicyChangeRow, PolicySetRow, ProfileRow, ReceiptRow, RecipientRow, ReleasedRow, RequestRow,
    SentWithoutRow, SettingCodeRow, SettingKeyRow, SettingRow, SharingRow, StagedRow,
    SubscriptionRow, TileRow, TransitionRow, VersionRow,
};
use crate::{
    acts, backup, bodies, cosigned, erasure, handover, head, log_keys, open, policies, proofs,
    rotation, scrub, sweeper, world,
};

fn statements() -> Vec<Statement> {
    macro_rules! of_tables {
        ($($row:ty),+ $(,)?) => { [$(<$row>::statements().all().collect::<Vec<_>>()),+].concat() };
    }
    let mut all = of_tables!(
        AboutRow,
        AgreementRow,
        ChunkRow,
        ContentRow,
        CredentialRow,
        DelegationRow,
        DocumentRow,
        EntryRow,
        ErasedRow,
        FeedRow,
        LeaseRow,
        LogKeyRow,
        LearnerCodeRow,
        LearnerRow,
        PolicyChangeRow,
        PolicySetRow,
        ProfileRow,
        ReceiptRow,
        RecipientRow,
        ReleasedRow,
        FriendRow,
        RequestRow,
        SentWithoutRow,
        SettingCodeRow,
        SettingKeyRow,
        SettingRow,
        SharingRow,
        StagedRow,
        SubscriptionRow,
        TileRow,
        TransitionRow,
        VersionRow,
    );
    let fixed = [
        backup::OLDEST_CONTENT,
        backup::OLDEST_LEARNER,
        cosigned::READ,
        cosigned::KEEP,
        head::READ,
        head::INSERT,
        head::WRITE,
        log_keys::HANDOVERS,
        open::LEAF,
        proofs::LEAVES,
        proofs::TILES,
        handover::LEFT_CONTENT,
        handover::LEFT_LEARNERS,
        handover::KEYS_LEFT,
        world::load::WARDS,
        handover::DESTROY_KEYS,
        policies::UNTOLD,
        policies::TOLD,
        rotation::COUNT_CONTENT,
        rotation::COUNT_LEARNERS,
        rotation::FORGET_KEYS,
        rotation::OLD_CONTENT,
        rotation::OLD_LEARNERS,
        rotation::WRAP_CONTENT,
        rotation::WRAP_LEARNER,
        bodies::BODY,
        bodies::DROP,
        bodies::FIRST_KEPT,
        bodies::FIRST_NEEDED,
        acts::FREED,
        acts::OVER,
        erasure::PAGE,
        scrub::WAITING,
        sweeper::OLD_REQUESTS,
        sweeper::OF_PARTY,
        sweeper::OLD_STAGED,
        sweeper::PAST,
        sweeper::STANDING,
    ];
    all.extend(
        acts::STATEMENTS
            .into_iter()
            .chain(fixed)
            .chain(world::FORGETTING)
            .map(Statement::from)
            .chain(acts::PARTS.iter().copied()),
    );
    all
}

/// A fresh database on the cluster, where there is one. In CI there is.
async fn postgres(name: &str) -> Option<(Db, String)> {
    let (url, name) = database(name).await?;
    Some((Db::postgres(&url).await.unwrap(), name))
}

/// Its URL and its name.
async fn database(name: &str) -> Option<(String, String)> {
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
    Some((format!("{server}/{name}"), name))
}

async fn forget(db: Db, name: &str) {
    db.close().await;
    drop_database(name).await;
}

async fn drop_database(name: &str) {
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

/// Another key in the place of one that is in use would close everything under it.
async fn a_second_key_of_a_setting_and_epoch_is_refused_by(db: &Db) {
    let key = |byte: u8| SettingKeyRow {
        setting_id: SettingId::from_bytes([1; 16]),
        epoch: 1,
        wrapped: vec![byte],
    };
    let mut tx = db.begin_write().await.unwrap();
    tx.upsert(vec![key(1)]).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = db.begin_write().await.unwrap();
    assert!(tx.upsert(vec![key(2)]).await.is_err());
    drop(tx);
    let of = vec![key(1).setting_id.into_value()];
    let kept: Vec<SettingKeyRow> = db
        .once()
        .await
        .unwrap()
        .rows_by("setting_id", of)
        .await
        .unwrap();
    assert_eq!(kept, [key(1)]);
}

#[tokio::test]
async fn a_setting_has_one_key_an_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::sqlite(&folder.path().join("ledger.db")).await.unwrap();
    a_second_key_of_a_setting_and_epoch_is_refused_by(&db).await;
    let Some((db, name)) = postgres("setting_key").await else {
        return;
    };
    a_second_key_of_a_setting_and_epoch_is_refused_by(&db).await;
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
