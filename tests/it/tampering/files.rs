//! Every byte of every file of an export. What a verifier tells apart is flipped at once, the same
//! byte of each entry or each hash; of everything else one byte at a time.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::{ENTRIES, ENTRIES_BRIEF, faults, some};
use crate::chance::seed;
use crate::export::{Auditor, files, filled_to, verified};
use crate::harness::*;
use crate::ledger::a_day;

const HASH: usize = 32;
const PREFIX: usize = 2;
/// Of policies, which are hashed as a whole, so many bytes are enough.
const POLICIES: usize = 500;

/// Bytes that are flipped at once. Each of them has to be told.
struct Turn {
    what: String,
    places: Vec<(usize, usize)>,
}

/// A file, and what is told of it by itself.
struct Cut {
    layer: String,
    file: usize,
    parts: Vec<Range<usize>>,
}

/// The entries of a bundle, and the lengths before them.
fn entries(file: usize, bytes: &[u8]) -> [Cut; 2] {
    let (mut bodies, mut lengths) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < bytes.len() {
        let length = usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
        lengths.push(at..at + PREFIX);
        bodies.push(at + PREFIX..at + PREFIX + length);
        at += PREFIX + length;
    }
    let cut = |layer: &str, parts| Cut {
        layer: layer.to_owned(),
        file,
        parts,
    };
    [cut("entries", bodies), cut("lengths", lengths)]
}

fn cuts(folder: &Path, files: &[(PathBuf, Vec<u8>)]) -> Vec<Cut> {
    let mut cuts = Vec::new();
    for (file, (path, bytes)) in files.iter().enumerate() {
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
        if name.starts_with("tile/entries/") {
            cuts.extend(entries(file, bytes));
            continue;
        }
        if name.starts_with("baton/access-rows/") {
            let parts = without_sizes(bytes);
            let layer = name.to_owned();
            let cut = |part| Cut {
                layer: layer.clone(),
                file,
                parts: vec![part],
            };
            cuts.extend(parts.into_iter().map(cut));
            continue;
        }
        let part = if name.starts_with("tile/0/") {
            HASH
        } else {
            bytes.len()
        };
        let starts = (0..bytes.len()).step_by(part);
        cuts.push(Cut {
            layer: name.to_owned(),
            file,
            parts: starts.map(|at| at..at + part).collect(),
        });
    }
    cuts
}

/// All but the digits of how long the ledger was when a page of access rows was read: a little later
/// they were the same.
fn without_sizes(bytes: &[u8]) -> Vec<Range<usize>> {
    const SIZE: &[u8] = b"\"tree_size\":";
    let (mut parts, mut from) = (Vec::new(), 0);
    for at in 0..bytes.len() {
        if bytes[at..].starts_with(SIZE) {
            let digits = at + SIZE.len();
            let count = bytes[digits..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit());
            parts.push(from..digits);
            from = digits + count.count();
        }
    }
    parts.push(from..bytes.len());
    parts
}

/// All bodies of entries, all leaf hashes; of lengths one of each bundle; single bytes.
fn turns(cuts: &[Cut]) -> Vec<Turn> {
    let mut turns = Vec::new();
    let lengths = |cut: &&Cut| cut.layer == "lengths";
    let most = cuts.iter().filter(lengths).map(|cut| cut.parts.len()).max();
    for entry in 0..most.unwrap_or(0) {
        for byte in 0..PREFIX {
            let of = |cut: &Cut| Some((cut.file, cut.parts.get(entry)?.start + byte));
            turns.push(Turn {
                what: format!("byte {byte} of the length of entry {entry} of each bundle"),
                places: cuts.iter().filter(lengths).filter_map(of).collect(),
            });
        }
    }
    for many in ["entries", "tile/0/"] {
        let of = || cuts.iter().filter(|cut| cut.layer.starts_with(many));
        let parts = || of().flat_map(|cut| cut.parts.iter().map(|part| (cut.file, part)));
        for byte in 0..parts().map(|(_, part)| part.len()).max().unwrap_or(0) {
            let long = parts().filter(|(_, part)| part.len() > byte);
            turns.push(Turn {
                what: format!("byte {byte} of each of {many}"),
                places: long.map(|(file, part)| (file, part.start + byte)).collect(),
            });
        }
    }
    let single =
        |cut: &&Cut| !["entries", "lengths"].contains(&&*cut.layer) && cut.parts.len() == 1;
    for cut in cuts.iter().filter(single) {
        let bytes: Vec<usize> = cut.parts[0].clone().collect();
        let policies = cut.layer.starts_with("baton/policy-sets/");
        let bytes = some(bytes, if policies { POLICIES } else { usize::MAX });
        turns.extend(bytes.into_iter().map(|byte| Turn {
            what: format!("byte {byte} of {}", cut.layer),
            places: vec![(cut.file, byte)],
        }));
    }
    turns
}

/// Flips so many of them; every one is told, and with all of them undone nothing is.
pub(super) async fn bytes_are_told(max: usize) {
    let exchange = Exchange::new(Home::sqlite()).await;
    let size = if max == usize::MAX {
        ENTRIES
    } else {
        ENTRIES_BRIEF
    };
    a_day(&exchange).await;
    filled_to(&exchange, size).await;
    let auditor = Auditor::of(&exchange, &exchange.officer);
    auditor.exported().await;
    exchange.end().await;
    let folder = auditor.path("ledger");
    let read = |path: PathBuf| (path.clone(), fs::read(&path).unwrap());
    let files: Vec<_> = files(&folder).into_iter().map(read).collect();
    let all = some(turns(&cuts(&folder, &files)), max);
    let mut flips = 0;
    for turn in &all {
        let mut changed = std::collections::BTreeMap::new();
        for (file, at) in &turn.places {
            changed
                .entry(file)
                .or_insert_with(|| files[*file].1.clone())[*at] ^= 1;
        }
        for (file, bytes) in &changed {
            fs::write(&files[**file].0, bytes).unwrap();
        }
        let told = verified(&folder).await;
        assert_ne!(told.code, 0, "not found: {}", turn.what);
        let enough =
            turn.places.len() == 1 || faults(&told) >= i64::try_from(turn.places.len()).ok();
        assert!(enough, "not all of {}: {}", turn.what, told.said);
        flips += turn.places.len();
        for file in changed.into_keys() {
            fs::write(&files[*file].0, &files[*file].1).unwrap();
        }
    }
    let whole = verified(&folder).await;
    assert_eq!(whole.code, 0, "as it was: {}", whole.said);
    let (turns, files) = (all.len(), files.len());
    println!(
        "figures: tampering: seed={} files={files} turns={turns} flips={flips}",
        seed()
    );
}
