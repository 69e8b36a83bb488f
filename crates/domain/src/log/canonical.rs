//! Canonical JSON for entry bodies: RFC 8785, within the bounds of I-JSON (RFC 7493).
//!
//! An entry is hashed as bytes, so one value must have one form, in every language. The writer and
//! the reader are our own: a JSON library may keep keys in any order and numbers in any type,
//! depending on features some other crate switches on. Numbers are integers; with fractions left
//! out, so is the one hard part of RFC 8785.

mod read;

use std::collections::BTreeMap;

pub use read::{CanonicalError, MAX_DEPTH};

/// A JSON value without fractions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer from −[`INT_MAX`] to [`INT_MAX`]. Writers keep to these bounds; beyond, the bytes
    /// are written and [`Json::parse`] refuses them.
    Int(i64),
    /// A text. No normalisation takes place: what went in comes out.
    Str(String),
    /// A list, in its order.
    Arr(Vec<Json>),
    /// Named values. Their order in the bytes is that of RFC 8785, not that of the map.
    Obj(BTreeMap<String, Json>),
}

/// The largest integer; its negative is the smallest. Up to here, and no further, a reader that
/// keeps numbers as IEEE 754 doubles, as RFC 8785 does, tells all of them apart.
pub const INT_MAX: i64 = 1 << 53;

impl Json {
    /// An object of these members. Of two with the same name the last one stays.
    pub fn object<K: Into<String>>(members: impl IntoIterator<Item = (K, Json)>) -> Self {
        Self::Obj(
            members
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        )
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_value(self, &mut bytes);
        bytes
    }

    /// Reads canonical bytes and nothing else: what was read is written back byte for byte.
    pub fn parse(bytes: &[u8]) -> Result<Self, CanonicalError> {
        read::parse(bytes)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u32> for Json {
    fn from(value: u32) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<&str> for Json {
    fn from(value: &str) -> Self {
        Self::Str(value.to_owned())
    }
}

impl From<String> for Json {
    fn from(value: String) -> Self {
        Self::Str(value)
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(values: Vec<T>) -> Self {
        Self::Arr(values.into_iter().map(Into::into).collect())
    }
}

/// `None` is `null`. Where absent and null differ, leave the member out instead.
impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

fn write_value(value: &Json, out: &mut Vec<u8>) {
    match value {
        Json::Null => out.extend(b"null"),
        Json::Bool(true) => out.extend(b"true"),
        Json::Bool(false) => out.extend(b"false"),
        Json::Int(value) => out.extend(value.to_string().into_bytes()),
        Json::Str(text) => write_string(text, out),
        Json::Arr(values) => {
            out.push(b'[');
            for (place, value) in values.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write_value(value, out);
            }
            out.push(b']');
        }
        Json::Obj(members) => {
            // The map sorts by code point. RFC 8785 §3.2.3 sorts by UTF-16 code unit, where
            // everything above U+FFFF comes before U+E000.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(left, _), (right, _)| key_order(left, right));
            out.push(b'{');
            for (place, (name, value)) in members.into_iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write_string(name, out);
                out.push(b':');
                write_value(value, out);
            }
            out.push(b'}');
        }
    }
}

fn key_order(left: &str, right: &str) -> std::cmp::Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

/// RFC 8785 §3.2.2.2: the shortest escape where one is due, all other characters as they are.
fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            0x00..0x20 => match short_escape(byte) {
                Some(letter) => out.extend([b'\\', letter]),
                None => out.extend(format!("\\u{byte:04x}").into_bytes()),
            },
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// The letter of a control character that has one.
const fn short_escape(byte: u8) -> Option<u8> {
    match byte {
        0x08 => Some(b'b'),
        b'\t' => Some(b't'),
        b'\n' => Some(b'n'),
        0x0c => Some(b'f'),
        b'\r' => Some(b'r'),
        _ => None,
    }
}
