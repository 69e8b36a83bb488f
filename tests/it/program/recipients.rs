//! `baton recipients`, as a sender types it.

use super::desk::Desk;
use super::told::Form;
use crate::harness::*;

#[test]
fn a_sender_names_ends_and_lists_who_receives_beside_the_destination() {
    run(async || {
        let mut desk = Desk::furnished(Form::Json);
        let moves = desk.does("sender", "status").lines();
        let name = moves[0]["name"].as_str().unwrap().to_owned();
        let add = format!(
            "recipients add {name} --setting gias:199903 --purpose send-support \
             --kinds identity,send --last-day 2099-12-31"
        );
        let tried = desk.does("sender", &format!("{add} --dry-run"));
        assert_eq!(tried.lines()[0]["recipients"].as_array(), None, "{tried:?}");
        let named = desk.does("sender", &add);
        let one = &named.lines()[0]["recipients"][0];
        assert_eq!(one["relation"], "RECIPIENT_RELATION_FURTHER", "{named:?}");
        let listed = desk
            .does("sender", &format!("recipients list {name}"))
            .lines();
        assert_eq!(listed.len(), 1);
        assert_eq!(&listed[0], one);
        assert_eq!(listed[0]["lastDay"], "2099-12-31");
        // The destination is told of none.
        let mine = format!(
            "recipients list {}",
            under(&own(&mut desk, "receiver"), &name)
        );
        assert_eq!(desk.does("receiver", &mine).lines().len(), 0);

        let unfit = desk.types("sender", &add.replace("199903", "199901"));
        assert_eq!(unfit.code, 1, "the sender itself: {unfit:?}");
        let wrong = desk.types("sender", &add.replace("send-support", "curiosity"));
        assert_eq!(wrong.code, 2, "{wrong:?}");
        let unknown = desk.types("sender", &add.replace("199903", "199999"));
        assert_eq!(unknown.code, 2, "{unknown:?}");

        let end = format!("recipients end {name} --setting gias:199903");
        desk.does("sender", &end);
        assert_eq!(
            desk.does("sender", &format!("recipients list {name}"))
                .lines()
                .len(),
            0
        );
        assert_eq!(desk.types("sender", &end).code, 1, "it is none any more");
        let council = format!("recipients plan-council {name} --none");
        desk.does("sender", &council);
        let audit = desk.does("officer", "audit verify --state");
        assert_eq!(audit.code, 0);
    });
}

/// The setting a connection acts for.
fn own(desk: &mut Desk, who: &str) -> String {
    let code = if who == "receiver" {
        "199902"
    } else {
        "199901"
    };
    let listed = desk.does("officer", &format!("settings list --code gias:{code}"));
    listed.lines()[0]["name"].as_str().unwrap().to_owned()
}
