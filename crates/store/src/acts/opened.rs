//! Sections, sealed and opened. Opening happens only after the entry that names them is durable:
//! what a decision hands on is a list of what may be opened, not the bytes.

use aws_lc_rs::digest::{SHA256, digest};
use baton_domain::ids::{ContentId, SettingId};
use baton_domain::section::{KindSet, SectionKind};
use bytes::Bytes;

use super::settings::random_bytes;
use crate::engine::value::Column as _;
use crate::keys::{Key, Keys};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::ContentRow;

/// Kind number of the cover: the signatory.
pub(crate) const COVER: i64 = 0;
const SALT_BYTES: usize = 16;

/// A section as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its kind.
    pub kind: SectionKind,
    /// The bytes of the section message, never re-encoded.
    pub bytes: Bytes,
}

/// What may be opened once the entry is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) owner: SettingId,
    pub(crate) content: ContentId,
    pub(crate) kinds: KindSet,
}

/// Seals one section under a fresh key wrapped under the setting's. The salt of the commitment
/// lies inside, so after erasure the commitment can be neither checked nor guessed.
pub(crate) fn seal_section(
    keys: &Keys,
    owner_key: &Key,
    (owner, content, kind): (&SettingId, &ContentId, i64),
    bytes: &[u8],
) -> Result<(ContentRow, [u8; 32]), Refusal> {
    let aad = keys.content_aad(owner, content, kind);
    let mut salted = Vec::with_capacity(SALT_BYTES + bytes.len() + 16);
    salted.extend_from_slice(&random_bytes()?);
    salted.extend_from_slice(bytes);
    let commitment = commit(&salted);
    let (wrapped, key) = owner_key.wrap_fresh(&aad).map_err(|_| Refusal::Internal)?;
    let sealed = key.seal(&aad, salted).map_err(|_| Refusal::Internal)?;
    Ok((
        ContentRow {
            content_id: content.clone(),
            kind,
            wrapped,
            sealed,
        },
        commitment,
    ))
}

/// SHA-256 over a label, the salt and the section.
fn commit(salted: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    let hash = digest(&SHA256, &[b"baton/section/v1\n", salted].concat());
    out.copy_from_slice(hash.as_ref());
    out
}

/// Sections and cover of a content.
#[derive(Debug, Default)]
pub(crate) struct Open {
    pub(crate) sections: Vec<Section>,
    pub(crate) signatory: String,
}

impl Inner {
    /// Opens what an act showed, in order of the kinds. What was erased meanwhile is left out.
    pub(crate) async fn open(&self, sealed: &[Sealed]) -> Result<Vec<Open>, Refusal> {
        let ids = sealed
            .iter()
            .map(|s| s.content.clone().into_value())
            .collect();
        let mut rows: Vec<ContentRow> = self.db.once().await?.rows_by("content_id", ids).await?;
        rows.sort_by_key(|row| row.kind);
        let mut opened = Vec::with_capacity(sealed.len());
        for wanted in sealed {
            let key = self.setting_key(&wanted.owner).await?;
            let of_this = rows.iter().filter(|row| row.content_id == wanted.content);
            opened.push(match key {
                Some(key) => self.open_rows(wanted, &key, of_this)?,
                None => Open::default(),
            });
        }
        Ok(opened)
    }

    fn open_rows<'r>(
        &self,
        wanted: &Sealed,
        key: &Key,
        rows: impl Iterator<Item = &'r ContentRow>,
    ) -> Result<Open, Refusal> {
        let mut open = Open::default();
        for row in rows {
            let kind = u32::try_from(row.kind)
                .ok()
                .and_then(SectionKind::from_number);
            if row.kind != COVER && !kind.is_some_and(|kind| wanted.kinds.contains(kind)) {
                continue;
            }
            let aad = self
                .keys
                .content_aad(&wanted.owner, &row.content_id, row.kind);
            let section = key
                .unwrap(&aad, &row.wrapped)
                .and_then(|k| k.open(&aad, &row.sealed));
            let salted = section.map_err(|error| {
                tracing::error!(%error, content = %row.content_id, "a section does not open");
                Refusal::Internal
            })?;
            let bytes = Bytes::from(salted).slice(SALT_BYTES..);
            match kind {
                Some(kind) => open.sections.push(Section { kind, bytes }),
                None => open.signatory = String::from_utf8_lossy(&bytes).into_owned(),
            }
        }
        Ok(open)
    }
}
