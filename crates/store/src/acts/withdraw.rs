//! Taking a contribution back: receivers lose it at the position of this act.

use baton_domain::access::{Action, Relation};
use baton_domain::act::Withdraw;
use baton_domain::entry::EntryKind;
use baton_domain::ids::SettingId;
use baton_domain::section::KindSet;

use super::{Idempotent, Step, direct};
use crate::refusal::Refusal;
use crate::rows::profile_state;
use crate::scene::Scene;
use crate::view::writes;
use crate::world::{Needs, Put as _};

impl Step for Withdraw {
    type Outcome = ();
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::Withdrawn
    }

    fn needs(&self, needs: &mut Needs) {
        needs.profiles.insert(self.profile.clone());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = self.profile.as_str().as_bytes().to_vec();
        Some(Idempotent {
            id: &self.request,
            method: "withdraw",
            content,
        })
    }

    fn recall(_remembered: &str) -> Option<()> {
        Some(())
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        scene.detail("profile", self.profile.as_str());
        let profile = scene.world.profiles.get(self.profile.as_str()).cloned();
        let mut profile = profile.ok_or(Refusal::Denied)?;
        let row = scene
            .world
            .transitions
            .get(profile.transition_id.as_str())
            .cloned();
        let row = row.ok_or(Refusal::Internal)?;
        let mut question = scene.question(&caller.acting, &row);
        let known = scene.may_know(&row, &profile, question.relation);
        if !known || !writes(question.relation, &caller.acting, &row, &profile) {
            // Only its own contribution: one setting withdrawing does not remove another's. What
            // the caller may not know of is not there.
            question.relation = Relation::None;
        }
        scene.tell_of(&row, &profile);
        scene.require(Action::Withdraw, question)?;
        scene.detail("version", profile.version_number());
        match profile.state {
            profile_state::PUBLISHED => {}
            profile_state::ERASED => return Err(Refusal::Failed("ERASED")),
            _ => return Err(Refusal::Failed("WITHDRAWN_ALREADY")),
        }
        profile.state = profile_state::WITHDRAWN;
        let told = scene
            .world
            .released
            .iter()
            .filter(|r| r.profile_id == profile.id);
        let told: Vec<SettingId> = told.map(|r| r.setting_id.clone()).collect();
        for receiver in &told {
            scene.close(&row, &profile, receiver);
        }
        // Another version may follow; what went with this one does not come back with it.
        scene.hide_documents(&profile.id, KindSet::EMPTY);
        scene.world.put(profile);
        Ok(())
    }
}
direct!(Withdraw);
