//! What to fetch for a proof, and the proof made of what was fetched.
//!
//! A proof is a list of subtree roots. The store keeps the leaf hashes and the roots of completed
//! 256-entry subtrees (and of 256 of those, and so on); the roots in between are hashed again. So
//! a proof takes three steps, of which only the second waits for a database:
//!
//! 1. [`Plan::inclusion`], [`Plan::consistency`] or [`Plan::root`] says which subtrees are meant;
//! 2. the store fetches [`Plan::ranges`];
//! 3. [`Plan::build`] makes the proof.
//!
//! A plan reads at most two ranges per tile level, each within one tile of 256 nodes: at most six
//! ranges below 16.7 million entries, fourteen at [`MAX_SIZE`].

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::tile;
use super::tree::{EMPTY_ROOT, Hash, MAX_SIZE, Node, join_peaks, node_hash};

/// A list of subtrees whose roots are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Positions of the entries under each root. A subtree is perfect, or it ends where the tree
    /// ends; either way its perfect parts shrink from left to right.
    subtrees: Vec<Range<u64>>,
}

/// Neighbouring nodes within one tile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeRange {
    /// Tile level, as in [`Node::level`]: 0 is the leaf column of the entries.
    pub level: u8,
    /// Places within the level: at least 1, at most 256.
    pub indices: Range<u64>,
}

impl Plan {
    /// The proof that the entry at `index` is in the tree of `size` entries, leaf to root
    /// (RFC 6962 §2.1.1, `PATH(m, D[n])`).
    pub fn inclusion(index: u64, size: u64) -> Result<Self, PlanError> {
        within_limit(size)?;
        if index >= size {
            return Err(PlanError::IndexOutOfRange { index, size });
        }
        let mut subtrees = Vec::new();
        let mut tree = 0..size;
        while tree.end - tree.start > 1 {
            let (left, right) = split(&tree);
            let (inside, sibling) = if index < left.end {
                (left, right)
            } else {
                (right, left)
            };
            subtrees.push(sibling);
            tree = inside;
        }
        subtrees.reverse();
        Ok(Self { subtrees })
    }

    /// The proof that the tree of `old` entries is the beginning of the tree of `new` entries
    /// (RFC 6962 §2.1.2, `PROOF(m, D[n])`).
    ///
    /// Empty when the old tree is empty or the sizes are equal: nothing is left to prove.
    pub fn consistency(old: u64, new: u64) -> Result<Self, PlanError> {
        within_limit(new)?;
        if old > new {
            return Err(PlanError::OldLargerThanNew { old, new });
        }
        let mut subtrees = Vec::new();
        let mut tree = 0..new;
        while old > 0 && old < tree.end {
            let (left, right) = split(&tree);
            let (inside, sibling) = if old <= left.end {
                (left, right)
            } else {
                (right, left)
            };
            subtrees.push(sibling);
            tree = inside;
        }
        // The verifier knows the old root. If that is the subtree we ended in, it is left out.
        if tree.start > 0 {
            subtrees.push(tree);
        }
        subtrees.reverse();
        Ok(Self { subtrees })
    }

    /// The root of the tree at `size`, which may be any earlier size: [`Plan::build`] then returns
    /// exactly one hash.
    pub fn root(size: u64) -> Result<Self, PlanError> {
        within_limit(size)?;
        Ok(Self {
            subtrees: std::iter::once(0..size).collect(),
        })
    }

    /// What to fetch, lowest level first and ascending within it; nothing twice.
    ///
    /// A range may cover a few nodes that the proof passes over, so that one query serves a tile.
    pub fn ranges(&self) -> Vec<NodeRange> {
        let mut tiles = BTreeMap::<(u8, u64), Range<u64>>::new();
        for run in self.subtrees.iter().flat_map(runs) {
            tiles
                .entry((run.level, run.indices.start / tile::WIDTH))
                .and_modify(|indices| {
                    indices.start = indices.start.min(run.indices.start);
                    indices.end = indices.end.max(run.indices.end);
                })
                .or_insert(run.indices);
        }
        tiles
            .into_iter()
            .map(|((level, _), indices)| NodeRange { level, indices })
            .collect()
    }

    /// The proof, from the fetched nodes in any order. Nodes that are not needed are passed over.
    pub fn build(&self, nodes: impl IntoIterator<Item = Node>) -> Result<Vec<Hash>, PlanError> {
        let nodes: HashMap<_, _> = nodes
            .into_iter()
            .map(|node| ((node.level, node.index), node.hash))
            .collect();
        let perfect_root = |run: NodeRange| {
            let level = run.level;
            let row = run.indices.map(|index| {
                nodes
                    .get(&(level, index))
                    .copied()
                    .ok_or(PlanError::Missing { level, index })
            });
            row.collect::<Result<Vec<_>, _>>().map(|row| fold(&row))
        };
        let subtree_root = |subtree| {
            let peaks = runs(subtree)
                .map(perfect_root)
                .collect::<Result<Vec<_>, _>>()?;
            Ok(join_peaks(&peaks).unwrap_or(EMPTY_ROOT))
        };
        self.subtrees.iter().map(subtree_root).collect()
    }
}

/// Why there is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The tree has no entry at that position.
    #[error("position {index} is not in a tree of {size} entries")]
    IndexOutOfRange {
        /// The position asked for.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A tree never shrinks.
    #[error("a tree of {old} entries is not the beginning of one of {new}")]
    OldLargerThanNew {
        /// The size said to be earlier.
        old: u64,
        /// The size said to be later.
        new: u64,
    },
    /// The size is above [`MAX_SIZE`].
    #[error("a ledger cannot hold {size} entries")]
    TooLarge {
        /// The size asked for.
        size: u64,
    },
    /// A node of [`Plan::ranges`] was not handed to [`Plan::build`]: the store has lost it.
    #[error("node {index} of level {level} is missing")]
    Missing {
        /// Tile level of the node.
        level: u8,
        /// Its place within the level.
        index: u64,
    },
}

fn within_limit(size: u64) -> Result<(), PlanError> {
    if size > MAX_SIZE {
        Err(PlanError::TooLarge { size })
    } else {
        Ok(())
    }
}

/// Splits at the largest power of two smaller than the length, which must be at least 2
/// (RFC 6962 §2.1).
fn split(tree: &Range<u64>) -> (Range<u64>, Range<u64>) {
    let middle = tree.start + (1 << (tree.end - tree.start - 1).ilog2());
    (tree.start..middle, middle..tree.end)
}

/// The perfect subtrees of a subtree, left to right, each as the row of stored nodes under it.
///
/// A perfect subtree of height *h* has 2^(h mod 8) nodes at tile level ⌊h / 8⌋, all in one tile.
fn runs(subtree: &Range<u64>) -> impl Iterator<Item = NodeRange> + use<> {
    let Range { mut start, end } = *subtree;
    std::iter::from_fn(move || {
        let height = u8::try_from((end - start).checked_ilog2()?).ok()?;
        let level = height / tile::HEIGHT;
        let first = start >> (level * tile::HEIGHT);
        let count = 1 << (height % tile::HEIGHT);
        start += 1 << height;
        Some(NodeRange {
            level,
            indices: first..first + count,
        })
    })
}

/// The root over a row of 2ⁿ hashes.
fn fold(row: &[Hash]) -> Hash {
    match row {
        [] => EMPTY_ROOT,
        [root] => *root,
        _ => {
            let (left, right) = row.split_at(row.len() / 2);
            node_hash(&fold(left), &fold(right))
        }
    }
}
