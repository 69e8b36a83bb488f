//! The tree, its right edge and its proofs, held against ct-merkle, which shares no code with us.

mod log_ledger;

use aws_lc_rs::digest::{Context, SHA256};
use baton_domain::log::frontier::FrontierError;
use baton_domain::log::{
    EMPTY_ROOT, Frontier, Hash, MAX_SIZE, Node, Plan, leaf_hash, node_hash, verify_consistency,
    verify_inclusion,
};
use ct_merkle::digest::typenum::U32;
use ct_merkle::digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use log_ledger::{Ledger, entry, uniform_frontier};
use proptest::prelude::*;

/// SHA-256 in the shape ct-merkle wants it.
#[derive(Clone)]
struct Sha256(Context);

impl Default for Sha256 {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl HashMarker for Sha256 {}

impl OutputSizeUser for Sha256 {
    type OutputSize = U32;
}

impl Update for Sha256 {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

impl FixedOutput for Sha256 {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(self.0.finish().as_ref());
    }
}

type Oracle = MemoryBackedTree<Sha256, Vec<u8>>;

fn oracle_of(size: u64) -> Oracle {
    let mut oracle = Oracle::new();
    (0..size).for_each(|position| oracle.push(entry(position)));
    oracle
}

fn concatenated(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(Hash::as_bytes).copied().collect()
}

/// The definition in RFC 6962 §2.1, word for word.
fn merkle_tree_hash(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&merkle_tree_hash(left), &merkle_tree_hash(right))
        }
    }
}

fn check_against(oracle: &Oracle, ledger: &Ledger, index: u64, old: u64) {
    let size = oracle.len();
    let root = ledger.root(size);
    assert_eq!(oracle.root().as_bytes().as_slice(), root.as_bytes());

    let proof = ledger.inclusion(index, size);
    let at = usize::try_from(index).expect("small");
    assert_eq!(oracle.prove_inclusion(at).as_bytes(), concatenated(&proof));
    assert_eq!(
        verify_inclusion(&ledger.leaves[at], index, size, &proof, root),
        Ok(())
    );

    let proof = ledger.consistency(old, size);
    if old > 0 {
        let added = usize::try_from(size - old).expect("small");
        assert_eq!(
            oracle.prove_consistency(added).as_bytes(),
            concatenated(&proof)
        );
    }
    assert_eq!(
        verify_consistency(old, ledger.root(old), size, root, &proof),
        Ok(())
    );
}

#[test]
fn the_empty_tree_and_the_reference_leaves_have_the_published_roots() {
    assert_eq!(leaf_hash(b"").to_string(), REFERENCE_ROOTS[0]);
    assert_eq!(Frontier::new().root(), EMPTY_ROOT);
    assert_eq!(
        aws_lc_rs::digest::digest(&SHA256, b"").as_ref(),
        EMPTY_ROOT.as_ref()
    );

    let mut frontier = Frontier::new();
    for (leaf, root) in REFERENCE_LEAVES.into_iter().zip(REFERENCE_ROOTS) {
        assert!(frontier.push(leaf_hash(leaf)).is_empty());
        assert_eq!(frontier.root().to_string(), root);
    }
}

/// Leaves of the test trees of the Certificate Transparency reference code.
const REFERENCE_LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

/// Roots over the first one, two, … eight of them, published with them.
const REFERENCE_ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn every_root_and_proof_up_to_70_entries_is_the_oracles() {
    let ledger = Ledger::of(70);
    for size in 1..=70 {
        let oracle = oracle_of(size);
        for position in 0..size {
            check_against(&oracle, &ledger, position, position);
        }
        let root = ledger.root(size);
        assert_eq!(verify_consistency(size, root, size, root, &[]), Ok(()));
    }
}

#[test]
fn proofs_around_tile_boundaries_are_the_oracles() {
    let ledger = Ledger::of(65_800);
    for size in [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_800] {
        let oracle = oracle_of(size);
        for position in [
            0, 1, 254, 255, 256, 257, 511, 512, 65_279, 65_280, 65_535, 65_536,
        ] {
            if position < size {
                check_against(&oracle, &ledger, position, position);
            }
        }
        check_against(&oracle, &ledger, size - 1, size - 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn roots_and_proofs_of_any_tree_are_the_oracles(
        size in 1_u64..3_000,
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 16),
    ) {
        let (oracle, ledger) = (oracle_of(size), Ledger::of(size));
        let below = usize::try_from(size)?;
        for (index, old) in picks {
            check_against(&oracle, &ledger, index.index(below) as u64, old.index(below) as u64);
        }
    }
}

#[test]
fn an_entry_can_be_proven_at_every_later_size_from_today_s_rows() {
    let ledger = Ledger::of(600);
    for size in (1..=600).step_by(7) {
        let index = size / 3;
        let proof = ledger.inclusion(index, size);
        let leaf = leaf_hash(&entry(index));
        assert_eq!(
            verify_inclusion(&leaf, index, size, &proof, ledger.root(size)),
            Ok(())
        );
        assert_eq!(
            ledger.prove(&Plan::root(size).expect("in range")),
            [*ledger.root(size)]
        );
    }
    assert_eq!(
        ledger.prove(&Plan::root(0).expect("in range")),
        [EMPTY_ROOT]
    );
}

#[test]
fn completed_nodes_are_the_roots_over_their_256_to_the_level_leaves() {
    let ledger = Ledger::of(70_000);
    assert_eq!(ledger.upper.len(), 273 + 1);
    for (&(level, index), hash) in &ledger.upper {
        let width = 256_usize.pow(u32::from(level));
        let start = usize::try_from(index).expect("small") * width;
        assert_eq!(
            *hash,
            merkle_tree_hash(&ledger.leaves[start..start + width])
        );
    }
    assert_eq!(*ledger.root(70_000), merkle_tree_hash(&ledger.leaves));
}

#[test]
fn one_leaf_completes_nodes_of_several_levels_lowest_first() {
    let mut frontier = uniform_frontier(65_535);
    let places = |nodes: Vec<Node>| -> Vec<_> {
        nodes
            .into_iter()
            .map(|node| (node.level, node.index))
            .collect()
    };
    assert_eq!(
        places(frontier.push(leaf_hash(b"last"))),
        [(1, 255), (2, 0)]
    );
    assert_eq!(places(frontier.push(leaf_hash(b"next"))), []);
}

#[test]
fn a_frontier_goes_on_after_being_stored_at_any_size() {
    let ledger = Ledger::of(300);
    let mut frontier = Frontier::new();
    for (position, leaf) in ledger.leaves.iter().enumerate() {
        let stored = frontier.to_bytes();
        assert_eq!(stored.len(), 8 + 32 * position.count_ones() as usize);
        frontier = Frontier::from_bytes(&stored).expect("what was stored");
        assert_eq!(frontier.root(), ledger.roots[position]);
        assert_eq!(frontier.push(*leaf).len(), usize::from(position == 255));
        assert_eq!(frontier.size(), position as u64 + 1);
    }
    assert_eq!(frontier, ledger.frontier);
}

#[test]
fn a_stored_frontier_of_the_wrong_length_is_refused() {
    let stored = Ledger::of(300).frontier.to_bytes();
    for length in 0..stored.len() {
        assert_eq!(
            Frontier::from_bytes(&stored[..length]),
            Err(FrontierError::Length)
        );
    }
    let longer = [&stored[..], &[0; 32]].concat();
    assert_eq!(Frontier::from_bytes(&longer), Err(FrontierError::Length));
    let huge = [&u64::MAX.to_be_bytes()[..], &[0; 64 * 32]].concat();
    assert_eq!(Frontier::from_bytes(&huge), Err(FrontierError::Size));
    let too_many = [&(MAX_SIZE + 1).to_be_bytes()[..], &[0; 32]].concat();
    assert_eq!(Frontier::from_bytes(&too_many), Err(FrontierError::Size));
    let largest = [&MAX_SIZE.to_be_bytes()[..], &[0; 53 * 32]].concat();
    assert!(Frontier::from_bytes(&largest).is_ok());
}
