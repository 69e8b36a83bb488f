//! Marks that stand for a whole learner: a legal hold, and the restriction of processing. They lie
//! on the move that was named, and one is enough for all the setting has planned for the learner.

use baton_domain::access::Action;
use baton_domain::act::{Hold, LiftRestriction, RequestId, Restrict};
use baton_domain::entry::EntryKind;
use baton_domain::ids::{SettingId, TransitionId};
use baton_domain::log::canonical::Json;

use super::erase::alive;
use super::forget::ROWS_MAX;
use super::redirect::{Redirected, find};
use super::{Idempotent, Step, direct};
use crate::refusal::Refusal;
use crate::rows::{ProfileRow, ReleasedRow, TransitionRow, fact, feed_kind};
use crate::scene::Scene;
use crate::world::{Needs, Put as _};

/// What these acts share: whose move it is, and which mark is set or taken away.
struct Mark<'a> {
    transition: &'a TransitionId,
    action: Action,
    bit: i64,
    set: bool,
}

impl Mark<'_> {
    fn decide(&self, scene: &mut Scene<'_>) -> Result<Redirected, Refusal> {
        let (row, question) = find(scene, self.transition)?;
        scene.require(self.action, question)?;
        alive(&row)?;
        if self.set {
            let facts = row.facts | self.bit;
            if facts != row.facts {
                let row = row.clone();
                scene.world.put(TransitionRow { facts, ..row });
            }
        } else {
            // It may have been set on several. As many as one entry has room for: while one is
            // left it stands, and the answer says so.
            let marked = |one: &&TransitionRow| one.facts & self.bit != 0;
            let moves = scene.world.moves_of(&row.learner_id).filter(marked);
            for mut one in moves.take(ROWS_MAX).cloned().collect::<Vec<_>>() {
                one.facts &= !self.bit;
                scene.world.put(one);
            }
        }
        let row = scene.world.transitions.get(row.id.as_str()).cloned();
        let row = row.ok_or(Refusal::Internal)?;
        Ok(Redirected {
            transition: scene.summary_with(&row, question),
        })
    }
}

fn needs(transition: &TransitionId, needs: &mut Needs) {
    needs.transitions.insert(transition.clone());
}

fn request<'a>(id: &'a RequestId, method: &'static str, content: String) -> Idempotent<'a> {
    Idempotent {
        id,
        method,
        content: content.into_bytes(),
    }
}

impl Step for Hold {
    type Outcome = Redirected;
    /// What is past its time is erased under the disk reserve, too: keeping it has to pass.
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::HoldChanged
    }

    fn needs(&self, of: &mut Needs) {
        needs(&self.transition, of);
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {:?}", self.transition, self.reason);
        Some(request(&self.request, "hold", content))
    }

    fn remember(outcome: &Redirected) -> String {
        outcome.remembered()
    }

    fn recall(remembered: &str) -> Option<Redirected> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Redirected, Refusal> {
        scene.detail("held", Json::Bool(self.reason.is_some()));
        if let Some(reason) = self.reason {
            scene.detail("reason", reason.name());
        }
        let mark = Mark {
            transition: &self.transition,
            action: Action::Hold,
            bit: fact::HELD,
            set: self.reason.is_some(),
        };
        mark.decide(scene)
    }
}

impl Step for Restrict {
    type Outcome = Redirected;
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::Restricted
    }

    fn needs(&self, of: &mut Needs) {
        needs(&self.transition, of);
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {:?}", self.transition, self.reason);
        Some(request(&self.request, "restrict", content))
    }

    fn remember(outcome: &Redirected) -> String {
        outcome.remembered()
    }

    fn recall(remembered: &str) -> Option<Redirected> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Redirected, Refusal> {
        scene.detail("reason", self.reason.name());
        let mark = Mark {
            transition: &self.transition,
            action: Action::Restrict,
            bit: fact::RESTRICTED,
            set: true,
        };
        let marked = mark.decide(scene)?;
        scene.take_from_sight(&self.transition);
        Ok(marked)
    }
}

impl Step for LiftRestriction {
    type Outcome = Redirected;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::RestrictionLifted
    }

    fn needs(&self, of: &mut Needs) {
        needs(&self.transition, of);
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = self.transition.as_str().to_owned();
        Some(request(&self.request, "lift_restriction", content))
    }

    fn remember(outcome: &Redirected) -> String {
        outcome.remembered()
    }

    fn recall(remembered: &str) -> Option<Redirected> {
        serde_json::from_str(remembered).ok()
    }

    /// The sweeper puts before the receivers again what they may see again.
    fn decide(&self, scene: &mut Scene<'_>) -> Result<Redirected, Refusal> {
        let mark = Mark {
            transition: &self.transition,
            action: Action::Restrict,
            bit: fact::RESTRICTED,
            set: false,
        };
        mark.decide(scene)
    }
}
direct!(Hold, Restrict, LiftRestriction);

impl Scene<'_> {
    /// Puts every contribution of a learner before its receivers once more: they find that it is
    /// not available, and again what it is when the restriction is lifted.
    fn take_from_sight(&mut self, transition: &TransitionId) {
        let Some(row) = self.world.transitions.get(transition.as_str()) else {
            return;
        };
        let moves = self.world.moves_of(&row.learner_id).cloned();
        for row in moves.collect::<Vec<TransitionRow>>() {
            let profiles: Vec<ProfileRow> = self.world.profiles_of(&row.id).cloned().collect();
            for profile in profiles {
                let told: Vec<ReleasedRow> = self
                    .world
                    .released
                    .iter()
                    .filter(|told| told.profile_id == profile.id && told.is_told())
                    .cloned()
                    .collect();
                for mut told in told {
                    let to: SettingId = told.setting_id.clone();
                    told.position = ReleasedRow::HIDDEN;
                    self.world.put(told);
                    self.announce(self.feed(&row, &profile, &to, feed_kind::PROFILE));
                }
            }
        }
    }
}
