//! Whatever is made from the tables is valid, and whatever is valid is understood alike by everyone.

use baton_domain::{route::Point, section::SectionKind};
use baton_wire::{contract::Message, core_questions, facts, json, sample, v1, walk};
use proptest::prelude::*;
use prost::Message as _;

use crate::TODAY;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_complete_profile_is_valid_and_survives_json(seed: u64) {
        let content = sample::complete(seed);
        let cut = walk::sections(&content, TODAY).expect("valid");
        prop_assert_eq!(cut.len(), 22);

        let typed = v1::Sections::decode(content).expect("it decodes");
        let written = json::write(&typed).expect("of the contract");
        let read = json::sections(&written, TODAY).expect("valid");
        prop_assert_eq!(v1::Sections::decode(read).expect("it decodes"), typed);
    }

    #[test]
    fn a_typical_profile_is_valid_at_every_point(seed: u64, year in 2000_i16..2026) {
        for point in Point::ALL {
            let learner = sample::Learner::synthetic(seed, point, year);
            let content = sample::typical(seed, point, &learner);
            let cut = walk::sections(&content, TODAY).expect("valid");
            prop_assert!(cut.len() >= 8);
            prop_assert!((1_000..8_192).contains(&content.len()), "{} bytes", content.len());
            prop_assert_eq!(core_questions::missing(point, &cut), Vec::<String>::new());
            let typed = v1::Sections::decode(content).expect("it decodes");
            let identity = typed.identity.expect("there");
            prop_assert_eq!(identity.legal_surname, Some(learner.surname));
            prop_assert_eq!(identity.date_of_birth, Some(learner.date_of_birth.to_string()));
        }
    }
}

#[test]
fn a_complete_section_has_every_field_but_the_answers() {
    for kind in SectionKind::ALL
        .into_iter()
        .filter(|kind| kind.publishable())
    {
        let section = sample::section(kind, 7);
        for field in Message::of(kind).fields {
            let there = facts::is_set(&section, kind, field.name);
            assert_eq!(there, field.name != "not_answered", "{kind}.{}", field.name);
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_bytes() {
    assert_eq!(sample::complete(1), sample::complete(1));
    assert_ne!(sample::complete(1), sample::complete(2));
}

#[test]
fn saying_that_nothing_can_be_answered_is_valid_and_leaves_no_core_question_open() {
    let sections: Vec<_> = SectionKind::ALL
        .into_iter()
        .filter(|kind| kind.publishable())
        .map(|kind| (kind, sample::unanswered(kind, 3)))
        .collect();
    let mut content = Vec::new();
    for (kind, section) in &sections {
        prost::encoding::bytes::encode(kind.number().into(), section, &mut content);
    }
    walk::sections(&content.into(), TODAY).expect("valid");
    for point in Point::ALL {
        assert_eq!(
            core_questions::missing(point, &sections),
            Vec::<String>::new()
        );
        assert_eq!(
            core_questions::missing(point, &[]).len(),
            core_questions::of(point).count(),
            "{point}"
        );
    }
}
