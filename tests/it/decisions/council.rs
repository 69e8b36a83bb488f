//! Education and Skills Act 2008 s14: what the council is given no more, on whose instruction.

use baton_wire::status::Reason;
use baton_wire::v1::{DecisionBasis, DecisionGiver, DecisionSaid, DecisionToward, Point, Role};

use super::{Said, parent};
use crate::harness::*;

const NO: Said<'static> = parent(DecisionToward::Council, DecisionSaid::Refused, &[]);

/// What the young person says.
const OWN: Said<'static> = Said {
    giver: DecisionGiver::Learner,
    basis: DecisionBasis::OwnDecision,
    ..NO
};

on_both_engines! {
    async fn an_instructed_council_is_shown_neither_the_move_nor_its_recipients(exchange) {
        let of = exchange.open_move().await;
        let other = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let council = exchange.council();
        let officer = exchange.person(&council, &[Role::TransitionOfficer]).await;
        exchange.sent(&of).await;
        assert_eq!(officer.list_transitions().await.unwrap().len(), 2);
        let done = sender.records(&of.name, &NO).await.unwrap();
        let left: Vec<_> = done.not_stopped.iter().map(|one| one.kind().as_str_name()).collect();
        let expected = ["IDENTITY", "HEALTH", "CHILD_PROTECTION_NOTE"];
        assert_eq!(left, expected.map(|name| format!("SECTION_KIND_{name}")));
        let listed = officer.list_transitions().await.unwrap();
        assert_eq!(listed.len(), 1, "the report leaves the learner out");
        assert_eq!(listed[0].name, officer.mine(&other.name));
        let asked = officer.transition(&of.name).await;
        assert_eq!(refused(asked).reason, Reason::PermissionDenied);
        // The schools go on as before.
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        assert_eq!(lead.list_transitions().await.unwrap().len(), 2);

        let back = Said { said: DecisionSaid::Withdrawn, ..NO };
        sender.records(&of.name, &back).await.unwrap();
        assert_eq!(officer.list_transitions().await.unwrap().len(), 2);
        exchange.holds().await;
    }

    async fn from_the_16th_birthday_it_is_the_young_persons_to_say(exchange) {
        let of = exchange.planned(Point::SecondaryToPost16).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let mut content = typical(2, of.point);
        let identity = content.identity.as_mut().unwrap();
        identity.date_of_birth = Some("2010-03-11".to_owned());
        sender.publish(submission(&of, content)).await.unwrap();
        let own = Said { on: "2026-03-01", ..OWN };
        let too_early = refused(sender.records(&of.name, &own).await);
        assert_eq!(too_early.reason, Reason::DecisionUnfit);
        assert_eq!(too_early.violations[0].rule, "giver.council_under_16");
        let officer = exchange.person(&exchange.council(), &[Role::TransitionOfficer]).await;
        officer.transition(&of.name).await.unwrap();

        // Midnight in London: the birthday.
        exchange.hand.send_replace(at("2026-03-11T00:00:00Z"));
        let too_late = refused(sender.records(&of.name, &NO).await);
        assert_eq!(too_late.violations[0].rule, "giver.council_from_16");
        sender.records(&of.name, &OWN).await.unwrap();
        let asked = officer.transition(&of.name).await;
        assert_eq!(refused(asked).reason, Reason::PermissionDenied);
    }
}
