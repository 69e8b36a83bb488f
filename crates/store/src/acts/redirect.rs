//! Another destination: the old receiver is closed at the position of this act.

use baton_domain::access::{Action, Relation};
use baton_domain::act::{Fact, Offer, RecordFact, Redirect};
use baton_domain::entry::EntryKind;
use baton_domain::ids::{SettingId, TransitionId};
use baton_domain::log::canonical::Json;
use baton_domain::route::{Route, SettingKind};
use serde::{Deserialize, Serialize};

use super::erase::alive;
use super::move_summary::MoveSummary;
use super::release::addressees;
use super::settings::{code_text, resolve};
use super::{Idempotent, Step, direct};
use crate::refusal::Refusal;
use crate::rows::{
    FeedRow, ProfileRow, RecipientRow, ReleasedRow, SettingRow, TransitionRow, fact, feed_kind,
};
use crate::scene::{Question, Scene};
use crate::view::recipient;
use crate::world::{Needs, Put as _};

/// A move after its destination or a fact changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirected {
    /// The move.
    pub transition: MoveSummary,
}

impl Redirected {
    /// Identifiers are personal data and are not kept twice: a replay shows the move without.
    pub(super) fn remembered(&self) -> String {
        let mut kept = self.clone();
        kept.transition.learner.clear();
        serde_json::to_string(&kept).unwrap_or_default()
    }
}

/// Facts that hold for one destination only.
const OF_DESTINATION: i64 = fact::PLAN_NAMES_SETTING
    | fact::PERSON_RELEASED
    | fact::BEST_INTERESTS
    | fact::ENROLLED
    | fact::NOTE_RELEASED_AT_DESTINATION
    | fact::EXPIRY_ANNOUNCED
    | fact::APART_ANNOUNCED
    | fact::ANNOUNCED_AS_OPEN;

impl Scene<'_> {
    /// Takes a contribution out of a receiver's sight and tells it so, if it was ever told.
    pub(crate) fn close(&mut self, row: &TransitionRow, profile: &ProfileRow, of: &SettingId) {
        let key = format!("{}/{of}", profile.id);
        let released = self.world.released.get(&key).filter(|r| r.holds());
        let Some(mut released) = released.cloned() else {
            return;
        };
        released.position = ReleasedRow::CLOSED;
        self.world.put(released);
        self.announce(self.feed(row, profile, of, feed_kind::CLOSED));
    }

    /// Remembers that a receiver was told a contribution is not available, if it is hidden from
    /// the setting as such: when that ends, it is put before it again.
    pub(crate) fn hide(&mut self, row: &TransitionRow, profile: &ProfileRow, of: &SettingId) {
        let key = format!("{}/{of}", profile.id);
        let released = self.world.released.get(&key).filter(|r| r.is_told());
        let Some(mut released) = released.cloned() else {
            return;
        };
        if !addressees(self, row, profile).contains(of) {
            released.position = ReleasedRow::HIDDEN;
            self.world.put(released);
        }
    }

    /// Puts a contribution before a receiver.
    pub(crate) fn release(&mut self, row: &TransitionRow, profile: &ProfileRow, to: &SettingId) {
        self.world.put(ReleasedRow {
            profile_id: profile.id.clone(),
            setting_id: to.clone(),
            position: self.position,
            peers: i64::from(self.peers_for(to, row, profile).bits()),
            short: i64::from(self.is_short(row, profile, to)),
        });
        self.announce(self.feed(row, profile, to, feed_kind::PROFILE));
    }

    /// Puts a contribution before a receiver that sees more of it than it answered for.
    pub(crate) fn release_more(
        &mut self,
        row: &TransitionRow,
        profile: &ProfileRow,
        to: &SettingId,
    ) {
        let before = self.world.released.get(&format!("{}/{to}", profile.id));
        // What was hidden meanwhile and comes back as it was is nothing more.
        let same = |one: &ReleasedRow| one.is_hidden() && self.covers(one, row, profile);
        if !before.is_some_and(same) {
            self.forget_answer(profile, to);
        }
        self.release(row, profile, to);
    }

    /// A line in a setting's feed, at this act's position.
    pub(super) fn feed(
        &self,
        row: &TransitionRow,
        profile: &ProfileRow,
        addressee: &SettingId,
        kind: i64,
    ) -> FeedRow {
        FeedRow {
            addressee: addressee.clone(),
            position: self.position,
            item: 0,
            kind,
            apart: self.told(row, profile, addressee),
            profile_id: profile.id.clone(),
            transition_id: row.id.clone(),
            point: Route::find(&row.route).map_or(0, |route| i64::from(route.point.number())),
            academic_year: row.academic_year,
        }
    }

    /// Changes a move's destination in place.
    pub(crate) fn change_destination(&mut self, row: &mut TransitionRow, to: Option<SettingId>) {
        if let Some(old) = row.to_id.take() {
            let mut profiles: Vec<ProfileRow> = self.world.profiles_of(&row.id).cloned().collect();
            // What is kept apart comes last: it changes no number of what others are told.
            profiles.sort_by_key(ProfileRow::is_apart);
            for profile in &profiles {
                self.close(row, profile, &old);
            }
            // Who was never told of the learner is no former receiver: it learns nothing now. Nor is
            // who was told of nothing but what is kept apart.
            let told = |p: &ProfileRow| self.world.released.get(&format!("{}/{old}", p.id));
            let mut open = profiles.iter().filter(|profile| !profile.is_apart());
            if open.any(|profile| told(profile).is_some()) {
                let former = RecipientRow::of(&row.id, &old);
                self.world.put(former.ended(recipient::FORMER));
            }
        }
        if let Some(new) = &to {
            self.promote(row, new);
        }
        // Offer, start and facts were about the old destination.
        row.facts &= !OF_DESTINATION;
        (row.offer_date, row.accepted, row.start_date) = (None, 0, None);
        if to.is_none() {
            row.facts |= fact::DESTINATION_REMOVED;
        } else {
            row.facts &= !fact::DESTINATION_REMOVED;
        }
        row.to_id = to;
    }
}

/// Whether a setting can be the destination of a route.
pub(crate) fn admits(route: &Route, to: &SettingRow) -> Result<(), Refusal> {
    let kind = u32::try_from(to.kind)
        .ok()
        .and_then(SettingKind::from_number);
    if kind.is_some_and(|kind| route.admits(kind)) {
        Ok(())
    } else {
        Err(Refusal::Failed("DESTINATION_NOT_OF_ROUTE"))
    }
}

/// Writes what is stated of an offer, and that the council stated it; the rest stays.
pub(crate) fn set_offer(row: &mut TransitionRow, offer: Offer, by: Relation) {
    if let Some(date) = offer.date {
        row.offer_date = Some(date.to_string());
    }
    if let Some(accepted) = offer.accepted {
        row.accepted = if accepted { 1 } else { 2 };
    }
    if by == Relation::Council {
        row.facts |= offer.date.map_or(0, |_| fact::OFFER_LOADED);
        row.facts |= offer.accepted.map_or(0, |_| fact::ACCEPTANCE_RECORDED);
    }
}

/// Whether naming another destination for a move takes something back that was said of it.
pub(crate) fn has_destination_settled(row: &TransitionRow) -> bool {
    row.to_id.is_some() || councils(row) || row.facts & fact::DESTINATION_REMOVED != 0
}

/// Whether the council has said anything about the offer of a move.
pub(crate) fn councils(row: &TransitionRow) -> bool {
    row.facts & (fact::OFFER_LOADED | fact::ACCEPTANCE_RECORDED) != 0
}

/// Loading offers is the council's. A source may state what it was told, until the council has
/// loaded an offer or recorded an acceptance for the move: then it may only repeat them.
pub(crate) fn may_offer(
    scene: &mut Scene<'_>,
    question: Question,
    before: Option<&TransitionRow>,
    (offer, moved): (Offer, bool),
) -> Result<(), Refusal> {
    let stated = offer.date.is_some() || offer.accepted.is_some();
    let recorded = before.filter(|row| councils(row));
    let differs = recorded.is_some_and(|row| {
        let mut after = row.clone();
        set_offer(&mut after, offer, question.relation);
        moved || after != *row
    });
    if stated && (question.relation == Relation::Council || differs) {
        scene.require(Action::Offer, question)
    } else {
        Ok(())
    }
}

/// The move and how the caller stands to it; one that is not there is denied. The entry names it
/// whatever comes of the act.
pub(crate) fn find(
    scene: &mut Scene<'_>,
    id: &TransitionId,
) -> Result<(TransitionRow, Question), Refusal> {
    let caller = scene.caller.ok_or(Refusal::Denied)?;
    scene.detail("transition", id.as_str());
    let row = scene
        .world
        .transitions
        .get(id.as_str())
        .cloned()
        .ok_or(Refusal::Denied)?;
    tell(scene, &row);
    let question = scene.question(&caller.acting, &row);
    Ok((row, question))
}

/// Names the move's learner in the entry and makes it findable.
pub(crate) fn tell(scene: &mut Scene<'_>, row: &TransitionRow) {
    let learner = scene.world.learners.get(row.learner_id.as_str());
    if let Some(alias) = learner.map(|learner| learner.alias.clone()) {
        scene.detail("learner", alias.as_str());
        scene.about(&alias);
    }
    scene.detail("transition", row.id.as_str());
}

impl Step for Redirect {
    type Outcome = Redirected;
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::Redirected
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
        needs.codes.extend(self.to.as_ref().map(code_text));
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {:?} {:?}", self.transition, self.to, self.offer).into_bytes();
        Some(Idempotent {
            id: &self.request,
            method: "redirect",
            content,
        })
    }

    fn remember(outcome: &Redirected) -> String {
        outcome.remembered()
    }

    fn recall(remembered: &str) -> Option<Redirected> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Redirected, Refusal> {
        let (mut row, question) = find(scene, &self.transition)?;
        scene.require(Action::Redirect, question)?;
        alive(&row)?;
        let route = Route::find(&row.route).ok_or(Refusal::Internal)?;
        let to = match &self.to {
            None => None,
            Some(code) => {
                let to = resolve(scene.world, code).ok_or(Refusal::Failed("UNKNOWN_SETTING"))?;
                admits(route, &to)?;
                Some(to.id)
            }
        };
        let moved = row.to_id != to;
        may_offer(scene, question, Some(&row), (self.offer, moved))?;
        scene.detail(
            "from",
            row.to_id
                .as_ref()
                .map_or(Json::Null, |id| id.as_str().into()),
        );
        scene.detail(
            "to",
            to.as_ref().map_or(Json::Null, |id| id.as_str().into()),
        );
        let before = row.clone();
        if moved {
            scene.change_destination(&mut row, to);
        }
        set_offer(&mut row, self.offer, question.relation);
        if row != before {
            scene.world.put(row.clone());
        }
        Ok(Redirected {
            transition: scene.summary_after(&row, question),
        })
    }
}
direct!(Redirect, RecordFact);

/// A DSL releases the note to the SENCO of its own setting and of no other.
pub(crate) const fn note_released_at(relation: Relation) -> i64 {
    match relation {
        Relation::Source => fact::NOTE_RELEASED_AT_SOURCE,
        Relation::NamedDestination => fact::NOTE_RELEASED_AT_DESTINATION,
        _ => 0,
    }
}

impl Step for RecordFact {
    type Outcome = Redirected;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::FactRecorded
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {:?}", self.transition, self.fact).into_bytes();
        Some(Idempotent {
            id: &self.request,
            method: "fact",
            content,
        })
    }

    fn remember(outcome: &Redirected) -> String {
        outcome.remembered()
    }

    fn recall(remembered: &str) -> Option<Redirected> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Redirected, Refusal> {
        let (mut row, question) = find(scene, &self.transition)?;
        let (action, bit, name) = match self.fact {
            Fact::PersonReleased => (
                Action::RecordPersonReleased,
                fact::PERSON_RELEASED,
                "person_released",
            ),
            Fact::BestInterests => (
                Action::RecordBestInterests,
                fact::BEST_INTERESTS,
                "best_interests",
            ),
            Fact::Enrolled => (Action::RecordEnrolled, fact::ENROLLED, "enrolled"),
            Fact::NoteReleased => (
                Action::ReleaseChildProtectionNote,
                note_released_at(question.relation),
                "child_protection_note_released",
            ),
        };
        scene.detail("fact", name);
        if self.fact == Fact::NoteReleased {
            // Whatever becomes of it.
            scene.tell_apart();
        }
        scene.require(action, question)?;
        alive(&row)?;
        if self.fact == Fact::NoteReleased {
            let known = question.note_released;
            if bit == 0 {
                scene.release_note_beside(&row);
            } else {
                row.facts |= bit;
                scene.world.put(row.clone());
            }
            if !known && question.relation != Relation::Source {
                let acting = scene.caller.ok_or(Refusal::Denied)?.acting.clone();
                scene.tell_senco(&row, &acting);
            }
        } else {
            row.facts |= bit;
            scene.world.put(row.clone());
        }
        Ok(Redirected {
            transition: scene.summary_after(&row, question),
        })
    }
}
