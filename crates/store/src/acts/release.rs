//! What the service does by itself: releasing what became visible late, and summing up refusals.

use std::collections::BTreeSet;

use baton_domain::access::{Action, Role, RoleSet};
use baton_domain::entry::{EntryKind, number};
use baton_domain::ids::{CredentialId, ProfileId, SettingId};
use baton_domain::log::canonical::Json;
use baton_domain::opening::{Window, provisional_kinds};
use baton_domain::recipient::RecipientRelation;
use baton_domain::section::KindSet;

use super::{Step, direct};
use crate::refusal::Refusal;
use crate::rows::{ProfileRow, ReleasedRow, TransitionRow, profile_state};
use crate::scene::{Question, Scene};
use crate::view::kinds;
use crate::world::Needs;

/// Puts a contribution before a receiver whose window opened after it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) profile: ProfileId,
    pub(crate) again: Option<Again>,
}

/// Receivers that were told before, and are shown more since the policies changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Again {
    /// Position of the entry that changed them.
    pub(crate) since: i64,
    pub(crate) to: BTreeSet<SettingId>,
}

impl Again {
    /// Whether a receiver is told once more: not when that was done since.
    fn is_for(&self, to: &SettingId, told: &ReleasedRow) -> bool {
        self.to.contains(to) && told.position < self.since
    }
}

impl Step for Release {
    type Outcome = ();
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::Released
    }

    fn needs(&self, needs: &mut Needs) {
        needs.profiles.insert(self.profile.clone());
    }

    fn admit(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        scene.roles = RoleSet::only(Role::Sweeper);
        Ok(())
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        let profile = scene.world.profiles.get(self.profile.as_str()).cloned();
        let row = profile.as_ref().and_then(|p| {
            scene
                .world
                .transitions
                .get(p.transition_id.as_str())
                .cloned()
        });
        let waiting = profile.zip(row).and_then(|(profile, row)| {
            let to: Vec<SettingId> = addressees(scene, &row, &profile)
                .into_iter()
                .filter(|to| {
                    let known = scene.world.released.get(&format!("{}/{to}", profile.id));
                    let again = |row| self.again.as_ref().is_some_and(|it| it.is_for(to, row));
                    !scene.knows(&row, &profile, to) || known.is_some_and(again)
                })
                .collect();
            (!to.is_empty()).then_some((profile, row, to))
        });
        // Another node was faster, or the window closed again: nothing to enter.
        let Some((profile, row, to)) = waiting else {
            scene.draft.silent = true;
            return Ok(());
        };
        scene.require(Action::Release, Question::GENERAL)?;
        scene.tell_of(&row, &profile);
        scene.detail("profile", profile.id.as_str());
        scene.detail("version", profile.version_number());
        if let Some(again) = &self.again {
            scene.detail("policies_since", Json::Int(again.since));
        }
        for setting in &to {
            scene.release_more(&row, &profile, setting);
        }
        let to: Vec<_> = to.iter().map(|id| id.as_str().to_owned()).collect();
        scene.detail("to", to);
        Ok(())
    }
}

/// Sums up the calls of a caller that was refused faster than its bucket allows.
#[derive(Debug, Clone)]
pub(crate) struct SummariseRefusals {
    pub(crate) credential: CredentialId,
    pub(crate) count: u64,
}

impl Step for SummariseRefusals {
    type Outcome = ();
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::RefusalsSummarised
    }

    fn needs(&self, _needs: &mut Needs) {}

    fn admit(&self, _scene: &mut Scene<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        scene.detail("credential", self.credential.as_str());
        scene
            .draft
            .detail
            .insert("count".to_owned(), number(self.count));
        Ok(())
    }
}
direct!(Release, SummariseRefusals);

/// Settings a standing contribution is for at this moment.
pub(crate) fn addressees(
    scene: &Scene<'_>,
    row: &TransitionRow,
    profile: &ProfileRow,
) -> Vec<SettingId> {
    let mut found = Vec::new();
    if profile.state != profile_state::PUBLISHED {
        return found;
    }
    let offered = kinds(profile.kinds);
    if scene.window(row, None) == Window::Open {
        let to = row.to_id.iter();
        let reached = to.filter(|to| scene.has_something_for(to, (row, profile)));
        found.extend(reached.cloned());
    }
    for other in scene.world.recipients_of(&row.id) {
        let Some(relation) = other.named() else {
            continue;
        };
        let gets = match relation {
            RecipientRelation::Further => kinds(other.kinds),
            RecipientRelation::Provisional => provisional_kinds(),
            RecipientRelation::Dual => offered,
        };
        let in_time = [Window::Provisional, Window::Open].contains(&scene.window(row, Some(other)));
        let gets = offered.intersection(gets);
        let left = |gets| scene.left_open(&other.setting_id, (row, profile), gets);
        let reached = in_time && !left(gets).is_empty();
        if reached && found.iter().all(|id| *id != other.setting_id) {
            found.push(other.setting_id.clone());
        }
    }
    found
}

impl Scene<'_> {
    /// What there is of these kinds of a contribution for a receiver: what is refused or not agreed is
    /// not there for it, nor other children who go elsewhere.
    fn left_open(
        &self,
        to: &SettingId,
        of: (&TransitionRow, &ProfileRow),
        gets: KindSet,
    ) -> KindSet {
        let gets = self.left_for(to, of, gets);
        gets.difference(self.closed_to(of, to, gets))
    }

    /// Whether anything of a contribution is for the destination, once its window is open.
    pub(super) fn has_something_for(
        &self,
        to: &SettingId,
        of: (&TransitionRow, &ProfileRow),
    ) -> bool {
        let there = self.there_for(of, to);
        !there.is_subset(self.closed_to(of, to, there))
    }
}
