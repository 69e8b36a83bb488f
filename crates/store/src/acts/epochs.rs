//! Opening a key epoch, and entering that epochs are destroyed.

use baton_domain::access::{Action, Role, RoleSet};
use baton_domain::act::{Caller, RequestId, RotateKeys};
use baton_domain::entry::EntryKind;
use baton_domain::log::canonical::Json;
use serde::{Deserialize, Serialize};

use super::{Idempotent, Prepare, Step, Turn};
use crate::error::StoreError;
use crate::keys::NamedEpoch;
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::scene::{Moment, Question, Scene};
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
    /// None: its caller may not, and is told so.
    next: Option<NamedEpoch>,
    /// None when it is the service itself.
    request: Option<RequestId>,
}

impl OpenEpoch {
    /// When it is time.
    pub(crate) fn by_itself(ledger: &Inner) -> Result<Self, StoreError> {
        let next = ledger.keys.lay_next(ledger.clock.now_us())?;
        Ok(Self {
            next: Some(next),
            request: None,
        })
    }
}

impl Prepare for RotateKeys {
    type Step = OpenEpoch;

    async fn prepare(self, ledger: &Inner, caller: &Caller) -> Result<Turn<OpenEpoch>, Refusal> {
        // A look, so that nobody else has the ring written; it is decided under the lock.
        let next = if may(ledger, caller).await? {
            ledger.keys.follow_master().await?;
            ledger.follow_epoch().await?;
            Some(ledger.keys.lay_next(ledger.clock.now_us())?)
        } else {
            None
        };
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
        let epoch = scene.epoch_in_force;
        let next = self.next.as_ref().filter(|next| next.id > epoch);
        if self.request.is_none() && next.is_none() {
            // Another node was faster.
            scene.draft.silent = true;
            return Ok(Rotated { epoch });
        }
        scene.require(Action::ManageKeys, Question::GENERAL)?;
        let next = next.ok_or(Refusal::Failed("KEYS_ROTATED_MEANWHILE"))?;
        scene.epoch = Some(next.clone());
        scene.detail("epoch", Json::Int(next.id));
        scene.detail("check", next.check.as_str());
        Ok(Rotated { epoch: next.id })
    }
}

/// Whether the policies let a caller rotate, as things stand now.
pub(super) async fn may(ledger: &Inner, caller: &Caller) -> Result<bool, Refusal> {
    ledger.may(caller, Action::ManageKeys).await
}

impl Inner {
    /// Whether the policies let a caller do what is about the service as such, as things stand now.
    /// A look; it is decided under the lock.
    pub(super) async fn may(&self, caller: &Caller, action: Action) -> Result<bool, Refusal> {
        let mut needs = Needs::default();
        needs.ask_as(caller);
        let decider = self.decider_now().await?;
        let mut world = self.look(&needs).await?;
        let with = (&self.keys, &*decider);
        let mut scene = Scene::new(&mut world, with, Some(caller), Moment::now(&self.clock));
        Ok(scene.admit().is_ok() && scene.ask(action, Question::GENERAL, None))
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
