//! Cosignatures, and how a witness judges: against a vector made by another implementation
//! (`cryptography` in Python, by the words of C2SP tlog-cosignature), and against every fault.

#[expect(dead_code, reason = "other tests use the rest of it")]
mod log_ledger;

use baton_domain::log::checkpoint::Checkpoint;
use baton_domain::log::note::{
    self, CosignerKey, KeyError, NoteError, SignerKey, VerifierKey, WitnessKey,
};
use baton_domain::log::submission::{HASHES_MAX, NotCosigned};
use baton_domain::log::{EMPTY_ROOT, Submission};
use log_ledger::Ledger;

const VKEY: &str = "baton.ledger/ldg_v/1+c1553e52+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";
const WITNESS: &str =
    "witness.example.com/w1+9582033c+BBOY9ixtGkV8UbpqS189vS9p/KkyFiGNyJl+QWvRfZPK";
const COSIGNED: &str = "baton.ledger/ldg_v/1\n20852163\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    — baton.ledger/ldg_v/1 wVU+UqRkzFZEN3Tgk/mUDbxrfCQEPi+Xvb/anGOaqUQ/j6eNBahXIB7sxjGNJcdwsq3ZodSY/g9AzpA4CSzAHWnbtQc=\n\
    — witness.example.com/w1 lYIDPAAAAABkGFDL9j0ev3ENgmIXuiDUjhCV30Zl5VGhQqJ0N7p0aJwLmL1HOngmQrNoXGozhC5uFZDeTQEZM8YslEl1EkT7/d2SCQ==\n";
const TIME: u64 = 1_679_315_147;
const ORIGIN: &str = "baton.ledger/ldg_w/1";

fn witness(name: &str, seed: u8) -> CosignerKey {
    CosignerKey::from_seed(name, &[seed; 32]).expect("a key")
}

fn log() -> SignerKey {
    SignerKey::from_seed(ORIGIN, &[1; 32]).expect("a key")
}

fn text(note: &str) -> &str {
    &note[..=note.find("\n\n").expect("a note")]
}

// === cosignatures ===

#[test]
fn a_cosignature_made_elsewhere_verifies_and_ours_is_the_same_to_the_byte() {
    let key: WitnessKey = WITNESS.parse().expect("a vkey");
    assert_eq!(key.to_string(), WITNESS);
    let found = note::cosignatures(COSIGNED.as_bytes(), std::slice::from_ref(&key));
    let found = found.expect("verifies");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].time, &found[0].witness), (TIME, &key));

    let own = witness("witness.example.com/w1", 8);
    assert_eq!(own.verifier(), &key);
    let line = own.cosign(text(COSIGNED), TIME).expect("signs");
    assert!(COSIGNED.ends_with(&line), "{line}");
    let shown = format!("{own:?}");
    assert!(shown.len() < 50, "a key does not show its seed: {shown}");

    // To the ledger's own verifiers it is one more unknown signature.
    let ledger: VerifierKey = VKEY.parse().expect("a vkey");
    assert!(Checkpoint::open(COSIGNED.as_bytes(), &[ledger]).is_ok());
}

#[test]
fn keys_of_ledgers_and_of_witnesses_do_not_pass_for_one_another() {
    assert_eq!(
        VKEY.parse::<WitnessKey>(),
        Err(KeyError::UnsupportedType(1))
    );
    assert_eq!(
        WITNESS.parse::<VerifierKey>(),
        Err(KeyError::UnsupportedType(4))
    );
    assert_eq!(
        WITNESS.replace("9582", "9583").parse::<WitnessKey>(),
        Err(KeyError::IdMismatch)
    );
    // The same name and the same key material: still not a signature of the ledger.
    let own = log();
    let cosigner = witness(ORIGIN, 1);
    let checkpoint = Checkpoint {
        origin: ORIGIN.to_owned(),
        size: 0,
        root: EMPTY_ROOT,
    };
    let line = cosigner.cosign(&checkpoint.text(), TIME).expect("signs");
    let note = format!("{}\n{line}", checkpoint.text());
    assert!(Checkpoint::open(note.as_bytes(), &[own.verifier().clone()]).is_err());
    let signed = checkpoint.sign(&own).expect("signs");
    let known = [cosigner.verifier().clone()];
    assert_eq!(note::cosigned(signed.as_bytes(), &known), Ok(0));
}

#[test]
fn a_known_witness_whose_cosignature_fails_rejects_the_note_and_unknown_ones_are_passed_over() {
    let (good, other) = (witness("w.example/1", 2), witness("w.example/2", 3));
    let known = [good.verifier().clone(), other.verifier().clone()];
    let body = text(COSIGNED);
    let line = |key: &CosignerKey, body: &str| key.cosign(body, TIME).expect("signs");
    let forged = line(&other, &body.replace("20852163", "20852164"));
    let both = [line(&good, body), forged.clone()];
    for lines in [both.concat(), [&both[1][..], &both[0]].concat()] {
        let note = note::with_lines(COSIGNED, &lines).expect("a note");
        let rejected = Err(NoteError::BadSignature(other.verifier().id()));
        assert_eq!(note::cosigned(note.as_bytes(), &known), rejected);
        assert_eq!(note::cosigned(note.as_bytes(), &known[..1]), Ok(1));
    }
    // Another time, or half a blob: the signature does not cover it.
    let shifted = COSIGNED
        .replace("ZBhQy", "ZBhQz")
        .replace("kGFDL9j", "kGFDM9j");
    assert_ne!(shifted, COSIGNED);
    let vector = [WITNESS.parse::<WitnessKey>().expect("a vkey")];
    assert!(note::cosigned(shifted.as_bytes(), &vector).is_err());
    let line = COSIGNED.lines().last().expect("a line");
    let short = COSIGNED.replace(line, "— witness.example.com/w1 lYIDPAAAAABkGFDL");
    assert!(note::cosigned(short.as_bytes(), &vector).is_err());
    let beyond = [&u64::MAX.to_be_bytes()[..], &[7; 64]].concat();
    assert!(beyond.len() == 72 && good.cosign(body, u64::MAX).is_err());
}

#[test]
fn sixteen_witnesses_are_counted_once_each_and_too_many_lines_refused() {
    let keys: Vec<CosignerKey> = (0..40).map(|n| witness(&format!("w/{n}"), n)).collect();
    let known: Vec<WitnessKey> = keys.iter().map(|key| key.verifier().clone()).collect();
    let lines = |count: usize| -> String {
        let each = keys[..count].iter();
        each.map(|key| key.cosign(text(COSIGNED), TIME).expect("signs"))
            .collect()
    };
    let note = note::with_lines(COSIGNED, &lines(16)).expect("a note");
    assert_eq!(note::cosigned(note.as_bytes(), &known), Ok(16));
    // What is there already is not added again; a second time of the same witness is no witness more.
    assert_eq!(note::with_lines(&note, &lines(16)).as_ref(), Ok(&note));
    let again = keys[0].cosign(text(COSIGNED), TIME + 1).expect("signs");
    let twice = note::with_lines(&note, &again).expect("a note");
    assert_eq!(note::cosigned(twice.as_bytes(), &known), Ok(16));
    assert_eq!(
        note::with_lines(COSIGNED, &lines(31)),
        Err(NoteError::TooManySignatures)
    );
    // One key under two names is one witness.
    let aliases = [witness("w/a", 9), witness("w/b", 9)];
    let lines: String = aliases
        .iter()
        .map(|key| key.cosign(text(COSIGNED), TIME).expect("signs"))
        .collect();
    let known = aliases.map(|key| key.verifier().clone());
    let note = note::with_lines(COSIGNED, &lines).expect("a note");
    assert_eq!(note::cosigned(note.as_bytes(), &known), Ok(1));
}

#[test]
fn lines_that_are_none_are_not_added() {
    for lines in ["x\n", "— w x", "— w AAAA\n", "\n", "— w AAAAAAA=\n\n"] {
        assert_eq!(
            note::with_lines(COSIGNED, lines),
            Err(NoteError::Format),
            "{lines:?}"
        );
    }
    assert_eq!(note::with_lines(COSIGNED, "").as_deref(), Ok(COSIGNED));
}

// === what a witness is asked ===

fn at(ledger: &Ledger, size: u64) -> Checkpoint {
    Checkpoint {
        origin: ORIGIN.to_owned(),
        size,
        root: *ledger.root(size),
    }
}

fn asks(ledger: &Ledger, old: u64, new: u64) -> Submission {
    let proof = match old {
        0 => Vec::new(),
        old => ledger.consistency(old, new),
    };
    let checkpoint = at(ledger, new).sign(&log()).expect("signs");
    Submission {
        old,
        proof,
        checkpoint,
    }
}

#[test]
fn a_witness_cosigns_what_goes_on_and_nothing_else() {
    let ledger = Ledger::of(40);
    let keys = [log().verifier().clone()];
    let judge = |asked: &Submission, held: Option<u64>| {
        let held = held.map(|size| at(&ledger, size));
        asked.judge(held.as_ref(), &keys)
    };
    for (old, new) in [(0, 1), (0, 40), (1, 1), (7, 31), (32, 40), (40, 40)] {
        let held = (old > 0).then_some(old);
        assert_eq!(judge(&asks(&ledger, old, new), held), Ok(at(&ledger, new)));
    }
    // Seen last at another size, first of all at none.
    assert_eq!(
        judge(&asks(&ledger, 7, 31), Some(8)),
        Err(NotCosigned::OtherSize(8))
    );
    assert_eq!(
        judge(&asks(&ledger, 7, 31), None),
        Err(NotCosigned::OtherSize(0))
    );
    assert_eq!(
        judge(&asks(&ledger, 0, 31), Some(40)),
        Err(NotCosigned::OtherSize(40))
    );
    let beyond = Submission {
        old: 32,
        ..asks(&ledger, 7, 31)
    };
    assert_eq!(judge(&beyond, Some(32)), Err(NotCosigned::OldBeyond));
}

#[test]
fn two_histories_are_never_both_cosigned() {
    let (ledger, keys) = (Ledger::of(20), [log().verifier().clone()]);
    let mut fork = Ledger::of(12);
    fork.append(b"another entry");
    (14..=30).for_each(|n: u64| fork.append(&log_ledger::entry(n)));
    let held = at(&ledger, 20);
    let same_size = Submission {
        old: 20,
        proof: Vec::new(),
        checkpoint: at(&fork, 20).sign(&log()).expect("signs"),
    };
    assert_eq!(
        same_size.judge(Some(&held), &keys),
        Err(NotCosigned::Fork(20))
    );
    let longer = asks(&fork, 20, 30);
    assert_eq!(longer.judge(Some(&held), &keys), Err(NotCosigned::Unproved));
    let unproved = Submission {
        proof: Vec::new(),
        ..asks(&ledger, 7, 20)
    };
    let seven = at(&ledger, 7);
    assert_eq!(
        unproved.judge(Some(&seven), &keys),
        Err(NotCosigned::Unproved)
    );
    // From nothing there is nothing to prove, and nothing may be sent as a proof.
    let idle = Submission {
        proof: vec![EMPTY_ROOT],
        ..asks(&ledger, 0, 20)
    };
    assert_eq!(idle.judge(None, &keys), Err(NotCosigned::Unproved));
}

#[test]
fn a_checkpoint_of_no_key_of_the_log_is_refused() {
    let ledger = Ledger::of(3);
    let asked = asks(&ledger, 0, 3);
    let stranger = SignerKey::from_seed(ORIGIN, &[2; 32]).expect("a key");
    let known = [stranger.verifier().clone()];
    assert_eq!(asked.judge(None, &known), Err(NotCosigned::NotSigned));
    let keys = [log().verifier().clone(), stranger.verifier().clone()];
    assert!(asked.judge(None, &keys).is_ok(), "either key of the log");
    let changed = Submission {
        checkpoint: asked.checkpoint.replacen("\n3\n", "\n4\n", 1),
        ..asked.clone()
    };
    assert_eq!(changed.judge(None, &keys), Err(NotCosigned::NotSigned));
    let nothing = Submission {
        checkpoint: "nothing".to_owned(),
        ..asked
    };
    assert_eq!(nothing.judge(None, &keys), Err(NotCosigned::Unreadable));
}

#[test]
fn a_submission_has_one_spelling() {
    let ledger = Ledger::of(20);
    let asked = asks(&ledger, 7, 20);
    let text = asked.to_string();
    assert_eq!(text.parse(), Ok(asked));
    let first = asks(&ledger, 0, 20).to_string();
    assert!(first.starts_with("old 0\n\nbaton.ledger/"), "{first}");
    assert!(first.parse::<Submission>().is_ok());
    for damaged in [
        text.replacen("old 7", "old 07", 1),
        text.replacen("old 7", "old +7", 1),
        text.replacen("old 7", "old -7", 1),
        text.replacen("old 7", "old 99999999999999999999", 1),
        text.replacen("old 7", "OLD 7", 1),
        text.replacen("old 7\n", "old 7\r\n", 1),
        text.replacen("old 7\n", "", 1),
        text.replacen("old 7\n", "old 7\nAAAA\n", 1),
        text.replacen("\n\n", "\n", 2),
        String::new(),
    ] {
        assert!(damaged.parse::<Submission>().is_err(), "{damaged}");
    }
    let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let with =
        |count: usize| text.replacen("old 7\n", &format!("old 7\n{}", hash.repeat(count)), 1);
    let sent = text.split("\n\n").next().expect("a head").lines().count() - 1;
    assert!(with(HASHES_MAX - sent).parse::<Submission>().is_ok());
    assert!(with(HASHES_MAX - sent + 1).parse::<Submission>().is_err());
}
