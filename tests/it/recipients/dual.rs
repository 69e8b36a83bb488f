//! Second registrations and managed moves: what a destination gets, from the first day to the last.

use baton_domain::log::Json;
use baton_wire::status::Reason;
use baton_wire::v1::{self, ItemKind, Role, TransitionState};

use super::{dual, next, restricted};
use crate::harness::*;

const ROUTE: &str = "managed-move";

on_both_engines! {
    async fn a_second_school_reads_from_its_first_day_to_its_last(exchange) {
        let of = exchange.undecided(ROUTE).await;
        let profile = exchange.sent(&of).await;
        let school = &exchange.academy;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let days = dual("2026-03-16", "2026-03-27");
        sender.names(&of.name, school, days).await.unwrap();
        let senco = exchange.person(school, &[Role::Senco]).await;
        let subscription = senco.subscribe().await.unwrap();
        let early = senco.pull(&subscription, "").await.unwrap();
        assert_eq!(early.items, [], "its first day has not come");
        assert_eq!(refused(senco.get(&profile).await).reason, Reason::PermissionDenied);
        assert_eq!(senco.list_transitions().await.unwrap(), []);

        exchange.hand.send_replace(at("2026-03-16T00:00:00Z"));
        let mut watch = senco.watch(&subscription, &early.token).await.unwrap();
        let came = next(&mut watch).await;
        assert_eq!(came.kind(), ItemKind::Profile, "released on the day: {came:?}");
        let all = kinds(&senco.get(&profile).await.unwrap());
        assert!(all.contains(&"health".to_owned()) && all.len() > 8, "as a destination: {all:?}");

        exchange.hand.send_replace(at("2026-03-27T23:59:59Z"));
        senco.get(&profile).await.expect("the last moment of the last day");
        // Summer time begins on 29 March 2026.
        exchange.hand.send_replace(at("2026-03-28T00:00:00Z"));
        for answer in [senco.get(&profile).await.map(drop), senco.reject(&profile, 1, v1::RejectReason::Moved).await.map(drop)] {
            assert_eq!(refused(answer).reason, Reason::PermissionDenied);
        }
        let closed = next(&mut watch).await;
        assert_eq!(closed.kind(), ItemKind::Closed, "the open watch is told");
        let entry = &exchange.lines(u64::try_from(closed.position).unwrap()).await[0];
        assert_eq!(entry.said(), ("recipient_ended", "done"));
        assert_eq!(entry.get("caller"), None, "by the service itself");
        let id = school.name.rsplit('/').next().unwrap();
        assert_eq!(entry.array("detail/to"), [Json::Str(id.to_owned())]);
        senco.acknowledge(&profile, 1).await.expect("it says what became of its copy");
        let former = senco.transition(&of.name).await.unwrap();
        assert_eq!((former.to.as_str(), former.window()), ("", v1::WindowState::Closed));
        assert_eq!(sender.transition(&of.name).await.unwrap().recipients, []);
        exchange.holds().await;
    }

    async fn a_managed_move_that_works_becomes_the_move(exchange) {
        let of = exchange.undecided(ROUTE).await;
        let profile = exchange.sent(&of).await;
        let school = &exchange.secondary;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.names(&of.name, school, dual("2026-03-09", "2026-04-30")).await.unwrap();
        let senco = exchange.person(school, &[Role::Senco]).await;
        let subscription = senco.subscribe().await.unwrap();
        let first = senco.await_item(&subscription, "").await.unwrap();
        senco.acknowledge(&profile, 1).await.unwrap();
        let tried = sender.transition(&of.name).await.unwrap();
        assert_eq!(tried.state(), TransitionState::Published, "a trial is not the move");

        let agreed = v1::PlannedTransition { start_date: "2026-04-20".to_owned(), ..Default::default() };
        exchange.decided(&of, ROUTE, school, agreed).await;
        senco.get(&profile).await.expect("no moment without");
        let again = senco.await_item(&subscription, &first.token).await.unwrap();
        the_profile(&again.items);
        let made = sender.transition(&of.name).await.unwrap();
        assert_eq!(made.recipients, []);
        assert_ne!(made.state(), TransitionState::Accepted, "it answers anew, for the move");
        exchange.hand.send_replace(at("2026-05-01T12:00:00Z"));
        senco.get(&profile).await.expect("the last day of the trial ends nothing");
        senco.acknowledge(&profile, 1).await.unwrap();
        assert_eq!(sender.transition(&of.name).await.unwrap().state(), TransitionState::Accepted);
        exchange.holds().await;
    }

    async fn on_offer_day_routes_a_second_school_opens_no_earlier_than_the_first(exchange) {
        let of = exchange.planned(v1::Point::EarlyYearsToPrimary).await;
        let profile = exchange.sent(&of).await;
        let school = &exchange.academy;
        exchange.officer.names(&of.name, school, dual("2026-03-09", "2026-07-31")).await.unwrap();
        let senco = exchange.person(school, &[Role::Senco]).await;
        let subscription = senco.subscribe().await.unwrap();
        assert_eq!(refused(senco.get(&profile).await).reason, Reason::PermissionDenied);
        let early = senco.pull(&subscription, "").await.unwrap();
        assert_eq!(early.items, []);
        exchange.hand.send_replace(at("2026-04-15T23:00:00Z"));
        let came = senco.await_item(&subscription, &early.token).await.unwrap();
        the_profile(&came.items);
    }

    async fn a_safeguarding_lead_of_the_second_school_releases_the_note_there_only(exchange) {
        let of = exchange.undecided(ROUTE).await;
        let sender = exchange.person(&of.from, &[Role::Publisher, Role::Dsl]).await;
        let published = sender.publish(submission(&of, restricted())).await.unwrap();
        for school in [&exchange.academy, &exchange.secondary] {
            sender.names(&of.name, school, dual("2026-03-09", "2026-04-30")).await.unwrap();
        }
        let lead = exchange.person(&exchange.academy, &[Role::Dsl]).await;
        let senco = exchange.person(&exchange.academy, &[Role::Senco]).await;
        let other = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        let subscription = senco.subscribe().await.unwrap();
        let before = senco.pull(&subscription, "").await.unwrap();
        assert_eq!(refused(senco.get(&published.name).await).reason, Reason::PermissionDenied);
        lead.record(&of.name, v1::TransitionFact::ChildProtectionNoteReleased).await.unwrap();
        let note = senco.get(&published.name).await.unwrap();
        assert_eq!(kinds(&note), ["child_protection_note"]);
        let came = senco.await_item(&subscription, &before.token).await.unwrap();
        the_profile(&came.items);
        assert_eq!(refused(other.get(&published.name).await).reason, Reason::PermissionDenied);
    }
}
