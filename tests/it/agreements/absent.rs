//! Without an agreement all but health and child protection is not there: every answer to the receiver is,
//! byte for byte, that of a move of which nothing else was ever sent.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role, SectionKind};

use super::{apart_sections, part};
use crate::decisions::absent::answers;
use crate::harness::*;

/// Asks for everything about two moves, one of which has more than goes without.
async fn the_same(who: &Caller, moves: [(&Move, &str); 2], only: SectionKind) -> Vec<Vec<u8>> {
    let mut told = Vec::new();
    for (of, profile) in moves {
        let name = format!("s{}", told.len());
        let subscription = who.subscribe_to(&name, of.point, 0).await.unwrap();
        // The first answers move the own receipt on.
        answers(who, (of, profile), &subscription, &[only]).await;
        told.push(answers(who, (of, profile), &subscription, &[only]).await);
    }
    for (at, (with, without)) in told[0].iter().zip(&told[1]).enumerate() {
        assert!(with == without, "answer {at} differs");
    }
    told.remove(0)
}

on_both_engines! {
    async fn nothing_but_health_reaches_who_has_not_signed(exchange) {
        let (of, bare) = (exchange.unsigned_move().await, exchange.open_move().await);
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let mut said = submission(&of, typical(2, of.point));
        said.level = v1::Level::Enhanced.into();
        let with = head.publish(said).await.unwrap().name;
        let without = exchange.head_sends(&bare, part(true, false)).await.name;
        let of_health = (SectionKind::Health, "a care plan");
        let of_send = (SectionKind::Send, "a report");
        head.add(&with, of_send, b"of what is closed").await.unwrap();
        let closed = head.add(&with, (SectionKind::Attendance, "days"), b"missed").await.unwrap();
        assert!(head.kinds_seen(&with).await.unwrap().len() > 5, "who sent it has it");
        for role in [Role::ReceiverLead, Role::Senco, Role::Dsl] {
            let who = exchange.person(&of.to, &[role]).await;
            let moves = [(&of, with.as_str()), (&bare, without.as_str())];
            let told = the_same(&who, moves, SectionKind::Send).await;
            assert!(!told[1].is_empty() && !told[3].is_empty(), "health came");
            assert_eq!(who.kinds_seen(&with).await.unwrap(), ["health"]);
            let (answer, came) = who.download(&closed).await;
            assert_eq!((refused(answer).reason, came), (Reason::PermissionDenied, Vec::new()));
        }
        // Of health files go too.
        let open = head.add(&with, of_health, b"what to do").await.unwrap();
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        assert_eq!(lead.documents_of(&with).await.unwrap().len(), 1);
        assert_eq!(lead.download(&open).await.1, b"what to do");
        exchange.holds().await;
    }

    async fn a_lead_has_the_note_and_nothing_else_of_class_r(exchange) {
        let (of, bare) = (exchange.unsigned_move().await, exchange.open_move().await);
        let lead = exchange.person(&of.from, &[Role::Dsl]).await;
        let with = lead.publish(submission(&of, apart_sections(true))).await.unwrap().name;
        let without = lead.publish(submission(&bare, apart_sections(false))).await.unwrap().name;
        let who = exchange.person(&of.to, &[Role::Dsl]).await;
        let moves = [(&of, with.as_str()), (&bare, without.as_str())];
        the_same(&who, moves, SectionKind::FamilyAndAgencies).await;
        assert_eq!(who.kinds_seen(&with).await.unwrap(), ["child_protection_note"]);
        exchange.holds().await;
    }

    async fn where_nothing_goes_without_there_is_nothing(exchange) {
        let of = exchange.unsigned_move().await;
        let sent = exchange.head_sends(&of, part(false, true)).await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        assert_eq!(lead.pull(&subscription, "").await.unwrap().items, []);
        assert_eq!(refused(lead.get(&sent.name).await).reason, Reason::PermissionDenied);
        let shown = lead.transition(&of.name).await.unwrap();
        assert_eq!((shown.published_count, shown.missing_agreements), (0, Vec::new()));
    }

    async fn the_sender_has_to_sign_too_and_is_told_who_has_not(exchange) {
        let of = exchange.open_move().await;
        let sent = exchange.head_sends(&of, part(true, true)).await;
        assert_eq!(sent.missing_agreement, None);
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        assert_eq!(lead.kinds_seen(&sent.name).await.unwrap(), ["attendance", "health"]);
        exchange.officer.signs_no_more(&of.from.name).await.unwrap();
        assert_eq!(lead.kinds_seen(&sent.name).await.unwrap(), ["health"]);
        let again = exchange.head_sends(&of, part(true, false)).await;
        let missing = again.missing_agreement.unwrap();
        let who = (missing.sender_unsigned, missing.receiver_unsigned);
        assert_eq!((missing.setting.as_str(), who), (of.to.name.as_str(), (true, false)));
        assert_eq!(missing.reason(), v1::SendingReason::Unspecified);
        let data = exchange.person(&of.from, &[Role::DataManager]).await;
        let shown = data.transition(&of.name).await.unwrap().missing_agreements;
        assert_eq!(shown, [missing]);
        for other in [&lead, &exchange.officer] {
            let shown = other.transition(&of.name).await.unwrap();
            assert_eq!(shown.missing_agreements, [], "the sender's to know");
        }
    }
}
