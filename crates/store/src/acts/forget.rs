//! What erasing does to the facts of a batch, whoever asked for it. What decides about access stays
//! as a row that tells nothing, so that a fold of the entries still gives the rows.

use baton_domain::access::Relation;
use baton_domain::ids::{ProfileId, SettingId};
use baton_domain::section::{KindSet, SectionKind};

use super::cut::Changed;
use super::move_summary::Progress;
use crate::erasure::Gone;
use crate::learner;
use crate::rows::{
    ProfileRow, RecipientRow, SentWithoutRow, SharingRow, TransitionRow, fact, profile_state,
};
use crate::said::Decisions;
use crate::scene::Scene;
use crate::standing::Standing;
use crate::view::{recipient, year};
use crate::world::Put as _;

/// Most rows that decide about access one entry changes by erasing: with a commitment to each it
/// stays under 16 KiB.
pub(super) const ROWS_MAX: usize = 64;
/// Those of them that say who else had to do with a move. What is beyond stays as it is: that a
/// setting once was the destination of a move of which nothing is known.
const RECIPIENTS_MAX: usize = 32;
/// Bytes of documents that weigh as much as a row: all that a contribution may have are 50.
const BYTES_A_ROW: u64 = 2 * 1024 * 1024;

impl Scene<'_> {
    /// How many such rows of a move an erasure changes.
    pub(super) fn rows_of(&self, row: &TransitionRow) -> usize {
        let others = self.world.recipients_of(&row.id).take(RECIPIENTS_MAX);
        let unerased = self.unerased(row);
        let profiles = unerased.iter().map(|one| self.rows_of_profile(&one.id));
        let said = usize::from(self.world.sharing.get(row.id.as_str()).is_some());
        let sent = self.sent_without_of(row).len();
        let family = self.rows_of_family(&row.learner_id);
        1 + family + profiles.sum::<usize>() + others.count() + said + sent
    }

    /// Settings a move was ever sent to without an agreement.
    fn sent_without_of(&self, row: &TransitionRow) -> Vec<SentWithoutRow> {
        let all = self.world.sent_without.iter();
        all.filter(|one| one.transition_id == row.id)
            .cloned()
            .collect()
    }

    /// The same of a contribution. Long documents count for more: what is overwritten takes as much
    /// of the log, and one commit has to find room for it.
    pub(super) fn rows_of_profile(&self, profile: &ProfileId) -> usize {
        let of_it = self.world.documents_of(profile);
        let kept = of_it.filter(|document| document.is_kept());
        let (count, bytes) = kept.fold((0, 0), |(count, bytes), one| {
            (count + 1, bytes + one.bytes.unsigned_abs())
        });
        1 + count + usize::try_from(bytes / BYTES_A_ROW).unwrap_or(usize::MAX)
    }

    /// Contributions to a move of which something is left. Those that were erased before may be
    /// many: each publish after that made another one.
    pub(super) fn unerased(&self, row: &TransitionRow) -> Vec<ProfileRow> {
        let all = self.world.profiles_of(&row.id);
        let mut all: Vec<_> = all
            .filter(|one| one.state != profile_state::ERASED)
            .cloned()
            .collect();
        // What is kept apart comes last: it changes no number of what others are told.
        all.sort_by_key(ProfileRow::is_apart);
        all
    }

    /// Receivers that have a contribution before them.
    pub(super) fn holders(&self, profile: &ProfileId) -> Vec<SettingId> {
        let released = self.world.released.iter();
        let of_it = released.filter(|row| row.profile_id == *profile && row.holds());
        let mut holders: Vec<SettingId> = of_it.map(|row| row.setting_id.clone()).collect();
        holders.sort();
        holders
    }

    /// Receivers that ever had it before them, whatever became of that.
    pub(super) fn told_of(&self, profile: &ProfileId) -> Vec<SettingId> {
        let released = self.world.released.iter();
        let of_it = released.filter(|row| row.profile_id == *profile);
        of_it.map(|row| row.setting_id.clone()).collect()
    }

    /// Everything of a move but that there was one, and whether the learner enrolled by it: other
    /// moves' windows hang on that.
    pub(super) fn forget_move(&mut self, row: &TransitionRow) {
        for profile in self.unerased(row) {
            self.forget_contribution(row, &profile);
        }
        self.note_gone(&Gone::Move(row.id.clone()));
        let others = self.world.recipients_of(&row.id).take(RECIPIENTS_MAX);
        for other in others.cloned().collect::<Vec<_>>() {
            self.world.put(RecipientRow {
                apart: 0,
                ..other.ended(recipient::NONE)
            });
        }
        let said = self.world.sharing.get(row.id.as_str()).cloned();
        if let Some(said) = said {
            self.world.put(SharingRow {
                decisions: Decisions::default(),
                ..said
            });
        }
        for sent in self.sent_without_of(row) {
            self.world.put(SentWithoutRow {
                reason: 0,
                ended: 1,
                apart_reason: 0,
                apart_ended: 1,
                ..sent
            });
        }
        self.world.put(TransitionRow {
            to_id: None,
            council_id: None,
            plan_council_id: None,
            offer_date: None,
            accepted: 0,
            start_date: None,
            facts: fact::ERASED | (row.facts & fact::ENROLLED),
            learner_group: None,
            ..row.clone()
        });
    }

    /// Every version of a contribution; whoever had it before them is told.
    pub(super) fn forget_profile(&mut self, row: &TransitionRow, profile: &ProfileRow) {
        self.forget_contribution(row, profile);
        self.note_gone(&Gone::Profile(profile.id.clone()));
    }

    fn forget_contribution(&mut self, row: &TransitionRow, profile: &ProfileRow) {
        if profile.state == profile_state::ERASED {
            return;
        }
        for holder in self.holders(&profile.id) {
            self.close(row, profile, &holder);
        }
        self.world.put(ProfileRow {
            state: profile_state::ERASED,
            level: 0,
            kinds: 0,
            sections: Standing::default(),
            bytes: 0,
            ..profile.clone()
        });
        self.forget_documents(&profile.id, None);
        self.world.forget_profile(&profile.id);
    }

    /// One kind of a contribution, in its versions up to one, and its documents of that kind. Whoever
    /// has it before them is shown what is left.
    pub(super) fn forget_section(
        &mut self,
        row: &TransitionRow,
        profile: &ProfileRow,
        (kind, version): (SectionKind, i64),
    ) {
        let before = profile.sections.kinds();
        let mut sections = profile.sections.clone();
        // Sent again since, it is another one.
        if sections.get(kind).is_some_and(|one| one.version <= version) {
            sections.remove(kind);
        }
        let left = sections.kinds();
        let other = |one: Option<SectionKind>| one != Some(kind);
        if left.is_empty() && !self.has_documents(&profile.id, other) {
            return self.forget_profile(row, profile);
        }
        let had = self.kinds_of_documents(&profile.id).contains(kind);
        self.forget_documents(&profile.id, Some(kind));
        let number = i64::from(kind.number());
        self.world.forget_section(&profile.id, number, version);
        self.note_gone(&Gone::Section {
            profile: profile.id.clone(),
            kind: number,
            version,
            at: (self.term, self.position),
        });
        if kind == SectionKind::Identity && !left.contains(kind) {
            self.forget_birth(row);
        }
        if left == before && !had {
            return;
        }
        let after = ProfileRow {
            kinds: i64::from(left.bits()),
            bytes: sections.bytes(),
            sections,
            ..profile.clone()
        };
        self.world.put(after.clone());
        let gone = KindSet::of(&[kind]);
        let files = if had { gone } else { KindSet::EMPTY };
        let changed = Changed::by_version((gone, files), Some(profile), &after);
        self.tell_again(row, &after, changed);
    }

    /// The date of birth that was taken out of an identity section, for the age rules.
    fn forget_birth(&mut self, row: &TransitionRow) {
        let learner = self.world.learners.get(row.learner_id.as_str()).cloned();
        let record = learner.and_then(|learner| {
            let record = learner::open(self.world, self.keys, &learner).ok()?;
            Some((learner, record))
        });
        if let Some((learner, mut record)) = record {
            record.born = None;
            if let Ok(sealed) = learner::seal(self.world, self.keys, learner, &record) {
                self.world.put(sealed);
            }
        }
    }

    /// As many moves as one entry has room for, after so many rows; whether that was all.
    pub(super) fn forget_moves(&mut self, moves: &[TransitionRow], rows: &mut usize) -> bool {
        for row in moves {
            let of_this = self.rows_of(row);
            if *rows > 0 && *rows + of_this > ROWS_MAX {
                return false;
            }
            *rows += of_this;
            self.forget_move(row);
        }
        true
    }

    /// The learner of an erased move, once none of its moves is left.
    pub(super) fn forget_learner_of(&mut self, row: &TransitionRow) {
        let living = |other: &TransitionRow| other.facts & fact::ERASED == 0;
        if self.world.moves_of(&row.learner_id).any(living) {
            return;
        }
        let learner = self.world.learners.get(row.learner_id.as_str()).cloned();
        if let Some(learner) = learner {
            self.forget_family(&learner.id);
            self.world.forget_learner(&learner, self.position);
            self.note_gone(&Gone::Learner(learner.id));
        }
    }

    pub(super) fn note_gone(&mut self, gone: &Gone) {
        self.world.note_erased(gone.row(self.term, self.position));
    }

    /// The last day a move's content is kept.
    pub(crate) fn kept_until(&self, row: &TransitionRow) -> Option<jiff::civil::Date> {
        let year = year(row).ok()?;
        // What was announced is not taken back by a late acknowledgement.
        let announced = row.facts & fact::ANNOUNCED_AS_OPEN != 0;
        Some(if self.progress(row) == Progress::Accepted && !announced {
            year.filed_until()
        } else {
            year.closes_on()
        })
    }

    /// The same, as a reader is told: the day itself would tell other recipients what the destination
    /// did.
    pub(super) fn told_until(
        &self,
        row: &TransitionRow,
        to: Relation,
    ) -> Option<jiff::civil::Date> {
        let others = [
            Relation::FurtherRecipient,
            Relation::Dual,
            Relation::Provisional,
        ];
        self.kept_until(row).filter(|_| !others.contains(&to))
    }

    /// Kinds of a contribution the caller may see: of others an erasure does not tell.
    pub(super) fn seen_of(&mut self, row: &TransitionRow, profile: &ProfileRow) -> KindSet {
        let Some(caller) = self.caller else {
            return KindSet::EMPTY;
        };
        self.visible(&caller.acting, row, profile, KindSet::EMPTY)
    }
}
