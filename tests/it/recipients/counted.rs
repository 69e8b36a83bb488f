//! How far a move has come is told to each by the contributions it wrote or sees something of: one of
//! which it may see nothing neither counts nor holds anything up.

use baton_wire::status::Reason;
use baton_wire::v1::{
    self, DecisionSaid, DecisionToward, Point, RejectReason, Role, SectionKind,
    TransitionState as State,
};

use super::{dual, further, plan};
use crate::agreements::part;
use crate::decisions::{parent, said_by_a_parent};
use crate::harness::*;

impl Caller {
    pub(super) async fn is_told(&self, of: &Move) -> (State, i32) {
        let shown = self.transition(&of.name).await.unwrap();
        (shown.state(), shown.published_count)
    }
}

/// A head, and the council that keeps the plan, which sent it.
struct Both {
    head: Caller,
    caseworker: Caller,
    plan: String,
}

async fn both(exchange: &Exchange, of: &Move) -> Both {
    let council = exchange
        .another(v1::SettingKind::Council, "neighbour")
        .await;
    exchange
        .officer
        .signs(&council.name, framework())
        .await
        .unwrap();
    let head = exchange.person(&of.from, &[Role::Publisher]).await;
    head.plan_council(&of.name, &council).await.unwrap();
    let caseworker = exchange.person(&council, &[Role::SendCaseworker]).await;
    let plan = caseworker
        .publish(submission(of, plan()))
        .await
        .unwrap()
        .name;
    Both {
        head,
        caseworker,
        plan,
    }
}

on_both_engines! {
    async fn who_reads_no_plan_is_told_of_none_and_takes_none_over(exchange) {
        let of = exchange.open_move().await;
        let all_else = v1::Sections { ehc_plan: None, ..typical(2, of.point) };
        let Both { head, caseworker, plan } = both(exchange, &of).await;
        let sent = head.publish(submission(&of, all_else)).await.unwrap().name;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let senco = exchange.person(&of.to, &[Role::Senco]).await;
        let watching = exchange.person(&exchange.council(), &[Role::TransitionOfficer]).await;
        assert_eq!(lead.is_told(&of).await, (State::Published, 1));
        assert_eq!(senco.is_told(&of).await, (State::Published, 2));
        assert_eq!(refused(lead.acknowledge(&plan, 1).await).reason, Reason::PermissionDenied);
        let sent_back = lead.reject(&plan, 1, RejectReason::Moved).await;
        assert_eq!(refused(sent_back).reason, Reason::PermissionDenied);

        // The plan alone was taken over: the school's profile was not, and its move is not.
        senco.acknowledge(&plan, 1).await.unwrap();
        assert_eq!(caseworker.is_told(&of).await, (State::Accepted, 1));
        for (who, count) in [(&lead, 1), (&head, 1), (&senco, 2), (&watching, 2)] {
            assert_eq!(who.is_told(&of).await, (State::Published, count));
        }
        let kept = head.transition(&of.name).await.unwrap().kept_until;
        assert_eq!(kept, "2026-12-31", "the school's is still to be taken over");
        lead.acknowledge(&sent, 1).await.unwrap();
        for who in [&lead, &head, &senco, &watching] {
            assert_eq!(who.is_told(&of).await.0, State::Accepted);
        }
        // And what is sent back is the council's plan, not what the school sent.
        senco.reject(&plan, 1, RejectReason::Moved).await.unwrap();
        for who in [&senco, &watching, &caseworker] {
            assert_eq!(who.is_told(&of).await.0, State::Rejected);
        }
        for who in [&lead, &head] {
            assert_eq!(who.is_told(&of).await, (State::Accepted, 1));
        }
        exchange.holds().await;
    }

    async fn what_does_not_reach_the_destination_is_no_state_of_it(exchange) {
        let of = exchange.unsigned_move().await;
        exchange.head_sends(&of, part(false, true)).await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        assert_eq!(lead.is_told(&of).await, (State::Planned, 0), "for want of an agreement");
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        assert_eq!(head.is_told(&of).await, (State::Published, 1));
    }

    async fn an_adult_service_is_not_told_that_a_plan_was_added(exchange) {
        let of = exchange.planned(Point::Post16ToAdult).await;
        let council = exchange.another(v1::SettingKind::Council, "neighbour").await;
        exchange.officer.signs(&council.name, framework()).await.unwrap();
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        head.plan_council(&of.name, &council).await.unwrap();
        let caseworker = exchange.person(&council, &[Role::SendCaseworker]).await;
        let mut content = typical(2, of.point);
        content.ehc_plan = None;
        content.identity.as_mut().expect("an identity").date_of_birth = Some("2005-11-03".to_owned());
        let sent = head.publish(submission(&of, content)).await.unwrap().name;
        head.record(&of.name, v1::TransitionFact::PersonReleased).await.unwrap();
        let worker = exchange.person(&of.to, &[Role::AdultServiceWorker]).await;
        let subscription = worker.subscribe().await.unwrap();
        let first = worker.await_item(&subscription, "").await.unwrap();
        assert_eq!(the_profile(&first.items).name, worker.mine(&sent));
        caseworker.publish(submission(&of, plan())).await.unwrap();
        assert_eq!(worker.pull(&subscription, &first.token).await.unwrap().items, []);
        assert_eq!(worker.is_told(&of).await.1, 1);
        worker.acknowledge(&sent, 1).await.unwrap();
        assert_eq!(worker.is_told(&of).await.0, State::Accepted);
        let kept = head.transition(&of.name).await.unwrap().kept_until;
        assert_eq!(kept, "2026-12-20", "what it can never have holds nothing up");
        // Nor by the school itself: what is nothing new is taken over as it was.
        let again = head.publish(submission(&of, plan())).await.unwrap();
        assert_eq!((again.name.as_str(), again.version), (sent.as_str(), 2));
        assert_eq!(worker.is_told(&of).await, (State::Accepted, 1));
        assert_eq!(worker.pull(&subscription, &first.token).await.unwrap().items, []);
        exchange.holds().await;
    }

    async fn files_beside_what_is_closed_are_still_to_be_taken_over(exchange) {
        let of = exchange.open_move().await;
        let Both { head, plan, .. } = both(exchange, &of).await;
        let sent = exchange.head_sends(&of, part(false, true)).await.name;
        head.add(&sent, (SectionKind::Send, "a report"), b"of support").await.unwrap();
        said_by_a_parent(&head, &of.name, (DecisionSaid::Refused, &[SectionKind::Attendance])).await;
        let senco = exchange.person(&of.to, &[Role::Senco]).await;
        senco.acknowledge(&plan, 1).await.unwrap();
        assert_eq!(senco.documents_of(&sent).await.unwrap().len(), 1);
        assert_eq!(senco.is_told(&of).await, (State::Published, 2));
    }

    async fn a_file_of_what_goes_in_part_is_nothing_that_is_received(exchange) {
        let of = exchange.open_move().await;
        let council = exchange.council();
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let officer = exchange.person(&council, &[Role::VirtualSchoolOfficer]).await;
        let both = [SectionKind::Identity, SectionKind::Attendance];
        let named = further(v1::RecipientPurpose::LookedAfter, &both);
        head.names(&of.name, &council, named).await.unwrap();
        let sent = exchange.head_sends(&of, part(false, true)).await.name;
        head.add(&sent, (SectionKind::Identity, "a passport"), b"who it is").await.unwrap();
        assert_eq!(officer.is_told(&of).await, (State::Published, 1));
        let no = parent(DecisionToward::Council, DecisionSaid::Refused, &[]);
        head.records(&of.name, &no).await.unwrap();
        let read = officer.documents_of(&sent).await.map_err(|it| refused::<()>(Err(it)).reason);
        assert!(matches!(read.as_deref(), Ok([]) | Err(Reason::PermissionDenied)), "{read:?}");
        assert_eq!(officer.is_told(&of).await, (State::Planned, 0));
        assert_eq!(refused(officer.acknowledge(&sent, 1).await).reason, Reason::PermissionDenied);
    }

    async fn files_alone_that_are_closed_hold_up_nothing(exchange) {
        let of = exchange.open_move().await;
        let Both { head, plan, .. } = both(exchange, &of).await;
        let sent = exchange.head_sends(&of, part(false, true)).await.name;
        head.add(&sent, (SectionKind::Send, "a report"), b"of support").await.unwrap();
        head.erase_kind(&of.name, SectionKind::Attendance).await.unwrap();
        let senco = exchange.person(&of.to, &[Role::Senco]).await;
        senco.acknowledge(&plan, 1).await.unwrap();
        assert_eq!(senco.is_told(&of).await, (State::Published, 2), "there is a file");
        said_by_a_parent(&head, &of.name, (DecisionSaid::Refused, &[SectionKind::Send])).await;
        assert_eq!(senco.is_told(&of).await, (State::Accepted, 1));
        let kept = head.transition(&of.name).await.unwrap().kept_until;
        assert_eq!(kept, "2026-12-20");
    }

    async fn who_received_once_is_told_no_route(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let two = dual("2026-03-10", "2026-07-31");
        head.names(&of.name, &exchange.academy, two).await.unwrap();
        let profile = exchange.sent(&of).await;
        let second = exchange.person(&exchange.academy, &[Role::Senco]).await;
        second.get(&profile).await.unwrap();
        assert_ne!(second.transition(&of.name).await.unwrap().route, "");
        head.lets_go(&of.name, &exchange.academy).await.unwrap();
        let told = second.transition(&of.name).await.unwrap();
        assert_eq!((told.route.as_str(), told.point()), ("", Point::Unspecified));
        assert_eq!((told.state(), told.published_count), (State::Planned, 0));
    }

    async fn recipients_of_class_r_take_no_room_from_others(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let dsl = exchange.person(&of.from, &[Role::Dsl]).await;
        let hidden = further(v1::RecipientPurpose::Safeguarding, &[SectionKind::FamilyAndAgencies]);
        let care = further(v1::RecipientPurpose::HealthCare, &[SectionKind::Health]);
        let another = async |name: &str| {
            exchange.another(v1::SettingKind::HealthService, name).await
        };
        for at in 0..4 {
            let team = another(&format!("team-{at}")).await;
            dsl.names(&of.name, &team, hidden).await.unwrap();
        }
        let fifth = another("team-4").await;
        let told = refused(dsl.names(&of.name, &fifth, hidden).await);
        assert_eq!(told.rules(), [("setting", "recipients.count")]);
        for at in 0..12 {
            let service = another(&format!("service-{at}")).await;
            head.names(&of.name, &service, care).await.expect("room for 12 that it knows of");
        }
        let told = refused(head.names(&of.name, &fifth, care).await);
        assert_eq!(told.rules(), [("setting", "recipients.count")]);
        let saw = head.who_saw(&of.name).await.unwrap();
        let named = saw.iter().filter(|one| one.act == "recipient_added");
        assert_eq!(named.count(), 13, "its own: neither those the lead named nor the one it could not");
    }
}
