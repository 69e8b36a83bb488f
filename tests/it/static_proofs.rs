//! The folder of public proofs follows the ledger, for any web server; there are hashes in it and
//! one signature, and no entry.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use baton_domain::log::tile::write_hashes;
use baton_domain::log::{Checkpoint, Frontier, Growth, Hash};
use baton_server::StaticProofsError;

use crate::export::{beyond_one_tile, files, filled_to};
use crate::harness::*;
use crate::ledger::a_day;

/// The checkpoint in a folder.
fn checkpoint(folder: &Path, exchange: &Exchange) -> Checkpoint {
    let key = exchange.running().ledger().verifier_key();
    let signed = fs::read(folder.join("checkpoint")).unwrap();
    Checkpoint::open(&signed, &[key.parse().unwrap()]).expect("a good signature")
}

/// Holds every file of the folder to the entries, as the auditor reads them.
async fn holds(folder: &Path, exchange: &Exchange) -> Checkpoint {
    let signed = checkpoint(folder, exchange);
    let (entries, _) = exchange.officer.entries(0).await;
    let (mut growth, mut frontier, mut tiles) = (Growth::new(), Frontier::new(), Vec::new());
    for entry in entries.iter().take(usize::try_from(signed.size).unwrap()) {
        let leaf = Hash::try_from(entry.leaf_hash.as_ref()).unwrap();
        let completed = frontier.push(leaf);
        tiles.extend(growth.push(leaf, &completed));
    }
    assert_eq!(frontier.root(), signed.root);
    tiles.extend(growth.partial());
    let there: BTreeSet<PathBuf> = files(folder).into_iter().collect();
    for tile in tiles {
        let path = folder.join(tile.path.to_string());
        assert!(there.contains(&path), "{} is missing", tile.path);
        assert_eq!(
            fs::read(&path).unwrap(),
            write_hashes(&tile.hashes),
            "{}",
            tile.path
        );
    }
    assert!(!folder.join("tile/entries").exists());
    signed
}

on_both_engines! {
    async fn the_folder_follows_the_ledger_and_catches_up(exchange) {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("proofs");
        a_day(exchange).await;
        exchange.running().publish_proofs(folder.clone()).await.unwrap();
        let first = holds(&folder, exchange).await;
        assert!(first.size > 10);

        // What came while it served is there at the latest when it has stopped.
        beyond_one_tile(exchange).await;
        let size = exchange.size();
        exchange.stop().await;
        exchange.start(false).await.unwrap();
        let second = holds(&folder, exchange).await;
        assert!(second.size >= size);
        let full = folder.join("tile/0/000");
        let made = fs::metadata(&full).unwrap().ino();
        assert!(!folder.join("tile/0/000.p").exists(), "the full tile stands for it");

        // And what came while nobody wrote, when it begins again.
        filled_to(exchange, second.size + 10).await;
        exchange.running().publish_proofs(folder.clone()).await.unwrap();
        let third = holds(&folder, exchange).await;
        assert!(third.size > second.size);
        assert_eq!(fs::metadata(&full).unwrap().ino(), made, "a full tile is not written again");
    }

    async fn a_folder_of_another_history_is_not_touched(exchange) {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("proofs");
        a_day(exchange).await;
        exchange.running().publish_proofs(folder.clone()).await.unwrap();
        exchange.stop().await;
        exchange.start(false).await.unwrap();
        let held = fs::read(folder.join("checkpoint")).unwrap();
        exchange.home.tamper(
            "UPDATE entry SET leaf = (SELECT o.leaf FROM entry o WHERE o.position = 6) \
             WHERE position = 5",
        ).await;
        filled_to(exchange, exchange.size() + 3).await;
        let refused = exchange.running().publish_proofs(folder.clone()).await;
        assert!(matches!(refused, Err(StaticProofsError::OtherLedger)), "{refused:?}");

        let damaged = String::from_utf8(held.clone()).unwrap().replacen("ldg_", "ldg_0", 1);
        fs::write(folder.join("checkpoint"), &damaged).unwrap();
        let refused = exchange.running().publish_proofs(folder.clone()).await;
        assert!(matches!(refused, Err(StaticProofsError::OtherLedger)), "{refused:?}");
        assert_eq!(fs::read_to_string(folder.join("checkpoint")).unwrap(), damaged);

        // Tiles of somebody else, without a checkpoint that would say so.
        let copied = base.path().join("copied");
        let partial = copied.join("tile/0/000.p");
        fs::create_dir_all(&partial).unwrap();
        for width in 1..=255 {
            fs::write(partial.join(width.to_string()), vec![7; 32 * width]).unwrap();
        }
        let refused = exchange.running().publish_proofs(copied.clone()).await;
        assert!(matches!(refused, Err(StaticProofsError::OtherLedger)), "{refused:?}");
        assert!(!copied.join("checkpoint").exists());
    }
}
