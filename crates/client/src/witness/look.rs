//! One look at a checkpoint: what there is to ask the service, and what its answers mean.

use baton_domain::log::{
    Checkpoint,
    handover::{chain, lineage},
    note::VerifierKey,
};
use baton_wire::v1;

use super::memory::{Held, Memory, Naming, Question, Reading, proves};
use crate::{AlarmKind, Client, ClientError, Sighting};

/// What a look found.
pub(super) enum Found {
    Fine {
        sighting: Option<Sighting>,
        changed: bool,
    },
    Wrong(AlarmKind, String),
}

impl Memory {
    pub(super) async fn look(
        &mut self,
        ledger: &Ledger<'_>,
        signed: &str,
    ) -> Result<Found, ClientError> {
        let reading = if signed.is_empty() {
            Reading::Unknown
        } else {
            self.read(signed)
        };
        match reading {
            Reading::Known(seen) => self.continues(ledger, seen).await,
            Reading::Wrong(kind) => Ok(Found::Wrong(kind, signed.to_owned())),
            Reading::Unknown => self.introduced(ledger, signed).await,
        }
    }

    /// The same term under another key: if the key held handed over to it, history has to go on
    /// under it; else somebody else signs.
    async fn handed_over(
        &mut self,
        ledger: &Ledger<'_>,
        told: &v1::GetCheckpointResponse,
        (key, seen): (VerifierKey, String),
    ) -> Result<Found, ClientError> {
        let notes = told.handovers.iter().map(String::as_bytes);
        let lead = self.key.as_ref().map(|held| chain(held, notes));
        if !lead.is_some_and(|keys| keys.contains(&key)) {
            return Ok(Found::Wrong(AlarmKind::KeyChanged, seen));
        }
        // What came with the answer may be of a key in between, or before; the newest one is not.
        let Ok(checkpoint) =
            Checkpoint::open(told.checkpoint.as_bytes(), std::slice::from_ref(&key))
        else {
            return Ok(Found::Wrong(AlarmKind::Unreadable, told.checkpoint.clone()));
        };
        let now = Held {
            checkpoint,
            signed: told.checkpoint.clone(),
        };
        let size = now.checkpoint.size;
        match self.question(&now.checkpoint) {
            Err(kind) => return Ok(Found::Wrong(kind, now.signed)),
            Ok(Question::Nothing) => {}
            // Set back under a new key: what is held has to be there still.
            Ok(Question::Proof { old, .. }) if old == now.checkpoint => {
                return Ok(Found::Wrong(AlarmKind::Unproved, now.signed));
            }
            Ok(Question::Proof { old, new }) => {
                if let Some(kind) = ledger.disproves(&old, &new).await? {
                    return Ok(Found::Wrong(kind, now.signed));
                }
            }
        }
        let (from, to) = (self.key.as_ref().map(VerifierKey::id), key.id());
        self.turn_to(key, Some(now));
        let sighting = from.map(|from| Sighting::NewKey { from, to, size });
        Ok(Found::Fine {
            sighting,
            changed: true,
        })
    }

    /// The key held did not sign, or none is held: who is it?
    async fn introduced(
        &mut self,
        ledger: &Ledger<'_>,
        signed: &str,
    ) -> Result<Found, ClientError> {
        let told = ledger.newest().await?;
        let (named, newest) = (&told.verifier_key, told.checkpoint.clone());
        let seen = if signed.is_empty() {
            newest.clone()
        } else {
            signed.to_owned()
        };
        let Ok(key) = named.parse::<VerifierKey>() else {
            return Ok(Found::Wrong(AlarmKind::Unreadable, seen));
        };
        match self.judge_key(&key) {
            Naming::Wrong(AlarmKind::KeyChanged) => {
                self.handed_over(ledger, &told, (key, seen)).await
            }
            Naming::Wrong(kind) => Ok(Found::Wrong(kind, seen)),
            // The service goes by the key held, and that key signs what it is asked for now; what
            // came with the answer it did not sign.
            Naming::Same if signed.is_empty() => match self.read(&newest) {
                Reading::Known(seen) => self.continues(ledger, seen).await,
                Reading::Unknown => Ok(Found::Wrong(AlarmKind::Forged, newest)),
                Reading::Wrong(kind) => Ok(Found::Wrong(kind, newest)),
            },
            Naming::Same => match self.of_an_earlier_key(&told, &seen) {
                Some(seen) => self.continues(ledger, seen).await,
                None => Ok(Found::Wrong(AlarmKind::Forged, seen)),
            },
            Naming::NewTerm => {
                let Ok(checkpoint) =
                    Checkpoint::open(newest.as_bytes(), std::slice::from_ref(&key))
                else {
                    return Ok(Found::Wrong(AlarmKind::Unreadable, newest));
                };
                let (to, size) = (checkpoint.origin.clone(), checkpoint.size);
                let sighting = match (&self.key, &self.held) {
                    (None, _) => Sighting::FirstSeen {
                        origin: to,
                        key: key.id(),
                        size,
                    },
                    (Some(before), held) => Sighting::NewTerm {
                        from: before.name().to_owned(),
                        to,
                        size_before: held.as_ref().map_or(0, |held| held.checkpoint.size),
                        size,
                    },
                };
                self.turn_to(
                    key,
                    Some(Held {
                        checkpoint,
                        signed: newest,
                    }),
                );
                Ok(Found::Fine {
                    sighting: Some(sighting),
                    changed: true,
                })
            }
        }
    }

    /// A checkpoint from before the key held, as on an older receipt, by a key that handed over to
    /// it.
    fn of_an_earlier_key(&self, told: &v1::GetCheckpointResponse, seen: &str) -> Option<Held> {
        let notes = told.handovers.iter().map(String::as_bytes);
        let keys = lineage(self.key.as_ref()?, notes);
        let checkpoint = Checkpoint::open(seen.as_bytes(), &keys).ok()?;
        let earlier = checkpoint.size <= self.held.as_ref()?.checkpoint.size;
        earlier.then(|| Held {
            checkpoint,
            signed: seen.to_owned(),
        })
    }

    /// The key held signed it: is it the same history?
    async fn continues(&mut self, ledger: &Ledger<'_>, seen: Held) -> Result<Found, ClientError> {
        match self.question(&seen.checkpoint) {
            Err(kind) => return Ok(Found::Wrong(kind, seen.signed)),
            Ok(Question::Nothing) if self.held.is_some() => {
                return Ok(Found::Fine {
                    sighting: None,
                    changed: false,
                });
            }
            Ok(Question::Nothing) => {}
            Ok(Question::Proof { old, new }) => {
                if let Some(kind) = ledger.disproves(&old, &new).await? {
                    return Ok(Found::Wrong(kind, seen.signed));
                }
            }
        }
        let size = seen.checkpoint.size;
        let changed = self.hold(seen);
        let sighting = changed.then_some(Sighting::Consistent { size });
        Ok(Found::Fine { sighting, changed })
    }
}

/// The service, as a witness asks it.
pub(super) struct Ledger<'a> {
    pub(super) client: Client,
    pub(super) parent: &'a str,
}

impl Ledger<'_> {
    /// The key the service goes by, how it came to it, and its newest checkpoint.
    async fn newest(&self) -> Result<v1::GetCheckpointResponse, ClientError> {
        let request = v1::GetCheckpointRequest {
            parent: self.parent.to_owned(),
        };
        self.client.get_checkpoint(request).await
    }

    /// Why one checkpoint is not known to be the beginning of the other; `None`: it is.
    async fn disproves(
        &self,
        old: &Checkpoint,
        new: &Checkpoint,
    ) -> Result<Option<AlarmKind>, ClientError> {
        if old.size == 0 {
            // The empty ledger is the beginning of every ledger.
            return Ok(None);
        }
        let (Ok(old_size), Ok(new_size)) = (i64::try_from(old.size), i64::try_from(new.size))
        else {
            return Ok(Some(AlarmKind::Unproved));
        };
        let parent = self.parent.to_owned();
        let request = v1::GetConsistencyProofRequest {
            parent,
            old_size,
            new_size,
        };
        match self.client.get_consistency_proof(request).await {
            Ok(told) if proves(old, new, &told.hashes) => Ok(None),
            Ok(_) => Ok(Some(AlarmKind::Fork)),
            // The caller's credential or the way there, not the ledger.
            Err(error) if error.is_retryable() => Err(error),
            Err(ClientError::NotAuthenticated) => Err(ClientError::NotAuthenticated),
            // It has no such size any more, or does not want to say.
            Err(_) => Ok(Some(AlarmKind::Unproved)),
        }
    }
}
