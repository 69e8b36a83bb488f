//! The long forms. `scripts/campaign` runs them; elsewhere they say so and end.

use std::time::Duration;

use tokio::time::Instant;

use crate::harness::*;
use crate::nodes::race;
use crate::refusals::flood;

const CALLS: usize = 100_000;

/// Whether this is a campaign.
pub(crate) fn wanted() -> bool {
    let wanted = std::env::var("BATON_CAMPAIGN").is_ok_and(|set| set == "1");
    if !wanted {
        println!("left out: part of the campaign (scripts/campaign)");
    }
    wanted
}

/// How long a search may go on.
fn minutes() -> Duration {
    let minutes = std::env::var("BATON_MINUTES")
        .ok()
        .and_then(|text| text.parse().ok());
    Duration::from_secs(60 * minutes.unwrap_or(5))
}

async fn flooded(home: Home) {
    let engine = if home.is_postgres() {
        "postgres"
    } else {
        "sqlite"
    };
    let exchange = Exchange::as_shipped(home).await;
    let began = Instant::now();
    let (growth, reasons) = flood(&exchange, CALLS).await;
    let seconds = began.elapsed().as_secs();
    println!("figures: {engine}: refused={CALLS} entries={growth} seconds={seconds} {reasons:?}");
    assert!(
        growth < 100,
        "{CALLS} refused calls grew the ledger by {growth} entries: {reasons:?}"
    );
    exchange.end().await;
}

#[test]
fn campaign_refusals_of_one_key_hardly_grow_the_ledger_on_sqlite() {
    if wanted() {
        run(async || flooded(Home::sqlite()).await);
    }
}

#[test]
fn campaign_refusals_of_one_key_hardly_grow_the_ledger_on_postgres() {
    if wanted() {
        run(async || {
            if let Some(home) = Home::postgres().await {
                flooded(home).await;
            }
        });
    }
}

#[test]
fn campaign_races_of_two_servers_lose_and_double_nothing() {
    if !wanted() {
        return;
    }
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let (second, other) = exchange.second().await;
        exchange.home.tamper(crate::nodes::DAWDLE).await;
        let (began, mut rounds, mut items) = (Instant::now(), 0, 0);
        while began.elapsed() < minutes() {
            // Some subscriptions are new, so that both snapshots and tails are raced.
            items += race(&exchange, &other, (&format!("race-{}", rounds % 8), 20)).await;
            rounds += 1;
        }
        println!("figures: races={rounds} items={items}");
        second.stop().await;
        exchange.end().await;
    });
}
