//! The officer's record of a draft: what it is made of, what was left out and by which law, and what
//! became of it. It lies beside the draft, for its owner only, and is not for the family.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use baton_client::TokenFile;
use serde::{Deserialize, Serialize};

use crate::commands::audit::seen::Seen;
use crate::output::Wrong;
use crate::pki::write_private;

/// A draft and its story.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// What this file is, for whoever opens it.
    pub(super) note: String,
    pub(super) ledger: String,
    /// How the learner was named; `-`: by a number, which is not kept.
    pub(super) learner: String,
    /// `parent` or `young_person`.
    pub(super) audience: String,
    /// What the draft offered, line by line.
    pub(super) lines: Vec<Line>,
    pub(super) left_out: Vec<LeftOut>,
    /// Settings the draft names: is one of them a harm to name?
    pub(super) names: Vec<String>,
    /// Set before the ledger is told, so that it is told once.
    pub(super) releasing: Option<Releasing>,
    pub(super) released: Option<Released>,
}

/// A line of the draft, and the entries it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) day: String,
    pub(super) text: String,
    pub(super) entries: Vec<Entry>,
}

/// An entry, as it can be proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) position: u64,
    pub(super) leaf_hash: String,
}

impl Entry {
    pub(super) fn of(seen: &Seen) -> Self {
        Self {
            position: seen.position,
            leaf_hash: seen.leaf.clone(),
        }
    }
}

/// What is not in the draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LeftOut {
    pub(super) entry: Entry,
    /// As the full report has it.
    pub(super) text: String,
    /// Why it was looked at.
    pub(super) rule: String,
    pub(super) exemption: String,
    pub(super) provision: String,
    /// Only part of it was left out.
    pub(super) partly: bool,
}

/// What is told to the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Releasing {
    pub(super) request_id: String,
    /// 32 random bytes, hexadecimal.
    pub(super) salt: String,
    /// SHA-256 over the salt's bytes and the file's, hexadecimal.
    pub(super) commitment: String,
    /// Lines the reviewer took out or wrote anew.
    pub(super) reviewed: Vec<Reviewed>,
}

/// Entries of a line, and the exemption it was taken out by, or `reworded`.
pub(super) type Reviewed = (Vec<u64>, String);

/// Where that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Released {
    pub(super) position: i64,
    pub(super) time_us: i64,
    pub(super) leaf_hash: String,
}

impl Record {
    /// Where the record of a draft lies.
    pub(super) fn beside(draft: &Path) -> PathBuf {
        let mut name = draft.as_os_str().to_owned();
        name.push(".record.json");
        name.into()
    }

    /// Writes a new one.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        write_private(path, &format!("{}\n", serde_json::to_string_pretty(self)?))
    }

    /// Puts this one in the place of the one that is there, whole or not at all.
    pub(super) async fn replace(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        let saved = TokenFile::at(path).save(&text).await;
        saved.with_context(|| format!("{} cannot be written", path.display()))
    }

    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(path).map_err(|error| Wrong::unreadable(path, &error))?;
        serde_json::from_slice(&text).map_err(|_| {
            let say = format!("{} is no record of a draft", path.display());
            Wrong(say).into()
        })
    }
}
