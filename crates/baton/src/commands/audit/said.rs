//! What an entry says of itself, of decisions and of access rows, and whether that fits its place.

use serde::Deserialize;

use super::verify::decisions::Decision;

#[derive(Deserialize)]
pub(super) struct Said {
    pub(super) ledger: String,
    pub(super) term: u64,
    pub(super) position: u64,
    pub(super) time_us: i64,
    pub(super) kind: String,
    #[serde(default)]
    pub(super) verdict: String,
    pub(super) policy_set: String,
    #[serde(default)]
    pub(super) detail: Detail,
    #[serde(default)]
    pub(super) decisions: Vec<Decision>,
    #[serde(default)]
    pub(super) rows: Vec<Change>,
}

/// What of the details of an entry a check needs.
#[derive(Default, Deserialize)]
pub(super) struct Detail {
    /// Of bodies dropped: the first position that is kept.
    pub(super) below: Option<u64>,
    /// Of policies replaced: the set that decides from the next entry on.
    pub(super) new: Option<String>,
}

/// A change of a row, as an entry tells it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Change {
    pub(super) table: String,
    pub(super) key: String,
    pub(super) commitment: String,
}

impl Said {
    /// What of it does not fit the place it stands at, behind the time and term of the entry before
    /// it.
    pub(super) fn misfits(
        &self,
        (ledger, position): (&str, u64),
        last: (i64, u64),
    ) -> impl Iterator<Item = &'static str> + use<> {
        [
            (self.position != position).then_some("says another position"),
            (self.ledger != ledger).then_some("says another ledger"),
            (self.time_us < last.0 || self.term < last.1)
                .then_some("says an earlier time or term than the entry before it"),
        ]
        .into_iter()
        .flatten()
    }
}
