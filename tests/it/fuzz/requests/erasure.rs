//! What is erased, held and restricted.

use baton_wire::twin as wire;

use super::*;

pub(super) fn erasure(of: &Things) -> Vec<Call> {
    use Person::Sender;
    let (parent, transition) = (of.sender.clone(), under(&of.sender, &of.transition));
    vec![
        call(
            "ErasureService/Erase",
            Sender,
            &wire::EraseRequest {
                parent: parent.clone(),
                transition: transition.clone(),
                extent: wire::ErasureExtent::SectionKind.into(),
                section_kind: wire::SectionKind::Health.into(),
                reason: wire::ErasureReason::SentInError.into(),
                request_id: fresh(),
                validate_only: false,
            },
        ),
        call(
            "ErasureService/SetLegalHold",
            Sender,
            &wire::SetLegalHoldRequest {
                parent: parent.clone(),
                transition: transition.clone(),
                reason: wire::HoldReason::Inquiry.into(),
                request_id: fresh(),
            },
        ),
        call(
            "ErasureService/RestrictProcessing",
            Sender,
            &wire::RestrictProcessingRequest {
                parent: parent.clone(),
                transition: transition.clone(),
                reason: wire::RestrictionReason::AccuracyContested.into(),
                request_id: fresh(),
            },
        ),
        call(
            "ErasureService/LiftRestriction",
            Sender,
            &wire::LiftRestrictionRequest {
                parent,
                transition,
                request_id: fresh(),
            },
        ),
    ]
}
