//! The offline check of a whole ledger: every entry against its leaf hash, every position, and the
//! root against a checkpoint.
//!
//! It reads one entry at a time in constant memory, goes on after a fault, and names the position
//! of each. The rows it reads may come from a database, an export or a set of tiles.

use std::ops::Range;

use super::checkpoint::Checkpoint;
use super::frontier::Frontier;
use super::tree::{Hash, Node, leaf_hash};

/// An entry as a store holds it.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its place in the ledger.
    pub position: u64,
    /// Its bytes, or `None` if they were dropped at the end of their retention.
    pub entry: Option<&'a [u8]>,
    /// The leaf hash stored beside it, or `None` where none is kept (entry bundles).
    pub leaf: Option<Hash>,
}

/// What is wrong with a ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Entries are missing.
    #[error("positions {} to {} are missing", .0.start, .0.end - 1)]
    Missing(Range<u64>),
    /// A position comes a second time, or after a later one.
    #[error("position {0} stands twice or out of order")]
    OutOfOrder(u64),
    /// The bytes of an entry do not have the leaf hash stored beside them. If the root holds, the
    /// leaf hash was changed; if not, the entry was.
    #[error("entry {position} hashes to {computed}, but {stored} is stored")]
    Leaf {
        /// Where.
        position: u64,
        /// The leaf hash of the bytes.
        computed: Hash,
        /// The leaf hash beside them.
        stored: Hash,
    },
    /// Neither bytes nor leaf hash are left.
    #[error("entry {0} has neither bytes nor leaf hash")]
    Empty(u64),
    /// An entry the checkpoint does not cover. The caller reads entries and checkpoint in one
    /// snapshot, or stops at the size of the checkpoint.
    #[error("entry {0} is not covered by the checkpoint")]
    NotCovered(u64),
    /// The entries are not those that were signed.
    #[error("the root over {size} entries is {computed}, but {signed} was signed")]
    Root {
        /// Number of entries.
        size: u64,
        /// The root over what was read.
        computed: Hash,
        /// The root in the checkpoint.
        signed: Hash,
    },
}

/// What one record showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong with it; at most three faults.
    pub faults: Vec<Fault>,
    /// What stands for it in the tree: the hash of its bytes, or the one stored where they were
    /// dropped. `None` once the tree has a hole.
    pub leaf: Option<Hash>,
    /// The upper nodes of the tree it completes, to be compared with the stored ones.
    pub completed: Vec<Node>,
}

/// What the end of the ledger showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What is wrong with the ledger as a whole.
    pub faults: Vec<Fault>,
    /// Number of entries whose bytes were dropped, so that only their leaf hashes were checked.
    pub dropped: u64,
    /// The right edge of the tree, to be compared with the stored one; `None` if entries were
    /// missing, since there is no tree then.
    pub frontier: Option<Frontier>,
}

/// The check of a ledger, under way.
#[derive(Clone, Debug)]
pub struct Verifier<'a> {
    checkpoint: &'a Checkpoint,
    next: u64,
    dropped: u64,
    /// `None` from the first missing entry on.
    frontier: Option<Frontier>,
}

impl<'a> Verifier<'a> {
    /// A check from position 0 against a checkpoint whose signature holds.
    pub const fn new(checkpoint: &'a Checkpoint) -> Self {
        Self {
            checkpoint,
            next: 0,
            dropped: 0,
            frontier: Some(Frontier::new()),
        }
    }

    /// Checks the next record. They must come in the order of their positions.
    pub fn record(&mut self, record: Record<'_>) -> Finding {
        let position = record.position;
        let mut finding = Finding::default();
        let computed = record.entry.map(leaf_hash);
        if let (Some(computed), Some(stored)) = (computed, record.leaf)
            && computed != stored
        {
            finding.faults.push(Fault::Leaf {
                position,
                computed,
                stored,
            });
        }
        if position < self.next {
            finding.faults.push(Fault::OutOfOrder(position));
            return finding;
        }
        if position >= self.checkpoint.size {
            finding.faults.push(Fault::NotCovered(position));
            return finding;
        }
        if position > self.next {
            finding.faults.push(Fault::Missing(self.next..position));
            self.frontier = None;
        }
        self.next = position + 1;
        self.dropped += u64::from(record.entry.is_none());
        match (computed.or(record.leaf), &mut self.frontier) {
            (Some(leaf), Some(frontier)) => {
                finding.leaf = Some(leaf);
                finding.completed = frontier.push(leaf);
            }
            (Some(_), None) => {}
            (None, _) => {
                finding.faults.push(Fault::Empty(position));
                self.frontier = None;
            }
        }
        finding
    }

    /// The root over what was read so far; `None` if entries were missing.
    pub fn root(&self) -> Option<Hash> {
        self.frontier.as_ref().map(Frontier::root)
    }

    /// Checks what only the end shows: that nothing is missing there, and the root.
    pub fn finish(mut self) -> Outcome {
        let Checkpoint {
            size, root: signed, ..
        } = *self.checkpoint;
        let mut faults = Vec::new();
        if self.next < size {
            faults.push(Fault::Missing(self.next..size));
            self.frontier = None;
        }
        if let Some(frontier) = &self.frontier {
            let computed = frontier.root();
            if computed != signed {
                faults.push(Fault::Root {
                    size,
                    computed,
                    signed,
                });
            }
        }
        Outcome {
            faults,
            dropped: self.dropped,
            frontier: self.frontier,
        }
    }
}
