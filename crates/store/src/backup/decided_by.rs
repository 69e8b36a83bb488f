//! Which policies decided which entry: every set an entry names is there and is what its hash says,
//! and none decides that no entry put into force.

use std::collections::{BTreeMap, BTreeSet};

use baton_domain::entry::EntryKind;

use super::check::Said;
use crate::policies::text_of;
use crate::rows::{PolicyChangeRow, PolicySetRow};

/// Sets, changes and entries as they come by: sets first, changes last.
#[derive(Debug, Default)]
pub(super) struct DecidedBy {
    sets: BTreeSet<String>,
    /// The set that decides the next entry; none at the beginning and after an entry without a body.
    next: Option<String>,
    /// By position: the set from then on.
    changes: BTreeMap<i64, String>,
    /// There were entries without a body.
    gaps: bool,
}

impl DecidedBy {
    pub(super) fn set(&mut self, row: &PolicySetRow) -> Option<String> {
        if text_of(row).is_none() {
            return Some(format!("policy set {} is not what its hash says", row.hash));
        }
        self.sets.insert(row.hash.clone());
        None
    }

    pub(super) fn entry(&mut self, position: i64, said: &Said) -> Option<String> {
        let set = &said.policy_set;
        let fault = if !self.sets.contains(set) {
            Some(format!(
                "policy set {set}, named by entry {position}, is missing"
            ))
        } else if self.next.as_ref().is_some_and(|next| next != set) {
            Some(format!(
                "entry {position} was decided by policies that no entry put into force"
            ))
        } else {
            None
        };
        let replaced = EntryKind::parse(&said.kind) == Some(EntryKind::PolicyReplaced);
        let replaced = replaced && said.verdict == "done";
        self.next = Some(match &said.detail.new {
            Some(new) if replaced => {
                self.changes.insert(position, new.clone());
                new.clone()
            }
            _ => set.clone(),
        });
        fault
    }

    pub(super) fn gone(&mut self) {
        (self.next, self.gaps) = (None, true);
    }

    pub(super) fn change(&mut self, row: &PolicyChangeRow) -> Option<String> {
        let made = self.changes.remove(&row.position);
        let same = made.as_ref().map_or(self.gaps, |made| *made == row.hash);
        (!same).then(|| {
            format!(
                "the change of policies at {} is not what its entry says",
                row.position
            )
        })
    }

    /// The set in force at the end.
    pub(super) fn finish(&self, in_force: &str) -> Option<String> {
        if self.next.as_ref().is_some_and(|next| next != in_force) {
            return Some(
                "the policies in force are not those that its entries put into force".to_owned(),
            );
        }
        let missing = self.changes.len();
        (missing > 0).then(|| format!("{missing} changes of policies are missing"))
    }
}
