//! What was taken back under a legal hold goes once nothing keeps it any more. The service does it by
//! itself: whoever took it back asked for it to go, and whoever lifts a hold need not know of it.

use baton_domain::access::{Action, Role, RoleSet};
use baton_domain::entry::EntryKind;
use baton_domain::ids::DocumentId;
use baton_domain::section::KindSet;

use super::super::Step;
use crate::erasure::Gone;
use crate::refusal::Refusal;
use crate::rows::{document_state, fact};
use crate::scene::{Question, Scene};
use crate::world::Needs;

/// Documents that were taken back under a hold (state 5) and that neither a hold nor a restriction
/// (facts 1536) on any move of the learner keeps.
pub(crate) const FREED: &str = "SELECT d.id FROM document d \
     JOIN profile p ON p.id = d.profile_id JOIN transition t ON t.id = p.transition_id \
     WHERE d.state = 5 AND d.id > $1 AND NOT EXISTS (SELECT 1 FROM transition h \
     WHERE h.learner_id = t.learner_id AND (h.facts & 1536) <> 0) ORDER BY d.id LIMIT $2";

/// Erases one of them.
#[derive(Debug)]
pub(crate) struct RemoveFreed {
    pub(crate) document: DocumentId,
}

impl Step for RemoveFreed {
    type Outcome = ();
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::DocumentRemoved
    }

    fn needs(&self, needs: &mut Needs) {
        needs.documents.insert(self.document.clone());
    }

    fn admit(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        scene.roles = RoleSet::only(Role::Sweeper);
        Ok(())
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        let taken = scene.world.documents.get(self.document.as_str());
        let taken = taken.filter(|row| row.state == document_state::TAKEN_BACK);
        let Some((document, kind)) = taken.and_then(|row| Some((row.clone(), row.kind()?))) else {
            scene.draft.silent = true;
            return Ok(());
        };
        let profile = scene.world.profiles.get(document.profile_id.as_str());
        let profile = profile.cloned().ok_or(Refusal::Internal)?;
        let row = scene.world.transitions.get(profile.transition_id.as_str());
        let row = row.cloned().ok_or(Refusal::Internal)?;
        if scene.is_marked(&row.learner_id, fact::HELD | fact::RESTRICTED) {
            scene.draft.silent = true;
            return Ok(());
        }
        scene.require(Action::Erase, Question::GENERAL)?;
        scene.tell_of(&row, &profile);
        scene.detail("document", self.document.as_str());
        scene.detail("profile", document.profile_id.as_str());
        scene.detail("kinds", KindSet::of(&[kind]).bits());
        scene.detail("kept", false);
        scene.forget_document(&document, document_state::REMOVED);
        scene.note_gone(&Gone::Document(self.document.clone()));
        Ok(())
    }
}
