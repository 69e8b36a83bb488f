//! Blanks that are explained.

use baton_wire::{v1, walk};
use prost::Message as _;

use crate::TODAY;

fn entry(field: &str, reason: v1::NotAnsweredReason) -> v1::NotAnswered {
    v1::NotAnswered {
        field: Some(field.to_owned()),
        reason: Some(reason.into()),
        by: Some("SENCO".to_owned()),
        why: None,
    }
}

const UNKNOWN: v1::NotAnsweredReason = v1::NotAnsweredReason::Unknown;

/// The rules broken by a section `contacts_and_responsibility` with a town and these answers.
fn rules(not_answered: Vec<v1::NotAnswered>) -> Vec<(String, String)> {
    let address = Some(v1::Address {
        town: Some("Sampleton".to_owned()),
        ..Default::default()
    });
    let section = v1::ContactsAndResponsibility {
        address,
        not_answered,
        ..Default::default()
    };
    let sections = v1::Sections {
        contacts_and_responsibility: Some(section),
        ..Default::default()
    };
    walk::sections(&sections.encode_to_vec().into(), TODAY)
        .err()
        .unwrap_or_default()
        .into_iter()
        .map(|it| {
            (
                it.field.replace("content.contacts_and_responsibility.", ""),
                it.rule,
            )
        })
        .collect()
}

fn one(field: &str, rule: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), rule.to_owned())]
}

#[test]
fn a_blank_field_can_be_answered_by_name_also_inside_a_message() {
    let answers = vec![
        entry("contacts", UNKNOWN),
        entry("address.postcode", UNKNOWN),
    ];
    assert_eq!(rules(answers), []);
}

#[test]
fn a_field_with_a_value_is_not_unanswered() {
    let wanted = one("not_answered[0].field", "not_answered.value");
    assert_eq!(rules(vec![entry("address", UNKNOWN)]), wanted);
    assert_eq!(rules(vec![entry("address.town", UNKNOWN)]), wanted);
}

#[test]
fn an_answer_names_a_question_of_the_section() {
    let wanted = one("not_answered[0].field", "not_answered.field");
    for name in [
        "upn",
        "nothing_to_add",
        "not_answered",
        "contacts.surname",
        "address.",
        "",
        "x.y",
    ] {
        let told = rules(vec![entry(name, UNKNOWN)]);
        if name.is_empty() {
            assert_eq!(
                told[0],
                ("not_answered[0].field".to_owned(), "text.blank".to_owned())
            );
        } else {
            assert_eq!(told, wanted, "{name}");
        }
    }
}

#[test]
fn an_answer_gives_a_reason_and_stands_once() {
    let mut silent = entry("contacts", UNKNOWN);
    silent.reason = None;
    assert_eq!(
        rules(vec![silent]),
        one("not_answered[0].reason", "not_answered.reason")
    );
    assert_eq!(
        rules(vec![entry("contacts", UNKNOWN), entry("contacts", UNKNOWN)]),
        one("not_answered[1].field", "not_answered.twice")
    );
}

#[test]
fn nothing_to_add_does_not_go_with_values() {
    let check = |nothing_to_add, name_pronunciation: Option<&str>| {
        let identity = v1::Identity {
            nothing_to_add: Some(nothing_to_add),
            name_pronunciation: name_pronunciation.map(str::to_owned),
            code_set_version: Some("CBDS-2026".to_owned()),
            ..Default::default()
        };
        let sections = v1::Sections {
            identity: Some(identity),
            ..Default::default()
        };
        walk::sections(&sections.encode_to_vec().into(), TODAY)
            .err()
            .map(|it| it.into_iter().map(|it| it.rule).collect::<Vec<_>>())
    };
    assert_eq!(check(true, None), None);
    assert_eq!(check(false, Some("ZAN-thee")), None);
    assert_eq!(
        check(true, Some("ZAN-thee")),
        Some(vec!["nothing_to_add.values".to_owned()])
    );
}

#[test]
fn who_said_so_is_one_line() {
    let mut answer = entry("phones", UNKNOWN);
    answer.by = Some("SENCO\nand more".to_owned());
    assert_eq!(rules(vec![answer]), one("not_answered[0].by", "line.break"));
    let mut answer = entry("phones", UNKNOWN);
    answer.by = Some("S".repeat(201));
    assert_eq!(
        rules(vec![answer]),
        one("not_answered[0].by", "text.too_long")
    );
}
