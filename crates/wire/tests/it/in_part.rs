//! A section that goes on in part where it is refused: the law's numbers are the contract's fields, and what
//! is left is the section that would have been written without the rest.

use baton_domain::{
    section::SectionKind,
    sharing::{beyond, goes_on_in_part},
};
use baton_wire::{contract::Message, sample, v1};
use prost::Message as _;

fn without_the_rest(section: &[u8]) -> Vec<u8> {
    let fields = goes_on_in_part(SectionKind::Identity).unwrap();
    let mut left = section.to_vec();
    for range in beyond(fields, section).into_iter().rev() {
        left.drain(range);
    }
    left
}

#[test]
fn of_identity_go_on_the_names_and_the_date_of_birth() {
    let section = Message::of(SectionKind::Identity);
    let numbers = goes_on_in_part(SectionKind::Identity).unwrap();
    let names = numbers
        .iter()
        .map(|number| section.field(*number).unwrap().1.name);
    let expected = [
        "legal_surname",
        "legal_forename",
        "middle_names",
        "preferred_surname",
        "preferred_forename",
        "name_pronunciation",
        "date_of_birth",
    ];
    assert_eq!(names.collect::<Vec<_>>(), expected);
    // What is a name in the contract goes on: a new field in the group is looked at here.
    let in_group = section
        .fields
        .iter()
        .filter(|field| field.rule.group == "names");
    assert_eq!(in_group.count(), expected.len() - 1);
    let cut = SectionKind::ALL
        .into_iter()
        .filter(|kind| goes_on_in_part(*kind).is_some());
    assert_eq!(cut.collect::<Vec<_>>(), [SectionKind::Identity]);
}

#[test]
fn what_is_left_is_what_would_have_been_written_without_the_rest() {
    for seed in 1..50 {
        let whole = sample::section(SectionKind::Identity, seed);
        let all = v1::Identity::decode(whole.clone()).unwrap();
        let bare = v1::Identity {
            legal_surname: all.legal_surname,
            legal_forename: all.legal_forename,
            middle_names: all.middle_names,
            preferred_surname: all.preferred_surname,
            preferred_forename: all.preferred_forename,
            name_pronunciation: all.name_pronunciation,
            date_of_birth: all.date_of_birth,
            ..Default::default()
        };
        assert_eq!(
            without_the_rest(&whole),
            bare.encode_to_vec(),
            "seed {seed}"
        );
        let once_more = without_the_rest(&bare.encode_to_vec());
        assert_eq!(once_more, bare.encode_to_vec());
    }
}
