//! Tiles as a tree grows: the same ones that can be cut out of it afterwards.

use baton_domain::log::tile::{Kind, TilePath, WIDTH, node_count};
use baton_domain::log::{Frontier, Growth, Hash, Node, Tile, leaf_hash};

fn leaf(position: u64) -> Hash {
    leaf_hash(format!("entry {position}").as_bytes())
}

/// Every tile of a tree that holds hashes, cut out of what a store keeps: the leaves are made anew.
fn cut_out(upper: &[Node], size: u64) -> Vec<Tile> {
    let hash = |level, index| match level {
        0 => leaf(index),
        _ => {
            let is = |node: &&Node| (node.level, node.index) == (level, index);
            upper.iter().find(is).expect("a stored node").hash
        }
    };
    let mut tiles = Vec::new();
    for level in 0..4 {
        for index in 0.. {
            let Some(path) = TilePath::in_tree(Kind::Hashes(level), index, size) else {
                break;
            };
            let from = index * WIDTH;
            let to = node_count(level, size).min(from + WIDTH);
            let hashes = (from..to).map(|at| hash(level, at)).collect();
            tiles.push(Tile { path, hashes });
        }
    }
    tiles
}

#[test]
fn the_tiles_handed_out_are_those_of_the_tree_at_every_size() {
    let sizes = [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537];
    let mut upper: Vec<Node> = Vec::new();
    let (mut growth, mut frontier) = (Growth::new(), Frontier::new());
    let mut full: Vec<Tile> = Vec::new();
    for size in sizes {
        while frontier.size() < size {
            let leaf = leaf(frontier.size());
            let completed = frontier.push(leaf);
            full.extend(growth.push(leaf, &completed));
            upper.extend(completed);
        }
        let mut all: Vec<Tile> = full.iter().cloned().chain(growth.partial()).collect();
        all.sort_by_key(|tile| match tile.path.kind {
            Kind::Hashes(level) => (level, tile.path.index),
            Kind::Entries => unreachable!("no bundle is a tile of hashes"),
        });
        assert_eq!(all, cut_out(&upper, size), "at {size}");
    }
}

#[test]
fn no_more_than_a_tile_of_each_level_is_held() {
    let (mut growth, mut frontier) = (Growth::new(), Frontier::new());
    for position in 0..70_000 {
        let leaf = leaf(position);
        let completed = frontier.push(leaf);
        drop(growth.push(leaf, &completed));
    }
    let held: Vec<Vec<Hash>> = growth.partial().map(|tile| tile.hashes).collect();
    let widths: Vec<usize> = held.iter().map(Vec::len).collect();
    assert_eq!(widths, [112, 17, 1], "the worked case of C2SP tlog-tiles");
}
