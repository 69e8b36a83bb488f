//! Leave to copy the ledger to where backups lie. The copy is made after the entry is durable.

use baton_domain::access::Action;
use baton_domain::act::BackUp;
use baton_domain::entry::EntryKind;

use super::{Step, direct};
use crate::backup::Leave;
use crate::refusal::Refusal;
use crate::scene::{Question, Scene};
use crate::world::Needs;

direct!(BackUp);

impl Step for BackUp {
    type Outcome = Leave;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::BackedUp
    }

    fn needs(&self, _needs: &mut Needs) {}

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Leave, Refusal> {
        scene.require(Action::BackUp, Question::GENERAL)?;
        if let Some(hindrance) = self.hindrance {
            return Err(Refusal::Failed(hindrance));
        }
        scene.detail("content", self.content);
        scene.detail("keys", self.keys);
        Ok(Leave::new(self.content, self.keys))
    }
}
