//! Before the opening rule holds a receiver sees nothing, and after the window nothing either.
//! What becomes visible late still reaches a subscriber that was there before.

use baton_wire::status::Reason;
use baton_wire::v1::{self, AcceptanceState, Point, Role, TransitionFact, WindowState};

use crate::harness::*;

/// Half past midnight British summer time has not come: 16 April begins at 23:00 UTC.
const LAST_MOMENT_OF_15_APRIL: &str = "2026-04-15T22:59:59Z";
const FIRST_MOMENT_OF_16_APRIL: &str = "2026-04-15T23:00:00Z";

/// That a receiver learns nothing of a move: no name, no count, no progress.
async fn sees_nothing(exchange: &Exchange, receiver: &Caller, (of, profile): (&Move, &str)) {
    assert_eq!(
        receiver.list_transitions().await.unwrap(),
        [],
        "no move is listed"
    );
    for answer in [
        receiver.get(profile).await.map(drop),
        receiver.transition(&of.name).await.map(drop),
        receiver.acknowledge(profile, 1).await.map(drop),
        receiver
            .reject(profile, 1, v1::RejectReason::NotOurs)
            .await
            .map(drop),
    ] {
        assert_eq!(refused(answer).reason, Reason::PermissionDenied);
    }
    assert!(
        exchange
            .lines(0)
            .await
            .iter()
            .rev()
            .take(4)
            .all(|it| it.said().1 == "denied")
    );
}

on_both_engines! {
    async fn what_is_published_before_the_window_reaches_a_resumed_token_when_it_opens(exchange) {
        exchange.hand.send_replace(at("2026-03-20T12:00:00Z"));
        let of = exchange.planned(Point::EarlyYearsToPrimary).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let said = submission(&of, typical(2, of.point));
        let sent = said.content.clone();
        let published = sender.publish(said).await.unwrap();
        let position = published.receipt.unwrap().position;
        let window = sender.transition(&of.name).await.unwrap().window();
        assert_eq!(window, WindowState::NotOpen);

        let early = receiver.pull(&subscription, "").await.unwrap();
        assert_eq!(early.items, [], "not even a name or a count");
        sees_nothing(exchange, &receiver, (&of, &published.name)).await;

        exchange.hand.send_replace(at(LAST_MOMENT_OF_15_APRIL));
        let still = receiver.pull(&subscription, &early.token).await.unwrap();
        assert_eq!(still.items, [], "offer day begins at midnight in London");

        exchange.hand.send_replace(at(FIRST_MOMENT_OF_16_APRIL));
        let opened = receiver.await_item(&subscription, &early.token).await.unwrap();
        let shown = the_profile(&opened.items);
        assert!(opened.items[0].position > position, "under the position it became visible at");
        assert_eq!(receiver.get(&shown.name).await.unwrap().content, sent);
        let entry = &exchange.lines(u64::try_from(opened.items[0].position).unwrap()).await[0];
        assert_eq!(entry.said(), ("released", "done"));
        assert_eq!(entry.get("caller"), None, "the service released it by itself");

        let again = receiver.pull(&subscription, &opened.token).await.unwrap();
        assert_eq!(again.items, [], "once");
    }

    async fn after_its_last_day_a_receiver_sees_nothing_any_more(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let published = sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        // Under a hold it is not erased: the window alone is looked at.
        sender.hold(&of.name, v1::HoldReason::LegalClaim).await.unwrap();
        exchange.hand.send_replace(at("2026-12-31T23:59:59Z"));
        receiver.get(&published.name).await.expect("the last moment of the last day");

        exchange.hand.send_replace(at("2027-01-01T00:00:00Z"));
        let late = receiver.pull(&subscription, "").await.unwrap();
        assert_eq!(late.items.len(), 1);
        assert_eq!(late.items[0].kind(), v1::ItemKind::NotAvailable);
        assert_eq!(late.items[0].profile, None);
        sees_nothing(exchange, &receiver, (&of, &published.name)).await;
    }

    async fn a_post_16_offer_opens_with_its_acceptance(exchange) {
        let mut plan = exchange.plan_of(Point::SecondaryToPost16);
        plan.acceptance = AcceptanceState::Unspecified.into();
        let of = exchange.planned_as(plan.clone()).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let published = sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        sees_nothing(exchange, &receiver, (&of, &published.name)).await;
        let early = receiver.pull(&subscription, "").await.unwrap();
        assert_eq!(early.items, []);

        plan.acceptance = AcceptanceState::Accepted.into();
        let again = exchange.planned_as(plan.clone()).await;
        assert_eq!(again.name, of.name, "the same move, restated");
        let opened = receiver.await_item(&subscription, &early.token).await.unwrap();
        assert_eq!(the_profile(&opened.items).version, 1);

        plan.acceptance = AcceptanceState::Declined.into();
        exchange.planned_as(plan).await;
        sees_nothing(exchange, &receiver, (&of, &published.name)).await;
    }

    async fn a_plan_that_names_the_school_opens_an_ehc_move_before_any_offer_day(exchange) {
        let mut plan = exchange.plan_of(Point::PrimaryToSecondary);
        plan.route = "ehc-phase-transfer".to_owned();
        plan.offer_date = String::new();
        plan.acceptance = AcceptanceState::Unspecified.into();
        let of = exchange.planned_as(plan.clone()).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        let early = receiver.pull(&subscription, "").await.unwrap();
        assert_eq!(early.items, []);
        plan.plan_names_setting = true;
        exchange.planned_as(plan).await;
        let opened = receiver.await_item(&subscription, &early.token).await.unwrap();
        assert!(!the_profile(&opened.items).provisional);
    }

    async fn an_in_year_move_opens_with_the_agreed_start(exchange) {
        let mut plan = exchange.plan_of(Point::PrimaryToSecondary);
        plan.route = "in-year".to_owned();
        plan.offer_date = String::new();
        plan.acceptance = AcceptanceState::Unspecified.into();
        let of = exchange.planned_as(plan.clone()).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        let early = receiver.pull(&subscription, "").await.unwrap();
        assert_eq!(early.items, []);
        plan.start_date = "2026-03-23".to_owned();
        exchange.planned_as(plan).await;
        let opened = receiver.await_item(&subscription, &early.token).await.unwrap();
        the_profile(&opened.items);
    }

    async fn nobody_under_16_is_released_to_an_adult_service(exchange) {
        let of = exchange.planned(Point::Post16ToAdult).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        // Nothing published: the age is not known, and counts as under 16.
        for fact in [TransitionFact::PersonReleased, TransitionFact::BestInterests] {
            let before = exchange.size();
            assert_eq!(refused(sender.record(&of.name, fact).await).reason, Reason::PermissionDenied);
            let entry = exchange.one_since(before).await;
            assert_eq!(entry.said(), ("fact_recorded", "denied"));
        }
    }

    async fn an_api_key_records_no_release(exchange) {
        let of = exchange.planned(Point::Post16ToAdult).await;
        let (key, _) = exchange.key_holder(&of.from, &[Role::Publisher]).await;
        key.publish(submission(&of, typical(2, of.point))).await.unwrap();
        let answer = key.record(&of.name, TransitionFact::PersonReleased).await;
        assert_eq!(refused(answer).reason, Reason::PermissionDenied, "no named person stands behind");
    }
}
