//! What the entry of a document says it is.

use baton_domain::entry::{EntryKind, PREFIX, hex};
use baton_domain::log::canonical::Json;
use baton_domain::log::leaf_hash;
use baton_domain::section::KindSet;
use serde::Deserialize;

use crate::engine::value::{Column as _, Value};
use crate::error::StoreError;
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{DocumentRow, EntryRow};

/// Commitments of a document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Committed {
    document: String,
    profile: String,
    kinds: u32,
    bytes: u64,
    cover: String,
    /// SHA-256 of each chunk as it lies sealed.
    chunks: Vec<String>,
}

#[derive(Deserialize)]
struct Said {
    kind: String,
    detail: Committed,
}

impl Committed {
    /// None when the stored bytes are not those that were hashed, or tell of another document or
    /// another contribution.
    fn read(entry: &EntryRow, of: &DocumentRow) -> Option<Self> {
        let body = entry.body.as_deref()?;
        if leaf_hash(body).as_bytes().as_slice() != entry.leaf {
            return None;
        }
        let Said { kind, detail } = serde_json::from_slice(body.strip_prefix(PREFIX)?).ok()?;
        let same = kind == EntryKind::DocumentAdded.name()
            && detail.document == of.id.as_str()
            && detail.profile == of.profile_id.as_str()
            && detail.kinds == KindSet::of(&[of.kind()?]).bits()
            && Ok(detail.bytes) == u64::try_from(of.bytes);
        same.then_some(detail)
    }

    pub(super) fn holds_cover(&self, commitment: &[u8; 32]) -> bool {
        hex(commitment) == Json::Str(self.cover.clone())
    }

    pub(super) fn holds_chunk(&self, index: u64, lies: &[u8; 32]) -> bool {
        let said = usize::try_from(index).ok();
        let said = said.and_then(|index| self.chunks.get(index));
        said.is_some_and(|said| hex(lies) == Json::Str(said.clone()))
    }
}

impl Inner {
    /// None when the entry is not there, or is none that adds this document.
    pub(super) async fn committed(&self, row: &DocumentRow) -> Result<Option<Committed>, Refusal> {
        let position = vec![row.position.into_value()];
        let rows: Vec<EntryRow> = self.db.once().await?.rows_by("position", position).await?;
        Ok(rows.first().and_then(|entry| Committed::read(entry, row)))
    }
}

impl Inner {
    /// Why content is not there, or is not what was added: it went since it was shown, in the same
    /// commit even; or somebody changed the database.
    pub(super) async fn missed(&self, row: &DocumentRow, what: &'static str) -> Refusal {
        let id = vec![row.id.clone().into_value()];
        match self.documents_by_id(id).await {
            Ok(rows) if rows.iter().any(DocumentRow::is_kept) => incident(row, what),
            Ok(_) => Refusal::Denied,
            Err(error) => error.into(),
        }
    }

    async fn documents_by_id(&self, id: Vec<Value>) -> Result<Vec<DocumentRow>, StoreError> {
        self.db.once().await?.rows_by("id", id).await
    }
}

/// Content that is not what was added: somebody changed the database.
pub(super) fn incident(row: &DocumentRow, what: &'static str) -> Refusal {
    let DocumentRow { id, position, .. } = row;
    tracing::error!(%id, position, what, "a document is closed: it was tampered with");
    Refusal::Internal
}
