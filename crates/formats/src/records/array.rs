use std::io::{BufRead, ErrorKind};

use super::{MAX_RECORD_BYTES, Piece, lines::too_large};
use crate::rule::Rule;

/// The records of one JSON array.
///
/// Finds where each element ends by brackets and quotes alone, so that an element broken in itself
/// is one problem and the next is found all the same. An element that opens more than it closes
/// swallows what follows it: then the file is cut off for us.
pub(super) struct Array<R> {
    input: R,
    line: u64,
    largest_buffer: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Before the opening bracket.
    Unopened,
    Inside,
    /// After the closing bracket.
    Closed,
}

/// Where in an element the next byte stands.
#[derive(Default)]
struct Place {
    /// Brackets open within the element.
    depth: usize,
    in_text: bool,
    after_backslash: bool,
}

/// What ended an element.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Comma,
    Bracket,
    File,
}

impl<R: BufRead> Array<R> {
    /// The input stands at the opening bracket.
    pub(super) fn new(input: R, line: u64) -> Self {
        Self {
            input,
            line,
            largest_buffer: 0,
            state: State::Unopened,
        }
    }

    pub(super) fn largest_buffer(&self) -> usize {
        self.largest_buffer
    }

    pub(super) fn next_piece(&mut self) -> Option<Piece> {
        let first = self.state == State::Unopened;
        if first {
            self.input.consume(1);
            self.state = State::Inside;
        }
        if self.state == State::Closed {
            return self.after();
        }
        if let Err(rule) = self.skip_blank() {
            return Some(Piece {
                line: self.line,
                bytes: Err(rule),
                fatal: true,
            });
        }
        let line = self.line;
        let mut element = Vec::new();
        let taken = self.take_element(&mut element);
        self.largest_buffer = self.largest_buffer.max(element.capacity());
        let (size, end) = match taken {
            Ok(taken) => taken,
            Err(rule) => {
                return Some(Piece {
                    line,
                    bytes: Err(rule),
                    fatal: true,
                });
            }
        };
        if end == End::Bracket {
            self.state = State::Closed;
        }
        let blank = element.trim_ascii().is_empty();
        let bytes = match end {
            End::Bracket if blank && first => return self.after(),
            End::File => Err(Rule::CutOff),
            _ if size > MAX_RECORD_BYTES => Err(too_large()),
            _ if blank => Err(Rule::Malformed("a comma without a record".to_owned())),
            _ => Ok(element),
        };
        Some(Piece {
            line,
            bytes,
            fatal: end == End::File,
        })
    }

    /// Nothing may follow the array: it would be records nobody reads.
    fn after(&mut self) -> Option<Piece> {
        let rule = match self.skip_blank() {
            Ok(false) => return None,
            Ok(true) => Rule::Malformed("something follows the array".to_owned()),
            Err(rule) => rule,
        };
        Some(Piece {
            line: self.line,
            bytes: Err(rule),
            fatal: true,
        })
    }

    /// Skips blank space and answers whether anything comes after it.
    fn skip_blank(&mut self) -> Result<bool, Rule> {
        loop {
            let bytes = fill(&mut self.input)?;
            let blank = bytes.iter().take_while(|byte| byte.is_ascii_whitespace());
            let (count, lines) = blank.fold((0, 0), |(count, lines), byte| {
                (count + 1, lines + u64::from(*byte == b'\n'))
            });
            let (ended, more) = (bytes.is_empty(), count < bytes.len());
            self.input.consume(count);
            self.line += lines;
            if more || ended {
                return Ok(more);
            }
        }
    }

    /// Takes one element and what ends it; answers its size. What is over the limit is read over
    /// and not kept.
    fn take_element(&mut self, element: &mut Vec<u8>) -> Result<(usize, End), Rule> {
        let mut place = Place::default();
        let mut size = 0;
        loop {
            let bytes = fill(&mut self.input)?;
            if bytes.is_empty() {
                return Ok((size, End::File));
            }
            let end = bytes
                .iter()
                .enumerate()
                .find_map(|(n, byte)| Some((n, place.pass(*byte)?)));
            let taken = end.map_or(bytes.len(), |(n, _)| n);
            let room = MAX_RECORD_BYTES.saturating_sub(element.len());
            element.extend_from_slice(&bytes[..taken.min(room)]);
            self.line += bytes[..taken]
                .iter()
                .map(|byte| u64::from(*byte == b'\n'))
                .sum::<u64>();
            size += taken;
            self.input.consume(taken + usize::from(end.is_some()));
            if let Some((_, end)) = end {
                return Ok((size, end));
            }
        }
    }
}

impl Place {
    /// Goes past a byte; answers the end of the element if it is one.
    fn pass(&mut self, byte: u8) -> Option<End> {
        match byte {
            _ if self.after_backslash => self.after_backslash = false,
            b'\\' if self.in_text => self.after_backslash = true,
            b'"' => self.in_text = !self.in_text,
            _ if self.in_text => {}
            b',' if self.depth == 0 => return Some(End::Comma),
            b']' if self.depth == 0 => return Some(End::Bracket),
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        None
    }
}

fn fill(input: &mut impl BufRead) -> Result<&[u8], Rule> {
    loop {
        match input.fill_buf() {
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Rule::Unreadable(error.kind())),
        }
    }
    // Asked again because a borrow cannot leave the loop; a filled buffer is answered as it is.
    input
        .fill_buf()
        .map_err(|error| Rule::Unreadable(error.kind()))
}
