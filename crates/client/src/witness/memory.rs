//! What a witness remembers of a ledger, and the judgements that need nothing else.

use std::{cmp::Ordering, io, path::Path};

use baton_domain::log::{
    Checkpoint, Hash,
    checkpoint::{self, CheckpointError},
    note::{NoteError, VerifierKey},
    verify_consistency,
};
use serde::{Deserialize, Serialize};

use crate::{AlarmKind, file};

/// Version of the file.
const FORMAT: u32 = 1;
/// Terms kept; a ledger that was restored more often loses the oldest from this memory.
const TERMS_MAX: usize = 64;

/// A checkpoint whose signature held, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) checkpoint: Checkpoint,
    pub(super) signed: String,
}

/// The term a witness holds, and those before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    pub(super) key: Option<VerifierKey>,
    pub(super) held: Option<Held>,
    past: Vec<Term>,
}

/// What a checkpoint is under the key held.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Signed by the key held.
    Known(Held),
    /// Of another key or another origin; who it is from must be asked.
    Unknown,
    /// Worth an alarm as it stands.
    Wrong(AlarmKind),
}

/// What the key a service names now is, beside the one held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    Same,
    NewTerm,
    Wrong(AlarmKind),
}

/// What is left to ask before two checkpoints are known to agree.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Nothing: they are the same.
    Nothing,
    /// A proof between two sizes, the older first.
    Proof { old: Checkpoint, new: Checkpoint },
}

impl Memory {
    /// What a signed checkpoint is.
    pub(super) fn read(&self, signed: &str) -> Reading {
        let Some(key) = &self.key else {
            return Reading::Unknown;
        };
        match Checkpoint::open(signed.as_bytes(), std::slice::from_ref(key)) {
            Ok(checkpoint) => Reading::Known(Held {
                checkpoint,
                signed: signed.to_owned(),
            }),
            Err(CheckpointError::Note(NoteError::BadSignature(_))) => {
                Reading::Wrong(AlarmKind::Forged)
            }
            Err(CheckpointError::Note(NoteError::Unsigned) | CheckpointError::Origin) => {
                Reading::Unknown
            }
            Err(_) => Reading::Wrong(AlarmKind::Unreadable),
        }
    }

    /// What it means that the service goes by this key now.
    pub(super) fn judge_key(&self, now: &VerifierKey) -> Naming {
        let Some((ledger, term)) = origin(now.name()) else {
            return Naming::Wrong(AlarmKind::Unreadable);
        };
        let Some(key) = &self.key else {
            return Naming::NewTerm;
        };
        let Some((own_ledger, own_term)) = origin(key.name()) else {
            return Naming::Wrong(AlarmKind::Unreadable);
        };
        if ledger != own_ledger {
            return Naming::Wrong(AlarmKind::OtherLedger);
        }
        match term.cmp(&own_term) {
            Ordering::Less => Naming::Wrong(AlarmKind::OlderTerm),
            Ordering::Equal if now == key => Naming::Same,
            Ordering::Equal => Naming::Wrong(AlarmKind::KeyChanged),
            Ordering::Greater => Naming::NewTerm,
        }
    }

    /// What is to be asked about a checkpoint of the key held.
    pub(super) fn question(&self, seen: &Checkpoint) -> Result<Question, AlarmKind> {
        let Some(Held {
            checkpoint: held, ..
        }) = &self.held
        else {
            return Ok(Question::Nothing);
        };
        match seen.size.cmp(&held.size) {
            Ordering::Equal if seen.root == held.root => Ok(Question::Nothing),
            Ordering::Equal => Err(AlarmKind::Fork),
            Ordering::Greater => Ok(Question::Proof {
                old: held.clone(),
                new: seen.clone(),
            }),
            // Of an earlier turn, or of a ledger that was set back: the proof tells them apart.
            Ordering::Less => Ok(Question::Proof {
                old: seen.clone(),
                new: held.clone(),
            }),
        }
    }

    /// Holds a checkpoint that was proved, unless the one held is newer.
    pub(super) fn hold(&mut self, seen: Held) -> bool {
        let newer = self
            .held
            .as_ref()
            .is_none_or(|held| seen.checkpoint.size > held.checkpoint.size);
        if newer {
            self.held = Some(seen);
        }
        newer
    }

    /// Whether another memory of the same file has come further: its term is later, or in the same
    /// term its checkpoint covers more.
    pub(super) fn is_behind(&self, saved: &Self) -> bool {
        let reached = |memory: &Self| {
            let (ledger, term) = origin(memory.key.as_ref()?.name())?;
            let size = memory.held.as_ref().map_or(0, |it| it.checkpoint.size);
            Some((ledger.to_owned(), term, size))
        };
        let (Some((own_ledger, own_term, own_size)), Some((ledger, term, size))) =
            (reached(self), reached(saved))
        else {
            return false;
        };
        ledger == own_ledger && (term, size) > (own_term, own_size)
    }

    /// Goes over to another key; what was held before is kept with the past.
    pub(super) fn turn_to(&mut self, key: VerifierKey, held: Option<Held>) {
        if let Some(before) = self.key.replace(key) {
            let checkpoint = self.held.take().map(|held| held.signed);
            self.past.push(Term {
                verifier_key: before.to_string(),
                checkpoint,
            });
            let surplus = self.past.len().saturating_sub(TERMS_MAX - 1);
            self.past.drain(..surplus);
        }
        self.held = held;
    }

    // === the file ===

    /// What was saved; `None` if nothing was. A file that cannot be read is an error: to begin
    /// anew would be to trust whoever comes first once more.
    pub(super) fn load(path: &Path) -> io::Result<Option<Self>> {
        let Some(text) = file::read(path)? else {
            return Ok(None);
        };
        let damaged = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let saved: Saved =
            serde_json::from_str(&text).map_err(|_| damaged("not the memory of a witness"))?;
        if saved.format != FORMAT {
            return Err(damaged("the memory of a witness of another version"));
        }
        let mut memory = Self {
            past: saved.terms,
            ..Self::default()
        };
        if let Some(Term {
            verifier_key,
            checkpoint,
        }) = memory.past.pop()
        {
            memory.key = Some(
                verifier_key
                    .parse()
                    .map_err(|_| damaged("the key is damaged"))?,
            );
            if let Some(signed) = checkpoint {
                let Reading::Known(held) = memory.read(&signed) else {
                    return Err(damaged("the checkpoint is damaged"));
                };
                memory.held = Some(held);
            }
        }
        Ok(Some(memory))
    }

    /// The bytes to save.
    pub(super) fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let current = self.key.as_ref().map(|key| Term {
            verifier_key: key.to_string(),
            checkpoint: self.held.as_ref().map(|held| held.signed.clone()),
        });
        let terms = self.past.iter().cloned().chain(current).collect();
        let mut bytes = serde_json::to_vec_pretty(&Saved {
            format: FORMAT,
            terms,
        })?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    format: u32,
    /// Oldest first; the last one is held.
    terms: Vec<Term>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Term {
    verifier_key: String,
    checkpoint: Option<String>,
}

/// Whether a proof shows that the one checkpoint is the beginning of the other.
pub(super) fn proves(old: &Checkpoint, new: &Checkpoint, hashes: &[impl AsRef<[u8]>]) -> bool {
    let hashes: Result<Vec<Hash>, _> = hashes
        .iter()
        .map(|hash| Hash::try_from(hash.as_ref()))
        .collect();
    hashes.is_ok_and(|proof| {
        verify_consistency(old.size, &old.root, new.size, &new.root, &proof).is_ok()
    })
}

/// Ledger id and term of `baton.ledger/<ledger id>/<term>`.
pub(crate) fn origin(text: &str) -> Option<(&str, u64)> {
    let (ledger, term) = text.strip_prefix("baton.ledger/")?.rsplit_once('/')?;
    let term = term.parse().ok()?;
    // One origin has one spelling.
    let canonical = checkpoint::origin(ledger, term).ok()?;
    (canonical == text).then_some((ledger, term))
}

#[cfg(test)]
mod tests {
    use baton_domain::log::{Frontier, leaf_hash, note::SignerKey};

    use super::*;

    const ORIGIN: &str = "baton.ledger/ldg_1/0";

    fn key(origin: &str, seed: u8) -> SignerKey {
        SignerKey::from_seed(origin, &[seed; 32]).unwrap()
    }

    fn signed(key: &SignerKey, leaves: &[&str]) -> String {
        let mut frontier = Frontier::new();
        for leaf in leaves {
            let _ = frontier.push(leaf_hash(leaf.as_bytes()));
        }
        let origin = key.verifier().name().to_owned();
        Checkpoint {
            origin,
            size: frontier.size(),
            root: frontier.root(),
        }
        .sign(key)
        .unwrap()
    }

    fn holding(key: &SignerKey, leaves: &[&str]) -> Memory {
        let mut memory = Memory {
            key: Some(key.verifier().clone()),
            ..Memory::default()
        };
        let Reading::Known(held) = memory.read(&signed(key, leaves)) else {
            panic!("known")
        };
        memory.hold(held);
        memory
    }

    #[test]
    fn two_roots_of_one_size_are_a_fork_without_asking() {
        let key = key(ORIGIN, 1);
        let memory = holding(&key, &["a", "b"]);
        let Reading::Known(other) = memory.read(&signed(&key, &["a", "x"])) else {
            panic!("known")
        };
        assert_eq!(memory.question(&other.checkpoint), Err(AlarmKind::Fork));
        let Reading::Known(same) = memory.read(&signed(&key, &["a", "b"])) else {
            panic!("known")
        };
        assert_eq!(memory.question(&same.checkpoint), Ok(Question::Nothing));
    }

    #[test]
    fn an_older_checkpoint_is_asked_about_and_not_held() {
        let key = key(ORIGIN, 1);
        let mut memory = holding(&key, &["a", "b"]);
        let Reading::Known(older) = memory.read(&signed(&key, &["a"])) else {
            panic!("known")
        };
        let question = memory.question(&older.checkpoint).unwrap();
        assert!(matches!(question, Question::Proof { old, new } if old.size == 1 && new.size == 2));
        assert!(!memory.hold(older));
        assert_eq!(memory.held.unwrap().checkpoint.size, 2);
    }

    #[test]
    fn a_changed_checkpoint_is_forged_and_one_of_another_key_unknown() {
        let own = key(ORIGIN, 1);
        let memory = holding(&own, &["a"]);
        let changed = signed(&own, &["a", "b"]).replacen("\n2\n", "\n3\n", 1);
        assert_eq!(memory.read(&changed), Reading::Wrong(AlarmKind::Forged));
        assert_eq!(
            memory.read(&signed(&key(ORIGIN, 2), &["a"])),
            Reading::Unknown
        );
        assert_eq!(
            memory.read("nothing"),
            Reading::Wrong(AlarmKind::Unreadable)
        );
    }

    #[test]
    fn a_key_is_judged_by_ledger_and_term() {
        let memory = holding(&key("baton.ledger/ldg_1/3", 1), &["a"]);
        let judge = |origin, seed| memory.judge_key(key(origin, seed).verifier());
        assert_eq!(judge("baton.ledger/ldg_1/3", 1), Naming::Same);
        assert_eq!(
            judge("baton.ledger/ldg_1/3", 2),
            Naming::Wrong(AlarmKind::KeyChanged)
        );
        assert_eq!(judge("baton.ledger/ldg_1/4", 1), Naming::NewTerm);
        assert_eq!(judge("baton.ledger/ldg_1/4", 2), Naming::NewTerm);
        assert_eq!(
            judge("baton.ledger/ldg_1/2", 1),
            Naming::Wrong(AlarmKind::OlderTerm)
        );
        assert_eq!(
            judge("baton.ledger/ldg_2/4", 1),
            Naming::Wrong(AlarmKind::OtherLedger)
        );
        assert_eq!(
            judge("example.com/log", 1),
            Naming::Wrong(AlarmKind::Unreadable)
        );
    }

    #[test]
    fn a_memory_is_saved_with_its_past_and_a_damaged_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("witness.json");
        assert!(Memory::load(&path).unwrap().is_none());
        let (first, second) = (key(ORIGIN, 1), key("baton.ledger/ldg_1/1", 2));
        let mut memory = holding(&first, &["a", "b"]);
        memory.turn_to(second.verifier().clone(), None);
        let Reading::Known(held) = memory.read(&signed(&second, &["a"])) else {
            panic!("known")
        };
        memory.hold(held);
        file::replace(&path, &memory.to_bytes().unwrap()).unwrap();
        let loaded = Memory::load(&path).unwrap().unwrap();
        assert_eq!(loaded.key.as_ref(), Some(second.verifier()));
        assert_eq!(loaded.held, memory.held);
        assert_eq!(loaded.past.len(), 1);
        let text = std::fs::read_to_string(&path).unwrap();
        for damage in [
            text.replace("\\n1\\n", "\\n2\\n"),
            text.replace("\"format\": 1", "\"format\": 2"),
        ] {
            assert_ne!(damage, text);
            std::fs::write(&path, damage).unwrap();
            assert!(Memory::load(&path).is_err());
        }
    }
}
