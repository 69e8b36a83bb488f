//! A publish, read whole.

use baton_domain::{
    act::Target,
    ids::{SettingId, TransitionId},
    route::Point,
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
    assert_eq!(read.level, v1::Level::Universal);
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
