//! Pupils whose identity was changed to protect them: what must not be written of them, and numbers that
//! lead to nobody any more.
//!
//! Nothing here tells which learner it is about, in the ledger neither: what stands of the old identity
//! and what of the new one must not meet in one place.

use baton_domain::access::{Action, Relation};
use baton_domain::act::{Caller, Former, GuardIdentity, ReadmitIdentifiers};
use baton_domain::entry::EntryKind;
use baton_domain::guarded::{Fault, Guard};
use baton_domain::ids::{LearnerId, LearnerIdentifier, LearnerScheme, SettingId};
use baton_domain::log::canonical::Json;
use baton_domain::section::SectionKind;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::erase::alive;
use super::{Idempotent, Prepare, Step, Turn, direct};
use crate::keys::Keys;
use crate::learner::{self, Record};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::LearnerRow;
use crate::scene::{Question, Scene};
use crate::world::{Needs, Put as _};

/// A guard that was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guarded {
    /// Phrases that are in force.
    pub phrases: usize,
    /// Something was published before: it was not looked through.
    pub published_before: bool,
}

impl Scene<'_> {
    /// Whether the caller answers for who the learner is.
    pub(super) fn protects(&mut self, question: Question) -> bool {
        self.ask(Action::Protect, question, None)
    }

    /// A learner's record.
    pub(super) fn record(&self, learner: &LearnerId) -> Result<(LearnerRow, Record), Refusal> {
        let row = self.world.learners.get(learner.as_str()).cloned();
        let row = row.ok_or(Refusal::Internal)?;
        let record = learner::open(self.world, self.keys, &row)?;
        Ok((row, record))
    }

    /// A learner's numbers lead to nobody from now on. What its setting itself calls it may go on.
    pub(super) fn retire(&mut self, learner: &LearnerId) -> Result<(), Refusal> {
        let (_, record) = self.record(learner)?;
        let own = |id: &&LearnerIdentifier| id.scheme() == LearnerScheme::Local;
        let own: Vec<_> = record.identifiers.iter().filter(own).cloned().collect();
        let own = learner::blinds(self.keys, &own).pop().unwrap_or_default();
        self.world.retire(learner, &own);
        Ok(())
    }

    /// Why nothing is done by these numbers, if one is of an identity that was put away.
    pub(super) fn refuses(
        &self,
        owner: &SettingId,
        numbers: &[(LearnerScheme, String)],
    ) -> Option<Refusal> {
        let retired = numbers
            .iter()
            .filter(|(_, blind)| self.world.is_retired(blind, owner));
        let faults: Vec<_> = retired.map(|(scheme, _)| Fault::Retired(*scheme)).collect();
        (!faults.is_empty()).then_some(Refusal::FormerIdentity(faults))
    }

    /// Refuses the title of a document that would lead back to who the learner was.
    pub(super) fn refuse_title(&self, learner: &LearnerId, title: &str) -> Result<(), Refusal> {
        if self.record(learner)?.1.guard.is_named_in(title) {
            return Err(Refusal::FormerIdentity(vec![Fault::Title]));
        }
        Ok(())
    }
}

impl Step for GuardIdentity {
    type Outcome = Guarded;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::IdentityGuarded
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let guard: Guard = self.phrases.iter().cloned().collect();
        let phrases = serde_json::to_string(&guard).unwrap_or_default();
        Some(Idempotent {
            id: &self.request,
            method: "guard_identity",
            content: format!("{} {phrases}", self.transition).into_bytes(),
        })
    }

    fn remember(outcome: &Guarded) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<Guarded> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Guarded, Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        scene.detail("guarded", Json::Bool(!self.phrases.is_empty()));
        let row = scene.world.transitions.get(self.transition.as_str());
        let row = row.cloned().ok_or(Refusal::Denied)?;
        let question = scene.question(&caller.acting, &row);
        if !scene.protects(question) {
            return Err(Refusal::Denied);
        }
        alive(&row)?;
        let (learner, mut record) = scene.record(&row.learner_id)?;
        record.guard = self.phrases.iter().cloned().collect();
        let sealed = learner::seal(scene.world, scene.keys, learner, &record)?;
        scene.world.put(sealed);
        let moves: Vec<_> = scene.world.moves_of(&row.learner_id).cloned().collect();
        Ok(Guarded {
            phrases: self.phrases.len(),
            published_before: moves.iter().any(|one| !scene.unerased(one).is_empty()),
        })
    }
}
direct!(GuardIdentity);

/// What a profile says, as far as it could lead back.
#[derive(Debug)]
pub(super) struct Wording {
    sections: Vec<(SectionKind, Bytes)>,
    signatory: String,
    /// Lines in the index of the former UPNs it states.
    former: Vec<String>,
    names: bool,
}

impl Wording {
    pub(super) fn of(
        keys: &Keys,
        sections: Vec<(SectionKind, Bytes)>,
        signatory: String,
        former: Former,
    ) -> Self {
        let upns: Vec<_> = former
            .upns
            .into_iter()
            .map(LearnerIdentifier::Upn)
            .collect();
        Self {
            sections,
            signatory,
            former: learner::blinds(keys, &upns),
            names: former.names,
        }
    }

    pub(super) fn blinds(&self) -> impl Iterator<Item = &String> {
        self.former.iter()
    }

    /// Everything in it that would lead back; `retired`: a former UPN is one that was retired.
    pub(super) fn faults(&self, guard: &Guard, retired: bool) -> Vec<Fault> {
        let mut faults = Vec::new();
        let guarded = !guard.is_empty();
        if retired || (guarded && !self.former.is_empty()) {
            faults.push(Fault::FormerUpn);
        }
        if guarded && self.names {
            faults.push(Fault::FormerNames);
        }
        if guard.is_named_in(&self.signatory) {
            faults.push(Fault::Signatory);
        }
        for (kind, bytes) in &self.sections {
            let found = guard.find(bytes).into_iter();
            faults.extend(found.map(|path| Fault::Phrase(*kind, path)));
        }
        faults
    }
}

/// Numbers whose lines in the index can be looked up.
#[derive(Debug)]
pub(crate) struct ReadmitStep {
    act: ReadmitIdentifiers,
    blinds: Vec<String>,
}

impl Prepare for ReadmitIdentifiers {
    type Step = ReadmitStep;

    async fn prepare(self, ledger: &Inner, _caller: &Caller) -> Result<Turn<ReadmitStep>, Refusal> {
        let blinds = learner::blinds(&ledger.keys, &self.identifiers);
        Ok(Turn::Decide(ReadmitStep { act: self, blinds }))
    }
}

impl Step for ReadmitStep {
    type Outcome = usize;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::IdentifiersReadmitted
    }

    fn needs(&self, needs: &mut Needs) {
        needs.blinds.extend(self.blinds.iter().cloned());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        Some(Idempotent {
            id: &self.act.request,
            method: "readmit_identifiers",
            content: self.blinds.join(" ").into_bytes(),
        })
    }

    fn remember(outcome: &usize) -> String {
        outcome.to_string()
    }

    fn recall(remembered: &str) -> Option<usize> {
        remembered.parse().ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<usize, Refusal> {
        let acting = scene.caller.ok_or(Refusal::Denied)?.acting.clone();
        // Those of its own setting only: another one's are none of its facts.
        let own = Question {
            relation: Relation::Source,
            ..Question::GENERAL
        };
        if !scene.protects(own) {
            return Err(Refusal::Denied);
        }
        let retired = |blind: &&String| scene.world.is_retired(blind, &acting);
        let retired: Vec<_> = self.blinds.iter().filter(retired).cloned().collect();
        for blind in &retired {
            scene.world.readmit(blind, &acting);
        }
        scene.detail("count", u32::try_from(retired.len()).unwrap_or(u32::MAX));
        Ok(retired.len())
    }
}
