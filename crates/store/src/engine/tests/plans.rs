//! Statements that are asked often, or of large tables, are served by an index on both engines,
//! whatever the planner believes about who is asked for.

use sqlx::{AssertSqlSafe, PgPool, SqlitePool};

use super::{Db, forget, postgres};
use crate::engine::table::Table as _;
use crate::rows::{CredentialRow, DocumentRow, FriendRow, StagedRow};
use crate::{acts, sweeper};

/// Rows of each table. One setting has half of them, and what it asks for is not there: the answer
/// a waiting stream gets most often, and the one a scan is worst at.
const ROWS: i64 = 100_000;

/// Statement, types and values of its parameters, tables it may scan.
struct Asked {
    sql: &'static str,
    types: &'static str,
    values: &'static str,
}

const ASKED: [Asked; 14] = [
    Asked {
        sql: acts::OF_COUNCIL,
        types: "text, text, bigint",
        values: "'351', 'stg_2', 100",
    },
    Asked {
        sql: acts::WITHOUT,
        types: "text, text, bigint, text",
        values: "'351', 'stg_2', 100, '2026-03-10'",
    },
    Asked {
        sql: sweeper::OF_PARTY,
        types: "text, text, bigint",
        values: "'stg_large', 'trn_050000', 256",
    },
    Asked {
        sql: acts::STIRRED,
        types: "text, bigint, text, bigint, bigint, text, text",
        values: "'stg_large', 1000000, 'crd_1', 2, 4, 'sub_1', 'wat_1'",
    },
    Asked {
        sql: acts::ARRIVED,
        types: "text, bigint, text, bigint, bigint",
        values: "'stg_large', 1000000, 'crd_1', 2, 4",
    },
    Asked {
        sql: acts::FEED,
        types: "text, bigint, bigint, bigint, bigint, bigint, text, bigint, bigint",
        values: "'stg_large', 50000, 0, 3, 2025, 64, 'crd_1', 2, 4",
    },
    Asked {
        sql: acts::MOVES,
        types: "text, text, bigint, bigint, bigint",
        values: "'stg_small', '', 0, 0, 256",
    },
    Asked {
        sql: acts::MOVES,
        types: "text, text, bigint, bigint, bigint",
        values: "'stg_large', 'trn_050000', 0, 1, 256",
    },
    Asked {
        sql: acts::SIGHTINGS,
        types: "text, bigint, bigint, bigint",
        values: "'als_7', 0, 500, 0",
    },
    Asked {
        sql: sweeper::OLD_REQUESTS,
        types: "bigint, bigint",
        values: "10, 256",
    },
    Asked {
        sql: sweeper::STANDING,
        types: "text, bigint",
        values: "'prf_050000', 256",
    },
    Asked {
        sql: sweeper::OLD_STAGED,
        types: "bigint, bigint",
        values: "10, 1",
    },
    Asked {
        sql: acts::OVER,
        types: "text, bigint",
        values: "'2026-03-10', 256",
    },
    Asked {
        sql: acts::FREED,
        types: "text, bigint",
        values: "'doc_050000', 256",
    },
];

/// The same of what goes with contributions, which every batch asks for by them, and of what names a
/// learner.
fn asked() -> Vec<Asked> {
    let of_documents = DocumentRow::statements().by("profile_id", 1);
    let of_staged = StagedRow::statements().by("profile_id", 1);
    let naming = FriendRow::statements().by("learner_id", 1);
    let of_families = CredentialRow::statements().by("learner_id", 1);
    let by = of_documents
        .into_iter()
        .chain(of_staged)
        .chain(naming)
        .chain(of_families)
        .map(|found| Asked {
            sql: found.postgres,
            types: "text, text, text, text",
            values: "'prf_1', 'prf_2', 'lrn_3', 'lrn_none'",
        });
    ASKED.into_iter().chain(by).collect()
}

/// The index of a few rows of a large table, where there is one: going through the whole of another
/// index would pass for a search.
fn small_index(asked: &Asked) -> &'static str {
    match asked.sql {
        acts::FREED => "document_taken_back",
        acts::OVER => "recipient_last_day",
        _ => "",
    }
}

/// How SQLite says that it goes through a whole table, by name or by the name a text gives it.
const TABLES: [&str; 19] = [
    "SCAN credential",
    "SCAN recipient",
    "SCAN moved",
    "SCAN feed",
    "SCAN lease",
    "SCAN delegation",
    "SCAN friend",
    "SCAN request",
    "SCAN transition",
    "SCAN profile",
    "SCAN setting",
    "SCAN document",
    "SCAN staged",
    "SCAN a ",
    "SCAN e ",
    "SCAN d ",
    "SCAN h ",
    "SCAN p ",
    "SCAN t ",
];

/// The rows, said so that both engines understand it; `{n}` counts them.
const FILL: [&str; 15] = [
    "INSERT INTO agreement SELECT 'stg_' || n, '1', {blob}, '2025-09-01', NULL, 1, n % 2 FROM {n}",
    "INSERT INTO feed SELECT CASE WHEN n % 2 = 0 THEN 'stg_large' ELSE 'stg_' || n % 500 END, \
     n, 0, 1, CASE WHEN n % 50 = 0 THEN 1 ELSE 0 END, 'prf_' || n, 'trn_' || n, 2, 2025 FROM {n}",
    "INSERT INTO lease SELECT 'sub_' || n, 'wat_' || n FROM {n}",
    "INSERT INTO request SELECT 'key_' || n, {blob}, n, 1000000 + n, 0, 0, '', NULL, 0, 0, '' FROM {n}",
    "INSERT INTO transition SELECT 'trn_' || substr('000000' || n, -6), 'lrn_' || n, \
     'primary-secondary', 2025, CASE WHEN n % 2 = 0 THEN 'stg_large' ELSE 'stg_' || n % 500 END, \
     'stg_' || n % 90, 'stg_council', CASE WHEN n % 900 = 0 THEN 'stg_council' END, NULL, 0, NULL, 0, NULL \
     FROM {n}",
    "INSERT INTO recipient SELECT 'trn_' || substr('000000' || n, -6), \
     CASE WHEN n % 2 = 0 THEN 'stg_large' ELSE 'stg_' || n % 500 END, 2, 2, NULL, \
     CASE WHEN n % 1000 = 0 THEN '2026-03-01' END, 2, 0, 0 FROM {n}",
    "INSERT INTO profile SELECT 'prf_' || substr('000000' || n, -6), 'trn_' || n, 'stg_large', 0, 1, \
     1, 1, 2, 'cnt_' || n, '', 1, n, n FROM {n}",
    "INSERT INTO setting SELECT 'stg_' || n, 3, '', CASE WHEN n % 900 = 0 THEN '351' ELSE '' END, '', 1, {blob}, \
     CASE WHEN n % 50 = 0 THEN 'stg_' || n % 700 END FROM {n}",
    "INSERT INTO entry SELECT n, {blob}, {blob} FROM {n}",
    "INSERT INTO document SELECT 'doc_' || substr('000000' || n, -6), 'prf_' || n % 9000, 'cnt_' || n, \
     9, CASE WHEN n % 1000 = 0 THEN 5 ELSE 1 END, 1, 1, {blob}, {blob}, n, n FROM {n}",
    "INSERT INTO staged SELECT 'doc_' || n, 'prf_' || n % 9000, 'stg_' || n % 500, 'crd_1', \
     'cnt_' || n, 9, 1, 1, {blob}, {blob}, 1000000 + n FROM {n}",
    "INSERT INTO credential SELECT 'crd_' || n, 'stg_' || n % 500, '', 2, 0, '', 'lrn_' || n, 2, '', 1, {blob}, 0, n, 1 FROM {n}",
    "INSERT INTO delegation SELECT 'stg_' || n % 500, 'stg_' || n, 2, 1, 0, '', '', 0 FROM {n}",
    "INSERT INTO friend SELECT 'prf_' || n, 0, 1, 'lrn_' || n % 9000 FROM {n}",
    "INSERT INTO about SELECT 'als_' || n % 1000, n, 0 FROM {n}",
];

#[tokio::test]
async fn what_is_asked_often_is_served_by_an_index_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::sqlite(&folder.path().join("ledger.db")).await.unwrap();
    let Db::Sqlite { write, .. } = &db else {
        unreachable!()
    };
    for text in FILL {
        let numbers = format!(
            "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {ROWS}) \
             SELECT n FROM c)"
        );
        let text = text.replace("{n}", &numbers).replace("{blob}", "x'00'");
        sqlx::raw_sql(AssertSqlSafe(text))
            .execute(write)
            .await
            .unwrap();
    }
    // Once as it is in a folder nobody has analysed, and once as SQLite would know it.
    for analyse in [false, true] {
        if analyse {
            sqlx::raw_sql("ANALYZE").execute(write).await.unwrap();
        }
        for asked in &asked() {
            let plan = sqlite_plan(write, asked).await;
            let scans = plan
                .lines()
                .any(|line| TABLES.iter().any(|table| line.starts_with(table)));
            assert!(!scans && plan.contains("SEARCH"), "{}\n{plan}", asked.sql);
            assert!(plan.contains(small_index(asked)), "{}\n{plan}", asked.sql);
        }
    }
}

async fn sqlite_plan(write: &SqlitePool, asked: &Asked) -> String {
    let mut sql = format!("EXPLAIN QUERY PLAN {}", asked.sql);
    for (number, value) in (1..).zip(asked.values.split(", ")) {
        sql = sql.replace(&format!("${number}"), value);
    }
    let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(sql))
        .fetch_all(write)
        .await
        .unwrap();
    let lines: Vec<String> = rows.into_iter().map(|row| row.3).collect();
    lines.join("\n")
}

#[tokio::test]
async fn what_is_asked_often_is_served_by_an_index_on_postgres() {
    let Some((db, name)) = postgres("plans").await else {
        return;
    };
    let Db::Postgres(pool) = &db else {
        unreachable!()
    };
    for text in FILL {
        let numbers = format!("generate_series(1, {ROWS}) AS n");
        let text = text
            .replace("{n}", &numbers)
            .replace("{blob}", "'\\x00'::bytea")
            .replace("substr('000000' || n, -6)", "lpad(n::text, 6, '0')");
        sqlx::raw_sql(AssertSqlSafe(text))
            .execute(pool)
            .await
            .unwrap();
    }
    sqlx::raw_sql("ANALYZE").execute(pool).await.unwrap();
    // A driver's prepared statement is planned for its values five times, then once for all.
    for mode in ["force_custom_plan", "force_generic_plan"] {
        for asked in &asked() {
            let plan = postgres_plan(pool, mode, asked).await;
            assert!(!plan.contains("Seq Scan"), "{mode}: {}\n{plan}", asked.sql);
            assert!(plan.contains("Index"), "{mode}: {}\n{plan}", asked.sql);
            let by = small_index(asked);
            assert!(plan.contains(by), "{mode}: {}\n{plan}", asked.sql);
        }
    }
    forget(db, &name).await;
}

async fn postgres_plan(pool: &PgPool, mode: &str, asked: &Asked) -> String {
    let mut connection = pool.acquire().await.unwrap();
    let Asked { sql, types, values } = asked;
    let prepare = format!("SET plan_cache_mode = {mode}; PREPARE asked ({types}) AS {sql}");
    sqlx::raw_sql(AssertSqlSafe(prepare))
        .execute(&mut *connection)
        .await
        .unwrap();
    let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE asked({values})"));
    let lines: Vec<(String,)> = sqlx::query_as(explain)
        .persistent(false)
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    sqlx::raw_sql("DEALLOCATE asked")
        .execute(&mut *connection)
        .await
        .unwrap();
    let lines: Vec<String> = lines.into_iter().map(|line| line.0).collect();
    lines.join("\n")
}
