//! What a learner, or somebody for the learner, decided about sharing a move: recorded by the sending
//! side, in force at once, and shown to it.

mod effect;

use baton_domain::access::Action;
use baton_domain::act::{ListSharing, RecordSharing};
use baton_domain::entry::EntryKind;
use baton_domain::ids::SettingId;
use baton_domain::log::canonical::Json;
use baton_domain::route::SettingKind;
use baton_domain::section::{KindSet, SectionKind};
use baton_domain::sharing::{
    Basis, DECISIONS_MAX, Decision, Fault, Giver, Said, Toward, faults, not_stopped,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::erase::alive;
use super::redirect::find;
use super::settings::{code_text, resolve};
use super::{Idempotent, Step, direct};
use crate::refusal::Refusal;
use crate::rows::{SettingRow, SharingRow};
use crate::said::{Decisions, Recorded};
use crate::scene::Scene;
use crate::view::kinds;
use crate::world::{Needs, Put as _};

/// A decision as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionSummary {
    giver: i64,
    basis: i64,
    toward: i64,
    said: i64,
    kinds: i64,
    /// The one setting it is about.
    pub setting: Option<SettingId>,
    /// When it was said.
    pub said_on: Date,
    /// When capacity for it was assessed.
    pub assessed_on: Option<Date>,
    /// The entry that recorded it.
    pub position: i64,
}

impl DecisionSummary {
    fn of(one: &Recorded) -> Self {
        let of = &one.decision;
        Self {
            giver: of.giver.number().into(),
            basis: of.basis.number().into(),
            toward: of.toward.number().into(),
            said: of.said.number().into(),
            kinds: of.kinds.bits().into(),
            setting: one.setting.clone(),
            said_on: of.said_on,
            assessed_on: of.assessed_on,
            position: one.position,
        }
    }

    /// Who said it.
    pub fn giver(&self) -> Option<Giver> {
        Giver::from_number(self.giver)
    }

    /// By which right.
    pub fn basis(&self) -> Option<Basis> {
        Basis::from_number(self.basis)
    }

    /// Towards whom.
    pub fn toward(&self) -> Option<Toward> {
        Toward::from_number(self.toward)
    }

    /// What.
    pub fn said(&self) -> Option<Said> {
        Said::from_number(self.said)
    }

    /// About which kinds; empty: everything.
    pub fn kinds(&self) -> KindSet {
        kinds(self.kinds)
    }
}

/// A decision that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharingRecorded {
    /// The decision.
    pub decision: DecisionSummary,
    /// Kinds that were refused and go on all the same, as bits.
    not_stopped: i64,
}

impl SharingRecorded {
    /// Kinds that were refused and go on all the same.
    pub fn not_stopped(&self) -> KindSet {
        kinds(self.not_stopped)
    }
}

impl Step for RecordSharing {
    type Outcome = SharingRecorded;
    /// A refusal takes rights away; what lifts one comes the same way.
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::SharingRecorded
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
        needs.codes.extend(self.setting.as_ref().map(code_text));
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {:?} {:?}", self.transition, self.decision, self.setting);
        Some(Idempotent {
            id: &self.request,
            method: "sharing",
            content: content.into_bytes(),
        })
    }

    fn remember(outcome: &SharingRecorded) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<SharingRecorded> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<SharingRecorded, Refusal> {
        let (row, question) = find(scene, &self.transition)?;
        let of = self.decision;
        scene.require(Action::RecordSharing, question)?;
        alive(&row)?;
        let to = self.setting.as_ref().map(|code| resolve(scene.world, code));
        let mut wrong = faults(&of, scene.ages(&row), scene.today);
        wrong.extend(to.as_ref().and_then(|to| setting_fault(&of, to.as_ref())));
        let before = scene.world.sharing.get(row.id.as_str()).cloned();
        let before = before.map_or_else(Decisions::default, |row| row.decisions);
        let setting = to.flatten().map(|to| to.id);
        let last = before.all().last();
        let again = last.filter(|last| last.decision == of && last.setting == setting);
        if again.is_none() && before.all().len() >= DECISIONS_MAX {
            wrong.push(Fault::TooMany);
        }
        if !wrong.is_empty() {
            return Err(Refusal::DecisionUnfit(wrong));
        }
        let going_on = going_on(&of);
        tell(scene, &of, setting.as_ref(), going_on);
        let recorded = again.cloned().unwrap_or(Recorded {
            decision: of,
            setting,
            position: scene.position,
        });
        if again.is_none() {
            let mut decisions = before.clone();
            decisions.push(recorded.clone());
            let was = scene.refused_to_each(&row);
            scene.world.put(SharingRow {
                transition_id: row.id.clone(),
                decisions,
            });
            scene.put_into_effect(&row, &was);
        }
        Ok(SharingRecorded {
            decision: DecisionSummary::of(&recorded),
            not_stopped: going_on.bits().into(),
        })
    }
}

fn setting_fault(of: &Decision, to: Option<&SettingRow>) -> Option<Fault> {
    let Some(to) = to else {
        return Some(Fault::UnknownSetting);
    };
    (toward(to) != Some(of.toward)).then_some(Fault::OtherSetting)
}

/// The class of receivers a setting is of, if it is one.
pub(crate) fn toward(setting: &SettingRow) -> Option<Toward> {
    let kind = u32::try_from(setting.kind).ok()?;
    SettingKind::from_number(kind).and_then(Toward::of)
}

/// Kinds of a refusal that it does not stop.
fn going_on(of: &Decision) -> KindSet {
    let refused = |kind: &SectionKind| of.kinds.is_empty() || of.kinds.contains(*kind);
    let goes_on = |kind: &SectionKind| not_stopped(of.toward, *kind).is_some();
    let all = SectionKind::ALL.into_iter();
    all.filter(|kind| of.said == Said::Refused && refused(kind) && goes_on(kind))
        .collect()
}

/// What the entry says: closed words, no date and no name.
fn tell(scene: &mut Scene<'_>, of: &Decision, to: Option<&SettingId>, going_on: KindSet) {
    scene.detail("giver", of.giver.name());
    scene.detail("basis", of.basis.name());
    scene.detail("toward", of.toward.name());
    scene.detail("said", of.said.name());
    scene.detail("subset", of.kinds.bits());
    scene.detail("not_stopped", going_on.bits());
    scene.detail("to", to.map_or(Json::Null, |id| id.as_str().into()));
}

impl Step for ListSharing {
    type Outcome = Vec<DecisionSummary>;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::SharingListed
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Vec<DecisionSummary>, Refusal> {
        let (row, question) = find(scene, &self.transition)?;
        scene.require(Action::RecordSharing, question)?;
        let all = scene.world.sharing.get(row.id.as_str());
        let all = all.map_or(&[][..], |row| row.decisions.all());
        let all: Vec<_> = all.iter().map(DecisionSummary::of).collect();
        scene.detail("count", u32::try_from(all.len()).unwrap_or(u32::MAX));
        Ok(all)
    }
}
direct!(RecordSharing, ListSharing);
