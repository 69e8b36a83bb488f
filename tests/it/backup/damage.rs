//! Every damaged backup is found, whoever damaged it, and nothing is written.

use std::fs;
use std::path::Path;
use std::time::Instant;

use aws_lc_rs::digest::{SHA256, digest};
use baton_store::{BackupError, MasterKey, Place};
use baton_wire::v1::Role;

use super::{Files, backed_up, nobody};
use crate::chance::{Dice, damaged, seed, time};
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

        let (mut dice, mut tried) = (Dice::of(seed(), 1), 0);
        for path in [&files.content, &files.keys] {
            let sound = fs::read(path).unwrap();
            for at in places(sound.len(), &mut dice) {
                let mut damaged = sound.clone();
                damaged[at] ^= 1 << dice.below(8);
                fs::write(path, &damaged).unwrap();
                let told = found(&exchange, &files, &master).await;
                assert!(told.is_some(), "byte {at} of {}", path.display());
                tried += 1;
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
        println!("figures: damaged={tried} missed=0");
        exchange.end().await;
    });
}

/// The same bytes with a digest that fits them.
fn fitting(mut bytes: Vec<u8>, vouched: &[u8]) -> Vec<u8> {
    let fits = digest(&SHA256, &bytes);
    bytes.extend_from_slice(fits.as_ref());
    bytes.extend_from_slice(vouched);
    bytes
}

/// Bytes that somebody meant: the digest is no help then, and what reads them has to stand.
#[test]
fn campaign_fuzz_a_forged_backup_is_refused_and_breaks_nothing() {
    run(async || {
        let mut exchange = Exchange::new(Home::sqlite()).await;
        let files = Files::of(&backed_up(&exchange.officer).await.unwrap());
        exchange.stop().await;
        let master = exchange.home.lose_everything().await;
        let sound = fs::read(&files.content).unwrap();
        let (body, trailer) = sound.split_at(sound.len() - 64);
        let (began, mut tried) = (Instant::now(), 0);
        while time().map_or(tried < 200, |time| began.elapsed() < time) {
            let mut dice = Dice::of(seed(), tried);
            let changed = damaged(&mut dice, &[body.to_vec()], &[b"R", b"E", b"T", b"Z"]);
            tried += 1;
            if changed == body {
                continue;
            }
            fs::write(&files.content, fitting(changed, &trailer[32..])).unwrap();
            let told = found(&exchange, &files, &master).await;
            // A reader that panicked is told so.
            let refused = told.is_some_and(|told| !matches!(told, BackupError::Fault));
            assert!(refused, "seed {} round {tried}", seed());
        }
        println!("figures: forged={tried} accepted=0");
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
        let trailer = changed.split_off(changed.len() - 64);
        fs::write(&files.content, fitting(changed, &trailer[32..])).unwrap();
        let told = found(&exchange, &files, &master).await.unwrap().to_string();
        for fault in ["lacks the ring", "is not what the entries made of it"] {
            assert!(told.contains(fault), "{told}");
        }
        exchange.end().await;
    });
}
