//! Values the tests speak of. None of them is a real child, school or number.

use baton_domain::access::{Grant, Role, RoleSet};
use baton_domain::act::{RequestId, SettingDraft};
use baton_domain::agreement::{Signed, TextVersion};
use baton_domain::calendar::AcademicYear;
use baton_domain::ids::{LearnerIdentifier, SettingIdentifier};
use baton_domain::route::SettingKind;
use baton_domain::section::SectionKind;
use bytes::Bytes;

/// The council of the tests.
pub(crate) const COUNCIL: &str = "301";
/// Tuesday, 10 March 2026, noon: Year 7 offers are out, those of reception classes are not.
pub(crate) const NOON_10_MARCH: &str = "2026-03-10T12:00:00Z";

/// Microseconds UTC.
pub(crate) fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

/// The year the learners of the tests leave in: 2025/26.
pub(crate) fn year() -> AcademicYear {
    AcademicYear::from_first_year(2025).unwrap()
}

pub(crate) fn request(text: impl Into<String>) -> RequestId {
    RequestId::parse(&text.into()).unwrap()
}

/// What everybody signed.
pub(crate) fn signed() -> Signed {
    Signed {
        version: TextVersion::parse("1").unwrap(),
        text: [7; 32],
        first: jiff::civil::date(2025, 9, 1),
        last: None,
    }
}

pub(crate) fn code(text: &str) -> SettingIdentifier {
    let (scheme, value) = text.split_once(':').unwrap();
    SettingIdentifier::parse(scheme, value).unwrap()
}

pub(crate) fn setting(kind: SettingKind, name: &str, codes: &[&str]) -> SettingDraft {
    SettingDraft {
        kind,
        name: name.to_owned(),
        council: COUNCIL.to_owned(),
        town: "Barking".to_owned(),
        open: true,
        codes: codes.iter().map(|text| code(text)).collect(),
    }
}

/// What a contributor of the tests fills.
pub(crate) const ASSIGNED: [SectionKind; 2] = [SectionKind::Send, SectionKind::Health];

/// Roles that somebody can be given: no caller is the sweeper, and a family goes with one learner.
pub(crate) fn grantable() -> impl Iterator<Item = Role> {
    let all = Role::ALL.iter().copied();
    all.filter(|role| !matches!(role, Role::Sweeper | Role::Person))
}

/// Roles; a contributor among them fills [`ASSIGNED`].
pub(crate) fn grant(roles: &[Role]) -> Grant {
    let contributes = roles.contains(&Role::Contributor);
    let kinds = ASSIGNED.into_iter().filter(|_| contributes);
    Grant::new(roles.iter().copied().collect::<RoleSet>(), kinds.collect()).unwrap()
}

/// A permanent UPN with its check letter.
pub(crate) fn upn(number: u32) -> LearnerIdentifier {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRTUVWXYZ";
    let body = format!("820{number:09}");
    let weighted = body
        .bytes()
        .zip(2..)
        .map(|(digit, weight)| usize::from(digit - b'0') * weight);
    let letter = char::from(LETTERS[weighted.sum::<usize>() % 23]);
    LearnerIdentifier::parse("upn", &format!("{letter}{body}")).unwrap()
}

pub(crate) fn local(text: &str) -> LearnerIdentifier {
    LearnerIdentifier::parse("local", text).unwrap()
}

/// Sections of these kinds, each with its marker, so that a byte of one is found anywhere.
pub(crate) fn sections(kinds: &[SectionKind], marker: &str) -> Vec<(SectionKind, Bytes)> {
    kinds
        .iter()
        .map(|kind| (*kind, section(*kind, marker)))
        .collect()
}

pub(crate) fn section(kind: SectionKind, marker: &str) -> Bytes {
    Bytes::from(format!("\u{1}plain {} of {marker}\u{0}\u{ff}", kind.name()))
}

/// Everything a publisher may write, and what takes a DSL.
pub(crate) fn publishable(restricted: bool) -> Vec<SectionKind> {
    use baton_domain::section::Class;
    let kinds = SectionKind::ALL
        .into_iter()
        .filter(|kind| kind.publishable());
    kinds
        .filter(|kind| restricted || kind.class() != Class::R)
        .collect()
}

/// Those of class R alone: they make a contribution of their own.
pub(crate) fn restricted() -> Vec<SectionKind> {
    let ordinary = publishable(false);
    let mut kinds = publishable(true);
    kinds.retain(|kind| !ordinary.contains(kind));
    kinds
}
