//! A head lets a parent see the record, as a school types it, and the parent looks.

use super::desk::Desk;
use super::told::Form;
use crate::harness::*;

async fn walk(form: Form) {
    let mut desk = Desk::furnished(form);
    let year = this_academic_year();
    let publish = format!("--signatory Head --point primary-to-secondary --year {year}");
    let published = desk.does("sender", &format!("publish leavers.ndjson {publish}"));
    let name = desk.move_of("sender", &published.name("settings/*/profiles/*"));
    let add = format!("family add {name} --who parent --basis parental-responsibility");
    for wrong in [
        format!("{add} --out none --withhold relationships=crime"),
        format!("{add} --out none --withhold health"),
        "credentials issue --code gias:199901 --label P --role person --out none".to_owned(),
    ] {
        assert_eq!(desk.types("sender", &wrong).code, 2, "{wrong}");
    }
    desk.does(
        "sender",
        &format!("{add} --out tried --dry-run --withhold send=crime"),
    );
    let young = add.replace(
        "parent --basis parental-responsibility",
        "learner --basis own-decision",
    );
    assert_eq!(
        desk.types("sender", &format!("{young} --out young")).code,
        1,
        "under 16"
    );
    let withhold = "--withhold support-strategies=serious-harm-education";
    let given = desk.does("sender", &format!("{add} --out parent {withhold}"));
    desk.does("sender", &format!("family list {name}"));
    desk.does("parent", "family record");
    assert_eq!(
        desk.types("parent", &format!("family list {name}")).code,
        3,
        "not theirs to ask"
    );
    let credential = given.name("settings/*/credentials/*");
    desk.does("sender", &format!("family end {name} {credential}"));
    assert_eq!(
        desk.types("parent", "family record").code,
        3,
        "it was ended"
    );
    insta::assert_snapshot!(desk.named("families"), desk.shown.chapter());
    desk.does("officer", "audit verify --state");
    desk.end().await;
}

#[test]
fn a_parent_is_let_look_and_looks_for_people() {
    run(async || walk(Form::Prose).await);
}

#[test]
fn a_parent_is_let_look_and_looks_for_machines() {
    run(async || walk(Form::Json).await);
}
