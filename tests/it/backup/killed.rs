//! A restore that is killed at any moment: what it leaves is not served, and it is run again.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use baton_store::{Clock, Ledger, StoreError};
use baton_wire::v1::Role;

use super::{Files, backed_up};
use crate::harness::*;
use crate::killed::cast::command;

/// Kills of one engine, spread over the time a restore takes.
const KILLS: u32 = 8;
/// On a busy machine it may be over before anybody saw it write: then there are more.
const KILLS_MAX: u32 = 64;
/// About as long as such a small ledger takes to be written.
const WRITES: Duration = Duration::from_millis(40);
const LOOK_EVERY: Duration = Duration::from_micros(200);

fn restore(home: &Home, files: &Files, master: &Path) -> Command {
    restore_into(&home.place().folder, home, files, master)
}

fn restore_into(folder: &Path, home: &Home, files: &Files, master: &Path) -> Command {
    let mut restore = command(home);
    restore
        .arg("restore")
        .arg(&files.content)
        .arg("--keys")
        .arg(&files.keys)
        .arg("--master-key")
        .arg(master)
        .arg("--folder")
        .arg(folder);
    restore
}

/// Waits until a restore writes, which is a small part of the time it takes, or has ended.
async fn writes(folder: &Path, restore: &mut Child) {
    while !folder.join("restore.unfinished").exists() && restore.try_wait().unwrap().is_none() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// That a restore killed this early left nothing but an empty folder.
fn nothing_is_in(folder: &Path) {
    let Ok(inside) = std::fs::read_dir(folder) else {
        return;
    };
    let names: Vec<_> = inside.map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| name == "lock"), "{names:?}");
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
        let mut kill = 0;
        while kill < KILLS || left_unfinished == 0 {
            kill += 1;
            assert!(kill <= KILLS_MAX, "no kill came while it wrote");
            exchange.home.lose_everything().await;
            let mut killed = restore(&exchange.home, &files, &master).spawn().unwrap();
            if kill % 2 == 0 {
                tokio::time::sleep(takes * (kill % KILLS) / KILLS).await;
            } else {
                writes(&place.folder, &mut killed).await;
                tokio::time::sleep(WRITES * (kill % KILLS) / KILLS).await;
            }
            killed.kill().unwrap();
            let ended = killed.wait().unwrap().success();
            let opened = Ledger::open(&place, Clock::System, false).await;
            match opened {
                Ok(ledger) => ledger.close().await,
                Err(StoreError::Unfinished(_)) => left_unfinished += 1,
                // Killed before it wrote anything.
                Err(StoreError::NoLedger(_)) => nothing_is_in(&place.folder),
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
        println!("figures: kills={kill} unfinished={left_unfinished} takes={takes:?}");
        exchange.start(false).await.unwrap();
        exchange.is_verified().await;
        assert!(receiver.at(&exchange.door).get(&published.name).await.is_ok());
    }

    async fn of_two_restores_at_once_into_one_database_one_is_done(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let files = Files::of(&backed_up(&exchange.officer).await.unwrap());
        exchange.stop().await;
        let master = exchange.home.lose_everything().await;
        let place = exchange.home.place();
        // On PostgreSQL nothing but the database is in common.
        let second = match &place.postgres {
            Some(_) => place.folder.with_file_name("second"),
            None => place.folder.clone(),
        };
        let both = [&place.folder, &second].map(|folder| {
            restore_into(folder, &exchange.home, &files, &master).spawn().unwrap()
        });
        let ended = both.map(|restore| restore.wait_with_output().unwrap());
        let (done, refused): (Vec<_>, Vec<_>) = ended.iter().partition(|one| one.status.success());
        assert_eq!((done.len(), refused.len()), (1, 1), "{ended:?}");
        let said = String::from_utf8_lossy(&refused[0].stdout);
        let why = ["holds a ledger already", "another process is using"];
        assert!(why.iter().any(|why| said.contains(why)), "{said}");
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
