//! Cohort lists: which learners move from where to where, as a council or a school exports them
//! from a spreadsheet. One row is one planned move.
//!
//! Columns are found by name in any order; case, spaces, underscores and hyphens in names do not
//! count, and some columns go by other names too (see [`COLUMN_NAMES`]). Rows that begin with `#`
//! are comments.

mod row;
mod template;

use std::{collections::HashMap, fmt, io::Read};

use baton_wire::v1;
use jiff::civil::Date;

pub use template::write_template;

use crate::{
    HeaderReport, Problem, Refusal,
    rule::Rule,
    table::{Column, Table},
};

/// Most rows of one list; bounds what is remembered to find a move that comes twice.
pub const MAX_ROWS: usize = 200_000;

const COLUMNS: usize = 18;

/// The columns. The order is that of the places in [`row`], and of the template.
static USED: [Column; COLUMNS] = [
    column("sender_scheme", &["from_scheme"], true),
    column("sender", &["from", "sending_setting"], true),
    column("upn", &["unique_pupil_number"], false),
    column("former_upn", &[], false),
    column("uln", &["unique_learner_number"], false),
    column("nhs", &["nhs_number"], false),
    column("uci", &["unique_candidate_identifier"], false),
    column("local_id", &["admission_number", "student_id"], false),
    column("receiver_scheme", &["to_scheme"], false),
    column("receiver", &["to", "receiving_setting"], false),
    column("point", &["transition_point"], false),
    column("route", &[], false),
    column("academic_year", &["leaving_year"], true),
    column("offer_date", &["date_of_offer"], false),
    column("accepted", &["offer_accepted"], false),
    column("start_date", &["date_of_start"], false),
    column("plan_names_setting", &["ehc_plan_names_setting"], false),
    column(
        "group",
        &[
            "class",
            "form",
            "reg_group",
            "registration_group",
            "key_group",
        ],
        false,
    ),
];

/// Every column with the other names it goes by, for the help text.
pub const COLUMN_NAMES: &[(&str, &[&str])] = &{
    let mut names: [(&str, &[&str]); COLUMNS] = [("", &[]); COLUMNS];
    let mut n = 0;
    while n < COLUMNS {
        names[n] = (USED[n].name, USED[n].aliases);
        n += 1;
    }
    names
};

const fn column(name: &'static str, aliases: &'static [&'static str], required: bool) -> Column {
    Column {
        name,
        aliases,
        required,
    }
}

/// One planned move.
#[derive(Clone, PartialEq)]
pub struct PlannedRow {
    /// Line of the file.
    pub line: u64,
    /// The move, as `PlanTransitions` takes it.
    pub transition: v1::PlannedTransition,
}

/// Says which row, never whom it is about.
impl fmt::Debug for PlannedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlannedRow")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// Whether a file that begins so is a cohort list; if not, what it lacks.
pub(crate) fn expect_header(head: &[u8]) -> Result<(), Refusal> {
    Table::open(head, &USED, |_| true).map(drop)
}

/// Reads a cohort list row by row.
pub struct Cohort<R> {
    table: Table<R, COLUMNS>,
    today: Date,
    /// Line of every move met.
    lines: HashMap<String, u64>,
    ended: bool,
}

impl<R: Read> Cohort<R> {
    /// Reads the header row. `today` decides which offers lie in the future.
    pub fn open(input: R, today: Date) -> Result<Self, Refusal> {
        let table = Table::open(input, &USED, |_| false)?;
        Ok(Self {
            table,
            today,
            lines: HashMap::new(),
            ended: false,
        })
    }

    /// What the file has less and more than expected.
    pub fn header(&self) -> &HeaderReport {
        &self.table.report
    }
}

impl<R: Read> Iterator for Cohort<R> {
    type Item = Result<PlannedRow, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = match self.table.next_row("cohort row")? {
            Ok(row) => row,
            Err(problem) => return Some(Err(problem)),
        };
        if self.lines.len() >= MAX_ROWS {
            self.ended = true;
            let rule = Rule::Limit {
                unit: "rows",
                most: MAX_ROWS as u64,
            };
            return Some(Err(Problem::fatal(row.line, "cohort row".to_owned(), rule)));
        }
        Some(row::read(row, self.today, &mut self.lines))
    }
}
