//! `baton settings caretaker`, as the council's officer types it.

use super::desk::Desk;
use super::told::Form;
use crate::harness::*;

const CLOSE: &str = "settings caretaker --code gias:199901 --to gias:199903";

#[test]
fn a_school_closes_and_another_one_looks_after_what_it_left() {
    run(async || {
        let mut desk = Desk::furnished(Form::Json);
        let year = this_academic_year();
        desk.does(
            "sender",
            &format!(
                "publish leavers.ndjson --signatory Head --point primary-to-secondary --year {year}"
            ),
        );
        let sent = desk.does("sender", "status").lines().len();
        assert_eq!(desk.types("sender", CLOSE).code, 3);
        let unknown = desk.types(
            "officer",
            "settings caretaker --code gias:199901 --to gias:199999",
        );
        assert_eq!(unknown.code, 2, "{unknown:?}");
        let tried = desk.does("officer", &format!("{CLOSE} --dry-run"));
        assert_eq!(tried.lines()[0]["state"], "SETTING_STATE_OPEN");
        desk.does("sender", "status");
        let open = desk.types("officer", CLOSE);
        assert_eq!(open.code, 1, "it stands as open: {open:?}");
        desk.does("sender", "status");

        let told = desk.does("officer", &format!("{CLOSE} --still-open"));
        assert_eq!(told.lines()[0]["state"], "SETTING_STATE_CLOSED");
        let listed = desk.does("officer", "settings list --code gias:199901");
        let caretaker = desk.does("officer", "settings list --code gias:199903");
        assert_eq!(listed.lines()[0]["caretaker"], caretaker.lines()[0]["name"]);
        assert_eq!(desk.types("sender", "status").code, 3);
        desk.does(
            "officer",
            "credentials issue --code gias:199903 --role publisher --label Office --out keeper",
        );
        assert_eq!(desk.does("keeper", "status").lines().len(), sent);
        let itself = desk.types(
            "officer",
            "settings caretaker --code gias:199903 --to gias:199902 --still-open",
        );
        assert_eq!(itself.code, 1, "it looks after another: {itself:?}");
    });
}
