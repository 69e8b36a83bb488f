//! CSV files with a header, read by name, row by row, in bounded memory.
//!
//! **Encoding.** A byte order mark decides for UTF-8, and then a row that is not UTF-8 is a
//! problem. Without one, each row is UTF-8 if it is valid UTF-8 and Windows-1252 otherwise. The
//! decision is taken per row because nothing of the file has to be held back for it, because
//! separators and quotes are the same bytes in both, and because it cannot go wrong in practice:
//! in Windows-1252 a valid UTF-8 sequence reads `Ã©` or `â€™`, which no name holds.

mod input;
mod row;

use std::io::{self, Read};

use csv::ByteRecord;

use self::input::{Encoding, Metered};
pub(crate) use self::row::Row;
use crate::{
    Problem, Refusal,
    problem::Findings,
    rule::{Rule, control_character},
};

pub use input::MAX_ROW_BYTES;

/// Greatest length of a cell that is read.
pub const MAX_CELL_CHARS: usize = 4_000;
/// Most unknown columns that are listed.
const MAX_UNKNOWN_COLUMNS: usize = 100;
/// What ends a line.
const BREAKS: [char; 2] = ['\n', '\r'];

/// Without this the rows in the cell would be lost without a word.
fn open_quote() -> Rule {
    let words = "a quote is not closed in its row, and rows after it stand in its cell";
    Rule::Malformed(words.to_owned())
}

/// A column a reader uses.
pub(crate) struct Column {
    /// Name in the header.
    pub(crate) name: &'static str,
    /// Other names it goes by. Compared, as `name` is, without case, spaces and underscores.
    pub(crate) aliases: &'static [&'static str],
    /// Without it no row can be read.
    pub(crate) required: bool,
}

/// What the header has less and more than expected.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct HeaderReport {
    /// Columns we could use and the file lacks.
    pub missing: Vec<&'static str>,
    /// Columns of the file we have never heard of, at most 100.
    pub unknown: Vec<String>,
}

/// A table with `N` columns of interest.
pub(crate) struct Table<R, const N: usize> {
    csv: csv::Reader<Metered<R>>,
    columns: &'static [Column; N],
    places: [Option<usize>; N],
    width: usize,
    encoding: Encoding,
    record: ByteRecord,
    /// Whether the current record is read as UTF-8.
    record_is_utf8: bool,
    ended: bool,
    pub(crate) report: HeaderReport,
}

impl<R: Read, const N: usize> Table<R, N> {
    /// Reads the header. `known` says of a column that is not used whether it is at least expected.
    pub(crate) fn open(
        input: R,
        columns: &'static [Column; N],
        known: impl Fn(&str) -> bool,
    ) -> Result<Self, Refusal> {
        let (encoding, input) = input::open(input)?;
        let csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .from_reader(input);
        let mut table = Self {
            csv,
            columns,
            places: [None; N],
            width: 0,
            encoding,
            record: ByteRecord::new(),
            record_is_utf8: true,
            ended: false,
            report: HeaderReport::default(),
        };
        table.read_header(known)?;
        Ok(table)
    }

    fn read_header(&mut self, known: impl Fn(&str) -> bool) -> Result<(), Refusal> {
        match self.advance() {
            None => return Err(Refusal::Empty),
            Some(Err((_, rule))) => return Err(Refusal::Header(rule)),
            Some(Ok(_)) => {}
        }
        self.width = self.record.len();
        for place in 0..self.width {
            let Some(name) = self.cell(place) else {
                return Err(Refusal::Header(Rule::Encoding("UTF-8")));
            };
            if name.contains(BREAKS) && name.contains(',') {
                return Err(Refusal::Header(open_quote()));
            }
            match self
                .columns
                .iter()
                .position(|column| column.is_called(&name))
            {
                Some(n) if self.places[n].is_some() => {
                    return Err(Refusal::ColumnTwice(self.columns[n].name));
                }
                Some(n) => self.places[n] = Some(place),
                None if name.is_empty() || known(&name) => {}
                None if self.report.unknown.len() < MAX_UNKNOWN_COLUMNS => {
                    self.report.unknown.push(name.chars().take(60).collect());
                }
                None => {}
            }
        }
        let absent = |required: bool| {
            let missing = self
                .columns
                .iter()
                .zip(self.places)
                .filter(|(_, place)| place.is_none());
            missing
                .filter(move |(c, _)| c.required || !required)
                .map(|(c, _)| c.name)
                .collect()
        };
        let needed: Vec<&'static str> = absent(true);
        if !needed.is_empty() {
            return Err(Refusal::MissingColumns(needed));
        }
        self.report.missing = absent(false);
        Ok(())
    }

    /// The next row that has anything in it; `name` says how the reader calls a row.
    pub(crate) fn next_row(&mut self, name: &str) -> Option<Result<Row<N>, Problem>> {
        loop {
            let line = match self.advance()? {
                Ok(line) => line,
                Err((line, rule)) => return Some(Err(Problem::fatal(line, name.to_owned(), rule))),
            };
            // Spreadsheets leave rows of bare commas behind.
            if self.record.iter().any(|cell| !cell.trim_ascii().is_empty()) {
                return Some(Ok(self.row(line)));
            }
        }
    }

    fn row(&self, line: u64) -> Row<N> {
        let mut findings = Findings::default();
        if self.record.len() != self.width {
            let rule = Rule::Cells {
                expected: self.width,
                found: self.record.len(),
            };
            findings.absence(line, "", rule);
        }
        if self.record.iter().any(|cell| self.holds_rows(cell)) {
            findings.absence(line, "", open_quote());
        }
        let cells = std::array::from_fn(|n| {
            let Some(place) = self.places[n] else {
                return String::new();
            };
            let field = self.columns[n].name;
            let Some(cell) = self.cell(place) else {
                findings.absence(line, field, Rule::Encoding("UTF-8"));
                return String::new();
            };
            let broken = control_character(&cell).or_else(|| {
                let long = cell.chars().count() > MAX_CELL_CHARS;
                long.then_some(Rule::TooLong {
                    most: MAX_CELL_CHARS,
                })
            });
            match broken {
                Some(rule) => {
                    findings.violation(line, field, rule, &cell);
                    String::new()
                }
                None => cell,
            }
        });
        Row {
            line,
            columns: self.columns,
            cells,
            findings,
        }
    }

    /// Whether a cell looks like rows: a quote that is never closed, or closed by one further down,
    /// makes a cell of the rest of its row, of whole rows, and of the next row up to the same place.
    /// Together these have at least as many separators as one row. A remark over several lines
    /// hardly ever has.
    fn holds_rows(&self, cell: &[u8]) -> bool {
        let breaks = |byte: &u8| BREAKS.contains(&char::from(*byte));
        cell.iter().any(breaks) && cell.split(|byte| *byte == b',').count() >= self.width
    }

    /// Text of a cell of the current row; `None` if its bytes are no text.
    fn cell(&self, place: usize) -> Option<String> {
        let bytes = self.record.get(place).unwrap_or_default();
        let text = if self.record_is_utf8 {
            str::from_utf8(bytes).ok()?.into()
        } else {
            encoding_rs::WINDOWS_1252
                .decode_without_bom_handling(bytes)
                .0
        };
        Some(text.trim().to_owned())
    }

    /// Reads the next record into place and answers the line it begins on. After an error: nothing.
    fn advance(&mut self) -> Option<Result<u64, (u64, Rule)>> {
        if self.ended {
            return None;
        }
        self.csv.get_mut().begin_row();
        let before = self.csv.position().line();
        match self.csv.read_byte_record(&mut self.record) {
            Ok(true) => {
                // Cell by cell: two halves of a sequence in neighbouring cells are none.
                self.record_is_utf8 = self.encoding == Encoding::Utf8
                    || self.record.iter().all(|cell| str::from_utf8(cell).is_ok());
                Some(Ok(self
                    .record
                    .position()
                    .map_or(before, csv::Position::line)))
            }
            Ok(false) => {
                self.ended = true;
                None
            }
            Err(error) => {
                self.ended = true;
                let rule = match error.into_kind() {
                    csv::ErrorKind::Io(e) if e.kind() == io::ErrorKind::FileTooLarge => {
                        Rule::Limit {
                            unit: "bytes a row",
                            most: MAX_ROW_BYTES,
                        }
                    }
                    csv::ErrorKind::Io(e) => Rule::Unreadable(e.kind()),
                    _ => Rule::Malformed("not a CSV row".to_owned()),
                };
                Some(Err((before, rule)))
            }
        }
    }
}

impl Column {
    fn is_called(&self, header: &str) -> bool {
        let header = plain(header);
        std::iter::once(&self.name)
            .chain(self.aliases)
            .any(|name| plain(name) == header)
    }
}

/// A header cell without what people vary.
fn plain(name: &str) -> String {
    let kept = name
        .chars()
        .filter(|c| !matches!(c, ' ' | '_' | '-' | '\u{a0}'));
    kept.flat_map(char::to_lowercase).collect()
}
