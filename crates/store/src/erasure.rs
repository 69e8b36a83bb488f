//! What was erased stays erased: the list of it beside the keys and the one in the database, kept
//! alike. A database that is behind the list is an older copy, and is erased again before anybody
//! is served from it.

use std::collections::BTreeMap;

use baton_domain::ids::{DocumentId, LearnerId, ProfileId, TransitionId};

use crate::acts::EraseAgain;
use crate::engine::Db;
use crate::engine::table::Table as _;
use crate::engine::value::{Column as _, Type, Value};
use crate::error::StoreError;
use crate::ledger::{Door, Inner};
use crate::refusal::Refusal;
use crate::rows::ErasedRow;

pub(crate) const PAGE: &str =
    "SELECT id, term, position, scrubbed FROM erased WHERE id > $1 ORDER BY id LIMIT $2";
/// Rows compared at a time.
const COMPARED: i64 = 10_000;
/// Most erasures one entry of the service repeats.
const AGAIN_AT_ONCE: usize = 32;

/// One thing that was erased, as the lists name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gone {
    /// Everything of a learner.
    Learner(LearnerId),
    /// Everything of a move.
    Move(TransitionId),
    /// Every version of a contribution.
    Profile(ProfileId),
    /// A document, or what was staged of it.
    Document(DocumentId),
    /// One kind of a contribution, up to a version.
    Section {
        profile: ProfileId,
        kind: i64,
        version: i64,
        /// Term and position at which it was erased first: after a restore versions are counted
        /// anew, and another one has the same number.
        at: (i64, i64),
    },
}

impl Gone {
    /// Its line.
    pub(crate) fn row(&self, term: i64, position: i64) -> ErasedRow {
        ErasedRow {
            id: self.name(),
            term,
            position,
            scrubbed: 0,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Learner(id) => format!("learner/{id}"),
            Self::Move(id) => format!("move/{id}"),
            Self::Profile(id) => format!("profile/{id}"),
            Self::Document(id) => format!("document/{id}"),
            Self::Section {
                profile,
                kind,
                version,
                at: (term, position),
            } => format!("section/{profile}/{kind}/{version}/{term}/{position}"),
        }
    }

    fn parse(name: &str) -> Option<Self> {
        let mut parts = name.split('/');
        let (sort, id) = (parts.next()?, parts.next()?);
        let gone = match sort {
            "learner" => Self::Learner(LearnerId::parse(id).ok()?),
            "move" => Self::Move(TransitionId::parse(id).ok()?),
            "profile" => Self::Profile(ProfileId::parse(id).ok()?),
            "document" => Self::Document(DocumentId::parse(id).ok()?),
            "section" => {
                let mut number = || parts.next()?.parse().ok();
                Self::Section {
                    profile: ProfileId::parse(id).ok()?,
                    kind: number()?,
                    version: number()?,
                    at: (number()?, number()?),
                }
            }
            _ => return None,
        };
        parts.next().is_none().then_some(gone)
    }
}

impl Inner {
    /// Takes what was committed over into the list beside the keys. What cannot be written now is
    /// taken over when the ledger is next opened.
    pub(crate) fn erased(&self, rows: &[ErasedRow]) {
        if rows.is_empty() {
            return;
        }
        if let Err(error) = self.keys.note_erased(rows) {
            tracing::error!(%error, "the list of what was erased could not be written");
        }
        self.scrub.notify_one();
    }
}

/// Brings both lists to the same state. Nobody is served before this is done. Takes some 200 bytes
/// of memory for everything that was ever erased.
pub(crate) async fn reconcile(door: &Door) -> Result<(), Refusal> {
    let inner = &door.inner;
    let listed = inner.keys.listed_as_erased()?;
    let mut missing: BTreeMap<String, ErasedRow> = listed
        .into_iter()
        .map(|row| (row.id.clone(), row))
        .collect();
    let mut after = String::new();
    loop {
        let mut page = page(&inner.db, after).await?;
        let Some(last) = page.last() else { break };
        after = last.id.clone();
        page.retain(|row| missing.remove(&row.id).is_none());
        if !page.is_empty() {
            inner.keys.note_erased(&page)?;
        }
    }
    let mut again = missing.values().collect::<Vec<_>>();
    again.sort_by_key(|row| (row.term, row.position));
    let again = again.iter().map(|row| Gone::parse(&row.id));
    let again: Option<Vec<Gone>> = again.collect();
    let again = again.ok_or(StoreError::ErasedList)?;
    let mut left = again.as_slice();
    while !left.is_empty() {
        let gone = left[..left.len().min(AGAIN_AT_ONCE)].to_vec();
        let done = door.act_itself(EraseAgain { gone }).await?.value;
        left = &left[done..];
    }
    Ok(())
}

async fn page(db: &Db, after: String) -> Result<Vec<ErasedRow>, StoreError> {
    let types: Vec<Type> = ErasedRow::COLUMNS.iter().map(|(_, kind)| *kind).collect();
    let args = vec![Value::Text(Some(after)), COMPARED.into_value()];
    let rows = db.once().await?.fetch(PAGE, args, &types).await?;
    rows.into_iter()
        .map(|values| ErasedRow::from_values(values).map_err(|_| StoreError::Row("erased")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_it_is_of() {
        let (learner, profile) = (
            LearnerId::from_bytes([1; 16]),
            ProfileId::from_bytes([2; 16]),
        );
        let all = [
            Gone::Learner(learner),
            Gone::Move(TransitionId::from_bytes([3; 16])),
            Gone::Profile(profile.clone()),
            Gone::Document(DocumentId::from_bytes([4; 16])),
            Gone::Section {
                profile,
                kind: 12,
                version: 3,
                at: (2, 1_234),
            },
        ];
        for gone in all {
            assert_eq!(Gone::parse(&gone.row(1, 2).id), Some(gone));
        }
        for bad in ["", "learner", "learner/", "section/prf_1/2/3", "other/x"] {
            assert_eq!(Gone::parse(bad), None, "{bad}");
        }
    }
}
