//! What the framework agreement does to what is sent: found for each contribution and receiver from the
//! facts of the batch, and remembered nowhere.

use baton_domain::access::Relation;
use baton_domain::agreement::{SendingReason, needs_none};
use baton_domain::ids::SettingId;
use baton_domain::opening::not_carried;
use baton_domain::route::Route;
use baton_domain::section::KindSet;
use serde::{Deserialize, Serialize};

use crate::rows::{ProfileRow, RecipientRow, ReleasedRow, SentWithoutRow, TransitionRow};
use crate::scene::{Question, Scene};
use crate::view::kinds;
use crate::world::Put as _;

/// A receiver that nothing but health and child protection reaches for want of an agreement, or that is
/// sent to all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithoutAgreement {
    /// The receiver.
    pub setting: SettingId,
    /// The sender has not signed, or its caretaker has not.
    pub sender_unsigned: bool,
    /// The receiver has not signed.
    pub receiver_unsigned: bool,
    reason: i64,
}

impl WithoutAgreement {
    /// Why it is sent all the same; none: it is not.
    pub fn reason(&self) -> Option<SendingReason> {
        SendingReason::from_number(self.reason)
    }
}

/// Those of the kinds that the route of a move takes to nobody.
fn lost_on(row: &TransitionRow, of: KindSet) -> KindSet {
    let route = Route::find(&row.route);
    of.intersection(route.map_or(KindSet::ALL, |route| not_carried(route.rule)))
}

impl SentWithoutRow {
    /// Whether the head's reason stands. A number this version does not know opens nothing.
    pub(super) fn stands(&self) -> bool {
        self.ended == 0 && SendingReason::from_number(self.reason).is_some()
    }

    /// The same of what is kept apart.
    pub(super) fn stands_apart(&self) -> bool {
        self.apart_ended == 0 && SendingReason::from_number(self.apart_reason).is_some()
    }
}

impl Scene<'_> {
    /// Whether a setting has an agreement in force: its own, or once it was handed over that of its
    /// caretaker, who answers for what it left.
    pub(crate) fn has_signed(&self, setting: &SettingId) -> bool {
        let answers = self.world.caretaker_of(setting.as_str()).unwrap_or(setting);
        let row = self.world.agreements.get(answers.as_str());
        row.is_some_and(|row| row.is_in_force(self.today))
    }

    /// Reasons that were recorded to send a move to a setting all the same.
    pub(super) fn sent_without(
        &self,
        row: &TransitionRow,
        to: &SettingId,
    ) -> Option<&SentWithoutRow> {
        self.world.sent_without.get(&format!("{}/{to}", row.id))
    }

    /// Whether who contributed and who receives have both signed, or the head sends all the same.
    pub(crate) fn agreed(&self, row: &TransitionRow, profile: &ProfileRow, to: &SettingId) -> bool {
        let apart = || {
            let reasons = self.sent_without(row, to);
            reasons.is_some_and(SentWithoutRow::stands_apart)
        };
        self.agreed_between(row, &profile.setting_id, to) || profile.is_apart() && apart()
    }

    /// The same of a move as such, and who writes about it.
    pub(crate) fn agreed_between(
        &self,
        row: &TransitionRow,
        from: &SettingId,
        to: &SettingId,
    ) -> bool {
        let reasons = || self.sent_without(row, to);
        self.has_signed(from) && self.has_signed(to)
            || reasons().is_some_and(SentWithoutRow::stands)
    }

    /// Whether nothing is closed to a reader for want of an agreement, and no kind goes to it in part.
    pub(crate) fn is_whole(
        &self,
        relation: Relation,
        (row, profile): (&TransitionRow, &ProfileRow),
        reader: &SettingId,
    ) -> bool {
        let agreed = !relation.receives() || self.agreed(row, profile, reader);
        agreed && self.in_part(relation, (row, profile), reader).is_empty()
    }

    /// Those of the kinds that a receiver gets nothing of: refused by people, not for its route, or closed
    /// for want of an agreement.
    pub(crate) fn closed_to(
        &self,
        (row, profile): (&TransitionRow, &ProfileRow),
        to: &SettingId,
        of: KindSet,
    ) -> KindSet {
        let refused = self.refused(row, to, of).union(lost_on(row, of));
        if self.agreed(row, profile, to) {
            refused
        } else {
            refused.union(of.difference(needs_none()))
        }
    }

    /// What is closed of a contribution to a receiver for want of an agreement, and would be there with
    /// one.
    fn withheld(&self, row: &TransitionRow, profile: &ProfileRow, to: &SettingId) -> KindSet {
        let has = kinds(profile.kinds).union(self.kinds_of_documents(&profile.id));
        let gets = self.meant_for(row, to, has);
        if self.agreed(row, profile, to) {
            KindSet::EMPTY
        } else {
            let lacks = gets.difference(needs_none().union(lost_on(row, gets)));
            lacks.difference(self.refused(row, to, lacks))
        }
    }

    /// Whether a receiver is told of less than there will be once both have signed.
    pub(crate) fn is_short(
        &self,
        row: &TransitionRow,
        profile: &ProfileRow,
        to: &SettingId,
    ) -> bool {
        !self.withheld(row, profile, to).is_empty()
    }

    /// Whether a receiver was told of a contribution, of all it may see of it now as far as agreements
    /// go, and with every other child it may be shown.
    pub(crate) fn knows(&self, row: &TransitionRow, profile: &ProfileRow, to: &SettingId) -> bool {
        let known = self.world.released.get(&format!("{}/{to}", profile.id));
        known.is_some_and(|known| known.is_told() && self.covers(known, row, profile))
    }

    /// Whether a receiver was told of as much as agreements and friends let it see now.
    pub(crate) fn covers(
        &self,
        known: &ReleasedRow,
        row: &TransitionRow,
        profile: &ProfileRow,
    ) -> bool {
        let to = &known.setting_id;
        (known.short == 0 || self.is_short(row, profile, to))
            && self.peers_for(to, row, profile).is_subset(known.peers())
    }

    /// Remembers that a receiver was just answered with less than there will be once both have signed:
    /// then it is put before it again. No right hangs on it, so it stands even where the answer is a
    /// refusal, which is the shortest one.
    pub(crate) fn remember_short(
        &mut self,
        row: &TransitionRow,
        profile: &ProfileRow,
        to: &SettingId,
    ) {
        let known = self.world.released.get(&format!("{}/{to}", profile.id));
        let whole = known.filter(|known| known.is_told() && known.short == 0);
        let Some(whole) = whole.cloned() else { return };
        if !self.is_short(row, profile, to) {
            return;
        }
        if self.has_any((row, profile), to, KindSet::ALL) {
            self.world.put(ReleasedRow { short: 1, ..whole });
        } else {
            // Of nothing at all: what comes back is what it had.
            self.hide(row, profile, to);
        }
    }

    /// What the sending side is told of a receiver without an agreement; none with one.
    pub(crate) fn without_agreement(
        &self,
        row: &TransitionRow,
        to: &SettingId,
    ) -> Option<WithoutAgreement> {
        let (sender, receiver) = (self.has_signed(&row.from_id), self.has_signed(to));
        let beside = self.world.recipient(&row.id, to);
        let apart = beside.is_some_and(RecipientRow::is_apart);
        let reason = self.sent_without(row, to).map(|known| match known {
            known if known.stands() => known.reason,
            known if apart && known.stands_apart() => known.apart_reason,
            _ => 0,
        });
        (!sender || !receiver).then(|| WithoutAgreement {
            setting: to.clone(),
            sender_unsigned: !sender,
            receiver_unsigned: !receiver,
            reason: reason.unwrap_or_default(),
        })
    }

    /// The same of the destination.
    pub(crate) fn destination_without(&self, row: &TransitionRow) -> Option<WithoutAgreement> {
        row.to_id
            .as_ref()
            .and_then(|to| self.without_agreement(row, to))
    }

    /// The same of the destination and those recipients that who asks was shown; nothing to others than
    /// the sending side.
    pub(crate) fn receivers_without<'a>(
        &self,
        row: &'a TransitionRow,
        question: Question,
        shown: impl Iterator<Item = &'a SettingId>,
    ) -> Vec<WithoutAgreement> {
        let sends = matches!(question.relation, Relation::Source | Relation::Caretaker);
        let all = row.to_id.iter().chain(shown).filter(|_| sends);
        all.filter_map(|to| self.without_agreement(row, to))
            .collect()
    }
}
