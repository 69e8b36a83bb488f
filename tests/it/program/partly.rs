//! Bad among good: every problem of a bad one is told with its place and its rule, the good ones
//! go through, and nothing stands half.

use super::desk::Desk;
use super::told::Form;
use crate::harness::*;

async fn walk(form: Form) {
    let mut desk = Desk::furnished(form);
    let year = crate::harness::this_academic_year();
    let publish = "--signatory 'Head teacher' --point primary-to-secondary";
    for (who, line, good) in [
        (
            "officer",
            "settings import --gias register-with-errors.csv".to_owned(),
            1,
        ),
        (
            "officer",
            "cohort import cohort-with-errors.csv".to_owned(),
            2,
        ),
        (
            "sender",
            format!("publish leavers-with-errors.ndjson {publish} --year {year}"),
            1,
        ),
        (
            "sender",
            format!("publish leavers-with-errors.xml {publish}"),
            1,
        ),
    ] {
        let first = desk.types(who, &line);
        assert_eq!(first.code, 1, "some were refused: {first:?}");
        let again = desk.types(who, &line);
        assert_eq!(again.code, 1, "the bad are still bad: {again:?}");
        if form == Form::Json {
            let count = |told: &super::told::Told, names: [&str; 3]| -> u64 {
                let said = told.summary();
                names.iter().filter_map(|name| said[*name].as_u64()).sum()
            };
            let new = ["created", "changed", "published"];
            assert_eq!(count(&first, new), good, "the good went through: {first:?}");
            assert_eq!(count(&again, new), 0, "once: {again:?}");
        }
    }
    let came = desk.does("receiver", "subscribe --once");
    assert_eq!(
        came.out.matches("profiles/prf_").count(),
        2,
        "only the good: {came:?}"
    );
    let name = if form == Form::Json {
        "partly_json"
    } else {
        "partly"
    };
    insta::assert_snapshot!(name, desk.shown.chapter());
    desk.end().await;
}

#[test]
fn bad_among_good_for_people() {
    run(async || walk(Form::Prose).await);
}

#[test]
fn bad_among_good_for_machines() {
    run(async || walk(Form::Json).await);
}
