//! The council that keeps a learner's EHC plan: its caseworkers write the plan into the move, as the
//! council's own contribution, and see what of it is there.

use baton_domain::access::{Action, Relation};
use baton_domain::act::SetPlanCouncil;
use baton_domain::entry::EntryKind;
use baton_domain::log::canonical::Json;
use baton_domain::route::SettingKind;

use super::RecipientFault;
use crate::acts::erase::alive;
use crate::acts::redirect::{Redirected, find};
use crate::acts::settings::{OPEN, code_text, resolve};
use crate::acts::{Idempotent, Step, direct};
use crate::refusal::Refusal;
use crate::rows::SettingRow;
use crate::scene::Scene;
use crate::world::{Needs, Put as _};

impl Step for SetPlanCouncil {
    type Outcome = Redirected;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::PlanCouncilSet
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
        needs.codes.extend(self.council.as_ref().map(code_text));
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {:?}", self.transition, self.council).into_bytes();
        Some(Idempotent {
            id: &self.request,
            method: "plan_council",
            content,
        })
    }

    fn remember(outcome: &Redirected) -> String {
        outcome.remembered()
    }

    fn recall(remembered: &str) -> Option<Redirected> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Redirected, Refusal> {
        let (mut row, question) = find(scene, &self.transition)?;
        scene.require(Action::NameOtherSetting, question)?;
        // Whoever keeps the plan says which schools are consulted, and does not hand the plan on.
        if question.relation == Relation::CouncilCaseworker {
            return Err(Refusal::Denied);
        }
        alive(&row)?;
        let council = match &self.council {
            None => None,
            Some(code) => {
                let found = resolve(scene.world, code);
                let faults = faults(found.as_ref());
                let found = found.filter(|_| faults.is_empty());
                Some(found.ok_or(Refusal::RecipientUnfit(faults))?.id)
            }
        };
        let named = council.as_ref();
        scene.detail("to", named.map_or(Json::Null, |id| id.as_str().into()));
        if row.plan_council_id != council {
            row.plan_council_id = council;
            scene.world.put(row.clone());
        }
        Ok(Redirected {
            transition: scene.summary_after(&row, question),
        })
    }
}
direct!(SetPlanCouncil);

fn faults(council: Option<&SettingRow>) -> Vec<RecipientFault> {
    let Some(council) = council else {
        return vec![RecipientFault::Unknown];
    };
    let mut faults = Vec::new();
    if council.kind != i64::from(SettingKind::Council.number()) {
        faults.push(RecipientFault::NotACouncil);
    }
    if council.state != OPEN || council.caretaker_id.is_some() {
        faults.push(RecipientFault::Closed);
    }
    faults
}
