//! Contract records in proto3 JSON: one a line, or one array, or one object.
//!
//! What a record means is the contract's business; here it only becomes a JSON value. Stricter than
//! JSON in two things, because both would lose or break content silently: a key may stand once in
//! an object, and no text holds U+0000.

mod array;
mod lines;
mod strict;

use std::{
    fmt,
    io::{BufRead, Cursor, Read},
};

use serde_json::Value;

use self::{array::Array, lines::Lines, strict::Fault};
use crate::{Problem, Refusal, Violation, rule::Rule};

/// Greatest size of one record, the limit of what can be published at once. A single text field
/// beyond it is caught here too.
pub const MAX_RECORD_BYTES: usize = 4 * 1024 * 1024;
/// How many bytes of blank space may stand before the first record.
const MAX_BLANK_BYTES: u64 = 4 * 1024;

/// One record.
#[derive(Clone, PartialEq)]
pub struct Record {
    /// Line it starts on, from 1.
    pub line: u64,
    /// Its place among the records of the file, from 1; broken ones count.
    pub index: u64,
    /// Its content.
    pub value: Value,
}

/// Says which record, never what stands in it.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Record");
        out.field("line", &self.line)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// Reads contract records one after the other.
pub struct Records<R> {
    layout: Layout<R>,
    index: u64,
    ended: bool,
}

/// How the records lie in the file.
enum Layout<R> {
    Lines(Lines<Resumed<R>>),
    Array(Array<Resumed<R>>),
}

/// The input with the part that was looked at put back.
type Resumed<R> = std::io::Chain<Cursor<Vec<u8>>, R>;

/// The bytes of one record, or why there are none.
struct Piece {
    line: u64,
    bytes: Result<Vec<u8>, Rule>,
    /// Nothing can be read after it.
    fatal: bool,
}

impl<R: BufRead> Records<R> {
    /// Looks at the first bytes to learn how the records lie.
    pub fn open(mut input: R) -> Result<Self, Refusal> {
        let mut start = Vec::new();
        let mut line = 1;
        loop {
            let read = input.by_ref().take(1).read_to_end(&mut start)?;
            match start.as_slice() {
                [0xef] | [0xef, 0xbb] if read > 0 => {}
                [0xef, 0xbb, 0xbf] => start.clear(),
                [0xfe | 0xff, ..] => return Err(Refusal::Utf16),
                [.., last] if last.is_ascii_whitespace() && read > 0 => {
                    line += u64::from(*last == b'\n');
                    if start.len() as u64 > MAX_BLANK_BYTES {
                        let rule = Rule::Limit {
                            unit: "blank bytes",
                            most: MAX_BLANK_BYTES,
                        };
                        return Err(Refusal::Malformed { line, rule });
                    }
                }
                _ => break,
            }
        }
        let start = start.trim_ascii_start().to_vec();
        if start.is_empty() {
            return Err(Refusal::Empty);
        }
        let is_array = start == b"[";
        let input = Cursor::new(start).chain(input);
        let layout = if is_array {
            Layout::Array(Array::new(input, line))
        } else {
            Layout::Lines(Lines::new(input, line))
        };
        Ok(Self {
            layout,
            index: 0,
            ended: false,
        })
    }

    /// Largest buffer held so far, in bytes.
    pub fn largest_buffer(&self) -> usize {
        match &self.layout {
            Layout::Lines(lines) => lines.largest_buffer(),
            Layout::Array(array) => array.largest_buffer(),
        }
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<Record, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let piece = match &mut self.layout {
            Layout::Lines(lines) => lines.next_piece(),
            Layout::Array(array) => array.next_piece(),
        };
        let Some(Piece { line, bytes, fatal }) = piece else {
            self.ended = true;
            return None;
        };
        self.ended = fatal;
        self.index += 1;
        let index = self.index;
        let value = bytes
            .map_err(Fault::from)
            .and_then(|bytes| strict::parse(&bytes));
        Some(
            value
                .map(|value| Record { line, index, value })
                .map_err(|Fault { field, rule }| {
                    let violations = vec![Violation {
                        line,
                        field,
                        rule,
                        shape: None,
                    }];
                    Problem {
                        line,
                        record: format!("record {index}"),
                        violations,
                        fatal,
                    }
                }),
        )
    }
}
