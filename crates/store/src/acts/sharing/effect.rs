//! What a decision does at once: receivers that see nothing of a contribution any more are closed,
//! and what was opened is put before them, both at the position of the act that recorded it.

use std::collections::BTreeMap;

use baton_domain::access::SharingDecision;
use baton_domain::ids::SettingId;
use baton_domain::section::{KindSet, SectionKind};
use baton_domain::sharing::{Toward, sharing};

use super::toward;
use crate::acts::release::addressees;
use crate::rows::{ProfileRow, TransitionRow};
use crate::scene::Scene;
use crate::view::kinds;

/// Kinds that are refused to each receiver.
type Refused = BTreeMap<SettingId, KindSet>;

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

    /// What was decided about showing a kind of a move to who has parental responsibility, or the move as
    /// such.
    pub(crate) fn sharing_with_family(
        &self,
        row: &TransitionRow,
        kind: Option<SectionKind>,
    ) -> SharingDecision {
        let said = self.world.sharing.get(row.id.as_str());
        let about = said.into_iter().flat_map(|row| row.decisions.of_classes());
        sharing(about.map(|one| (one, false)), Toward::Family, kind)
    }

    /// Those of the kinds that are refused to a setting.
    pub(crate) fn refused(&self, row: &TransitionRow, setting: &SettingId, of: KindSet) -> KindSet {
        let refused = |kind| self.sharing(row, setting, Some(kind)) == SharingDecision::Refused;
        of.iter().filter(|kind| refused(*kind)).collect()
    }

    /// Settings a contribution is for that are told when these kinds of it change: not those who know of
    /// it and to whom all of these are closed.
    pub(crate) fn told_of_change(
        &self,
        row: &TransitionRow,
        profile: &ProfileRow,
        changed: KindSet,
    ) -> Vec<SettingId> {
        let mut all = addressees(self, row, profile);
        all.retain(|to| {
            let closed = self.closed_to((row, profile), to, changed);
            !self.knows(row, profile, to) || !changed.is_subset(closed)
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
            (to, refused)
        })
        .collect()
    }

    /// Tells receivers what they see nothing of any more, and puts before them what they see now.
    pub(super) fn put_into_effect(&mut self, row: &TransitionRow, before: &Refused) {
        let mut profiles: Vec<ProfileRow> = self.world.profiles_of(&row.id).cloned().collect();
        // What is kept apart comes last: it changes no number of what others are told.
        profiles.sort_by_key(ProfileRow::is_apart);
        let after = self.refused_to_each(row);
        for (to, refused) in &after {
            let was = before.get(to).copied().unwrap_or(KindSet::EMPTY);
            if was == *refused {
                continue;
            }
            let opened = was.difference(*refused);
            if !opened.is_empty() {
                self.world.arrives(&row.learner_id);
            }
            for profile in &profiles {
                let told = self.knows(row, profile, to);
                let opened = opened.difference(self.closed_to((row, profile), to, opened));
                let more = !kinds(profile.kinds).intersection(opened).is_empty();
                if !addressees(self, row, profile).contains(to) {
                    self.close(row, profile, to);
                } else if !told || more {
                    self.release(row, profile, to);
                }
            }
        }
    }
}
