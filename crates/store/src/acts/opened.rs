//! Sections, sealed and opened. Opening happens only after the entry that names them is durable:
//! what a decision hands on is a list of what may be opened, not the bytes.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use baton_domain::ids::{ContentId, ProfileId, SettingId};
use baton_domain::section::{KindSet, SectionKind};
use bytes::Bytes;

use super::committed::Committed;
use super::settings::random_bytes;
use crate::engine::value::Column as _;
use crate::keys::{Key, Keys};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{ContentRow, EntryRow, ProfileRow, VersionRow, profile_state};
use crate::view::kinds;

/// Kind number of the cover: the signatory.
pub(crate) const COVER: i64 = 0;
pub(super) const SALT_BYTES: usize = 16;
/// How often rows are read again whose keys went away meanwhile; an epoch lasts longer than that.
pub(super) const READ_AGAIN: usize = 2;

/// Open keys, by keeper and epoch.
type KeepersKeys = HashMap<(SettingId, i64), Key>;

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
    pub(crate) profile: ProfileId,
    pub(crate) version: u32,
    /// The entry that published it.
    pub(crate) position: i64,
}

/// Seals one section under a fresh key wrapped under the setting's. The salt of the commitment
/// lies inside, so after erasure the commitment can be neither checked nor guessed.
pub(crate) fn seal_section(
    keys: &Keys,
    (epoch, owner_key): &(i64, Key),
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
            owner_id: owner.clone(),
            keeper_id: owner.clone(),
            epoch: *epoch,
            wrapped,
            sealed,
        },
        commitment,
    ))
}

/// SHA-256 over a label, the salt and the section.
pub(super) fn commit(salted: &[u8]) -> [u8; 32] {
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
    /// Opens what an act showed, in order of the kinds. All of it must be what the entry that
    /// published it committed to: a section that was changed, exchanged or taken away closes its
    /// whole content, and no other one.
    pub(crate) async fn open(
        &self,
        sealed: &[Sealed],
    ) -> Result<Vec<Result<Open, Refusal>>, Refusal> {
        let positions = sealed.iter().map(|s| s.position.into_value());
        let positions = positions.collect();
        let entries: Vec<EntryRow> = self.db.once().await?.rows_by("position", positions).await?;
        let (rows, keys) = self.rows_with_keys(sealed).await?;
        let mut opened = Vec::with_capacity(sealed.len());
        for wanted in sealed {
            let entry = entries.iter().find(|row| row.position == wanted.position);
            let committed = entry.and_then(|row| Committed::read(row, wanted));
            let of_this = rows.iter().filter(|row| row.content_id == wanted.content);
            let open = match committed {
                None => Err("its entry is not there"),
                Some(committed) => self.open_rows(wanted, &keys, &committed, of_this),
            };
            opened.push(match open {
                Ok(open) => Ok(open),
                Err(_) if self.is_erased(wanted).await? => Err(Refusal::Denied),
                Err(what) => Err(incident(wanted, what)),
            });
        }
        Ok(opened)
    }

    /// The rows, in order of the kinds, and the keys they are wrapped under. Between the two they
    /// may have been wrapped anew and the old keys destroyed: then they are read again.
    async fn rows_with_keys(
        &self,
        sealed: &[Sealed],
    ) -> Result<(Vec<ContentRow>, KeepersKeys), Refusal> {
        let ids = sealed.iter().map(|s| s.content.clone().into_value());
        let ids: Vec<_> = ids.collect();
        let mut left = READ_AGAIN;
        loop {
            let mut once = self.db.once().await?;
            let mut rows: Vec<ContentRow> = once.rows_by("content_id", ids.clone()).await?;
            drop(once);
            let mut keys = KeepersKeys::new();
            let mut gone = false;
            for row in &rows {
                let of = (row.keeper_id.clone(), row.epoch);
                if keys.contains_key(&of) {
                    continue;
                }
                match self.setting_key(&of.0, of.1).await? {
                    Some(key) => drop(keys.insert(of, key)),
                    None => gone = true,
                }
            }
            if !gone || left == 0 {
                rows.sort_by_key(|row| row.kind);
                return Ok((rows, keys));
            }
            left -= 1;
        }
    }

    /// Whether it was erased after the act that showed it was decided.
    async fn is_erased(&self, wanted: &Sealed) -> Result<bool, Refusal> {
        let id = vec![wanted.profile.clone().into_value()];
        let rows: Vec<ProfileRow> = self.db.once().await?.rows_by("id", id.clone()).await?;
        let gone = rows.iter().any(|row| row.state == profile_state::ERASED);
        if gone {
            return Ok(true);
        }
        let versions: Vec<VersionRow> = self.db.once().await?.rows_by("profile_id", id).await?;
        let version = versions.iter().find(|row| row.content_id == wanted.content);
        let left = version.map_or(KindSet::EMPTY, |version| kinds(version.kinds));
        Ok(wanted.kinds.iter().any(|kind| !left.contains(kind)))
    }

    fn open_rows<'r>(
        &self,
        wanted: &Sealed,
        keys: &KeepersKeys,
        committed: &Committed,
        rows: impl Iterator<Item = &'r ContentRow>,
    ) -> Result<Open, &'static str> {
        let mut open = Open::default();
        let mut missing = wanted.kinds;
        let mut signed = false;
        for row in rows {
            let kind = u32::try_from(row.kind)
                .ok()
                .and_then(SectionKind::from_number);
            if row.kind != COVER && !kind.is_some_and(|kind| wanted.kinds.contains(kind)) {
                continue;
            }
            let key = keys.get(&(row.keeper_id.clone(), row.epoch));
            let key = key.ok_or("its setting has no key")?;
            let salted = self.unseal(wanted, key, row)?;
            if !committed.holds(kind, &commit(&salted)) {
                return Err("it is not what its entry committed to");
            }
            let bytes = Bytes::from(salted).slice(SALT_BYTES..);
            if let Some(kind) = kind {
                missing.remove(kind);
                open.sections.push(Section { kind, bytes });
            } else {
                signed = true;
                open.signatory = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
        if signed && missing.is_empty() {
            Ok(open)
        } else {
            Err("a part of it is missing")
        }
    }

    /// Salt and section of a row.
    fn unseal(
        &self,
        wanted: &Sealed,
        key: &Key,
        row: &ContentRow,
    ) -> Result<Vec<u8>, &'static str> {
        let (owner, content) = (&wanted.owner, &row.content_id);
        if row.owner_id != *owner {
            return Err("a section is said to be another setting's");
        }
        let aad = self.keys.content_aad(owner, content, row.kind);
        let key = key.unwrap(&aad, &row.wrapped);
        let salted = key.and_then(|key| key.open(&aad, &row.sealed)).ok();
        salted
            .filter(|salted| salted.len() >= SALT_BYTES)
            .ok_or("a section does not open")
    }
}

/// Content that is not what was published: somebody changed the database.
fn incident(wanted: &Sealed, what: &'static str) -> Refusal {
    let Sealed {
        content, position, ..
    } = wanted;
    tracing::error!(%content, position, what, "content is closed: it was tampered with");
    Refusal::Internal
}
