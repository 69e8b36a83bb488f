//! A witness: remembers what a ledger said, and notices when it says something else.

mod evidence;
mod look;
mod memory;

pub use evidence::EVIDENCE_MAX;
pub(crate) use memory::origin;

use std::{
    fmt, io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use baton_domain::log::{Checkpoint, note::VerifierKey};
use tokio::sync::Mutex;

use self::{
    look::{Found, Ledger},
    memory::Memory,
};
use crate::{Alarm, AlarmKind, Client, ClientError, Sighting, file};

/// Turns between two looks at a connection that stays up.
pub const LOOK_EVERY_TURNS: u32 = 64;
/// How long one question of a look may take, so that items do not wait for it longer.
pub const LOOK_DEADLINE: Duration = Duration::from_secs(10);
/// Looks in a row that may fail for want of an answer before that is an alarm itself.
pub const LOOKS_MISSED_MAX: u32 = 8;

/// Remembers the newest checkpoint of one ledger and its key, and has every newer one proved to
/// be a continuation. Cloning shares it; one witness per ledger.
///
/// The key is taken on trust when the ledger is first seen, unless [`pin`](Witness::pin) gave it.
#[derive(Clone)]
pub struct Witness {
    state: Arc<Mutex<State>>,
    /// Turns until the next look.
    turns_left: Arc<AtomicU32>,
    every_turns: u32,
    file: Option<PathBuf>,
    evidence: Option<PathBuf>,
}

#[derive(Default)]
struct State {
    memory: Memory,
    /// The alarm told last, until the ledger is consistent again.
    alarm: Option<AlarmKind>,
    /// Looks in a row without an answer.
    missed: u32,
}

impl Witness {
    /// A witness that forgets with the process.
    pub fn in_memory() -> Self {
        Self::with(Memory::default(), None)
    }

    /// A witness that remembers in a file (mode 0600, replaced whole). A file that cannot be read
    /// is an error. Several may share one: it keeps what the one that saw most has seen. Blocks
    /// for the disk once.
    pub fn at(file: impl Into<PathBuf>) -> io::Result<Self> {
        let file = file.into();
        let memory = Memory::load(&file)?.unwrap_or_default();
        Ok(Self::with(memory, Some(file)))
    }

    fn with(memory: Memory, file: Option<PathBuf>) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                memory,
                ..State::default()
            })),
            turns_left: Arc::default(),
            every_turns: LOOK_EVERY_TURNS,
            file,
            evidence: None,
        }
    }

    /// Saves both checkpoints of a contradiction in this folder, [`EVIDENCE_MAX`] of them at most.
    #[must_use]
    pub fn evidence_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.evidence = Some(folder.into());
        self
    }

    /// Looks every so many turns; by default [`LOOK_EVERY_TURNS`].
    #[must_use]
    pub const fn every_turns(mut self, turns: u32) -> Self {
        self.every_turns = turns;
        self
    }

    /// Holds this key, a C2SP vkey that came another way, instead of the one first seen.
    pub async fn pin(&self, key: VerifierKey) -> io::Result<()> {
        let mut state = self.state.lock().await;
        if state.memory.key.as_ref() != Some(&key) {
            state.memory.turn_to(key, None);
            state.alarm = None;
            self.save(&state.memory, Over::Whatever).await?;
        }
        Ok(())
    }

    /// The key held; `None` before the ledger was first seen.
    pub async fn verifier_key(&self) -> Option<VerifierKey> {
        self.state.lock().await.memory.key.clone()
    }

    /// The newest checkpoint that was proved.
    pub async fn checkpoint(&self) -> Option<Checkpoint> {
        self.state
            .lock()
            .await
            .memory
            .held
            .as_ref()
            .map(|held| held.checkpoint.clone())
    }

    /// Looks at the newest checkpoint of the service, acting for a setting.
    pub async fn check_newest(
        &self,
        client: &Client,
        parent: &str,
    ) -> Result<Option<Sighting>, ClientError> {
        self.check(client, parent, "").await
    }

    /// Looks at a signed checkpoint that came with an answer: its signature, and whether it goes
    /// on from the one held. `None`: nothing new. An error: the service gave no answer, and the
    /// next look makes up for it. Alarms are also logged, without names.
    pub async fn check(
        &self,
        client: &Client,
        parent: &str,
        signed: &str,
    ) -> Result<Option<Sighting>, ClientError> {
        let mut state = self.state.lock().await;
        let client = client.with_deadline(LOOK_DEADLINE);
        let ledger = Ledger { client, parent };
        let found = match state.memory.look(&ledger, signed).await {
            Ok(found) => {
                state.missed = 0;
                found
            }
            Err(error) => {
                state.missed += 1;
                if state.missed < LOOKS_MISSED_MAX || state.memory.held.is_none() {
                    return Err(error);
                }
                Found::Wrong(AlarmKind::Withheld, signed.to_owned())
            }
        };
        Ok(self.tell(&mut state, found).await)
    }

    /// As [`check`](Witness::check), for a turn: what fails is made up for later.
    pub(crate) async fn look(
        &self,
        client: &Client,
        parent: &str,
        signed: &str,
    ) -> Option<Sighting> {
        match self.check(client, parent, signed).await {
            Ok(sighting) => sighting,
            Err(error) => {
                tracing::warn!(reason = ?error.reason(), "a look at the ledger had no answer");
                self.expect_now();
                None
            }
        }
    }

    /// The next turn is looked at: a connection is new.
    pub(crate) fn expect_now(&self) {
        self.turns_left.store(0, Ordering::Relaxed);
    }

    /// Counts a turn, and says whether it is one to look at.
    pub(crate) fn is_due(&self) -> bool {
        let next = |left: u32| Some(left.checked_sub(1).unwrap_or(self.every_turns.max(1) - 1));
        self.turns_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            == Ok(0)
    }

    async fn tell(&self, state: &mut State, found: Found) -> Option<Sighting> {
        let (kind, seen) = match found {
            Found::Wrong(kind, seen) => (kind, seen),
            Found::Fine { sighting, changed } => {
                state.alarm = None;
                if changed && let Err(error) = self.save(&state.memory, Over::Less).await {
                    tracing::warn!(kind = ?error.kind(), "the witness could not be saved");
                }
                return sighting;
            }
        };
        if state.alarm.replace(kind) == Some(kind) {
            return None;
        }
        let held = state
            .memory
            .held
            .as_ref()
            .map(|held| held.signed.clone())
            .unwrap_or_default();
        let key = state
            .memory
            .key
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let evidence = match self.evidence.clone() {
            None => None,
            Some(folder) => {
                let (held, seen) = (held.clone(), seen.clone());
                let save = move || evidence::save(&folder, kind, [&held, &seen, &key]);
                let saved = file::blocking(save).await;
                if let Err(error) = &saved {
                    tracing::error!(kind = ?error.kind(), "the evidence could not be saved");
                }
                saved.ok()
            }
        };
        let saved = evidence.is_some();
        tracing::error!(alarm = kind.name(), saved, "the ledger contradicts itself");
        Some(Sighting::Alarm(Alarm {
            kind,
            held,
            seen,
            evidence,
        }))
    }

    async fn save(&self, memory: &Memory, over: Over) -> io::Result<()> {
        let Some(path) = self.file.clone() else {
            return Ok(());
        };
        let (bytes, memory) = (memory.to_bytes()?, memory.clone());
        let save = move || {
            let _alone = file::alone(&path)?;
            let saved = match over {
                Over::Less => Memory::load(&path)?,
                Over::Whatever => None,
            };
            // Another witness of the same file has seen more: its memory is the better one.
            if saved.is_some_and(|saved| memory.is_behind(&saved)) {
                return Ok(());
            }
            file::replace(&path, &bytes)
        };
        file::blocking(save).await
    }
}

/// What a memory is saved over.
#[derive(Clone, Copy)]
enum Over {
    /// One that has not come further.
    Less,
    /// Any: a person said so.
    Whatever,
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Witness")
            .field("every_turns", &self.every_turns)
            .finish_non_exhaustive()
    }
}
