//! What a witness finds.

use std::path::PathBuf;

use baton_domain::log::note::KeyId;

/// What a look at a checkpoint showed, when there is something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sighting {
    /// The ledger was seen for the first time, and its key is held from now on (trust on first
    /// use). Compare it with what the council publishes.
    FirstSeen {
        /// Ledger and term, `baton.ledger/<ledger id>/<term>`.
        origin: String,
        /// Id of its key.
        key: KeyId,
        /// Entries it had.
        size: u64,
    },
    /// The ledger has grown, and what it was before is still its beginning.
    Consistent {
        /// Entries it has.
        size: u64,
    },
    /// The same ledger has opened a new term, as after the restore of a backup: what came after
    /// the backup is gone from it. The new term is held from now on; that of the old one is kept.
    /// Ask the council which restore it was.
    NewTerm {
        /// The term held until now.
        from: String,
        /// The new one.
        to: String,
        /// Entries the ledger had in the old term when it was last seen.
        size_before: u64,
        /// Entries it has now.
        size: u64,
    },
    /// The same ledger signs with another key, which the one held until now handed over to, and
    /// goes on from what was held. The new key is held from now on.
    NewKey {
        /// Id of the key held until now.
        from: KeyId,
        /// Id of the new one.
        to: KeyId,
        /// Entries it has.
        size: u64,
    },
    /// The ledger contradicts itself. Told once until it is consistent again.
    Alarm(Alarm),
}

/// A contradiction, and where its evidence is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Which one.
    pub kind: AlarmKind,
    /// The checkpoint held until now, a signed note; empty if there was none.
    pub held: String,
    /// What was seen instead.
    pub seen: String,
    /// The files both were saved in; `None` without a folder, or if it is full or not writable.
    pub evidence: Option<Evidence>,
}

/// Files that together show a contradiction to anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The checkpoint held.
    pub held: PathBuf,
    /// The checkpoint seen.
    pub seen: PathBuf,
    /// The key held, a C2SP vkey.
    pub verifier_key: PathBuf,
}

/// How a ledger contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlarmKind {
    /// Two signed checkpoints of one term, neither of which is the beginning of the other: history
    /// was changed, or different callers are shown different ledgers.
    Fork,
    /// The service does not prove that the one is the beginning of the other.
    Unproved,
    /// The proof was asked for again and again, and did not come.
    Withheld,
    /// A checkpoint under the name of the key held, with a signature that is not its own.
    Forged,
    /// The same term under another key.
    KeyChanged,
    /// A term before the one held.
    OlderTerm,
    /// Another ledger.
    OtherLedger,
    /// Not a checkpoint of a ledger at all.
    Unreadable,
}

impl AlarmKind {
    /// A short name, as in the names of the evidence files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Unproved => "unproved",
            Self::Withheld => "withheld",
            Self::Forged => "forged",
            Self::KeyChanged => "key-changed",
            Self::OlderTerm => "older-term",
            Self::OtherLedger => "other-ledger",
            Self::Unreadable => "unreadable",
        }
    }
}
