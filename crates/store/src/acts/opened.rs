//! Sections, sealed and opened. Opening happens only after the entry that names them is durable:
//! what a decision hands on is a list of what may be opened, not the bytes.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use baton_domain::ids::{ContentId, ProfileId, SettingId};
use baton_domain::section::{KindSet, SectionKind};
use bytes::Bytes;

use super::committed::Committed;
use super::settings::random_bytes;
use crate::engine::table::{LADDER, Statement, Table as _, rung};
use crate::engine::value::{Column as _, Type};
use crate::error::StoreError;
use crate::keys::{Key, Keys};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{ContentRow, EntryRow, ProfileRow, VersionRow, profile_state};
use crate::standing::Cut;
use crate::view::kinds;

/// Kind number of the cover: the signatory.
pub(crate) const COVER: i64 = 0;
pub(super) const SALT_BYTES: usize = 16;
/// How often rows are read again whose keys went away meanwhile; an epoch lasts longer than that.
pub(super) const READ_AGAIN: usize = 2;

/// Open keys, by keeper and epoch.
type KeepersKeys = HashMap<(SettingId, i64), Key>;
/// Rows of content, by content and kind.
type Rows<'r> = HashMap<(&'r ContentId, i64), &'r ContentRow>;

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
    pub(crate) profile: ProfileId,
    /// The cover, which is of no kind, and the sections, in order of the kinds.
    pub(crate) parts: Vec<Part>,
}

/// Where a part of a profile lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) kind: Option<SectionKind>,
    pub(crate) content: ContentId,
    /// The version that brought it.
    pub(crate) version: i64,
    /// The entry that published that version.
    pub(crate) position: i64,
    /// Records that are left out, one behind the other: other children who are not shown, and what was
    /// refused of a section that goes on in part. None of one that can be in no section closes the
    /// part.
    pub(crate) left_out: Vec<Option<Range<usize>>>,
}

impl Part {
    fn number(&self) -> i64 {
        self.kind.map_or(COVER, |kind| i64::from(kind.number()))
    }
}

impl Sealed {
    /// Sections of the version that stands, cut so, and its cover.
    pub(crate) fn new(profile: &ProfileRow, kinds: KindSet, cut: Cut) -> Self {
        let cover = Part {
            kind: None,
            content: profile.content_id.clone(),
            version: profile.version,
            position: profile.position,
            left_out: Vec::new(),
        };
        let sections = kinds.iter().filter_map(|kind| {
            let brought = profile.sections.get(kind)?;
            Some(Part {
                kind: Some(kind),
                content: brought.content.clone(),
                version: brought.version,
                position: brought.position,
                left_out: brought.left_out(kind, cut),
            })
        });
        Self {
            owner: profile.setting_id.clone(),
            profile: profile.id.clone(),
            parts: std::iter::once(cover).chain(sections).collect(),
        }
    }
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
    /// Opens what an act showed, in order of the kinds. Each part of it must be what the entry that
    /// published it committed to: one that was changed, exchanged or taken away closes its whole
    /// profile, and no other one.
    pub(crate) async fn open(
        &self,
        sealed: &[Sealed],
    ) -> Result<Vec<Result<Open, Refusal>>, Refusal> {
        let parts = || sealed.iter().flat_map(|wanted| &wanted.parts);
        let positions: BTreeSet<i64> = parts().map(|part| part.position).collect();
        let positions = positions.into_iter().map(i64::into_value).collect();
        let entries: Vec<EntryRow> = self.db.once().await?.rows_by("position", positions).await?;
        let (rows, keys) = self.rows_with_keys(&parts().collect::<Vec<_>>()).await?;
        let rows = rows.iter().map(|row| ((&row.content_id, row.kind), row));
        let rows: Rows<'_> = rows.collect();
        let mut opened = Vec::with_capacity(sealed.len());
        for wanted in sealed {
            opened.push(match self.open_parts(wanted, &entries, &rows, &keys) {
                Ok(open) => Ok(open),
                Err(_) if self.is_erased(wanted).await? => Err(Refusal::Denied),
                Err((part, what)) => Err(incident(part, what)),
            });
        }
        Ok(opened)
    }

    /// The rows of these parts, and the keys they are wrapped under. Between the two they may have
    /// been wrapped anew and the old keys destroyed: then they are read again.
    async fn rows_with_keys(
        &self,
        parts: &[&Part],
    ) -> Result<(Vec<ContentRow>, KeepersKeys), Refusal> {
        let mut left = READ_AGAIN;
        loop {
            let rows = self.parts_of(parts).await?;
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
                return Ok((rows, keys));
            }
            left -= 1;
        }
    }

    /// No others: a version of which one section still stands may have brought megabytes that do
    /// not.
    async fn parts_of(&self, parts: &[&Part]) -> Result<Vec<ContentRow>, StoreError> {
        let types: Vec<Type> = ContentRow::COLUMNS.iter().map(|(_, kind)| *kind).collect();
        let mut rows = Vec::with_capacity(parts.len());
        for some in parts.chunks(LADDER[LADDER.len() - 1]) {
            let step = rung(some.len());
            let filled = some.iter().chain(std::iter::repeat_n(
                &some[some.len() - 1],
                LADDER[step] - some.len(),
            ));
            let args = filled.flat_map(|part| {
                [
                    part.content.clone().into_value(),
                    part.number().into_value(),
                ]
            });
            let args = args.collect();
            let read = self
                .db
                .once()
                .await?
                .fetch(PARTS[step], args, &types)
                .await?;
            for values in read {
                let row = ContentRow::from_values(values);
                rows.push(row.map_err(|_| StoreError::Row(ContentRow::NAME))?);
            }
        }
        Ok(rows)
    }

    /// Whether any of it was erased after the act that showed it was decided.
    async fn is_erased(&self, wanted: &Sealed) -> Result<bool, Refusal> {
        let id = vec![wanted.profile.clone().into_value()];
        let rows: Vec<ProfileRow> = self.db.once().await?.rows_by("id", id.clone()).await?;
        let gone = rows.iter().any(|row| row.state == profile_state::ERASED);
        if gone {
            return Ok(true);
        }
        let versions: Vec<VersionRow> = self.db.once().await?.rows_by("profile_id", id).await?;
        Ok(wanted.parts.iter().any(|part| {
            let version = versions.iter().find(|row| row.content_id == part.content);
            let left = version.map_or(KindSet::EMPTY, |version| kinds(version.sent));
            part.kind.is_some_and(|kind| !left.contains(kind))
        }))
    }

    fn open_parts<'w>(
        &self,
        wanted: &'w Sealed,
        entries: &[EntryRow],
        rows: &Rows<'_>,
        keys: &KeepersKeys,
    ) -> Result<Open, (&'w Part, &'static str)> {
        let mut open = Open::default();
        let mut said: HashMap<i64, Option<Committed>> = HashMap::new();
        for part in &wanted.parts {
            let committed = said.entry(part.position).or_insert_with(|| {
                let entry = entries.iter().find(|row| row.position == part.position);
                entry.and_then(|row| Committed::read(row, &wanted.profile))
            });
            let row = rows.get(&(&part.content, part.number())).copied();
            let bytes = self.open_part((wanted, part), (committed.as_ref(), row, keys));
            let bytes = bytes.map_err(|what| (part, what))?;
            match part.kind {
                Some(kind) => open.sections.push(Section { kind, bytes }),
                None => open.signatory = String::from_utf8_lossy(&bytes).into_owned(),
            }
        }
        Ok(open)
    }

    fn open_part(
        &self,
        (wanted, part): (&Sealed, &Part),
        (committed, row, keys): (Option<&Committed>, Option<&ContentRow>, &KeepersKeys),
    ) -> Result<Bytes, &'static str> {
        let committed = committed.filter(|said| said.is_of(part.version));
        let committed = committed.ok_or("its entry is not there")?;
        let row = row.ok_or("a part of it is missing")?;
        let key = keys.get(&(row.keeper_id.clone(), row.epoch));
        let key = key.ok_or("its setting has no key")?;
        let salted = self.unseal(wanted, key, row)?;
        if !committed.holds(part.kind, &commit(&salted)) {
            return Err("it is not what its entry committed to");
        }
        let section = Bytes::from(salted).slice(SALT_BYTES..);
        without(section, &part.left_out).ok_or("what is left out of a section is not in it")
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

/// A section without these records. Fields stand one behind the other in its bytes, so what is left is
/// a section too, and the one that would have been written without them.
fn without(section: Bytes, left_out: &[Option<Range<usize>>]) -> Option<Bytes> {
    if left_out.is_empty() {
        return Some(section);
    }
    let (mut left, mut from) = (Vec::with_capacity(section.len()), 0);
    for record in left_out {
        let record = record.clone()?;
        left.extend_from_slice(section.get(from..record.start)?);
        from = record.end;
    }
    left.extend_from_slice(section.get(from..)?);
    Some(left.into())
}

/// Content that is not what was published: somebody changed the database.
fn incident(part: &Part, what: &'static str) -> Refusal {
    let Part {
        content, position, ..
    } = part;
    tracing::error!(%content, position, what, "content is closed: it was tampered with");
    Refusal::Internal
}

/// Rows of content by id and kind, for each rung of the ladder.
pub(crate) static PARTS: LazyLock<Vec<Statement>> = LazyLock::new(|| {
    let columns = ContentRow::COLUMNS.iter().map(|(name, _)| *name);
    let columns = columns.collect::<Vec<_>>().join(", ");
    let text = |parts: usize| {
        let part = |at: usize| format!("(content_id = ${} AND kind = ${})", 2 * at + 1, 2 * at + 2);
        let parts = (0..parts).map(part).collect::<Vec<_>>().join(" OR ");
        Statement::new(format!("SELECT {columns} FROM content WHERE {parts}"))
    };
    LADDER.into_iter().map(text).collect()
});
