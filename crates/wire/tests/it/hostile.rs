//! Bytes from anyone. Nothing panics, and nothing is accepted that a decoder reads otherwise.

use baton_wire::{VIOLATIONS_MAX, sample, v1, walk};
use bytes::Bytes;
use proptest::prelude::*;
use prost::Message as _;

use crate::TODAY;

/// What is accepted decodes, and encodes to something that is accepted too.
fn walk_and_decode(content: Vec<u8>) {
    let content = Bytes::from(content);
    match walk::sections(&content, TODAY) {
        Ok(cut) => {
            let typed = v1::Sections::decode(content).expect("what was accepted decodes");
            assert!(!cut.is_empty());
            walk::sections(&typed.encode_to_vec().into(), TODAY).expect("as valid as before");
        }
        Err(violations) => {
            assert!((1..=VIOLATIONS_MAX + 1).contains(&violations.len()));
            assert!(
                violations
                    .iter()
                    .all(|it| !it.rule.is_empty() && !it.description.is_empty())
            );
        }
    }
}

#[derive(Clone, Debug)]
enum Mutation {
    Flip(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Cut(prop::sample::Index),
    Double(prop::sample::Index, usize),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Flip(at, by) => {
                let at = at.index(bytes.len());
                bytes[at] ^= by;
            }
            Self::Insert(at, byte) => bytes.insert(at.index(bytes.len()), *byte),
            Self::Remove(at) => drop(bytes.remove(at.index(bytes.len()))),
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Double(at, length) => {
                let at = at.index(bytes.len());
                let piece = bytes[at..(at + length).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), 1..=255_u8).prop_map(|(at, by)| Mutation::Flip(at, by)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        at().prop_map(Mutation::Remove),
        at().prop_map(Mutation::Cut),
        (at(), 1..64_usize).prop_map(|(at, length)| Mutation::Double(at, length)),
    ]
}

proptest! {
    #[test]
    fn random_bytes_are_refused_or_understood(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        walk_and_decode(bytes);
    }

    #[test]
    fn damaged_profiles_are_refused_or_understood(
        seed in 0..16_u64,
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let mut bytes = sample::section(seed_kind(seed), seed).to_vec();
        for mutation in &mutations {
            mutation.apply(&mut bytes);
        }
        let mut content = Vec::new();
        prost::encoding::bytes::encode(seed_kind(seed).number().into(), &bytes, &mut content);
        walk_and_decode(content);
    }

    #[test]
    fn damage_anywhere_in_a_whole_profile_does_not_panic(
        mutations in prop::collection::vec(mutation(), 1..4),
    ) {
        let mut bytes = sample::complete(1).to_vec();
        for mutation in &mutations {
            mutation.apply(&mut bytes);
        }
        walk_and_decode(bytes);
    }
}

fn seed_kind(seed: u64) -> baton_domain::section::SectionKind {
    let kinds = baton_domain::section::SectionKind::ALL;
    kinds[usize::try_from(seed).expect("small") % 20]
}
