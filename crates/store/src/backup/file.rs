//! The form of a content backup: one file, the same for both engines, read from front to back.
//!
//! ```text
//! baton/backup/v1\n
//! length (4)  header, JSON
//! T  number of columns (1), then length (1) and name of the table and of each column
//! R  length (4)  values of a row: tag (1), then 8 bytes of a number, or length (4) and bytes
//! E  number of rows (8)                                    … a T, its Rs and an E for each table
//! Z  SHA-256 of everything before (32)  keyed digest of that under the ring (32)
//! ```
//!
//! Numbers are big-endian. Nothing in it is in clear that is sealed in the database.

use std::io::{self, Read};

use aws_lc_rs::digest::{Context, SHA256};
use baton_domain::ids::LedgerId;
use baton_domain::log::Frontier;
use serde::{Deserialize, Serialize};

use super::tables::{Described, TABLES};
use crate::engine::value::{Type, Value};
use crate::head::Head;
use crate::keys::NamedEpoch;
use crate::log_keys::LogKeys;

const MAGIC: &[u8] = b"baton/backup/v1\n";
/// First bytes of a backup of any version.
const MAGIC_OF_ANY: &[u8] = b"baton/backup/";
/// Longest header, in bytes.
const HEADER_MAX: u32 = 64 * 1024;
/// Longest row, in bytes: a section has at most 4 MiB.
const ROW_MAX: u32 = 16 * 1024 * 1024;
/// What the keyed digest at the end is for.
pub(super) const PURPOSE: &str = "backup";

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) made_us: i64,
    /// Version of the program that made it.
    pub(super) program: String,
    pub(super) ledger: String,
    pub(super) term: u64,
    /// Ledger time of the last entry.
    pub(super) time_us: i64,
    /// Right edge of the tree, and with it the number of entries, in hexadecimal.
    pub(super) frontier: String,
    pub(super) checkpoint: String,
    /// The key epoch in force, and what tells its key from another.
    pub(super) epoch: i64,
    pub(super) epoch_check: String,
    /// The oldest epoch something in it is still wrapped under.
    pub(super) oldest_epoch: i64,
    /// Number and public half, in hexadecimal, of the key that signed the checkpoint.
    pub(super) log_key: i64,
    pub(super) log_key_check: String,
    /// Hash of the policy set in force.
    pub(super) policy: String,
    /// Until when the epochs it needs are kept, microseconds UTC; none when no rotation is due by
    /// itself. A rotation by hand shortens it.
    pub(super) until_us: Option<i64>,
    /// Rows of all tables.
    pub(super) rows: u64,
}

impl Header {
    /// The head row it was made from; none when it is malformed.
    pub(super) fn head(&self) -> Option<Head> {
        Some(Head {
            ledger: LedgerId::parse(&self.ledger).ok()?,
            term: self.term,
            time_us: self.time_us,
            frontier: Frontier::from_bytes(&unhex(&self.frontier)?).ok()?,
            checkpoint: self.checkpoint.clone(),
            epoch: NamedEpoch {
                id: self.epoch,
                check: self.epoch_check.clone(),
            },
            policy: self.policy.clone(),
            log_keys: LogKeys {
                current: self.log_key,
                check: self.log_key_check.clone(),
                ..LogKeys::default()
            },
            database_us: None,
        })
    }
}

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

/// Bytes on their way into a backup.
#[derive(Debug, Default)]
pub(super) struct Encoder(pub(super) Vec<u8>);

impl Encoder {
    pub(super) fn header(&mut self, header: &Header) {
        let json = serde_json::to_vec(header).unwrap_or_default();
        self.0.extend_from_slice(MAGIC);
        self.long(&json);
    }

    pub(super) fn table(&mut self, table: &Described) {
        self.0.push(b'T');
        self.0
            .push(u8::try_from(table.columns.len()).unwrap_or(u8::MAX));
        self.short(table.name);
        for (name, _) in table.columns {
            self.short(name);
        }
    }

    pub(super) fn row(&mut self, values: &[Value]) {
        self.0.push(b'R');
        let at = self.0.len();
        self.0.extend_from_slice(&[0; 4]);
        for value in values {
            match value {
                Value::Text(None) | Value::Int(None) | Value::Blob(None) => self.0.push(0),
                Value::Int(Some(number)) => {
                    self.0.push(1);
                    self.0.extend_from_slice(&number.to_be_bytes());
                }
                Value::Text(Some(text)) => {
                    self.0.push(2);
                    self.long(text.as_bytes());
                }
                Value::Blob(Some(bytes)) => {
                    self.0.push(3);
                    self.long(bytes);
                }
            }
        }
        let length = u32::try_from(self.0.len() - at - 4).unwrap_or(u32::MAX);
        self.0[at..at + 4].copy_from_slice(&length.to_be_bytes());
    }

    pub(super) fn end_of_table(&mut self, rows: u64) {
        self.0.push(b'E');
        self.0.extend_from_slice(&rows.to_be_bytes());
    }

    pub(super) fn end(&mut self) {
        self.0.push(b'Z');
    }

    fn short(&mut self, text: &str) {
        self.0.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
        self.0.extend_from_slice(text.as_bytes());
    }

    fn long(&mut self, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
    }
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Frame {
    /// A table begins.
    Table(&'static Described),
    /// A row of it.
    Row(Vec<Value>),
    /// It ends, with so many rows.
    EndOfTable(u64),
    /// Nothing more: the digest of what was read, and what vouches for it.
    End { digest: [u8; 32], vouched: [u8; 32] },
}

/// Why a backup cannot be read on.
#[derive(Debug)]
pub(super) enum Unreadable {
    Io(io::Error),
    /// It is no backup, or one of another version.
    NotOne(String),
    /// It is not as it was written.
    Damaged(String),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Damaged("it ends in the middle".to_owned()),
            _ => Self::Io(error),
        }
    }
}

/// Reads a backup from front to back.
pub(super) struct Decoder<R> {
    from: R,
    digest: Context,
    /// Tables so far.
    tables: usize,
    /// The table whose rows come.
    table: Option<&'static Described>,
}

impl<R: Read> Decoder<R> {
    /// Reads as far as the header goes.
    pub(super) fn begin(from: R) -> Result<(Self, Header), Unreadable> {
        let mut decoder = Self {
            from,
            digest: Context::new(&SHA256),
            tables: 0,
            table: None,
        };
        let mut magic = [0; MAGIC.len()];
        let read = decoder.fill(&mut magic);
        if read.is_err() || magic != MAGIC {
            let newer = read.is_ok() && magic.starts_with(MAGIC_OF_ANY);
            return Err(Unreadable::NotOne(if newer {
                "made by a newer version of this program: restore it with that one".to_owned()
            } else {
                "no backup of a ledger".to_owned()
            }));
        }
        let header = decoder.long(HEADER_MAX)?;
        let header: Header =
            serde_json::from_slice(&header).map_err(|_| damaged("its header cannot be read"))?;
        Ok((decoder, header))
    }

    /// The next frame. After the end there is none.
    pub(super) fn next(&mut self) -> Result<Frame, Unreadable> {
        match (self.byte()?, self.table) {
            (b'T', None) => self.begin_table(),
            (b'R', Some(table)) => self.row(table).map(Frame::Row),
            (b'E', Some(_)) => {
                self.table = None;
                let mut rows = [0; 8];
                self.fill(&mut rows)?;
                Ok(Frame::EndOfTable(u64::from_be_bytes(rows)))
            }
            (b'Z', None) if self.tables == TABLES.len() => self.end(),
            _ => Err(damaged("its parts do not follow one another")),
        }
    }

    fn begin_table(&mut self) -> Result<Frame, Unreadable> {
        let columns = self.byte()?;
        let name = self.short()?;
        let table = TABLES.get(self.tables);
        let table = table.filter(|table| table.name.as_bytes() == name);
        let mut same = table.is_some_and(|table| table.columns.len() == usize::from(columns));
        for at in 0..usize::from(columns) {
            let column = self.short()?;
            let known = table.and_then(|table| table.columns.get(at));
            same &= known.is_some_and(|(name, _)| name.as_bytes() == column);
        }
        match table.filter(|_| same) {
            Some(table) => {
                self.tables += 1;
                self.table = Some(table);
                Ok(Frame::Table(table))
            }
            None => Err(Unreadable::NotOne(
                "its tables are not those of this version: restore it with the version that made it"
                    .to_owned(),
            )),
        }
    }

    fn row(&mut self, table: &Described) -> Result<Vec<Value>, Unreadable> {
        let bytes = self.long(ROW_MAX)?;
        let mut rest = bytes.as_slice();
        let mut values = Vec::with_capacity(table.columns.len());
        for (_, kind) in table.columns {
            let value = value(&mut rest, *kind);
            values.push(value.ok_or_else(|| damaged("a row of it cannot be read"))?);
        }
        if rest.is_empty() {
            Ok(values)
        } else {
            Err(damaged("a row of it is too long"))
        }
    }

    fn end(&mut self) -> Result<Frame, Unreadable> {
        let mut digest = [0; 32];
        digest.copy_from_slice(self.digest.clone().finish().as_ref());
        let (mut written, mut vouched) = ([0; 32], [0; 32]);
        self.fill(&mut written)?;
        self.fill(&mut vouched)?;
        if written != digest {
            return Err(damaged("its SHA-256 is not the one it was written with"));
        }
        if self.from.read(&mut [0])? != 0 {
            return Err(damaged("something follows its end"));
        }
        Ok(Frame::End { digest, vouched })
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Unreadable> {
        self.from.read_exact(bytes)?;
        self.digest.update(bytes);
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, Unreadable> {
        let mut byte = [0];
        self.fill(&mut byte)?;
        Ok(byte[0])
    }

    fn short(&mut self) -> Result<Vec<u8>, Unreadable> {
        let mut bytes = vec![0; usize::from(self.byte()?)];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn long(&mut self, bytes_max: u32) -> Result<Vec<u8>, Unreadable> {
        let mut length = [0; 4];
        self.fill(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length > bytes_max {
            return Err(damaged("a length in it is too great"));
        }
        let mut bytes = vec![0; length.try_into().unwrap_or_default()];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}

fn value(rest: &mut &[u8], kind: Type) -> Option<Value> {
    let (tag, after) = rest.split_first()?;
    *rest = after;
    let mut bytes = || {
        let (length, after) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (bytes, after) = after.split_at_checked(length)?;
        *rest = after;
        Some(bytes.to_vec())
    };
    Some(match (tag, kind) {
        (0, Type::Text) => Value::Text(None),
        (0, Type::Int) => Value::Int(None),
        (0, Type::Blob) => Value::Blob(None),
        (1, Type::Int) => {
            let (number, after) = rest.split_first_chunk()?;
            *rest = after;
            Value::Int(Some(i64::from_be_bytes(*number)))
        }
        (2, Type::Text) => Value::Text(Some(String::from_utf8(bytes()?).ok()?)),
        (3, Type::Blob) => Value::Blob(Some(bytes()?)),
        _ => return None,
    })
}

fn damaged(what: &str) -> Unreadable {
    Unreadable::Damaged(what.to_owned())
}
