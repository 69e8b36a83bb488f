//! A witness of other ledgers: cosigns what goes on from what it cosigned before, and never two
//! histories of one ledger (C2SP tlog-witness).
//!
//! What is cosigned is on disk before the cosignature leaves, and one ledger's checkpoints are
//! judged one after the other. So a witness that is killed at any moment has at most put down more
//! than it said.

mod folder;
mod listen;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use baton_domain::log::note::{CosignerKey, VerifierKey, WitnessKey};
use baton_domain::log::submission::NotCosigned;
use baton_domain::log::{Checkpoint, Submission};
use baton_store::Clock;

pub use self::folder::{WitnessFolder, WitnessFolderError};

/// The most ledgers of one witness.
pub(crate) const LOGS_MAX: usize = 4_096;

/// A witness with its key, its memory, and the ledgers it knows.
#[derive(Debug)]
pub struct Witness {
    key: CosignerKey,
    folder: WitnessFolder,
    logs: BTreeMap<String, Log>,
    clock: Clock,
}

/// A ledger by its origin.
#[derive(Debug)]
struct Log {
    keys: Vec<VerifierKey>,
    /// What was cosigned last; held while the next one is judged and written.
    held: Mutex<Option<Checkpoint>>,
}

/// What a witness answers: status, content type, body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

const TEXT: &str = "text/plain; charset=utf-8";
const SIZE: &str = "text/x.tlog.size";

impl Answer {
    pub(crate) fn text(status: u16, body: impl Into<String>) -> Self {
        let (content_type, body) = (TEXT, body.into());
        Self {
            status,
            content_type,
            body,
        }
    }

    fn size(size: u64) -> Self {
        Self {
            status: 409,
            content_type: SIZE,
            body: format!("{size}\n"),
        }
    }
}

impl Witness {
    /// A witness of the ledgers with these keys; several of one name are keys of one ledger.
    pub fn open(
        folder: WitnessFolder,
        ledgers: Vec<VerifierKey>,
        clock: Clock,
    ) -> Result<Self, WitnessFolderError> {
        let mut keys: BTreeMap<String, Vec<VerifierKey>> = BTreeMap::new();
        for key in ledgers {
            keys.entry(key.name().to_owned()).or_default().push(key);
        }
        if keys.len() > LOGS_MAX {
            return Err(WitnessFolderError::TooMany);
        }
        let mut logs = BTreeMap::new();
        for (origin, keys) in keys {
            let held = Mutex::new(folder.held(&origin)?);
            logs.insert(origin, Log { keys, held });
        }
        Ok(Self {
            key: folder.key()?,
            folder,
            logs,
            clock,
        })
    }

    /// The key its cosignatures verify with.
    pub fn key(&self) -> &WitnessKey {
        self.key.verifier()
    }

    /// How many ledgers it knows.
    pub fn ledgers(&self) -> usize {
        self.logs.len()
    }

    /// Answers a submission. Blocks for the disk.
    pub(crate) fn add_checkpoint(&self, body: &[u8]) -> Answer {
        let asked = str::from_utf8(body).ok().and_then(|text| text.parse().ok());
        let Some(asked): Option<Submission> = asked else {
            let say =
                "old <size>, at most 63 base64 hashes a line each, an empty line, a checkpoint\n";
            return Answer::text(400, say);
        };
        let Some(origin) = Checkpoint::claimed_origin(asked.checkpoint.as_bytes()) else {
            return Answer::text(400, "the checkpoint names no origin\n");
        };
        let Some((origin, log)) = self.logs.get_key_value(origin) else {
            return Answer::text(404, "this witness does not know that log\n");
        };
        let mut held = log.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = match asked.judge(held.as_ref(), &log.keys) {
            Ok(now) => now,
            Err(why) => return self.refuse(origin, why, &asked),
        };
        match self.cosign(origin, &asked.checkpoint, &now) {
            Ok(line) => {
                tracing::info!(origin, size = now.size, "cosigned");
                *held = Some(now);
                Answer::text(200, line)
            }
            Err(error) => {
                tracing::error!(origin, %error, "a checkpoint could not be kept, and is not cosigned");
                Answer::text(500, "the witness cannot keep it now: ask again\n")
            }
        }
    }

    /// The cosignature, once what it says is durable.
    fn cosign(
        &self,
        origin: &str,
        signed: &str,
        now: &Checkpoint,
    ) -> Result<String, WitnessFolderError> {
        let seconds = self.clock.now_us().div_euclid(1_000_000);
        let time = u64::try_from(seconds).unwrap_or_default();
        let line = self.key.cosign(&now.text(), time);
        let line = line.map_err(|_| WitnessFolderError::Key)?;
        self.folder.keep(origin, signed, &line)?;
        Ok(line)
    }

    fn refuse(&self, origin: &str, why: NotCosigned, asked: &Submission) -> Answer {
        let answer = match why {
            NotCosigned::Unreadable | NotCosigned::OldBeyond => {
                Answer::text(400, format!("{why}\n"))
            }
            NotCosigned::NotSigned => Answer::text(403, format!("{why}\n")),
            NotCosigned::OtherSize(size) | NotCosigned::Fork(size) => Answer::size(size),
            NotCosigned::Unproved => Answer::text(422, format!("{why}\n")),
        };
        // Signed by the ledger, and not shown to go on from what it said before: whoever asks why
        // has to see it. Without a proof it may also be somebody's who copied a checkpoint.
        match why {
            NotCosigned::Fork(_) => {
                let kept = self.folder.evidence(origin, asked);
                tracing::error!(origin, kept, "a ledger has two histories");
            }
            NotCosigned::Unproved => {
                let kept = self.folder.evidence(origin, asked);
                tracing::warn!(origin, kept, "a checkpoint is not shown to go on");
            }
            _ => {}
        }
        answer
    }
}
