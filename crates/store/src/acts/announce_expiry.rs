//! Telling receivers by when what was sent to them will be gone.

use std::collections::BTreeSet;

use baton_domain::access::{Action, Role, RoleSet};
use baton_domain::entry::EntryKind;
use baton_domain::ids::{SettingId, TransitionId};
use jiff::ToSpan as _;

use super::move_summary::Progress;
use super::redirect::tell;
use super::release::addressees;
use super::{Step, direct};
use crate::refusal::Refusal;
use crate::rows::{ProfileRow, ReleasedRow, TransitionRow, fact, feed_kind};
use crate::scene::{Question, Scene};
use crate::world::{Needs, Put as _};

/// How long before the last day: long enough for a school to find who was to file it.
const WEEKS_BEFORE: i64 = 4;

/// Puts the last day of a move's content before those who have it, once. What is kept apart is announced
/// by itself: who has it is named in the entry.
#[derive(Debug)]
pub(crate) struct AnnounceExpiry {
    pub(crate) transition: TransitionId,
    pub(crate) apart: bool,
}

impl Step for AnnounceExpiry {
    type Outcome = ();
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::ExpiryAnnounced
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
    }

    fn admit(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        scene.roles = RoleSet::only(Role::Sweeper);
        Ok(())
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        let row = scene.world.transitions.get(self.transition.as_str());
        let row = row.cloned();
        let untold = row.map(|row| {
            let mut told = scene.untold_of_expiry(&row);
            told.retain(|(profile, _)| profile.is_apart() == self.apart);
            (told, row)
        });
        // Another node was faster, or nobody has it any more: nothing to enter.
        let Some((told, mut row)) = untold.filter(|(told, _)| !told.is_empty()) else {
            scene.draft.silent = true;
            return Ok(());
        };
        scene.require(Action::Release, Question::GENERAL)?;
        tell(scene, &row);
        let last = scene.kept_until(&row);
        scene.detail(
            "last_day",
            last.map(|day| day.to_string()).unwrap_or_default(),
        );
        let open = scene.progress(&row) != Progress::Accepted;
        row.facts |= match (self.apart, open) {
            (true, _) => fact::APART_ANNOUNCED,
            (false, true) => fact::EXPIRY_ANNOUNCED | fact::ANNOUNCED_AS_OPEN,
            (false, false) => fact::EXPIRY_ANNOUNCED,
        };
        if self.apart {
            scene.tell_apart();
        }
        scene.world.put(row.clone());
        let (mut profiles, mut settings) = (BTreeSet::new(), BTreeSet::new());
        for (profile, to) in told {
            scene.announce(scene.feed(&row, &profile, &to, feed_kind::EXPIRES));
            profiles.insert(profile.id.as_str().to_owned());
            settings.insert(to.as_str().to_owned());
        }
        scene.detail("profiles", profiles.into_iter().collect::<Vec<_>>());
        scene.detail("to", settings.into_iter().collect::<Vec<_>>());
        Ok(())
    }
}
direct!(AnnounceExpiry);

impl Scene<'_> {
    /// Contributions that will be gone soon, with those who have them before them and were not told.
    pub(crate) fn untold_of_expiry(&self, row: &TransitionRow) -> Vec<(ProfileRow, SettingId)> {
        let Some(last) = self.kept_until(row) else {
            return Vec::new();
        };
        let near = last.saturating_sub(WEEKS_BEFORE.weeks());
        let done = row.facts & fact::ERASED != 0;
        let stays = self.is_marked(&row.learner_id, fact::HELD | fact::RESTRICTED);
        if done || stays || !(near..=last).contains(&self.today) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for profile in self.unerased(row) {
            let announced = if profile.is_apart() {
                fact::APART_ANNOUNCED
            } else {
                fact::EXPIRY_ANNOUNCED
            };
            if row.facts & announced != 0 {
                continue;
            }
            let knows = |to: &SettingId| {
                let released = self.world.released.get(&format!("{}/{to}", profile.id));
                released.is_some_and(ReleasedRow::is_told)
            };
            let to = addressees(self, row, &profile).into_iter().filter(knows);
            found.extend(to.map(|to| (profile.clone(), to)));
        }
        found
    }
}
