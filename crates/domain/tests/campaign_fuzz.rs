//! Bytes nobody meant, at everything this crate reads: identifiers, canonical JSON, notes and
//! checkpoints, proofs, tiles, the stored frontier.
#![cfg(test)]

use std::path::Path;

use baton_domain::{
    act::RequestId,
    codes::import,
    ids::{
        Alias, ContentId, CredentialId, DocumentId, LearnerId, LearnerIdentifier, LearnerScheme,
        LedgerId, ProfileId, SettingId, SettingIdentifier, SettingScheme, SubscriptionId,
        TransitionId,
    },
    log::{
        Checkpoint, Frontier, Hash, Json, MAX_SIZE,
        checkpoint::origin,
        leaf_hash,
        note::{self, SignerKey, VerifierKey},
        tile::{TilePath, read_bundle, read_hashes, write_bundle, write_hashes},
        verify::{Record, Verifier},
        verify_consistency, verify_inclusion,
    },
    route::Point,
    section::SectionKind,
};

#[path = "../../../tests/chance/mod.rs"]
mod chance;
#[allow(dead_code, reason = "proofs of sizes nobody fills are not searched")]
mod log_ledger;

use chance::{
    damaged,
    law::{Met, search},
};
use log_ledger::{Ledger, entry};

fn demand(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

// === identifiers ===

const VALUES: &[&str] = &[
    "E351394824001",
    "Z999000000001",
    "H801200001001A",
    "9999000028",
    "9434765919",
    "99999025000A",
    "105554",
    "EY105554",
    "3513948",
    "351/3948",
    "351-3948",
    "10000001",
    "A81001",
    "351",
    "child-17",
];

/// Another spelling is read as the one, and the one is read as itself.
fn stable<I: PartialEq>(
    parse: impl Fn(&str) -> Option<I>,
    value: impl Fn(&I) -> String,
    text: &str,
) -> Result<bool, String> {
    let Some(id) = parse(text) else {
        return Ok(false);
    };
    let spelled = value(&id);
    demand(
        parse(&spelled) == Some(id),
        "the canonical text is read as the same",
    )?;
    Ok(true)
}

fn opaque(text: &str) -> Result<bool, String> {
    macro_rules! each {
        ($($id:ty),+) => {
            [$(<$id>::parse(text).ok().map(|id| id.to_string())),+]
        };
    }
    let read = each![
        LedgerId,
        SettingId,
        LearnerId,
        TransitionId,
        ProfileId,
        SubscriptionId,
        CredentialId,
        ContentId,
        DocumentId,
        Alias
    ];
    let read: Vec<String> = read.into_iter().flatten().collect();
    demand(read.len() <= 1, "an id names one kind of thing")?;
    demand(read.iter().all(|it| it == text), "an id has one spelling")?;
    Ok(!read.is_empty())
}

#[test]
fn campaign_fuzz_identifiers_have_one_spelling_and_hide_it() {
    let mut sound = texts(VALUES);
    sound.extend(texts(&[
        SettingId::from_bytes([7; 16]).as_str(),
        Alias::from_bytes([0xff; 16]).as_str(),
    ]));
    let words: &[&[u8]] = &[
        b"0",
        b"1",
        b"9",
        b"A",
        b"I",
        b"O",
        b"S",
        b"Z",
        b"/",
        b"-",
        b" ",
        b"EY",
        b"stg_",
        b"lrn_",
        "\u{661}".as_bytes(),
        "\u{ff11}".as_bytes(),
        b"999",
        b"_",
    ];
    let law = |input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        let mut read = opaque(&text)?;
        for scheme in LearnerScheme::ALL {
            let parse = |text: &str| LearnerIdentifier::parse(scheme.name(), text).ok();
            read |= stable(parse, |id| id.value().to_owned(), &text)?;
            if let Some(id) = parse(&text) {
                demand(id.scheme() == *scheme, "the scheme is the one asked for")?;
                let shown = format!("{id:?}");
                // A short one may stand in the name of its type.
                let hidden = id.value().len() < 8 || !shown.contains(id.value());
                demand(hidden, "a debug print hides the value")?;
                let pair = serde_json::to_string(&id).map_err(|it| it.to_string())?;
                demand(
                    serde_json::from_str(&pair).ok() == Some(id),
                    "kept and read again",
                )?;
            }
        }
        for scheme in SettingScheme::ALL {
            let parse = |text: &str| SettingIdentifier::parse(scheme.name(), text).ok();
            read |= stable(parse, |id| id.value().to_owned(), &text)?;
        }
        if let Some(id) = RequestId::parse(&text) {
            demand(id.as_str() == text, "a request id is kept as given")?;
        }
        for code in [
            import::sen_provision,
            import::sen_need,
            import::ethnicity,
            import::language,
        ] {
            let _ = code(&text);
        }
        if let Some(kind) = SectionKind::parse(&text) {
            demand(kind.name() == text, "a section kind has one name")?;
        }
        if let Some(point) = Point::parse(&text) {
            demand(point.name() == text, "a point has one name")?;
        }
        Ok(read.into())
    };
    search(
        "identifiers",
        4_000,
        |dice| damaged(dice, &sound, words),
        law,
    );
}

// === canonical JSON ===

fn golden() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/entry");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the golden entries")
        .map(|file| file.expect("readable").path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| std::fs::read(path).expect("readable"))
        .map(|bytes| match bytes.split_first_chunk::<15>() {
            Some((b"baton/entry/v1\n", body)) => body.to_vec(),
            _ => bytes,
        })
        .collect()
}

#[test]
fn campaign_fuzz_canonical_json_is_read_byte_for_byte_or_not() {
    let mut sound = golden();
    sound.extend(texts(&[
        "{}",
        "[]",
        "[1,-2,null,true,false,\"a\"]",
        "{\"a\":{\"b\":[{\"c\":\"\\u0007\\n\\\"\"}]},\"\u{e9}\":9007199254740991}",
    ]));
    let words: &[&[u8]] = &[
        b"[",
        b"{",
        b"]",
        b"}",
        b",",
        b":",
        b"\"",
        b"\\u0041",
        b"\\ud83d\\ude00",
        b"\\ud800",
        b"-0",
        b"1e3",
        b"0.5",
        b"01",
        b"9007199254740993",
        b"-9007199254740993",
        b"{\"a\":1,\"a\":2}",
        b" ",
        b"null",
        b"\\/",
        b"\\b",
        "\u{1f600}".as_bytes(),
    ];
    let law = |input: &[u8]| {
        let Ok(read) = Json::parse(input) else {
            return Ok(Met::Refused);
        };
        demand(read.to_bytes() == input, "written back byte for byte")?;
        let other: Result<serde_json::Value, _> = serde_json::from_slice(input);
        demand(other.is_ok(), "every reader of JSON reads it")?;
        Ok(Met::Accepted)
    };
    search(
        "canonical JSON",
        3_000,
        |dice| damaged(dice, &sound, words),
        law,
    );
}

// === notes and checkpoints ===

#[test]
fn campaign_fuzz_a_note_that_opens_says_what_was_signed() {
    let name = origin("ldg_00000000000000000000000001", 1).expect("an origin");
    let key = SignerKey::from_seed(&name, &[3; 32]).expect("a key");
    let witness = SignerKey::from_seed("witness.example/w", &[4; 32]).expect("a key");
    let ledger = Ledger::of(5);
    let checkpoint = Checkpoint {
        origin: name,
        size: 5,
        root: *ledger.root(5),
    };
    let signed = checkpoint.sign(&key).expect("signed");
    let (text, signature) = signed.split_once("\n\n").expect("a note");
    let text = format!("{text}\n");
    let both = note::sign(&text, &[&key, &witness]).expect("signed");
    let other = note::sign("another text\n", &[&key]).expect("signed");
    let sound = texts(&[&signed, &both, &other]);
    let known = [key.verifier().clone(), witness.verifier().clone()];
    let words: &[&[u8]] = &[
        b"\n",
        b"\n\n",
        "\u{2014} ".as_bytes(),
        signature.as_bytes(),
        text.as_bytes(),
        b"=",
        b"+",
        b"5",
        b"6",
        b" ",
        b"A",
    ];
    let law = |input: &[u8]| {
        let opened = note::open(input, &known);
        if let Ok(note) = &opened {
            let right = note.text() == text || note.text() == "another text\n";
            demand(right, "what opens was signed")?;
        }
        if let Ok(read) = Checkpoint::open(input, &known) {
            demand(
                read == checkpoint,
                "a checkpoint is the one that was signed",
            )?;
        }
        Ok(opened.is_ok().into())
    };
    search("notes", 2_000, |dice| damaged(dice, &sound, words), law);
}

#[test]
fn campaign_fuzz_keys_and_paths_have_one_spelling() {
    let key = SignerKey::from_seed("example.com/log", &[5; 32]).expect("a key");
    let sound = texts(&[
        &key.verifier().to_string(),
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "tile/0/x001/x234/067.p/8",
        "tile/entries/273.p/112",
        "tile/7/000",
    ]);
    let words: &[&[u8]] = &[
        b"+", b"/", b"x", b"000", b".p/", b"256", b"0", b"tile/", b"entries", b"=", b"A",
    ];
    let law = |input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        let key = text.parse::<VerifierKey>().ok();
        let path = text.parse::<TilePath>().ok();
        demand(
            key.as_ref().is_none_or(|key| key.to_string() == text),
            "a key has one spelling",
        )?;
        demand(
            path.as_ref().is_none_or(|path| path.to_string() == text),
            "a path has one spelling",
        )?;
        Ok((key.is_some() || path.is_some()).into())
    };
    search(
        "keys and paths",
        3_000,
        |dice| damaged(dice, &sound, words),
        law,
    );
}

// === proofs ===

/// Entries of the ledger that proofs are made of.
const SIZE: u64 = 40;

fn number(input: &[u8]) -> Option<(u64, &[u8])> {
    let (bytes, rest) = input.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*bytes), rest))
}

fn hash(input: &[u8]) -> Option<(Hash, &[u8])> {
    let (bytes, rest) = input.split_first_chunk::<32>()?;
    Some((Hash::new(*bytes), rest))
}

fn hashes(input: &[u8]) -> Vec<Hash> {
    let (hashes, _) = input.as_chunks::<32>();
    hashes.iter().copied().map(Hash::new).collect()
}

#[test]
fn campaign_fuzz_a_proof_that_holds_is_the_one() {
    let ledger = Ledger::of(SIZE);
    let mut sound = Vec::new();
    for (first, second) in [(1_u64, 2_u64), (3, 7), (6, 40), (8, 32), (31, 33), (39, 40)] {
        let leaf = ledger.leaves[usize::try_from(first).expect("small")];
        let head = [first.to_be_bytes(), second.to_be_bytes()].concat();
        let proofs = [
            (leaf, ledger.inclusion(first, second)),
            (*ledger.root(first), ledger.consistency(first, second)),
        ];
        for (hash, proof) in proofs {
            sound.push([head.clone(), hash.as_bytes().to_vec(), write_hashes(&proof)].concat());
        }
    }
    let law = |input: &[u8]| {
        let Some((first, rest)) = number(input) else {
            return Ok(Met::Refused);
        };
        let Some((second, (claimed, rest))) =
            number(rest).and_then(|(second, rest)| Some((second, hash(rest)?)))
        else {
            return Ok(Met::Refused);
        };
        let proof = hashes(rest);
        // A tree that does not exist has some root all the same: nothing may panic on it.
        let root = if second <= SIZE {
            *ledger.root(second)
        } else {
            leaf_hash(input)
        };
        let included = verify_inclusion(&claimed, first, second, &proof, &root).is_ok();
        if included {
            let leaf = usize::try_from(first)
                .ok()
                .and_then(|at| ledger.leaves.get(at));
            demand(leaf == Some(&claimed), "an entry that is included is there")?;
            demand(proof == ledger.inclusion(first, second), "by the one proof")?;
        }
        let consistent = verify_consistency(first, &claimed, second, &root, &proof).is_ok();
        if consistent && second <= SIZE {
            demand(
                claimed == *ledger.root(first),
                "the beginning is the beginning",
            )?;
        }
        Ok((included || consistent).into())
    };
    search(
        "proofs",
        3_000,
        |dice| damaged(dice, &sound, &[&[0; 32], &[0; 7]]),
        law,
    );
}

#[test]
fn campaign_fuzz_a_ledger_that_verifies_is_the_one_that_was_signed() {
    let ledger = Ledger::of(9);
    let checkpoint = Checkpoint {
        origin: "example.com/log".to_owned(),
        size: 9,
        root: *ledger.root(9),
    };
    let entries: Vec<Vec<u8>> = (0..9).map(entry).collect();
    let sound = vec![
        write_bundle(&entries).expect("a bundle"),
        write_hashes(&ledger.leaves),
        ledger.frontier.to_bytes(),
    ];
    let law = |input: &[u8]| {
        if let Ok(hashes) = read_hashes(input) {
            demand(
                write_hashes(&hashes) == input,
                "a tile is written as it was read",
            )?;
        }
        if let Ok(mut frontier) = Frontier::from_bytes(input) {
            demand(
                frontier.to_bytes() == input,
                "a frontier is written as it was read",
            )?;
            let _ = frontier.root();
            if frontier.size() < MAX_SIZE {
                let _ = frontier.push(leaf_hash(input));
            }
        }
        let Ok(read) = read_bundle(input) else {
            return Ok(Met::Refused);
        };
        let written = write_bundle(&read).map_err(|it| it.to_string())?;
        demand(written == input, "a bundle is written as it was read")?;
        let mut verifier = Verifier::new(&checkpoint);
        let mut faults = 0;
        for (position, entry) in (0..).zip(&read) {
            let (entry, leaf) = (Some(*entry), None);
            faults += verifier
                .record(Record {
                    position,
                    entry,
                    leaf,
                })
                .faults
                .len();
        }
        faults += verifier.finish().faults.len();
        demand(
            (faults == 0) == (read == entries),
            "a change is found, and nothing else is",
        )?;
        Ok(Met::Accepted)
    };
    search(
        "bundles",
        3_000,
        |dice| damaged(dice, &sound, &[b"\0\x07entry 3", b"\0\0"]),
        law,
    );
}
