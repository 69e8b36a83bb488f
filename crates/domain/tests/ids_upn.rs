//! UPNs: the vectors of the trade, and which slips the check letter catches.
#![cfg(test)]

use baton_domain::ids::{IdError, IdWarning, Upn};
use proptest::prelude::*;

#[test]
fn known_numbers_are_taken() {
    let permanent = [
        "E351394824001", // Bury
        "F351489824002",
        "Z839394725003",
        "G330394623123",
        "M823489725045",
        "Z201394521300",
        "F941394422017", // new authority
        "Y909394304001", // ended authority
        "B801200005001",
        "P207000016049", // published elsewhere with letter Q, a slip in the sum
        "R201100018042",
    ];
    let temporary = [
        "Q35139482400A",
        "T83939472500Z",
        "N33039460012T",
        "K94039421301H",
        "T20110001804V",
        "E35139482400B",
    ];
    for value in permanent.into_iter().chain(temporary) {
        let upn = Upn::parse(value).unwrap();
        assert_eq!(upn.as_str(), value);
        assert_eq!(upn.is_temporary(), temporary.contains(&value), "{value}");
        assert_eq!(upn.warning(), None, "{value}");
    }
}

#[test]
fn one_number_for_every_check_letter() {
    let tails = "A006 B026 C017 D008 E001 F019 G012 H003 J023 K014 L005 M025 N016 P007 Q000 R018 \
                 T009 U002 V022 W013 X004 Y024 Z015";
    for tail in tails.split_whitespace() {
        let (letter, serial) = tail.split_at(1);
        assert!(
            Upn::parse(&format!("{letter}351394824{serial}")).is_ok(),
            "{tail}"
        );
    }
}

#[test]
fn broken_numbers_are_refused_by_the_rule_they_break() {
    use IdError::{Character, Check, Length};
    let broken = [
        ("D351394824001", Check),
        ("E351394824010", Check),
        ("E351394842001", Check),
        ("A801200005001", Check),
        ("Q207000016049", Check), // published as valid, and is not
        ("E35139482400", Length),
        ("E3513948240011", Length),
        ("", Length),
        ("E35139482400é", Length),
        ("I351394824001", Character),
        ("O351394824001", Character),
        ("S351394824001", Character),
        ("E35139482400S", Character), // not to be read as 0
        ("E35139A824001", Character),
        ("X80120000A001", Character),
        ("E 51394824001", Character),
        ("e351394824001", Character),
        ("E35139482400b", Character),
        ("3351394824001", Character),
    ];
    for (value, rule) in broken {
        assert_eq!(Upn::parse(value), Err(rule), "{value}");
    }
}

#[test]
fn an_issuer_nobody_lists_is_a_warning_and_no_error() {
    let warning = |value| Upn::parse(value).unwrap().warning();
    assert_eq!(warning("E000200005001"), Some(IdWarning::UnknownIssuer));
    assert_eq!(warning("Q999394824001"), Some(IdWarning::TestIssuer));
    assert_eq!(Upn::parse("E351394824001").unwrap().issuing_la(), "351");
}

#[test]
fn the_ten_pairs_the_check_letter_cannot_tell_apart() {
    for (digit, letter) in TWINS {
        let body = format!("35139482400{digit}");
        let check = check_letter(&body);
        assert!(Upn::parse(&format!("{check}{body}")).is_ok());
        assert!(Upn::parse(&format!("{check}35139482400{letter}")).is_ok());
    }
}

#[test]
fn debug_output_hides_the_number() {
    let upn = Upn::parse("E351394824001").unwrap();
    assert_eq!(format!("{upn:?}"), "Upn(…)");
    assert_eq!(upn.to_string(), "E351394824001");
    assert_eq!(serde_json::to_string(&upn).unwrap(), r#""E351394824001""#);
    let refused = serde_json::from_str::<Upn>(r#""D351394824001""#)
        .unwrap_err()
        .to_string();
    assert!(!refused.contains("D3513"), "{refused}");
}

const ALPHABET: &str = "ABCDEFGHJKLMNPQRTUVWXYZ";

/// A digit and the letter of equal value: at the last place they are one to the sum.
const TWINS: [(char, char); 10] = [
    ('0', 'A'),
    ('1', 'B'),
    ('2', 'C'),
    ('3', 'D'),
    ('4', 'E'),
    ('5', 'F'),
    ('6', 'G'),
    ('7', 'H'),
    ('8', 'J'),
    ('9', 'K'),
];

/// The rule once more, written from the DfE's words and not from the code.
fn check_letter(body: &str) -> char {
    let value = |c: char| match c.to_digit(10) {
        Some(digit) => digit as usize,
        None => ALPHABET.find(c).unwrap(),
    };
    let sum: usize = body
        .chars()
        .enumerate()
        .map(|(at, c)| (at + 2) * value(c))
        .sum();
    ALPHABET.chars().nth(sum % 23).unwrap()
}

fn valid() -> impl Strategy<Value = String> {
    "[0-9]{11}[0-9A-HJ-NP-RT-Z]".prop_map(|body| format!("{}{body}", check_letter(&body)))
}

fn replaced(value: &str, at: usize, with: char) -> String {
    value
        .chars()
        .enumerate()
        .map(|(place, c)| if place == at { with } else { c })
        .collect()
}

proptest! {
    #[test]
    fn numbers_made_by_the_rule_are_taken(value in valid()) {
        prop_assert!(Upn::parse(&value).is_ok());
    }

    #[test]
    fn every_wrong_character_is_caught_but_a_twin_in_the_last_place(value in valid()) {
        for (at, was) in value.chars().enumerate() {
            for with in ('0'..='9').chain('A'..='Z').filter(|with| *with != was) {
                let twin = at == 12
                    && (TWINS.contains(&(was, with)) || TWINS.contains(&(with, was)));
                prop_assert_eq!(Upn::parse(&replaced(&value, at, with)).is_ok(), twin);
            }
        }
    }

    #[test]
    fn every_swap_of_unequal_neighbours_is_caught(value in valid()) {
        let chars: Vec<char> = value.chars().collect();
        for at in 0..12 {
            let mut swapped = chars.clone();
            swapped.swap(at, at + 1);
            let swapped: String = swapped.into_iter().collect();
            prop_assert_eq!(Upn::parse(&swapped).is_ok(), chars[at] == chars[at + 1]);
        }
    }

    #[test]
    fn nothing_makes_the_parser_panic(value in ".{0,20}") {
        let _ = Upn::parse(&value);
    }
}
