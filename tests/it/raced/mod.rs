//! Rights that are taken away while they are used. Somebody reads a profile again and again, and
//! watches; meanwhile the right to it goes, on another server. No entry after the one that took it
//! away shows anything to whoever lost it, and no answer gives what no entry names.

mod judged;
mod lane;

use futures::future::join_all;
use tokio::time::Instant;

use crate::campaign;
use crate::chance;
use crate::harness::*;
use judged::Judged;
use lane::Lane;

/// Trials of a round; their entries are judged together.
const ROUND: usize = 50;
/// Schools whose profiles are read at the same time.
const LANES: usize = 3;
const TRIALS_IN_A_CAMPAIGN: usize = 20_000;

/// What takes the right away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Revoked,
    Redirected,
    Withdrawn,
    Restricted,
    Erased,
}

const CHANGES: [Change; 5] = [
    Change::Revoked,
    Change::Redirected,
    Change::Withdrawn,
    Change::Restricted,
    Change::Erased,
];

/// One profile, and how somebody lost it.
struct Trial {
    change: Change,
    /// The receiving setting, as entries name it.
    setting: String,
    /// Who read, as entries name it.
    credential: String,
    profile: String,
    /// Where the right went; the entry itself says so of a restriction.
    gone: Option<i64>,
    /// Answers with content, to whoever asked.
    given: usize,
    /// Items with content, on the open watch.
    watched: usize,
}

/// Rounds of trials on every lane, until there were so many.
async fn raced(exchange: &Exchange, other: &Door, trials: usize) -> Judged {
    let to = [&exchange.secondary, &exchange.academy, &exchange.elsewhere];
    let mut lanes = Vec::new();
    for number in 0..LANES {
        let next = to[(number + 1) % LANES];
        lanes.push(Lane::open(exchange, other, number, (to[number], next)).await);
    }
    let mut all = Judged::default();
    let mut left = trials;
    while left > 0 {
        let each = ROUND.min(left.div_ceil(LANES));
        let before = exchange.size();
        let rounds = join_all(lanes.iter_mut().map(|lane| lane.round(each))).await;
        let trials: Vec<Trial> = rounds.into_iter().flatten().collect();
        left = left.saturating_sub(trials.len());
        all.judge(&trials, &exchange.lines(before).await);
    }
    all
}

async fn campaign_of(home: Home) {
    let engine = if home.is_postgres() {
        "postgres"
    } else {
        "sqlite"
    };
    let exchange = Exchange::new(home).await;
    let began = Instant::now();
    let judged = if exchange.home.is_postgres() {
        let (second, other) = exchange.second().await;
        let judged = raced(&exchange, &other, TRIALS_IN_A_CAMPAIGN).await;
        second.stop().await;
        judged
    } else {
        raced(&exchange, &exchange.door, TRIALS_IN_A_CAMPAIGN).await
    };
    let seconds = began.elapsed().as_secs();
    println!(
        "figures: {engine}: seed={} {judged} seconds={seconds}",
        chance::seed()
    );
    exchange.end().await;
}

#[test]
fn campaign_access_lost_while_it_is_used_on_sqlite() {
    if campaign::wanted() {
        run(async || campaign_of(Home::sqlite()).await);
    }
}

#[test]
fn campaign_access_lost_while_it_is_used_on_two_nodes_of_postgres() {
    if campaign::wanted() {
        run(async || {
            if let Some(home) = Home::postgres().await {
                campaign_of(home).await;
            }
        });
    }
}

/// So few that each change comes several times.
const TRIALS: usize = 30;

#[test]
fn whoever_loses_a_right_while_using_it_is_shown_nothing_after_on_sqlite() {
    run(async || {
        let exchange = Exchange::new(Home::sqlite()).await;
        let judged = raced(&exchange, &exchange.door, TRIALS).await;
        judged.is_no_accident();
        exchange.end().await;
    });
}

#[test]
fn whoever_loses_a_right_while_using_it_is_shown_nothing_after_on_two_nodes_of_postgres() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let (second, other) = exchange.second().await;
        let judged = raced(&exchange, &other, TRIALS).await;
        judged.is_no_accident();
        second.stop().await;
        exchange.end().await;
    });
}
