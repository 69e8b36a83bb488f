//! One example for each rule of the walk.

use baton_domain::section::SectionKind;
use baton_wire::{VIOLATIONS_MAX, contract::Message, v1, violation::Violation, walk};
use bytes::Bytes;
use prost::{
    Message as _,
    encoding::{self, WireType},
};

use crate::TODAY;

fn broken(content: impl Into<Bytes>) -> Vec<Violation> {
    walk::sections(&content.into(), TODAY).expect_err("it breaks a rule")
}

/// Place and rule of each violation.
fn rules(content: impl Into<Bytes>) -> Vec<(String, String)> {
    broken(content)
        .into_iter()
        .map(|it| (it.field, it.rule))
        .collect()
}

fn one(field: &str, rule: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), rule.to_owned())]
}

/// A section `identity` of these raw bytes.
fn identity(raw: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    encoding::bytes::encode(1, &raw.to_vec(), &mut content);
    content
}

fn text(number: u32, value: &str) -> Vec<u8> {
    let mut raw = Vec::new();
    encoding::string::encode(number, &value.to_owned(), &mut raw);
    raw
}

/// The number of a field of `identity`.
fn number(name: &str) -> u32 {
    let (_, field) = Message::of(SectionKind::Identity)
        .field_named(name)
        .expect("a field");
    field.number
}

#[test]
fn a_violation_names_place_rule_and_shape_and_never_the_value() {
    let sections = v1::Sections {
        identity: Some(v1::Identity {
            upn: Some("A12345678901".to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let violation = Violation {
        field: "content.identity.upn".to_owned(),
        rule: "upn.form".to_owned(),
        value_shape: "text of 12 characters".to_owned(),
        description: "A unique pupil number: 13 characters, the first the right check letter."
            .to_owned(),
    };
    assert_eq!(broken(sections.encode_to_vec()), [violation]);
}

#[test]
fn all_are_told_at_once_by_path() {
    let need = v1::SenNeedRow {
        kind: Some("NOPE".to_owned()),
        ..Default::default()
    };
    let sections = v1::Sections {
        identity: Some(v1::Identity {
            date_of_birth: Some("2031-01-01".to_owned()),
            sex: Some("Q".to_owned()),
            legal_surname: Some(" ".to_owned()),
            legal_forename: Some("x".repeat(36)),
            former_upns: vec!["Z000000000000".to_owned()],
            ..Default::default()
        }),
        send: Some(v1::SpecialEducationalNeeds {
            needs: vec![v1::SenNeedRow::default(), need],
            ..Default::default()
        }),
        ..Default::default()
    };
    let told = rules(sections.encode_to_vec());
    let told: Vec<_> = told
        .iter()
        .map(|(field, rule)| (field.as_str(), rule.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("content.identity.legal_surname", "text.blank"),
            ("content.identity.legal_forename", "text.too_long"),
            ("content.identity.date_of_birth", "date.future"),
            ("content.identity.sex", "code_set.sex"),
            ("content.identity.former_upns[0]", "upn.check_letter"),
            ("content.send.needs[1].kind", "code_set.sen_need"),
        ]
    );
}

#[test]
fn unknown_fields_are_refused_with_the_contract_version() {
    let told = broken(identity(&text(90, "x")));
    assert_eq!(told[0].field, "content.identity.#90");
    assert_eq!(told[0].rule, "field.unknown");
    assert_eq!(
        told[0].description,
        "Contract baton.v1.1 has no such field."
    );
    assert_eq!(rules(text(77, "x")), one("content.#77", "field.unknown"));
}

#[test]
fn what_a_decoder_would_merge_is_refused() {
    let twice = [
        text(number("legal_surname"), "One"),
        text(number("legal_surname"), "Two"),
    ]
    .concat();
    assert_eq!(
        rules(identity(&twice)),
        one("content.identity.legal_surname", "field.twice")
    );
    let section = identity(&text(number("legal_surname"), "One"));
    assert_eq!(
        rules([section.clone(), section].concat()),
        one("content.identity", "field.twice")
    );
}

#[test]
fn wrong_types_on_the_wire_are_refused() {
    let mut varint = Vec::new();
    encoding::uint64::encode(number("legal_surname"), &7, &mut varint);
    let mut group = Vec::new();
    encoding::encode_key(number("legal_surname"), WireType::StartGroup, &mut group);
    encoding::encode_key(number("legal_surname"), WireType::EndGroup, &mut group);
    let mut double = Vec::new();
    encoding::double::encode(number("legal_surname"), &1.0, &mut double);
    for raw in [varint, group, double] {
        assert_eq!(
            rules(identity(&raw)),
            one("content.identity.legal_surname", "field.wire_type")
        );
    }
}

#[test]
fn texts_are_utf8_without_nul() {
    let mut raw = text(number("legal_surname"), "ab");
    raw[2] = 0xff;
    assert_eq!(
        rules(identity(&raw)),
        one("content.identity.legal_surname", "text.utf8")
    );
    raw[2] = 0;
    assert_eq!(
        rules(identity(&raw)),
        one("content.identity.legal_surname", "text.nul")
    );
}

#[test]
fn lengths_count_characters_and_not_bytes() {
    let fits = "é".repeat(35);
    assert!(
        walk::sections(
            &identity(&text(number("legal_surname"), &fits)).into(),
            TODAY
        )
        .is_ok()
    );
    let told = broken(identity(&text(number("legal_surname"), &"é".repeat(36))));
    assert_eq!(told[0].value_shape, "text of 36 characters");
}

#[test]
fn lists_are_bounded_and_told_once() {
    let many: Vec<u8> = (0..40)
        .flat_map(|_| text(number("former_upns"), "Z000000000000"))
        .collect();
    let told = rules(identity(&many));
    assert_eq!(told.len(), 5);
    assert_eq!(
        told[4],
        (
            "content.identity.former_upns".to_owned(),
            "items.too_many".to_owned()
        )
    );
}

#[test]
fn enums_are_known_numbers_and_never_unspecified() {
    let with = |number| {
        let route = Some(number);
        let support_plan = Some(v1::DocumentFact {
            route,
            ..Default::default()
        });
        let send = Some(v1::SpecialEducationalNeeds {
            support_plan,
            ..Default::default()
        });
        v1::Sections {
            send,
            ..Default::default()
        }
        .encode_to_vec()
    };
    assert!(walk::sections(&with(1).into(), TODAY).is_ok());
    let path = "content.send.support_plan.route";
    assert_eq!(rules(with(0)), one(path, "enum.unspecified"));
    assert_eq!(rules(with(99)), one(path, "enum.unknown"));
    assert_eq!(rules(with(-1)), one(path, "enum.unknown"));
}

#[test]
fn truth_is_zero_or_one_and_numbers_stay_in_their_type() {
    let mut raw = Vec::new();
    encoding::uint64::encode(number("out_of_year_group"), &2, &mut raw);
    assert_eq!(
        rules(identity(&raw)),
        one("content.identity.out_of_year_group", "number.type")
    );
}

#[test]
fn numbers_keep_to_their_range() {
    let phonics = v1::PhonicsCheck {
        year: Some(12),
        ..Default::default()
    };
    let attainment = Some(v1::Attainment {
        phonics: vec![phonics],
        ..Default::default()
    });
    let content = v1::Sections {
        attainment,
        ..Default::default()
    }
    .encode_to_vec();
    assert_eq!(
        rules(content),
        one("content.attainment.phonics[0].year", "number.range")
    );
}

#[test]
fn truncated_bytes_are_told_where_they_break() {
    let mut raw = text(number("upn"), "Z000000000000");
    raw.truncate(8);
    assert_eq!(
        rules(identity(&raw)),
        one("content.identity", "message.malformed")
    );
    assert_eq!(rules(vec![0x0a]), one("content", "message.malformed"));
}

#[test]
fn derived_and_reserved_sections_are_not_published() {
    assert_eq!(
        rules(text(21, "")),
        one("content.capacity_and_sharing", "section.not_publishable")
    );
    assert_eq!(
        rules(text(22, "")),
        one("content.individual_support_plan", "section.not_publishable")
    );
}

#[test]
fn content_is_neither_empty_nor_without_bound() {
    assert_eq!(rules(Vec::new()), one("content", "content.empty"));
    let large = identity(&vec![0; walk::SECTION_BYTES_MAX + 1]);
    assert_eq!(rules(large), one("content.identity", "section.too_large"));
    assert_eq!(
        rules(vec![0; walk::CONTENT_BYTES_MAX + 1]),
        one("content", "content.too_large")
    );
}

#[test]
fn a_long_list_of_violations_ends_with_a_marker() {
    let many: Vec<u8> = (100..400).flat_map(|number| text(number, "x")).collect();
    let told = broken(identity(&many));
    assert_eq!(told.len(), VIOLATIONS_MAX + 1);
    assert_eq!(told[VIOLATIONS_MAX].rule, "more");
}

#[test]
fn few_bytes_cannot_ask_for_endless_work() {
    let nothing_to_add = [0x90_u8, 0x06, 0];
    let endless = identity(&nothing_to_add.repeat(walk::SECTION_FIELDS_MAX + 1));
    let told = rules(endless);
    assert_eq!(told[told.len() - 1].1, "section.too_many_fields");
    let unknown: Vec<u8> = [0xf8_u8, 0x06, 0].repeat(500_000);
    assert_eq!(rules(unknown).len(), VIOLATIONS_MAX + 1);
}
