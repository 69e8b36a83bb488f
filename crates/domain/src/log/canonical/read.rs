//! The reader of canonical JSON: it knows one form of each value and refuses every other.

use std::collections::BTreeMap;

use super::{INT_MAX, Json, key_order, short_escape};

/// How deep lists and objects may stand in each other. Entry bodies need four levels.
pub const MAX_DEPTH: u32 = 32;

/// Why bytes are not canonical JSON; `at` counts bytes from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// Not UTF-8.
    #[error("not UTF-8 at byte {at}")]
    Utf8 {
        /// Where.
        at: usize,
    },
    /// Canonical JSON has something else here: white space, an escape that is not the shortest, a
    /// leading zero, bytes after the end, or no JSON at all.
    #[error("not canonical JSON at byte {at}")]
    Unexpected {
        /// Where.
        at: usize,
    },
    /// A fraction or an exponent. Entry bodies have integers only.
    #[error("a number that is no integer at byte {at}")]
    Float {
        /// Where the number begins.
        at: usize,
    },
    /// An integer beyond ±[`INT_MAX`].
    #[error("an integer out of bounds at byte {at}")]
    IntOutOfBounds {
        /// Where the number begins.
        at: usize,
    },
    /// The name of a member stands a second time.
    #[error("a member stands twice at byte {at}")]
    DuplicateKey {
        /// Where the second one begins.
        at: usize,
    },
    /// The name of a member should stand before the one in front of it.
    #[error("a member out of order at byte {at}")]
    UnsortedKey {
        /// Where it begins.
        at: usize,
    },
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested too deep at byte {at}")]
    TooDeep {
        /// Where the innermost list or object begins.
        at: usize,
    },
}

pub(super) fn parse(bytes: &[u8]) -> Result<Json, CanonicalError> {
    let text = str::from_utf8(bytes).map_err(|error| CanonicalError::Utf8 {
        at: error.valid_up_to(),
    })?;
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
    };
    let value = reader.value()?;
    if reader.rest().is_empty() {
        Ok(value)
    } else {
        Err(reader.unexpected())
    }
}

struct Reader<'a> {
    text: &'a str,
    /// Always on a character boundary.
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Result<Json, CanonicalError> {
        match self.rest().as_bytes() {
            [b'"', ..] => self.string().map(Json::Str),
            [b'{', ..] => self.nested(Self::object),
            [b'[', ..] => self.nested(Self::array),
            [b'-' | b'0'..=b'9', ..] => self.int().map(Json::Int),
            _ if self.skip("null") => Ok(Json::Null),
            _ if self.skip("true") => Ok(Json::Bool(true)),
            _ if self.skip("false") => Ok(Json::Bool(false)),
            _ => Err(self.unexpected()),
        }
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Json, CanonicalError>,
    ) -> Result<Json, CanonicalError> {
        if self.depth == MAX_DEPTH {
            return Err(CanonicalError::TooDeep { at: self.at });
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Json, CanonicalError> {
        self.require("[")?;
        let mut values = Vec::new();
        while !self.skip("]") {
            if !values.is_empty() {
                self.require(",")?;
            }
            values.push(self.value()?);
        }
        Ok(Json::Arr(values))
    }

    fn object(&mut self) -> Result<Json, CanonicalError> {
        self.require("{")?;
        let mut members = BTreeMap::new();
        let mut previous: Option<String> = None;
        while !self.skip("}") {
            if previous.is_some() {
                self.require(",")?;
            }
            let at = self.at;
            let name = self.string()?;
            match previous.map(|previous| key_order(&previous, &name)) {
                None | Some(std::cmp::Ordering::Less) => {}
                Some(std::cmp::Ordering::Equal) => return Err(CanonicalError::DuplicateKey { at }),
                Some(std::cmp::Ordering::Greater) => {
                    return Err(CanonicalError::UnsortedKey { at });
                }
            }
            self.require(":")?;
            let value = self.value()?;
            members.insert(name.clone(), value);
            previous = Some(name);
        }
        Ok(Json::Obj(members))
    }

    fn int(&mut self) -> Result<i64, CanonicalError> {
        let at = self.at;
        let of_number = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let digits = self.take_while(of_number);
        if digits.contains(['.', 'e', 'E']) {
            return Err(CanonicalError::Float { at });
        }
        let unsigned = digits.strip_prefix('-').unwrap_or(digits);
        let canonical = digits == "0"
            || unsigned.starts_with(|c: char| matches!(c, '1'..='9'))
                && unsigned.bytes().all(|byte| byte.is_ascii_digit());
        if !canonical {
            return Err(CanonicalError::Unexpected { at });
        }
        let value = digits.parse().ok();
        value
            .filter(|value| (-INT_MAX..=INT_MAX).contains(value))
            .ok_or(CanonicalError::IntOutOfBounds { at })
    }

    fn string(&mut self) -> Result<String, CanonicalError> {
        self.require("\"")?;
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|c| !matches!(c, '"' | '\\' | '\0'..' ')));
            if self.skip("\"") {
                return Ok(text);
            }
            let (escaped, length) = unescape(self.rest()).ok_or_else(|| self.unexpected())?;
            text.push(char::from(escaped));
            self.at += length;
        }
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn skip(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn require(&mut self, token: &str) -> Result<(), CanonicalError> {
        if self.skip(token) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn unexpected(&self) -> CanonicalError {
        CanonicalError::Unexpected { at: self.at }
    }
}

/// The character that an escape at the beginning of the text stands for, and the length of the
/// escape in bytes; `None` if RFC 8785 writes that character another way.
fn unescape(text: &str) -> Option<(u8, usize)> {
    let (letter, rest) = text.strip_prefix('\\')?.as_bytes().split_first()?;
    match letter {
        b'"' | b'\\' => Some((*letter, 2)),
        b'u' => {
            let [b'0', b'0', high @ b'0'..=b'1', low, ..] = *rest else {
                return None;
            };
            let low = match low {
                b'0'..=b'9' => low - b'0',
                b'a'..=b'f' => low - b'a' + 10,
                _ => return None,
            };
            let control = (high - b'0') * 16 + low;
            short_escape(control).is_none().then_some((control, 6))
        }
        _ => {
            let control = (0x00..0x20).find(|byte| short_escape(*byte) == Some(*letter))?;
            Some((control, 2))
        }
    }
}
