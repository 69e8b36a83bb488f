//! Profiles as people write them by hand.

use baton_wire::{json, twin, v1};
use serde_json::json;

use crate::TODAY;

#[test]
fn every_problem_of_a_file_is_told_with_its_place() {
    let file = json!({
        "identity": { "legalSurname": 7, "upn": "Z000000000000", "shoe_size": "12" },
        "send": { "needs": [{ "rank": "first" }, "SPLD"], "supportPlan": { "route": "BY_POST" } },
        "no such section, says Ada Testcroft": {},
        "health": [],
    });
    let told = json::sections(&file, TODAY).expect_err("it is wrong");
    let mut told: Vec<_> = told
        .iter()
        .map(|it| format!("{} {} ({})", it.field, it.rule, it.value_shape))
        .collect();
    // The order of a JSON object means nothing.
    told.sort();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_is_well_formed_is_then_checked_as_bytes_are() {
    let file = json!({ "identity": { "upn": "Z000000000000" } });
    let told = json::sections(&file, TODAY).expect_err("the check letter is wrong");
    assert_eq!(told[0].rule, "upn.check_letter");
}

#[test]
fn both_spellings_of_a_name_are_read_but_not_together() {
    for key in ["legalSurname", "legal_surname"] {
        let file = json!({ "identity": { key: "Testcroft" } });
        assert!(json::sections(&file, TODAY).is_ok(), "{key}");
    }
    let both = json!({ "identity": { "legalSurname": "A", "legal_surname": "B" } });
    let told = json::sections(&both, TODAY).expect_err("which one?");
    assert_eq!(told[0].field, "content.identity.legal_surname");
    assert_eq!(told[0].rule, "field.twice");
}

#[test]
fn a_submission_is_read_for_either_side() {
    let file = json!({
        "learner": [{ "scheme": "upn", "value": "A123" }],
        "point": "POINT_PRIMARY_TO_SECONDARY",
        "academicYear": 2025,
        "level": "LEVEL_UNIVERSAL",
        "signatory": "Head",
        "content": { "identity": { "legalSurname": "Testcroft" } },
    });
    let typed: v1::ProfileSubmission = json::submission(&file, TODAY).expect("valid");
    assert_eq!(typed.point(), v1::Point::PrimaryToSecondary);
    let raw: twin::ProfileSubmission = json::submission(&file, TODAY).expect("valid");
    assert_eq!(raw.signatory, "Head");
    assert!(!raw.content.is_empty());

    let told = json::submission::<v1::ProfileSubmission>(&json!({ "level": 77, "x": 1 }), TODAY);
    let told: Vec<_> = told
        .expect_err("wrong")
        .into_iter()
        .map(|it| it.field)
        .collect();
    assert_eq!(told, ["level", "x"]);
}

#[test]
fn answers_are_shown_as_json_of_the_contract() {
    let receipt = v1::Receipt {
        position: 5_000_000_000,
        replayed: true,
        ..Default::default()
    };
    let shown = json::write(&receipt).expect("of the contract");
    assert_eq!(shown, json!({ "position": "5000000000", "replayed": true }));
    assert_eq!(json::read::<v1::Receipt>(&shown), Ok(receipt));
}
