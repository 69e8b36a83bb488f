//! The learner, or who has parental responsibility, sees the own record: given, ended, shown. What they
//! see is found anew in every act (`view.rs`).

use baton_domain::access::{Action, AgeStage, Grant, Role, RoleSet};
use baton_domain::act::{AddFamilyAccess, EndFamilyAccess, ListFamilyAccess};
use baton_domain::entry::EntryKind;
use baton_domain::family::{AT_ONCE_MAX, EVER_MAX, LeftOut};
use baton_domain::ids::{LearnerId, TransitionId};
use baton_domain::log::canonical::Json;
use baton_domain::sharing::Giver;
use serde::{Deserialize, Serialize};

use super::credentials::{CredentialView, NewCredential, issue};
use super::erase::alive;
use super::redirect::find;
use super::{Idempotent, Step, direct};
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
    fn of(row: &CredentialRow, credential: CredentialView) -> Self {
        Self {
            credential,
            who: row.person,
            left_out: row.left_out.clone(),
        }
    }

    /// Who they are.
    pub fn who(&self) -> Option<Giver> {
        Giver::from_number(self.who)
    }

    /// What they are not shown.
    pub fn left_out(&self) -> LeftOut {
        LeftOut::from_text(&self.left_out).unwrap_or_default()
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

/// Whose record a credential is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnRecord {
    pub(crate) learner: LearnerId,
    pub(crate) who: Giver,
    pub(crate) left_out: LeftOut,
}

impl CredentialRow {
    /// Whose record it is for. None inside for one of a setting's people; none at all for a row that is
    /// neither, which gives nothing.
    pub(crate) fn own_record(&self, roles: RoleSet) -> Option<Option<OwnRecord>> {
        let person = roles == RoleSet::only(Role::Person);
        let Some(learner) = &self.learner_id else {
            return (!roles.contains(Role::Person) && self.person == 0).then_some(None);
        };
        let own = OwnRecord {
            learner: learner.clone(),
            who: Giver::from_number(self.person)?,
            left_out: LeftOut::from_text(&self.left_out)?,
        };
        person.then_some(Some(own))
    }

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
        let family = scene.world.family_of(&row.learner_id);
        let now = family.iter().filter(|one| one.stands(scene.time_us));
        if now.count() >= AT_ONCE_MAX || family.len() >= EVER_MAX {
            return Err(Refusal::Failed("TOO_MANY_FAMILY_ACCESSES"));
        }
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
        let access = FamilyAccessView::of(&row, CredentialView::of(&row));
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
        let all: Vec<_> = all
            .map(|row| FamilyAccessView::of(row, CredentialView::of(row)))
            .collect();
        scene.detail("count", u32::try_from(all.len()).unwrap_or(u32::MAX));
        Ok(all)
    }
}
direct!(AddFamilyAccess, EndFamilyAccess, ListFamilyAccess);
