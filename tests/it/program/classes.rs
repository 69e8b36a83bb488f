//! A class list is imported and a class teacher works on it, as a school types it: the own class is
//! published, of the other one a teacher is told what of children nobody knows.

use super::desk::Desk;
use super::files::file;
use super::told::Form;
use crate::harness::*;

/// The cohort with a class in front of each child: the first two differ.
fn class_list() -> String {
    let cohort = file("cohort.csv");
    let classes = ["class", "6b", "6C", ""];
    let rows = cohort.lines().take(classes.len()).zip(classes);
    let rows = rows.map(|(row, class)| format!("{class},{row}\n"));
    rows.collect()
}

async fn walk(form: Form) {
    let mut desk = Desk::furnished(form);
    std::fs::write(desk.folder().join("classes.csv"), class_list()).unwrap();
    desk.does("sender", "cohort import classes.csv");
    let issue = "credentials issue --code gias:199901 --label Teacher --out";
    let kinds = "--kinds identity,support_strategies";
    for wrong in [
        format!("{issue} head --role publisher --group 6B"),
        format!("{issue} both --role contributor --role senco {kinds} --group 6B"),
        format!("{issue} none --role contributor {kinds} --group 6,B"),
    ] {
        assert_eq!(desk.types("officer", &wrong).code, 2, "{wrong}");
    }
    desk.does(
        "officer",
        &format!("{issue} teacher --role contributor {kinds} --group 6b --group Y6/7"),
    );
    desk.does("officer", "credentials list --code gias:199901");
    let year = this_academic_year();
    let publish = format!("--signatory Teacher --point primary-to-secondary --year {year}");
    let told = desk.types("teacher", &format!("publish leavers.ndjson {publish}"));
    assert_eq!(told.code, 1, "the other class: {told:?}");
    desk.does("teacher", "status");
    insta::assert_snapshot!(desk.named("own"), desk.shown.chapter());
    desk.does("officer", "audit verify --state");
    desk.end().await;
}

#[test]
fn a_teacher_publishes_the_own_class_for_people() {
    run(async || walk(Form::Prose).await);
}

#[test]
fn a_teacher_publishes_the_own_class_for_machines() {
    run(async || walk(Form::Json).await);
}
