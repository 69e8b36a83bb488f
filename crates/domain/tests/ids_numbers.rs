//! ULN, NHS number, UCI: the vectors, and that none passes for another.
#![cfg(test)]

use baton_domain::ids::IdError::{Character, Check, Length, NeverIssued, Placeholder, Range};
use baton_domain::ids::{IdError, LearnerIdentifier, LearnerScheme, NhsNumber, Uci, Uln};
use proptest::prelude::*;

const ULNS: [&str; 10] = [
    "9276308686",
    "9999000028",
    "9999000036",
    "9999000117",
    "9999000125",
    "9999000133",
    "9999000249",
    "9999000354",
    "9999000060",
    "1234567899",
];

const NHS_NUMBERS: [&str; 4] = ["9434765919", "9990000018", "9990123454", "9876543210"];

#[test]
fn ulns_of_the_table() {
    for value in ULNS {
        assert_eq!(Uln::parse(value).unwrap().as_str(), value);
    }
    let broken = [
        ("9276308685", Check),
        ("9276308668", NeverIssued), // the last two swapped
        ("9267308686", Check),
        ("9999999999", Placeholder),
        ("9999000010", NeverIssued),
        ("9999000015", NeverIssued),
        ("0276308686", Range),
        ("927630868", Length),
        ("92763086866", Length),
        ("92763O8686", Character),
        (" 9276308686", Length),
        ("9276 30868", Character),
        ("", Length),
    ];
    for (value, rule) in broken {
        assert_eq!(Uln::parse(value), Err(rule), "{value}");
    }
}

#[test]
fn nhs_numbers_of_the_table() {
    for value in NHS_NUMBERS {
        assert_eq!(NhsNumber::parse(value).unwrap().as_str(), value);
    }
    let broken = [
        ("9434765918", Check),
        ("4010232138", Check),
        ("943 476 5919", Length),
        ("943476591", Length),
        ("943476591X", Character),
    ];
    for (value, rule) in broken {
        assert_eq!(NhsNumber::parse(value), Err(rule), "{value}");
    }
    for last in 0..=9 {
        for never_issued in ["999000000", "999000014"] {
            let value = format!("{never_issued}{last}");
            assert_eq!(NhsNumber::parse(&value), Err(NeverIssued), "{value}");
        }
    }
}

#[test]
fn ucis_of_the_exam_boards() {
    let issued = [
        "681990012058G",
        "689990980001D",
        "681990250001X",
        "690120240999M",
        "101230251234V",
    ];
    for value in issued {
        assert_eq!(Uci::parse(value).unwrap().as_str(), value);
    }
    let broken = [
        ("681990012058H", Check),
        ("681990012085G", Check),
        ("681990012058I", Character),
        ("681990012058g", Character),
        ("681991012058G", Character), // neither 0 nor a letter in the sixth place
        ("68199001205AG", Character),
        ("681990012058", Length),
        ("681990012058GG", Length),
    ];
    for (value, rule) in broken {
        assert_eq!(Uci::parse(value), Err(rule), "{value}");
    }
}

#[test]
fn a_learner_identifier_is_read_by_its_scheme() {
    let written = [
        ("upn", "E351394824001"),
        ("former_upn", "E351394824001"),
        ("former_upn", "E35139482400B"),
        ("temporary_upn", "E35139482400B"),
        ("uln", "9276308686"),
        ("nhs", "9434765919"),
        ("uci", "681990012058G"),
        ("local", "2024/0117"),
    ];
    for (scheme, value) in written {
        let id = LearnerIdentifier::parse(scheme, value).unwrap();
        assert_eq!((id.scheme().name(), id.value()), (scheme, value));
        let json = serde_json::to_value(&id).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "scheme": scheme, "value": value })
        );
        assert_eq!(
            serde_json::from_value::<LearnerIdentifier>(json).unwrap(),
            id
        );
        assert!(!format!("{id:?}").contains(value));
    }
    let refused = [
        ("upn", "E35139482400B", IdError::OtherScheme),
        ("temporary_upn", "E351394824001", IdError::OtherScheme),
        ("UPN", "E351394824001", IdError::UnknownScheme),
        ("", "E351394824001", IdError::UnknownScheme),
        ("gias", "109890", IdError::UnknownScheme),
        ("local", "", Length),
        ("local", " 7", Character),
        ("local", "7\n", Character),
    ];
    for (scheme, value, rule) in refused {
        assert_eq!(
            LearnerIdentifier::parse(scheme, value),
            Err(rule),
            "{scheme}"
        );
    }
    for scheme in LearnerScheme::ALL {
        assert_eq!(LearnerScheme::parse(scheme.name()), Some(*scheme));
    }
}

#[test]
fn equal_digits_in_two_schemes_are_two_identifiers() {
    let local = LearnerIdentifier::parse("local", "9276308686").unwrap();
    let uln = LearnerIdentifier::parse("uln", "9276308686").unwrap();
    assert_eq!(local.value(), uln.value());
    assert_ne!(local, uln);
}

#[test]
fn no_error_text_repeats_a_value() {
    let rules = [
        Length,
        Character,
        Check,
        NeverIssued,
        Placeholder,
        Range,
        IdError::OtherScheme,
        IdError::UnknownScheme,
    ];
    for rule in rules {
        assert!(!rule.to_string().contains(|c: char| c.is_ascii_digit()));
    }
}

fn with_digit(value: &str, at: usize, digit: char) -> String {
    value
        .chars()
        .enumerate()
        .map(|(place, c)| if place == at { digit } else { c })
        .collect()
}

proptest! {
    #[test]
    fn no_number_is_both_a_uln_and_an_nhs_number(body in "[0-9]{9}") {
        let taken: Vec<String> = (0..=9).map(|last| format!("{body}{last}")).collect();
        prop_assert!(taken.iter().filter(|value| Uln::parse(value).is_ok()).count() <= 1);
        prop_assert!(taken.iter().filter(|value| NhsNumber::parse(value).is_ok()).count() <= 1);
        for value in &taken {
            prop_assert!(Uln::parse(value).is_err() || NhsNumber::parse(value).is_err());
        }
    }

    #[test]
    fn a_wrong_digit_or_a_swap_is_caught(body in "[1-9][0-9]{8}", at in 0_usize..9) {
        for last in 0..=9 {
            let value = format!("{body}{last}");
            let taken = (Uln::parse(&value).is_ok(), NhsNumber::parse(&value).is_ok());
            let bytes = value.as_bytes();
            let mut slips: Vec<String> = ('0'..='9')
                .filter(|digit| *digit != char::from(bytes[at]))
                .map(|digit| with_digit(&value, at, digit))
                .collect();
            if bytes[at] != bytes[at + 1] {
                let first = with_digit(&value, at, char::from(bytes[at + 1]));
                slips.push(with_digit(&first, at + 1, char::from(bytes[at])));
            }
            for slip in slips {
                prop_assert!(!(taken.0 && Uln::parse(&slip).is_ok()));
                prop_assert!(!(taken.1 && NhsNumber::parse(&slip).is_ok()));
            }
        }
    }

    #[test]
    fn nothing_makes_a_parser_panic(scheme in ".{0,12}", value in ".{0,70}") {
        let _ = LearnerIdentifier::parse(&scheme, &value);
        for scheme in LearnerScheme::ALL {
            let _ = LearnerIdentifier::parse(scheme.name(), &value);
        }
    }

    #[test]
    fn what_is_taken_reads_back_as_it_is(value in "[0-9A-Z]{10,13}") {
        for scheme in LearnerScheme::ALL {
            if let Ok(id) = LearnerIdentifier::parse(scheme.name(), &value) {
                prop_assert_eq!(LearnerIdentifier::parse(scheme.name(), id.value()), Ok(id));
            }
        }
    }
}
