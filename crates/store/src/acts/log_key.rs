//! A new key for checkpoints: it signs from the entry on that says so, beside the key before it for
//! as long as they overlap, and alone then.

use std::time::Duration;

use baton_domain::access::Action;
use baton_domain::act::{Caller, RequestId, RotateLogKey};
use baton_domain::entry::EntryKind;
use baton_domain::log::canonical::Json;
use baton_domain::log::handover::{HANDOVERS_MAX, Handover};
use baton_domain::log::note::SignerKey;
use serde::{Deserialize, Serialize};

use super::epochs::may;
use super::{Idempotent, Prepare, Step, Turn};
use crate::head::Head;
use crate::ledger::Inner;
use crate::log_keys::{LogKeys, NONE, check};
use crate::refusal::Refusal;
use crate::rows::LogKeyRow;
use crate::scene::{Question, Scene};
use crate::world::{Needs, Put as _};

/// What stands after a rotation was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogKeyRotated {
    /// The key in force, a C2SP vkey.
    pub verifier_key: String,
    /// The key before it.
    pub previous: String,
    /// Until when both sign, microseconds UTC.
    pub until_us: i64,
}

/// Puts a key into force that lies in the ring.
#[derive(Debug)]
pub(crate) struct ChangeLogKey {
    /// None: its caller may not, and is told so.
    next: Option<Next>,
    overlap: Duration,
    request: RequestId,
}

/// The key after one that was in force a moment ago.
#[derive(Debug)]
struct Next {
    number: i64,
    old: SignerKey,
    new: SignerKey,
}

impl Prepare for RotateLogKey {
    type Step = ChangeLogKey;

    async fn prepare(self, ledger: &Inner, caller: &Caller) -> Result<Turn<ChangeLogKey>, Refusal> {
        // A look, so that nobody else has the ring written; it is decided under the lock.
        let next = if may(ledger, caller).await? {
            next(ledger).await?
        } else {
            None
        };
        Ok(Turn::Decide(ChangeLogKey {
            next,
            overlap: ledger.rotation.log_key_overlap,
            request: self.request,
        }))
    }
}

/// The next key; none while two sign already, or when there were as many as there may be.
async fn next(ledger: &Inner) -> Result<Option<Next>, Refusal> {
    let head = Head::read(&mut ledger.db.once().await?).await?;
    let head = head.ok_or(Refusal::Unavailable)?;
    let (mut named, origin) = (head.log_keys.clone(), head.origin()?);
    named.retire(ledger.clock.now_us().max(head.time_us));
    let most = i64::try_from(HANDOVERS_MAX).unwrap_or(i64::MAX);
    if named.before != NONE || named.current > most {
        return Ok(None);
    }
    let number = ledger.keys.lay_log_key(named.current)?;
    Ok(Some(Next {
        number,
        old: ledger.keys.signer(&origin, named.current)?,
        new: ledger.keys.signer(&origin, number)?,
    }))
}

impl Step for ChangeLogKey {
    type Outcome = LogKeyRotated;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::LogKeyChanged
    }

    fn needs(&self, _needs: &mut Needs) {}

    fn admit(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        scene.admit()
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        Some(Idempotent {
            id: &self.request,
            method: "rotate_log_key",
            content: Vec::new(),
        })
    }

    fn remember(outcome: &LogKeyRotated) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<LogKeyRotated> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<LogKeyRotated, Refusal> {
        scene.require(Action::ManageKeys, Question::GENERAL)?;
        let named = &scene.log_keys;
        let overlaps = Refusal::Failed("LOG_KEYS_OVERLAP");
        let next = self.next.as_ref().filter(|_| named.before == NONE);
        let next = next.filter(|next| next.number == named.current + 1);
        let Next { number, old, new } = next.ok_or(overlaps)?;
        let position = u64::try_from(scene.position).map_err(|_| Refusal::Internal)?;
        let handover = Handover::sign(old, new, position).map_err(|_| Refusal::Internal)?;
        let overlap = i64::try_from(self.overlap.as_micros()).unwrap_or(i64::MAX);
        let until_us = scene.time_us.saturating_add(overlap);
        let number = *number;
        scene.log_keys = LogKeys {
            current: number,
            check: check(new),
            before: number - 1,
            until_us,
        };
        scene.world.put(LogKeyRow { number, handover });
        let (old, new) = (old.verifier(), new.verifier());
        scene.detail("old_key", old.to_string().as_str());
        scene.detail("new_key", new.to_string().as_str());
        scene.detail("old_key_until_us", Json::Int(until_us));
        Ok(LogKeyRotated {
            verifier_key: new.to_string(),
            previous: old.to_string(),
            until_us,
        })
    }
}
