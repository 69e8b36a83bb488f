//! The rules between fields, each both ways, on the bytes a sender would send.

use baton_domain::codes;
use baton_wire::{
    contract::{self, Kind, Message, RULES, Together},
    v1, walk,
};
use prost::Message as _;

use crate::TODAY;

/// Place and rule of each violation of these sections.
fn told(sections: &v1::Sections) -> Vec<(String, String)> {
    let content = sections.encode_to_vec().into();
    let violations = walk::sections(&content, TODAY).err().unwrap_or_default();
    violations
        .into_iter()
        .map(|it| (it.field, it.rule))
        .collect()
}

fn one(field: &str, rule: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), rule.to_owned())]
}

const FINE: Vec<(String, String)> = Vec::new();

/// A text that is given; the blank one is not.
fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[test]
fn a_day_is_not_before_the_day_it_follows() {
    let with = |made_on: Option<&str>, ends_on: &str| {
        told(&v1::Sections {
            contacts_and_responsibility: Some(v1::ContactsAndResponsibility {
                orders: vec![v1::ContactOrder {
                    made_on: made_on.map(str::to_owned),
                    ends_on: text(ends_on),
                    ..Default::default()
                }],
                ..Default::default()
            }),
            ..Default::default()
        })
    };
    assert_eq!(with(Some("2025-03-01"), "2025-03-01"), FINE);
    assert_eq!(
        with(None, "2025-03-01"),
        FINE,
        "a blank is no contradiction"
    );
    let place = "content.contacts_and_responsibility.orders[0].ends_on";
    assert_eq!(
        with(Some("2025-03-02"), "2025-03-01"),
        one(place, "date.before")
    );
    assert_eq!(
        with(Some("2025-03-02"), "long ago"),
        one(place, "date.form"),
        "told once, as what it is"
    );
}

fn attendance(year: v1::AttendanceYear) -> Vec<(String, String)> {
    told(&v1::Sections {
        attendance: Some(v1::Attendance {
            years: vec![year],
            ..Default::default()
        }),
        ..Default::default()
    })
}

#[test]
fn sessions_attended_and_missed_are_no_more_than_those_possible() {
    let with = |possible, attended| v1::AttendanceYear {
        sessions_possible: possible,
        sessions_attended: attended,
        sessions_authorised: Some(20),
        sessions_unauthorised: Some(10),
        ..Default::default()
    };
    assert_eq!(attendance(with(Some(380), Some(350))), FINE);
    assert_eq!(attendance(with(Some(30), None)), FINE);
    assert_eq!(attendance(with(None, Some(350))), FINE);
    let place = "content.attendance.years[0].sessions_possible";
    assert_eq!(
        attendance(with(Some(380), Some(351))),
        one(place, "number.parts")
    );
    assert_eq!(attendance(with(Some(29), None)), one(place, "number.parts"));
}

#[test]
fn sums_of_numbers_that_are_no_sessions_do_not_wrap() {
    let mut year = Vec::new();
    for number in [3, 4, 5] {
        prost::encoding::uint64::encode(number, &u64::MAX, &mut year);
    }
    let mut section = Vec::new();
    prost::encoding::bytes::encode(1, &year, &mut section);
    let mut content = Vec::new();
    prost::encoding::bytes::encode(6, &section, &mut content);
    let violations = walk::sections(&content.into(), TODAY).expect_err("out of range");
    assert!(violations.iter().all(|it| it.rule == "number.type"));
}

#[test]
fn marks_say_nothing_without_the_day_of_the_first() {
    let with = |marks_from: Option<&str>| v1::AttendanceYear {
        marks: text("/\\/\\"),
        marks_from: marks_from.map(str::to_owned),
        ..Default::default()
    };
    assert_eq!(attendance(with(Some("2025-09-01"))), FINE);
    assert_eq!(
        attendance(with(None)),
        one("content.attendance.years[0].marks", "field.requires")
    );
}

#[test]
fn one_register_code_is_counted_in_one_row() {
    let with = |second: &str| {
        let row = |code| v1::AttendanceCodeCount {
            code: text(code),
            sessions: Some(3),
        };
        attendance(v1::AttendanceYear {
            codes: vec![row("I"), v1::AttendanceCodeCount::default(), row(second)],
            ..Default::default()
        })
    };
    assert_eq!(with("M"), FINE);
    assert_eq!(
        with("I"),
        one("content.attendance.years[0].codes[2].code", "items.twice")
    );
}

#[test]
fn an_address_is_by_parts_or_by_lines_and_blank_when_it_is_withheld() {
    let with = |paon: &str, lines: &[&str], withheld| {
        let address = v1::Address {
            paon: text(paon),
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            postcode: text("ZZ99 3WZ"),
            ..Default::default()
        };
        told(&v1::Sections {
            contacts_and_responsibility: Some(v1::ContactsAndResponsibility {
                address: Some(address),
                address_withheld: withheld,
                ..Default::default()
            }),
            ..Default::default()
        })
    };
    assert_eq!(with("12", &[], None), FINE);
    assert_eq!(with("", &["12 Sample Row"], Some(false)), FINE);
    let place = "content.contacts_and_responsibility.address";
    assert_eq!(
        with("12", &["12 Sample Row"], None),
        one(&format!("{place}.lines"), "field.beside")
    );
    assert_eq!(with("12", &[], Some(true)), one(place, "field.kept_blank"));
}

fn send(provision: &str, needs: &[(u32, &str, Option<&str>)]) -> Vec<(String, String)> {
    let needs = needs.iter().map(|(rank, kind, ended_on)| v1::SenNeedRow {
        rank: (*rank > 0).then_some(*rank),
        kind: text(kind),
        ended_on: ended_on.map(str::to_owned),
        ..Default::default()
    });
    told(&v1::Sections {
        send: Some(v1::SpecialEducationalNeeds {
            sen_provision: text(provision),
            needs: needs.collect(),
            ..Default::default()
        }),
        ..Default::default()
    })
}

#[test]
fn needs_have_each_rank_once_and_leave_none_out() {
    let ended = Some("2024-07-19");
    assert_eq!(send("K", &[(2, "ASD", None), (1, "SLCN", None)]), FINE);
    assert_eq!(send("K", &[(0, "ASD", None), (0, "SLCN", None)]), FINE);
    assert_eq!(
        send("K", &[(1, "SLCN", ended), (1, "ASD", None)]),
        FINE,
        "a need that ended gives its rank to the next"
    );
    assert_eq!(send("K", &[(1, "SLCN", ended), (2, "ASD", None)]), FINE);
    for needs in [
        [(1, "SLCN", None), (1, "ASD", None)],
        [(1, "SLCN", None), (3, "ASD", None)],
        [(2, "SLCN", None), (3, "ASD", None)],
    ] {
        assert_eq!(
            send("K", &needs),
            one("content.send.needs", "items.ranks"),
            "{needs:?}"
        );
    }
}

#[test]
fn a_need_without_specialist_assessment_stands_beside_sen_support_only() {
    let ended = Some("2024-07-19");
    assert_eq!(send("K", &[(1, "NSA", None)]), FINE);
    assert_eq!(send("", &[(1, "NSA", None)]), FINE);
    assert_eq!(send("E", &[(1, "NSA", ended), (2, "ASD", None)]), FINE);
    let place = "content.send.needs[1].kind";
    assert_eq!(
        send("E", &[(1, "ASD", None), (2, "NSA", None)]),
        one(place, "items.only_beside")
    );
    assert_eq!(
        send("Q", &[(1, "NSA", None)]),
        one("content.send.sen_provision", "code_set.sen_provision"),
        "told once, as what it is"
    );
}

#[test]
fn the_early_years_profile_has_each_goal_once_and_is_assessed_whole_or_not() {
    let with = |rows: &[(&str, &str)]| {
        let goals = rows.iter().map(|(goal, result)| v1::EarlyLearningGoal {
            goal: text(goal),
            result: text(result),
        });
        told(&v1::Sections {
            attainment: Some(v1::Attainment {
                early_years_profile: Some(v1::EarlyYearsProfile {
                    goals: goals.collect(),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            ..Default::default()
        })
    };
    assert_eq!(with(&[("E01", "1"), ("E02", "2")]), FINE);
    assert_eq!(with(&[("E01", "A"), ("E02", "A")]), FINE);
    let place = "content.attainment.early_years_profile.goals";
    assert_eq!(
        with(&[("E01", "1"), ("E02", "A")]),
        one(place, "items.all_or_none")
    );
    assert_eq!(
        with(&[("E01", "1"), ("E01", "2")]),
        one(&format!("{place}[1].goal"), "items.twice")
    );
}

#[test]
fn what_is_to_be_done_is_said_in_words() {
    let sections = v1::Sections {
        send: Some(v1::SpecialEducationalNeeds {
            sen_provision: text("N"),
            needs: vec![v1::SenNeedRow {
                rank: Some(2),
                kind: text("NSA"),
                started_on: text("2025-01-02"),
                ended_on: None,
                ..Default::default()
            }],
            emerging_needs: vec![v1::EmergingNeed {
                first_noticed: text("2025-02-01"),
                told_on: text("2025-01-01"),
                ..Default::default()
            }],
            ..Default::default()
        }),
        ..Default::default()
    };
    let violations = walk::sections(&sections.encode_to_vec().into(), TODAY).expect_err("three");
    let said: Vec<_> = violations
        .iter()
        .map(|it| it.description.as_str())
        .collect();
    assert_eq!(
        said,
        [
            "A day that is not before `first_noticed`.",
            "`rank` 1, 2, 3 and so on, each once and none left out.",
            "NSA only with `sen_provision` K.",
        ]
    );
}

/// Every rule of the contract, with the message it stands in.
fn rules() -> Vec<(&'static Message, &'static contract::Field, Together)> {
    fn visit(
        message: &'static Message,
        seen: &mut Vec<&'static str>,
        rules: &mut Vec<(&'static Message, &'static contract::Field, Together)>,
    ) {
        if seen.contains(&message.name) {
            return;
        }
        seen.push(message.name);
        for field in message.fields {
            rules.extend(
                field
                    .rule
                    .together
                    .iter()
                    .map(|rule| (message, field, *rule)),
            );
            if let Kind::Message(inner) = field.kind {
                visit(inner, seen, rules);
            }
        }
    }
    let mut rules = Vec::new();
    visit(contract::sections(), &mut Vec::new(), &mut rules);
    rules
}

#[test]
fn every_kind_of_rule_is_used_and_every_code_a_rule_names_is_of_its_set() {
    let rules = rules();
    for (code, _) in RULES {
        assert!(
            rules.iter().any(|(_, _, rule)| rule.code() == code),
            "{code}"
        );
    }
    let mut values = Vec::new();
    for (message, field, rule) in rules {
        let Kind::Message(item) = field.kind else {
            continue;
        };
        match rule {
            Together::AllOrNone(value) => values.push((item, value)),
            Together::OnlyBeside {
                item: said, beside, ..
            } => {
                values.extend([(item, said), (message, beside)]);
            }
            _ => {}
        }
    }
    for (message, value) in values {
        let (_, field) = message.field(value.number).expect("a field");
        let set = codes::find(field.rule.code_set).expect("a code set");
        assert!(set.contains(value.value), "{}.{}", message.name, field.name);
    }
}
