//! Where a JSON value differs from what a message of the contract takes.

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::Value;

use crate::{
    contract,
    findings::{Findings, Path},
    violation::Violation,
};

/// Compares a value with a message and reports every difference below `path`.
pub(super) fn message(
    descriptor: &MessageDescriptor,
    json: &Value,
    path: Option<&Path<'_>>,
    findings: &mut Findings,
) {
    let Value::Object(members) = json else {
        let place = path.map(Path::to_string).unwrap_or_default();
        return findings.add(Violation::new(place, "json.type", "An object.").shaped(shape(json)));
    };
    for (key, value) in members {
        let known = descriptor
            .get_field_by_name(key)
            .or_else(|| descriptor.get_field_by_json_name(key));
        let Some(known) = known else {
            let expected = format!("Contract {} has no such field here.", contract::VERSION);
            findings.add(Violation::new(
                place(path, told(key)),
                "field.unknown",
                expected,
            ));
            continue;
        };
        // Both spellings of one field: which value is meant cannot be told.
        if key != known.name() && members.contains_key(known.name()) {
            findings.add(Violation::new(
                place(path, known.name()),
                "field.twice",
                "Give it once.",
            ));
        }
        field(&known, value, path, findings);
    }
}

fn field(field: &FieldDescriptor, json: &Value, path: Option<&Path<'_>>, findings: &mut Findings) {
    // Null is proto3 JSON for a field that is not there.
    if json.is_null() {
        return;
    }
    if !field.is_list() {
        return value(&field.kind(), json, &step(path, field.name()), findings);
    }
    let Value::Array(items) = json else {
        let violation = Violation::new(place(path, field.name()), "json.type", "A list.");
        return findings.add(violation.shaped(shape(json)));
    };
    for (index, item) in items.iter().enumerate() {
        if findings.is_full() {
            return;
        }
        let here = match path {
            Some(path) => path.item(field.name(), index),
            None => Path::root_item(field.name(), index),
        };
        value(&field.kind(), item, &here, findings);
    }
}

fn value(kind: &Kind, json: &Value, path: &Path<'_>, findings: &mut Findings) {
    let expected = match kind {
        Kind::Message(inner) => return message(inner, json, Some(path), findings),
        Kind::Enum(declared) => return enumerated(declared, json, path, findings),
        // Which letters stand for bytes is the reader's business.
        Kind::String | Kind::Bytes if json.is_string() => return,
        Kind::Bool if json.is_boolean() => return,
        Kind::Int32 if integer(json).is_some_and(|it| i32::try_from(it).is_ok()) => return,
        Kind::Uint32 if integer(json).is_some_and(|it| u32::try_from(it).is_ok()) => return,
        Kind::Int64 if integer(json).is_some_and(|it| i64::try_from(it).is_ok()) => return,
        Kind::Uint64 if integer(json).is_some_and(|it| u64::try_from(it).is_ok()) => return,
        Kind::String => "A text.",
        Kind::Bool => "true or false.",
        Kind::Bytes => "Bytes as a text in base64.",
        _ => "A whole number within its type.",
    };
    findings.add(Violation::new(path.to_string(), "json.type", expected).shaped(shape(json)));
}

fn enumerated(declared: &EnumDescriptor, json: &Value, path: &Path<'_>, findings: &mut Findings) {
    let known = match json {
        Value::String(name) => declared.get_value_by_name(name).is_some(),
        Value::Number(number) => number
            .as_i64()
            .and_then(|number| i32::try_from(number).ok())
            .is_some_and(|number| declared.get_value(number).is_some()),
        _ => false,
    };
    if !known {
        let expected = format!(
            "A value of {} in contract {}.",
            declared.name(),
            contract::VERSION
        );
        let violation = Violation::new(path.to_string(), "enum.unknown", expected);
        findings.add(violation.shaped(shape(json)));
    }
}

/// A whole number, written as a number or, as proto3 JSON writes 64 bits, as a text.
fn integer(json: &Value) -> Option<i128> {
    match json {
        Value::Number(number) => number
            .as_i64()
            .map(i128::from)
            .or_else(|| number.as_u64().map(i128::from)),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }
}

fn step<'a>(path: Option<&'a Path<'a>>, name: &'a str) -> Path<'a> {
    match path {
        Some(path) => path.field(name),
        None => Path::root(name),
    }
}

fn place(path: Option<&Path<'_>>, name: &str) -> String {
    step(path, name).to_string()
}

/// Longest unknown name that is repeated to the sender.
const NAME_CHARACTERS_MAX: usize = 64;

/// A key as it may be repeated: a name, not a sentence that ended up as a key.
fn told(key: &str) -> &str {
    let is_name = key.len() <= NAME_CHARACTERS_MAX
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { key } else { "?" }
}

fn shape(json: &Value) -> String {
    match json {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(text) => format!("text of {} characters", text.chars().count()),
        Value::Array(items) => format!("list of {} items", items.len()),
        Value::Object(members) => format!("object of {} fields", members.len()),
    }
}
