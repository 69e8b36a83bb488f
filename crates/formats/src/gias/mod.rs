//! The register of schools and colleges: the daily bulk file `edubasealldata` of Get Information
//! About Schools, read by header name.
//!
//! Columns come and go between years (133 in 2018, 139 until 2025, 135 since), so only those used
//! are asked for, and the [`HeaderReport`] says which the file lacks and which are new.

mod kind;
mod row;

use std::io::Read;

pub use kind::Status;
pub use row::RegisterRow;

use crate::{
    HeaderReport, Problem, Refusal,
    table::{Column, Table},
};

/// Every header seen since 2018, one a line; only to tell new columns from old.
const KNOWN_HEADERS: &str = include_str!("../../data/gias_columns.txt");

const COLUMNS: usize = 15;

/// The columns used. The order is that of the places in [`row`].
static USED: [Column; COLUMNS] = [
    required("URN"),
    required("LA (code)"),
    optional("EstablishmentNumber"),
    required("EstablishmentName"),
    required("TypeOfEstablishment (code)"),
    optional("EstablishmentTypeGroup (code)"),
    required("EstablishmentStatus (code)"),
    optional("PhaseOfEducation (code)"),
    optional("StatutoryLowAge"),
    optional("StatutoryHighAge"),
    optional("Town"),
    optional("Postcode"),
    optional("UKPRN"),
    optional("OpenDate"),
    optional("CloseDate"),
];

const fn required(name: &'static str) -> Column {
    Column {
        name,
        aliases: &[],
        required: true,
    }
}

const fn optional(name: &'static str) -> Column {
    Column {
        name,
        aliases: &[],
        required: false,
    }
}

/// Whether a file that begins so is the register; if not, what it lacks.
pub(crate) fn expect_header(head: &[u8]) -> Result<(), Refusal> {
    Table::open(head, &USED, |_| true).map(drop)
}

/// Reads the register row by row. A row that breaks rules is a [`Problem`]; the rest goes on.
pub struct Register<R> {
    table: Table<R, COLUMNS>,
}

impl<R: Read> Register<R> {
    /// Reads the header row.
    pub fn open(input: R) -> Result<Self, Refusal> {
        let known = |name: &str| KNOWN_HEADERS.lines().any(|header| header == name);
        Ok(Self {
            table: Table::open(input, &USED, known)?,
        })
    }

    /// What the file has less and more than expected.
    pub fn header(&self) -> &HeaderReport {
        &self.table.report
    }
}

impl<R: Read> Iterator for Register<R> {
    type Item = Result<RegisterRow, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(
            self.table
                .next_row("register row")?
                .and_then(RegisterRow::read),
        )
    }
}
