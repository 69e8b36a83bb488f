//! Baton's own identifiers: 16 bytes and a prefix, spelled one way.
#![cfg(test)]

use std::collections::BTreeSet;

use baton_domain::ids::IdError::{Character, Length, OtherScheme, Range};
use baton_domain::ids::{
    Alias, ContentId, CredentialId, DocumentId, LearnerId, LedgerId, ProfileId, SettingId,
    SubscriptionId, TransitionId,
};
use proptest::prelude::*;

#[test]
fn an_identifier_is_a_prefix_and_26_characters() {
    assert_eq!(
        SettingId::from_bytes([0; 16]).as_str(),
        "stg_00000000000000000000000000"
    );
    assert_eq!(
        SettingId::from_bytes([0xff; 16]).as_str(),
        "stg_7zzzzzzzzzzzzzzzzzzzzzzzzz"
    );
    let mut bytes = [0; 16];
    bytes[15] = 32;
    assert_eq!(
        LedgerId::from_bytes(bytes).as_str(),
        "ldg_00000000000000000000000010"
    );
}

#[test]
fn no_two_kinds_share_a_prefix() {
    let prefixes = BTreeSet::from([
        LedgerId::PREFIX,
        SettingId::PREFIX,
        LearnerId::PREFIX,
        TransitionId::PREFIX,
        ProfileId::PREFIX,
        SubscriptionId::PREFIX,
        DocumentId::PREFIX,
        CredentialId::PREFIX,
        ContentId::PREFIX,
        Alias::PREFIX,
    ]);
    let expected = [
        "als", "cnt", "crd", "doc", "ldg", "lrn", "prf", "stg", "sub", "trn",
    ];
    assert_eq!(prefixes, BTreeSet::from(expected));
}

#[test]
fn a_spelling_that_is_not_ours_is_refused() {
    for (value, rule) in [
        ("lrn_00000000000000000000000000", OtherScheme),
        ("stg00000000000000000000000000", OtherScheme),
        ("STG_00000000000000000000000000", OtherScheme),
        ("stg_0000000000000000000000000", Length),
        ("stg_000000000000000000000000000", Length),
        ("stg_0000000000000000000000000Z", Character),
        ("stg_0000000000000000000000000i", Character),
        ("stg_0000000000000000000000000l", Character),
        ("stg_0000000000000000000000000o", Character),
        ("stg_0000000000000000000000000u", Character),
        ("stg_80000000000000000000000000", Range),
        ("", OtherScheme),
    ] {
        assert_eq!(SettingId::parse(value), Err(rule), "{value}");
    }
}

proptest! {
    #[test]
    fn what_is_made_reads_back_and_keeps_the_order(a: [u8; 16], b: [u8; 16]) {
        let (first, second) = (Alias::from_bytes(a), Alias::from_bytes(b));
        prop_assert_eq!(Alias::parse(first.as_str()), Ok(first.clone()));
        prop_assert_eq!(first.cmp(&second), a.cmp(&b));
    }

    #[test]
    fn nothing_makes_a_parser_panic(value in "(stg_)?.{0,40}") {
        let _ = SettingId::parse(&value);
    }
}
