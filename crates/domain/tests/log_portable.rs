//! Portable proofs: written as C2SP tlog-proof says, and true only under the ledger's key.

use baton_domain::log::note::SignerKey;
use baton_domain::log::portable::PortableError;
use baton_domain::log::{Checkpoint, Frontier, Hash, Node, Plan, PortableProof, leaf_hash};

const ORIGIN: &str = "baton.ledger/ldg_test/1";

fn entry(position: u64) -> Vec<u8> {
    format!("entry {position}").into_bytes()
}

fn key() -> SignerKey {
    SignerKey::from_seed(ORIGIN, &[7; 32]).expect("a key")
}

fn hashes(index: u64, size: u64, nodes: Vec<Node>) -> Vec<Hash> {
    let plan = Plan::inclusion(index, size).expect("an entry of the tree");
    plan.build(nodes).expect("every node is there")
}

/// A proof of one entry of a ledger of a size, and its leaf hash.
fn proof(index: u64, size: u64) -> (PortableProof, Hash) {
    let (mut nodes, mut frontier) = (Vec::new(), Frontier::new());
    for index in 0..size {
        let hash = leaf_hash(&entry(index));
        nodes.push(Node {
            level: 0,
            index,
            hash,
        });
        nodes.extend(frontier.push(hash));
    }
    let checkpoint = Checkpoint {
        origin: ORIGIN.to_owned(),
        size,
        root: frontier.root(),
    };
    let proof = PortableProof {
        extra: Some(b"of whoever made it".to_vec()),
        index,
        hashes: hashes(index, size, nodes),
        checkpoint: checkpoint.sign(&key()).expect("a signature"),
    };
    (proof, leaf_hash(&entry(index)))
}

#[test]
fn it_is_written_line_by_line_and_read_back() {
    let (mut proof, _) = proof(5, 7);
    let text = proof.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "c2sp.org/tlog-proof@v1",
            "extra b2Ygd2hvZXZlciBtYWRlIGl0",
            "index 5"
        ]
    );
    assert_eq!(lines[3..6].iter().map(|line| line.len()).max(), Some(44));
    assert_eq!(lines[6], "", "three hashes, and a blank line");
    assert_eq!(lines[7], ORIGIN);
    assert_eq!(text.parse(), Ok(proof.clone()));
    proof.extra = None;
    let text = proof.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 5\n"));
    assert_eq!(text.parse(), Ok(proof));
}

#[test]
fn a_proof_of_the_only_entry_has_no_hashes() {
    let (proof, leaf) = proof(0, 1);
    let text = proof.to_string();
    assert!(text.contains("index 0\n\nbaton.ledger/"));
    let read: PortableProof = text.parse().unwrap();
    read.verify(&leaf, &[key().verifier().clone()]).unwrap();
}

#[test]
fn it_holds_for_its_entry_place_and_key_and_for_nothing_else() {
    let keys = [key().verifier().clone()];
    let (proof, leaf) = proof(300, 700);
    assert_eq!(proof.verify(&leaf, &keys).unwrap().size, 700);
    let wrong = proof.verify(&leaf_hash(b"another"), &keys);
    assert!(matches!(wrong, Err(PortableError::Inclusion(_))));
    let moved = PortableProof {
        index: 301,
        ..proof.clone()
    };
    let wrong = moved.verify(&leaf, &keys);
    assert!(matches!(wrong, Err(PortableError::Inclusion(_))));
    let other = SignerKey::from_seed(ORIGIN, &[8; 32]).unwrap();
    let wrong = proof.verify(&leaf, &[other.verifier().clone()]);
    assert!(matches!(wrong, Err(PortableError::Checkpoint(_))));
}

#[test]
fn every_changed_byte_is_refused_except_in_what_nothing_vouches_for() {
    let keys = [key().verifier().clone()];
    let (proof, leaf) = proof(2, 6);
    let text = proof.to_string();
    let extra = text.find("extra ").unwrap() + 6..text.find("\nindex").unwrap();
    for at in 0..text.len() {
        for bit in 0..7 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            let holds = changed
                .parse::<PortableProof>()
                .is_ok_and(|it| it.verify(&leaf, &keys).is_ok());
            assert!(!holds || extra.contains(&at), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn one_proof_has_one_text() {
    let (proof, _) = proof(5, 7);
    let text = proof.to_string();
    for wrong in [
        String::new(),
        text.replace("@v1", "@v2"),
        text.replace("index 5", "index 05"),
        text.replace("index 5", "index +5"),
        text.replace("\nindex", "\nextra AA==\nindex"),
        text.replace('\n', "\r\n"),
        text.replace("\n\nbaton", "\nbaton"),
        text.replace("index 5\n", "index 5\nAA==\n"),
    ] {
        let read: Result<PortableProof, _> = wrong.parse();
        assert_eq!(read, Err(PortableError::Format), "{wrong:?}");
    }
}
