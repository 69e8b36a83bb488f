//! `baton agreement`, as the council's officer and heads type it, and what a sender is told of a receiver
//! without one.

use super::desk::Desk;
use super::told::Form;
use crate::harness::*;

/// What everybody has signed since the first day of the school year: no output hangs on today.
fn sign_for_all(desk: &mut Desk) {
    let year = this_academic_year();
    for code in [
        "baton-local:council-351",
        "gias:199901",
        "gias:199902",
        "gias:199903",
    ] {
        let sign = "agreement sign --text framework.txt --version first";
        let sign = format!("{sign} --first-day {year}-09-01 --record {code}");
        desk.does("officer", &sign);
    }
}

/// The council knows who has signed, ends one, and the sender is told what does not go.
fn council(desk: &mut Desk) {
    desk.does("officer", "agreement list");
    desk.does("sender", "agreement show");
    desk.does("officer", "agreement show --setting gias:199902");
    for (who, line) in [
        ("receiver", "agreement show --setting gias:199901"),
        ("receiver", "agreement end --setting gias:199901"),
        ("receiver", "agreement end"),
        ("sender", "agreement list"),
    ] {
        assert_eq!(desk.types(who, line).code, 3, "{who}: {line}");
    }
    let end = "agreement end --setting gias:199902";
    desk.does("officer", &format!("{end} --dry-run"));
    desk.does("officer", "agreement list --without");
    desk.does("officer", end);
    assert_eq!(desk.types("officer", end).code, 1, "it is ended already");
    desk.does("officer", "agreement list --without --council 351");
    let unknown = desk.types("officer", "agreement end --setting gias:199999");
    assert_eq!(unknown.code, 2, "{unknown:?}");
}

/// Publishes the leavers; the move of the first.
fn publish(desk: &mut Desk) -> String {
    let year = this_academic_year();
    let publish = format!(
        "publish leavers.ndjson --signatory 'Head teacher' --point primary-to-secondary --year {year}"
    );
    let told = desk.does("sender", &publish);
    desk.does("receiver", "subscribe --once");
    desk.does("sender", "status --point primary-to-secondary");
    desk.move_of("sender", &told.name("settings/*/profiles/*"))
}

/// The head sends one move all the same, and takes it back.
fn send_without(desk: &mut Desk, of: &str) {
    let send = format!("agreement send-without {of} --to gias:199902 --reason urgent-need");
    for (who, line, code) in [
        ("sender", send.replace("urgent-need", "because"), 2),
        ("sender", send.replace("199902", "199999"), 2),
        ("sender", send.replace("199902", "199903"), 1),
        ("officer", send.clone(), 3),
    ] {
        assert_eq!(desk.types(who, &line).code, code, "{who}: {line}");
    }
    desk.does("sender", &format!("{send} --dry-run"));
    desk.does("receiver", "subscribe --once");
    desk.does("sender", &send);
    let came = desk.does("receiver", "subscribe --once");
    assert_eq!(came.out.matches("profiles/prf_").count(), 1, "{came:?}");
    desk.does("sender", "status --point primary-to-secondary");

    let end = format!("agreement end-sending {of} --to gias:199902");
    assert_eq!(desk.types("officer", &end).code, 3);
    desk.does("sender", &format!("{end} --dry-run"));
    desk.does("sender", &end);
    assert_eq!(desk.types("sender", &end).code, 1, "it does not stand");
    desk.does("receiver", "subscribe --once");
}

/// The receiving head signs; wrong days are told at once; what the council records stands in its place.
fn sign(desk: &mut Desk, of: &str) {
    let year = this_academic_year();
    let sign =
        format!("agreement sign --text framework.txt --version second --first-day {year}-09-01");
    let wrong = sign.replace(&format!("{year}-09-01"), "2999-01-01 --last-day 2998-01-01");
    for (who, line, code) in [
        ("head", sign.replace("framework.txt", "nowhere.pdf"), 2),
        ("head", sign.replace("second", "'a b'"), 2),
        ("head", sign.replace("-09-01", "-09-31"), 2),
        ("head", wrong, 1),
        ("head", format!("{sign} --record gias:199901"), 3),
        ("receiver", sign.clone(), 3),
    ] {
        assert_eq!(desk.types(who, &line).code, code, "{who}: {line}");
    }
    desk.does("head", &format!("{sign} --dry-run"));
    desk.does("head", "agreement show");
    desk.does("head", &sign);
    desk.does("receiver", "agreement show");
    desk.does("officer", "agreement list --without");
    let needless = format!("agreement send-without {of} --to gias:199902 --reason other");
    assert_eq!(desk.types("sender", &needless).code, 1);
    desk.does("head", "agreement end --dry-run");
    desk.does("head", "agreement end");
    let next = year + 1;
    let record = format!("{sign} --last-day {next}-08-31 --record gias:199902");
    desk.does("officer", &format!("{record} --dry-run"));
    desk.does("officer", &record);
    desk.does("officer", "agreement list");
}

async fn walk(form: Form) {
    let mut desk = Desk::furnished(form);
    let head = "credentials issue --code gias:199902 --role publisher --label Office --out head";
    desk.does("officer", head);
    sign_for_all(&mut desk);
    insta::assert_snapshot!(desk.named("signed_for_all"), desk.shown.chapter());
    council(&mut desk);
    insta::assert_snapshot!(desk.named("council"), desk.shown.chapter());
    let of = publish(&mut desk);
    send_without(&mut desk, &of);
    insta::assert_snapshot!(desk.named("sent_without"), desk.shown.chapter());
    sign(&mut desk, &of);
    insta::assert_snapshot!(desk.named("signed"), desk.shown.chapter());
    desk.does("officer", "audit verify --state");
    desk.end().await;
}

#[test]
fn an_agreement_is_signed_ended_and_sent_without_for_people() {
    run(async || walk(Form::Prose).await);
}

#[test]
fn an_agreement_is_signed_ended_and_sent_without_for_machines() {
    run(async || walk(Form::Json).await);
}
