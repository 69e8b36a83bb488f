//! Access rows as the entries made them: the last commitment of each.
//!
//! An entry whose body was dropped may have changed any row. So a row that differs from what a
//! later entry says is wrong, and one that differs from an earlier one can only be counted.

use std::collections::BTreeMap;
use std::ops::Bound;

use baton_wire::v1;

use super::Fault;
use crate::commands::audit::said::Change;

type Key = (String, String);

/// What the last entry about a row left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Made {
    commitment: [u8; 32],
    position: u64,
}

/// The fold so far.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: BTreeMap<Key, Made>,
    /// The last entry whose body was dropped.
    dropped: Option<u64>,
    /// Rows that differ, and may do so for a dropped entry.
    unproved: u64,
    /// The last row that was compared; the next page begins after it.
    compared: Option<Key>,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Rows that differ from the last entry that is left about them, or of which none is left.
    pub(super) const fn unproved(&self) -> u64 {
        self.unproved
    }

    /// Takes a change over; false when its commitment is none.
    pub(super) fn apply(&mut self, position: u64, change: Change) -> bool {
        let commitment = unhex(&change.commitment);
        commitment.is_some_and(|commitment| {
            let made = Made {
                commitment,
                position,
            };
            self.rows.insert((change.table, change.key), made);
            true
        })
    }

    /// What this entry changed nobody can tell any more.
    pub(super) const fn dropped(&mut self, position: u64) {
        self.dropped = Some(position);
    }

    /// Compares the next page of rows with the fold, which stands at the size the page was read
    /// at. The last page goes to the end.
    pub(super) fn compare(&mut self, page: &[v1::AccessRow], last: bool) -> Vec<Fault> {
        let from = match self.compared.take() {
            Some(key) => Bound::Excluded(key),
            None => Bound::Unbounded,
        };
        let end = page.last().map(|row| (row.table.clone(), row.key.clone()));
        let to = match &end {
            Some(key) if !last => Bound::Included(key.clone()),
            _ => Bound::Unbounded,
        };
        let mut expected: BTreeMap<&Key, &Made> = self.rows.range((from, to)).collect();
        let mut found: Vec<(Option<u64>, Fault)> = Vec::new();
        for row in page {
            let key = (row.table.clone(), row.key.clone());
            let made = expected.remove(&key);
            let fault = match made {
                Some(made) if made.commitment.as_slice() == row.commitment.as_ref() => continue,
                Some(_) => ("row_changed", "is not as the last entry about it left it"),
                None => ("row_unknown", "stands there, and no entry made it"),
            };
            let at = made.map(|made| made.position);
            found.push((at, fault_of(&key, at, fault)));
        }
        let missing = ("row_missing", "was made by an entry and is not there");
        for (key, made) in expected {
            let at = Some(made.position);
            found.push((at, fault_of(key, at, missing)));
        }
        self.compared = end;
        // A dropped entry that came later may be the reason.
        let (sure, open): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|(at, _)| self.dropped.is_none() || *at > self.dropped);
        self.unproved += open.len() as u64;
        sure.into_iter().map(|(_, fault)| fault).collect()
    }
}

fn fault_of(
    (table, key): &Key,
    position: Option<u64>,
    (kind, what): (&'static str, &str),
) -> Fault {
    Fault {
        kind,
        position,
        message: format!("row {key} of {table} {what}"),
    }
}

/// 32 bytes in the one form entries write them.
pub(super) fn unhex(text: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let lower = |byte: &u8| !byte.is_ascii_uppercase();
    let digit = |byte: u8| char::from(byte).to_digit(16).filter(|_| lower(&byte));
    let byte = |pair: &[u8; 2]| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok();
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    bytes.filter(|_| rest.is_empty())?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(rows: &[(&str, u8)]) -> Rows {
        let mut folded = Rows::default();
        for (position, (key, byte)) in (0..).zip(rows) {
            let change = Change {
                table: "setting".to_owned(),
                key: (*key).to_owned(),
                commitment: format!("{byte:02x}").repeat(32),
            };
            assert!(folded.apply(position, change));
        }
        folded
    }

    fn row(key: &str, byte: u8) -> v1::AccessRow {
        v1::AccessRow {
            table: "setting".to_owned(),
            key: key.to_owned(),
            commitment: vec![byte; 32].into(),
        }
    }

    #[test]
    fn rows_that_are_as_they_were_left_have_no_fault_over_several_pages() {
        let mut rows = folded(&[("a", 9), ("a", 1), ("b", 2), ("c", 3)]);
        assert_eq!(rows.compare(&[row("a", 1), row("b", 2)], false), []);
        assert_eq!(rows.compare(&[row("c", 3)], true), []);
    }

    #[test]
    fn every_difference_is_told_once() {
        let mut rows = folded(&[("a", 1), ("b", 2), ("d", 4), ("e", 5)]);
        let kinds = |faults: Vec<Fault>| faults.iter().map(|it| it.kind).collect::<Vec<_>>();
        assert_eq!(
            kinds(rows.compare(&[row("a", 7), row("c", 3)], false)),
            ["row_changed", "row_unknown", "row_missing"]
        );
        assert_eq!(kinds(rows.compare(&[row("d", 4)], true)), ["row_missing"]);
    }

    #[test]
    fn a_dropped_entry_may_be_why_a_row_differs_unless_a_later_one_tells_of_it() {
        let change = |key: &str, byte: u8| Change {
            table: "setting".to_owned(),
            key: key.to_owned(),
            commitment: format!("{byte:02x}").repeat(32),
        };
        let mut rows = Rows::default();
        for (position, key) in [(0, "a"), (1, "b"), (2, "c")] {
            assert!(rows.apply(position, change(key, 1)));
        }
        rows.dropped(3);
        assert!(rows.apply(4, change("c", 2)));
        let page = [row("a", 7), row("c", 1), row("d", 1)];
        let told = rows.compare(&page, true);
        let told: Vec<_> = told.iter().map(|it| (it.kind, it.position)).collect();
        assert_eq!(told, [("row_changed", Some(4))]);
        assert_eq!(rows.unproved(), 3, "a changed, b missing, d unknown");
    }

    #[test]
    fn no_rows_at_all_means_that_all_are_missing() {
        assert_eq!(folded(&[("a", 1), ("b", 2)]).compare(&[], true).len(), 2);
    }
}
