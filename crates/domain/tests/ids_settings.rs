//! Codes of settings: forms, ranges, and that registers do not meet.
#![cfg(test)]

use std::collections::HashSet;

use baton_domain::ids::IdError::{Character, Length, Range, UnknownScheme};
use baton_domain::ids::{
    GiasUrn, IdWarning, LaCode, LaEyUrn, Laestab, OdsCode, OfstedEyUrn, SettingIdentifier,
    SettingScheme, Ukprn,
};
use proptest::prelude::*;

#[test]
fn equal_digits_in_two_registers_are_two_settings() {
    // 109890 is a school in one register and a pre-school in the other.
    let school = SettingIdentifier::parse("gias", "109890").unwrap();
    let pre_school = SettingIdentifier::parse("ofsted-ey", "109890").unwrap();
    assert_eq!(school.value(), pre_school.value());
    assert_ne!(school, pre_school);
    let both: HashSet<SettingIdentifier> = [school, pre_school].into();
    assert_eq!(both.len(), 2);
}

#[test]
fn urns_keep_to_the_form_of_their_register() {
    for value in ["100000", "146827", "151234"] {
        assert_eq!(GiasUrn::parse(value).unwrap().as_str(), value);
    }
    assert_eq!(GiasUrn::parse("012345"), Err(Range));
    assert_eq!(GiasUrn::parse("EY123456"), Err(Length));
    assert_eq!(GiasUrn::parse("1234567"), Err(Length));

    for value in ["EY123456", "VC123456", "CA000006", "109890", "2494595"] {
        assert_eq!(OfstedEyUrn::parse(value).unwrap().as_str(), value);
    }
    for (value, rule) in [
        ("RP123456", Length),
        ("ey123456", Length),
        ("EY12345", Length),
        ("EY1234567", Length),
        ("EYABCDEF", Character),
        ("12345", Length),
        ("12345678", Length),
        ("12345A", Character),
    ] {
        assert_eq!(OfstedEyUrn::parse(value), Err(rule), "{value}");
    }

    for value in ["500000", "799999"] {
        assert_eq!(LaEyUrn::parse(value).unwrap().as_str(), value);
    }
    for value in ["499999", "800000"] {
        assert_eq!(LaEyUrn::parse(value), Err(Range));
    }
}

#[test]
fn a_dfe_number_is_one_however_it_is_written() {
    let bury = Laestab::parse("3513948").unwrap();
    for written in ["351/3948", "351-3948"] {
        assert_eq!(Laestab::parse(written).as_ref(), Ok(&bury));
    }
    assert_eq!((bury.la(), bury.establishment()), ("351", "3948"));
    assert_eq!(
        Laestab::parse("0012000").unwrap().as_str(),
        "0012000",
        "zeros in front stay"
    );
    for (value, rule) in [
        ("35/13948", Character),
        ("3513/948", Character),
        ("351//3948", Length),
        ("351/394", Length),
        ("351 3948", Length),
        ("351LLLL", Character),
        ("", Length),
    ] {
        assert_eq!(Laestab::parse(value), Err(rule), "{value}");
    }
}

#[test]
fn authorities_are_named_current_or_not() {
    let name = |code| LaCode::parse(code).unwrap().name();
    assert_eq!(name("351"), Some("Bury"));
    assert_eq!(name("839"), Some("Bournemouth, Christchurch and Poole"));
    assert_eq!(name("909"), Some("Cumbria"));
    assert_eq!(name("901"), None, "ended before 1998");
    assert_eq!(LaCode::parse("35"), Err(Length));
    assert_eq!(LaCode::parse("35A"), Err(Character));
}

#[test]
fn a_ukprn_that_does_not_begin_with_1_is_odd_and_taken() {
    for value in ["10079297", "10015262", "10075988", "10068732", "10079319"] {
        assert_eq!(Ukprn::parse(value).unwrap().warning(), None);
    }
    let odd = SettingIdentifier::parse("ukprn", "21133510").unwrap();
    assert_eq!(odd.warning(), Some(IdWarning::UnusualFirstDigit));
    assert_eq!(Ukprn::parse("1007929"), Err(Length));
}

#[test]
fn an_nhs_organisation_is_upper_case_letters_and_digits() {
    for value in ["RXA", "A12345", "8HA03", "Y0401AB123"] {
        assert_eq!(OdsCode::parse(value).unwrap().as_str(), value);
    }
    assert_eq!(OdsCode::parse("RX"), Err(Length));
    assert_eq!(OdsCode::parse("Y0401AB1234"), Err(Length));
    assert_eq!(OdsCode::parse("rxa"), Err(Character));
    assert_eq!(OdsCode::parse("RX-A"), Err(Character));
}

#[test]
fn schemes_are_spelled_one_way() {
    let names: Vec<&str> = SettingScheme::ALL
        .iter()
        .map(|scheme| scheme.name())
        .collect();
    let spelled = [
        "gias",
        "ofsted-ey",
        "la-ey",
        "laestab",
        "ukprn",
        "ods",
        "baton-local",
    ];
    assert_eq!(names, spelled);
    for unknown in ["GIAS", "urn", "ofsted_ey", "upn", ""] {
        assert_eq!(
            SettingIdentifier::parse(unknown, "109890"),
            Err(UnknownScheme)
        );
    }
    let id = SettingIdentifier::parse("laestab", "351/3948").unwrap();
    let json = serde_json::to_value(&id).unwrap();
    assert_eq!(
        json,
        serde_json::json!({ "scheme": "laestab", "value": "3513948" })
    );
    assert_eq!(
        serde_json::from_value::<SettingIdentifier>(json).unwrap(),
        id
    );
}

proptest! {
    #[test]
    fn nothing_makes_a_parser_panic(value in ".{0,70}") {
        for scheme in SettingScheme::ALL {
            let _ = SettingIdentifier::parse(scheme.name(), &value);
        }
        let _ = LaCode::parse(&value);
    }

    #[test]
    fn what_is_taken_reads_back_as_it_is(value in "(EY|VC|CA)?[0-9]{3}[/-]?[0-9]{3,5}") {
        for scheme in SettingScheme::ALL {
            if let Ok(id) = SettingIdentifier::parse(scheme.name(), &value) {
                prop_assert_eq!(SettingIdentifier::parse(scheme.name(), id.value()), Ok(id));
            }
        }
    }
}
