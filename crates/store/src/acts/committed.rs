//! What the entry of a publish says its content is.

use std::collections::BTreeMap;

use baton_domain::entry::{PREFIX, hex};
use baton_domain::ids::ProfileId;
use baton_domain::log::canonical::Json;
use baton_domain::log::leaf_hash;
use baton_domain::section::SectionKind;
use serde::Deserialize;

use crate::rows::EntryRow;

/// Commitments of one version, as the entry that published it holds them.
#[derive(Debug, Deserialize)]
pub(crate) struct Committed {
    profile: String,
    version: u32,
    cover: String,
    sections: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Said {
    kind: String,
    detail: Committed,
}

impl Committed {
    /// None when the stored bytes are not those that were hashed, or tell of another contribution.
    /// That their hash is the one that was signed is what an auditor checks.
    pub(crate) fn read(row: &EntryRow, profile: &ProfileId) -> Option<Self> {
        let body = row.body.as_deref()?;
        if leaf_hash(body).as_bytes().as_slice() != row.leaf {
            return None;
        }
        let Said { kind, detail } = serde_json::from_slice(body.strip_prefix(PREFIX)?).ok()?;
        (kind == "published" && detail.profile == profile.as_str()).then_some(detail)
    }

    /// Whether it is that version which the entry published.
    pub(crate) fn is_of(&self, version: i64) -> bool {
        i64::from(self.version) == version
    }

    /// Whether this is the commitment to a section, or without a kind to the cover.
    pub(crate) fn holds(&self, kind: Option<SectionKind>, commitment: &[u8; 32]) -> bool {
        let said = match kind {
            Some(kind) => self.sections.get(kind.name()),
            None => Some(&self.cover),
        };
        said.is_some_and(|said| hex(commitment) == Json::Str(said.clone()))
    }
}
