//! A restore that is killed at any moment: what it leaves is not served, and it is run again.

use std::process::Command;
use std::time::{Duration, Instant};

use baton_store::{Clock, Ledger, StoreError};
use baton_wire::v1::Role;

use super::{Files, backed_up};
use crate::harness::*;
use crate::killed::cast::command;

/// Kills of one engine, spread over the time a restore takes.
const KILLS: u32 = 8;
/// About as long as such a small ledger takes to be written.
const WRITES: Duration = Duration::from_millis(40);
const LOOK_EVERY: Duration = Duration::from_micros(200);

fn restore(home: &Home, files: &Files, master: &std::path::Path) -> Command {
    let mut restore = command(home);
    restore
        .arg("restore")
        .arg(&files.content)
        .arg("--keys")
        .arg(&files.keys)
        .arg("--master-key")
        .arg(master)
        .arg("--folder")
        .arg(home.place().folder);
    restore
}

on_both_engines! {
    async fn a_restore_that_was_killed_is_not_served_and_is_run_again(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let published = sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let files = Files::of(&backed_up(&exchange.officer).await.unwrap());
        exchange.stop().await;
        let master = exchange.home.lose_everything().await;
        let began = Instant::now();
        assert!(restore(&exchange.home, &files, &master).status().unwrap().success());
        let (takes, place) = (began.elapsed(), exchange.home.place());
        let mut left_unfinished = 0;
        for kill in 1..=KILLS {
            exchange.home.lose_everything().await;
            let mut killed = restore(&exchange.home, &files, &master).spawn().unwrap();
            if kill % 2 == 0 {
                tokio::time::sleep(takes * kill / KILLS).await;
            } else {
                // While it writes, which is a small part of the time it takes.
                while !place.folder.join("restore.unfinished").exists() {
                    assert!(killed.try_wait().unwrap().is_none(), "it ended before it wrote");
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                tokio::time::sleep(WRITES * (kill - 1) / KILLS).await;
            }
            killed.kill().unwrap();
            let ended = killed.wait().unwrap().success();
            let opened = Ledger::open(&place, Clock::System, false).await;
            match opened {
                Ok(ledger) => ledger.close().await,
                Err(StoreError::Unfinished(_)) => left_unfinished += 1,
                // Killed before it wrote anything.
                Err(StoreError::NoLedger(_)) => assert!(!place.folder.exists()),
                Err(other) => panic!("{other}"),
            }
            let again = restore(&exchange.home, &files, &master).output().unwrap();
            // One that was done already finds the place taken.
            let said = String::from_utf8_lossy(&again.stdout).into_owned();
            let taken = said.contains("holds a ledger already");
            assert!(again.status.success() || ended || taken, "{said}");
            let ledger = Ledger::open(&place, Clock::System, false).await.unwrap();
            assert_eq!(ledger.term(), 2);
            ledger.close().await;
        }
        println!("figures: kills={KILLS} unfinished={left_unfinished} takes={takes:?}");
        assert!(left_unfinished > 0, "no kill came while it wrote");
        exchange.start(false).await.unwrap();
        exchange.is_verified().await;
        assert!(receiver.at(&exchange.door).get(&published.name).await.is_ok());
    }

    async fn what_says_that_it_is_unfinished_is_not_served_and_only_its_own_backup_goes_on(exchange) {
        let files = Files::of(&backed_up(&exchange.officer).await.unwrap());
        exchange.stop().await;
        // As a restore leaves it that was killed after its commit.
        let marker = exchange.home.place().folder.join("restore.unfinished");
        std::fs::write(&marker, "of another backup").unwrap();
        let refused = exchange.start(false).await.unwrap_err();
        assert!(matches!(refused, StoreError::Unfinished(_)), "{refused}");
        let taken = exchange.restore(&files, (false, None)).await.unwrap_err();
        assert!(taken.to_string().contains("holds a ledger already"), "{taken}");
        std::fs::remove_file(&marker).unwrap();
        exchange.start(false).await.unwrap();
    }
}
