//! Files that go with a contribution: staged in chunks, made a document by one act, read by another.
//!
//! Title and hash of a file lie as a row of content under its section kind, and the key of that row
//! is the key of its chunks: so rotation, erasing and backups treat it as any other content.

mod chunks;
mod committed;
mod download;
mod finalise;
mod held;
mod list;
mod remove;
mod sealed;
mod stage;
mod upload;

use baton_domain::access::{Action, Relation};
use baton_domain::document::{DOCUMENTS_BYTES_MAX, DOCUMENTS_EVER_MAX, DOCUMENTS_MAX, MediaType};
use baton_domain::ids::{DocumentId, ProfileId, SettingId};
use baton_domain::section::{KindSet, SectionKind};

pub(super) use self::chunks::CHUNK;
pub use self::download::{DOCUMENT_LEASE, DocumentLease, Downloaded};
pub use self::finalise::{DocumentFault, Finalised};
pub(crate) use self::held::{FREED, RemoveFreed};
pub use self::list::{DocumentView, Documents};
pub use self::remove::RemovedDocument;
pub(crate) use self::sealed::{as_it_lies, sha256};
pub use self::stage::DocumentBegun;
pub(crate) use self::stage::STAGED_FOR;
pub use self::upload::ChunkStaged;
use super::apart::is_restricted;
use super::cut::Changed;
use super::erase::alive;
use crate::erasure::Gone;
use crate::refusal::Refusal;
use crate::rows::{DocumentRow, ProfileRow, TransitionRow, document_state, fact, profile_state};
use crate::scene::{Question, Scene};
use crate::world::Put as _;

impl DocumentRow {
    fn kind(&self) -> Option<SectionKind> {
        kind(self.kind)
    }

    fn media(&self) -> Result<MediaType, Refusal> {
        MediaType::from_number(self.media).ok_or(Refusal::Internal)
    }
}

fn kind(number: i64) -> Option<SectionKind> {
    u32::try_from(number)
        .ok()
        .and_then(SectionKind::from_number)
}

impl Scene<'_> {
    /// A contribution, its move, and the question who may do what with it.
    fn contribution(
        &self,
        id: &ProfileId,
    ) -> Result<(ProfileRow, TransitionRow, Question), Refusal> {
        let caller = self.caller.ok_or(Refusal::Denied)?;
        let profile = self.world.profiles.get(id.as_str()).cloned();
        let profile = profile.ok_or(Refusal::Denied)?;
        let row = self.world.transitions.get(profile.transition_id.as_str());
        let row = row.cloned().ok_or(Refusal::Internal)?;
        let mut question = self.question(&caller.acting, &row);
        if profile.setting_id != caller.acting {
            // Nobody adds to another setting's contribution, or takes from it.
            question.relation = Relation::None;
        }
        Ok((profile, row, question))
    }

    /// The caller's own contribution, to which it may add a document of a kind now.
    fn addable(
        &mut self,
        id: &ProfileId,
        kind: SectionKind,
    ) -> Result<(ProfileRow, TransitionRow), Refusal> {
        let (profile, row, question) = self.contribution(id)?;
        self.require_kind(Action::Publish, question, kind)?;
        if profile.is_apart() != is_restricted(kind) {
            let known = self.may_know(&row, &profile, question.relation);
            return Err(if known {
                Refusal::Failed("RESTRICTED_APART")
            } else {
                Refusal::Denied
            });
        }
        alive(&row)?;
        match profile.state {
            profile_state::PUBLISHED => {}
            profile_state::ERASED => return Err(Refusal::Failed("ERASED")),
            _ => return Err(Refusal::Failed("WITHDRAWN_ALREADY")),
        }
        if self.is_marked(&row.learner_id, fact::RESTRICTED) {
            return Err(Refusal::Failed("PROCESSING_RESTRICTED"));
        }
        Ok((profile, row))
    }

    /// Whether a contribution has room for another document.
    fn has_room_for(&self, profile: &ProfileId, bytes: u64) -> Result<(), Refusal> {
        let (mut ever, mut kept, mut sum) = (0, 0, bytes);
        for row in self.world.documents_of(profile) {
            ever += 1;
            kept += usize::from(row.is_kept());
            sum += u64::try_from(row.bytes).unwrap_or_default();
        }
        if ever >= DOCUMENTS_EVER_MAX || kept >= DOCUMENTS_MAX || sum > DOCUMENTS_BYTES_MAX {
            return Err(Refusal::Failed("TOO_MANY_DOCUMENTS"));
        }
        Ok(())
    }

    /// Kinds of documents that were hidden with a contribution and that the caller may see in the
    /// list all the same: who sent them can make room.
    fn hidden_from_others(&mut self, profile: &ProfileRow, question: Question) -> KindSet {
        if question.relation != Relation::Source {
            return KindSet::EMPTY;
        }
        let hidden = self.world.documents_of(&profile.id);
        let hidden = hidden.filter(|row| row.state == document_state::HIDDEN);
        let kinds: KindSet = hidden.filter_map(DocumentRow::kind).collect();
        let seen = kinds.iter();
        seen.filter(|kind| self.ask(Action::Read, question, Some(*kind)))
            .collect()
    }

    /// Of which of these kinds a setting may see documents now. Nobody cuts a document: of a kind that
    /// goes in part none is there.
    fn papers_seen(
        &mut self,
        setting: &SettingId,
        (row, profile): (&TransitionRow, &ProfileRow),
        offered: KindSet,
    ) -> KindSet {
        let seen = self.visible_of(setting, row, profile, offered);
        let relation = self.question(setting, row).relation;
        seen.difference(self.in_part(relation, (row, profile), setting))
    }

    /// A document the caller may see now, and what it goes with.
    fn readable(
        &mut self,
        id: &DocumentId,
    ) -> Result<(DocumentRow, ProfileRow, TransitionRow), Refusal> {
        let caller = self.caller.ok_or(Refusal::Denied)?;
        let document = self.world.documents.get(id.as_str()).cloned();
        let document = document.ok_or(Refusal::Denied)?;
        let (profile, row, _) = self.contribution(&document.profile_id)?;
        let kind = document.kind().map(|kind| KindSet::of(&[kind]));
        let of = (&row, &profile);
        let seen = self.papers_seen(&caller.acting, of, kind.unwrap_or_default());
        if seen.is_empty() || document.state != document_state::STANDING {
            return Err(Refusal::Denied);
        }
        Ok((document, profile, row))
    }

    /// Takes title, key and chunks of a document away; the row says that there was one.
    pub(super) fn forget_document(&mut self, document: &DocumentRow, state: i64) {
        self.world.forget_document(&document.content_id);
        self.world.put(DocumentRow {
            id: document.id.clone(),
            profile_id: document.profile_id.clone(),
            content_id: document.content_id.clone(),
            kind: 0,
            state,
            media: 0,
            bytes: 0,
            sealed: Vec::new(),
            digest: Vec::new(),
            position: self.position,
            added_us: 0,
        });
    }

    /// The same for every document of a contribution, or those of one kind, what is staged included.
    /// Those of one kind are noted one by one: what is erased with its contribution is known by that.
    pub(super) fn forget_documents(&mut self, profile: &ProfileId, only: Option<SectionKind>) {
        let of = |number: i64| only.is_none_or(|only| i64::from(only.number()) == number);
        let kept = self.world.documents_of(profile);
        let kept = kept.filter(|row| row.is_kept() && of(row.kind));
        for row in kept.cloned().collect::<Vec<_>>() {
            self.forget_document(&row, document_state::ERASED);
            if only.is_some() {
                self.note_gone(&Gone::Document(row.id));
            }
        }
        let staged = self.world.staged_for(profile).filter(|row| of(row.kind));
        for row in staged.cloned().collect::<Vec<_>>() {
            self.forget_staged(&row.id);
            if only.is_some() {
                self.note_gone(&Gone::Document(row.id));
            }
        }
    }

    /// What is staged of a document goes.
    pub(super) fn forget_staged(&mut self, id: &DocumentId) {
        let staged = self.world.staged.get(id.as_str());
        if let Some(content) = staged.map(|row| row.content_id.clone()) {
            self.world.forget_document(&content);
            self.world.end_staging(id);
        }
    }

    /// Takes a contribution's documents of these kinds, or with none all of them, out of everybody's
    /// sight for good, and keeps them.
    pub(super) fn hide_documents(&mut self, profile: &ProfileId, kinds: KindSet) {
        let of = |row: &DocumentRow| {
            kinds.is_empty() || row.kind().is_some_and(|kind| kinds.contains(kind))
        };
        let standing = self.world.documents_of(profile);
        let standing = standing.filter(|row| row.state == document_state::STANDING && of(row));
        for mut row in standing.cloned().collect::<Vec<_>>() {
            row.state = document_state::HIDDEN;
            self.world.put(row);
        }
    }

    /// Kinds of which a contribution has documents that stand.
    pub(crate) fn kinds_of_documents(&self, profile: &ProfileId) -> KindSet {
        let standing = self.world.documents_of(profile);
        let standing = standing.filter(|row| row.state == document_state::STANDING);
        standing.filter_map(DocumentRow::kind).collect()
    }

    /// Whether a contribution has documents of a kind, in whatever state, or of any other.
    pub(super) fn has_documents(
        &self,
        profile: &ProfileId,
        of: impl Fn(Option<SectionKind>) -> bool,
    ) -> bool {
        let kept = self.world.documents_of(profile).filter(|row| row.is_kept());
        let mut kept = kept.map(DocumentRow::kind);
        let mut staged = self.world.staged_for(profile).map(|row| kind(row.kind));
        kept.any(&of) || staged.any(&of)
    }

    /// Puts a contribution before those again who know of it.
    pub(super) fn tell_again(
        &mut self,
        row: &TransitionRow,
        profile: &ProfileRow,
        changed: Changed,
    ) {
        let told = self.world.released.iter();
        let told = told.filter(|known| known.profile_id == profile.id && known.is_told());
        let told: Vec<SettingId> = told.map(|known| known.setting_id.clone()).collect();
        for receiver in &told {
            if self.sees_change((row, profile), receiver, changed) {
                self.release(row, profile, receiver);
            }
        }
    }
}
