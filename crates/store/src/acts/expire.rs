//! Erasing by the service itself: what is past its time, and what came back with an old copy.

use baton_domain::access::{Action, Role, RoleSet};
use baton_domain::entry::{EntryKind, number};
use baton_domain::ids::TransitionId;
use baton_domain::section::SectionKind;

use super::forget::ROWS_MAX;
use super::redirect::tell;
use super::{Step, direct};
use crate::erasure::Gone;
use crate::head::int;
use crate::refusal::Refusal;
use crate::rows::{DocumentRow, ProfileRow, TransitionRow, document_state, fact};
use crate::scene::{Question, Scene};
use crate::world::Needs;

/// Erases a move whose time is over, and its learner with the last one.
#[derive(Debug)]
pub(crate) struct Expire {
    pub(crate) transition: TransitionId,
}

impl Step for Expire {
    type Outcome = ();
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::Expired
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
        needs.families = true;
    }

    fn admit(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        scene.roles = RoleSet::only(Role::Sweeper);
        Ok(())
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        let row = scene.world.transitions.get(self.transition.as_str());
        let due = row.cloned().filter(|row| scene.is_due(row));
        let Some(row) = due else {
            scene.draft.silent = true;
            return Ok(());
        };
        scene.require(Action::Erase, Question::GENERAL)?;
        tell(scene, &row);
        let profiles = scene.unerased(&row).into_iter();
        let profiles: Vec<_> = profiles.map(|one| one.id.as_str().to_owned()).collect();
        scene.detail("profiles", profiles);
        scene.forget_move(&row);
        scene.forget_learner_of(&row);
        Ok(())
    }
}

impl Scene<'_> {
    /// Whether a move's time is over and nothing keeps it.
    pub(crate) fn is_due(&self, row: &TransitionRow) -> bool {
        let over = self.kept_until(row).is_some_and(|last| self.today > last);
        let kept = fact::HELD | fact::RESTRICTED;
        over && row.facts & fact::ERASED == 0 && !self.is_marked(&row.learner_id, kept)
    }
}

/// Erases again what came back with an older copy of the database: as much of it as one entry has
/// room for, in order. Its outcome is how many were done.
#[derive(Debug)]
pub(crate) struct EraseAgain {
    pub(crate) gone: Vec<Gone>,
}

impl Step for EraseAgain {
    type Outcome = usize;
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::ErasedAgain
    }

    fn needs(&self, needs: &mut Needs) {
        needs.families = true;
        for gone in &self.gone {
            match gone {
                Gone::Learner(id) => drop(needs.learners.insert(id.clone())),
                Gone::Move(id) => drop(needs.transitions.insert(id.clone())),
                Gone::Document(id) => drop(needs.documents.insert(id.clone())),
                Gone::Profile(id) | Gone::Section { profile: id, .. } => {
                    needs.profiles.insert(id.clone());
                }
            }
        }
    }

    fn admit(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        scene.roles = RoleSet::only(Role::Sweeper);
        Ok(())
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<usize, Refusal> {
        scene.require(Action::Erase, Question::GENERAL)?;
        let (mut done, mut rows) = (0, 0);
        for gone in &self.gone {
            if !scene.forget_again(gone, &mut rows) {
                break;
            }
            scene.note_gone(gone);
            done += 1;
        }
        scene.detail("count", u32::try_from(done).unwrap_or(u32::MAX));
        Ok(done)
    }
}

impl Scene<'_> {
    /// Whether all of it is gone now.
    fn forget_again(&mut self, gone: &Gone, rows: &mut usize) -> bool {
        if let Gone::Profile(id) | Gone::Section { profile: id, .. } = gone {
            let of_this = self.rows_of_profile(id);
            if *rows > 0 && *rows + of_this > ROWS_MAX {
                return false;
            }
            *rows += of_this;
        }
        match gone {
            Gone::Learner(id) => {
                let living = |row: &&TransitionRow| row.facts & fact::ERASED == 0;
                let moves = self.world.moves_of(id).filter(living).cloned();
                let moves: Vec<_> = moves.collect();
                let all = self.forget_moves(&moves, rows);
                let learner = self.world.learners.get(id.as_str()).cloned();
                if let Some(learner) = learner.filter(|_| all) {
                    self.forget_family(&learner.id);
                    self.world.forget_learner(&learner, self.position);
                }
                return all;
            }
            Gone::Move(id) => {
                let living = |row: &&TransitionRow| row.facts & fact::ERASED == 0;
                let row = self.world.transitions.get(id.as_str()).filter(living);
                let row: Vec<_> = row.cloned().into_iter().collect();
                return self.forget_moves(&row, rows);
            }
            Gone::Profile(id) => {
                if let Some((row, profile)) = contribution(self, id.as_str()) {
                    self.forget_profile(&row, &profile);
                }
            }
            Gone::Document(id) => {
                let row = self.world.documents.get(id.as_str()).cloned();
                if let Some(row) = row.filter(DocumentRow::is_kept) {
                    self.forget_document(&row, document_state::ERASED);
                }
                self.forget_staged(id);
                *rows += 1;
            }
            Gone::Section {
                profile,
                kind,
                version,
                ..
            } => {
                let kind = u32::try_from(*kind).ok();
                let kind = kind.and_then(SectionKind::from_number);
                let found = contribution(self, profile.as_str());
                if let Some(((row, profile), kind)) = found.zip(kind) {
                    self.forget_section(&row, &profile, (kind, *version));
                }
            }
        }
        true
    }
}

fn contribution(scene: &Scene<'_>, id: &str) -> Option<(TransitionRow, ProfileRow)> {
    let profile = scene.world.profiles.get(id).cloned()?;
    let row = scene.world.transitions.get(profile.transition_id.as_str());
    row.cloned().map(|row| (row, profile))
}

/// Enters what is done below a position beside the rows themselves.
#[derive(Debug)]
pub(crate) enum Below {
    /// The files of the database were cleared of what was erased.
    Scrubbed(u64),
    /// Bodies of entries are dropped.
    BodiesDropped(u64),
}

impl Step for Below {
    type Outcome = ();
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        match self {
            Self::Scrubbed(_) => EntryKind::StorageScrubbed,
            Self::BodiesDropped(_) => EntryKind::BodiesDropped,
        }
    }

    fn needs(&self, _needs: &mut Needs) {}

    fn admit(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        scene.roles = RoleSet::only(Role::Sweeper);
        Ok(())
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        scene.require(Action::Erase, Question::GENERAL)?;
        let (Self::Scrubbed(below) | Self::BodiesDropped(below)) = self;
        scene.detail("below", number(*below));
        if matches!(self, Self::Scrubbed(_)) {
            scene.world.scrubbed_below(int(*below));
        }
        Ok(())
    }
}
direct!(Expire, EraseAgain, Below);
