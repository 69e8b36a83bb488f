//! `baton sharing`, as a sender types it.

use super::desk::Desk;
use super::told::Form;
use crate::harness::*;

#[test]
fn a_sender_records_and_lists_what_was_decided() {
    run(async || {
        let mut desk = Desk::furnished(Form::Json);
        let moves = desk.does("sender", "status").lines();
        let name = moves[0]["name"].as_str().unwrap().to_owned();
        let record = format!(
            "sharing record {name} --by parent --basis parental-responsibility \
             --toward education --kinds health,attainment --said refused --on 2020-03-09"
        );
        let tried = desk.does("sender", &format!("{record} --dry-run"));
        assert_eq!(tried.lines()[0]["said"], "DECISION_SAID_REFUSED");
        let list = format!("sharing list {name}");
        assert_eq!(desk.does("sender", &list).lines().len(), 0, "tried only");

        let done = desk.does("sender", &record).lines().remove(0);
        let goes_on = done["notStopped"].as_array().unwrap();
        assert_eq!(goes_on.len(), 1, "{done}");
        assert_eq!(goes_on[0]["kind"], "SECTION_KIND_HEALTH");
        let listed = desk.does("sender", &list).lines();
        assert_eq!(listed, [done["decision"].clone()]);

        let young = record.replace(
            "parent --basis parental-responsibility",
            "learner --basis own-decision",
        );
        assert_eq!(desk.types("sender", &young).code, 1, "under 16");
        let wrong = desk.types("sender", &record.replace("refused", "perhaps"));
        assert_eq!(wrong.code, 2, "{wrong:?}");
        let audit = desk.does("officer", "audit verify --state");
        assert_eq!(audit.code, 0);
    });
}
