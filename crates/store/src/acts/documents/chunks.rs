//! Single chunks. Each is sealed with its index and whether it is the last one: what is put in
//! another place, left out, added or cut off does not open.

use baton_domain::ids::ContentId;

use super::sealed::{Of, sha256};
use crate::engine::value::{Column as _, Value};
use crate::error::StoreError;
use crate::keys::Key;
use crate::ledger::Inner;
use crate::refusal::Refusal;

pub(in super::super) const CHUNK: &str =
    "SELECT sealed FROM chunk WHERE content_id = $1 AND idx = $2";

/// Where a chunk stands in its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) index: u64,
    pub(super) last: bool,
    pub(super) bytes: u64,
}

/// A chunk, opened.
pub(super) struct Chunk {
    pub(super) data: Vec<u8>,
    /// SHA-256 of it as it lies sealed.
    pub(super) lies: [u8; 32],
}

impl Inner {
    pub(super) fn seal_chunk(
        &self,
        (of, key): (&Of, &Key),
        place: Place,
        data: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        key.seal(&self.chunk_aad(of, place), data.to_vec())
    }

    /// None where there is no such chunk, or it is not the one that was sealed for this place.
    pub(super) async fn open_chunk(
        &self,
        (of, key): (&Of, &Key),
        place: Place,
    ) -> Result<Option<Chunk>, Refusal> {
        let Some(sealed) = self.chunk(&of.content, place.index).await? else {
            return Ok(None);
        };
        let aad = self.chunk_aad(of, place);
        let (key, lies) = (key.clone(), sha256(&sealed));
        let data = key.open(&aad, &sealed).ok();
        let data = data.filter(|data| u64::try_from(data.len()) == Ok(place.bytes));
        Ok(data.map(|data| Chunk { data, lies }))
    }

    /// A chunk as it lies sealed.
    pub(crate) async fn chunk(
        &self,
        content: &ContentId,
        index: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let args: Vec<Value> = vec![content.clone().into_value(), signed(index).into_value()];
        let found: Vec<Vec<u8>> = self.read_column(CHUNK, args).await?;
        Ok(found.into_iter().next())
    }

    fn chunk_aad(&self, of: &Of, place: Place) -> String {
        let chunk = (signed(place.index), place.last);
        self.keys
            .chunk_aad(&of.owner, (&of.content, of.kind), chunk)
    }
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
