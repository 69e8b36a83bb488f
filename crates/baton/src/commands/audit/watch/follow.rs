//! The ledger followed: each entry hashed again and held to its place and its decisions, each
//! checkpoint to the one before, and the root of all that was told to the root that was signed.
//!
//! Looking at the checkpoint leaves no entry, reading entries leaves one a page. All own calls that
//! left one since a checkpoint are counted; while the ledger has grown by no more than that there is
//! nothing of anybody else's, and nothing is read. So a watch does not follow itself. Two watches see
//! each other: their rounds of nothing but readings get slower (see [`super::WAIT_MAX`]).

use baton_client::{Client, ClientError};
use baton_domain::entry::{EntryKind, PREFIX};
use baton_domain::log::note::VerifierKey;
use baton_domain::log::{Checkpoint, Frontier, Hash, leaf_hash, verify_consistency};
use baton_wire::v1;
use serde_json::Value;

use super::ocsf::Origin;
use super::place::{Place, frontier_at};
use super::told::{Fault, Told};
use crate::commands::audit::entries::{hex, page};
use crate::commands::audit::said::Said;
use crate::commands::audit::seen::Seen;
use crate::commands::audit::trust;
use crate::commands::audit::verify::decisions::Decisions;
use crate::commands::audit::verify::open;
use crate::output::Wrong;

/// What a round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// Nothing of anybody else's.
    Quiet,
    /// Entries, and all of them about the ledger being read.
    Readings,
    /// Entries.
    Told,
}

/// A watch under way.
#[derive(Debug)]
pub(super) struct Follower {
    ledger: String,
    /// The key in force.
    key: VerifierKey,
    /// The newest one that holds, and its note.
    checkpoint: Checkpoint,
    signed: String,
    /// What was told; at the end of a round as far as the checkpoint.
    frontier: Frontier,
    last: (i64, u64),
    /// Entries of our own calls that the checkpoint does not cover.
    own: u64,
    decisions: Decisions,
}

impl Follower {
    pub(super) async fn begin(
        client: &Client,
        key: Option<VerifierKey>,
        place: Option<Place>,
        from: Option<u64>,
    ) -> anyhow::Result<Self> {
        let newest = client
            .get_checkpoint(v1::GetCheckpointRequest::default())
            .await?;
        let pinned = place.as_ref().and_then(|place| place.key.parse().ok());
        let keys = trust::keys(&newest, key.or(pinned))?;
        let key = trust::in_force(&keys)?;
        let Some(place) = place else {
            let checkpoint = open(&newest, &keys)?;
            let from = from.unwrap_or(checkpoint.size);
            if from > checkpoint.size {
                let say = format!(
                    "the ledger has {} entries: there is no entry {from} yet",
                    checkpoint.size
                );
                return Err(Wrong(say).into());
            }
            return Ok(Self {
                ledger: newest.ledger_id,
                key,
                signed: newest.checkpoint,
                checkpoint,
                frontier: frontier_at(client, from).await?,
                last: (i64::MIN, 0),
                own: 0,
                decisions: Decisions::default(),
            });
        };
        let wrong = || {
            Wrong(
                "the state does not hold under this key: it is of another ledger or was changed"
                    .to_owned(),
            )
        };
        let held = v1::GetCheckpointResponse {
            checkpoint: place.checkpoint.clone(),
            ..newest.clone()
        };
        let checkpoint = open(&held, &keys).map_err(|_| wrong())?;
        let frontier = place
            .frontier()
            .filter(|it| it.root() == checkpoint.root && it.size() == checkpoint.size);
        let frontier = frontier.ok_or_else(wrong)?;
        if place.ledger != newest.ledger_id {
            let say = format!(
                "the state is of {}, and the service has {}",
                place.ledger, newest.ledger_id
            );
            return Err(Wrong(say).into());
        }
        Ok(Self {
            ledger: place.ledger,
            key,
            checkpoint,
            signed: place.checkpoint,
            frontier,
            last: place.last,
            own: place.own,
            decisions: Decisions::default(),
        })
    }

    /// What to go on from; only after a round.
    pub(super) fn place(&self) -> Place {
        Place {
            ledger: self.ledger.clone(),
            key: self.key.to_string(),
            checkpoint: self.signed.clone(),
            frontier: hex(&self.frontier.to_bytes()),
            last: self.last,
            own: self.own,
        }
    }

    /// Looks, and tells what came.
    pub(super) async fn round(
        &mut self,
        client: &Client,
        told: &mut Told,
    ) -> anyhow::Result<Round> {
        self.advance(client, told).await?;
        let new = self.checkpoint.size.saturating_sub(self.frontier.size());
        if new <= self.own {
            return Ok(Round::Quiet);
        }
        // Those of earlier rounds stand before this checkpoint, those of this one behind it.
        self.own = 0;
        let mut round = Round::Readings;
        while self.frontier.size() < self.checkpoint.size {
            let next = self.frontier.size();
            let entries = page(client, next, self.checkpoint.size - next).await?;
            self.own += 1;
            if entries.is_empty() {
                let message = format!("entry {next} does not come");
                return Err(self.end(told, "missing", Some(next), message));
            }
            for entry in entries {
                if self.entry(client, &entry, told).await? != Round::Readings {
                    round = Round::Told;
                }
            }
        }
        if self.frontier.root() != self.checkpoint.root {
            let message = format!(
                "the root over {} entries is {}, but {} was signed: what was told last is not what \
                 the ledger signed",
                self.checkpoint.size,
                self.frontier.root(),
                self.checkpoint.root
            );
            return Err(self.end(told, "root", None, message));
        }
        Ok(round)
    }

    /// Takes the newest checkpoint over, if it goes on from the one before.
    async fn advance(&mut self, client: &Client, told: &mut Told) -> anyhow::Result<()> {
        let newest = client
            .get_checkpoint(v1::GetCheckpointRequest::default())
            .await?;
        let keys = trust::keys(&newest, Some(self.key.clone()))?;
        let checkpoint = match open(&newest, &keys) {
            Ok(checkpoint) => checkpoint,
            Err(error) => return Err(self.end(told, "checkpoint", None, error.to_string())),
        };
        let (old, new) = (&self.checkpoint, &checkpoint);
        if new.size < old.size {
            let message = format!(
                "the ledger had {} entries and has {} now: it was set back",
                old.size, new.size
            );
            return Err(self.end(told, "set_back", Some(new.size), message));
        }
        if new.size == old.size && new.root == old.root {
            return Ok(());
        }
        let request = v1::GetConsistencyProofRequest {
            old_size: i64::try_from(old.size)?,
            new_size: i64::try_from(new.size)?,
            ..Default::default()
        };
        let proof = client.get_consistency_proof(request).await?.hashes;
        let proof: Result<Vec<Hash>, _> =
            proof.iter().map(|it| Hash::try_from(it.as_ref())).collect();
        let holds = proof.is_ok_and(|proof| {
            verify_consistency(old.size, &old.root, new.size, &new.root, &proof).is_ok()
        });
        if !holds {
            let message = format!(
                "the checkpoint of {} entries does not go on from that of {}: the ledger was \
                 rewritten",
                new.size, old.size
            );
            return Err(self.end(told, "consistency", None, message));
        }
        (self.checkpoint, self.signed) = (checkpoint, newest.checkpoint);
        // What it was handed over to: earlier keys are known by it.
        self.key = trust::in_force(&keys)?;
        Ok(())
    }

    /// One entry: checked, told, and what is wrong with what it says.
    async fn entry(
        &mut self,
        client: &Client,
        entry: &v1::LedgerEntry,
        told: &mut Told,
    ) -> anyhow::Result<Round> {
        let position = self.frontier.size();
        if entry.position.unsigned_abs() != position {
            let message = format!("entry {position} is missing");
            return Err(self.end(told, "missing", Some(position), message));
        }
        let stored = Hash::try_from(entry.leaf_hash.as_ref()).ok();
        let computed = (!entry.body.is_empty()).then(|| leaf_hash(&entry.body));
        let leaf = stored.filter(|stored| computed.is_none_or(|it| it == *stored));
        let Some(leaf) = leaf else {
            let message = format!("entry {position} does not hash to its leaf hash");
            return Err(self.end(told, "leaf", Some(position), message));
        };
        let _ = self.frontier.push(leaf);
        let seen = Seen::entry(entry);
        let body = entry.body.strip_prefix(PREFIX);
        let said: Value = body
            .and_then(|it| serde_json::from_slice(it).ok())
            .unwrap_or_default();
        told.entry(&seen, &said, &self.origin())?;
        if entry.body.is_empty() {
            self.decisions.gap();
        } else {
            self.judge(client, position, said, told).await?;
        }
        let reading = matches!(
            seen.kind,
            Some(EntryKind::EntriesListed | EntryKind::PolicySetShown)
        );
        Ok(if reading {
            Round::Readings
        } else {
            Round::Told
        })
    }

    /// What an entry says has to fit its place, its decisions the policies.
    async fn judge(
        &mut self,
        client: &Client,
        position: u64,
        said: Value,
        told: &mut Told,
    ) -> anyhow::Result<()> {
        let Ok(said) = serde_json::from_value::<Said>(said) else {
            return self.say(told, "said", position, "is no entry of this version");
        };
        for what in said.misfits((&self.ledger, position), self.last) {
            self.say(told, "said", position, what)?;
        }
        self.last = (said.time_us.max(self.last.0), said.term.max(self.last.1));
        if let Some(what) = self.decisions.follows(&said) {
            self.say(told, "policy_set", position, what)?;
        }
        if self.decisions.wants(&said.policy_set) {
            let text = self.policies(client, &said.policy_set).await?;
            if let Some(message) = self.decisions.learn(&said.policy_set, text.as_deref()) {
                self.say(
                    told,
                    "policy_set",
                    position,
                    &format!("names policies: {message}"),
                )?;
            }
        }
        match self.decisions.check(&said.policy_set, &said.decisions) {
            Some(what) => self.say(told, "decision", position, &what),
            None => Ok(()),
        }
    }

    async fn policies(&mut self, client: &Client, hash: &str) -> anyhow::Result<Option<String>> {
        let request = v1::GetPolicySetRequest {
            hash: hash.to_owned(),
            ..Default::default()
        };
        match client.get_policy_set(request).await {
            Ok(set) => {
                self.own += 1;
                Ok(Some(set.text))
            }
            Err(ClientError::Denied | ClientError::Invalid(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn origin(&self) -> Origin<'_> {
        Origin {
            ledger: &self.ledger,
            log: &self.checkpoint.origin,
            last_us: self.last.0.max(0),
        }
    }

    fn say(
        &self,
        told: &mut Told,
        kind: &'static str,
        position: u64,
        what: &str,
    ) -> anyhow::Result<()> {
        let fault = Fault {
            kind,
            position: Some(position),
            message: format!("entry {position} {what}"),
        };
        told.fault(&fault, &self.origin())
    }

    fn end(
        &self,
        told: &mut Told,
        kind: &'static str,
        position: Option<u64>,
        message: String,
    ) -> anyhow::Error {
        let fault = Fault {
            kind,
            position,
            message,
        };
        told.last(&fault, &self.origin())
    }
}
