//! Moves, and what is decided about them.

use baton_wire::twin as wire;

use super::*;

pub(super) fn moves(of: &Things) -> Vec<Call> {
    use Person::{Officer, Sender};
    let transition = under(&of.council, &of.transition);
    vec![
        call(
            "TransitionService/PlanTransitions",
            Officer,
            &wire::PlanTransitionsRequest {
                parent: of.council.clone(),
                transitions: vec![of.plan.clone(), of.plan.clone()],
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/RedirectTransition",
            Officer,
            &wire::RedirectTransitionRequest {
                parent: of.council.clone(),
                name: transition.clone(),
                to: Some(of.next.clone()),
                offer_date: "2026-03-02".to_owned(),
                request_id: fresh(),
                ..Default::default()
            },
        ),
        call(
            "TransitionService/AddRecipient",
            Sender,
            &wire::AddRecipientRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
                setting: Some(of.beside.clone()),
                relation: wire::RecipientRelation::Further.into(),
                kinds: vec![1, 8],
                first_day: "2026-03-02".to_owned(),
                last_day: "2026-07-31".to_owned(),
                purpose: wire::RecipientPurpose::SendSupport.into(),
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/EndRecipient",
            Sender,
            &wire::EndRecipientRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
                setting: Some(of.beside.clone()),
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/SetPlanCouncil",
            Officer,
            &wire::SetPlanCouncilRequest {
                parent: of.council.clone(),
                name: transition.clone(),
                request_id: fresh(),
                ..Default::default()
            },
        ),
        call(
            "TransitionService/RecordFact",
            Sender,
            &wire::RecordFactRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
                request_id: fresh(),
                ..Default::default()
            },
        ),
        call(
            "TransitionService/GetTransition",
            Officer,
            &wire::GetTransitionRequest {
                parent: of.council.clone(),
                name: transition,
            },
        ),
        call(
            "TransitionService/ListTransitions",
            Sender,
            &wire::ListTransitionsRequest {
                parent: of.sender.clone(),
                page_size: 2,
                page_token: of.page_token.clone(),
                academic_year: 2025,
                ..Default::default()
            },
        ),
    ]
}

/// What a family decided.
pub(super) fn decisions(of: &Things) -> Vec<Call> {
    use Person::Sender;
    vec![
        call(
            "TransitionService/RecordSharingDecision",
            Sender,
            &wire::RecordSharingDecisionRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
                giver: wire::DecisionGiver::Parent.into(),
                basis: wire::DecisionBasis::ParentalResponsibility.into(),
                toward: wire::DecisionToward::Education.into(),
                setting: Some(of.beside.clone()),
                kinds: vec![5, 10],
                said: wire::DecisionSaid::Objection.into(),
                said_on: "2026-03-02".to_owned(),
                assessed_on: String::new(),
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/GuardIdentity",
            Sender,
            &wire::GuardIdentityRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
                phrases: vec!["Ashdown".to_owned(), "St Mary's".to_owned()],
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/ReadmitIdentifiers",
            Sender,
            &wire::ReadmitIdentifiersRequest {
                parent: of.sender.clone(),
                identifiers: of.plan.learner.clone(),
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/SendWithoutAgreement",
            Sender,
            &wire::SendWithoutAgreementRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
                setting: Some(of.beside.clone()),
                reason: wire::SendingReason::UrgentNeed.into(),
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/EndSendingWithoutAgreement",
            Sender,
            &wire::EndSendingWithoutAgreementRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
                setting: Some(of.beside.clone()),
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/ListSharingDecisions",
            Sender,
            &wire::ListSharingDecisionsRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
            },
        ),
    ]
}

/// What a learner or a family is let see of the own record.
pub(super) fn families(of: &Things) -> Vec<Call> {
    use Person::Sender;
    let name = || under(&of.sender, &of.transition);
    vec![
        call(
            "TransitionService/AddFamilyAccess",
            Sender,
            &wire::AddFamilyAccessRequest {
                parent: of.sender.clone(),
                name: name(),
                who: wire::DecisionGiver::Parent.into(),
                basis: wire::DecisionBasis::ParentalResponsibility.into(),
                withheld: vec![wire::WithheldSection {
                    kind: wire::SectionKind::Send.into(),
                    exemption: "serious_harm_education".to_owned(),
                }],
                label: "Parent".to_owned(),
                last_day: "2026-12-31".to_owned(),
                request_id: fresh(),
                ..Default::default()
            },
        ),
        call(
            "TransitionService/ListFamilyAccess",
            Sender,
            &wire::ListFamilyAccessRequest {
                parent: of.sender.clone(),
                name: name(),
            },
        ),
        call(
            "TransitionService/EndFamilyAccess",
            Sender,
            &wire::EndFamilyAccessRequest {
                parent: of.sender.clone(),
                name: name(),
                credential: of.family.clone(),
                request_id: fresh(),
            },
        ),
    ]
}
