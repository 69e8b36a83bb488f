//! The part of a JSON record that fits the contract, so that its values are checked too when its
//! shape is wrong somewhere: whoever mends a file by hand wants to hear of everything at once.

use baton_wire::violation::Violation;
use serde_json::Value;

/// The record without what was found wrong with its shape. None where nothing is left to check.
pub(super) fn without(record: &Value, found: &[Violation]) -> Option<Value> {
    let mut rest = record.clone();
    for violation in found {
        remove(&mut rest, &violation.field)?;
    }
    Some(rest)
}

/// Whether a problem of the rest is one of its own, not made by what was left out.
pub(super) fn is_new(problem: &Violation, found: &[Violation]) -> bool {
    found.iter().all(|before| {
        let (before, path) = (list_of(&before.field), problem.field.as_str());
        !is_within(path, before) && !is_within(before, path)
    })
}

/// Takes a member away: by its name in the contract, which JSON may spell in camel case, or by
/// the name it has in the record. None where there is no such member.
fn remove(record: &mut Value, path: &str) -> Option<()> {
    let (parent, name) = match list_of(path).rsplit_once('.') {
        Some((parent, name)) => (find(record, parent)?, name),
        None => (record, list_of(path)),
    };
    let members = parent.as_object_mut()?;
    let before = members.len();
    members.retain(|key, _| key != name && *key != camel(name));
    (members.len() < before).then_some(())
}

fn find<'a>(record: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.').try_fold(record, |value, step| {
        let (name, index) = match step.split_once('[') {
            Some((name, index)) => (name, Some(index.strip_suffix(']')?.parse::<usize>().ok()?)),
            None => (step, None),
        };
        let members = value.as_object_mut()?;
        let key = [name.to_owned(), camel(name)];
        let key = key.iter().find(|key| members.contains_key(*key))?;
        let member = members.get_mut(key)?;
        match index {
            Some(index) => member.get_mut(index),
            None => Some(member),
        }
    })
}

/// The list an item belongs to; an item alone cannot be left out, those after it would move up.
fn list_of(path: &str) -> &str {
    match path.rsplit_once('[') {
        Some((list, index)) if index.ends_with(']') => list,
        _ => path,
    }
}

fn is_within(path: &str, whole: &str) -> bool {
    path.strip_prefix(whole)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// `date_of_birth` as proto3 JSON spells it.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut camel, word| {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
        camel
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(path: &str) -> Violation {
        Violation::new(path, "json.type", "A text.")
    }

    #[test]
    fn what_is_wrong_is_left_out_in_either_spelling() {
        let record = json!({
            "level": "OFTEN",
            "content": {
                "identity": { "dateOfBirth": 1, "legal_surname": 2, "shoeSize": 3, "sex": "F" },
                "send": { "needs": [{ "kind": "X", "rank": "first" }], "notes": ["a", 1] },
            },
        });
        let found = [
            at("level"),
            at("content.identity.date_of_birth"),
            at("content.identity.legal_surname"),
            at("content.identity.shoeSize"),
            at("content.send.needs[0].rank"),
            at("content.send.notes[1]"),
        ];
        let rest = json!({
            "content": { "identity": { "sex": "F" }, "send": { "needs": [{ "kind": "X" }] } },
        });
        assert_eq!(without(&record, &found), Some(rest));
        assert_eq!(without(&json!([]), &[at("")]), None);
    }

    #[test]
    fn what_the_gap_itself_causes_is_not_told() {
        let found = [at("content.identity.sex"), at("learner[0]")];
        for (path, new) in [
            ("content.identity.upn", true),
            ("content.identity.sexual", true),
            ("content.identity.sex", false),
            ("content.identity", false),
            ("learner", false),
            ("learner[1].value", false),
            ("signatory", true),
        ] {
            assert_eq!(is_new(&at(path), &found), new, "{path}");
        }
    }
}
