//! Rules that speak of several fields: whether what they name is there and of the right type, and
//! how they stand in the tables, with numbers for names.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::rule::{self, FieldValue, Rule};

/// What a rule of this kind can name.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Anything,
    Number,
    Truth,
    Date,
    Text,
    Key,
}

impl Wanted {
    fn fits(self, field: &FieldDescriptor) -> bool {
        if self == Self::Anything {
            return true;
        }
        let is_date = || {
            rule::of_field(field)
                .is_some_and(|rule| matches!(rule.format.as_str(), "DATE" | "PAST_DATE"))
        };
        let fits = match (self, field.kind()) {
            (Self::Number, Kind::Uint32)
            | (Self::Truth, Kind::Bool)
            | (Self::Text | Self::Key, Kind::String)
            | (Self::Key, Kind::Enum(_)) => true,
            (Self::Date, Kind::String) => is_date(),
            _ => false,
        };
        fits && !field.is_list()
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Anything => "field",
            Self::Number => "single uint32",
            Self::Truth => "single bool",
            Self::Date => "single date",
            Self::Text => "single text",
            Self::Key => "single text or enum",
        }
    }
}

/// The rules a field declares about itself and others: in Rust, for the tables, or what is wrong.
pub(crate) fn of(field: &FieldDescriptor, rule: &Rule) -> Result<Vec<String>, Vec<String>> {
    let mut reading = Reading {
        field,
        wrong: Vec::new(),
        rules: Vec::new(),
    };
    reading.between_fields(rule);
    reading.between_items(rule);
    if reading.wrong.is_empty() {
        Ok(reading.rules)
    } else {
        Err(reading.wrong)
    }
}

struct Reading<'a> {
    field: &'a FieldDescriptor,
    wrong: Vec<String>,
    rules: Vec<String>,
}

impl Reading<'_> {
    fn between_fields(&mut self, rule: &Rule) {
        let own = self.field.parent_message().clone();
        if !rule.not_before.is_empty() {
            self.must_be("not_before", Wanted::Date);
            let other = self.number(&own, "not_before", &rule.not_before, Wanted::Date);
            self.rules.push(format!("NotBefore({other})"));
        }
        if !rule.holds.is_empty() {
            self.must_be("holds", Wanted::Number);
            let parts = self.numbers(&own, "holds", &rule.holds, Wanted::Number);
            self.rules.push(format!("Holds(&{parts:?})"));
        }
        if !rule.requires.is_empty() {
            let other = self.number(&own, "requires", &rule.requires, Wanted::Anything);
            self.rules.push(format!("Requires({other})"));
        }
        if !rule.not_with.is_empty() {
            let others = self.numbers(&own, "not_with", &rule.not_with, Wanted::Anything);
            self.rules.push(format!("NotWith(&{others:?})"));
        }
        if !rule.blank_if.is_empty() {
            let flag = self.number(&own, "blank_if", &rule.blank_if, Wanted::Truth);
            self.rules.push(format!("BlankIf({flag})"));
        }
    }

    fn between_items(&mut self, rule: &Rule) {
        let Some(items) = &rule.items else {
            return;
        };
        let own = self.field.parent_message().clone();
        let item = match self.field.kind() {
            Kind::Message(item) if self.field.is_list() => item,
            _ => {
                return self
                    .wrong
                    .push("has `items` and is no list of messages".to_owned());
            }
        };
        let ended = (!items.ended.is_empty())
            .then(|| self.number(&item, "ended", &items.ended, Wanted::Date));
        if !items.ranked_by.is_empty() {
            let by = self.number(&item, "ranked_by", &items.ranked_by, Wanted::Number);
            let rule = format!("Ranked {{ by: {by}, ended: {ended:?} }}");
            self.rules.push(rule);
        }
        if !items.unique_by.is_empty() {
            let by = self.number(&item, "unique_by", &items.unique_by, Wanted::Key);
            self.rules.push(format!("Unique({by})"));
        }
        if let Some(value) = &items.all_or_none {
            let value = self.value(&item, "all_or_none", value);
            self.rules.push(format!("AllOrNone({value})"));
        }
        if let Some((said, beside)) = &items.only_beside {
            let said = self.value(&item, "only_beside", said);
            let beside = self.value(&own, "only_beside", beside);
            let rule = format!("OnlyBeside {{ item: {said}, beside: {beside}, ended: {ended:?} }}");
            self.rules.push(rule);
        }
    }

    fn must_be(&mut self, option: &str, wanted: Wanted) {
        if !wanted.fits(self.field) {
            self.wrong
                .push(format!("has `{option}` and is no {}", wanted.name()));
        }
    }

    fn value(&mut self, of: &MessageDescriptor, option: &str, value: &FieldValue) -> String {
        let number = self.number(of, option, &value.field, Wanted::Text);
        if value.value.is_empty() {
            self.wrong.push(format!("names no value in `{option}`"));
        }
        format!("Value {{ number: {number}, value: {:?} }}", value.value)
    }

    fn numbers(
        &mut self,
        of: &MessageDescriptor,
        option: &str,
        names: &[String],
        wanted: Wanted,
    ) -> Vec<u32> {
        names
            .iter()
            .map(|name| self.number(of, option, name, wanted))
            .collect()
    }

    /// The number of the field of that name; 0, and a word about it, when it cannot be named here.
    fn number(&mut self, of: &MessageDescriptor, option: &str, name: &str, wanted: Wanted) -> u32 {
        let what = match of.get_field_by_name(name) {
            Some(found) if found.full_name() == self.field.full_name() => "itself".to_owned(),
            Some(found) if wanted.fits(&found) => return found.number(),
            Some(_) => format!("`{name}`, which is no {}", wanted.name()),
            None => format!("`{name}`, which {} does not have", of.name()),
        };
        self.wrong.push(format!("names {what}, in `{option}`"));
        0
    }
}
