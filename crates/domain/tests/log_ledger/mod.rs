//! A ledger in memory, stored as a database stores it, and trees of any size at all.

use std::collections::BTreeMap;

use baton_domain::log::{EMPTY_ROOT, Frontier, Hash, Node, Plan, leaf_hash, node_hash};

pub(crate) fn entry(position: u64) -> Vec<u8> {
    format!("entry {position}").into_bytes()
}

/// What a store keeps: leaf hashes, completed upper nodes, the right edge, and here the roots of
/// all earlier sizes.
pub(crate) struct Ledger {
    pub(crate) leaves: Vec<Hash>,
    pub(crate) upper: BTreeMap<(u8, u64), Hash>,
    pub(crate) frontier: Frontier,
    pub(crate) roots: Vec<Hash>,
}

impl Ledger {
    pub(crate) fn of(size: u64) -> Self {
        let mut ledger = Self {
            leaves: Vec::new(),
            upper: BTreeMap::new(),
            frontier: Frontier::new(),
            roots: vec![EMPTY_ROOT],
        };
        (0..size).for_each(|position| ledger.append(&entry(position)));
        ledger
    }

    pub(crate) fn append(&mut self, entry: &[u8]) {
        let leaf = leaf_hash(entry);
        self.leaves.push(leaf);
        for node in self.frontier.push(leaf) {
            let before = self.upper.insert((node.level, node.index), node.hash);
            assert_eq!(before, None, "a node completed twice");
        }
        self.roots.push(self.frontier.root());
    }

    pub(crate) fn root(&self, size: u64) -> &Hash {
        &self.roots[usize::try_from(size).expect("small")]
    }

    /// Fetches exactly the ranges of a plan, as a store would.
    pub(crate) fn prove(&self, plan: &Plan) -> Vec<Hash> {
        let mut fetched = Vec::new();
        for range in plan.ranges() {
            for index in range.indices {
                let hash = match range.level {
                    0 => self.leaves[usize::try_from(index).expect("small")],
                    level => self.upper[&(level, index)],
                };
                let level = range.level;
                fetched.push(Node { level, index, hash });
            }
        }
        plan.build(fetched).expect("every planned node is stored")
    }

    pub(crate) fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        self.prove(&Plan::inclusion(index, size).expect("in range"))
    }

    pub(crate) fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        self.prove(&Plan::consistency(old, new).expect("in order"))
    }
}

/// In a tree of equal leaves all nodes of one height are equal, so trees of any size can be had.
pub(crate) fn uniform(height: u8) -> Hash {
    (0..height).fold(leaf_hash(b"same"), |hash, _| node_hash(&hash, &hash))
}

pub(crate) fn uniform_frontier(size: u64) -> Frontier {
    let mut bytes = size.to_be_bytes().to_vec();
    for height in (0..64).rev().filter(|height| size >> height & 1 == 1) {
        bytes.extend(uniform(height).as_bytes());
    }
    Frontier::from_bytes(&bytes).expect("one hash per set bit")
}
