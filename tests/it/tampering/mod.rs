//! Whatever is changed in a ledger is told: bytes of rows and of exported files flipped in turn, rows
//! taken away, exchanged and added, a ledger cut short, set back and forked. In the campaign all of
//! it, elsewhere some by chance. And nothing is told of what nobody changed.

mod column;
mod files;
mod rows;
mod shape;

use serde_json::Value;

use crate::campaign::wanted;
use crate::chance::{Dice, seed};
use crate::export::{Auditor, Ran, filled_to};
use crate::harness::*;
use crate::ledger::a_day;

/// Entries the campaign has; elsewhere fewer will do.
const ENTRIES: u64 = 1_000;
const ENTRIES_BRIEF: u64 = 300;
/// Changes that are made where it is no campaign.
const BRIEF: usize = 40;
/// Clean checks of the campaign.
const CLEAN: usize = 10_000;

/// How many faults were told; none where a ledger could not be read to its end.
fn faults(told: &Ran) -> Option<i64> {
    let lines = told.said.lines();
    let mut values = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    values.find_map(|line| line["summary"]["faults"].as_i64())
}

async fn verified(auditor: &Auditor) -> Ran {
    auditor.audit(&["verify", "--state"]).await
}

/// Some of them by chance, or all.
fn some<T>(mut all: Vec<T>, max: usize) -> Vec<T> {
    let mut dice = Dice::of(seed(), 0);
    while all.len() > max {
        all.swap_remove(dice.below(all.len()));
    }
    all
}

/// No check of what nobody changed gives an alarm.
async fn nothing_is_told_of_nothing(exchange: &Exchange, checks: usize) {
    a_day(exchange).await;
    filled_to(exchange, ENTRIES_BRIEF).await;
    let mut dice = Dice::of(seed(), 1);
    for _ in 0..checks {
        exchange.prove_by_chance(|below| dice.below(below)).await;
    }
    println!("figures: tampering: seed={} clean checks={checks}", seed());
}

on_both_engines! {
    async fn a_flipped_byte_of_any_row_is_told(exchange) {
        rows::rows_are_told(exchange, false).await;
    }

    async fn a_flipped_byte_of_content_closes_it(exchange) {
        rows::content_is_closed(exchange, false).await;
    }

    async fn a_row_taken_away_exchanged_or_added_is_told(exchange) {
        shape::rows_are_told(exchange, 3).await;
    }

    async fn a_ledger_cut_short_set_back_or_forked_is_told(exchange) {
        shape::ends_are_told(exchange, 2).await;
    }

    async fn proofs_of_an_untouched_ledger_hold(exchange) {
        nothing_is_told_of_nothing(exchange, 100).await;
    }

    async fn campaign_tampering_with_every_byte_of_rows(exchange) {
        if wanted() {
            rows::rows_are_told(exchange, true).await;
        }
    }

    async fn campaign_tampering_with_every_byte_of_content(exchange) {
        if wanted() {
            rows::content_is_closed(exchange, true).await;
        }
    }

    async fn campaign_tampering_with_whole_rows(exchange) {
        if wanted() {
            shape::rows_are_told(exchange, usize::MAX).await;
        }
    }

    async fn campaign_tampering_with_the_end(exchange) {
        if wanted() {
            shape::ends_are_told(exchange, 50).await;
        }
    }

    async fn campaign_tampering_false_alarms(exchange) {
        if wanted() {
            nothing_is_told_of_nothing(exchange, CLEAN).await;
        }
    }
}

// What an export is made of is the same for both engines.
#[test]
fn a_flipped_byte_of_an_exported_file_is_told() {
    run(async || files::bytes_are_told(BRIEF).await);
}

#[test]
fn campaign_tampering_with_every_byte_of_files() {
    if wanted() {
        run(async || files::bytes_are_told(usize::MAX).await);
    }
}
