//! What is of class R is a contribution of its own, kept apart from the ordinary one (ADR 23): by
//! neither version, count, size nor arrival does it show to those who may see nothing of it.
//!
//! Who may know of it hangs on roles alone and on no window: to a safeguarding lead it is hidden and
//! shown as anything else. The laws that no policy set may break say which roles those are
//! (`access/invariants.rs` of the domain).

use baton_domain::access::{Relation, Role, RoleSet};
use baton_domain::ids::{Alias, SettingId};
use baton_domain::section::{Class, KindSet, SectionKind};

use super::redirect::{note_released_at, tell};
use crate::engine::value::{Column as _, Value};
use crate::rows::{
    AboutRow, FeedRow, ProfileRow, RecipientRow, ReleasedRow, TransitionRow, apart, profile_state,
};
use crate::scene::Scene;
use crate::view::{kinds, recipient};
use crate::world::Put as _;

/// Bits of the roles that are told of what is kept apart, for texts that ask the credential: of all
/// of it, and of what has a note that was released.
pub(super) fn told_roles() -> [Value; 2] {
    [Role::Dsl, Role::Senco].map(|role| i64::from(RoleSet::only(role).bits()).into_value())
}

/// Whether a kind is kept apart.
pub(crate) fn is_restricted(kind: SectionKind) -> bool {
    kind.class() == Class::R
}

/// Whether that is all there is in a set.
pub(crate) fn all_restricted(gets: KindSet) -> bool {
    !gets.is_empty() && gets.iter().all(is_restricted)
}

impl ProfileRow {
    /// Whether it is the contribution of class R.
    pub(crate) fn is_apart(&self) -> bool {
        self.apart != 0
    }

    fn has_note(&self) -> bool {
        kinds(self.kinds).contains(SectionKind::ChildProtectionNote)
    }
}

impl RecipientRow {
    /// Whether it gets what is of class R and nothing else.
    pub(super) fn is_apart(&self) -> bool {
        self.named().is_some() && self.was_apart()
    }

    /// Whether that is so, or was until it was ended.
    pub(super) const fn was_apart(&self) -> bool {
        self.apart != 0
    }
}

impl FeedRow {
    /// Whether a caller with these roles is told of it. What the contribution's own row says, which an
    /// entry commits to, stands over what the feed says.
    pub(crate) fn is_for(&self, roles: RoleSet, profile: Option<&ProfileRow>) -> bool {
        let apart = match (self.apart, profile) {
            (apart::NOT, Some(profile)) if profile.is_apart() => apart::LEAD,
            (apart, _) => apart,
        };
        match apart {
            apart::NOT => true,
            apart::RELEASED => roles.contains(Role::Dsl) || roles.contains(Role::Senco),
            _ => roles.contains(Role::Dsl),
        }
    }
}

impl Scene<'_> {
    /// Who of a receiver is told of a contribution.
    pub(super) fn told(
        &self,
        row: &TransitionRow,
        profile: &ProfileRow,
        addressee: &SettingId,
    ) -> i64 {
        let relation = if row.to_id.as_ref() == Some(addressee) {
            Relation::NamedDestination
        } else {
            Relation::Dual
        };
        let released = self.note_is_released(addressee, row, relation);
        match profile.is_apart() {
            false => apart::NOT,
            true if released && profile.has_note() => apart::RELEASED,
            true => apart::LEAD,
        }
    }

    /// Whether a DSL of a setting released the note to the setting's own SENCO.
    pub(crate) fn note_is_released(
        &self,
        setting: &SettingId,
        row: &TransitionRow,
        relation: Relation,
    ) -> bool {
        match relation {
            Relation::FurtherRecipient | Relation::Dual => {
                let named = self.world.recipient(&row.id, setting);
                let named = named.filter(|named| named.note_released != 0);
                // Released is what it gets.
                named.is_some_and(|named| {
                    named.relation != recipient::FURTHER
                        || kinds(named.kinds).contains(SectionKind::ChildProtectionNote)
                })
            }
            relation => row.facts & note_released_at(relation) != 0,
        }
    }

    /// Whether the caller may know that there is this contribution.
    pub(crate) fn may_know(
        &self,
        row: &TransitionRow,
        profile: &ProfileRow,
        relation: Relation,
    ) -> bool {
        let acting = self.caller.map(|caller| &caller.acting);
        let released = acting.is_some_and(|it| self.note_is_released(it, row, relation));
        !profile.is_apart()
            || self.roles.contains(Role::Dsl)
            || self.roles.contains(Role::Senco) && released && profile.has_note()
    }

    /// Names the learner of a contribution in the entry.
    pub(crate) fn tell_of(&mut self, row: &TransitionRow, profile: &ProfileRow) {
        tell(self, row);
        if profile.is_apart() {
            self.tell_apart();
        }
    }

    /// Makes the entry findable by the learner's alias to those alone who may know of what is apart,
    /// unless it tells more.
    pub(crate) fn about_apart(&mut self, alias: &Alias) {
        let position = self.position;
        if self
            .world
            .about
            .get(&format!("{alias}/{position}"))
            .is_none()
        {
            self.world.put(AboutRow {
                alias: alias.clone(),
                position,
                apart: 1,
            });
        }
    }

    /// Says of this act's entry that whatever it tells of a learner is kept apart.
    pub(crate) fn tell_apart(&mut self) {
        let here = |about: &&AboutRow| about.position == self.position;
        let here = self.world.about.iter().filter(here);
        for mut about in here.cloned().collect::<Vec<_>>() {
            about.apart = 1;
            self.world.put(about);
        }
    }

    /// Whether a recipient of class R alone is meant, now or before, by somebody who may know that. What
    /// others try leads nowhere, and their account says so of every setting.
    pub(super) fn knows_was_apart(&self, named: &RecipientRow) -> bool {
        named.was_apart() && self.roles.contains(Role::Dsl)
    }

    /// Puts what has a note before a receiver again, once a lead of it has released it: to that SENCO it
    /// is new.
    pub(super) fn tell_senco(&mut self, row: &TransitionRow, to: &SettingId) {
        let known = |one: &ProfileRow| {
            let released = self.world.released.get(&format!("{}/{to}", one.id));
            released.is_some_and(ReleasedRow::is_told)
        };
        let apart = self.world.profiles_of(&row.id);
        let apart = apart.filter(|one| one.is_apart() && one.state == profile_state::PUBLISHED);
        for profile in apart.filter(|one| known(one)).cloned().collect::<Vec<_>>() {
            self.release(row, &profile, to);
        }
    }
}
