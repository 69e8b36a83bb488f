//! Title, hash and chunks, sealed and opened.

use aws_lc_rs::digest::{Context, SHA256, digest};
use baton_domain::document::{chunk_bytes, chunks};
use baton_domain::ids::{ContentId, SettingId};
use serde::{Deserialize, Serialize};

use super::super::opened::{READ_AGAIN, SALT_BYTES, commit};
use super::chunks::Place;
use crate::engine::value::Column as _;
use crate::keys::Key;
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::ContentRow;

/// What of a document is personal data beside its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) title: String,
    pub(super) sha256: [u8; 32],
}

/// A document's key and facts.
pub(super) struct Opened {
    pub(super) key: Key,
    pub(super) facts: Facts,
    /// Salted commitment to the facts.
    pub(super) cover: [u8; 32],
    /// SHA-256 of the facts as they lie sealed.
    pub(super) lies: [u8; 32],
}

/// Where a document's things lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Of {
    pub(super) owner: SettingId,
    pub(super) content: ContentId,
    pub(super) kind: i64,
    pub(super) bytes: u64,
}

impl Of {
    /// Where a chunk stands; none if there is no such chunk.
    pub(super) fn place(&self, index: u64) -> Option<Place> {
        (index < chunks(self.bytes)).then(|| Place {
            index,
            last: index + 1 == chunks(self.bytes),
            bytes: chunk_bytes(self.bytes, index),
        })
    }

    pub(super) fn chunks(&self) -> u64 {
        chunks(self.bytes)
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

/// What is said of everything that lies sealed of a document: hash of its title and hash, then of
/// each chunk in order.
pub(crate) fn as_it_lies<'h>(hashes: impl IntoIterator<Item = &'h [u8; 32]>) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(b"baton/document/v1\n");
    for hash in hashes {
        context.update(hash);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

impl Inner {
    /// Key and facts of a document; none when they are not there, or do not open.
    pub(super) async fn open_document(&self, of: &Of) -> Result<Option<Opened>, Refusal> {
        for _ in 0..=READ_AGAIN {
            let id = vec![of.content.clone().into_value()];
            let rows: Vec<ContentRow> = self.db.once().await?.rows_by("content_id", id).await?;
            let Some(row) = rows.into_iter().find(|row| row.kind == of.kind) else {
                return Ok(None);
            };
            // Between the two it may have been wrapped anew and the old key destroyed.
            if let Some(keepers) = self.setting_key(&row.keeper_id, row.epoch).await? {
                return Ok(self.open_facts(of, &keepers, &row));
            }
        }
        Ok(None)
    }

    fn open_facts(&self, of: &Of, keepers: &Key, row: &ContentRow) -> Option<Opened> {
        let aad = self.keys.content_aad(&of.owner, &of.content, of.kind);
        let key = keepers.unwrap(&aad, &row.wrapped).ok()?;
        let salted = key.open(&aad, &row.sealed).ok()?;
        let facts = serde_json::from_slice(salted.get(SALT_BYTES..)?).ok()?;
        Some(Opened {
            key,
            facts,
            cover: commit(&salted),
            lies: sha256(&row.sealed),
        })
    }
}
