use super::Column;
use crate::{Problem, problem::Findings, rule::Rule};

/// One row: the cells of interest, trimmed, in the order of the columns. A broken cell is reported
/// and then answered as absent, so that one pass finds every violation.
pub(crate) struct Row<const N: usize> {
    pub(crate) line: u64,
    pub(super) columns: &'static [Column; N],
    pub(super) cells: [String; N],
    pub(super) findings: Findings,
}

impl<const N: usize> Row<N> {
    /// The text of a cell; blank is absent.
    pub(crate) fn text(&self, column: usize) -> Option<&str> {
        Some(self.cells[column].as_str()).filter(|cell| !cell.is_empty())
    }

    /// The value of a cell, read by `read`, which answers the rule it breaks.
    pub(crate) fn optional<T>(
        &mut self,
        column: usize,
        read: impl FnOnce(&str) -> Result<T, Rule>,
    ) -> Option<T> {
        let cell = self.text(column)?;
        match read(cell) {
            Ok(value) => Some(value),
            Err(rule) => {
                let (name, cell) = (self.columns[column].name, &self.cells[column]);
                self.findings.violation(self.line, name, rule, cell);
                None
            }
        }
    }

    /// As [`optional`](Self::optional); blank is a violation.
    pub(crate) fn required<T>(
        &mut self,
        column: usize,
        read: impl FnOnce(&str) -> Result<T, Rule>,
    ) -> Option<T> {
        let name = self.columns[column].name;
        let known = self
            .findings
            .violations
            .iter()
            .any(|violation| violation.field == name);
        if self.text(column).is_none() && !known {
            self.findings.absence(self.line, name, Rule::Missing);
        }
        self.optional(column, read)
    }

    /// A rule broken by the row, or by several of its cells, named by one.
    pub(crate) fn broken(&mut self, column: Option<usize>, rule: Rule) {
        let name = column.map_or("", |column| self.columns[column].name);
        self.findings.absence(self.line, name, rule);
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.findings.violations.is_empty()
    }

    pub(crate) fn into_problem(self, record: String) -> Problem {
        let violations = self.findings.violations;
        Problem {
            line: self.line,
            record,
            violations,
            fatal: false,
        }
    }
}
