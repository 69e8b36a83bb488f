//! A number of an identity that was put away leads to nobody, for the setting that put it away alone.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Point, Role};

use super::{faults, local};
use crate::harness::*;

/// A child its primary school knows by a UPN, a ULN and its own id, and its move.
async fn known(exchange: &Exchange) -> Move {
    let uln = v1::LearnerIdentifier {
        scheme: "uln".to_owned(),
        value: "1234567899".to_owned(),
    };
    let plan = exchange.plan_of(Point::PrimaryToSecondary);
    let learner = [plan.learner.clone(), vec![uln, local("17")]].concat();
    exchange
        .planned_as(v1::PlannedTransition { learner, ..plan })
        .await
}

/// What planning by these numbers is answered.
async fn planned(
    exchange: &Exchange,
    by: &Caller,
    learner: &[v1::LearnerIdentifier],
) -> v1::PlannedTransitionOutcome {
    let plan = v1::PlannedTransition {
        learner: learner.to_vec(),
        offer_date: String::new(),
        acceptance: v1::AcceptanceState::Unspecified.into(),
        ..exchange.plan_of(Point::PrimaryToSecondary)
    };
    by.plan(vec![plan]).await.unwrap().remove(0)
}

fn reason(outcome: &v1::PlannedTransitionOutcome) -> &str {
    &outcome.error.as_ref().expect("it was refused").reason
}

on_both_engines! {
    async fn a_retired_number_is_refused_and_the_own_id_goes_on(exchange) {
        let of = known(exchange).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let size = exchange.size();
        sender.puts_away(&of.name).await.unwrap();
        let line = exchange.one_since(size).await;
        assert_eq!(line.said(), ("erased", "done"));
        assert_eq!(line.text("detail/extent"), "learner", "an erased learner like any other");

        let [number, uln, own] = &of.learner[..] else { panic!("three numbers") };
        for by in [&sender, &exchange.officer] {
            for learner in [vec![number.clone()], vec![uln.clone(), own.clone()], vec![upn(900), number.clone()]] {
                let outcome = planned(exchange, by, &learner).await;
                assert_eq!(reason(&outcome), Reason::FormerIdentity.name());
            }
        }
        let size = exchange.size();
        planned(exchange, &sender, std::slice::from_ref(number)).await;
        let line = exchange.one_since(size).await;
        assert_eq!((line.said(), line.text("reason")), (("planned", "failed"), "NO_IDENTIFIER"));

        // Under the new number, with the id the school's own system calls it by.
        let now = [upn(901), own.clone()];
        let outcome = planned(exchange, &sender, &now).await;
        let after = outcome.transition.unwrap_or_else(|| panic!("{:?}", outcome.error));
        assert_ne!(after.name, sender.mine(&of.name), "nothing of the old move");
        assert_eq!(after.learner.len(), 2);
        assert_eq!(sender.who_saw(&after.name).await.unwrap().len(), 1, "planned, and no more");

        // By the old number nobody is found, and nothing is published.
        let mut by_number = submission(&of, v1::Sections {
            attendance: typical(1, of.point).attendance,
            ..Default::default()
        });
        (by_number.transition, by_number.point) = (String::new(), of.point.into());
        (by_number.learner, by_number.academic_year) = (vec![own.clone(), number.clone()], 2025);
        let told = refused(sender.publish(by_number.clone()).await);
        assert_eq!(faults(&told), [("profile.learner", "former.number")]);
        by_number.learner = vec![own.clone()];
        sender.publish(by_number).await.unwrap();
        // Nor by one that stands in the profile.
        let mut stating = submission(&of, typical(2, of.point));
        stating.transition.clone_from(&after.name);
        let identity = stating.content.as_mut().unwrap().identity.as_mut().unwrap();
        identity.former_upns = vec![number.value.clone()];
        identity.uln = Some(uln.value.clone());
        let told = refused(sender.publish(stating).await);
        assert_eq!(
            faults(&told),
            [
                ("profile.content.identity.upn", "former.number"),
                ("profile.content.identity.uln", "former.number"),
                ("profile.content.identity.former_upns", "former.upn"),
            ]
        );
        exchange.verify_all().await;
    }

    async fn others_are_neither_told_nor_refused(exchange) {
        let of = known(exchange).await;
        let sender = exchange.person(&of.from, &[Role::Dsl]).await;
        let number = of.learner[0].clone();
        // The secondary school sends the child on by the old number, and knows nothing.
        let later = v1::PlannedTransition {
            learner: vec![number.clone()],
            ..exchange.plan_of(Point::SecondaryToPost16)
        };
        let later = exchange.planned_as(later).await;
        sender.puts_away(&of.name).await.unwrap();
        let next = exchange.person(&later.from, &[Role::Publisher]).await;
        next.publish(submission(&later, typical(1, later.point))).await.unwrap();
        assert_eq!(next.readmits(std::slice::from_ref(&number)).await.unwrap(), 0, "not retired there");
        // Who may not plan learns nothing of it either.
        let stranger = exchange.person(&exchange.elsewhere, &[Role::Publisher]).await;
        for id in [&number, &upn(902)] {
            let outcome = planned(exchange, &stranger, std::slice::from_ref(id)).await;
            assert_eq!(reason(&outcome), Reason::PermissionDenied.name());
        }
    }

    async fn a_number_that_was_retired_by_mistake_is_used_again(exchange) {
        let of = known(exchange).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.puts_away(&of.name).await.unwrap();
        let numbers = &of.learner[..2];
        assert_eq!(sender.readmits(numbers).await.unwrap(), 2);
        assert_eq!(sender.readmits(numbers).await.unwrap(), 0);
        let outcome = planned(exchange, &sender, &of.learner).await;
        assert!(outcome.changed, "{:?}", outcome.error);
    }

    async fn a_hold_keeps_the_identity_and_a_dry_run_retires_nothing(exchange) {
        let of = known(exchange).await;
        let sender = exchange.person(&of.from, &[Role::Dsl]).await;
        let dry = v1::EraseRequest {
            extent: v1::ErasureExtent::Identity.into(),
            validate_only: true,
            ..sender.erasure(&of.name)
        };
        sender.erase(dry).await.unwrap();
        sender.hold(&of.name, v1::HoldReason::Inquiry).await.unwrap();
        assert_eq!(refused(sender.puts_away(&of.name).await).reason, Reason::LegalHold);
        let publisher = exchange.person(&of.from, &[Role::Publisher]).await;
        let outcome = planned(exchange, &publisher, &of.learner).await;
        assert_eq!(outcome.transition.unwrap().name, publisher.mine(&of.name), "still who it was");
    }

    async fn what_is_planned_and_put_away_in_one_commit_leads_nowhere(exchange) {
        let of = known(exchange).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let held = exchange.home.hold().await;
        let number = of.learner[0].clone();
        let mut together = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let (one, exchange_plan, number) = (sender.clone(), exchange.plan_of(of.point), number.clone());
            together.spawn(async move {
                let plan = v1::PlannedTransition {
                    learner: vec![number],
                    offer_date: String::new(),
                    acceptance: v1::AcceptanceState::Unspecified.into(),
                    ..exchange_plan
                };
                drop(one.plan(vec![plan]).await.unwrap());
            });
            let (one, name) = (sender.clone(), of.name.clone());
            together.spawn(async move { drop(one.puts_away(&name).await) });
        }
        held.release().await;
        together.join_all().await;
        let outcome = planned(exchange, &sender, &[number]).await;
        assert_eq!(reason(&outcome), Reason::FormerIdentity.name());
        assert_eq!(sender.list_transitions().await.unwrap(), []);
        assert_eq!(exchange.home.count("SELECT count(*) FROM learner").await, 0);
    }
}
