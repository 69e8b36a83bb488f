//! What the fields of one message have to keep to together. Asked once the message has been walked,
//! which told what is wrong with each value alone: what is no date or no text counts as blank here.

use baton_domain::codes;

use crate::{
    contract::{Field, Kind, Message, Together, Value},
    findings::{Findings, Path},
    format,
    raw::{Fields, Raw},
    violation::Violation,
    walk::Counts,
};

/// Checks the rules between the fields of a message, those of the items of its lists included.
pub(crate) fn check(
    message: &'static Message,
    bytes: &[u8],
    counts: &Counts,
    path: &Path<'_>,
    findings: &mut Findings,
) {
    let given = message.fields.iter().zip(counts);
    for (field, _) in given.filter(|(_, count)| **count > 0) {
        for rule in field.rule.together {
            let mut asked = Asked {
                rule,
                message,
                bytes,
                field,
                path,
                findings,
            };
            asked.ask();
        }
    }
}

/// One rule of one field that is given.
struct Asked<'a, 'b> {
    rule: &'static Together,
    message: &'static Message,
    bytes: &'a [u8],
    field: &'static Field,
    path: &'a Path<'b>,
    findings: &'a mut Findings,
}

impl Asked<'_, '_> {
    fn ask(&mut self) {
        match *self.rule {
            Together::NotBefore(other) => self.not_before(other),
            Together::Holds(parts) => self.holds(parts),
            Together::Requires(other) => {
                if !is_given(self.bytes, other) {
                    let other = name(self.message, other);
                    self.told(format!("Give `{other}` too, or leave this out."));
                }
            }
            Together::NotWith(others) => {
                if let Some(other) = others.iter().find(|other| is_given(self.bytes, **other)) {
                    let other = name(self.message, *other);
                    self.told(format!(
                        "Not together with `{other}`: leave one of them out."
                    ));
                }
            }
            Together::BlankIf(flag) => {
                if number(self.bytes, flag).is_some_and(|value| value > 0) {
                    let flag = name(self.message, flag);
                    self.told(format!("Leave it out while `{flag}` is true."));
                }
            }
            Together::Ranked { by, ended } => self.ranked(by, ended),
            Together::Unique(by) => self.unique(by),
            Together::AllOrNone(value) => self.all_or_none(value),
            Together::OnlyBeside {
                item,
                beside,
                ended,
            } => self.only_beside(item, beside, ended),
        }
    }

    fn not_before(&mut self, other: u32) {
        let date = |number| text(self.bytes, number).and_then(|text| format::date(text).ok());
        let days = date(self.field.number).zip(date(other));
        if days.is_some_and(|(later, earlier)| later < earlier) {
            let other = name(self.message, other);
            self.told(format!("A day that is not before `{other}`."));
        }
    }

    fn holds(&mut self, parts: &[u32]) {
        let sum = parts
            .iter()
            .filter_map(|part| number(self.bytes, *part))
            .fold(0_u64, u64::saturating_add);
        if number(self.bytes, self.field.number).is_some_and(|whole| whole < sum) {
            let names: Vec<_> = parts
                .iter()
                .map(|part| format!("`{}`", name(self.message, *part)))
                .collect();
            self.told(format!("No less than {} together.", names.join(" + ")));
        }
    }

    /// Ranks that are given: each from 1 to the greatest, and one row in force for each at most.
    fn ranked(&mut self, by: u32, ended: Option<u32>) {
        // Bit n for rank n; a rank has a range of its own, far below.
        let (mut all, mut open, mut twice) = (0_u64, 0_u64, false);
        for item in self.items() {
            let Some(bit) = number(item, by)
                .and_then(|rank| u32::try_from(rank).ok())
                .and_then(|rank| 1_u64.checked_shl(rank))
            else {
                continue;
            };
            all |= bit;
            if !ended.is_some_and(|ended| is_given(item, ended)) {
                twice |= open & bit > 0;
                open |= bit;
            }
        }
        // Ranks 1 to n are the bits 1 to n: then adding bit 1 carries through all of them.
        let gap = all & all.wrapping_add(2) != 0;
        if twice || gap {
            let by = self.item_name(by);
            self.told(format!(
                "`{by}` 1, 2, 3 and so on, each once and none left out."
            ));
        }
    }

    fn unique(&mut self, by: u32) {
        let mut seen: Vec<Raw<'_>> = Vec::new();
        let mut twice = None;
        for (index, item) in self.items().enumerate() {
            let Some(key) = value(item, by) else { continue };
            if seen.contains(&key) {
                twice = Some(index);
                break;
            }
            seen.push(key);
        }
        if let Some(index) = twice {
            let by = self.item_name(by);
            self.told_of(index, by, format!("Each `{by}` once."));
        }
    }

    fn all_or_none(&mut self, value: Value) {
        let said = self.items().filter_map(|item| text(item, value.number));
        let (with, without): (Vec<_>, Vec<_>) = said.partition(|said| *said == value.value);
        if !with.is_empty() && !without.is_empty() {
            let by = self.item_name(value.number);
            self.told(format!("`{by}` {} in all of them or in none.", value.value));
        }
    }

    fn only_beside(&mut self, item: Value, beside: Value, ended: Option<u32>) {
        let Some(said) = text(self.bytes, beside.number).filter(|said| *said != beside.value)
        else {
            return;
        };
        let other = name(self.message, beside.number);
        // A code that is none is told at its own place.
        let set = self.message.field(beside.number);
        let set = set.and_then(|(_, field)| codes::find(field.rule.code_set));
        if set.is_some_and(|set| !set.contains(said)) {
            return;
        }
        let wrong: Vec<usize> = self
            .items()
            .enumerate()
            .filter(|(_, row)| text(row, item.number) == Some(item.value))
            .filter(|(_, row)| !ended.is_some_and(|ended| is_given(row, ended)))
            .map(|(index, _)| index)
            .collect();
        for index in wrong {
            let what = format!("{} only with `{other}` {}.", item.value, beside.value);
            self.told_of(index, self.item_name(item.number), what);
        }
    }

    /// The items of the list, as many as it may have.
    fn items(&self) -> impl Iterator<Item = &'_ [u8]> {
        let most = usize::try_from(self.field.max_items()).unwrap_or(usize::MAX);
        let wanted = self.field.number;
        Fields::of(self.bytes)
            .map_while(Result::ok)
            .filter_map(move |(number, raw)| match raw {
                Raw::Bytes(item) if number == wanted => Some(item),
                _ => None,
            })
            .take(most)
    }

    fn item_name(&self, number: u32) -> &'static str {
        match self.field.kind {
            Kind::Message(item) => name(item, number),
            _ => "",
        }
    }

    fn told(&mut self, expected: String) {
        self.add(&self.path.field(self.field.name), expected);
    }

    fn told_of(&mut self, index: usize, part: &str, expected: String) {
        self.add(
            &self.path.item(self.field.name, index).field(part),
            expected,
        );
    }

    fn add(&mut self, path: &Path<'_>, expected: String) {
        let violation = Violation::new(path.to_string(), self.rule.code(), expected);
        self.findings.add(violation);
    }
}

fn name(message: &'static Message, number: u32) -> &'static str {
    message.field(number).map_or("", |(_, field)| field.name)
}

/// The first value of a field: a second one of a single field was told by the walk.
fn value(bytes: &[u8], wanted: u32) -> Option<Raw<'_>> {
    Fields::of(bytes)
        .map_while(Result::ok)
        .find_map(|(number, raw)| (number == wanted).then_some(raw))
}

fn is_given(bytes: &[u8], wanted: u32) -> bool {
    value(bytes, wanted).is_some()
}

fn number(bytes: &[u8], wanted: u32) -> Option<u64> {
    match value(bytes, wanted)? {
        Raw::Varint(value) => Some(value),
        _ => None,
    }
}

fn text(bytes: &[u8], wanted: u32) -> Option<&str> {
    match value(bytes, wanted)? {
        Raw::Bytes(text) => std::str::from_utf8(text).ok(),
        _ => None,
    }
}
