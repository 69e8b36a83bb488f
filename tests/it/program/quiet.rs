//! What the service says of itself holds nothing about anybody.

use super::desk::Desk;
use super::told::Form;

const MARKER: &str = "Xanthippe";
/// Of the learner in the cohort's first row.
const UPN: &str = "Q351394825001";

/// One profile with the marker wherever a person's words can stand.
fn record(sex: &str) -> String {
    serde_json::json!({
        "learner": [{ "scheme": "upn", "value": UPN }],
        "level": "LEVEL_UNIVERSAL",
        "content": {
            "identity": {
                "legalSurname": MARKER, "legalForename": MARKER, "dateOfBirth": "2014-11-02",
                "sex": sex, "upn": UPN,
            },
            "supportStrategies": { "whatWorks": MARKER },
        },
    })
    .to_string()
}

#[test]
fn the_log_says_nothing_about_anybody_even_when_it_says_everything() {
    let mut desk = Desk::furnished_under(Form::Json, &[("BATON_LOG_FILTER", "trace")]);
    let text = [record("F"), record(MARKER)].join("\n");
    std::fs::write(desk.folder().join("marked.ndjson"), text).unwrap();
    let publish = format!(
        "publish marked.ndjson --signatory '{MARKER}, head' --point primary-to-secondary --year {}",
        crate::harness::this_academic_year(),
    );
    let told = desk.types("sender", &publish);
    assert_eq!(told.code, 1, "one is refused: {told:?}");
    desk.types("other", &publish);
    desk.does("receiver", "subscribe --once --out inbox");
    desk.does("sender", "status");
    let add = format!(
        "settings add --kind childminder --name '{MARKER}' --code ofsted-ey:EY123456 --council 351 --town {MARKER}"
    );
    desk.does("officer", &add);
    let log = desk.close().err;
    assert!(log.lines().count() > 100, "it did not say everything");
    for personal in [MARKER, UPN, "2014-11-02"] {
        let found = log.lines().find(|line| line.contains(personal));
        assert_eq!(found, None, "{personal}");
    }
}
