//! The hashing of the ledger's tree: RFC 6962 §2.1 (the same bytes as RFC 9162 §2.1), SHA-256.
//!
//! A leaf and an inner node are hashed with different first bytes, so that no inner node can be
//! passed off as an entry.

use std::fmt;

use aws_lc_rs::digest::{self, SHA256};

/// First byte of what is hashed for a leaf.
const LEAF_PREFIX: u8 = 0x00;
/// First byte of what is hashed for an inner node.
const NODE_PREFIX: u8 = 0x01;

/// The largest number of entries a ledger may hold.
///
/// Positions and sizes stand in RFC 8785 JSON, whose integers are exact only up to 2⁵³ − 1.
/// At ten thousand entries a second it is reached after 28,000 years.
pub const MAX_SIZE: u64 = (1 << 53) - 1;

/// The root of the tree without entries: SHA-256 of nothing (RFC 6962 §2.1).
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// A SHA-256 value: the hash of a leaf, of an inner node, or a root.
///
/// Printed as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; Hash::LENGTH]);

impl Hash {
    /// Length of a hash in bytes.
    pub const LENGTH: usize = 32;

    /// A hash from its bytes.
    pub const fn new(bytes: [u8; Hash::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; Hash::LENGTH] {
        &self.0
    }
}

impl From<[u8; Hash::LENGTH]> for Hash {
    fn from(bytes: [u8; Hash::LENGTH]) -> Self {
        Self(bytes)
    }
}

/// Reads a database column or a message field; anything but 32 bytes is refused.
impl TryFrom<&[u8]> for Hash {
    type Error = std::array::TryFromSliceError;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self)
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// A hash stored or fetched by its place in the tree, counted in tile levels.
///
/// At level 0 `index` is the position of an entry and `hash` its leaf hash; at level *l* it is the
/// root over the 256*ˡ* entries from `index`·256*ˡ* on, all of them present (C2SP tlog-tiles).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// Tile level: 0 for leaves, 1 for roots of 256 leaves, 2 for roots of 65,536, and so on.
    pub level: u8,
    /// Place within the level, from 0.
    pub index: u64,
    /// The hash at that place.
    pub hash: Hash,
}

/// The hash of an entry, exactly as its bytes are stored.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    sha256(&[&[LEAF_PREFIX], entry])
}

/// The hash of an inner node over its two children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [NODE_PREFIX; 1 + 2 * Hash::LENGTH];
    bytes[1..=Hash::LENGTH].copy_from_slice(&left.0);
    bytes[1 + Hash::LENGTH..].copy_from_slice(&right.0);
    from_digest(&digest::digest(&SHA256, &bytes))
}

/// The root over neighbouring perfect subtrees, largest first, or `None` for none of them.
///
/// RFC 6962 splits at the largest power of two, so every subtree on the right edge joins the one
/// to its left only after all that stands to its right.
pub(super) fn join_peaks(peaks: &[Hash]) -> Option<Hash> {
    peaks
        .iter()
        .rev()
        .copied()
        .reduce(|right, left| node_hash(&left, &right))
}

/// SHA-256 of the concatenated parts, for leaves and for hashes outside the tree (key ids).
pub(super) fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = digest::Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    from_digest(&context.finish())
}

fn from_digest(digest: &digest::Digest) -> Hash {
    let mut bytes = [0; Hash::LENGTH];
    bytes.copy_from_slice(digest.as_ref());
    Hash(bytes)
}
