//! What naming, ending and promoting does at once: feeds say what the rights are after it.

use baton_domain::ids::SettingId;
use baton_domain::recipient::RecipientRelation;
use baton_domain::section::KindSet;

use super::has_note;
use crate::acts::release::addressees;
use crate::rows::{ProfileRow, RecipientRow, ReleasedRow, TransitionRow};
use crate::scene::Scene;
use crate::view::{kinds, recipient};
use crate::world::Put as _;

impl Scene<'_> {
    /// Has a recipient's feed say what its rights are after a change: what it sees now and was not
    /// told of, or sees more kinds of than before, is put before it; what it sees no more is closed.
    pub(super) fn settle(&mut self, row: &TransitionRow, setting: &SettingId, more: KindSet) {
        let profiles: Vec<ProfileRow> = self.world.profiles_of(&row.id).cloned().collect();
        for profile in &profiles {
            let told = self.knows(row, profile, setting);
            let widened = self.has_any((row, profile), setting, more);
            if !addressees(self, row, profile).contains(setting) {
                self.close(row, profile, setting);
            } else if !told || widened {
                if widened {
                    self.forget_answer(profile, setting);
                }
                self.release_more(row, profile, setting);
            }
        }
    }

    /// Takes a recipient's rights away and tells it so, if it ever had any: then it is a former one.
    pub(super) fn end_recipient(&mut self, row: &TransitionRow, named: &RecipientRow) {
        let setting = &named.setting_id;
        let mut told = false;
        let profiles: Vec<ProfileRow> = self.world.profiles_of(&row.id).cloned().collect();
        for profile in &profiles {
            let key = format!("{}/{setting}", profile.id);
            // Who was told of nothing but what is kept apart is no former receiver.
            told |= !profile.is_apart() && self.world.released.get(&key).is_some();
            self.close(row, profile, setting);
        }
        let relation = if told {
            recipient::FORMER
        } else {
            recipient::NONE
        };
        self.world.put(named.ended(relation));
        self.end_reason_apart(row, setting);
    }

    /// The final plan names a setting: those it might have named as well are closed.
    pub(in crate::acts) fn end_provisional(&mut self, row: &TransitionRow) {
        let others = self.world.recipients_of(&row.id);
        let others = others.filter(|one| one.relation == recipient::PROVISIONAL);
        let others: Vec<RecipientRow> = others.cloned().collect();
        for one in &others {
            self.end_recipient(row, one);
        }
        if !others.is_empty() {
            let ended = others.iter().map(|one| one.setting_id.as_str().to_owned());
            self.detail("ended", ended.collect::<Vec<_>>());
        }
    }

    /// A setting becomes the destination. Where it was a recipient it sees more now, which is put
    /// before it again as soon as its window is open; and what it said of its part is not said of
    /// the whole.
    pub(in crate::acts) fn promote(&mut self, row: &TransitionRow, new: &SettingId) {
        let Some(before) = self.world.recipient(&row.id, new).cloned() else {
            return;
        };
        self.world.put(RecipientRow {
            apart: 0,
            ..before.ended(recipient::NONE)
        });
        self.end_reason_apart(row, new);
        if before.named().is_none() {
            return;
        }
        let profiles: Vec<ProfileRow> = self.world.profiles_of(&row.id).cloned().collect();
        for profile in profiles {
            let key = format!("{}/{new}", profile.id);
            let told = self.world.released.get(&key).cloned();
            if let Some(mut told) = told.filter(ReleasedRow::is_told) {
                told.position = ReleasedRow::HIDDEN;
                self.world.put(told);
            }
            self.forget_answer(&profile, new);
        }
    }

    /// A DSL of a setting beside the destination releases the note to the SENCO of its own.
    pub(in crate::acts) fn release_note_beside(&mut self, row: &TransitionRow) {
        let Some(caller) = self.caller else { return };
        let named = self.world.recipient(&row.id, &caller.acting).cloned();
        // What is not received is not released.
        let gets = |named: &RecipientRow| match named.named() {
            Some(RecipientRelation::Further) => has_note(kinds(named.kinds)),
            relation => relation.is_some(),
        };
        if let Some(mut named) = named.filter(gets) {
            named.note_released = 1;
            self.world.put(named);
        }
    }
}
