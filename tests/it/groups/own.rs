//! What a class teacher may do with the own class; that another one is as if it were not there.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};

use super::{by_number, filled};
use crate::harness::*;

/// A name of a move that is not there.
const NOWHERE: &str = "settings/x/transitions/trn_00000000000000000000000000";

on_both_engines! {
    async fn a_teacher_fills_the_own_class_and_learns_of_no_other(exchange) {
        let (own, other) = (exchange.move_of_group("6b").await, exchange.move_of_group("6C").await);
        let none = exchange.move_of_group("").await;
        let teacher = exchange.teacher(&own.from, &["6B", "Year 6"]).await;
        let everybody = exchange.person(&own.from, &[Role::Contributor]).await;
        let head = exchange.person(&own.from, &[Role::Publisher]).await;

        let published = teacher.publish(filled(&own, 1)).await.unwrap();
        let mine = published.name;
        assert_eq!(kinds(&teacher.get(&mine).await.unwrap()), ["send", "health"]);
        let listed = teacher.list_transitions().await.unwrap();
        let listed: Vec<_> = listed.iter().map(|row| (row.name.as_str(), row.group.as_str())).collect();
        let name = teacher.mine(&own.name);
        assert_eq!(listed, [(name.as_str(), "6B")]);
        assert_eq!(everybody.list_transitions().await.unwrap().len(), 3, "who has no class has all");

        let mut profiles = Vec::new();
        for closed in [&other, &none] {
            let theirs = everybody.publish(filled(closed, 2)).await.unwrap().name;
            head.add(&theirs, (ASSIGNED[0], "a plan"), &plain("a plan", 100)).await.unwrap();
            profiles.push(theirs);
        }
        for (closed, theirs) in [&other, &none].into_iter().zip(&profiles) {
            let absent = refused(teacher.transition(NOWHERE).await);
            assert_eq!(absent.reason, Reason::PermissionDenied);
            assert_eq!(refused(teacher.transition(&closed.name).await), absent);
            assert_eq!(refused(teacher.get(theirs).await), absent);
            assert_eq!(refused(teacher.documents_of(theirs).await), absent);
            assert_eq!(refused(teacher.publish(filled(closed, 3)).await), absent);
            let file = plain("another", 10);
            let begun = teacher.begin(teacher.announce(theirs, (ASSIGNED[0], "another"), &file)).await;
            assert_eq!(refused(begun), absent);
            let unplanned = refused(teacher.publish(by_number(closed, &[upn(exchange.number())], 3)).await);
            assert_eq!(unplanned.reason, Reason::NoPlannedTransition);
            let planned = refused(teacher.publish(by_number(closed, &closed.learner, 3)).await);
            assert_eq!(planned, unplanned, "a UPN of another class is one of nobody");
        }
        let by_number = teacher.publish(by_number(&own, &own.learner, 4)).await.unwrap();
        assert_eq!(by_number.name, mine);
        exchange.holds().await;
    }

    async fn who_changes_class_is_closed_and_opened_at_once(exchange) {
        let of = exchange.move_of_group("6B").await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let (before, after) = (
            exchange.teacher(&of.from, &["6B"]).await,
            exchange.teacher(&of.from, &["6C"]).await,
        );
        let id = fresh();
        let sent = filled(&of, 1);
        let first = before.publish_as(&id, sent.clone()).await.unwrap();
        let profile = first.name.clone();
        let replayed = before.publish_as(&id, sent.clone()).await.unwrap();
        let place = |receipt: &Option<v1::Receipt>| receipt.as_ref().unwrap().position;
        assert_eq!(place(&replayed.receipt), place(&first.receipt), "who asked hears the answer again");
        assert_eq!(refused(after.get(&profile).await).reason, Reason::PermissionDenied);
        exchange.changes_group(&head, &of, "6c").await;
        for told in [
            refused(before.get(&profile).await),
            refused(before.transition(&of.name).await),
            refused(before.publish(filled(&of, 2)).await),
        ] {
            assert_eq!(told.reason, Reason::PermissionDenied);
        }
        assert!(before.list_transitions().await.unwrap().is_empty());
        assert_eq!(kinds(&after.get(&profile).await.unwrap()), ["send", "health"]);

        // What one teacher asked is no other's to hear the answer of.
        assert_eq!(refused(after.publish_as(&id, sent.clone()).await).reason, Reason::PermissionDenied);
        let everybody = exchange.person(&of.from, &[Role::Contributor]).await;
        let again = everybody.publish_as(&id, sent).await.unwrap();
        assert_eq!(place(&again.receipt), place(&first.receipt));

        // A plan that states no class leaves it, and so does a new destination.
        let plan = v1::PlannedTransition { group: String::new(), ..exchange.plan_of(of.point) };
        let plan = v1::PlannedTransition { learner: of.learner.clone(), ..plan };
        exchange.officer.plan(vec![plan]).await.unwrap();
        exchange.officer.redirect(&of.name, &exchange.academy, "2026-03-02").await.unwrap();
        assert_eq!(after.transition(&of.name).await.unwrap().group, "6C");
        exchange.holds().await;
    }
}
