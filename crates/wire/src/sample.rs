//! Profiles of nobody: valid by construction, the same for the same seed, and plainly made up.
//!
//! Tests and the demo need content, and content written by hand covers what its author thought of.
//! These are made from the tables, so a field added to the contract is in them from that day on.

use baton_domain::section::SectionKind;
use bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint};

use crate::{
    contract::{CODE_SET_VERSION, Message, NOT_ANSWERED, NOTHING_TO_ADD},
    v1,
};

mod dice;
mod learner;
mod settled;
mod typical;
mod value;
mod words;

use dice::Dice;
pub use learner::Learner;
use settled::Settled;
pub use typical::typical;

/// The edition that sample values are said to be from.
const CODE_SETS: &str = "CBDS-2026";

/// Encoded `Sections` with every field of every section that can be published, but for
/// `not_answered`: no field is left that it could name. See [`unanswered`].
pub fn complete(seed: u64) -> Bytes {
    let mut out = Vec::new();
    for kind in SectionKind::ALL
        .into_iter()
        .filter(|kind| kind.publishable())
    {
        bytes(u32::from(kind.number()), &section(kind, seed), &mut out);
    }
    out.into()
}

/// One encoded section with every field, but for `not_answered`.
pub fn section(kind: SectionKind, seed: u64) -> Bytes {
    let mut dice = Dice::new(seed ^ u64::from(kind.number()));
    let mut out = Vec::new();
    let mut settled = Settled::of(Message::of(kind), 0, &mut dice);
    for field in Message::of(kind).fields {
        match field.name {
            NOT_ANSWERED => {}
            NOTHING_TO_ADD => varint(field.number, 0, &mut out),
            CODE_SET_VERSION => bytes(field.number, CODE_SETS.as_bytes(), &mut out),
            _ => settled.write(kind, field, &mut dice, &mut out),
        }
    }
    out.into()
}

/// One encoded section that answers every question by saying that it cannot be answered.
pub fn unanswered(kind: SectionKind, seed: u64) -> Bytes {
    let mut dice = Dice::new(seed ^ u64::from(kind.number()));
    let mut out = Vec::new();
    let message = Message::of(kind);
    let questions = message
        .fields
        .iter()
        .filter(|field| !field.speaks_of_the_section());
    if let Some((_, field)) = message.field_named(NOT_ANSWERED) {
        for question in questions {
            let entry = v1::NotAnswered {
                field: Some(question.name.to_owned()),
                reason: i32::try_from(dice.between(1, 4)).ok(),
                by: Some("SENCO".to_owned()),
                why: None,
            };
            bytes(
                field.number,
                &prost::Message::encode_to_vec(&entry),
                &mut out,
            );
        }
    }
    out.into()
}

fn varint(number: u32, value: u64, out: &mut Vec<u8>) {
    encode_key(number, WireType::Varint, out);
    encode_varint(value, out);
}

fn bytes(number: u32, value: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(u64::try_from(value.len()).unwrap_or(u64::MAX), out);
    out.extend_from_slice(value);
}
