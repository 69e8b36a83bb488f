//! Settings that receive beside the destination: named, changed, ended. Who is one is known to the
//! sending side and the council; no recipient learns of another.

mod effect;
mod ending;
mod faults;
mod plan_council;
mod shown;

use baton_domain::access::{Action, Relation};
use baton_domain::act::{AddRecipient, EndRecipient};
use baton_domain::entry::EntryKind;
use baton_domain::ids::{SettingId, TransitionId};
use baton_domain::recipient::RecipientRelation;
use baton_domain::section::{KindSet, SectionKind};
use jiff::civil::Date;

pub(crate) use ending::{EndRecipients, OVER};
pub use faults::RecipientFault;
pub use shown::RecipientSummary;

use super::apart::{all_restricted, is_restricted};
use super::erase::alive;
use super::redirect::{Redirected, find};
use super::settings::{code_text, resolve};
use super::{Idempotent, Step, direct};
use crate::refusal::Refusal;
use crate::rows::{RecipientRow, TransitionRow, fact};
use crate::scene::{Question, Scene};
use crate::view::{kinds, recipient};
use crate::world::{Needs, Put as _};

impl Step for AddRecipient {
    type Outcome = Redirected;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::RecipientAdded
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
        needs.codes.insert(code_text(&self.setting));
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let Self {
            transition,
            setting,
            relation,
            kinds,
            days,
            purpose,
            ..
        } = self;
        let bits = kinds.bits();
        let content = format!("{transition} {setting:?} {relation:?} {bits} {days:?} {purpose:?}");
        Some(Idempotent {
            id: &self.request,
            method: "add_recipient",
            content: content.into_bytes(),
        })
    }

    fn remember(outcome: &Redirected) -> String {
        outcome.remembered()
    }

    fn recall(remembered: &str) -> Option<Redirected> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Redirected, Refusal> {
        let (row, question) = find(scene, &self.transition)?;
        if all_restricted(self.kinds) {
            scene.tell_apart();
        }
        allowed(self, scene, question)?;
        alive(&row)?;
        if scene.is_marked(&row.learner_id, fact::RESTRICTED) {
            return Err(Refusal::Failed("PROCESSING_RESTRICTED"));
        }
        let to = resolve(scene.world, &self.setting);
        let faults = scene.recipient_faults(self, &row, to.as_ref());
        let Some(to) = to.filter(|_| faults.is_empty()) else {
            return Err(Refusal::RecipientUnfit(faults));
        };
        let before = scene.world.recipient(&row.id, &to.id).cloned();
        let before = before.unwrap_or_else(|| RecipientRow::of(&row.id, &to.id));
        let after = named(self, scene, question, &before);
        scene.detail("to", to.id.as_str());
        scene.detail("relation", self.relation.name());
        scene.detail("subset", kinds(after.kinds).bits());
        scene.detail("purpose", self.purpose.name());
        if after != before {
            scene.world.put(after.clone());
            let more = if after.relation == before.relation {
                kinds(after.kinds).difference(kinds(before.kinds))
            } else {
                KindSet::ALL
            };
            scene.settle(&row, &to.id, more);
            let whole = self.relation == RecipientRelation::Dual;
            if !whole && !kinds(after.kinds).iter().any(is_restricted) {
                scene.end_reason_apart(&row, &to.id);
            }
        }
        if after.is_apart() {
            scene.tell_apart();
        }
        Ok(Redirected {
            transition: scene.summary_after(&row, question),
        })
    }
}

/// Whether the caller may name such a recipient, and let it have each of the kinds.
fn allowed(act: &AddRecipient, scene: &mut Scene<'_>, question: Question) -> Result<(), Refusal> {
    if act.relation != RecipientRelation::Further {
        scene.require(Action::NameOtherSetting, question)?;
        // A caseworker says which schools are consulted; a second school gets all that a first one gets.
        let consults = act.relation == RecipientRelation::Provisional;
        let keeps_plan = question.relation == Relation::CouncilCaseworker;
        return if keeps_plan && !consults {
            Err(Refusal::Denied)
        } else {
            Ok(())
        };
    }
    let mut allowed = !act.kinds.is_empty();
    for kind in act.kinds.iter() {
        // All are asked, so that the entry names each that was refused.
        allowed &= scene.ask(Action::NameFurtherRecipient, question, Some(kind));
    }
    if allowed {
        Ok(())
    } else {
        Err(Refusal::Denied)
    }
}

/// Whether the child protection note is among them.
fn has_note(gets: KindSet) -> bool {
    gets.contains(SectionKind::ChildProtectionNote)
}

/// Whether it shares what is of class R alone with a setting that receives something else already.
pub(super) fn joins(act: &AddRecipient, before: &RecipientRow) -> bool {
    all_restricted(act.kinds) && before.named().is_some() && !before.is_apart()
}

/// The row with what is asked for. The caller does not know of kinds that are not its to share:
/// they stay, unless they would be had on other days than they were given for.
fn named(
    act: &AddRecipient,
    scene: &mut Scene<'_>,
    question: Question,
    before: &RecipientRow,
) -> RecipientRow {
    let text = |day: Option<Date>| day.map(|day| day.to_string());
    let same = before.named() == Some(act.relation);
    if joins(act, before) {
        // Nothing of what it receives otherwise changes, and those who know of that are told nothing.
        let others = kinds(before.kinds).iter();
        let others: KindSet = others.filter(|kind| !is_restricted(*kind)).collect();
        let released = has_note(act.kinds) && has_note(kinds(before.kinds));
        return RecipientRow {
            kinds: i64::from(others.union(act.kinds).bits()),
            note_released: if released { before.note_released } else { 0 },
            ..before.clone()
        };
    }
    let mut gets = act.kinds;
    if same && act.days.are_within(before.days()) {
        for kind in kinds(before.kinds).difference(act.kinds).iter() {
            if !scene.ask(Action::NameFurtherRecipient, question, Some(kind)) {
                gets.insert(kind);
            }
        }
    }
    RecipientRow {
        relation: match act.relation {
            RecipientRelation::Further => recipient::FURTHER,
            RecipientRelation::Provisional => recipient::PROVISIONAL,
            RecipientRelation::Dual => recipient::DUAL,
        },
        kinds: i64::from(gets.bits()),
        first_day: text(act.days.first),
        last_day: text(act.days.last),
        purpose: i64::from(act.purpose.number()),
        // Released is what it got, and gets still.
        note_released: match act.relation {
            RecipientRelation::Further if !has_note(kinds(before.kinds)) || !has_note(gets) => 0,
            _ if same => before.note_released,
            _ => 0,
        },
        apart: i64::from(all_restricted(gets)),
        ..before.clone()
    }
}

impl Step for EndRecipient {
    type Outcome = Redirected;
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::RecipientEnded
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
        needs.codes.insert(code_text(&self.setting));
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {:?}", self.transition, self.setting).into_bytes();
        Some(Idempotent {
            id: &self.request,
            method: "end_recipient",
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
        let (row, question) = find(scene, &self.transition)?;
        let to = resolve(scene.world, &self.setting);
        let named = to.and_then(|to| scene.world.recipient(&row.id, &to.id).cloned());
        if named.as_ref().is_some_and(|one| scene.knows_was_apart(one)) {
            // Whatever becomes of it.
            scene.tell_apart();
        }
        let named = named.filter(|named| scene.is_known(named, question));
        let provisional = named.as_ref().and_then(RecipientRow::named);
        // Whoever says which schools are consulted says which one is not any more.
        let consults = provisional == Some(RecipientRelation::Provisional)
            && scene.ask(Action::NameOtherSetting, question, None);
        if !consults {
            scene.require(Action::EndRecipient, question)?;
        }
        alive(&row)?;
        let Some(named) = named else {
            return Err(Refusal::RecipientUnfit(vec![RecipientFault::NotNamed]));
        };
        scene.detail("to", vec![named.setting_id.as_str().to_owned()]);
        scene.end_recipient(&row, &named);
        Ok(Redirected {
            transition: scene.summary_after(&row, question),
        })
    }
}
direct!(AddRecipient, EndRecipient);

/// Whether the final EHC plan names the destination.
pub(crate) const fn is_final(row: &TransitionRow) -> bool {
    row.to_id.is_some() && row.facts & fact::PLAN_NAMES_SETTING != 0
}

impl RecipientRow {
    /// The row of a setting that is nothing to a move yet.
    pub(crate) fn of(transition: &TransitionId, setting: &SettingId) -> Self {
        Self {
            transition_id: transition.clone(),
            setting_id: setting.clone(),
            relation: recipient::NONE,
            kinds: 0,
            first_day: None,
            last_day: None,
            purpose: 0,
            note_released: 0,
            apart: 0,
        }
    }
}
