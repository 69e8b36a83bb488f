//! The right edge of the tree: all that is needed to append, and nothing more.
//!
//! A tree of *n* entries is a row of perfect subtrees, one per set bit of *n*, largest first.
//! Their roots fit in the head row of the ledger (at most 53 hashes, 1.7 KB), so an append reads
//! no other row of the tree.

use super::tile;
use super::tree::{EMPTY_ROOT, Hash, MAX_SIZE, Node, join_peaks, node_hash};

/// The size of a tree and the roots of its perfect subtrees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Largest subtree first; always as many as `size` has set bits.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The tree without entries.
    pub const fn new() -> Self {
        Self {
            size: 0,
            peaks: Vec::new(),
        }
    }

    /// Number of leaves; also the position the next one will have.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf and returns the roots of the tile-sized subtrees it completes.
    ///
    /// Mostly there are none. Every 256th leaf completes one node of level 1, every 65,536th one
    /// of level 2 as well, lowest level first: the rows of the node table. Level 0 is not
    /// returned, the leaf hash stands beside its entry.
    #[must_use = "the completed nodes are rows to store"]
    pub fn push(&mut self, leaf: Hash) -> Vec<Node> {
        let mut completed = Vec::new();
        let mut merged = leaf;
        // Each trailing one bit of the old size is a subtree as large as the one just built.
        for height in (1u8..).take(self.size.trailing_ones() as usize) {
            let Some(left) = self.peaks.pop() else { break };
            merged = node_hash(&left, &merged);
            if height.is_multiple_of(tile::HEIGHT) {
                let level = height / tile::HEIGHT;
                completed.push(Node {
                    level,
                    index: self.size >> height,
                    hash: merged,
                });
            }
        }
        self.peaks.push(merged);
        self.size += 1;
        completed
    }

    /// The root of the tree (RFC 6962 §2.1).
    pub fn root(&self) -> Hash {
        join_peaks(&self.peaks).unwrap_or(EMPTY_ROOT)
    }

    /// The stored form: the size as 8 bytes, big-endian, then the hashes, largest subtree first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.peaks.iter().flat_map(Hash::as_bytes));
        bytes
    }

    /// Reads the stored form. The number of hashes must be exactly the one the size calls for.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let (size, hashes) = bytes.split_first_chunk().ok_or(FrontierError::Length)?;
        let size = u64::from_be_bytes(*size);
        if size > MAX_SIZE {
            return Err(FrontierError::Size);
        }
        let (hashes, rest) = hashes.as_chunks::<{ Hash::LENGTH }>();
        if !rest.is_empty() || hashes.len() != size.count_ones() as usize {
            return Err(FrontierError::Length);
        }
        Ok(Self {
            size,
            peaks: hashes.iter().copied().map(Hash::new).collect(),
        })
    }
}

/// A stored frontier that cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// The bytes are cut short, or hold more or fewer hashes than the size calls for.
    #[error("the stored frontier has the wrong length for its size")]
    Length,
    /// The size is above [`MAX_SIZE`].
    #[error("the stored frontier claims more entries than a ledger can hold")]
    Size,
}
