//! Opening a key epoch, and entering that epochs are destroyed.

use baton_domain::access::{Action, Role, RoleSet};
use baton_domain::act::{Caller, RequestId, RotateKeys};
use baton_domain::entry::EntryKind;
use baton_domain::log::canonical::Json;
use serde::{Deserialize, Serialize};

use super::{Idempotent, Prepare, Step, Turn};
use crate::error::StoreError;
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::scene::{Question, Scene};
use crate::world::Needs;

/// What stands after a rotation was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotated {
    /// The epoch in force.
    pub epoch: i64,
}

/// Puts an epoch into force whose key lies in the ring.
#[derive(Debug)]
pub(crate) struct OpenEpoch {
    next: i64,
    /// None when it is the service itself.
    request: Option<RequestId>,
}

impl OpenEpoch {
    /// When it is time.
    pub(crate) fn by_itself(ledger: &Inner) -> Result<Self, StoreError> {
        let next = ledger.keys.lay_next(ledger.clock.now_us())?;
        Ok(Self {
            next,
            request: None,
        })
    }
}

impl Prepare for RotateKeys {
    type Step = OpenEpoch;

    async fn prepare(self, ledger: &Inner, _caller: &Caller) -> Result<Turn<OpenEpoch>, Refusal> {
        // Laid into the ring before anybody decides whether it may be: a key that is never put
        // into force is the next one's.
        let next = ledger.keys.lay_next(ledger.clock.now_us())?;
        Ok(Turn::Decide(OpenEpoch {
            next,
            request: Some(self.request),
        }))
    }
}

impl Step for OpenEpoch {
    type Outcome = Rotated;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::EpochOpened
    }

    fn needs(&self, _needs: &mut Needs) {}

    fn admit(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        if self.request.is_some() {
            return scene.admit();
        }
        scene.roles = RoleSet::only(Role::Sweeper);
        Ok(())
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let id = self.request.as_ref()?;
        Some(Idempotent {
            id,
            method: "rotate_keys",
            content: Vec::new(),
        })
    }

    fn remember(outcome: &Rotated) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<Rotated> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Rotated, Refusal> {
        let another_did = scene.epoch >= self.next;
        if self.request.is_none() && another_did {
            scene.draft.silent = true;
            return Ok(Rotated { epoch: scene.epoch });
        }
        scene.require(Action::ManageKeys, Question::GENERAL)?;
        if another_did {
            return Err(Refusal::Failed("KEYS_ROTATED_MEANWHILE"));
        }
        scene.epoch = self.next;
        scene.detail("epoch", Json::Int(self.next));
        Ok(Rotated { epoch: self.next })
    }
}

/// Enters that epochs are about to be destroyed. Nothing is left under them.
#[derive(Debug)]
pub(crate) struct DestroyEpochs {
    /// The newest of them.
    pub(crate) last: i64,
}

impl Step for DestroyEpochs {
    type Outcome = ();
    /// It is for forgetting, and needs no more room than its entry.
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::EpochsDestroyed
    }

    fn needs(&self, _needs: &mut Needs) {}

    fn admit(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        scene.roles = RoleSet::only(Role::Sweeper);
        Ok(())
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        scene.require(Action::ManageKeys, Question::GENERAL)?;
        scene.detail("last_epoch", Json::Int(self.last));
        Ok(())
    }
}
