//! Every damaged backup is found, whoever damaged it, and nothing is written.

use std::fs;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use baton_store::{BackupError, MasterKey, Place};
use baton_wire::v1::Role;

use super::{Files, backed_up, nobody};
use crate::chance::{Dice, seed, time};
use crate::harness::*;

/// Damaged copies of each file in the short form; the campaign flips every byte.
const SAMPLE: usize = 60;

/// A check of these files for an empty place with that master key. It leaves the place as it was.
async fn found(exchange: &Exchange, files: &Files, master: &Path) -> Option<BackupError> {
    let place = Place {
        master: Some(MasterKey::File(master.to_owned())),
        ..exchange.home.place()
    };
    let checked = files.restore(true).check(&place, &nobody()).await;
    assert!(!place.folder.exists(), "something was written");
    checked.err()
}

/// Where to damage: everywhere in a campaign, else here and there and at both ends.
fn places(length: usize, dice: &mut Dice) -> Vec<usize> {
    if time().is_some() {
        return (0..length).collect();
    }
    let drawn = (0..SAMPLE).map(|_| dice.below(length));
    drawn
        .chain([0, 15, 16, 20, length - 1, length - 33, length - 65])
        .collect()
}

#[test]
fn campaign_fuzz_a_damaged_backup_is_found_wherever_it_is_damaged() {
    run(async || {
        let mut exchange = Exchange::new(Home::sqlite()).await;
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender
            .publish(submission(&of, typical(1, of.point)))
            .await
            .unwrap();
        let files = Files::of(&backed_up(&exchange.officer).await.unwrap());
        exchange.stop().await;
        let master = exchange.home.lose_everything().await;
        assert!(
            found(&exchange, &files, &master).await.is_none(),
            "it is sound"
        );

        let mut dice = Dice::of(seed(), 1);
        for path in [&files.content, &files.keys] {
            let sound = fs::read(path).unwrap();
            for at in places(sound.len(), &mut dice) {
                let mut damaged = sound.clone();
                damaged[at] ^= 1 << dice.below(8);
                fs::write(path, &damaged).unwrap();
                let told = found(&exchange, &files, &master).await;
                assert!(told.is_some(), "byte {at} of {}", path.display());
            }
            for length in [0, 10, 200, sound.len() / 2, sound.len() - 1] {
                fs::write(path, &sound[..length]).unwrap();
                assert!(
                    found(&exchange, &files, &master).await.is_some(),
                    "cut at {length}"
                );
            }
            fs::write(path, [&sound[..], b"\n"].concat()).unwrap();
            assert!(found(&exchange, &files, &master).await.is_some(), "longer");
            fs::write(path, &sound).unwrap();
        }
        exchange.end().await;
    });
}

/// Who can write to the backups makes the digest fit what they changed; the ring vouches for it.
#[test]
fn a_changed_backup_whose_digest_was_made_to_fit_is_found() {
    run(async || {
        let mut exchange = Exchange::new(Home::sqlite()).await;
        let files = Files::of(&backed_up(&exchange.officer).await.unwrap());
        exchange.stop().await;
        let master = exchange.home.lose_everything().await;
        let sound = fs::read(&files.content).unwrap();
        // The name of a school that has no move stands in an access row, and in no entry.
        let name = b"School Elsewhere";
        let at = sound.windows(name.len()).position(|found| found == name);
        let mut changed = sound.clone();
        changed[at.unwrap()] ^= 1;
        let end = changed.len() - 64;
        let fits = digest(&SHA256, &changed[..end]);
        changed[end..end + 32].copy_from_slice(fits.as_ref());
        fs::write(&files.content, &changed).unwrap();
        let told = found(&exchange, &files, &master).await.unwrap().to_string();
        for fault in ["lacks the ring", "is not what the entries made of it"] {
            assert!(told.contains(fault), "{told}");
        }
        exchange.end().await;
    });
}
