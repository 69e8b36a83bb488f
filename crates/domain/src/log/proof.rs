//! Verification of proofs, as RFC 9162 §2.1.3.2 and §2.1.4.2 write it.
//!
//! Nothing here shares code with the making of a proof except the two hash functions: the
//! algorithms walk the bits of positions and sizes and never look at a tree.

use super::tree::{EMPTY_ROOT, Hash, node_hash};

/// Checks that `leaf` stands at `index` in the tree of `size` entries with that `root`.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::IndexOutOfRange);
    }
    let mut path = Path {
        inside: index,
        last: size - 1,
    };
    let mut hash = *leaf;
    for sibling in proof {
        hash = match path.climb()? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    path.finish()?;
    if hash == *root {
        Ok(())
    } else {
        Err(ProofError::RootMismatch)
    }
}

/// Checks that the tree of `old_size` entries is the beginning of the tree of `new_size` entries.
///
/// Two sizes that are equal need equal roots and no proof. RFC 9162 leaves the empty tree out; it
/// is the beginning of every tree, needs no proof, and must come with [`EMPTY_ROOT`], as in C2SP
/// tlog-witness.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old_size > new_size {
        return Err(ProofError::OldLargerThanNew);
    }
    if old_size == 0 || old_size == new_size {
        return verify_without_proof(old_size, old_root, new_size, new_root, proof);
    }
    // A power of two is a perfect subtree of the new tree; its root is known and not sent.
    let (first, proof) = if old_size.is_power_of_two() {
        (old_root, proof)
    } else {
        proof.split_first().ok_or(ProofError::Length)?
    };
    let mut path = Path {
        inside: old_size - 1,
        last: new_size - 1,
    };
    path.skip_shared_right_edge();
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in proof {
        match path.climb()? {
            Side::Left => {
                old_hash = node_hash(sibling, &old_hash);
                new_hash = node_hash(sibling, &new_hash);
            }
            Side::Right => new_hash = node_hash(&new_hash, sibling),
        }
    }
    path.finish()?;
    if old_hash != *old_root {
        return Err(ProofError::OldRootMismatch);
    }
    if new_hash != *new_root {
        return Err(ProofError::RootMismatch);
    }
    Ok(())
}

fn verify_without_proof(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if !proof.is_empty() {
        return Err(ProofError::Length);
    }
    if new_size == 0 && *new_root != EMPTY_ROOT {
        return Err(ProofError::RootMismatch);
    }
    let expected = if old_size == 0 { &EMPTY_ROOT } else { new_root };
    if old_root == expected {
        Ok(())
    } else {
        Err(ProofError::OldRootMismatch)
    }
}

/// Why a proof does not hold. Which one it is helps to find a fault, none of them is forgivable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The position is not below the size of the tree.
    #[error("the position is not in the tree")]
    IndexOutOfRange,
    /// The earlier size is the larger one.
    #[error("the earlier tree is larger than the later one")]
    OldLargerThanNew,
    /// The proof has more or fewer hashes than these positions and sizes call for.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// The proof does not lead to the root of the earlier tree.
    #[error("the proof does not lead to the root of the earlier tree")]
    OldRootMismatch,
    /// The proof does not lead to the root: leaf, proof or root was changed.
    #[error("the proof does not lead to the root")]
    RootMismatch,
}

/// The way up from a node to the root; `fn` and `sn` in the words of RFC 9162.
struct Path {
    /// Index of the node, among the nodes of its height.
    inside: u64,
    /// Index of the last node of that height.
    last: u64,
}

/// Where a sibling stands.
enum Side {
    Left,
    Right,
}

impl Path {
    /// Takes one step up and says on which side the sibling stood.
    fn climb(&mut self) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::Length);
        }
        let side = if is_right(self.inside) || self.inside == self.last {
            // A last node without a sibling of its own height rises until it has one.
            while !is_right(self.inside) && self.inside != 0 {
                self.rise();
            }
            Side::Left
        } else {
            Side::Right
        };
        self.rise();
        Ok(side)
    }

    /// Rises to the largest subtree that ends with this node.
    fn skip_shared_right_edge(&mut self) {
        while is_right(self.inside) {
            self.rise();
        }
    }

    fn rise(&mut self) {
        self.inside >>= 1;
        self.last >>= 1;
    }

    fn finish(self) -> Result<(), ProofError> {
        if self.last == 0 {
            Ok(())
        } else {
            Err(ProofError::Length)
        }
    }
}

/// Whether the node is the right one of its pair.
const fn is_right(index: u64) -> bool {
    index & 1 == 1
}
