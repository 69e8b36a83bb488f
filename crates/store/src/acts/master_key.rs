//! Another master key. The ring is sealed under it once the entry is durable.

use std::sync::Arc;

use baton_domain::access::Action;
use baton_domain::act::{Caller, RotateMasterKey};
use baton_domain::entry::EntryKind;

use super::epochs::may;
use super::{Prepare, Step, Turn};
use crate::keys::{NewMaster, Opened};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::scene::{Question, Scene};
use crate::world::Needs;

/// What stands after another master key was put into force.
#[derive(Debug)]
pub struct MasterKeyRotated {
    /// Fingerprint of the key the ring is sealed under.
    pub fingerprint: String,
    /// Fingerprint of the one before; the same when it was in force already.
    pub previous: String,
    /// Nothing was changed: it was only tried.
    pub tried: bool,
    staged: Option<Arc<NewMaster>>,
}

/// Has the ring sealed under another master key.
#[derive(Debug)]
pub(crate) struct ChangeMasterKey {
    /// None: its caller may not, and is told so.
    opened: Option<Opened>,
    validate_only: bool,
}

impl Prepare for RotateMasterKey {
    type Step = ChangeMasterKey;

    async fn prepare(
        self,
        ledger: &Inner,
        caller: &Caller,
    ) -> Result<Turn<ChangeMasterKey>, Refusal> {
        // A look, so that nobody else keeps others from it; it is decided under the lock.
        let opened = if may(ledger, caller).await? {
            let opened = ledger.keys.open_handover(&self.sealed, &self.fingerprint);
            Some(opened.await?)
        } else {
            None
        };
        Ok(Turn::Decide(ChangeMasterKey {
            opened,
            validate_only: self.validate_only,
        }))
    }

    async fn finish(ledger: &Inner, outcome: &mut MasterKeyRotated) -> Result<(), Refusal> {
        let Some(staged) = outcome.staged.take() else {
            return Ok(());
        };
        ledger.keys.seal_under(&staged).map_err(|error| {
            tracing::error!(%error, "the ring of keys could not be sealed under another master key");
            Refusal::Failed("MASTER_KEY_KEPT")
        })
    }
}

impl Step for ChangeMasterKey {
    type Outcome = MasterKeyRotated;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::MasterKeyChanged
    }

    fn needs(&self, _needs: &mut Needs) {}

    fn decide(&self, scene: &mut Scene<'_>) -> Result<MasterKeyRotated, Refusal> {
        scene.require(Action::ManageKeys, Question::GENERAL)?;
        let (old, new, staged) = match &self.opened {
            Some(Opened::New(staged)) => (&staged.old, &staged.fingerprint, Some(staged)),
            Some(Opened::InForce(both)) => (both, both, None),
            Some(Opened::Wrong) | None => return Err(Refusal::Failed("MASTER_KEY_WRONG")),
        };
        scene.detail("new_key", new.as_str());
        scene.detail("old_key", old.as_str());
        if self.validate_only {
            scene.detail("validate_only", true);
        }
        Ok(MasterKeyRotated {
            fingerprint: new.clone(),
            previous: old.clone(),
            tried: self.validate_only,
            staged: staged.filter(|_| !self.validate_only).map(Arc::clone),
        })
    }
}
