//! The documents of a contribution, by title.

use baton_domain::act::{Caller, ListDocuments};
use baton_domain::document::MediaType;
use baton_domain::entry::EntryKind;
use baton_domain::ids::{DocumentId, ProfileId, SettingId};
use baton_domain::section::{KindSet, SectionKind};

use super::super::{Prepare, Step, Turn};
use super::sealed::Of;
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{DocumentRow, document_state};
use crate::scene::Scene;
use crate::world::Needs;

/// A document as far as its reader may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentView {
    /// Its id.
    pub document: DocumentId,
    /// The contribution.
    pub profile: ProfileId,
    /// The kind that decides who may see it.
    pub kind: SectionKind,
    /// What sort of file.
    pub media: MediaType,
    /// How long it is.
    pub bytes: u64,
    /// When it was added, microseconds UTC.
    pub added_us: i64,
    /// What it is called; empty until it is opened.
    pub title: String,
    /// SHA-256 of the whole file; zeros until it is opened.
    pub sha256: [u8; 32],
    /// It does not open as its entry says.
    pub damaged: bool,
    /// Hidden with its contribution, which was withdrawn, or with its kind, which was taken away: shown
    /// to who sent it alone.
    pub withdrawn: bool,
    pub(super) row: DocumentRow,
    owner: SettingId,
}

/// Documents that were shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documents {
    /// In the order they were added.
    pub documents: Vec<DocumentView>,
}

impl DocumentView {
    pub(super) fn new(row: &DocumentRow, owner: &SettingId) -> Result<Self, Refusal> {
        Ok(Self {
            document: row.id.clone(),
            profile: row.profile_id.clone(),
            kind: row.kind().ok_or(Refusal::Internal)?,
            media: row.media()?,
            bytes: u64::try_from(row.bytes).unwrap_or_default(),
            added_us: row.added_us,
            title: String::new(),
            sha256: [0; 32],
            damaged: false,
            withdrawn: row.state == document_state::HIDDEN,
            row: row.clone(),
            owner: owner.clone(),
        })
    }

    pub(super) fn of(&self) -> Of {
        Of {
            owner: self.owner.clone(),
            content: self.row.content_id.clone(),
            kind: self.row.kind,
            bytes: self.bytes,
        }
    }
}

impl Inner {
    /// Opens title and hash. They must be what the entry committed to.
    pub(super) async fn open_title(&self, view: &mut DocumentView) -> Result<(), Refusal> {
        let committed = self.committed(&view.row).await?;
        let opened = self.open_document(&view.of()).await?;
        match committed.zip(opened) {
            Some((committed, opened)) if committed.holds_cover(&opened.cover) => {
                view.title = opened.facts.title;
                view.sha256 = opened.facts.sha256;
                Ok(())
            }
            _ => Err(self
                .missed(&view.row, "its title is not what its entry says")
                .await),
        }
    }
}

impl Prepare for ListDocuments {
    type Step = Self;

    async fn prepare(self, _ledger: &Inner, _caller: &Caller) -> Result<Turn<Self>, Refusal> {
        Ok(Turn::Decide(self))
    }

    async fn finish(ledger: &Inner, shown: &mut Documents) -> Result<(), Refusal> {
        let mut opened = Vec::new();
        for mut view in std::mem::take(&mut shown.documents) {
            match ledger.open_title(&mut view).await {
                Ok(()) => {}
                // It went since.
                Err(Refusal::Denied) => continue,
                // One that somebody spoilt must not hide the others.
                Err(_) => view.damaged = true,
            }
            opened.push(view);
        }
        shown.documents = opened;
        Ok(())
    }
}

impl Step for ListDocuments {
    type Outcome = Documents;
    const TAKES_AWAY: bool = false;
    const OF_A_RECORD: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::DocumentsListed
    }

    fn needs(&self, needs: &mut Needs) {
        needs.profiles.insert(self.profile.clone());
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Documents, Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        scene.detail("profile", self.profile.as_str());
        let (profile, row, question) = scene.contribution(&self.profile)?;
        let sections = scene.visible(&caller.acting, &row, &profile, KindSet::EMPTY);
        let offered = scene.kinds_of_documents(&profile.id);
        let seen = scene.papers_seen(&caller.acting, (&row, &profile), offered);
        let hidden = scene.hidden_from_others(&profile, question);
        scene.tell_of(&row, &profile);
        if sections.union(seen).union(hidden).is_empty() {
            return Err(Refusal::Denied);
        }
        let visible = scene.world.documents_of(&profile.id).filter(|row| {
            let shown = match row.state {
                document_state::STANDING => seen,
                document_state::HIDDEN => hidden,
                _ => KindSet::EMPTY,
            };
            row.kind().is_some_and(|kind| shown.contains(kind))
        });
        let mut visible: Vec<&DocumentRow> = visible.collect();
        visible.sort_by_key(|row| (row.position, row.id.clone()));
        let views = visible.iter();
        let views = views.map(|row| DocumentView::new(row, &profile.setting_id));
        let documents = views.collect::<Result<Vec<_>, Refusal>>()?;
        let shown: KindSet = documents.iter().map(|view| view.kind).collect();
        let names = documents
            .iter()
            .map(|view| view.document.as_str().to_owned());
        let names: Vec<String> = names.collect();
        scene.detail("kinds", shown.bits());
        scene.detail("documents", names);
        Ok(Documents { documents })
    }
}
