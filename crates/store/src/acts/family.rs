//! The learner, or who has parental responsibility, sees the own record: given, ended, shown. What they
//! see is found anew in every act (`view.rs`).

use baton_domain::access::{Action, AgeStage, Grant};
use baton_domain::act::{AddFamilyAccess, EndFamilyAccess, ListFamilyAccess};
use baton_domain::entry::EntryKind;
use baton_domain::family::{AT_ONCE_MAX, KEPT_MAX, LeftOut};
use baton_domain::ids::{LearnerId, TransitionId};
use baton_domain::log::canonical::Json;
use baton_domain::sharing::Giver;
use serde::{Deserialize, Serialize};

use super::credentials::{CredentialView, NewCredential, issue};
use super::erase::alive;
use super::redirect::find;
use super::{Idempotent, Step, direct};
use crate::own_record::OwnRecord;
use crate::refusal::Refusal;
use crate::rows::{CredentialRow, TransitionRow, credential_state, fact};
use crate::scene::Scene;
use crate::world::{Needs, Put as _, World};

/// An access as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyAccessView {
    /// How they prove themselves.
    pub credential: CredentialView,
    who: i64,
    left_out: String,
}

impl FamilyAccessView {
    fn of(row: &CredentialRow) -> Self {
        Self {
            credential: CredentialView::of(row),
            who: row.person,
            left_out: row.left_out.clone(),
        }
    }

    /// Who they are.
    pub fn who(&self) -> Option<Giver> {
        Giver::from_number(self.who)
    }

    /// What they are not shown; none if that cannot be read, and then they are shown nothing.
    pub fn left_out(&self) -> Option<LeftOut> {
        LeftOut::from_text(&self.left_out)
    }
}

/// An access that was just given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyAccessGiven {
    /// The access.
    pub access: FamilyAccessView,
    /// The secret of an API key, this once: it is neither stored nor given on a replay.
    #[serde(skip)]
    pub secret: Option<[u8; 32]>,
}

impl CredentialRow {
    /// Whether it counts among those a learner's record may have at a time.
    fn stands(&self, time_us: i64) -> bool {
        self.state == credential_state::LIVE && time_us < self.expires_us
    }

    /// What is left of an access once nothing is known of the learner.
    fn of_nobody(&self) -> Self {
        Self {
            state: credential_state::REVOKED,
            learner_id: None,
            label: String::new(),
            left_out: String::new(),
            ..self.clone()
        }
    }
}

impl World {
    /// Accesses to a learner's record, ended ones too, in order of their ids.
    fn family_of(&self, learner: &LearnerId) -> Vec<&CredentialRow> {
        let all = self.credentials.iter();
        let mut of: Vec<_> = all
            .filter(|row| row.learner_id.as_ref() == Some(learner))
            .collect();
        of.sort_by(|one, other| one.id.cmp(&other.id));
        of
    }
}

impl Scene<'_> {
    /// How many rows it takes to end every access to a learner's record.
    pub(super) fn rows_of_family(&self, learner: &LearnerId) -> usize {
        self.world.family_of(learner).len()
    }

    /// Nothing is known of a learner any more: nobody has access to it.
    pub(super) fn forget_family(&mut self, learner: &LearnerId) {
        let all = self.world.family_of(learner);
        let ended: Vec<_> = all.into_iter().map(CredentialRow::of_nobody).collect();
        for row in ended {
            self.world.put(row);
        }
    }

    /// What makes room for one more access to a learner's record. Of those that ended, the one whose time
    /// was over first is kept with it no longer: whoever leaves many behind in the years at a school is
    /// not locked out.
    fn room_in_family(&self, learner: &LearnerId) -> Result<Option<CredentialRow>, Refusal> {
        let family = self.world.family_of(learner);
        let (now, over): (Vec<_>, Vec<_>) =
            family.into_iter().partition(|one| one.stands(self.time_us));
        if now.len() >= AT_ONCE_MAX {
            return Err(Refusal::Failed("TOO_MANY_FAMILY_ACCESSES"));
        }
        let full = now.len() + over.len() >= KEPT_MAX;
        let oldest = over.into_iter().min_by_key(|one| one.expires_us);
        Ok(oldest.filter(|_| full).map(CredentialRow::of_nobody))
    }

    /// A move of the learner to whose record the caller may give access, and the learner's age.
    fn given_for(&mut self, id: &TransitionId) -> Result<(TransitionRow, AgeStage), Refusal> {
        let (row, question) = find(self, id)?;
        self.require(Action::GiveFamilyAccess, question)?;
        Ok((row, question.age))
    }
}

impl Step for AddFamilyAccess {
    type Outcome = FamilyAccessGiven;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::FamilyAccessAdded
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
        needs.families = true;
        needs.prove(&self.proof);
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!(
            "{} {:?} {} {} {:?} {:?} {}",
            self.transition,
            self.reader,
            self.left_out.to_text(),
            self.label,
            self.proof,
            self.days,
            self.lifetime_days,
        );
        Some(Idempotent {
            id: &self.request,
            method: "add_family_access",
            content: content.into_bytes(),
        })
    }

    fn remember(outcome: &FamilyAccessGiven) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<FamilyAccessGiven> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<FamilyAccessGiven, Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        let (row, age) = scene.given_for(&self.transition)?;
        alive(&row)?;
        if scene.is_marked(&row.learner_id, fact::RESTRICTED) {
            return Err(Refusal::Failed("PROCESSING_RESTRICTED"));
        }
        let wrong = self.reader.faults(age, scene.today);
        if !wrong.is_empty() {
            return Err(Refusal::FamilyUnfit(wrong));
        }
        let makes_room = scene.room_in_family(&row.learner_id)?;
        let issued = issue(
            scene,
            &NewCredential {
                setting: &caller.acting,
                label: &self.label,
                grant: Grant::PERSON,
                own: Some(OwnRecord {
                    learner: row.learner_id.clone(),
                    who: self.reader.who,
                    left_out: self.left_out.clone(),
                }),
                proof: &self.proof,
                days: self.days,
                lifetime_days: self.lifetime_days,
            },
        )?;
        if let Some(oldest) = makes_room {
            scene.world.put(oldest);
        }
        scene.detail("who", self.reader.who.name());
        scene.detail("basis", self.reader.basis.name());
        let left_out = self.left_out.iter();
        let left_out = left_out.map(|(kind, by)| Json::Str(format!("{kind}={}", by.code)));
        scene.detail("left_out", Json::Arr(left_out.collect()));
        Ok(FamilyAccessGiven {
            access: FamilyAccessView {
                credential: issued.credential,
                who: self.reader.who.number().into(),
                left_out: self.left_out.to_text(),
            },
            secret: issued.secret,
        })
    }
}

impl Step for EndFamilyAccess {
    type Outcome = FamilyAccessView;
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::FamilyAccessEnded
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
        needs.credentials.insert(self.credential.clone());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {}", self.transition, self.credential).into_bytes();
        Some(Idempotent {
            id: &self.request,
            method: "end_family_access",
            content,
        })
    }

    fn remember(outcome: &FamilyAccessView) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<FamilyAccessView> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<FamilyAccessView, Refusal> {
        let (of, _) = scene.given_for(&self.transition)?;
        let row = scene.world.credentials.get(self.credential.as_str());
        let row = row.filter(|row| row.learner_id.as_ref() == Some(&of.learner_id));
        let mut row = row.cloned().ok_or(Refusal::Denied)?;
        row.state = credential_state::REVOKED;
        scene.detail("credential", row.id.as_str());
        let access = FamilyAccessView::of(&row);
        scene.world.put(row);
        Ok(access)
    }
}

impl Step for ListFamilyAccess {
    type Outcome = Vec<FamilyAccessView>;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::FamilyAccessListed
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
        needs.families = true;
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Vec<FamilyAccessView>, Refusal> {
        let (of, _) = scene.given_for(&self.transition)?;
        let all = scene.world.family_of(&of.learner_id).into_iter();
        let all: Vec<_> = all.map(FamilyAccessView::of).collect();
        scene.detail("count", u32::try_from(all.len()).unwrap_or(u32::MAX));
        Ok(all)
    }
}
direct!(AddFamilyAccess, EndFamilyAccess, ListFamilyAccess);
