//! Signed notes and checkpoints, against published vectors and a golden file made elsewhere.

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use baton_domain::log::checkpoint::{Checkpoint, CheckpointError, origin};
use baton_domain::log::note::{self, KeyError, NoteError, SignerKey, VerifierKey};
use baton_domain::log::{EMPTY_ROOT, Frontier, MAX_SIZE, leaf_hash};
use proptest::prelude::*;

/// The example of C2SP signed-note.
const SPEC_VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const SPEC_NOTE: &str = "This is an example message.\n\n\
    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

/// The vectors of Go's sumdb/note; the base64 is the type byte and the seed.
const GO_SEED: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_SECOND_VKEY: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const GO_TEXT: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n";
const GO_SIGNATURE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const GO_SECOND_SIGNATURE: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

fn vkey(text: &str) -> VerifierKey {
    text.parse().expect("a vkey")
}

fn signer(name: &str, seed: u8) -> SignerKey {
    SignerKey::from_seed(name, &[seed; 32]).expect("a key")
}

#[test]
fn the_published_notes_verify() {
    let note = note::open(SPEC_NOTE.as_bytes(), &[vkey(SPEC_VKEY)]).expect("verifies");
    assert_eq!(note.text(), "This is an example message.\n");
    assert!(note.signed_by("example.com/foo"));
    assert!(!note.signed_by("example.com"));

    let two = format!("{GO_TEXT}\n{GO_SIGNATURE}{GO_SECOND_SIGNATURE}");
    for keys in [
        vec![GO_VKEY],
        vec![GO_SECOND_VKEY],
        vec![GO_VKEY, SPEC_VKEY, GO_SECOND_VKEY],
    ] {
        let keys: Vec<_> = keys.into_iter().map(vkey).collect();
        assert_eq!(
            note::open(two.as_bytes(), &keys).expect("verifies").text(),
            GO_TEXT
        );
    }
}

#[test]
fn signing_writes_the_published_bytes() {
    let typed_seed = STANDARD.decode(GO_SEED).expect("base64");
    let seed = typed_seed[1..].try_into().expect("32 bytes");
    let key = SignerKey::from_seed("PeterNeumann", seed).expect("a key");
    assert_eq!(key.verifier().to_string(), GO_VKEY);
    let signed = note::sign(GO_TEXT, &[&key]).expect("signs");
    assert_eq!(signed, format!("{GO_TEXT}\n{GO_SIGNATURE}"));
}

#[test]
fn a_vkey_is_printed_as_it_was_read() {
    for text in [SPEC_VKEY, GO_VKEY, GO_SECOND_VKEY] {
        assert_eq!(vkey(text).to_string(), text);
    }
    assert_eq!(vkey(SPEC_VKEY).id().to_string(), "530d903a");
}

#[test]
fn a_malformed_vkey_is_refused() {
    let refused = |text: &str| text.parse::<VerifierKey>().expect_err(text);
    assert_eq!(refused(""), KeyError::Format);
    assert_eq!(refused("example.com/foo+530d903a"), KeyError::Format);
    assert_eq!(refused("example.com/foo+530d903a+"), KeyError::Format);
    assert_eq!(
        refused(&SPEC_VKEY.replace("foo", "bar")),
        KeyError::IdMismatch
    );
    assert_eq!(
        refused(&SPEC_VKEY.replace("530d", "531d")),
        KeyError::IdMismatch
    );
    assert_eq!(
        refused(&SPEC_VKEY.replace("530d", "530D")),
        KeyError::IdMismatch
    );
    assert_eq!(
        refused(&SPEC_VKEY.replace("AekyeR", "AekyeS")),
        KeyError::IdMismatch
    );
    assert_eq!(
        refused(&SPEC_VKEY.replace("Aeky", "BOky")),
        KeyError::UnsupportedType(4)
    );
    assert_eq!(
        refused(SPEC_VKEY.trim_end_matches("3U2k")),
        KeyError::Material
    );
    assert_eq!(
        refused(&SPEC_VKEY.replace("example.com", "")),
        KeyError::IdMismatch
    );
    assert_eq!(
        refused(&SPEC_VKEY.replace("example.com/foo", "")),
        KeyError::Name
    );
    for name in [
        "",
        "two words",
        "a+b",
        "no\u{a0}break",
        "line\n",
        "bell\u{7}",
    ] {
        assert_eq!(
            SignerKey::from_seed(name, &[1; 32]).err(),
            Some(KeyError::Name),
            "{name:?}"
        );
    }
}

#[test]
fn a_signer_does_not_show_its_seed() {
    let shown = format!("{:?}", signer("ledger", 0xab));
    assert!(shown.starts_with("SignerKey(ledger+"));
    assert!(shown.len() < 40, "{shown}");
}

#[test]
fn unknown_keys_are_passed_over_even_with_the_name_or_the_id_of_a_known_one() {
    let known = signer("ledger", 1);
    let same_name = note::sign("text\n", &[&signer("ledger", 2)]).expect("signs");
    let lines = same_name.strip_prefix("text\n\n").expect("the text");
    let signed = note::sign("text\n", &[&known]).expect("signs");
    let own_line = signed.strip_prefix("text\n\n").expect("the text");
    let same_id = own_line.replace("ledger", "other");

    let note = format!("text\n\n{lines}{same_id}{own_line}");
    let keys = [known.verifier().clone()];
    assert_eq!(
        note::open(note.as_bytes(), &keys).expect("verifies").text(),
        "text\n"
    );
    let note = format!("text\n\n{lines}{same_id}");
    assert_eq!(note::open(note.as_bytes(), &keys), Err(NoteError::Unsigned));
    assert_eq!(note::open(note.as_bytes(), &[]), Err(NoteError::Unsigned));
}

#[test]
fn a_known_key_that_fails_rejects_the_whole_note() {
    let (good, bad) = (signer("good", 1), signer("bad", 2));
    let keys = [good.verifier().clone(), bad.verifier().clone()];
    let signed = note::sign("text\n", &[&good, &bad]).expect("signs");
    let forged = note::sign("other\n", &[&bad]).expect("signs");
    let good_line = signed.lines().nth(2).expect("a line");
    let bad_line = forged.lines().nth(2).expect("a line");
    for lines in [[good_line, bad_line], [bad_line, good_line]] {
        let note = format!("text\n\n{}\n", lines.join("\n"));
        let rejected = Err(NoteError::BadSignature(bad.verifier().id()));
        assert_eq!(note::open(note.as_bytes(), &keys), rejected);
        assert!(note::open(note.as_bytes(), &keys[..1]).is_ok());
    }
}

#[test]
fn sixteen_signatures_are_accepted_and_too_many_refused() {
    let keys: Vec<_> = (0..33).map(|n| signer(&format!("key{n}"), n)).collect();
    let keys: Vec<_> = keys.iter().collect();
    for count in [1, 16, note::MAX_SIGNATURES] {
        let signed = note::sign("text\n", &keys[..count]).expect("signs");
        let last = keys[count - 1].verifier().clone();
        assert!(note::open(signed.as_bytes(), &[last]).is_ok());
    }
    assert_eq!(
        note::sign("text\n", &keys),
        Err(NoteError::TooManySignatures)
    );
    let signed = note::sign("text\n", &keys[..32]).expect("signs");
    let line = signed.lines().last().expect("a line");
    let verdict = note::open(format!("{signed}{line}\n").as_bytes(), &[]);
    assert_eq!(verdict, Err(NoteError::TooManySignatures));
}

#[test]
fn text_may_hold_blank_lines_but_no_control_characters() {
    let key = signer("ledger", 1);
    let keys = [key.verifier().clone()];
    for text in [
        "\n",
        "a\n\nb\n",
        "— ledger AAAAAAA=\n",
        "\n\n\n",
        "ünïcödé\n",
    ] {
        let signed = note::sign(text, &[&key]).expect("signs");
        assert_eq!(
            note::open(signed.as_bytes(), &keys)
                .expect("verifies")
                .text(),
            text
        );
    }
    for text in ["", "no newline", "tab\t\n", "return\r\n", "zero\0\n"] {
        assert_eq!(
            note::sign(text, &[&key]),
            Err(NoteError::Format),
            "{text:?}"
        );
    }
    assert_eq!(note::sign("text\n", &[]), Err(NoteError::Unsigned));
    let long = format!("{}\n", "a".repeat(note::MAX_BYTES));
    assert_eq!(note::sign(&long, &[&key]), Err(NoteError::TooLong));
    assert_eq!(note::open(long.as_bytes(), &keys), Err(NoteError::TooLong));
}

/// The keys are honest and the text is not: a terminal would show something else.
#[test]
fn control_characters_are_refused_although_they_are_signed() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).expect("a key");
    let key = signer("ledger", 1).verifier().clone();
    let open = |text: &str| {
        let signature = pair.sign(text.as_bytes());
        let blob = [&key.id().as_bytes()[..], signature.as_ref()].concat();
        let note = format!("{text}\n— ledger {}\n", STANDARD.encode(blob));
        note::open(note.as_bytes(), std::slice::from_ref(&key)).map(|note| note.text().to_owned())
    };
    assert_eq!(open("text\n").as_deref(), Ok("text\n"));
    for text in ["tab\t\n", "text\r\n", "\u{1b}[2Jtext\n", "zero\0\n"] {
        assert_eq!(open(text), Err(NoteError::Format), "{text:?}");
    }
}

#[test]
fn a_malformed_note_is_refused() {
    let key = [vkey(SPEC_VKEY)];
    let refused = |note: &[u8]| assert_eq!(note::open(note, &key), Err(NoteError::Format));
    refused(b"");
    refused(b"text\n");
    refused(b"text\n\n");
    refused(SPEC_NOTE.trim_end().as_bytes());
    refused(format!("{SPEC_NOTE}\n").as_bytes());
    refused(format!("{SPEC_NOTE}more\n").as_bytes());
    refused(SPEC_NOTE.replace("\n\n", "\n").as_bytes());
    refused(SPEC_NOTE.replace('—', "-").as_bytes());
    refused(SPEC_NOTE.replace(" Uw2", "  Uw2").as_bytes());
    refused(SPEC_NOTE.replace("aQM=", "aQM").as_bytes());
    refused(SPEC_NOTE.replace("aQM=", "aQN=").as_bytes());
    refused(SPEC_NOTE.replace("aQM=", "aQM= ").as_bytes());
    refused(SPEC_NOTE.replace("/foo ", "/foo+ ").as_bytes());
    refused("text\n\n— example.com/foo Uw2QOg==\n".as_bytes());
    refused(&[SPEC_NOTE.as_bytes(), b"\xff"].concat());
}

#[test]
fn every_changed_bit_of_a_note_is_found() {
    let key = [vkey(SPEC_VKEY)];
    for bit in 0..SPEC_NOTE.len() * 8 {
        let mut changed = SPEC_NOTE.as_bytes().to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(note::open(&changed, &key).is_err(), "bit {bit}");
    }
}

fn golden() -> (Checkpoint, SignerKey) {
    let mut frontier = Frontier::new();
    for position in 0..3 {
        let _ = frontier.push(leaf_hash(format!("entry {position}").as_bytes()));
    }
    let origin = origin("hub-7Q2M", 1).expect("an origin");
    let seed = std::array::from_fn(|at| u8::try_from(at).expect("32 bytes"));
    let key = SignerKey::from_seed(&origin, &seed).expect("a key");
    let checkpoint = Checkpoint {
        origin,
        size: frontier.size(),
        root: frontier.root(),
    };
    (checkpoint, key)
}

/// The golden files were written by a Python script over `hashlib` and `cryptography`.
#[test]
fn a_checkpoint_is_signed_as_another_implementation_signs_it() {
    let (checkpoint, key) = golden();
    let signed = include_str!("golden/log/checkpoint.txt");
    let printed_key = include_str!("golden/log/checkpoint.vkey").trim_end();
    assert_eq!(key.verifier().to_string(), printed_key);
    assert_eq!(checkpoint.sign(&key).expect("signs"), signed);
    let opened = Checkpoint::open(signed.as_bytes(), &[vkey(printed_key)]);
    assert_eq!(opened, Ok(checkpoint));
}

#[test]
fn every_changed_bit_of_a_checkpoint_is_found() {
    let (_, key) = golden();
    let signed = include_bytes!("golden/log/checkpoint.txt");
    let keys = [key.verifier().clone()];
    for bit in 0..signed.len() * 8 {
        let mut changed = signed.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(Checkpoint::open(&changed, &keys).is_err(), "bit {bit}");
    }
}

#[test]
fn a_key_answers_for_its_own_ledger_only() {
    let (checkpoint, key) = golden();
    let other = signer(&origin("hub-7Q2M", 2).expect("an origin"), 3);
    assert_eq!(checkpoint.sign(&other), Err(CheckpointError::Origin));

    let text = include_str!("golden/log/checkpoint.txt");
    let body = text
        .split_once("\n\n")
        .map(|(body, _)| format!("{body}\n"))
        .expect("a note");
    let witnessed = note::sign(&body, &[&other]).expect("signs");
    let keys = [key.verifier().clone(), other.verifier().clone()];
    assert_eq!(
        Checkpoint::open(witnessed.as_bytes(), &keys),
        Err(CheckpointError::Origin)
    );
    let both = note::sign(&body, &[&other, &key]).expect("signs");
    assert_eq!(Checkpoint::open(both.as_bytes(), &keys), Ok(checkpoint));
}

#[test]
fn a_malformed_body_is_refused_although_it_is_signed() {
    let key = signer("ledger", 1);
    let root = STANDARD.encode([7; 32]);
    let refused = |body: &str, error| {
        let signed = note::sign(body, &[&key]).expect("signs");
        let opened = Checkpoint::open(signed.as_bytes(), &[key.verifier().clone()]);
        assert_eq!(opened, Err(error), "{body:?}");
    };
    refused("ledger\n3\n", CheckpointError::Format);
    refused(
        &format!("ledger\n3\n{root}\nextension\n"),
        CheckpointError::Format,
    );
    refused(&format!("ledger\n3\n{root}\n\n"), CheckpointError::Format);
    refused(&format!("\n3\n{root}\n"), CheckpointError::Origin);
    refused(&format!("other\n3\n{root}\n"), CheckpointError::Origin);
    for size in ["", "03", "+3", "-3", " 3", "3.0", "0x3", "9007199254740992"] {
        refused(&format!("ledger\n{size}\n{root}\n"), CheckpointError::Size);
    }
    refused(&format!("ledger\n0\n{root}\n"), CheckpointError::Root);
    refused("ledger\n3\n\n", CheckpointError::Root);
    refused(
        &format!("ledger\n3\n{}\n", root.trim_end_matches('=')),
        CheckpointError::Root,
    );
    refused(
        &format!("ledger\n3\n{}\n", STANDARD.encode([7; 31])),
        CheckpointError::Root,
    );
}

#[test]
fn the_empty_ledger_and_the_fullest_one_have_checkpoints() {
    let key = signer("ledger", 1);
    for (size, root) in [(0, EMPTY_ROOT), (MAX_SIZE, leaf_hash(b"any"))] {
        let checkpoint = Checkpoint {
            origin: "ledger".to_owned(),
            size,
            root,
        };
        let signed = checkpoint.sign(&key).expect("signs");
        let opened = Checkpoint::open(signed.as_bytes(), &[key.verifier().clone()]);
        assert_eq!(opened, Ok(checkpoint));
    }
    let mut unsound = Checkpoint {
        origin: "ledger".to_owned(),
        size: 0,
        root: EMPTY_ROOT,
    };
    unsound.size = MAX_SIZE + 1;
    assert_eq!(unsound.sign(&key), Err(CheckpointError::Size));
}

#[test]
fn an_origin_names_ledger_and_term() {
    assert_eq!(
        origin("hub-7Q2M", 12).as_deref(),
        Ok("baton.ledger/hub-7Q2M/12")
    );
    assert!(origin(&"a".repeat(64), 0).is_ok());
    for id in ["", "a/b", "a b", "a+b", "a.b", "ä", "a\n", &"a".repeat(65)] {
        assert_eq!(origin(id, 1), Err(CheckpointError::Origin), "{id:?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_no_note(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Checkpoint::open(&bytes, &[vkey(SPEC_VKEY)]).is_err());
    }

    #[test]
    fn arbitrary_text_is_no_vkey(text in "\\PC*\\+[0-9a-f]{8}\\+[A-Za-z0-9+/=]*") {
        prop_assert!(text.parse::<VerifierKey>().is_err());
    }
}
