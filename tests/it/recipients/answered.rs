//! What a receiver answered stands as long as it sees nothing more, and no longer: a version that brings it
//! nothing new is none to it, what opens is to be taken over.

use baton_wire::v1::{
    self, DecisionSaid, DecisionToward, ItemKind, Point, Role, SectionKind,
    TransitionState as State,
};

use super::{further, plan};
use crate::agreements::part;
use crate::decisions::{parent, said_by_a_parent};
use crate::friends::row;
use crate::harness::*;

on_both_engines! {
    async fn an_adult_service_is_not_told_again_for_a_plan_once_both_have_signed(exchange) {
        let of = exchange.planned(Point::Post16ToAdult).await;
        exchange.officer.signs_no_more(&of.to.name).await.unwrap();
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let mut identity = typical(2, of.point).identity;
        identity.as_mut().expect("an identity").date_of_birth = Some("2005-11-03".to_owned());
        // The birth is known from a version of its own, which is taken back.
        let born = v1::Sections { identity, ..Default::default() };
        let sent = head.publish(submission(&of, born)).await.unwrap().name;
        let mut content = submission(&of, v1::Sections { ehc_plan: plan().ehc_plan, ..part(true, false) });
        content.removes = vec![SectionKind::Identity.into()];
        head.publish(content).await.unwrap();
        head.record(&of.name, v1::TransitionFact::PersonReleased).await.unwrap();
        let worker = exchange.person(&of.to, &[Role::AdultServiceWorker]).await;
        let subscription = worker.subscribe().await.unwrap();
        let first = worker.await_item(&subscription, "").await.unwrap();
        assert_eq!(kinds(the_profile(&first.items)), ["health"]);
        exchange.officer.signs(&of.to.name, framework()).await.unwrap();
        // The plan does not make it one that was told of less: what comes is the next version, once.
        let head_sends = exchange.head_sends(&of, part(true, true)).await;
        assert_eq!((head_sends.name, head_sends.version), (sent, 3));
        let next = worker.await_item(&subscription, &first.token).await.unwrap();
        assert_eq!(next.items.len(), 1);
        assert_eq!(kinds(the_profile(&next.items)), ["attendance", "health"]);
    }

    async fn what_stays_closed_to_a_receiver_does_not_undo_that_it_took_over(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        said_by_a_parent(&head, &of.name, (DecisionSaid::Refused, &[SectionKind::Send])).await;
        let sent = exchange.head_sends(&of, part(false, true)).await.name;
        lead.acknowledge(&sent, 1).await.unwrap();
        let send = v1::Sections { send: typical(2, of.point).send, ..Default::default() };
        head.publish(submission(&of, send)).await.unwrap();
        assert_eq!(lead.is_told(&of).await, (State::Accepted, 1));
        exchange.head_sends(&of, part(true, true)).await;
        assert_eq!(lead.is_told(&of).await, (State::Published, 1), "this is news");
        lead.acknowledge(&sent, 3).await.unwrap();
        said_by_a_parent(&head, &of.name, (DecisionSaid::Allowed, &[SectionKind::Send])).await;
        assert_eq!(lead.is_told(&of).await, (State::Published, 1), "so is what opens now");
        lead.acknowledge(&sent, 3).await.unwrap();
        assert_eq!(lead.is_told(&of).await, (State::Accepted, 1));
        exchange.holds().await;
    }

    async fn what_is_there_once_both_have_signed_comes_though_nothing_was_missed_before(exchange) {
        let of = exchange.unsigned_move().await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let sent = exchange.head_sends(&of, part(true, false)).await.name;
        let first = lead.await_item(&subscription, "").await.unwrap();
        lead.acknowledge(&sent, 1).await.unwrap();
        exchange.head_sends(&of, part(false, true)).await;
        assert_eq!(lead.is_told(&of).await, (State::Accepted, 1));
        exchange.officer.signs(&of.to.name, framework()).await.unwrap();
        let then = lead.await_item(&subscription, &first.token).await.unwrap();
        assert_eq!(kinds(the_profile(&then.items)), ["attendance", "health"]);
        assert_eq!(lead.is_told(&of).await.0, State::Delivered, "and is to be taken over");
    }

    async fn a_version_is_no_news_to_who_is_named_for_something_else(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let service = exchange.another(v1::SettingKind::HealthService, "school-nursing").await;
        let nurse = exchange.person(&service, &[Role::HealthProfessional]).await;
        let care = further(v1::RecipientPurpose::HealthCare, &[SectionKind::Health]);
        head.names(&of.name, &service, care).await.unwrap();
        let subscription = nurse.subscribe().await.unwrap();
        let sent = exchange.head_sends(&of, part(true, false)).await.name;
        let first = nurse.await_item(&subscription, "").await.unwrap();
        nurse.acknowledge(&sent, 1).await.unwrap();
        exchange.head_sends(&of, part(false, true)).await;
        head.add(&sent, (SectionKind::Send, "a report"), b"of support").await.unwrap();
        assert_eq!(nurse.pull(&subscription, &first.token).await.unwrap().items, []);
        assert_eq!(nurse.is_told(&of).await, (State::Accepted, 1));
        head.add(&sent, (SectionKind::Health, "a care plan"), b"what to do").await.unwrap();
        assert_eq!(nurse.pull(&subscription, &first.token).await.unwrap().items.len(), 1);
    }

    async fn what_was_hidden_for_a_while_is_not_to_be_taken_over_again(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let sent = exchange.head_sends(&of, part(true, true)).await.name;
        lead.acknowledge(&sent, 1).await.unwrap();
        let first = lead.await_item(&subscription, "").await.unwrap();
        head.restrict(&of.name).await.unwrap();
        head.lift(&of.name).await.unwrap();
        // It is told when it goes and when it is there again; who asks after both finds it twice.
        let again = lead.await_item(&subscription, &first.token).await.unwrap();
        let version = again.items[0].profile.as_ref().map(|shown| shown.version);
        assert_eq!(version, Some(1), "it is there again");
        assert_eq!(lead.is_told(&of).await, (State::Accepted, 1));
    }

    async fn what_was_added_while_it_was_hidden_is_to_be_taken_over(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let sent = exchange.head_sends(&of, part(false, true)).await.name;
        let first = lead.await_item(&subscription, "").await.unwrap();
        lead.acknowledge(&sent, 1).await.unwrap();
        let mut token = first.token;
        let mut lapses = async |file: Option<&str>| {
            exchange.officer.signs_no_more(&of.to.name).await.unwrap();
            let hidden = lead.pull(&subscription, "").await.unwrap().items;
            assert_eq!(hidden[0].kind(), ItemKind::NotAvailable);
            if let Some(file) = file {
                head.add(&sent, (SectionKind::Attendance, file), b"missed").await.unwrap();
            }
            exchange.officer.signs(&of.to.name, framework()).await.unwrap();
            token = lead.await_item(&subscription, &token).await.unwrap().token;
            lead.is_told(&of).await
        };
        assert_eq!(lapses(None).await, (State::Accepted, 1), "it is what it was");
        assert_eq!(lapses(Some("days")).await, (State::Delivered, 1));
    }

    async fn who_is_named_for_more_while_it_is_hidden_has_that_to_take_over(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let team = exchange.another(v1::SettingKind::School, "outreach").await;
        let senco = exchange.person(&team, &[Role::Senco]).await;
        let named = |kinds| further(v1::RecipientPurpose::SendSupport, kinds);
        head.names(&of.name, &team, named(&[SectionKind::Attendance])).await.unwrap();
        let subscription = senco.subscribe().await.unwrap();
        let sent = exchange.head_sends(&of, part(true, true)).await.name;
        senco.acknowledge(&sent, 1).await.unwrap();
        exchange.officer.signs_no_more(&team.name).await.unwrap();
        let hidden = senco.pull(&subscription, "").await.unwrap().items;
        assert_eq!(hidden[0].kind(), ItemKind::NotAvailable);
        let both = [SectionKind::Attendance, SectionKind::Health];
        head.names(&of.name, &team, named(&both)).await.unwrap();
        assert_eq!(kinds(&senco.get(&sent).await.unwrap()), ["health"]);
        assert_ne!(senco.is_told(&of).await.0, State::Accepted);
    }

    async fn who_still_reads_files_answers_for_those_alone(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let team = exchange.another(v1::SettingKind::School, "outreach").await;
        let senco = exchange.person(&team, &[Role::Senco]).await;
        let both = [SectionKind::Attendance, SectionKind::Health];
        let support = further(v1::RecipientPurpose::SendSupport, &both);
        head.names(&of.name, &team, support).await.unwrap();
        let subscription = senco.subscribe().await.unwrap();
        let sent = exchange.head_sends(&of, part(false, true)).await.name;
        head.add(&sent, (SectionKind::Health, "a care plan"), b"what to do").await.unwrap();
        exchange.officer.signs_no_more(&team.name).await.unwrap();
        assert_eq!(senco.documents_of(&sent).await.unwrap().len(), 1, "it needs no agreement");
        head.add(&sent, (SectionKind::Attendance, "days"), b"missed").await.unwrap();
        senco.acknowledge(&sent, 1).await.unwrap();
        let token = senco.pull(&subscription, "").await.unwrap().token;
        exchange.officer.signs(&team.name, framework()).await.unwrap();
        senco.await_item(&subscription, &token).await.unwrap();
        assert_ne!(senco.is_told(&of).await.0, State::Accepted, "days missed came since");
    }

    async fn files_that_go_are_told_of_though_there_is_nothing_else_of_their_kind(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let sent = exchange.head_sends(&of, part(false, true)).await.name;
        for erased in [false, true] {
            head.add(&sent, (SectionKind::Send, "a report"), b"of support").await.unwrap();
            let token = lead.pull(&subscription, "").await.unwrap().token;
            if erased {
                head.erase_kind(&of.name, SectionKind::Send).await.unwrap();
            } else {
                let mut without = submission(&of, v1::Sections::default());
                without.removes = vec![SectionKind::Send.into()];
                head.publish(without).await.unwrap();
            }
            let told = lead.pull(&subscription, &token).await.unwrap().items;
            assert_eq!(told.len(), 1, "erased: {erased}");
        }
    }

    async fn who_is_named_again_has_it_to_take_over_again(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let service = exchange.another(v1::SettingKind::HealthService, "school-nursing").await;
        let nurse = exchange.person(&service, &[Role::HealthProfessional]).await;
        let care = || further(v1::RecipientPurpose::HealthCare, &[SectionKind::Health]);
        head.names(&of.name, &service, care()).await.unwrap();
        let sent = exchange.head_sends(&of, part(true, true)).await.name;
        nurse.acknowledge(&sent, 1).await.unwrap();
        head.lets_go(&of.name, &service).await.unwrap();
        head.names(&of.name, &service, care()).await.unwrap();
        assert_eq!(nurse.is_told(&of).await, (State::Published, 1), "it may have deleted its copy");
        nurse.acknowledge(&sent, 1).await.unwrap();
        assert_eq!(nurse.is_told(&of).await, (State::Accepted, 1));
    }

    async fn what_was_sent_while_nothing_was_agreed_comes_once_both_have_signed(exchange) {
        let of = exchange.open_move().await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        exchange.head_sends(&of, part(false, true)).await;
        let first = lead.await_item(&subscription, "").await.unwrap();
        exchange.officer.signs_no_more(&of.to.name).await.unwrap();
        exchange.head_sends(&of, part(false, true)).await;
        let send = v1::Sections { send: typical(2, of.point).send, ..Default::default() };
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        head.publish(submission(&of, send)).await.unwrap();
        assert_eq!(lead.pull(&subscription, &first.token).await.unwrap().items, []);
        exchange.officer.signs(&of.to.name, framework()).await.unwrap();
        let then = lead.await_item(&subscription, &first.token).await.unwrap();
        assert_eq!(kinds(the_profile(&then.items)), ["attendance", "send"]);
    }

    async fn what_opens_is_told_to_those_whose_it_is_and_files_are_among_it(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let service = exchange.another(v1::SettingKind::HealthService, "school-nursing").await;
        let nurse = exchange.person(&service, &[Role::HealthProfessional]).await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let care = further(v1::RecipientPurpose::HealthCare, &[SectionKind::Health]);
        head.names(&of.name, &service, care).await.unwrap();
        let says = async |toward, said| {
            let said = parent(toward, said, &[SectionKind::Send]);
            head.records(&of.name, &said).await.unwrap();
        };
        for toward in [DecisionToward::Health, DecisionToward::Education] {
            says(toward, DecisionSaid::Refused).await;
        }
        let sent = exchange.head_sends(&of, part(true, true)).await.name;
        head.add(&sent, (SectionKind::Send, "a report"), b"of support").await.unwrap();
        for who in [&nurse, &lead] {
            who.acknowledge(&sent, 1).await.unwrap();
        }
        for toward in [DecisionToward::Health, DecisionToward::Education] {
            says(toward, DecisionSaid::Allowed).await;
        }
        assert_eq!(nurse.is_told(&of).await, (State::Accepted, 1), "named for something else");
        assert_eq!(lead.is_told(&of).await, (State::Published, 1), "a file is to be read");
        lead.acknowledge(&sent, 1).await.unwrap();
        head.add(&sent, (SectionKind::Attendance, "days"), b"missed").await.unwrap();
        assert_eq!(lead.is_told(&of).await, (State::Published, 1), "so is one that is added later");
        assert_eq!(nurse.is_told(&of).await, (State::Accepted, 1));
    }

    async fn children_who_are_shown_to_nobody_are_no_news(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let sent = exchange.head_sends(&of, part(false, true)).await.name;
        let first = lead.await_item(&subscription, "").await.unwrap();
        lead.acknowledge(&sent, 1).await.unwrap();
        for name in ["Nobody one", "Nobody two"] {
            let relationships = Some(v1::Relationships { peers: vec![row(name, &[])], ..Default::default() });
            let sections = v1::Sections { relationships, ..Default::default() };
            head.publish(submission(&of, sections)).await.unwrap();
        }
        let mut none = submission(&of, part(false, false));
        none.removes = vec![SectionKind::Relationships.into()];
        assert_eq!(head.publish(none).await.unwrap().version, 4, "three versions later");
        assert_eq!(lead.pull(&subscription, &first.token).await.unwrap().items, []);
        assert_eq!(lead.is_told(&of).await, (State::Accepted, 1));
    }
}
