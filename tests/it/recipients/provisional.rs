//! Schools an EHC plan may still name: SEND sections only, until the plan names one.

use baton_wire::status::Reason;
use baton_wire::v1::{self, ItemKind, Role};

use super::{CONSULTED, Named, next, what};
use crate::harness::*;

const ROUTE: &str = "ehc-phase-transfer";

on_both_engines! {
    async fn two_consulted_schools_see_send_until_the_plan_names_one(exchange) {
        let of = exchange.undecided(ROUTE).await;
        let (one, other) = (&exchange.secondary, &exchange.academy);
        let profile = exchange.sent(&of).await;
        for school in [one, other] {
            exchange.officer.names(&of.name, school, CONSULTED).await.unwrap();
        }
        let chosen = exchange.person(one, &[Role::Senco]).await;
        let passed = exchange.person(other, &[Role::Senco]).await;
        let subscription = chosen.subscribe().await.unwrap();
        let theirs = passed.subscribe().await.unwrap();
        let first = chosen.await_item(&subscription, "").await.unwrap();
        let shown = the_profile(&first.items);
        assert_eq!(kinds(shown), ["send"], "no more than planning needs");
        assert!(shown.provisional, "and labelled");
        assert!(chosen.get(&profile).await.unwrap().provisional);
        let own = chosen.transition(&of.name).await.unwrap();
        assert_eq!(own.window(), v1::WindowState::Provisional);
        assert_eq!((own.to, own.published_count), (String::new(), 1));
        chosen.acknowledge(&profile, 1).await.unwrap();
        let mut watch = passed.watch(&theirs, "").await.unwrap();
        assert_eq!(next(&mut watch).await.kind(), ItemKind::Profile);
        let lead = exchange.person(one, &[Role::DataManager]).await;
        assert_eq!(refused(lead.get(&profile).await).reason, Reason::PermissionDenied);

        let named = v1::PlannedTransition { plan_names_setting: true, ..Default::default() };
        exchange.decided(&of, ROUTE, one, named).await;
        assert_eq!(refused(passed.get(&profile).await).reason, Reason::PermissionDenied, "at once");
        let closed = next(&mut watch).await;
        assert_eq!(closed.kind(), ItemKind::Closed, "the open watch is told");
        passed.acknowledge(&profile, 1).await.expect("it answers the closing");

        let whole = chosen.await_item(&subscription, &first.token).await.unwrap();
        let shown = the_profile(&whole.items);
        assert!(!shown.provisional && shown.kinds.len() > 3, "a resumed token gets the rest: {shown:?}");
        let state = exchange.officer.transition(&of.name).await.unwrap();
        assert_eq!(state.recipients, []);
        assert_eq!(state.state(), v1::TransitionState::Delivered, "a part was taken over, not the whole");
        let late = exchange.officer.names(&of.name, other, CONSULTED).await;
        assert_eq!(refused(late).rules(), [("relation", "relation.final")]);
        exchange.holds().await;
    }

    async fn who_is_not_consulted_any_more_is_closed(exchange) {
        let of = exchange.undecided(ROUTE).await;
        let profile = exchange.sent(&of).await;
        let school = &exchange.academy;
        let until = Named { last: "2026-03-12", ..CONSULTED };
        exchange.officer.names(&of.name, school, until).await.unwrap();
        let senco = exchange.person(school, &[Role::Senco]).await;
        let subscription = senco.subscribe().await.unwrap();
        let first = senco.await_item(&subscription, "").await.unwrap();
        exchange.hand.send_replace(at("2026-03-12T23:59:59Z"));
        senco.get(&profile).await.expect("the last moment of the last day");
        exchange.hand.send_replace(at("2026-03-13T00:00:00Z"));
        assert_eq!(refused(senco.get(&profile).await).reason, Reason::PermissionDenied);
        let closed = senco.await_item(&subscription, &first.token).await.unwrap();
        assert_eq!(what(&closed.items), [ItemKind::Closed]);
    }
}
