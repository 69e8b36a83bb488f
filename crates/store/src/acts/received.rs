//! What a receiver who asks has before it of a move, beside what was asked: as much as its own role may
//! read of each contribution, whatever else its setting may.

use baton_domain::ids::SettingId;
use baton_domain::recipient::RecipientRelation;
use baton_domain::section::{KindSet, SectionKind};

use crate::rows::{ProfileRow, TransitionRow, profile_state};
use crate::scene::{Question, Scene};
use crate::view::kinds;

impl Scene<'_> {
    /// Contributions of which who asks sees something now, or would if they had not been taken back since
    /// they were put before its setting. What is kept apart counts for nobody.
    pub(super) fn received(
        &self,
        row: &TransitionRow,
        question: Question,
        setting: &SettingId,
    ) -> Vec<&ProfileRow> {
        let all = self.world.profiles_of(&row.id);
        let ordinary = all.filter(|profile| !profile.is_apart());
        let seen = ordinary.filter(|profile| {
            let standing = profile.state == profile_state::PUBLISHED;
            let put = || {
                let released = self
                    .world
                    .released
                    .get(&format!("{}/{setting}", profile.id));
                released.is_some()
            };
            (standing || put()) && self.reads_any((row, profile), question, setting)
        });
        seen.collect()
    }

    /// Whether a receiver who asks may read any kind of a contribution, sections or documents.
    pub(super) fn reads_any(
        &self,
        of: (&TransitionRow, &ProfileRow),
        question: Question,
        setting: &SettingId,
    ) -> bool {
        let sections = self.left_for(setting, of, kinds(of.1.kinds));
        let papers = self.kinds_of_documents(&of.1.id);
        let there = sections.union(papers.difference(self.in_part_for(of.0, setting)));
        !self.kinds_read(of, question, setting, there).is_empty()
    }

    /// Those of the kinds that a receiver who asks may read.
    pub(super) fn kinds_read(
        &self,
        of: (&TransitionRow, &ProfileRow),
        question: Question,
        setting: &SettingId,
        there: KindSet,
    ) -> KindSet {
        let named = self.world.recipient(&of.0.id, setting);
        let subset = named.filter(|one| one.named() == Some(RecipientRelation::Further));
        let gets = subset.map_or(there, |one| there.intersection(kinds(one.kinds)));
        let reads = |kind: &SectionKind| {
            let asked = self.asked_by_receiver(question, (setting, *kind), of);
            self.would_count(asked, *kind)
        };
        gets.iter().filter(reads).collect()
    }
}
