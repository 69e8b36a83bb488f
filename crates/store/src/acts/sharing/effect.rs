//! What a decision does at once: receivers that see nothing of a contribution any more are closed,
//! and what was opened is put before them, both at the position of the act that recorded it.

use std::collections::BTreeMap;

use baton_domain::access::SharingDecision;
use baton_domain::ids::SettingId;
use baton_domain::section::{KindSet, SectionKind};
use baton_domain::sharing::sharing;

use super::toward;
use crate::acts::cut::Changed;
use crate::acts::release::addressees;
use crate::rows::{ProfileRow, TransitionRow};
use crate::scene::Scene;
use crate::standing::Brought;

/// Kinds that are refused to each receiver, and those that go to it in part.
type Refused = BTreeMap<SettingId, (KindSet, KindSet)>;

impl Scene<'_> {
    /// What was decided about showing a kind of a move to a setting, or the move as such.
    pub(crate) fn sharing(
        &self,
        row: &TransitionRow,
        setting: &SettingId,
        kind: Option<SectionKind>,
    ) -> SharingDecision {
        let known = self.world.settings.get(setting.as_str()).and_then(toward);
        let Some(toward) = known else {
            // A setting nobody looked up is shown nothing that can be refused.
            return SharingDecision::Refused;
        };
        let said = self.world.sharing.get(row.id.as_str());
        let about = said
            .into_iter()
            .flat_map(|row| row.decisions.about(setting));
        sharing(about, toward, kind)
    }

    /// Those of the kinds that are refused to a setting.
    pub(crate) fn refused(&self, row: &TransitionRow, setting: &SettingId, of: KindSet) -> KindSet {
        let refused = |kind| self.sharing(row, setting, Some(kind)) == SharingDecision::Refused;
        of.iter().filter(|kind| refused(*kind)).collect()
    }

    /// Settings a contribution is for that are told when it changes: not those who know of it and are
    /// shown nothing of what changed.
    pub(crate) fn told_of_change(
        &self,
        row: &TransitionRow,
        profile: &ProfileRow,
        changed: Changed,
    ) -> Vec<SettingId> {
        let mut all = addressees(self, row, profile);
        all.retain(|to| {
            !self.knows(row, profile, to) || self.sees_change((row, profile), to, changed)
        });
        all
    }

    /// What is refused to each that receives a move.
    pub(super) fn refused_to_each(&self, row: &TransitionRow) -> Refused {
        let beside = self.world.recipients_of(&row.id);
        let beside = beside.filter(|one| one.named().is_some());
        let beside = beside.map(|one| one.setting_id.clone());
        let all = row.to_id.clone().into_iter().chain(beside);
        all.map(|to| {
            let refused = self.refused(row, &to, KindSet::ALL);
            let in_part = self.in_part_for(row, &to);
            (to, (refused, in_part))
        })
        .collect()
    }

    /// Whether a receiver is shown more of these kinds of a contribution now that they do not go in part
    /// any more.
    fn is_more_of(
        &self,
        whole: KindSet,
        (row, profile): (&TransitionRow, &ProfileRow),
        to: &SettingId,
    ) -> bool {
        let gets = self.meant_for(row, to, whole);
        let papers = self.kinds_of_documents(&profile.id);
        let gets = gets.difference(self.closed_to((row, profile), to, gets));
        gets.iter().any(|kind| {
            let section = profile.sections.get(kind);
            papers.contains(kind) || section.is_some_and(Brought::has_more)
        })
    }

    /// Tells receivers what they see nothing of any more, and puts before them what they see now.
    pub(super) fn put_into_effect(&mut self, row: &TransitionRow, before: &Refused) {
        let mut profiles: Vec<ProfileRow> = self.world.profiles_of(&row.id).cloned().collect();
        // What is kept apart comes last: it changes no number of what others are told.
        profiles.sort_by_key(ProfileRow::is_apart);
        let after = self.refused_to_each(row);
        for (to, now) in &after {
            let was = before.get(to).copied().unwrap_or_default();
            if was == *now {
                continue;
            }
            let (opened, whole) = (was.0.difference(now.0), was.1.difference(now.1));
            if !opened.is_empty() {
                self.world.arrives(&row.learner_id);
            }
            for profile in &profiles {
                let told = self.knows(row, profile, to);
                let more = self.has_any((row, profile), to, opened)
                    || self.is_more_of(whole, (row, profile), to);
                if !addressees(self, row, profile).contains(to) {
                    self.close(row, profile, to);
                } else if !told || more {
                    if more {
                        self.forget_answer(profile, to);
                    }
                    self.release_more(row, profile, to);
                }
            }
        }
    }
}
