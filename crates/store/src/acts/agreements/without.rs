//! A move sent to a setting though one of the two has not signed: recorded by the head with a reason of
//! a closed list, in force at once, and taken back.

use baton_domain::access::{Action, Role};
use baton_domain::act::{EndSendingWithoutAgreement, SendWithoutAgreement};
use baton_domain::entry::EntryKind;
use baton_domain::ids::{SettingId, SettingIdentifier, TransitionId};

use crate::acts::erase::alive;
use crate::acts::recipients::RecipientFault;
use crate::acts::redirect::{Redirected, find};
use crate::acts::release::addressees;
use crate::acts::settings::{code_text, resolve};
use crate::acts::{Idempotent, Step, direct};
use crate::refusal::Refusal;
use crate::rows::{ProfileRow, RecipientRow, SentWithoutRow, SettingRow, TransitionRow, fact};
use crate::scene::{Question, Scene};
use crate::world::{Needs, Put as _};

/// Settings a move was ever sent to without an agreement: an erasure takes them all back in one entry.
const EVER_MAX: usize = 8;
/// Most that got what is of class R alone, beside those: room that is taken must not tell of them.
const APART_MAX: usize = 2;

fn needed(needs: &mut Needs, transition: &TransitionId, setting: &SettingIdentifier) {
    needs.transitions.insert(transition.clone());
    needs.codes.insert(code_text(setting));
}

impl Scene<'_> {
    /// A receiver, as far as who asks may know that it is one.
    fn receiver(
        &self,
        (row, question): (&TransitionRow, Question),
        to: Option<SettingRow>,
    ) -> Result<SettingRow, Vec<RecipientFault>> {
        let to = to.ok_or(vec![RecipientFault::Unknown])?;
        let destination = row.to_id.as_ref() == Some(&to.id);
        let beside = self.world.recipient(&row.id, &to.id);
        if destination || beside.is_some_and(|one| self.is_known(one, question)) {
            Ok(to)
        } else {
            Err(vec![RecipientFault::NotReceiving])
        }
    }

    /// Whether it receives what is of class R and nothing else.
    fn is_apart(&self, row: &TransitionRow, to: &SettingRow) -> bool {
        let named = self.world.recipient(&row.id, &to.id);
        named.is_some_and(RecipientRow::is_apart)
    }

    /// Whether there is no room for a reason beside those that were recorded for other receivers of a
    /// move, whatever became of them.
    fn is_sent_without_to_many(&self, row: &TransitionRow, to: &SettingRow, apart: bool) -> bool {
        let others = self.world.sent_without.iter();
        let others = others.filter(|one| one.transition_id == row.id && one.setting_id != to.id);
        if apart {
            others.filter(|one| one.apart_reason != 0).count() >= APART_MAX
        } else {
            others.filter(|one| one.reason != 0).count() >= EVER_MAX
        }
    }

    /// Reasons that stand for a setting, of those that who asks may know of: the head's own, and that of
    /// what is kept apart.
    fn standing_reasons(
        &self,
        (row, question): (&TransitionRow, Question),
        to: &SettingRow,
    ) -> [bool; 2] {
        let reasons = self.sent_without(row, &to.id);
        [
            reasons.is_some_and(SentWithoutRow::stands),
            self.leads(question) && reasons.is_some_and(SentWithoutRow::stands_apart),
        ]
    }

    /// Takes back the reason of what is kept apart: it was for as long as nothing else was received.
    pub(in crate::acts) fn end_reason_apart(&mut self, row: &TransitionRow, to: &SettingId) {
        let reasons = self.sent_without(row, to).cloned();
        if let Some(reasons) = reasons.filter(SentWithoutRow::stands_apart) {
            self.world.put(SentWithoutRow {
                apart_ended: 1,
                ..reasons
            });
        }
    }

    /// Has a receiver's feed say what it may see after a reason was recorded or taken back.
    fn settle_agreement(&mut self, row: &TransitionRow, to: &SettingRow) {
        let mut profiles: Vec<ProfileRow> = self.world.profiles_of(&row.id).cloned().collect();
        // What is kept apart comes last: it changes no number of what others are told.
        profiles.sort_by_key(ProfileRow::is_apart);
        for profile in &profiles {
            if !addressees(self, row, profile).contains(&to.id) {
                self.close(row, profile, &to.id);
            } else if !self.knows(row, profile, &to.id) {
                self.release_more(row, profile, &to.id);
            } else {
                self.remember_short(row, profile, &to.id);
            }
        }
    }
}

impl Step for SendWithoutAgreement {
    type Outcome = Redirected;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::SentWithoutAgreement
    }

    fn needs(&self, needs: &mut Needs) {
        needed(needs, &self.transition, &self.setting);
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {:?} {:?}", self.transition, self.setting, self.reason);
        Some(Idempotent {
            id: &self.request,
            method: "send_without_agreement",
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
        scene.require(Action::SendWithoutAgreement, question)?;
        alive(&row)?;
        if scene.is_marked(&row.learner_id, fact::RESTRICTED) {
            return Err(Refusal::Failed("PROCESSING_RESTRICTED"));
        }
        let to = resolve(scene.world, &self.setting);
        let apart = to.as_ref().is_some_and(|to| scene.is_apart(&row, to));
        if apart && scene.roles.contains(Role::Dsl) {
            // Whatever becomes of it.
            scene.tell_apart();
        }
        let to = scene.receiver((&row, question), to);
        let to = to.map_err(Refusal::RecipientUnfit)?;
        if scene.without_agreement(&row, &to.id).is_none() {
            return Err(Refusal::Failed("AGREEMENT_IN_FORCE"));
        }
        if scene.is_sent_without_to_many(&row, &to, apart) {
            let wrong = vec![RecipientFault::TooManyWithout];
            return Err(Refusal::RecipientUnfit(wrong));
        }
        scene.detail("to", to.id.as_str());
        scene.detail("why", self.reason.name());
        let before = scene.sent_without(&row, &to.id).cloned();
        let reasons = before.clone().unwrap_or_else(|| SentWithoutRow {
            transition_id: row.id.clone(),
            setting_id: to.id.clone(),
            reason: 0,
            ended: 0,
            apart_reason: 0,
            apart_ended: 0,
        });
        let reason = i64::from(self.reason.number());
        let after = if apart {
            SentWithoutRow {
                apart_reason: reason,
                apart_ended: 0,
                ..reasons
            }
        } else {
            SentWithoutRow {
                reason,
                ended: 0,
                ..reasons
            }
        };
        if before.as_ref() != Some(&after) {
            scene.world.put(after);
            scene.settle_agreement(&row, &to);
            scene.world.arrives(&row.learner_id);
        }
        Ok(Redirected {
            transition: scene.summary_after(&row, question),
        })
    }
}

impl Step for EndSendingWithoutAgreement {
    type Outcome = Redirected;
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::SendingWithoutEnded
    }

    fn needs(&self, needs: &mut Needs) {
        needed(needs, &self.transition, &self.setting);
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {:?}", self.transition, self.setting).into_bytes();
        Some(Idempotent {
            id: &self.request,
            method: "end_sending_without_agreement",
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
        scene.require(Action::SendWithoutAgreement, question)?;
        alive(&row)?;
        let to = resolve(scene.world, &self.setting);
        let apart = |to: &SettingRow| {
            let [open, _] = scene.standing_reasons((&row, question), to);
            let named = scene.world.recipient(&row.id, &to.id);
            let theirs = scene.sent_without(&row, &to.id);
            let theirs = theirs.is_some_and(|it| it.apart_reason != 0);
            let meant = named.is_some_and(RecipientRow::was_apart) || theirs;
            !open && meant && scene.roles.contains(Role::Dsl)
        };
        if to.as_ref().is_some_and(apart) {
            // Whatever becomes of it.
            scene.tell_apart();
        }
        let stands = |to: SettingRow| {
            let reasons = scene.sent_without(&row, &to.id)?.clone();
            let [open, apart] = scene.standing_reasons((&row, question), &to);
            (open || apart).then_some((to, reasons, apart))
        };
        let Some((to, reasons, apart)) = to.and_then(stands) else {
            return Err(Refusal::Failed("NOT_SENT_WITHOUT_AGREEMENT"));
        };
        scene.detail("to", to.id.as_str());
        scene.world.put(SentWithoutRow {
            ended: 1,
            apart_ended: if apart { 1 } else { reasons.apart_ended },
            ..reasons
        });
        scene.settle_agreement(&row, &to);
        Ok(Redirected {
            transition: scene.summary_after(&row, question),
        })
    }
}
direct!(SendWithoutAgreement, EndSendingWithoutAgreement);
