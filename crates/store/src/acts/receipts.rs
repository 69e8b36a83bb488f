//! What a receiver says of a version: taken over, or sent back.

use baton_domain::access::{Action, Relation};
use baton_domain::act::{Acknowledge, Reject};
use baton_domain::entry::EntryKind;
use baton_domain::ids::{ProfileId, SettingId};
use baton_domain::section::{KindSet, SectionKind};

use super::release::addressees;
use super::{Idempotent, Step, direct};
use crate::refusal::Refusal;
use crate::rows::{ProfileRow, ReceiptRow, TransitionRow, profile_state, receipt_state};
use crate::scene::Scene;
use crate::world::{Needs, Put as _};

impl Scene<'_> {
    /// Moves a receipt on. It never goes back within a version: a second pull is no undoing of an
    /// acknowledgement.
    pub(crate) fn receive(&mut self, profile: &ProfileRow, by: &SettingId, state: i64) {
        let key = format!("{}/{by}", profile.id);
        let before = self.world.receipts.get(&key);
        if before.is_some_and(|r| r.version == profile.version && r.state >= state) {
            return;
        }
        self.set_receipt(profile, by, (state, 0));
    }

    /// What a receiver said was of less than it sees now.
    pub(crate) fn forget_answer(&mut self, profile: &ProfileRow, of: &SettingId) {
        let said = self.world.receipts.get(&format!("{}/{of}", profile.id));
        if let Some(said) = said.cloned() {
            self.world.put(ReceiptRow { version: 0, ..said });
        }
    }

    /// The same of all that something of this kind is for and a contribution is hidden from: when they see
    /// it again, it is more.
    pub(super) fn forget_answers_of_hidden(
        &mut self,
        (row, profile): (&TransitionRow, &ProfileRow),
        kind: SectionKind,
    ) {
        let rows = self.world.released.iter();
        let hidden = rows.filter(|one| one.profile_id == profile.id && one.is_hidden());
        for to in hidden.map(|one| one.setting_id.clone()).collect::<Vec<_>>() {
            if !self.meant_for(row, &to, KindSet::of(&[kind])).is_empty() {
                self.forget_answer(profile, &to);
            }
        }
    }

    /// What a receiver said of the version before stands for one that is nothing new to it, and of which
    /// it is not told.
    pub(crate) fn carry_receipts(
        &mut self,
        row: &TransitionRow,
        (before, after): (&ProfileRow, &ProfileRow),
        told: &[SettingId],
    ) {
        let known = self.world.released.iter();
        let known = known.filter(|one| one.profile_id == after.id && one.is_told());
        for to in known.map(|one| one.setting_id.clone()).collect::<Vec<_>>() {
            // Who is shown nothing of it now is told once that changes.
            self.hide(row, after, &to);
        }
        for to in addressees(self, row, after) {
            if told.contains(&to) {
                continue;
            }
            self.remember_short(row, after, &to);
            let receipt = self.world.receipts.get(&format!("{}/{to}", after.id));
            let same = receipt.filter(|one| one.version == before.version);
            if let Some(receipt) = same.cloned() {
                self.world.put(ReceiptRow {
                    version: after.version,
                    ..receipt
                });
            }
        }
    }

    fn set_receipt(&mut self, profile: &ProfileRow, by: &SettingId, (state, reason): (i64, i64)) {
        self.world.put(ReceiptRow {
            profile_id: profile.id.clone(),
            setting_id: by.clone(),
            version: profile.version,
            state,
            reason,
            position: self.position,
        });
    }

    /// Decides an answer of a receiver about one version.
    fn answer(
        &mut self,
        action: Action,
        (profile, version): (&ProfileId, u32),
        (state, reason): (i64, i64),
    ) -> Result<(), Refusal> {
        let caller = self.caller.ok_or(Refusal::Denied)?;
        self.detail("profile", profile.as_str());
        self.detail("version", version);
        let profile = self
            .world
            .profiles
            .get(profile.as_str())
            .cloned()
            .ok_or(Refusal::Denied)?;
        let row = self
            .world
            .transitions
            .get(profile.transition_id.as_str())
            .cloned();
        let row = row.ok_or(Refusal::Internal)?;
        let mut question = self.question(&caller.acting, &row);
        if !self.may_know(&row, &profile, question.relation) {
            question.relation = Relation::None;
        }
        self.tell_of(&row, &profile);
        self.require(action, question)?;
        if question.relation == Relation::Former {
            // Its answer to the closing: there is no version it could still see.
            return Ok(());
        }
        if profile.state != profile_state::PUBLISHED {
            return Err(Refusal::Denied);
        }
        // Who sees nothing of it takes nothing over, and sends nothing back.
        if !self.reads_any((&row, &profile), question, &caller.acting) {
            return Err(Refusal::Denied);
        }
        if profile.version_number() != version {
            return Err(Refusal::Failed("VERSION_CHANGED"));
        }
        if reason != 0 {
            self.detail("reason", u32::try_from(reason).unwrap_or_default());
        }
        self.set_receipt(&profile, &caller.acting, (state, reason));
        Ok(())
    }
}

impl Step for Acknowledge {
    type Outcome = ();
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::Acknowledged
    }

    fn needs(&self, needs: &mut Needs) {
        needs.profiles.insert(self.profile.clone());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {}", self.profile, self.version).into_bytes();
        Some(Idempotent {
            id: &self.request,
            method: "acknowledge",
            content,
        })
    }

    fn recall(_remembered: &str) -> Option<()> {
        Some(())
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        let of = (&self.profile, self.version);
        scene.answer(Action::Acknowledge, of, (receipt_state::ACKNOWLEDGED, 0))
    }
}

impl Step for Reject {
    type Outcome = ();
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::Rejected
    }

    fn needs(&self, needs: &mut Needs) {
        needs.profiles.insert(self.profile.clone());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {} {}", self.profile, self.version, self.reason).into_bytes();
        Some(Idempotent {
            id: &self.request,
            method: "reject",
            content,
        })
    }

    fn recall(_remembered: &str) -> Option<()> {
        Some(())
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        let of = (&self.profile, self.version);
        scene.answer(
            Action::Reject,
            of,
            (receipt_state::REJECTED, i64::from(self.reason)),
        )
    }
}
direct!(Acknowledge, Reject);
