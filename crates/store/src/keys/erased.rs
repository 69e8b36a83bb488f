//! The list of what was erased, beside the keys and backed up with them: an older copy of the
//! database that is put back has what was erased after it was made, and it is erased again.
//!
//! A line an erasure, only ever added: term and position of the entry, what, and a keyed digest, so
//! that nobody has something erased by writing here.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use super::ring::RingLock;
use super::{Keys, hex};
use crate::error::StoreError;
use crate::rows::ErasedRow;

const NAME: &str = "erased";

impl Keys {
    /// Adds to the list, durable when this returns.
    pub(crate) fn note_erased(&self, rows: &[ErasedRow]) -> Result<(), StoreError> {
        let path = self.folder.join(NAME);
        let _held = RingLock::take(&self.folder)?;
        let add = || -> io::Result<()> {
            let mut file = OpenOptions::new()
                .read(true)
                .append(true)
                .create(true)
                .mode(0o600)
                .open(&path)?;
            let mut text = String::new();
            if !ends_with_a_line(&mut file)? {
                text.push('\n');
            }
            text.extend(rows.iter().map(|row| self.line(row)));
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        add().map_err(|error| StoreError::file(&path, error))
    }

    /// The list. A last line that a crash tore is none: the database has it.
    pub(crate) fn listed_as_erased(&self) -> Result<Vec<ErasedRow>, StoreError> {
        let path = self.folder.join(NAME);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::file(&path, error)),
        };
        let mut lines = BufReader::new(file);
        let (mut found, mut line) = (Vec::new(), String::new());
        loop {
            line.clear();
            let read = lines.read_line(&mut line);
            let read = read.map_err(|error| StoreError::file(&path, error))?;
            let ends = line.pop() == Some('\n');
            if read == 0 || !ends {
                return Ok(found);
            }
            match self.parse(&line) {
                Some(row) => found.push(row),
                // Torn by a crash; what came after began a line of its own.
                None if !is_whole(&line) => {}
                None => return Err(StoreError::ErasedList),
            }
        }
    }

    fn line(&self, row: &ErasedRow) -> String {
        let said = said(row);
        format!("{said} {}\n", self.digest(&said))
    }

    fn digest(&self, said: &str) -> String {
        hex(&self.blind("erased", &[said.as_bytes()])[..DIGEST_BYTES])
    }

    fn parse(&self, line: &str) -> Option<ErasedRow> {
        let (said_so, digest) = line.rsplit_once(' ')?;
        let mut parts = said_so.split(' ');
        let mut number = || i64::from_str_radix(parts.next()?, 16).ok();
        let (term, position) = (number()?, number()?);
        let row = ErasedRow {
            id: parts.next()?.to_owned(),
            term,
            position,
            scrubbed: 0,
        };
        (said(&row) == said_so && self.digest(said_so) == digest).then_some(row)
    }
}

const DIGEST_BYTES: usize = 16;

fn said(row: &ErasedRow) -> String {
    format!("{:016x} {:016x} {}", row.term, row.position, row.id)
}

/// Whether a line has all its parts.
fn is_whole(line: &str) -> bool {
    let digest = line.rsplit_once(' ').map(|(_, digest)| digest);
    line.split(' ').count() == 4 && digest.is_some_and(|it| it.len() == 2 * DIGEST_BYTES)
}

fn ends_with_a_line(file: &mut File) -> io::Result<bool> {
    let length = file.seek(SeekFrom::End(0))?;
    if length == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
