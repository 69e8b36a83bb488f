//! Education and Skills Act 2008 s14: what the council is given no more, on whose instruction.

use baton_wire::status::Reason;
use baton_wire::v1::{
    DecisionBasis, DecisionGiver, DecisionSaid, DecisionToward, ItemKind, PlannedTransition, Point,
    RecipientPurpose, Role, SectionKind, WindowState,
};

use super::{Said, parent};
use crate::harness::*;
use crate::recipients::{further, next};

/// What the virtual school is named for.
const SCHOOLING: &[SectionKind] = &[
    SectionKind::Identity,
    SectionKind::Attainment,
    SectionKind::Send,
];

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

    async fn an_instructed_council_that_plans_again_is_told_no_recipient(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let council = exchange.council();
        let looked_after = further(RecipientPurpose::LookedAfter, SCHOOLING);
        sender.names(&of.name, &council, looked_after).await.unwrap();
        let roles = [Role::AdmissionsOfficer, Role::TransitionOfficer];
        let officer = exchange.person(&council, &roles).await;
        let again = async || {
            let plan = PlannedTransition {
                learner: of.learner.clone(),
                ..exchange.plan_of(of.point)
            };
            let outcome = officer.plan(vec![plan]).await.unwrap().remove(0);
            outcome.transition.unwrap()
        };
        let told = again().await;
        assert_eq!((told.recipients.len(), told.name), (1, officer.mine(&of.name)));
        assert_eq!(told.window, i32::from(WindowState::Open));
        sender.records(&of.name, &NO).await.unwrap();
        let told = again().await;
        assert_eq!((told.recipients, told.kept_until.as_str()), (vec![], ""));
        assert_eq!(told.window, i32::from(WindowState::NotOpen));
        exchange.holds().await;
    }

    async fn an_instructed_council_that_receives_beside_the_destination_is_left_who_the_learner_is(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let council = exchange.council();
        let virtual_school = exchange.person(&council, &[Role::VirtualSchoolOfficer]).await;
        let looked_after = further(RecipientPurpose::LookedAfter, SCHOOLING);
        sender.names(&of.name, &council, looked_after).await.unwrap();
        let profile = exchange.sent(&of).await;
        let report = (SectionKind::Send, "a report");
        let file = sender.add(&profile, report, b"of support").await.unwrap();
        let whole = ["identity", "attainment", "send"];
        assert_eq!(kinds(&virtual_school.get(&profile).await.unwrap()), whole);
        virtual_school.download(&file).await.0.unwrap();

        sender.records(&of.name, &NO).await.unwrap();
        assert_eq!(kinds(&virtual_school.get(&profile).await.unwrap()), ["identity"]);
        let got = virtual_school.get(&profile).await.unwrap().content.unwrap();
        assert!(got.identity.is_some() && got.attainment.is_none() && got.send.is_none());
        for kind in [SectionKind::Attainment, SectionKind::Send] {
            let only = virtual_school.get_only(&profile, &[kind]).await;
            assert_eq!(refused(only).reason, Reason::PermissionDenied, "{kind:?}");
        }
        assert_eq!(refused(virtual_school.download(&file).await.0).reason, Reason::PermissionDenied);
        assert_eq!(virtual_school.documents_of(&profile).await.unwrap(), []);
        // The school goes on as before.
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        assert!(kinds(&lead.get(&profile).await.unwrap()).len() > 5);
        let back = Said { said: DecisionSaid::Withdrawn, ..NO };
        sender.records(&of.name, &back).await.unwrap();
        assert_eq!(kinds(&virtual_school.get(&profile).await.unwrap()), whole);
        exchange.holds().await;
    }

    async fn a_council_named_after_the_instruction_is_given_no_more_whatever_it_is_named_for(exchange) {
        let later = exchange.open_move().await;
        let sender = exchange.person(&later.from, &[Role::Publisher]).await;
        let council = exchange.council();
        let virtual_school = exchange.person(&council, &[Role::VirtualSchoolOfficer]).await;
        let subscription = virtual_school.subscribe().await.unwrap();
        let mut watch = virtual_school.watch(&subscription, "").await.unwrap();
        let looked_after = further(RecipientPurpose::LookedAfter, SCHOOLING);
        sender.records(&later.name, &NO).await.unwrap();
        sender.names(&later.name, &council, looked_after).await.unwrap();
        let told = exchange.sent(&later).await;
        let item = next(&mut watch).await;
        assert_eq!((item.kind(), kinds(&item.profile.unwrap())), (ItemKind::Profile, vec!["identity".to_owned()]));
        assert_eq!(kinds(&virtual_school.get(&told).await.unwrap()), ["identity"]);
        let bare = further(RecipientPurpose::LookedAfter, &SCHOOLING[1..]);
        sender.names(&later.name, &council, bare).await.unwrap();
        assert_eq!(refused(virtual_school.get(&told).await).reason, Reason::PermissionDenied);
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
