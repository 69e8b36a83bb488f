//! Witnesses are asked to cosign the newest checkpoint (C2SP tlog-witness, `add-checkpoint`).
//!
//! Never on the way to a commit: a round looks at what is durable already, and what comes of it is
//! kept beside the ledger. A witness that is down costs a counter, and a line in the log when that
//! begins and when it ends.

mod ask;
mod http;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use baton_domain::log::Checkpoint;
use baton_domain::log::note::{WitnessKey, cosignatures, with_lines};
use baton_store::{Ledger, StoreError};
use futures::future::join_all;
use rustls::ClientConfig;
use tokio_util::sync::CancellationToken;

use self::ask::{Answered, Ask};
use self::http::Endpoint;

/// The most witnesses of a ledger; a note may have 32 signatures.
pub const WITNESSES_MAX: usize = 16;

/// A witness that is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whose cosignatures are taken.
    pub key: WitnessKey,
    endpoint: Endpoint,
}

impl Asked {
    /// A witness by what comes before `/add-checkpoint`; none if that is no way there.
    pub fn new(url: &str, key: WitnessKey) -> Option<Self> {
        let endpoint = Endpoint::parse(url)?;
        Some(Self { key, endpoint })
    }
}

/// Why witnesses cannot be asked at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessesError {
    /// The file of authorities.
    #[error("witnessing.roots: {} cannot be read: {}", .0.display(), .1)]
    Roots(PathBuf, std::io::ErrorKind),
    /// No certificate of an authority in it, or none of the system's files is there.
    #[error(
        "no certificate of an authority was found: name a PEM file with witnessing.roots, or \
         install the system's (ca-certificates)"
    )]
    NoRoots,
}

/// The witnesses of a ledger.
#[derive(Clone)]
pub struct Witnesses {
    asked: Vec<Asked>,
    interval: Duration,
    timeout: Duration,
    tls: Option<Arc<ClientConfig>>,
}

impl fmt::Debug for Witnesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Witnesses")
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}

impl Witnesses {
    /// Witnesses, how often they are asked and how long each may take, and the authorities their
    /// certificates are of; without a file those of the system.
    pub fn new(
        asked: Vec<Asked>,
        (interval, timeout): (Duration, Duration),
        roots: Option<&Path>,
    ) -> Result<Self, WitnessesError> {
        let tls = asked.iter().any(|it| it.endpoint.is_tls());
        Ok(Self {
            tls: tls.then(|| http::tls(roots)).transpose()?,
            asked,
            interval,
            timeout,
        })
    }
}

/// A ledger and its witnesses.
pub(crate) struct Round {
    ledger: Arc<Ledger>,
    witnesses: Witnesses,
    /// What each has cosigned last, by its place; a new one is asked from nothing, and says.
    sizes: HashMap<usize, u64>,
    /// How the last asking of each ended, so that a change is logged and not every time.
    ended: HashMap<usize, &'static str>,
}

impl Round {
    pub(crate) fn new(ledger: Arc<Ledger>, witnesses: Witnesses) -> Self {
        Self {
            ledger,
            witnesses,
            sizes: HashMap::new(),
            ended: HashMap::new(),
        }
    }

    /// Asks until told to stop.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut size = self.ledger.size();
        loop {
            size.mark_unchanged();
            let round = stop.run_until_cancelled(self.turn()).await;
            let all = match round {
                None => return,
                Some(Ok(all)) => all,
                Some(Err(error)) => {
                    tracing::error!(%error, "the checkpoint could not be sent to witnesses");
                    false
                }
            };
            let waited = stop.run_until_cancelled(async {
                tokio::time::sleep(self.witnesses.interval).await;
                // Whoever has not cosigned yet is asked again, whether the ledger grows or not.
                !all || size.changed().await.is_ok()
            });
            if waited.await != Some(true) {
                return;
            }
        }
    }

    /// One round. Whether every witness has cosigned the newest checkpoint.
    async fn turn(&mut self) -> Result<bool, StoreError> {
        let told = self.ledger.newest().await?;
        let (keys, newest) = (told.keys(), told.checkpoint);
        let Ok(checkpoint) = Checkpoint::open(newest.as_bytes(), &keys) else {
            return Err(StoreError::Tree("the newest checkpoint does not hold"));
        };
        let mut note = goes_on(newest, told.cosigned, &checkpoint);
        let held = note.clone();
        let missing = self.missing(&note);
        let answers = {
            let (ledger, witnesses) = (&*self.ledger, &self.witnesses);
            let asks = missing.iter().map(|at| {
                let ask = Ask {
                    ledger,
                    witness: &witnesses.asked[*at],
                    tls: witnesses.tls.as_ref(),
                    checkpoint: (&checkpoint, &held),
                    old: self.sizes.get(at).copied().unwrap_or_default(),
                };
                tokio::time::timeout(witnesses.timeout, ask.ask())
            });
            join_all(asks).await
        };
        for (at, answer) in missing.into_iter().zip(answers) {
            let answer = answer.unwrap_or(Answered::Not("timeout"));
            if let Some(lines) = self.tell(at, answer, checkpoint.size) {
                note = with_lines(&note, &lines).unwrap_or(note);
            }
        }
        if note != held {
            self.ledger.keep_cosigned(checkpoint.size, &note).await?;
        }
        Ok(self.missing(&note).is_empty())
    }

    /// Witnesses whose cosignature a note has not.
    fn missing(&self, note: &str) -> Vec<usize> {
        let has = |key: &WitnessKey| {
            let known = std::slice::from_ref(key);
            cosignatures(note.as_bytes(), known).is_ok_and(|found| !found.is_empty())
        };
        let all = self.witnesses.asked.iter().enumerate();
        all.filter(|(_, it)| !has(&it.key))
            .map(|(at, _)| at)
            .collect()
    }

    /// Counts how an asking ended, and logs it when it is another end than the last time.
    fn tell(&mut self, at: usize, answer: Answered, size: u64) -> Option<String> {
        let witness = self.witnesses.asked[at].key.name().to_owned();
        let (outcome, lines) = match answer {
            Answered::Cosigned(lines) => {
                self.sizes.insert(at, size);
                ("cosigned", Some(lines))
            }
            Answered::Not(why) => {
                self.sizes.remove(&at);
                (why, None)
            }
        };
        metrics::counter!("baton_witness_asked_total", "witness" => witness.clone(), "outcome" => outcome)
            .increment(1);
        if self.ended.insert(at, outcome) != Some(outcome) {
            match outcome {
                "cosigned" => tracing::info!(witness, size, "a witness cosigns"),
                "fork" | "ahead" => tracing::error!(
                    witness,
                    outcome,
                    size,
                    "a witness holds another history of this ledger, or more than it has"
                ),
                _ => tracing::warn!(witness, outcome, "a witness does not cosign"),
            }
        }
        lines
    }
}

/// The note to go on with: the one that is kept, if it is of this checkpoint.
fn goes_on(newest: String, kept: Option<String>, now: &Checkpoint) -> String {
    let text = format!("{}\n", now.text());
    kept.filter(|kept| kept.starts_with(&text))
        .unwrap_or(newest)
}
