//! What the operator does meanwhile: epochs again and again, another master key now and then,
//! backups all the time.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use baton_store::{BackupError, Restored, StoreError};
use baton_wire::v1;
use tokio::sync::watch;
use tokio::time::Instant;

use super::standing::Standing;
use crate::backup::{Files, backed_up};
use crate::chance::Dice;
use crate::harness::*;
use crate::master_key::{handed, own, rotate};

/// Epochs that are opened at least: so that some are past what is kept and destroyed.
const EPOCHS_MIN: usize = 4;
/// With one of so many epochs the master key is changed too.
const MASTER_EVERY: usize = 3;
/// After one of so many epochs the next one does not wait until all is wrapped anew.
const HASTE_ONE_IN: usize = 3;
/// Longest it may take until everything is wrapped anew and what is past is destroyed.
const TURN_MAX: Duration = Duration::from_mins(3);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What was done.
#[derive(Default)]
pub(super) struct Done {
    pub(super) epochs: usize,
    pub(super) masters: usize,
}

/// Where old master keys are put, under their fingerprints, as docs/keys.md says.
fn safe(home: &Home, fingerprint: &str) -> PathBuf {
    home.base().join(format!("{fingerprint}.safe"))
}

/// Rotates for as long as it is to last; tells how many epochs there were.
pub(super) async fn rotate_on(
    exchange: &Exchange,
    (standing, officers): (&Standing, &[Caller]),
    (lasts, mut dice): (Duration, Dice),
    told: watch::Sender<usize>,
) -> Done {
    let (mut done, began) = (Done::default(), Instant::now());
    while done.epochs < EPOCHS_MIN || began.elapsed() < lasts {
        let officer = &officers[done.epochs % officers.len()];
        let request = v1::RotateKeysRequest {
            parent: officer.setting.clone(),
            request_id: fresh(),
        };
        let mut keys = officer.keys();
        let rotated = standing.tally.of("rotate_keys", keys.rotate_keys(request));
        let Some(rotated) = rotated.await else {
            break;
        };
        standing.keep(&rotated.into_inner().receipt.unwrap());
        done.epochs += 1;
        told.send_replace(done.epochs);
        let changes = done.epochs % MASTER_EVERY == 0;
        if !changes && done.epochs > EPOCHS_MIN && dice.one_in(HASTE_ONE_IN) {
            continue;
        }
        turned(exchange, standing).await;
        if changes {
            // Each node has the epoch: none looks for a key it cannot find yet.
            for officer in officers {
                let parent = officer.setting.clone();
                let mut keys = officer.keys();
                let listed = keys.list_epochs(v1::ListEpochsRequest { parent });
                let _ = standing.tally.of("list_epochs", listed).await;
            }
            done.masters += usize::from(change_master(exchange, standing, officer).await);
        }
    }
    turned(exchange, standing).await;
    done
}

/// Waits until all that lives is under the epoch in force and what is past is destroyed.
async fn turned(exchange: &Exchange, standing: &Standing) {
    let kept = usize::from(exchange.home.place().rotation.keep);
    let ledger = exchange.running().ledger();
    let turn = async {
        loop {
            let epochs = ledger.epochs().await.unwrap();
            if epochs.len() <= kept + 1 && epochs.iter().all(|epoch| epoch.keys == 0) {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    if tokio::time::timeout(TURN_MAX, turn).await.is_err() {
        let what = format!("not all is wrapped anew after {} s", TURN_MAX.as_secs());
        standing.tally.wrong("rotate_keys", what);
    }
}

/// Another master key, as docs/keys.md says: put into force, the old one into the safe, the new one
/// to where the service looks for it.
async fn change_master(exchange: &Exchange, standing: &Standing, officer: &Caller) -> bool {
    let home = &exchange.home;
    let (new, path) = handed(home, "next.key").await;
    fs::copy(own(home), safe(home, &new.old)).unwrap();
    fs::copy(&path, safe(home, &new.new)).unwrap();
    let changing = rotate(officer, &new);
    let Some(changed) = standing.tally.of("rotate_master_key", changing).await else {
        return false;
    };
    standing.keep(&changed.receipt.unwrap());
    fs::rename(path, own(home)).unwrap();
    true
}

/// A backup with every epoch there is time for, by one node after the other. How many, and the last.
pub(super) async fn back_up_on(
    (standing, officers): (&Standing, &[Caller]),
    mut epochs: watch::Receiver<usize>,
) -> (usize, Option<v1::BackUpResponse>) {
    let (mut made, mut last) = (0, None);
    while epochs.changed().await.is_ok() {
        let officer = &officers[made % officers.len()];
        if let Some(backup) = standing.tally.of("back_up", backed_up(officer)).await {
            made += 1;
            last = Some(backup);
        }
    }
    (made, last)
}

/// Everything is lost but backups and the safe; the ledger is put back and served.
pub(super) async fn put_back(exchange: &mut Exchange, made: &v1::BackUpResponse) -> Restored {
    exchange.stop().await;
    let files = Files::of(made);
    let newest = exchange.home.lose_everything().await;
    let restored = match exchange.restore(&files, (true, Some(&newest))).await {
        // The master key was changed after it was made.
        Err(BackupError::Store(StoreError::OtherMasterKey { needed, .. })) => {
            let of_its_time = safe(&exchange.home, &needed);
            exchange.restore(&files, (true, Some(&of_its_time))).await
        }
        restored => restored,
    };
    let restored = restored.expect("the last backup is restored");
    exchange.start(false).await.unwrap();
    restored
}
