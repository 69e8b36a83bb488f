//! Reads single values out of the bytes of a section: for the few facts that policies depend on and
//! that are projected when a profile is published. Nothing else of a section is decoded there.

use baton_domain::section::SectionKind;

use crate::{
    contract::{Kind, Message},
    raw::{Fields, Raw},
};

/// The text at a path, e.g. `date_of_birth` or `address.postcode`. `None` when it is not set, is
/// no single text of the contract, or the bytes were not checked before and are broken.
pub fn read_text<'a>(section: &'a [u8], kind: SectionKind, path: &str) -> Option<&'a str> {
    text_in(Message::of(kind), section, path)
}

/// The texts of a list of the section itself.
pub fn read_texts<'a>(
    section: &'a [u8],
    kind: SectionKind,
    name: &str,
) -> impl Iterator<Item = &'a str> {
    let field = Message::of(kind).field_named(name);
    let number = field.map_or(0, |(_, field)| field.number);
    let of_it = Fields::of(section)
        .flatten()
        .filter(move |(it, _)| *it == number);
    of_it.filter_map(|(_, raw)| match raw {
        Raw::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    })
}

/// The truth value at a path.
pub fn read_bool(section: &[u8], kind: SectionKind, path: &str) -> Option<bool> {
    match find(Message::of(kind), section, path)? {
        Raw::Varint(value) => Some(value > 0),
        _ => None,
    }
}

/// The number or the number of the enum value at a path.
pub fn read_number(section: &[u8], kind: SectionKind, path: &str) -> Option<i64> {
    match find(Message::of(kind), section, path)? {
        Raw::Varint(value) => Some(value.cast_signed()),
        _ => None,
    }
}

/// Whether anything stands at a path: a value, or at least one item of a list.
pub fn is_set(section: &[u8], kind: SectionKind, path: &str) -> bool {
    find(Message::of(kind), section, path).is_some()
}

/// The text of a field of any message.
pub(crate) fn text_in<'a>(
    message: &'static Message,
    bytes: &'a [u8],
    path: &str,
) -> Option<&'a str> {
    match find(message, bytes, path)? {
        Raw::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

pub(crate) fn find<'a>(message: &'static Message, bytes: &'a [u8], path: &str) -> Option<Raw<'a>> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let (_, field) = message.field_named(first)?;
    let raw = Fields::of(bytes)
        .flatten()
        .find_map(|(number, raw)| (number == field.number).then_some(raw))?;
    match (rest, field.kind, raw) {
        ("", _, raw) => Some(raw),
        (rest, Kind::Message(inner), Raw::Bytes(bytes)) if !field.repeated => {
            find(inner, bytes, rest)
        }
        _ => None,
    }
}
