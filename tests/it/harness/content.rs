//! Profiles to publish.

use std::collections::BTreeMap;

use baton_domain::route::Point;
use baton_wire::{sample, v1};
use bytes::{Buf as _, Bytes};
use prost::Message as _;
use prost::encoding::{WireType, decode_key, decode_varint};

use super::world::{Move, YEAR, upn_of};

/// A submission for a move; its identity section, if it has one, is of who moves.
pub(crate) fn submission(of: &Move, mut content: v1::Sections) -> v1::ProfileSubmission {
    if let (Some(identity), Some(upn)) = (&mut content.identity, upn_of(&of.learner)) {
        identity.upn = Some(upn);
    }
    v1::ProfileSubmission {
        transition: of.name.clone(),
        level: v1::Level::Universal.into(),
        content: Some(Box::new(content)),
        signatory: "Head of year, A. Testcroft".to_owned(),
        ..Default::default()
    }
}

/// A submission signed by somebody else: other content, and nothing else is.
pub(crate) fn signed(mut submission: v1::ProfileSubmission, by: &str) -> v1::ProfileSubmission {
    by.clone_into(&mut submission.signatory);
    submission
}

/// What a school would send, less what takes a safeguarding lead.
pub(crate) fn typical(seed: u64, point: v1::Point) -> v1::Sections {
    let point = Point::try_from(point).unwrap();
    let learner = sample::Learner::synthetic(seed, point, i16::try_from(YEAR).unwrap());
    let bytes = sample::typical(seed, point, &learner);
    let mut sections = v1::Sections::decode(bytes).unwrap();
    sections.family_and_agencies = None;
    sections.child_protection_note = None;
    sections
}

/// Every field of every section, of this learner.
pub(crate) fn complete(seed: u64, learner: &[v1::LearnerIdentifier]) -> Bytes {
    let mut sections = v1::Sections::decode(sample::complete(seed)).unwrap();
    sections.identity.as_mut().expect("an identity").upn = upn_of(learner);
    sections.encode_to_vec().into()
}

/// Encoded sections less those of class R, and those alone: each makes a submission of its own.
pub(crate) fn apart(content: &Bytes) -> [Bytes; 2] {
    let mut all = v1::Sections::decode(content.clone()).unwrap();
    let restricted = v1::Sections {
        family_and_agencies: all.family_and_agencies.take(),
        child_protection_note: all.child_protection_note.take(),
        ..Default::default()
    };
    let restricted = restricted.encode_to_vec();
    [all.encode_to_vec().into(), restricted.into()]
}

/// Encoded sections with another date of birth: somebody of 20.
pub(crate) fn adult(content: &Bytes) -> Bytes {
    let mut sections = v1::Sections::decode(content.clone()).unwrap();
    let identity = sections.identity.as_mut().expect("an identity");
    identity.date_of_birth = Some("2005-11-03".to_owned());
    sections.encode_to_vec().into()
}

/// Cuts encoded `Sections`: the bytes of each by its number. Knows nothing of the contract.
pub(crate) fn cut(content: &Bytes) -> BTreeMap<u32, Bytes> {
    let mut rest = content.clone();
    let mut sections = BTreeMap::new();
    while rest.has_remaining() {
        let (number, wire) = decode_key(&mut rest).unwrap();
        assert_eq!(wire, WireType::LengthDelimited, "section {number}");
        let length = usize::try_from(decode_varint(&mut rest).unwrap()).unwrap();
        let known = sections.insert(number, rest.split_to(length));
        assert_eq!(known, None, "section {number} came twice");
    }
    sections
}
