//! The council that keeps the EHC plan: its caseworkers write the plan, and see it.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};

use super::{CONSULTED, dual, plan};
use crate::harness::*;

on_both_engines! {
    async fn a_caseworker_writes_the_plan_of_the_learners_whose_plan_the_council_keeps(exchange) {
        let route = "ehc-phase-transfer";
        let of = exchange.undecided(route).await;
        let keeper = exchange.another(v1::SettingKind::Council, "neighbour").await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let caseworker = exchange.person(&keeper, &[Role::SendCaseworker]).await;
        let officer = exchange.person(&keeper, &[Role::AdmissionsOfficer]).await;
        let sent = sender.publish(submission(&of, plan())).await.unwrap().name;
        let other = exchange.sent(&exchange.undecided(route).await).await;
        let publish = async |content| caseworker.publish(submission(&of, content)).await;
        assert_eq!(refused(publish(plan()).await).reason, Reason::PermissionDenied);
        assert_eq!(refused(caseworker.get(&sent).await).reason, Reason::PermissionDenied);
        assert_eq!(caseworker.list_transitions().await.unwrap(), []);

        sender.plan_council(&of.name, &keeper).await.unwrap();
        let listed = caseworker.list_transitions().await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].learner, of.learner, "who it is about");
        assert_eq!(kinds(&caseworker.get(&sent).await.unwrap()), ["ehc_plan"]);
        let own = publish(plan()).await.unwrap().name;
        assert_ne!(own, sent, "a contribution of the council");
        assert_eq!(kinds(&caseworker.get(&own).await.unwrap()), ["ehc_plan"]);
        let more = publish(v1::Sections { send: typical(2, of.point).send, ..plan() }).await;
        assert_eq!(refused(more).reason, Reason::PermissionDenied, "no other kind");
        for (who, profile) in [(&sender, &own), (&officer, &own), (&officer, &sent), (&caseworker, &other)] {
            assert_eq!(refused(who.get(profile).await).reason, Reason::PermissionDenied);
        }

        // The plan is final: the school gets both.
        let receiver = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let named = v1::PlannedTransition { plan_names_setting: true, ..Default::default() };
        exchange.decided(&of, route, &exchange.secondary, named).await;
        let first = receiver.await_item(&subscription, "").await.unwrap();
        let mut came = first.items;
        if came.len() < 2 {
            came.extend(receiver.await_item(&subscription, &first.token).await.unwrap().items);
        }
        assert_eq!(came.len(), 2, "side by side, never merged");
        assert_eq!(kinds(&receiver.get(&own).await.unwrap()), ["ehc_plan"]);

        let nobody = v1::SetPlanCouncilRequest {
            parent: sender.setting.clone(),
            name: sender.mine(&of.name),
            request_id: fresh(),
            ..Default::default()
        };
        sender.transitions().set_plan_council(nobody).await.unwrap();
        assert_eq!(refused(caseworker.get(&own).await).reason, Reason::PermissionDenied);
        assert_eq!(refused(publish(plan()).await).reason, Reason::PermissionDenied);
        receiver.get(&own).await.expect("what was sent stays");
        exchange.holds().await;
    }

    async fn the_first_plan_of_a_council_is_put_before_the_school_by_the_act_itself(exchange) {
        let of = exchange.open_move().await;
        let council = exchange.another(v1::SettingKind::Council, "neighbour").await;
        exchange.officer.plan_council(&of.name, &council).await.unwrap();
        let caseworker = exchange.person(&council, &[Role::SendCaseworker]).await;
        let senco = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = senco.subscribe().await.unwrap();
        let sent = caseworker.publish(submission(&of, plan())).await.unwrap();
        let came = senco.pull(&subscription, "").await.unwrap();
        assert_eq!(came.items.len(), 1);
        assert_eq!(came.items[0].position, sent.receipt.unwrap().position);
    }

    async fn while_processing_is_restricted_a_caseworker_sees_what_it_wrote_alone(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let council = exchange.another(v1::SettingKind::Council, "neighbour").await;
        head.plan_council(&of.name, &council).await.unwrap();
        let caseworker = exchange.person(&council, &[Role::SendCaseworker]).await;
        let sent = head.publish(submission(&of, plan())).await.unwrap().name;
        let report = (v1::SectionKind::EhcPlan, "a plan");
        let file = head.add(&sent, report, b"of support").await.unwrap();
        let own = caseworker.publish(submission(&of, plan())).await.unwrap().name;
        caseworker.get(&sent).await.unwrap();
        caseworker.download(&file).await.0.expect("the plan's file goes with the plan");
        head.restrict(&of.name).await.unwrap();
        assert_eq!(refused(caseworker.get(&sent).await).reason, Reason::PermissionDenied);
        let (document, _) = caseworker.download(&file).await;
        assert_eq!(refused(document).reason, Reason::PermissionDenied);
        caseworker.get(&own).await.expect("what it wrote itself");
        head.lift(&of.name).await.unwrap();
        caseworker.get(&sent).await.unwrap();
        exchange.holds().await;
    }

    async fn a_caseworker_says_which_schools_are_consulted(exchange) {
        let of = exchange.undecided("ehc-phase-transfer").await;
        let coordinated = exchange.open_move().await;
        let keeper = exchange.another(v1::SettingKind::Council, "neighbour").await;
        let caseworker = exchange.person(&keeper, &[Role::SendCaseworker]).await;
        exchange.officer.plan_council(&of.name, &keeper).await.unwrap();
        exchange.officer.plan_council(&coordinated.name, &keeper).await.unwrap();
        caseworker.names(&of.name, &exchange.academy, CONSULTED).await.unwrap();
        caseworker.lets_go(&of.name, &exchange.academy).await.expect("and which is not any more");
        let two = dual("2026-03-10", "2026-07-31");
        let hands_on = caseworker.plan_council(&of.name, &exchange.council()).await;
        assert_eq!(refused(hands_on).reason, Reason::PermissionDenied, "the plan is not its to give");
        let second = caseworker.names(&of.name, &exchange.academy, two).await;
        assert_eq!(refused(second).reason, Reason::PermissionDenied, "such a school gets everything");
        exchange.officer.names(&of.name, &exchange.academy, two).await.unwrap();
        let answer = caseworker.lets_go(&of.name, &exchange.academy).await;
        assert_eq!(refused(answer).reason, Reason::PermissionDenied, "of others it ends nothing");
        let answer = caseworker.names(&coordinated.name, &exchange.academy, two).await;
        assert_eq!(refused(answer).reason, Reason::PermissionDenied, "where no plan decides");
    }
}
