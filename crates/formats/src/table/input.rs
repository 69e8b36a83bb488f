use std::io::{self, Cursor, Read};

use crate::Refusal;

/// Greatest size of a row. A quote that is never closed swallows the rest of the file; this is
/// where it stops.
pub const MAX_ROW_BYTES: u64 = 8 * 1024 * 1024;

/// How the bytes of a table become text.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Encoding {
    /// Announced by a byte order mark.
    Utf8,
    /// UTF-8 or Windows-1252, row by row.
    Guessed,
}

/// The bytes of a table. The CSV reader holds a row whole, so what one row takes is counted here.
pub(super) struct Metered<R> {
    input: io::Chain<Cursor<Vec<u8>>, R>,
    since_row: u64,
}

/// Reads the byte order mark, if there is one.
pub(super) fn open<R: Read>(mut input: R) -> Result<(Encoding, Metered<R>), Refusal> {
    let mut start = Vec::with_capacity(3);
    input.by_ref().take(3).read_to_end(&mut start)?;
    let encoding = match start.as_slice() {
        [0xef, 0xbb, 0xbf] => Encoding::Utf8,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Err(Refusal::Utf16),
        _ => Encoding::Guessed,
    };
    if encoding == Encoding::Utf8 {
        start.clear();
    }
    Ok((
        encoding,
        Metered {
            input: Cursor::new(start).chain(input),
            since_row: 0,
        },
    ))
}

impl<R> Metered<R> {
    /// What is read from here on belongs to the next row.
    pub(super) fn begin_row(&mut self) {
        self.since_row = 0;
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.since_row > MAX_ROW_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.input.read(buf)?;
        self.since_row += read as u64;
        Ok(read)
    }
}
