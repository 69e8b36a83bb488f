//! Everybody signs for themselves: a council for the plan it adds, who receives beside the destination for
//! its part; and a head's reason is for one receiver.

use std::collections::BTreeMap;

use baton_wire::status::Reason;
use baton_wire::v1::{
    DecisionSaid, RecipientPurpose, Role, SectionKind, SendingReason, SettingKind,
};

use super::part;
use crate::decisions::said_by_a_parent;
use crate::harness::*;
use crate::recipients::{further, plan};

/// A service that signed no more and receives these kinds of a move, and its professional.
async fn unsigned_service(
    exchange: &Exchange,
    of: &Move,
    kinds: &[SectionKind],
) -> (Setting, Caller) {
    let service = exchange
        .another(SettingKind::HealthService, "school-nursing")
        .await;
    exchange.officer.signs_no_more(&service.name).await.unwrap();
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    let named = further(RecipientPurpose::HealthCare, kinds);
    sender.names(&of.name, &service, named).await.unwrap();
    let nurse = exchange.person(&service, &[Role::HealthProfessional]).await;
    (service, nurse)
}

on_both_engines! {
    async fn a_council_that_adds_a_plan_is_a_party_of_its_own(exchange) {
        let of = exchange.open_move().await;
        let keeper = exchange.another(SettingKind::Council, "neighbour").await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.plan_council(&of.name, &keeper).await.unwrap();
        exchange.officer.signs_no_more(&keeper.name).await.unwrap();
        let sent = exchange.head_sends(&of, part(false, true)).await.name;
        let caseworker = exchange.person(&keeper, &[Role::SendCaseworker]).await;
        let added = caseworker.publish(submission(&of, plan())).await.unwrap().name;
        let senco = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = senco.subscribe().await.unwrap();
        let first = senco.await_item(&subscription, "").await.unwrap();
        assert_eq!(the_profile(&first.items).name, senco.mine(&sent));
        assert_eq!(refused(senco.get(&added).await).reason, Reason::PermissionDenied);

        exchange.officer.signs(&keeper.name, framework()).await.unwrap();
        let again = senco.await_item(&subscription, &first.token).await.unwrap();
        assert_eq!(the_profile(&again.items).name, senco.mine(&added));
        assert_eq!(senco.kinds_seen(&added).await.unwrap(), ["ehc_plan"]);
        exchange.officer.signs_no_more(&of.from.name).await.unwrap();
        assert_eq!(senco.kinds_seen(&added).await.unwrap(), ["ehc_plan"], "that is the council's");
        assert_eq!(refused(senco.get(&sent).await).reason, Reason::PermissionDenied);
        exchange.holds().await;
    }

    async fn who_receives_beside_the_destination_signs_for_itself_and_a_reason_is_for_one_receiver(exchange) {
        let of = exchange.open_move().await;
        let both = [SectionKind::Identity, SectionKind::Health];
        let (service, nurse) = unsigned_service(exchange, &of, &both).await;
        let sent = exchange.sent(&of).await;
        let subscription = nurse.subscribe().await.unwrap();
        let first = nurse.await_item(&subscription, "").await.unwrap();
        assert_eq!(kinds(the_profile(&first.items)), ["health"]);

        exchange.officer.signs_no_more(&of.to.name).await.unwrap();
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        head.sends_without(&of.name, &of.to, SendingReason::UrgentNeed).await.unwrap();
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        assert!(lead.kinds_seen(&sent).await.unwrap().len() > 5);
        assert_eq!(nurse.kinds_seen(&sent).await.unwrap(), ["health"]);

        exchange.officer.signs(&service.name, framework()).await.unwrap();
        let again = nurse.await_item(&subscription, &first.token).await.unwrap();
        assert_eq!(kinds(the_profile(&again.items)), ["identity", "health"]);
        exchange.holds().await;
    }

    async fn in_one_turn_a_reason_is_for_one_move(exchange) {
        let (of, other) = (exchange.unsigned_move().await, exchange.open_move().await);
        let sent = exchange.head_sends(&of, part(true, true)).await.name;
        let stays = exchange.head_sends(&other, part(true, true)).await.name;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        head.sends_without(&of.name, &of.to, SendingReason::Other).await.unwrap();
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let turn = lead.pull(&subscription, "").await.unwrap();
        let shown = turn.items.into_iter().map(|item| {
            let profile = item.profile.expect("a profile item has one");
            (profile.name.clone(), kinds(&profile))
        });
        let both = ["attendance".to_owned(), "health".to_owned()];
        let expected = [(lead.mine(&sent), both.to_vec()), (lead.mine(&stays), both[1..].to_vec())];
        assert_eq!(shown.collect::<BTreeMap<_, _>>(), BTreeMap::from(expected));
    }

    async fn who_lacks_nothing_for_want_of_an_agreement_waits_for_nothing(exchange) {
        let of = exchange.unsigned_move().await;
        let (_, nurse) = unsigned_service(exchange, &of, &[SectionKind::Health]).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let no = (DecisionSaid::Refused, &[SectionKind::Attendance][..]);
        said_by_a_parent(&sender, &of.name, no).await;
        let sent = exchange.head_sends(&of, part(true, true)).await.name;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        for who in [&lead, &nurse] {
            assert_eq!(who.kinds_seen(&sent).await.unwrap(), ["health"]);
        }
        let short = "SELECT count(*) FROM released WHERE short <> 0";
        assert_eq!(exchange.home.count(short).await, 0, "a signature would bring neither anything");
        let back = (DecisionSaid::Withdrawn, &[SectionKind::Attendance][..]);
        said_by_a_parent(&sender, &of.name, back).await;
        assert_eq!(lead.kinds_seen(&sent).await.unwrap(), ["health"]);
        assert_eq!(exchange.home.count(short).await, 1, "now it would, to one of them");
    }

    async fn reasons_are_for_eight_receivers_of_a_move_and_for_none_while_it_is_restricted(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let why = SendingReason::OutsideArea;
        let mut first = None;
        for number in 0..9 {
            let name = format!("area-{number}");
            let school = exchange.another(SettingKind::School, &name).await;
            exchange.officer.signs_no_more(&school.name).await.unwrap();
            exchange.officer.redirect(&of.name, &school, "2026-03-02").await.unwrap();
            let sent = head.sends_without(&of.name, &school, why).await;
            if number < 8 {
                sent.unwrap();
                first.get_or_insert(school);
            } else {
                let told = refused(sent);
                assert_eq!(told.reason, Reason::RecipientUnfit);
                assert_eq!(told.rules(), [("setting", "sendings.count")]);
            }
        }
        // For one of the eight it is taken back and recorded again.
        let first = first.unwrap();
        exchange.officer.redirect(&of.name, &first, "2026-03-02").await.unwrap();
        head.sends_without_no_more(&of.name, &first).await.unwrap();
        head.restrict(&of.name).await.unwrap();
        let hidden = head.sends_without(&of.name, &first, why).await;
        assert_eq!(refused(hidden).reason, Reason::ProcessingRestricted);
        head.lift(&of.name).await.unwrap();
        head.sends_without(&of.name, &first, why).await.unwrap();
        head.erase(head.erasure(&of.name)).await.unwrap();
        let left = "SELECT count(*) FROM sent_without WHERE reason <> 0 OR ended = 0";
        assert_eq!(exchange.home.count(left).await, 0);
        exchange.holds().await;
    }
}
