//! The check of a whole ledger: what was changed is found, and where.

use baton_domain::log::verify::{Fault, Outcome, Record, Verifier};
use baton_domain::log::{Checkpoint, Frontier, Hash, Node, leaf_hash};
use proptest::prelude::*;

/// A row of the entry table.
#[derive(Clone)]
struct Row {
    position: u64,
    entry: Option<Vec<u8>>,
    leaf: Option<Hash>,
}

fn ledger(size: u64) -> (Vec<Row>, Vec<Node>, Checkpoint) {
    let (mut rows, mut nodes, mut frontier) = (Vec::new(), Vec::new(), Frontier::new());
    for position in 0..size {
        let entry = format!("entry {position}").into_bytes();
        let leaf = leaf_hash(&entry);
        nodes.extend(frontier.push(leaf));
        let (entry, leaf) = (Some(entry), Some(leaf));
        rows.push(Row {
            position,
            entry,
            leaf,
        });
    }
    let origin = "ledger".to_owned();
    (
        rows,
        nodes,
        Checkpoint {
            origin,
            size,
            root: frontier.root(),
        },
    )
}

fn check(rows: &[Row], checkpoint: &Checkpoint) -> (Vec<Fault>, Vec<Node>, Outcome) {
    let (mut faults, mut nodes) = (Vec::new(), Vec::new());
    let mut verifier = Verifier::new(checkpoint);
    for row in rows {
        let entry = row.entry.as_deref();
        let finding = verifier.record(Record {
            position: row.position,
            entry,
            leaf: row.leaf,
        });
        faults.extend(finding.faults);
        nodes.extend(finding.completed);
    }
    let outcome = verifier.finish();
    faults.extend(outcome.faults.iter().cloned());
    (faults, nodes, outcome)
}

fn faults(rows: &[Row], checkpoint: &Checkpoint) -> Vec<Fault> {
    check(rows, checkpoint).0
}

/// Faults without the hashes in them.
fn summary(faults: &[Fault]) -> Vec<String> {
    let name = |fault: &Fault| match fault {
        Fault::Leaf { position, .. } => format!("leaf {position}"),
        Fault::Root { size, .. } => format!("root {size}"),
        other => other.to_string(),
    };
    faults.iter().map(name).collect()
}

#[test]
fn a_sound_ledger_has_no_faults_and_completes_the_stored_nodes() {
    for size in [0, 1, 255, 256, 600] {
        let (rows, stored, checkpoint) = ledger(size);
        let (faults, completed, outcome) = check(&rows, &checkpoint);
        assert_eq!(faults, []);
        assert_eq!(completed, stored);
        assert_eq!(outcome.dropped, 0);
        assert_eq!(outcome.frontier.map(|frontier| frontier.size()), Some(size));
    }
}

#[test]
fn leaf_hashes_alone_or_bytes_alone_are_enough() {
    let (mut rows, _, checkpoint) = ledger(300);
    rows[..200].iter_mut().for_each(|row| row.entry = None);
    rows[200..].iter_mut().for_each(|row| row.leaf = None);
    let (faults, _, outcome) = check(&rows, &checkpoint);
    assert_eq!(faults, []);
    assert_eq!(outcome.dropped, 200);
    rows[7].leaf = None;
    assert_eq!(
        summary(&self::faults(&rows, &checkpoint)),
        ["entry 7 has neither bytes nor leaf hash"]
    );
}

#[test]
fn a_changed_entry_breaks_its_leaf_and_the_root() {
    let (mut rows, _, checkpoint) = ledger(300);
    rows[42].entry = Some(b"entry 43".to_vec());
    assert_eq!(
        summary(&faults(&rows, &checkpoint)),
        ["leaf 42", "root 300"]
    );
    rows[42].leaf = Some(leaf_hash(b"entry 43"));
    assert_eq!(summary(&faults(&rows, &checkpoint)), ["root 300"]);
}

#[test]
fn a_changed_leaf_hash_beside_a_sound_entry_leaves_the_root_whole() {
    let (mut rows, _, checkpoint) = ledger(300);
    rows[42].leaf = Some(leaf_hash(b"other"));
    rows[9].leaf = Some(leaf_hash(b"other"));
    assert_eq!(summary(&faults(&rows, &checkpoint)), ["leaf 9", "leaf 42"]);
    rows[42].entry = None;
    assert_eq!(summary(&faults(&rows, &checkpoint)), ["leaf 9", "root 300"]);
}

#[test]
fn every_gap_is_named() {
    let (mut rows, _, checkpoint) = ledger(300);
    rows.retain(|row| !matches!(row.position, 0 | 10..=12 | 298..));
    rows[100].leaf = Some(leaf_hash(b"other"));
    let missing = |start, end| Fault::Missing(start..end);
    let (found, _, outcome) = check(&rows, &checkpoint);
    assert_eq!(outcome.frontier, None);
    let [first, second, leaf, last] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        [first, second, last],
        [&missing(0, 1), &missing(10, 13), &missing(298, 300)]
    );
    assert_eq!(summary(std::slice::from_ref(leaf)), ["leaf 104"]);
    assert_eq!(first.to_string(), "positions 0 to 0 are missing");
    assert_eq!(faults(&[], &checkpoint), [missing(0, 300)]);
}

#[test]
fn rows_that_stand_twice_or_out_of_order_are_named() {
    let (mut rows, _, checkpoint) = ledger(5);
    rows.insert(3, rows[2].clone());
    assert_eq!(faults(&rows, &checkpoint), [Fault::OutOfOrder(2)]);
    rows.remove(3);
    rows.swap(1, 2);
    assert_eq!(
        faults(&rows, &checkpoint),
        [Fault::Missing(1..2), Fault::OutOfOrder(1),]
    );
}

#[test]
fn rows_beyond_the_checkpoint_are_named() {
    let (rows, _, _) = ledger(5);
    let (_, _, earlier) = ledger(3);
    assert_eq!(
        faults(&rows, &earlier),
        [Fault::NotCovered(3), Fault::NotCovered(4)]
    );
    let mut far = rows[4].clone();
    far.position = u64::MAX;
    let (rows, _, checkpoint) = ledger(5);
    let rows = [rows, vec![far]].concat();
    assert_eq!(faults(&rows, &checkpoint), [Fault::NotCovered(u64::MAX)]);
}

#[test]
fn another_ledger_of_the_same_size_is_found_by_its_root() {
    let (rows, _, mut checkpoint) = ledger(5);
    checkpoint.root = leaf_hash(b"other");
    assert_eq!(summary(&faults(&rows, &checkpoint)), ["root 5"]);
    checkpoint.size = 0;
    assert_eq!(faults(&[], &checkpoint).len(), 1);
}

proptest! {
    #[test]
    fn any_flipped_bit_is_found(
        size in 1_u64..600,
        at in any::<prop::sample::Index>(),
        bit in any::<prop::sample::Index>(),
    ) {
        let (mut rows, _, checkpoint) = ledger(size);
        let at = at.index(rows.len());
        let entry = rows[at].entry.as_mut().expect("kept");
        let bit = bit.index(entry.len() * 8);
        entry[bit / 8] ^= 1 << (bit % 8);
        let expected = [format!("leaf {at}"), format!("root {size}")];
        prop_assert_eq!(summary(&faults(&rows, &checkpoint)), expected);
    }

    #[test]
    fn any_rows_at_all_are_checked_without_a_panic(
        rows in prop::collection::vec((any::<u64>(), any::<Option<Vec<u8>>>()), 0..20),
        size in any::<u64>(),
        root in any::<[u8; 32]>(),
    ) {
        let checkpoint = Checkpoint { origin: "ledger".to_owned(), size, root: Hash::new(root) };
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(position, entry)| Row { position, entry, leaf: None })
            .collect();
        prop_assert!(!faults(&rows, &checkpoint).is_empty());
    }
}
