//! The last day of a recipient is over: the service itself ends it, so that it is told.

use baton_domain::access::{Action, Role, RoleSet};
use baton_domain::entry::EntryKind;
use baton_domain::ids::TransitionId;

use crate::acts::redirect::tell;
use crate::acts::{Step, direct};
use crate::refusal::Refusal;
use crate::rows::{RecipientRow, TransitionRow};
use crate::scene::{Question, Scene};
use crate::world::Needs;

/// Moves with a recipient whose last day is over. One that has several is there several times.
pub(crate) const OVER: &str = "SELECT transition_id FROM recipient \
     WHERE last_day IS NOT NULL AND last_day < $1 ORDER BY last_day LIMIT $2";

/// Ends the recipients of a move whose last day is over.
#[derive(Debug)]
pub(crate) struct EndRecipients {
    pub(crate) transition: TransitionId,
    /// Those that get what is of class R alone: an act of their own, since an entry tells of all it ends.
    pub(crate) apart: bool,
}

impl Step for EndRecipients {
    type Outcome = ();
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::RecipientEnded
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
    }

    fn admit(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        scene.roles = RoleSet::only(Role::Sweeper);
        Ok(())
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        let row = scene.world.transitions.get(self.transition.as_str());
        let row = row.cloned();
        let over = row.map(|row| {
            let mut over = scene.over_recipients(&row);
            over.retain(|one| one.is_apart() == self.apart);
            (over, row)
        });
        // Another node was faster, or somebody named it for longer: nothing to enter.
        let Some((over, row)) = over.filter(|(over, _)| !over.is_empty()) else {
            scene.draft.silent = true;
            return Ok(());
        };
        scene.require(Action::Release, Question::GENERAL)?;
        tell(scene, &row);
        for one in &over {
            scene.end_recipient(&row, one);
        }
        if self.apart {
            scene.tell_apart();
        }
        let to = over.iter().map(|one| one.setting_id.as_str().to_owned());
        scene.detail("to", to.collect::<Vec<_>>());
        Ok(())
    }
}
direct!(EndRecipients);

impl Scene<'_> {
    fn over_recipients(&self, row: &TransitionRow) -> Vec<RecipientRow> {
        let named = self.world.recipients_of(&row.id);
        let over = named.filter(|one| one.named().is_some() && one.days().are_over(self.today));
        over.cloned().collect()
    }
}
