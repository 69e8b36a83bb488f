//! A node whose clock is off the database's dates no entry. PostgreSQL alone: SQLite has no clock of
//! its own.

use baton_domain::act::ListSettings;
use baton_store::{Clock, Ledger, Refusal};

use crate::engine::Home;
use crate::world::bootstrap;

/// The database tells another time than the machine's, as one on another machine may.
const OFF: &str = "
    CREATE TABLE off (by_ms BIGINT NOT NULL);
    INSERT INTO off VALUES (0);
    CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
    $$ SELECT pg_catalog.clock_timestamp() + (SELECT by_ms FROM off) * interval '1 ms' $$;
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog',
    current_database()); END $$";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_more_than_two_seconds_off_its_database_writes_nothing_and_goes_on_when_it_is_right()
{
    let Some(home) = Home::postgres().await else {
        return;
    };
    let (ledger, officer) = bootstrap(&home, &Clock::System).await;
    home.tamper(OFF).await;
    // Only new connections know of it.
    ledger.close().await;
    let ledger = Ledger::open(&home.place(), Clock::System, false)
        .await
        .unwrap();
    let ask = || {
        let act = ListSettings {
            after: None,
            limit: 1,
            code: None,
        };
        ledger.act(&officer, act)
    };
    for (by_ms, dated) in [
        (0, true),
        (1_000, true),
        (2_500, false),
        (-1_000, true),
        (-2_500, false),
        (0, true),
    ] {
        home.tamper(&format!("UPDATE off SET by_ms = {by_ms}"))
            .await;
        let size = *ledger.size().borrow();
        let answer = ask().await.map(drop);
        let expected = if dated {
            Ok(())
        } else {
            Err(Refusal::ClockSkew)
        };
        assert_eq!(answer, expected, "{by_ms} ms");
        let rows = home.count("SELECT count(*) FROM entry").await;
        assert_eq!(
            u64::try_from(rows).unwrap(),
            size + u64::from(dated),
            "{by_ms} ms"
        );
    }
    ledger.close().await;
    home.forget().await;
}
