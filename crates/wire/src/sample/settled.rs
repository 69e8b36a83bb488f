//! Values of one message that keep its rules between fields too.

use baton_domain::section::SectionKind;

use super::{bytes, dice::Dice, value, varint};
use crate::contract::{Field, Kind, Message, Together, Value};

/// What is settled of a message before and while its fields are drawn, in order of their numbers.
pub(super) struct Settled {
    message: &'static Message,
    /// Its place in the list it is an item of: ranks and keys are counted, not drawn.
    item: u64,
    /// Fields that stay blank for the sake of others.
    blank: Vec<u32>,
    /// Keys and ranks, by field.
    keys: Vec<(u32, Key)>,
    /// Codes that ask for more than the item itself.
    avoided: Vec<Value>,
    texts: Vec<(u32, String)>,
    numbers: Vec<(u32, u64)>,
}

enum Key {
    Text(String),
    Number(u64),
}

impl Settled {
    pub(super) fn of(message: &'static Message, item: u64, dice: &mut Dice) -> Self {
        let mut blank = Vec::new();
        for (field, rule) in rules(message) {
            if let Together::NotWith(others) = rule {
                if dice.between(0, 1) == 0 {
                    blank.push(field.number);
                } else {
                    blank.extend(*others);
                }
            }
        }
        Self {
            message,
            item,
            blank,
            keys: Vec::new(),
            avoided: Vec::new(),
            texts: Vec::new(),
            numbers: Vec::new(),
        }
    }

    pub(super) fn write(
        &mut self,
        kind: SectionKind,
        field: &'static Field,
        dice: &mut Dice,
        out: &mut Vec<u8>,
    ) {
        if self.blank.contains(&field.number) {
            return;
        }
        let most = if field.repeated {
            u64::from(field.max_items()).min(3)
        } else {
            1
        };
        for item in 0..dice.between(1, most) {
            match field.kind {
                Kind::Message(inner) => {
                    let mut value = Vec::new();
                    let mut settled = Self::of(inner, item, dice);
                    settled.is_item_of(field);
                    for field in inner.fields {
                        settled.write(kind, field, dice, &mut value);
                    }
                    bytes(field.number, &value, out);
                }
                Kind::Text => {
                    let text = self.text(kind, field, dice);
                    bytes(field.number, text.as_bytes(), out);
                    self.texts.push((field.number, text));
                }
                _ => {
                    let number = self.number(field, dice);
                    varint(field.number, number, out);
                    self.numbers.push((field.number, number));
                }
            }
        }
    }

    /// Settles what the list asks of its items.
    fn is_item_of(&mut self, list: &Field) {
        for rule in list.rule.together {
            match *rule {
                Together::Ranked { by, .. } => self.keys.push((by, Key::Number(self.item + 1))),
                Together::Unique(by) => {
                    if let Some((_, field)) = self.message.field(by) {
                        let key = match field.kind {
                            Kind::Text => Key::Text(value::code(field, self.item)),
                            _ => Key::Number(self.item + 1),
                        };
                        self.keys.push((by, key));
                    }
                }
                Together::AllOrNone(value) | Together::OnlyBeside { item: value, .. } => {
                    self.avoided.push(value);
                }
                _ => {}
            }
        }
    }

    fn text(&self, kind: SectionKind, field: &Field, dice: &mut Dice) -> String {
        if let Some(Key::Text(key)) = self.key(field.number) {
            return key.clone();
        }
        let is_earlier = rules(self.message).any(
            |(_, rule)| matches!(rule, Together::NotBefore(earlier) if *earlier == field.number),
        );
        let is_avoided = |text: &String| {
            let mut avoided = self.avoided.iter();
            avoided.any(|it| it.number == field.number && it.value == text)
        };
        let drawn = value::draw(
            || value::text(kind, field, is_earlier, dice),
            |text| !is_avoided(text),
        );
        let earlier = field.rule.together.iter().filter_map(|rule| match rule {
            Together::NotBefore(earlier) => self.texts.iter().find(|(it, _)| it == earlier),
            _ => None,
        });
        // Dates sort as texts.
        earlier.fold(drawn, |drawn, (_, earlier)| drawn.max(earlier.clone()))
    }

    fn number(&self, field: &Field, dice: &mut Dice) -> u64 {
        if let Some(Key::Number(key)) = self.key(field.number) {
            return *key;
        }
        let mut most = u64::MAX;
        for (whole, rule) in rules(self.message) {
            match rule {
                Together::Holds(parts) if parts.contains(&field.number) => {
                    let whole = self.drawn(whole.number).unwrap_or(u64::MAX);
                    let others: u64 = parts.iter().filter_map(|part| self.drawn(*part)).sum();
                    most = most.min(whole.saturating_sub(others));
                }
                Together::BlankIf(flag) if *flag == field.number => most = 0,
                _ => {}
            }
        }
        value::number(field, dice).min(most)
    }

    fn key(&self, number: u32) -> Option<&Key> {
        let key = self.keys.iter().find(|(known, _)| *known == number);
        key.map(|(_, key)| key)
    }

    fn drawn(&self, number: u32) -> Option<u64> {
        let drawn = self.numbers.iter().find(|(known, _)| *known == number);
        drawn.map(|(_, value)| *value)
    }
}

fn rules(message: &'static Message) -> impl Iterator<Item = (&'static Field, &'static Together)> {
    message
        .fields
        .iter()
        .flat_map(|field| field.rule.together.iter().map(move |rule| (field, rule)))
}
