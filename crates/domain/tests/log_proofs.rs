//! Proofs that do not hold: none is accepted, and none makes the verifier panic. Proofs at sizes no
//! test can fill: all hold, and read few rows.

mod log_ledger;

use baton_domain::log::plan::PlanError;
use baton_domain::log::proof::ProofError;
use baton_domain::log::{
    EMPTY_ROOT, Hash, MAX_SIZE, Node, Plan, leaf_hash, verify_consistency, verify_inclusion,
};
use log_ledger::{Ledger, entry, uniform, uniform_frontier};
use proptest::prelude::*;

#[test]
fn every_changed_bit_of_an_inclusion_proof_is_found() {
    let ledger = Ledger::of(40);
    for size in 1..=40 {
        let root = *ledger.root(size);
        for index in 0..size {
            let leaf = leaf_hash(&entry(index));
            let proof = ledger.inclusion(index, size);
            let mismatch = Err(ProofError::RootMismatch);
            for bit in 0..256 {
                let verdict = verify_inclusion(&flipped(leaf, bit), index, size, &proof, &root);
                assert_eq!(verdict, mismatch);
                let verdict = verify_inclusion(&leaf, index, size, &proof, &flipped(root, bit));
                assert_eq!(verdict, mismatch);
            }
            for changed in each_flip(&proof) {
                let verdict = verify_inclusion(&leaf, index, size, &changed, &root);
                assert_eq!(verdict, mismatch);
            }
            for wrong in (0..size).filter(|wrong| *wrong != index) {
                assert!(verify_inclusion(&leaf, wrong, size, &proof, &root).is_err());
            }
            for length in 0..proof.len() {
                let verdict = verify_inclusion(&leaf, index, size, &proof[..length], &root);
                assert_eq!(verdict, Err(ProofError::Length));
            }
            let longer = [&proof[..], &[root]].concat();
            let verdict = verify_inclusion(&leaf, index, size, &longer, &root);
            assert_eq!(verdict, Err(ProofError::Length));
        }
    }
}

#[test]
fn every_changed_bit_of_a_consistency_proof_is_found() {
    let ledger = Ledger::of(40);
    for new in 1..=40 {
        for old in 0..=new {
            let (old_root, new_root) = (*ledger.root(old), *ledger.root(new));
            let proof = ledger.consistency(old, new);
            let verify = |old_root, new_root, proof: &[Hash]| {
                verify_consistency(old, &old_root, new, &new_root, proof)
            };
            for bit in 0..256 {
                assert!(verify(flipped(old_root, bit), new_root, &proof).is_err());
                // Every tree begins with the empty one, so nothing is said about the later root.
                assert!(old == 0 || verify(old_root, flipped(new_root, bit), &proof).is_err());
            }
            for changed in each_flip(&proof) {
                assert!(verify(old_root, new_root, &changed).is_err());
            }
            for length in 0..proof.len() {
                assert_eq!(
                    verify(old_root, new_root, &proof[..length]),
                    Err(ProofError::Length)
                );
            }
            let longer = [&proof[..], &[old_root]].concat();
            assert_eq!(verify(old_root, new_root, &longer), Err(ProofError::Length));
        }
    }
}

fn flipped(hash: Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash::new(bytes)
}

fn each_flip(proof: &[Hash]) -> impl Iterator<Item = Vec<Hash>> {
    (0..proof.len() * 256).map(|bit| {
        let mut changed = proof.to_vec();
        changed[bit / 256] = flipped(changed[bit / 256], bit % 256);
        changed
    })
}

#[test]
fn what_cannot_be_proven_is_refused_before_anything_is_fetched() {
    let out_of_range = PlanError::IndexOutOfRange { index: 5, size: 5 };
    assert_eq!(Plan::inclusion(5, 5), Err(out_of_range));
    let shrunk = PlanError::OldLargerThanNew { old: 6, new: 5 };
    assert_eq!(Plan::consistency(6, 5), Err(shrunk));
    let size = MAX_SIZE + 1;
    assert_eq!(Plan::inclusion(0, size), Err(PlanError::TooLarge { size }));
    assert_eq!(
        Plan::consistency(0, size),
        Err(PlanError::TooLarge { size })
    );
    assert_eq!(Plan::root(size), Err(PlanError::TooLarge { size }));

    let lost = Plan::inclusion(0, 2).expect("in range").build([]);
    assert_eq!(lost, Err(PlanError::Missing { level: 0, index: 1 }));
    let root = Hash::new([7; 32]);
    let verdict = verify_inclusion(&root, 5, 5, &[], &root);
    assert_eq!(verdict, Err(ProofError::IndexOutOfRange));
    let verdict = verify_consistency(6, &root, 5, &root, &[]);
    assert_eq!(verdict, Err(ProofError::OldLargerThanNew));
    assert!(verify_consistency(0, &EMPTY_ROOT, 0, &root, &[]).is_err());
}

fn uniform_proof(plan: &Plan) -> Vec<Hash> {
    let ranges = plan.ranges();
    for range in &ranges {
        let (first, last) = (range.indices.start, range.indices.end - 1);
        assert!(
            first <= last && first / 256 == last / 256,
            "{range:?} is not within one tile"
        );
        assert!(
            ranges
                .iter()
                .filter(|other| other.level == range.level)
                .count()
                <= 2
        );
    }
    assert!(ranges.len() <= 14);
    let nodes = ranges.into_iter().flat_map(|range| {
        let (level, hash) = (range.level, uniform(range.level * 8));
        range.indices.map(move |index| Node { level, index, hash })
    });
    plan.build(nodes).expect("every planned node is there")
}

proptest! {
    #[test]
    fn proofs_hold_and_read_few_rows_at_any_size(
        sizes in prop::array::uniform2((0_u32..53).prop_flat_map(|bits| 1..=MAX_SIZE >> bits)),
        at in any::<prop::sample::Index>(),
    ) {
        let (old, new) = (sizes[0].min(sizes[1]), sizes[0].max(sizes[1]));
        let (old_root, new_root) = (uniform_frontier(old).root(), uniform_frontier(new).root());
        let index = at.index(usize::try_from(new)?) as u64;

        let proof = uniform_proof(&Plan::inclusion(index, new)?);
        prop_assert!(proof.len() <= 53);
        verify_inclusion(&leaf_hash(b"same"), index, new, &proof, &new_root)?;
        let proof = uniform_proof(&Plan::consistency(old, new)?);
        verify_consistency(old, &old_root, new, &new_root, &proof)?;
        prop_assert_eq!(uniform_proof(&Plan::root(new)?), [new_root]);
    }

    #[test]
    fn invented_proofs_are_refused_and_never_panic(
        index in any::<u64>(),
        size in any::<u64>(),
        proof in prop::collection::vec(any::<[u8; 32]>().prop_map(Hash::new), 0..130),
        roots in any::<[[u8; 32]; 2]>(),
    ) {
        let [first, second] = roots.map(Hash::new);
        prop_assert!(verify_inclusion(&first, index, size, &proof, &second).is_err());
        if index > 0 {
            prop_assert!(verify_consistency(index, &first, size, &second, &proof).is_err());
        }
    }
}
