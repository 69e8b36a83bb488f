//! The contract as declared: what reviewers see when an option changes, and what other files say
//! about fields.

use std::{collections::BTreeSet, fmt::Write, fs, path::PathBuf};

use baton_domain::{codes, route::Point, section::SectionKind};
use baton_wire::{
    DESCRIPTOR_SET,
    contract::{self, Field, Kind, Message},
    core_questions, v1, walk,
};
use prost_reflect::DescriptorPool;

/// Every message of content once, sections in order of kind and each part after its first use.
fn messages() -> Vec<&'static Message> {
    fn visit(message: &'static Message, seen: &mut Vec<&'static Message>) {
        if seen.iter().any(|known| known.name == message.name) {
            return;
        }
        seen.push(message);
        for field in message.fields {
            if let Kind::Message(inner) = field.kind {
                visit(inner, seen);
            }
        }
    }
    let mut seen = Vec::new();
    for field in contract::sections().fields {
        if let Kind::Message(message) = field.kind {
            visit(message, &mut seen);
        }
    }
    seen
}

fn fields() -> impl Iterator<Item = (&'static Message, &'static Field)> {
    messages()
        .into_iter()
        .flat_map(|message| message.fields.iter().map(move |it| (message, it)))
}

fn line(field: &Field) -> String {
    let mut out = format!("  {} {}: ", field.number, field.name);
    if field.repeated {
        out.push_str("list of ");
    }
    match field.kind {
        Kind::Enum(declared) => write!(out, "{}", declared.name),
        Kind::Message(message) => write!(out, "{}", message.name),
        other => write!(out, "{}", format!("{other:?}").to_lowercase()),
    }
    .expect("a String takes it");
    let rule = &field.rule;
    if rule.label.is_empty() {
        return out;
    }
    write!(
        out,
        ", {:?}, {}/{}",
        rule.sensitivity, rule.group, rule.order
    )
    .expect("as above");
    let mut say = |name: &str, value: String| write!(out, ", {name} {value}").expect("as above");
    if matches!(field.kind, Kind::Text) && rule.code_set.is_empty() {
        say("max", field.max_length().to_string());
    }
    if field.repeated {
        say("items", field.max_items().to_string());
    }
    if rule.format != v1::Format::Unspecified {
        say(
            "format",
            rule.format
                .as_str_name()
                .trim_start_matches("FORMAT_")
                .to_owned(),
        );
    }
    if let Some((least, greatest)) = rule.range {
        say("range", format!("{least}..={greatest}"));
    }
    for (name, value) in [("codes", rule.code_set), ("ctf", rule.ctf)] {
        if !value.is_empty() {
            say(name, value.to_owned());
        }
    }
    for need in rule.needed {
        let point = need.point.map_or("ANY", |point| point.as_str_name());
        let status = need.status.map_or("", |status| status.as_str_name());
        say(
            "needed",
            format!("{point} {} {status}", need.level.as_str_name())
                .trim()
                .to_owned(),
        );
    }
    for point in rule.core {
        say("core", point.as_str_name().to_owned());
    }
    for together in rule.together {
        say("rule", format!("{together:?}"));
    }
    let by: Vec<_> = rule.filled_by.iter().map(v1::Filler::as_str_name).collect();
    say("by", by.join(" ").replace("FILLER_", ""));
    out
}

#[test]
fn the_options_of_every_field_are_reviewed() {
    let mut out = format!("{}\n", contract::VERSION);
    for message in messages() {
        match message.section {
            Some(section) => writeln!(
                out,
                "\n{} ({}, {:?})",
                message.name, section.kind, section.class
            ),
            None => writeln!(out, "\n{}", message.name),
        }
        .expect("a String takes it");
        for field in message.fields {
            writeln!(out, "{}", line(field)).expect("a String takes it");
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn the_embedded_descriptors_keep_the_options() {
    let pool = DescriptorPool::decode(DESCRIPTOR_SET).expect("complete");
    let extension = pool
        .get_extension_by_name("baton.v1.field")
        .expect("declared");
    let identity = pool
        .get_message_by_name("baton.v1.Identity")
        .expect("declared");
    let upn = identity.get_field_by_name("upn").expect("declared");
    assert!(upn.options().has_extension(&extension));
}

#[test]
fn the_class_of_a_section_is_the_one_of_the_domain() {
    for kind in SectionKind::ALL {
        let section = Message::of(kind).section.expect("a section");
        assert_eq!((section.kind, section.class), (kind, kind.class()));
    }
}

/// Values a message can hold when every list is full.
fn most_values(message: &Message) -> usize {
    let each = |field: &Field| {
        let items = if field.repeated {
            field.max_items() as usize
        } else {
            1
        };
        match field.kind {
            Kind::Message(inner) => items * (1 + most_values(inner)),
            _ => items,
        }
    };
    message.fields.iter().map(each).sum()
}

#[test]
fn a_section_with_every_list_full_is_still_taken() {
    for kind in SectionKind::ALL {
        let most = most_values(Message::of(kind));
        assert!(most <= walk::SECTION_FIELDS_MAX, "{kind}: {most}");
    }
}

#[test]
fn every_section_can_speak_about_itself() {
    for kind in SectionKind::ALL {
        for name in [
            contract::CODE_SET_VERSION,
            contract::NOTHING_TO_ADD,
            contract::NOT_ANSWERED,
        ] {
            assert!(
                Message::of(kind).field_named(name).is_some(),
                "{kind}.{name}"
            );
        }
    }
}

#[test]
fn every_code_set_is_known_and_has_a_code_that_fits() {
    for (message, field) in fields().filter(|(_, field)| !field.rule.code_set.is_empty()) {
        let place = format!("{}.{}", message.name, field.name);
        let set =
            codes::find(field.rule.code_set).unwrap_or_else(|| panic!("{place}: no such set"));
        let max = field.max_length() as usize;
        for (code, _) in set.codes() {
            assert!(
                code.chars().count() <= max,
                "{place}: {code} is longer than {max}"
            );
        }
    }
}

/// Each row is a number, the question, its field in backticks, who answers, why.
#[test]
fn the_page_of_core_questions_names_those_of_the_contract_and_no_others() {
    let page = include_str!("../../../../docs/core-questions.md");
    let headings = [
        (Point::EarlyYearsToPrimary, "Early years to primary"),
        (Point::PrimaryToSecondary, "Primary to secondary"),
        (Point::SecondaryToPost16, "Secondary to post-16"),
        (Point::Post16ToAdult, "Post-16 to adult"),
    ];
    for (point, heading) in headings {
        let chapter = page.split("\n## ").find(|it| it.starts_with(heading));
        let rows = chapter.expect(heading).lines();
        let named: BTreeSet<&str> = rows
            .filter(|row| {
                row.starts_with("| ") && row[2..].starts_with(|c: char| c.is_ascii_digit())
            })
            .filter_map(|row| {
                row.split('|')
                    .nth(3)?
                    .trim()
                    .strip_prefix('`')?
                    .strip_suffix('`')
            })
            .collect();
        let declared =
            core_questions::of(point).map(|(kind, field)| format!("{kind}.{}", field.name));
        let declared: BTreeSet<String> = declared.collect();
        assert_eq!(
            named,
            declared.iter().map(String::as_str).collect(),
            "{heading}"
        );
    }
}

#[test]
fn a_point_asks_at_most_twelve_core_questions() {
    for point in Point::ALL {
        let questions: Vec<_> = core_questions::of(point)
            .map(|(kind, field)| format!("{kind}.{}", field.name))
            .collect();
        assert!(
            (1..=12).contains(&questions.len()),
            "{point}: {questions:?}"
        );
    }
}

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn toml(path: &str) -> toml::Table {
    fs::read_to_string(file(path))
        .expect("it is there")
        .parse()
        .expect("it is TOML")
}

#[test]
fn every_key_has_a_text_and_every_text_a_key() {
    let texts = toml("proto/texts.toml");
    let keys = |table: &str| -> BTreeSet<String> {
        let table = texts
            .get(table)
            .and_then(toml::Value::as_table)
            .expect("a table");
        assert!(
            table
                .values()
                .all(|it| it.as_str().is_some_and(|text| !text.trim().is_empty()))
        );
        table.keys().cloned().collect()
    };
    let used = |key: fn(&Field) -> &'static str| -> BTreeSet<String> {
        fields()
            .map(|(_, field)| key(field))
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .collect()
    };
    assert_same("labels", &keys("labels"), &used(|field| field.rule.label));
    assert_same("help", &keys("help"), &used(|field| field.rule.help));
    let kinds = SectionKind::ALL
        .iter()
        .map(|kind| kind.name().to_owned())
        .collect();
    assert_same("sections", &keys("sections"), &kinds);
    let groups = SectionKind::ALL
        .into_iter()
        .flat_map(|kind| {
            Message::of(kind)
                .fields
                .iter()
                .map(move |it| (kind, it.rule.group))
        })
        .map(|(kind, group)| format!("{kind}.{group}"))
        .collect();
    assert_same("groups", &keys("groups"), &groups);
    let values = fields()
        .filter_map(|(_, field)| match field.kind {
            // Those have texts of their own, by kind.
            Kind::Enum(declared) if declared.name != "SectionKind" => Some(declared.values),
            _ => None,
        })
        .flatten()
        .filter(|(number, _)| *number != 0)
        .map(|(_, name)| (*name).to_owned())
        .collect();
    assert_same("values", &keys("values"), &values);
}

fn assert_same(table: &str, written: &BTreeSet<String>, used: &BTreeSet<String>) {
    let missing: Vec<_> = used.difference(written).collect();
    let idle: Vec<_> = written.difference(used).collect();
    assert!(
        missing.is_empty() && idle.is_empty(),
        "[{table}] lacks {missing:#?}, has idle {idle:#?}"
    );
}

#[test]
fn what_the_study_of_the_field_lists_is_held_by_fields_that_exist() {
    let rows = toml("docs/fields/domain-rows.toml");
    let rows = rows
        .get("row")
        .and_then(toml::Value::as_array)
        .expect("rows");
    for row in rows {
        let text = |key: &str| {
            row.get(key)
                .and_then(toml::Value::as_str)
                .unwrap_or_default()
        };
        let fields = row.get("fields").and_then(toml::Value::as_array);
        let fields: Vec<_> = fields
            .into_iter()
            .flatten()
            .map(|it| it.as_str().expect("a path"))
            .collect();
        assert!(
            !fields.is_empty() || !text("exception").is_empty(),
            "{}: neither",
            text("row")
        );
        for path in fields {
            let (kind, rest) = path.split_once('.').unwrap_or((path, ""));
            let kind =
                SectionKind::parse(kind).unwrap_or_else(|| panic!("{path}: no such section"));
            assert!(
                rest.is_empty() || Message::of(kind).at_path(rest).is_some(),
                "{}: {path} is no field",
                text("row")
            );
        }
    }
}
