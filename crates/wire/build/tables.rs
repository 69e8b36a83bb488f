//! Prints the checked contract as Rust: one static table a message, which the validator, the
//! portal's forms, completeness and the field reference all read.

use std::{collections::BTreeMap, fmt::Write};

use prost_reflect::{DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use crate::rule::{self, Rule, UNSPECIFIED};
use crate::together;

/// The source of `baton_wire::contract::tables`.
pub(crate) fn print(pool: &DescriptorPool) -> String {
    let sections = pool
        .get_message_by_name("baton.v1.Sections")
        .expect("it was checked");
    let (mut messages, mut enums) = (BTreeMap::new(), BTreeMap::new());
    collect(&sections, &mut messages, &mut enums);

    let mut out = String::new();
    for declared in enums.values() {
        print_enum(&mut out, declared);
    }
    for message in messages.values() {
        print_message(&mut out, message);
    }
    out
}

fn collect(
    message: &MessageDescriptor,
    messages: &mut BTreeMap<String, MessageDescriptor>,
    enums: &mut BTreeMap<String, EnumDescriptor>,
) {
    if messages
        .insert(message.full_name().to_owned(), message.clone())
        .is_some()
    {
        return;
    }
    for field in message.fields() {
        match field.kind() {
            Kind::Message(inner) => collect(&inner, messages, enums),
            Kind::Enum(declared) => {
                enums.insert(declared.full_name().to_owned(), declared);
            }
            _ => {}
        }
    }
}

fn print_enum(out: &mut String, declared: &EnumDescriptor) {
    let mut values: Vec<_> = declared.values().collect();
    values.sort_by_key(prost_reflect::EnumValueDescriptor::number);
    let values = all(values, |value| {
        format!("({}, {:?}), ", value.number(), value.name())
    });
    line(
        out,
        &format!(
            "static {}: Enum = Enum {{ name: {:?}, values: &[{values}] }};",
            constant(declared.full_name()),
            short(declared.full_name()),
        ),
    );
}

fn print_message(out: &mut String, message: &MessageDescriptor) {
    let section = rule::of_message(message).map_or_else(
        || "None".to_owned(),
        |rule| {
            let (kind, class) = (camel(&rule.kind), class(&rule.sensitivity));
            format!("Some(Section {{ kind: SectionKind::{kind}, class: Class::{class} }})")
        },
    );
    line(
        out,
        &format!(
            "/// `{name}`.\npub static {}: Message = Message {{ name: {name:?}, section: {section}, \
             fields: &[",
            constant(message.full_name()),
            name = short(message.full_name()),
        ),
    );
    let mut fields: Vec<_> = message.fields().collect();
    fields.sort_by_key(FieldDescriptor::number);
    for field in &fields {
        print_field(out, field);
    }
    line(out, "] };");
}

fn print_field(out: &mut String, field: &FieldDescriptor) {
    let kind = match field.kind() {
        Kind::String => "Text".to_owned(),
        Kind::Bool => "Bool".to_owned(),
        Kind::Int32 => "Int32".to_owned(),
        Kind::Int64 => "Int64".to_owned(),
        Kind::Uint32 => "Uint32".to_owned(),
        Kind::Uint64 => "Uint64".to_owned(),
        Kind::Enum(declared) => format!("Enum(&{})", constant(declared.full_name())),
        Kind::Message(inner) => format!("Message(&{})", constant(inner.full_name())),
        other => unreachable!("{other:?} was refused by the check"),
    };
    let rule = rule::of_field(field).map_or_else(
        || "FieldRule::NONE".to_owned(),
        |rule| print_rule(field, &rule),
    );
    line(
        out,
        &format!(
            "    Field {{ number: {}, name: {:?}, json_name: {:?}, kind: Kind::{kind}, \
             repeated: {}, rule: {rule} }},",
            field.number(),
            field.name(),
            field.json_name(),
            field.is_list(),
        ),
    );
}

fn print_rule(field: &FieldDescriptor, rule: &Rule) -> String {
    let together = together::of(field, rule).expect("it was checked");
    let needed = all(&rule.needed, |need| {
        format!(
            "Need {{ point: {}, level: v1::Level::{}, status: {} }}, ",
            optional("Point", &need.point),
            camel(&need.level),
            optional("Status", &need.status),
        )
    });
    let range = if (rule.minimum, rule.maximum) == (0, 0) {
        "None".to_owned()
    } else {
        format!("Some(({}, {}))", rule.minimum, rule.maximum)
    };
    format!(
        "FieldRule {{ label: {:?}, help: {:?}, group: {:?}, order: {}, sensitivity: Class::{}, \
         filled_by: {}, needed: &[{needed}], code_set: {:?}, ctf: {:?}, max_length: {}, \
         max_items: {}, format: v1::Format::{}, range: {range}, core: {}, \
         together: &[{}] }}",
        rule.label,
        rule.help,
        rule.group,
        rule.order,
        class(&rule.sensitivity),
        list("Filler", &rule.filled_by),
        rule.code_set,
        rule.ctf,
        rule.max_length,
        rule.max_items,
        camel(&rule.format),
        list("Point", &rule.core),
        all(together, |rule| format!("Together::{rule}, ")),
    )
}

fn list(of: &str, names: &[String]) -> String {
    format!(
        "&[{}]",
        all(names, |name| format!("v1::{of}::{}, ", camel(name)))
    )
}

fn all<T>(items: impl IntoIterator<Item = T>, print: impl Fn(T) -> String) -> String {
    items.into_iter().map(print).collect::<Vec<_>>().concat()
}

fn optional(of: &str, name: &str) -> String {
    if name == UNSPECIFIED {
        "None".to_owned()
    } else {
        format!("Some(v1::{of}::{})", camel(name))
    }
}

fn class(sensitivity: &str) -> &'static str {
    match sensitivity {
        // The fields of NotAnswered are no content and have a format at most.
        "ORDINARY" | UNSPECIFIED => "L",
        "PERSONAL" => "M",
        "HIGH" => "H",
        "RESTRICTED" => "R",
        other => unreachable!("{other} was refused by the check"),
    }
}

fn short(full_name: &str) -> &str {
    full_name.trim_start_matches("baton.v1.")
}

/// `SettingRef` becomes `SETTING_REF`.
fn constant(full_name: &str) -> String {
    let mut out = String::new();
    for letter in short(full_name).chars() {
        match letter {
            '.' => out.push('_'),
            upper if upper.is_uppercase() && !out.is_empty() && !out.ends_with('_') => {
                out.push('_');
                out.push(upper);
            }
            other => out.push(other.to_ascii_uppercase()),
        }
    }
    out
}

/// `POST_16_TO_ADULT` becomes `Post16ToAdult`, as the generated enums have it.
fn camel(name: &str) -> String {
    all(name.split('_'), |word| {
        let (first, rest) = word.split_at(1);
        format!("{first}{}", rest.to_lowercase())
    })
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("writing to a String does not fail");
}
