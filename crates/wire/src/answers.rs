//! What a section says about its own blanks: `not_answered` and `nothing_to_add`.

use crate::{
    contract::{CODE_SET_VERSION, Field, Kind, Message, NOT_ANSWERED, NOTHING_TO_ADD},
    facts,
    findings::{Findings, Path},
    raw::{Fields, Raw},
    v1::NotAnsweredReason,
    violation::Violation,
    walk::Counts,
};

/// Numbers of the fields of `NotAnswered`.
const FIELD: u32 = 1;
const REASON: u32 = 2;

/// Checks the answers of one section. Types and lengths were checked by the walk.
pub(crate) fn check(
    message: &'static Message,
    section: &[u8],
    counts: &Counts,
    path: &Path<'_>,
    findings: &mut Findings,
) {
    let given = |name: &str| {
        message
            .field_named(name)
            .filter(|(place, _)| counts.get(*place).is_some_and(|count| *count > 0))
    };
    if let Some((_, field)) = given(NOTHING_TO_ADD) {
        nothing_to_add(message, section, counts, field, path, findings);
    }
    if let Some((_, field)) = given(NOT_ANSWERED) {
        not_answered(message, section, field, path, findings);
    }
}

/// Whether the section answers a blank field: by name, or all blanks at once.
pub(crate) fn speaks_for(message: &'static Message, section: &[u8], name: &str) -> bool {
    let answered = |field: &Field| entries(section, field).any(|it| it.field == Some(name));
    message
        .field_named(NOTHING_TO_ADD)
        .is_some_and(|(_, field)| is_said(section, field))
        || message
            .field_named(NOT_ANSWERED)
            .is_some_and(|(_, field)| answered(field))
}

fn is_said(section: &[u8], field: &Field) -> bool {
    Fields::of(section).flatten().any(|(number, raw)| {
        number == field.number && matches!(raw, Raw::Varint(value) if value > 0)
    })
}

fn entries<'a>(section: &'a [u8], field: &Field) -> impl Iterator<Item = Entry<'a>> {
    let wanted = field.number;
    Fields::of(section)
        .flatten()
        .filter_map(move |(number, raw)| match raw {
            Raw::Bytes(entry) if number == wanted => Some(Entry::read(entry)),
            _ => None,
        })
}

fn nothing_to_add(
    message: &'static Message,
    section: &[u8],
    counts: &Counts,
    field: &Field,
    path: &Path<'_>,
    findings: &mut Findings,
) {
    let something = message
        .fields
        .iter()
        .zip(counts)
        .find(|(field, count)| **count > 0 && !field.speaks_of_the_section());
    if let (true, Some((something, _))) = (is_said(section, field), something) {
        let expected = format!("Not together with values; `{}` has one.", something.name);
        findings.add(Violation::new(
            path.field(field.name).to_string(),
            "nothing_to_add.values",
            expected,
        ));
    }
}

fn not_answered(
    message: &'static Message,
    section: &[u8],
    field: &Field,
    path: &Path<'_>,
    findings: &mut Findings,
) {
    let mut seen: Vec<&str> = Vec::new();
    let most = usize::try_from(field.max_items()).unwrap_or(usize::MAX);
    for (index, entry) in entries(section, field).take(most).enumerate() {
        let path = path.item(field.name, index);
        if let Some((rule, expected)) = entry.broken(message, section, &seen) {
            let place = if rule == "not_answered.reason" {
                "reason"
            } else {
                "field"
            };
            findings.add(Violation::new(
                path.field(place).to_string(),
                rule,
                expected,
            ));
        }
        seen.extend(entry.field);
    }
}

struct Entry<'a> {
    field: Option<&'a str>,
    reason: Option<NotAnsweredReason>,
}

impl<'a> Entry<'a> {
    fn read(bytes: &'a [u8]) -> Self {
        let mut entry = Self {
            field: None,
            reason: None,
        };
        for (number, raw) in Fields::of(bytes).flatten() {
            match (number, raw) {
                (FIELD, Raw::Bytes(text)) => entry.field = std::str::from_utf8(text).ok(),
                (REASON, Raw::Varint(value)) => {
                    entry.reason = i32::try_from(value).ok().and_then(|it| it.try_into().ok());
                }
                _ => {}
            }
        }
        entry
    }

    fn broken(
        &self,
        message: &'static Message,
        section: &[u8],
        seen: &[&str],
    ) -> Option<(&'static str, &'static str)> {
        let Some(name) = self.field else {
            return Some(("not_answered.field", "Name the field that is not answered."));
        };
        if seen.contains(&name) {
            return Some(("not_answered.twice", "Name each field once."));
        }
        if !can_be_left(message, name) {
            return Some((
                "not_answered.field",
                "A field of this section, by its contract name.",
            ));
        }
        if facts::find(message, section, name).is_some() {
            return Some(("not_answered.value", "Not for a field that has a value."));
        }
        match self.reason {
            None | Some(NotAnsweredReason::Unspecified) => {
                Some(("not_answered.reason", "Say why it is not answered."))
            }
            Some(_) => None,
        }
    }
}

/// Whether the path names a question of the section. Only the last field may be a list, since an
/// item of a list has no name.
fn can_be_left(message: &'static Message, name: &str) -> bool {
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    match message.field_named(first) {
        None => false,
        Some((_, field))
            if matches!(field.name, NOT_ANSWERED | NOTHING_TO_ADD | CODE_SET_VERSION) =>
        {
            false
        }
        Some(_) if rest.is_empty() => !name.ends_with('.'),
        Some((_, field)) => match field.kind {
            Kind::Message(inner) if !field.repeated => can_be_left(inner, rest),
            _ => false,
        },
    }
}
