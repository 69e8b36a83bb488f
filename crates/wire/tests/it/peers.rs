//! Other children a section names: where each lies in its bytes, and what is left without them.

use baton_domain::{friends::PEERS_MAX, section::SectionKind};
use baton_wire::{contract::Message, peers, sample, v1, walk};
use bytes::Bytes;
use proptest::prelude::*;
use prost::Message as _;

use crate::TODAY;

/// A row that has what is given.
fn row(name: u32, upn: Option<&str>, local_id: Option<&str>) -> v1::PeerRow {
    v1::PeerRow {
        name: Some(format!("Child {name}")),
        upn: upn.map(ToOwned::to_owned),
        local_id: local_id.map(ToOwned::to_owned),
        ..Default::default()
    }
}

fn section(peers: Vec<v1::PeerRow>) -> v1::Relationships {
    let all = sample::section(SectionKind::Relationships, 3);
    v1::Relationships {
        peers,
        ..v1::Relationships::decode(all).unwrap()
    }
}

/// Checked, as a publish has them.
fn checked(section: &[u8]) -> Vec<(SectionKind, Bytes)> {
    let number = u32::from(SectionKind::Relationships.number());
    let mut content = Vec::new();
    prost::encoding::bytes::encode(number, &section.to_vec(), &mut content);
    walk::sections(&content.into(), TODAY).expect("a sound section")
}

#[test]
fn as_many_are_found_as_the_contract_takes() {
    let message = Message::of(SectionKind::Relationships);
    let (_, field) = message.field_named("peers").unwrap();
    assert_eq!(usize::try_from(field.max_items()), Ok(PEERS_MAX));
    let rows = (0..30).map(|at| row(at, None, None)).collect();
    let all = checked(&section(rows).encode_to_vec());
    assert_eq!(peers::named(&all).len(), PEERS_MAX);
}

#[test]
fn a_row_is_known_by_the_numbers_it_gives_and_by_no_other_text() {
    let rows = vec![
        row(1, Some("F351489824002"), None),
        row(2, Some("Q35139482400A"), Some("27")),
        row(3, None, Some("room 4")),
        row(4, None, None),
    ];
    let all = checked(&section(rows).encode_to_vec());
    let named = peers::named(&all);
    let by = named.iter().map(|one| {
        let ids = one.identifiers.iter();
        let ids = ids.map(|id| format!("{} {}", id.scheme(), id.value()));
        ids.collect::<Vec<_>>().join(", ")
    });
    let expected = [
        "upn F351489824002",
        "temporary_upn Q35139482400A, local 27",
        "local room 4",
        "",
    ];
    assert_eq!(by.collect::<Vec<_>>(), expected);
    let told = peers::unnamed(&named).collect::<Vec<_>>();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].field, "content.relationships.peers[3]");
    assert_eq!(peers::named(&[]), []);
}

/// A section whose rows stand anywhere between its other fields, as any encoder may write them.
fn scattered() -> impl Strategy<Value = (Vec<(bool, Vec<u8>)>, Vec<bool>)> {
    let other = section(Vec::new());
    let fields: Vec<Vec<u8>> = [
        v1::Relationships {
            friendship_group: other.friendship_group.clone(),
            ..Default::default()
        },
        v1::Relationships {
            adults: other.adults.clone(),
            talk_to_me: Some(true),
            ..Default::default()
        },
        v1::Relationships {
            trusted_adult: other.trusted_adult,
            ..Default::default()
        },
    ]
    .map(|one| one.encode_to_vec())
    .to_vec();
    let pieces = prop::collection::vec((0..200_u32, any::<bool>()), 0..12).prop_map(|rows| {
        rows.into_iter()
            .map(|(at, by_list)| {
                let one = row(at, None, by_list.then_some("27"));
                let peers = vec![one];
                let peers = v1::Relationships {
                    peers,
                    ..Default::default()
                };
                (true, peers.encode_to_vec())
            })
            .collect::<Vec<_>>()
    });
    let pieces = pieces.prop_map(move |mut rows| {
        rows.extend(fields.iter().map(|one| (false, one.clone())));
        rows
    });
    (
        pieces.prop_shuffle(),
        prop::collection::vec(any::<bool>(), 12),
    )
}

proptest! {
    #[test]
    fn what_is_left_without_some_is_what_would_have_been_written_without_them(
        (pieces, kept) in scattered()
    ) {
        let whole: Vec<u8> = pieces.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        let all = checked(&whole);
        let named = peers::named(&all);
        prop_assert_eq!(named.len(), pieces.iter().filter(|(peer, _)| *peer).count());
        let (mut left, mut from) = (Vec::new(), 0);
        for (one, kept) in named.iter().zip(&kept) {
            if !kept {
                left.extend_from_slice(&whole[from..one.record.start]);
                from = one.record.end;
            }
        }
        left.extend_from_slice(&whole[from..]);
        let mut place = kept.iter();
        let expected = pieces.iter().filter(|(peer, _)| !*peer || *place.next().unwrap());
        let expected: Vec<u8> = expected.flat_map(|(_, bytes)| bytes.clone()).collect();
        prop_assert_eq!(left, expected);
    }
}
