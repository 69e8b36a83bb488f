//! Bytes nobody meant, at what this crate reads: content, submissions, JSON, names, errors.

use std::collections::BTreeSet;

use baton_domain::{
    ids::{CredentialId, ProfileId, SettingId, SubscriptionId, TransitionId},
    route::Point,
    section::SectionKind,
};
use baton_wire::{
    VIOLATIONS_MAX, core_questions, facts, json, name, sample, status, submission, twin, v1,
    violation::Violation, walk,
};
use bytes::Bytes;
use prost::Message as _;

use crate::{
    TODAY,
    chance::{
        Dice, damaged,
        law::{Met, search},
        message::damaged_message,
    },
};

/// No answer repeats what was sent.
const MARKER: &str = "Quillonmarker";

/// Texts that are right somewhere, and some that are right nowhere.
const WORDS: &[&[u8]] = &[
    b"",
    b" ",
    b"Quillonmarker",
    b"A",
    b"K",
    b"E",
    b"NSA",
    b"E01",
    b"2025-03-01",
    b"2026-06-02",
    b"1899-12-31",
    b"2025-02-30",
    b"E351394824001",
    b"9434765919",
    b"9999000117",
    b"BL9 0AA",
    b"a@b.example",
    b"not_answered",
    b"address.postcode",
    b"needs.rank",
    b"\x08\x01",
    b"\x0a\x00",
    b"\xc0\x06\x01",
];

fn sound() -> Vec<Vec<u8>> {
    let mut sound = vec![sample::complete(1).to_vec(), sample::complete(2).to_vec()];
    for point in Point::ALL {
        let learner = sample::Learner::synthetic(3, point, 2014);
        sound.push(sample::typical(3, point, &learner).to_vec());
    }
    for kind in SectionKind::ALL
        .into_iter()
        .filter(|kind| kind.publishable())
    {
        for section in [sample::section(kind, 4), sample::unanswered(kind, 5)] {
            sound.push(alone(kind, &section));
        }
    }
    sound
}

/// Content of one section.
fn alone(kind: SectionKind, section: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    prost::encoding::bytes::encode(kind.number().into(), &section.to_vec(), &mut content);
    content
}

fn demand(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// What is wrong is told in full, within bounds, and without what was sent.
fn well_told(violations: &[Violation]) -> Result<Met, String> {
    demand(
        (1..=VIOLATIONS_MAX + 1).contains(&violations.len()),
        "as many violations as there may be",
    )?;
    for it in violations {
        demand(!it.rule.is_empty(), "every violation has a rule")?;
        demand(
            !it.description.is_empty(),
            "every violation says what to do",
        )?;
        let told = format!(
            "{} {} {} {}",
            it.field, it.rule, it.value_shape, it.description
        );
        demand(
            !told.contains(MARKER),
            &format!("repeated what was sent: {told}"),
        )?;
    }
    Ok(Met::Refused)
}

fn sections(content: &Bytes) -> Result<Met, String> {
    // Facts are read from what was never walked, too: by the policies of an older version.
    for (kind, section) in walk::cut(content) {
        for path in ["date_of_birth", "address.postcode", "needs", "in_care"] {
            let _ = facts::read_text(&section, kind, path);
            let _ = facts::read_bool(&section, kind, path);
            let _ = facts::read_number(&section, kind, path);
        }
    }
    let cut = match walk::sections(content, TODAY) {
        Err(violations) => return well_told(&violations),
        Ok(cut) => cut,
    };
    demand(!cut.is_empty(), "what is accepted has a section")?;
    let kinds: BTreeSet<_> = cut.iter().map(|(kind, _)| *kind).collect();
    demand(kinds.len() == cut.len(), "each section once")?;
    demand(
        walk::cut(content) == cut,
        "cut alike with and without the walk",
    )?;
    demand(
        walk::sections(content, TODAY).as_ref() == Ok(&cut),
        "accepted again",
    )?;
    for (kind, section) in &cut {
        let again = walk::sections(&alone(*kind, section).into(), TODAY);
        demand(
            again == Ok(vec![(*kind, section.clone())]),
            "each section is accepted alone as it is among others",
        )?;
    }
    let typed = v1::Sections::decode(content.clone()).map_err(|it| format!("prost: {it}"))?;
    let encoded: Bytes = typed.encode_to_vec().into();
    let recut = walk::sections(&encoded, TODAY);
    let recut = recut.map_err(|it| format!("as prost writes it: {it:?}"))?;
    demand(
        recut.len() == cut.len(),
        "the same sections as prost writes them",
    )?;
    let reread = v1::Sections::decode(encoded).map_err(|it| format!("prost: {it}"))?;
    demand(reread == typed, "prost reads what it wrote")?;
    for point in Point::ALL {
        core_questions::missing(point, &cut);
    }
    let written = json::write(&typed).ok_or("what is accepted can be written as JSON")?;
    let read = json::sections(&written, TODAY);
    let read = read.map_err(|it| format!("as JSON: {it:?}"))?;
    let read = v1::Sections::decode(read).map_err(|it| format!("prost: {it}"))?;
    demand(read == typed, "JSON says the same")?;
    Ok(Met::Accepted)
}

#[test]
fn campaign_fuzz_content_is_refused_or_means_one_thing() {
    let sound = sound();
    search(
        "content",
        1_500,
        |dice| {
            if dice.one_in(4) {
                damaged(dice, &sound, WORDS)
            } else {
                damaged_message(dice, &sound, WORDS)
            }
        },
        |input| sections(&Bytes::copy_from_slice(input)),
    );
}

/// A name below a setting.
fn named(collection: &str, id: &str) -> String {
    let setting = SettingId::from_bytes([1; 16]);
    format!("settings/{setting}/{collection}/{id}")
}

fn submissions() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (seed, point) in (7..).zip(Point::ALL) {
        let learner = sample::Learner::synthetic(seed, point, 2014);
        let id = |scheme: &str, value: &str| twin::LearnerIdentifier {
            scheme: scheme.to_owned(),
            value: value.to_owned(),
        };
        let by_learner = twin::ProfileSubmission {
            learner: vec![id("upn", "E351394824001"), id("uln", "9999000028")],
            point: v1::Point::from(point).into(),
            academic_year: 2025,
            level: 1,
            content: sample::typical(seed, point, &learner),
            signatory: "Head, Ada Testcroft".to_owned(),
            transition: String::new(),
            removes: vec![v1::SectionKind::LocalQuestions.into(); usize::from(seed % 2 == 0)],
        };
        let by_name = twin::ProfileSubmission {
            transition: named("transitions", TransitionId::from_bytes([2; 16]).as_str()),
            learner: Vec::new(),
            point: 0,
            academic_year: 0,
            ..by_learner.clone()
        };
        all.extend([by_learner.encode_to_vec(), by_name.encode_to_vec()]);
    }
    all
}

#[test]
fn campaign_fuzz_submissions_are_refused_or_understood() {
    let sound = submissions();
    let law = |input: &[u8]| {
        let Ok(sent) = twin::ProfileSubmission::decode(input) else {
            return Ok(Met::Refused);
        };
        let read = match submission::read(&sent, TODAY) {
            Err(violations) => return well_told(&violations),
            Ok(read) => read,
        };
        let named = !read.sections.is_empty() || !read.removes.is_empty();
        demand(named, "a submission sends a section or takes one away")?;
        demand(!read.signatory.trim().is_empty(), "somebody signed it")?;
        demand(
            read.sections.iter().all(|(_, bytes)| !bytes.is_empty()),
            "no section is blank",
        )?;
        demand(
            !format!("{read:?}").contains(MARKER),
            "a debug print says nothing",
        )?;
        let encoded = twin::ProfileSubmission::encode_to_vec(&sent);
        let again =
            twin::ProfileSubmission::decode(encoded.as_slice()).map_err(|it| it.to_string())?;
        demand(again == sent, "decoded again it is the same")?;
        demand(
            submission::read(&again, TODAY).is_ok(),
            "and accepted again",
        )?;
        // Of a field that is given twice the last one counts here; the typed twin would merge both,
        // so it is asked about what was understood and not about what was sent.
        let typed = v1::ProfileSubmission::decode(encoded.as_slice());
        typed.map_err(|it| format!("the typed twin: {it}"))?;
        Ok(Met::Accepted)
    };
    search(
        "submissions",
        1_500,
        |dice| damaged_message(dice, &sound, WORDS),
        law,
    );
}

/// Pieces of proto3 JSON, right somewhere.
const JSON_WORDS: &[&[u8]] = &[
    b"null",
    b"true",
    b"false",
    b"{}",
    b"[]",
    b"[[[[",
    b"{\"a\":",
    b"\"\"",
    b"1e400",
    b"-0",
    b"0.5",
    b"1.0",
    b"\"1\"",
    b"4294967296",
    b"9007199254740993",
    b"\"\\u0000\"",
    b"\"\\ud800\"",
    b"\"Quillonmarker\"",
    b"\"identity\":{",
    b"\"legalSurname\"",
    b"\"legal_surname\":",
    b"\"ROUTE_UNSPECIFIED\"",
    b"\"SEND\"",
    b",",
    b":",
    b"\"needs\":[{\"rank\":1},{\"rank\":1}]",
];

#[test]
fn campaign_fuzz_json_is_refused_or_means_what_it_says() {
    let mut sound: Vec<Vec<u8>> = Vec::new();
    for content in self::sound() {
        let typed = v1::Sections::decode(content.as_slice()).expect("sound");
        let value = json::write(&typed).expect("of the contract");
        sound.push(value.to_string().into_bytes());
    }
    for bytes in submissions() {
        let typed = v1::ProfileSubmission::decode(bytes.as_slice()).expect("sound");
        let value = json::write(&typed).expect("of the contract");
        sound.push(value.to_string().into_bytes());
    }
    let law = |input: &[u8]| {
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(input) else {
            return Ok(Met::Refused);
        };
        let met = match json::sections(&value, TODAY) {
            Err(violations) => well_told(&violations)?,
            Ok(content) => sections(&content)?,
        };
        match json::submission::<twin::ProfileSubmission>(&value, TODAY) {
            Err(violations) => {
                well_told(&violations)?;
            }
            Ok(read) => {
                let typed = json::submission::<v1::ProfileSubmission>(&value, TODAY);
                let typed = typed.map_err(|it| format!("the typed twin: {it:?}"))?;
                demand(
                    json::write(&typed) == json::write(&read),
                    "both twins say the same",
                )?;
            }
        }
        Ok(met)
    };
    search("json", 1_000, |dice| damaged(dice, &sound, JSON_WORDS), law);
}

fn same<N>(text: &str) -> Result<bool, String>
where
    N: std::str::FromStr<Err = name::NotAName> + ToString,
{
    match name::read::<N>("name", text) {
        Err(told) => well_told(&[told]).map(|_| false),
        Ok(read) => demand(read.to_string() == text, "printed as read").map(|()| true),
    }
}

#[test]
fn campaign_fuzz_names_are_printed_as_they_were_read() {
    let sound: Vec<Vec<u8>> = [
        format!("settings/{}", SettingId::from_bytes([7; 16])),
        named("transitions", TransitionId::from_bytes([0; 16]).as_str()),
        named("profiles", ProfileId::from_bytes([0xff; 16]).as_str()),
        named("credentials", CredentialId::from_bytes([9; 16]).as_str()),
        named(
            "subscriptions",
            SubscriptionId::from_bytes([3; 16]).as_str(),
        ),
    ]
    .map(String::into_bytes)
    .into();
    let words: &[&[u8]] = &[
        b"settings/",
        b"/",
        b"//",
        b"..",
        b"stg_",
        b"trn_",
        b"prf_",
        b"/profiles/",
        b"0",
        b"Z",
        b"%2f",
    ];
    let law = |input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        let read = [
            same::<name::SettingName>(&text)?,
            same::<name::TransitionName>(&text)?,
            same::<name::ProfileName>(&text)?,
            same::<name::CredentialName>(&text)?,
            same::<name::SubscriptionName>(&text)?,
        ];
        let kinds = read.iter().filter(|read| **read).count();
        demand(kinds <= 1, "a name is of one kind")?;
        Ok((kinds == 1).into())
    };
    let unharmed = |dice: &mut Dice| {
        if dice.one_in(8) {
            dice.pick(&sound).clone()
        } else {
            damaged(dice, &sound, words)
        }
    };
    search("names", 4_000, unharmed, law);
}

#[test]
fn campaign_fuzz_details_of_an_error_are_read_or_left() {
    let field = |field: &str| Violation::new(field, "text.too_long", "At most 200 characters.");
    let problem = status::Problem::from(vec![field("profile.signatory"), field("parent")]);
    let sound = vec![
        tonic::Status::from(problem).details().to_vec(),
        tonic::Status::from(status::Problem::internal("incident"))
            .details()
            .to_vec(),
    ];
    let law = |input: &[u8]| {
        let details = Bytes::copy_from_slice(input);
        let status = tonic::Status::with_details(tonic::Code::InvalidArgument, "no", details);
        Ok(status::Problem::of(&status).is_some().into())
    };
    search(
        "error details",
        2_000,
        |dice| damaged_message(dice, &sound, WORDS),
        law,
    );
}
