//! A publish, read whole.

use baton_domain::{
    act::Target,
    ids::{SettingId, TransitionId},
    route::Point,
    section::{KindSet, SectionKind},
};
use baton_wire::{
    name::TransitionName,
    sample::{self, Learner},
    submission, twin, v1,
};

use prost::Message as _;

use crate::TODAY;

fn good() -> twin::ProfileSubmission {
    let learner = Learner::synthetic(1, Point::PrimaryToSecondary, 2025);
    let upn = learner.upn.as_ref().expect("of school age");
    twin::ProfileSubmission {
        learner: vec![twin::LearnerIdentifier {
            scheme: "upn".to_owned(),
            value: upn.value().to_owned(),
        }],
        point: twin::Point::PrimaryToSecondary.into(),
        academic_year: 2025,
        content: sample::typical(1, Point::PrimaryToSecondary, &learner),
        signatory: "Head".to_owned(),
        ..Default::default()
    }
}

fn rules(submission: &twin::ProfileSubmission) -> Vec<(String, String)> {
    let violations = submission::read(submission, TODAY).expect_err("it is wrong");
    violations
        .into_iter()
        .map(|it| (it.field, it.rule))
        .collect()
}

#[test]
fn a_submission_becomes_the_parts_of_an_act() {
    let read = submission::read(&good(), TODAY).expect("valid");
    assert_eq!(read.sections.len(), 12);
    assert_eq!(read.level, v1::Level::Unspecified, "that which stands");
    assert!(read.removes.is_empty());
    let learner = Learner::synthetic(1, Point::PrimaryToSecondary, 2025);
    assert_eq!(read.born, Some(learner.date_of_birth));
    assert!(matches!(read.target, Target::Learner { .. }));
}

#[test]
fn the_numbers_in_the_identity_section_are_told_but_for_former_ones() {
    let text = |value: &str| Some(value.to_owned());
    let identity = v1::Identity {
        legal_surname: text("Testcroft"),
        upn: text("F351489824002"),
        temporary_upn: text("Q35139482400A"),
        former_upns: vec!["Z839394725003".to_owned()],
        uln: text("9276308686"),
        nhs_number: text("9434765919"),
        ..Default::default()
    };
    let content = v1::Sections {
        identity: Some(identity),
        ..Default::default()
    };
    let submission = twin::ProfileSubmission {
        content: content.encode_to_vec().into(),
        learner: vec![twin::LearnerIdentifier {
            scheme: "upn".to_owned(),
            value: "F351489824002".to_owned(),
        }],
        ..good()
    };
    let read = submission::read(&submission, TODAY).expect("valid");
    let stated: Vec<_> = read
        .stated
        .iter()
        .map(|id| (id.scheme().name(), id.value()))
        .collect();
    assert_eq!(
        stated,
        [
            ("upn", "F351489824002"),
            ("temporary_upn", "Q35139482400A"),
            ("uln", "9276308686"),
            ("nhs", "9434765919")
        ]
    );
}

#[test]
fn the_move_is_named_in_one_way() {
    let transition = TransitionId::from_bytes([2; 16]);
    let name = TransitionName {
        setting: SettingId::from_bytes([1; 16]),
        transition: transition.clone(),
    };
    let both = twin::ProfileSubmission {
        transition: name.to_string(),
        ..good()
    };
    assert_eq!(
        rules(&both),
        [("transition".to_owned(), "target.twice".to_owned())]
    );
    let named = twin::ProfileSubmission {
        learner: Vec::new(),
        point: 0,
        academic_year: 0,
        ..both
    };
    let read = submission::read(&named, TODAY).expect("valid");
    assert_eq!(read.target, Target::Transition(transition));
}

#[test]
fn kinds_are_taken_away_beside_others_or_alone() {
    use v1::SectionKind::{CapacityAndSharing, Health, Identity, LocalQuestions, Unspecified};
    let with = |kinds: &[v1::SectionKind]| twin::ProfileSubmission {
        removes: kinds.iter().map(|kind| (*kind).into()).collect(),
        ..good()
    };
    let read = submission::read(&with(&[LocalQuestions]), TODAY).expect("valid");
    assert_eq!(read.removes, KindSet::of(&[SectionKind::LocalQuestions]));
    let alone = twin::ProfileSubmission {
        content: bytes::Bytes::new(),
        ..with(&[LocalQuestions, Health])
    };
    let read = submission::read(&alone, TODAY).expect("valid");
    assert_eq!((read.sections.len(), read.removes.len()), (0, 2));
    let mut wrong = with(&[
        LocalQuestions,
        Identity,
        LocalQuestions,
        CapacityAndSharing,
        Unspecified,
    ]);
    wrong.removes.push(99);
    let told = rules(&wrong);
    let told: Vec<_> = told.iter().map(|(f, r)| (f.as_str(), r.as_str())).collect();
    assert_eq!(
        told,
        [
            ("removes[1]", "section.sent_and_removed"),
            ("removes[2]", "section.twice"),
            ("removes[3]", "section.not_publishable"),
            ("removes[4]", "enum.unspecified"),
            ("removes[5]", "enum.unknown"),
        ]
    );
    let endless = twin::ProfileSubmission {
        removes: vec![99; 100_000],
        ..good()
    };
    assert_eq!(rules(&endless).len(), 25, "a list has an end");
}

#[test]
fn what_is_of_class_r_is_published_by_itself() {
    use v1::SectionKind::{ChildProtectionNote, FamilyAndAgencies, Health};
    let complete = v1::Sections::decode(sample::complete(1)).expect("a sample");
    let sections = v1::Sections {
        child_protection_note: complete.child_protection_note,
        ..v1::Sections::decode(good().content).expect("a sample")
    };
    let mixed = twin::ProfileSubmission {
        content: sections.encode_to_vec().into(),
        removes: vec![FamilyAndAgencies.into()],
        ..good()
    };
    let told = rules(&mixed);
    for field in ["content.child_protection_note", "removes[0]"] {
        let apart = (field.to_owned(), "section.apart".to_owned());
        assert!(told.contains(&apart), "{told:?}");
    }
    let taken = twin::ProfileSubmission {
        content: bytes::Bytes::new(),
        removes: vec![Health.into(), ChildProtectionNote.into()],
        ..good()
    };
    let apart = ("removes[1]".to_owned(), "section.apart".to_owned());
    assert_eq!(rules(&taken), [apart]);
    let alone = twin::ProfileSubmission {
        removes: vec![ChildProtectionNote.into(), FamilyAndAgencies.into()],
        ..taken
    };
    assert!(submission::read(&alone, TODAY).is_ok());
}

#[test]
fn everything_wrong_is_told_at_once() {
    let mut wrong = good();
    wrong.learner[0].value.push('X');
    wrong.point = 9;
    wrong.academic_year = 26;
    wrong.level = 9;
    wrong.signatory.clear();
    wrong.content = vec![0xff].into();
    let told: Vec<_> = rules(&wrong).into_iter().map(|(field, _)| field).collect();
    assert_eq!(
        told,
        [
            "learner[0].value",
            "point",
            "academic_year",
            "level",
            "signatory",
            "content"
        ]
    );
}
