//! Access rows as the entries made them: the last commitment of each.

use std::collections::BTreeMap;
use std::ops::Bound;

use baton_wire::v1;
use serde::Deserialize;

use super::Fault;

/// A change of a row, as an entry tells it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Change {
    table: String,
    key: String,
    commitment: String,
}

type Key = (String, String);

/// The fold so far.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: BTreeMap<Key, [u8; 32]>,
    /// The last row that was compared; the next page begins after it.
    compared: Option<Key>,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Takes a change over; false when its commitment is none.
    pub(super) fn apply(&mut self, change: Change) -> bool {
        let commitment = unhex(&change.commitment);
        commitment.is_some_and(|commitment| {
            self.rows.insert((change.table, change.key), commitment);
            true
        })
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
        let mut expected: BTreeMap<&Key, &[u8; 32]> = self.rows.range((from, to)).collect();
        let mut faults = Vec::new();
        for row in page {
            let key = (row.table.clone(), row.key.clone());
            let fault = match expected.remove(&key) {
                Some(commitment) if commitment.as_slice() == row.commitment.as_ref() => continue,
                Some(_) => ("row_changed", "is not as the last entry about it left it"),
                None => ("row_unknown", "stands there, and no entry made it"),
            };
            faults.push(fault_of(&key, fault));
        }
        let missing = ("row_missing", "was made by an entry and is not there");
        faults.extend(expected.into_keys().map(|key| fault_of(key, missing)));
        self.compared = end;
        faults
    }
}

fn fault_of((table, key): &Key, (kind, what): (&'static str, &str)) -> Fault {
    Fault {
        kind,
        message: format!("row {key} of {table} {what}"),
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8; 2]| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok();
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    bytes.filter(|_| rest.is_empty())?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(rows: &[(&str, u8)]) -> Rows {
        let mut folded = Rows::default();
        for (key, byte) in rows {
            let change = Change {
                table: "setting".to_owned(),
                key: (*key).to_owned(),
                commitment: format!("{byte:02x}").repeat(32),
            };
            assert!(folded.apply(change));
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
    fn no_rows_at_all_means_that_all_are_missing() {
        assert_eq!(folded(&[("a", 1), ("b", 2)]).compare(&[], true).len(), 2);
    }
}
