//! The tree as static files: C2SP tlog-tiles (v0.1.0).
//!
//! A tile is up to 256 neighbouring hashes of one level; an entry bundle is the entries of a
//! level-0 tile. Only full tiles are hashed into the level above. Everything a tile says follows
//! from the checkpoint, so anyone may keep and serve them; entry bundles need the auditor's right.

use std::fmt;
use std::num::NonZeroU8;
use std::str::FromStr;

use super::tree::Hash;

/// Levels of the binary tree between two tile levels.
pub const HEIGHT: u8 = 8;
/// Hashes in a full tile, entries in a full bundle.
pub const WIDTH: u64 = 1 << HEIGHT;
/// The highest level a path may name.
pub const MAX_LEVEL: u8 = 63;

/// What a path below the prefix of a ledger names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Hashes of this level, at most [`MAX_LEVEL`].
    Hashes(u8),
    /// The entries under a tile of level 0.
    Entries,
}

/// The path of a tile or bundle: `tile/<level>/<index>[.p/<width>]`.
///
/// The index is cut into groups of three digits, all but the last marked with `x`, so that files
/// and folders never share a name: 1234067 is `x001/x234/067`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TilePath {
    /// What the path names.
    pub kind: Kind,
    /// Place of the tile within its level, from 0.
    pub index: u64,
    /// Number of hashes of a partial tile, `None` for a full one.
    pub partial: Option<NonZeroU8>,
}

impl TilePath {
    /// The path of a tile in the tree of `size` entries, or `None` if that tree has no such tile.
    pub fn in_tree(kind: Kind, index: u64, size: u64) -> Option<Self> {
        let level = match kind {
            Kind::Hashes(level) => level,
            Kind::Entries => 0,
        };
        let from_here_on = node_count(level, size).checked_sub(index.checked_mul(WIDTH)?)?;
        let partial = match u8::try_from(from_here_on) {
            Ok(width) => Some(NonZeroU8::new(width)?),
            Err(_) => None,
        };
        Some(Self {
            kind,
            index,
            partial,
        })
    }
}

/// Number of nodes at a tile level: the roots of the full 256-subtrees at the level below, or the
/// entries themselves.
pub fn node_count(level: u8, size: u64) -> u64 {
    // No tree of 64-bit size reaches level 8.
    size.checked_shr(u32::from(level) * u32::from(HEIGHT))
        .unwrap_or(0)
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Hashes(level) => write!(f, "tile/{level}/")?,
            Kind::Entries => f.write_str("tile/entries/")?,
        }
        for group in (1..GROUPS)
            .rev()
            .map(|power| self.index / 1000_u64.pow(power))
        {
            if group > 0 {
                write!(f, "x{:03}/", group % 1000)?;
            }
        }
        write!(f, "{:03}", self.index % 1000)?;
        self.partial.map_or(Ok(()), |width| write!(f, ".p/{width}"))
    }
}

/// Groups of three digits in the largest index.
const GROUPS: u32 = u64::MAX.ilog10() / 3 + 1;

/// Accepts exactly what `Display` writes.
impl FromStr for TilePath {
    type Err = TilePathError;

    fn from_str(path: &str) -> Result<Self, TilePathError> {
        let parsed = read_path(path).ok_or(TilePathError)?;
        // One resource has one path: no leading zeros, no empty groups, no sign.
        if parsed.to_string() == path {
            Ok(parsed)
        } else {
            Err(TilePathError)
        }
    }
}

fn read_path(path: &str) -> Option<TilePath> {
    let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let kind = match kind {
        "entries" => Kind::Entries,
        level => Kind::Hashes(level.parse().ok().filter(|level| *level <= MAX_LEVEL)?),
    };
    let (index, partial) = match rest.split_once(".p/") {
        Some((index, width)) => (index, Some(width.parse().ok()?)),
        None => (rest, None),
    };
    let index = index.split('/').try_fold(0_u64, |index, group| {
        let group = group
            .strip_prefix('x')
            .unwrap_or(group)
            .parse::<u16>()
            .ok()?;
        index.checked_mul(1000)?.checked_add(u64::from(group))
    })?;
    Some(TilePath {
        kind,
        index,
        partial,
    })
}

/// Not the path of a tile or bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile")]
pub struct TilePathError;

/// The content of a tile: its hashes one after the other.
pub fn write_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(Hash::as_bytes).copied().collect()
}

/// Reads a tile of 1 to 256 hashes.
pub fn read_hashes(bytes: &[u8]) -> Result<Vec<Hash>, TileError> {
    let (hashes, rest) = bytes.as_chunks::<{ Hash::LENGTH }>();
    if !rest.is_empty() {
        return Err(TileError::Cut);
    }
    within_width(hashes.len())?;
    Ok(hashes.iter().copied().map(Hash::new).collect())
}

/// The content of a bundle: each entry after its length as two bytes, big-endian.
pub fn write_bundle<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, TileError> {
    within_width(entries.len())?;
    let mut bytes = Vec::new();
    for entry in entries.iter().map(AsRef::as_ref) {
        let length = u16::try_from(entry.len()).map_err(|_| TileError::EntryTooLong)?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry);
    }
    Ok(bytes)
}

/// Reads a bundle of 1 to 256 entries.
pub fn read_bundle(mut bytes: &[u8]) -> Result<Vec<&[u8]>, TileError> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk().ok_or(TileError::Cut)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, rest) = rest.split_at_checked(length).ok_or(TileError::Cut)?;
        entries.push(entry);
        within_width(entries.len())?;
        bytes = rest;
    }
    within_width(entries.len())?;
    Ok(entries)
}

fn within_width(count: usize) -> Result<(), TileError> {
    if (1..=usize::from(u8::MAX) + 1).contains(&count) {
        Ok(())
    } else {
        Err(TileError::Width)
    }
}

/// The content of a tile or bundle that cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// It ends within a hash, a length or an entry.
    #[error("the tile is cut short")]
    Cut,
    /// It holds nothing, or more than 256 hashes or entries.
    #[error("a tile holds 1 to 256 items")]
    Width,
    /// The length of an entry does not fit in two bytes.
    #[error("an entry in a bundle has at most 65,535 bytes")]
    EntryTooLong,
}
