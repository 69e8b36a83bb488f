//! The tiles of a tree as it grows, in the memory of one tile per level.

use super::tile::{Kind, TilePath, WIDTH};
use super::tree::{Hash, Node};

/// A tile, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Its path.
    pub path: TilePath,
    /// Its hashes: 256, or as many as the path says.
    pub hashes: Vec<Hash>,
}

/// The right edge of the tiles.
///
/// It takes over every leaf, with the nodes [`Frontier::push`](super::Frontier::push) says that
/// leaf completed, and gives back the tiles that became full.
#[derive(Clone, Debug, Default)]
pub struct Growth {
    /// By level: full tiles so far, and the hashes of the one after them.
    levels: Vec<(u64, Vec<Hash>)>,
}

impl Growth {
    /// The tree without entries.
    pub const fn new() -> Self {
        Self { levels: Vec::new() }
    }

    /// Appends a leaf; answers the tiles that are full now, lowest level first.
    #[must_use = "a full tile is handed out once"]
    pub fn push(&mut self, leaf: Hash, completed: &[Node]) -> Vec<Tile> {
        let mut full = Vec::from_iter(self.add(0, leaf));
        for node in completed {
            full.extend(self.add(node.level, node.hash));
        }
        full
    }

    /// The partial tiles of the tree as it stands, lowest level first.
    pub fn partial(&self) -> impl Iterator<Item = Tile> + '_ {
        (0..).zip(&self.levels).filter_map(|(level, (index, row))| {
            let width = u8::try_from(row.len())
                .ok()
                .and_then(|it| it.try_into().ok())?;
            Some(Tile {
                path: TilePath {
                    kind: Kind::Hashes(level),
                    index: *index,
                    partial: Some(width),
                },
                hashes: row.clone(),
            })
        })
    }

    fn add(&mut self, level: u8, hash: Hash) -> Option<Tile> {
        let at = usize::from(level);
        if self.levels.len() <= at {
            self.levels.resize_with(at + 1, Default::default);
        }
        let (index, row) = &mut self.levels[at];
        row.push(hash);
        if row.len() as u64 != WIDTH {
            return None;
        }
        let path = TilePath {
            kind: Kind::Hashes(level),
            index: *index,
            partial: None,
        };
        *index += 1;
        Some(Tile {
            path,
            hashes: std::mem::take(row),
        })
    }
}
