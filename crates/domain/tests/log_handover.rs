//! One key of a ledger in the place of another.

use baton_domain::log::checkpoint::Checkpoint;
use baton_domain::log::handover::{HANDOVERS_MAX, Handover, chain, lineage};
use baton_domain::log::note::{self, SignerKey, VerifierKey};

const ORIGIN: &str = "baton.ledger/ldg_h/1";

fn key(seed: u8) -> SignerKey {
    SignerKey::from_seed(ORIGIN, &[seed; 32]).expect("a key")
}

fn held(seed: u8) -> VerifierKey {
    key(seed).verifier().clone()
}

fn signed(old: u8, new: u8) -> String {
    Handover::sign(&key(old), &key(new), 1042).expect("signs")
}

#[test]
fn who_holds_the_old_key_learns_the_new_one() {
    let handover = Handover::open(signed(1, 2).as_bytes(), &held(1)).expect("holds");
    assert_eq!((handover.old, handover.new), (held(1), held(2)));
    assert_eq!(handover.entry, 1042);
    let first = signed(1, 2)
        .lines()
        .take(4)
        .map(str::to_owned)
        .collect::<Vec<_>>();
    assert_eq!(first[0], "baton/log-key/v1");
    assert_eq!(first[1], held(1).to_string());
    assert_eq!(first[3], "entry 1042");
}

#[test]
fn nobody_else_can_hand_over() {
    // Of another key, by the new key alone, to a key that did not sign, to itself, changed.
    let text = |old: u8, new: u8| {
        format!(
            "baton/log-key/v1\n{}\n{}\nentry 1042\n",
            held(old),
            held(new)
        )
    };
    let by = |text: &str, seeds: &[u8]| {
        let keys: Vec<SignerKey> = seeds.iter().map(|seed| key(*seed)).collect();
        note::sign(text, &keys.iter().collect::<Vec<_>>()).expect("signs")
    };
    let elsewhere = SignerKey::from_seed("baton.ledger/ldg_h/2", &[2; 32]).expect("a key");
    let other_name = format!(
        "baton/log-key/v1\n{}\n{}\nentry 1\n",
        held(1),
        elsewhere.verifier()
    );
    for wrong in [
        signed(3, 2),
        by(&text(1, 2), &[2]),
        by(&text(1, 2), &[1]),
        by(&text(1, 2), &[1, 3]),
        by(&text(1, 1), &[1]),
        by(&text(3, 2), &[1, 2]),
        signed(1, 2).replace("1042", "1043"),
        by(&text(1, 2).replace("entry 1042", "entry 01042"), &[1, 2]),
        by(&text(1, 2).replace("/v1", "/v2"), &[1, 2]),
        by(&format!("{}more\n", text(1, 2)), &[1, 2]),
        note::sign(&other_name, &[&key(1), &elsewhere]).expect("signs"),
    ] {
        assert!(
            Handover::open(wrong.as_bytes(), &held(1)).is_err(),
            "{wrong}"
        );
    }
}

#[test]
fn a_handover_is_no_checkpoint_and_a_checkpoint_no_handover() {
    assert!(Checkpoint::open(signed(1, 2).as_bytes(), &[held(1), held(2)]).is_err());
    let checkpoint = Checkpoint {
        origin: ORIGIN.to_owned(),
        size: 0,
        root: baton_domain::log::EMPTY_ROOT,
    };
    let both = checkpoint.sign_with(&[&key(1), &key(2)]).expect("signs");
    assert!(Handover::open(both.as_bytes(), &held(1)).is_err());
    for known in [held(1), held(2)] {
        assert_eq!(
            Checkpoint::open(both.as_bytes(), &[known]),
            Ok(checkpoint.clone())
        );
    }
    let other = SignerKey::from_seed("other", &[3; 32]).expect("a key");
    assert!(checkpoint.sign_with(&[&key(1), &other]).is_err());
}

#[test]
fn a_chain_leads_from_the_key_that_is_held_and_no_further_than_it_holds() {
    let all = [signed(1, 2), signed(2, 3), signed(3, 4)];
    let lead = |from: u8, notes: &[String]| chain(&held(from), notes.iter().map(String::as_bytes));
    assert_eq!(lead(1, &all), [held(1), held(2), held(3), held(4)]);
    assert_eq!(lead(3, &all), [held(3), held(4)]);
    assert_eq!(lead(4, &all), [held(4)]);
    assert_eq!(lead(9, &all), [held(9)]);
    let gap = [all[0].clone(), all[2].clone()];
    assert_eq!(lead(1, &gap), [held(1), held(2)]);
    let endless: Vec<String> = (0..HANDOVERS_MAX + 2)
        .map(|n| signed(u8::try_from(n).unwrap(), u8::try_from(n + 1).unwrap()))
        .collect();
    assert_eq!(lead(0, &endless).len(), HANDOVERS_MAX + 1);
}

#[test]
fn a_key_vouches_for_those_before_it_that_handed_over_to_it() {
    let all = [signed(1, 2), signed(2, 3), signed(3, 4)];
    let of = |from: u8, notes: &[String]| lineage(&held(from), notes.iter().map(String::as_bytes));
    for from in 1..=4 {
        assert_eq!(of(from, &all), [held(1), held(2), held(3), held(4)]);
    }
    // The new key did not sign: anybody could say so.
    let claimed = format!("baton/log-key/v1\n{}\n{}\nentry 1\n", held(7), held(1));
    let claimed = note::sign(&claimed, &[&key(7)]).expect("signs");
    assert_eq!(of(1, &[claimed]), [held(1)]);
    assert_eq!(of(9, &all), [held(9)]);
}
