//! `baton delegations`, as a head types it.

use super::desk::Desk;
use super::told::Form;
use crate::harness::*;

#[test]
fn a_head_lets_a_vendor_act_and_the_council_ends_it() {
    run(async || {
        let mut desk = Desk::furnished(Form::Json);
        let mis = "baton-local:example-mis";
        let kind = "settings add --kind vendor --name Example --council 351 --code";
        desk.does("officer", &format!("{kind} {mis}"));
        let add = format!(
            "delegations add --vendor {mis} --role publisher,data-manager --scope publish,status \
             --kinds identity,send --last-day"
        );
        // The last day of a credential that was issued today is one that a delegation can have.
        let issued = desk.does("officer", "credentials list --code gias:199901");
        let expires = issued.lines()[0]["expireTimeUs"].as_str().map(str::parse);
        let expires: i64 = expires.expect("when it expires").unwrap();
        let days = baton_store::london_date(expires - 10 * 24 * 3_600_000_000);
        let add = format!("{add} {days}");
        let tried = desk.does("sender", &format!("{add} --dry-run"));
        assert_eq!(tried.lines()[0]["lastDay"], days.to_string(), "{tried:?}");
        assert_eq!(desk.does("sender", "delegations list").lines().len(), 0);
        let made = desk.does("sender", &add).lines().remove(0);
        assert_eq!(made["scopes"][1], "DELEGATION_SCOPE_STATUS", "{made:?}");
        let listed = desk.does("sender", "delegations list").lines();
        assert_eq!(listed, [made]);

        for (wrong, code) in [
            (add.replace("publisher", "dsl"), 2),
            (add.replace("status", "erase"), 2),
            (add.replace("identity,send", "family-and-agencies"), 1),
            (add.replace("example-mis", "nobody"), 2),
        ] {
            assert_eq!(desk.types("sender", &wrong).code, code, "{wrong}");
        }
        let end = format!("delegations end --vendor {mis} --setting gias:199901");
        desk.does("officer", &format!("{end} --dry-run"));
        desk.does("officer", &end);
        assert_eq!(desk.types("officer", &end).code, 1, "it is none any more");
        let listed = desk.does("sender", "delegations list").lines();
        assert_eq!(listed[0]["ended"], true);
        assert_eq!(desk.does("officer", "audit verify --state").code, 0);
    });
}
