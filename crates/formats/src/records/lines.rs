use std::io::BufRead;

use super::{MAX_RECORD_BYTES, Piece};
use crate::rule::Rule;

/// One record a line. A line that is a lone `{` opens an object written over several lines; then
/// the file is that one record, since people write single profiles so.
pub(super) struct Lines<R> {
    input: R,
    line: u64,
    buffer: Vec<u8>,
    largest_buffer: usize,
    first: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R, line: u64) -> Self {
        Self {
            input,
            line,
            buffer: Vec::new(),
            largest_buffer: 0,
            first: true,
        }
    }

    pub(super) fn largest_buffer(&self) -> usize {
        self.largest_buffer
    }

    pub(super) fn next_piece(&mut self) -> Option<Piece> {
        loop {
            let line = self.line;
            self.buffer.clear();
            let read = match self.take_until(Some(b'\n')) {
                Ok(0) => return None,
                Ok(read) => read,
                Err(rule) => {
                    return Some(Piece {
                        line,
                        bytes: Err(rule),
                        fatal: true,
                    });
                }
            };
            self.line += 1;
            if std::mem::take(&mut self.first) && self.buffer.trim_ascii() == b"{" {
                return Some(self.single(line));
            }
            if read > MAX_RECORD_BYTES {
                return Some(Piece {
                    line,
                    bytes: Err(too_large()),
                    fatal: false,
                });
            }
            if !self.buffer.trim_ascii().is_empty() {
                return Some(Piece {
                    line,
                    bytes: Ok(self.buffer.clone()),
                    fatal: false,
                });
            }
        }
    }

    /// The rest of the file as part of the record begun.
    fn single(&mut self, line: u64) -> Piece {
        let begun = self.buffer.len();
        let bytes = match self.take_until(None) {
            Ok(read) if begun + read > MAX_RECORD_BYTES => Err(too_large()),
            Ok(_) => Ok(std::mem::take(&mut self.buffer)),
            Err(rule) => Err(rule),
        };
        // Broken or not, it is one record; the end of the file comes after it by itself.
        Piece {
            line,
            bytes,
            fatal: false,
        }
    }

    /// Takes all up to and with `end`, or to the end of the file, and answers how much it was. What
    /// is over the limit is read over and not kept.
    fn take_until(&mut self, end: Option<u8>) -> Result<usize, Rule> {
        let mut read = 0;
        loop {
            let bytes = match self.input.fill_buf() {
                Ok([]) => break,
                Ok(bytes) => bytes,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Rule::Unreadable(error.kind())),
            };
            let found = end.and_then(|end| bytes.iter().position(|byte| *byte == end));
            let taken = found.map_or(bytes.len(), |place| place + 1);
            read += taken;
            let room = MAX_RECORD_BYTES.saturating_sub(self.buffer.len());
            self.buffer.extend_from_slice(&bytes[..taken.min(room)]);
            self.input.consume(taken);
            if found.is_some() {
                break;
            }
        }
        self.largest_buffer = self.largest_buffer.max(self.buffer.capacity());
        Ok(read)
    }
}

pub(super) fn too_large() -> Rule {
    Rule::Limit {
        unit: "bytes",
        most: MAX_RECORD_BYTES as u64,
    }
}
