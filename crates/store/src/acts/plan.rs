//! A planned move: who goes from where to where, on what route, and what is known of the offer.

use baton_domain::access::{Action, Relation};
use baton_domain::act::{Caller, Plan};
use baton_domain::entry::EntryKind;
use baton_domain::group::GroupCode;
use baton_domain::ids::{Alias, LearnerId, LearnerScheme, SettingId, TransitionId};
use baton_domain::log::canonical::Json;
use baton_domain::route::{Route, SettingKind};
use serde::{Deserialize, Serialize};

use super::delegations::is_vendor;
use super::move_summary::MoveSummary;
use super::recipients::is_final;
use super::redirect::{admits, councils, has_destination_settled, may_offer, set_offer, tell};
use super::settings::{code_text, random_id, resolve};
use super::{Idempotent, Prepare, Step, Turn};
use crate::learner::{self, Record};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{LearnerCodeRow, LearnerRow, SettingRow, TransitionRow, fact};
use crate::scene::{Question, Scene};
use crate::view::group;
use crate::world::{Needs, Put as _, council_code};

/// A move after planning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The move.
    pub transition: MoveSummary,
    /// It is new, or its plan changed.
    pub changed: bool,
}

/// A plan whose identifiers can be looked up.
#[derive(Debug)]
pub(crate) struct PlanStep {
    plan: Plan,
    /// Strongest first.
    blinds: Vec<(LearnerScheme, String)>,
}

impl Prepare for Plan {
    type Step = PlanStep;

    async fn prepare(self, ledger: &Inner, _caller: &Caller) -> Result<Turn<PlanStep>, Refusal> {
        let blinds = learner::named(&ledger.keys, &self.learner);
        Ok(Turn::Decide(PlanStep { plan: self, blinds }))
    }
}

impl Step for PlanStep {
    type Outcome = Planned;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::Planned
    }

    fn needs(&self, needs: &mut Needs) {
        needs.codes.insert(code_text(&self.plan.from));
        needs.codes.extend(self.plan.to.as_ref().map(code_text));
        let blinds = self.blinds.iter().map(|(_, blind)| blind);
        needs.blinds.extend(blinds.cloned());
        needs.councils = true;
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let plan = &self.plan;
        let ids: Vec<_> = plan
            .learner
            .iter()
            .map(|id| (id.scheme(), id.value()))
            .collect();
        let content = format!(
            "{:?} {ids:?} {:?} {} {} {:?} {:?} {} {}",
            plan.from,
            plan.to,
            plan.route.code,
            plan.academic_year,
            plan.offer,
            plan.start_date,
            plan.final_plan_names_receiver,
            plan.group.as_ref().map_or("", GroupCode::as_str),
        );
        Some(Idempotent {
            id: &plan.request,
            method: "plan",
            content: content.into_bytes(),
        })
    }

    fn remember(outcome: &Planned) -> String {
        // Identifiers are personal data and are not kept twice: a replay shows the move without.
        let mut kept = outcome.clone();
        kept.transition.learner.clear();
        serde_json::to_string(&kept).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<Planned> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Planned, Refusal> {
        let plan = &self.plan;
        let from = resolve(scene.world, &plan.from);
        let council = from.as_ref().and_then(|from| council_of(scene, from));
        let relation = relation(scene, from.as_ref(), council.as_ref());
        let question = Question {
            relation,
            route: group(plan.route),
            ..Question::GENERAL
        };
        let known = from.as_ref().and_then(|from| self.known(scene, from));
        let before = known.as_ref().zip(from.as_ref());
        let before = before.and_then(|(learner, from)| self.standing(scene, learner, &from.id));
        if let Some(before) = &before {
            tell(scene, before);
        }
        scene.require(Action::Plan, question)?;
        let from = from.ok_or(Refusal::Denied)?;
        if is_vendor(&from) {
            return Err(Refusal::Failed("VENDOR_TAKES_NO_PART"));
        }
        if self.blinds.is_empty() {
            return Err(Refusal::Failed("NO_IDENTIFIER"));
        }
        if let Some(refusal) = scene.refuses(&from.id, &self.blinds) {
            return Err(refusal);
        }
        // What a plan does not state stays: a sender that does not know the destination or the
        // offer takes nothing away from what the council loaded.
        let to = match &plan.to {
            None => before.as_ref().and_then(|row| row.to_id.clone()),
            Some(code) => {
                let to = resolve(scene.world, code).ok_or(Refusal::Failed("UNKNOWN_SETTING"))?;
                admits(plan.route, &to)?;
                Some(to.id)
            }
        };
        let moved = before
            .as_ref()
            .is_some_and(|row| row.to_id != to && has_destination_settled(row));
        if moved {
            scene.require(Action::Redirect, question)?;
        }
        may_offer(scene, question, before.as_ref(), (plan.offer, moved))?;
        // Another route opens by another rule, which could go round what the council loaded.
        let rerouted = |row: &TransitionRow| row.route != plan.route.code && councils(row);
        if before.as_ref().is_some_and(rerouted) {
            scene.require(Action::Offer, question)?;
        }

        if before.is_none() && from.caretaker_id.is_some() {
            return Err(Refusal::Failed("SETTING_HANDED_OVER"));
        }
        let learner = self.learner(scene, &from, known)?;
        let mut row = match &before {
            Some(row) => row.clone(),
            None => TransitionRow {
                id: random_id(TransitionId::from_bytes)?,
                learner_id: learner,
                route: String::new(),
                academic_year: i64::from(plan.academic_year.first_year()),
                from_id: from.id.clone(),
                to_id: to.clone(),
                council_id: None,
                plan_council_id: None,
                offer_date: None,
                accepted: 0,
                start_date: None,
                facts: 0,
                learner_group: None,
            },
        };
        if row.to_id != to {
            scene.change_destination(&mut row, to);
        }
        self.state(&mut row, relation);
        if is_final(&row) {
            scene.end_provisional(&row);
        }
        row.council_id = row.council_id.or(council);
        tell(scene, &row);
        scene.detail("route", row.route.as_str());
        scene.detail(
            "to",
            row.to_id
                .as_ref()
                .map_or(Json::Null, |id| id.as_str().into()),
        );
        let changed = before.as_ref() != Some(&row);
        if changed {
            scene.world.put(row.clone());
        }
        // What the answer shows is what the caller may be shown of this move, whatever it may plan.
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        let sharing = scene.question(&caller.acting, &row).sharing;
        let question = Question {
            sharing,
            ..question
        };
        Ok(Planned {
            transition: scene.summary_after(&row, question),
            changed,
        })
    }
}

/// The council a setting belongs to, where it is on this ledger.
fn council_of(scene: &Scene<'_>, from: &SettingRow) -> Option<SettingId> {
    scene
        .world
        .setting_by_code(&council_code(&from.council))
        .map(|row| row.id.clone())
}

/// How the acting setting stands to a move out of `from`. One that is not known is nobody's.
fn relation(scene: &Scene<'_>, from: Option<&SettingRow>, council: Option<&SettingId>) -> Relation {
    let Some((caller, from)) = scene.caller.zip(from) else {
        return Relation::None;
    };
    let acting = scene.world.settings.get(caller.acting.as_str());
    let is_council = acting.is_some_and(|a| a.kind == i64::from(SettingKind::Council.number()));
    if from.id == caller.acting {
        Relation::Source
    } else if is_council && council == Some(&caller.acting) {
        Relation::Council
    } else {
        Relation::None
    }
}

impl PlanStep {
    /// Writes what the plan states into its move.
    fn state(&self, row: &mut TransitionRow, relation: Relation) {
        let plan = &self.plan;
        plan.route.code.clone_into(&mut row.route);
        set_offer(row, plan.offer, relation);
        if let Some(date) = plan.start_date {
            row.start_date = Some(date.to_string());
        }
        if plan.final_plan_names_receiver {
            row.facts |= fact::PLAN_NAMES_SETTING;
        }
        if let Some(group) = &plan.group {
            row.learner_group = Some(group.as_str().to_owned());
        }
    }

    /// The learner the sender knows by these identifiers: the strongest known one decides.
    fn known(&self, scene: &Scene<'_>, from: &SettingRow) -> Option<LearnerId> {
        self.blinds
            .iter()
            .find_map(|(_, blind)| scene.world.learner_of(blind, &from.id))
            .cloned()
    }

    /// The known learner with what the plan adds to it, or a new one.
    fn learner(
        &self,
        scene: &mut Scene<'_>,
        from: &SettingRow,
        known: Option<LearnerId>,
    ) -> Result<LearnerId, Refusal> {
        let id = known.map_or_else(|| random_id(LearnerId::from_bytes), Ok)?;
        let new: Vec<LearnerCodeRow> = self
            .blinds
            .iter()
            .filter(|(_, blind)| scene.world.learner_of(blind, &from.id).is_none())
            .map(|(_, blind)| LearnerCodeRow {
                blind: blind.clone(),
                owner_id: from.id.clone(),
                learner_id: Some(id.clone()),
            })
            .collect();
        if new.is_empty() {
            return Ok(id);
        }
        let before = scene.world.learners.get(id.as_str()).cloned();
        let mut record = match &before {
            Some(row) => learner::open(scene.world, scene.keys, row)?,
            None => Record::default(),
        };
        for identifier in &self.plan.learner {
            // A former UPN leads nowhere and is not kept. Of each scheme the newest stands.
            if identifier.scheme() != LearnerScheme::FormerUpn {
                record
                    .identifiers
                    .retain(|known| known.scheme() != identifier.scheme());
                record.identifiers.push(identifier.clone());
            }
        }
        let row = before.map_or_else(|| new_learner(&id, from), Ok)?;
        let row = learner::seal(scene.world, scene.keys, row, &record)?;
        scene.world.put(row);
        for code in new {
            scene.world.put(code);
        }
        Ok(id)
    }

    /// The move this plan restates: same learner, sender, point and year.
    fn standing(
        &self,
        scene: &Scene<'_>,
        learner: &LearnerId,
        from: &SettingId,
    ) -> Option<TransitionRow> {
        let year = i64::from(self.plan.academic_year.first_year());
        let same = |row: &&TransitionRow| {
            row.from_id == *from
                && row.facts & fact::ERASED == 0
                && row.academic_year == year
                && Route::find(&row.route).is_some_and(|r| r.point == self.plan.route.point)
        };
        scene.world.moves_of(learner).find(same).cloned()
    }
}

fn new_learner(id: &LearnerId, from: &SettingRow) -> Result<LearnerRow, Refusal> {
    Ok(LearnerRow {
        id: id.clone(),
        alias: random_id(Alias::from_bytes)?,
        owner_id: from.id.clone(),
        keeper_id: from.caretaker_id.as_ref().unwrap_or(&from.id).clone(),
        epoch: 0,
        wrapped: Vec::new(),
        sealed: Vec::new(),
    })
}
