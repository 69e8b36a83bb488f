//! Refusals of the ledger as problems of a call: one exhaustive match.

use baton_store::{DocumentFault, Done, RecipientFault, Refusal};
use baton_wire::peers;
use baton_wire::status::{Problem, Reason};
use baton_wire::violation::Violation;

use super::{family, protection, sharing};
use crate::gate::Ended;

/// What the caller is told.
pub(super) fn problem(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Denied => Reason::PermissionDenied.into(),
        Refusal::Failed(reason) => Reason::parse(reason).unwrap_or(Reason::WrongState).into(),
        Refusal::Unfit(faults) => Problem {
            violations: faults.iter().copied().map(violation).collect(),
            ..Reason::DocumentUnfit.into()
        },
        Refusal::RecipientUnfit(faults) => Problem {
            violations: faults.iter().copied().map(unfit).collect(),
            ..Reason::RecipientUnfit.into()
        },
        Refusal::DecisionUnfit(faults) => Problem {
            violations: faults.iter().copied().map(sharing::violation).collect(),
            ..Reason::DecisionUnfit.into()
        },
        Refusal::FamilyUnfit(faults) => Problem {
            violations: faults.iter().copied().map(family::violation).collect(),
            ..Reason::FamilyAccessUnfit.into()
        },
        Refusal::FormerIdentity(faults) => Problem {
            violations: faults.iter().map(protection::violation).collect(),
            ..Reason::FormerIdentity.into()
        },
        Refusal::OwnFriend(places) => Problem {
            violations: places
                .iter()
                .map(|place| peers::own_friend(*place))
                .collect(),
            ..Reason::InvalidRequest.into()
        },
        Refusal::PolicySet(faults) => Problem {
            violations: faults
                .iter()
                .map(|fault| Violation::new("policies", fault.rule, fault.what.clone()))
                .collect(),
            ..Reason::PolicySetRefused.into()
        },
        Refusal::PastLast(last) => Problem {
            violations: vec![Violation::new(
                "from_chunk",
                "from_chunk.past_last",
                format!("Give a chunk of this document, from 0 to {last}."),
            )],
            ..Reason::InvalidRequest.into()
        },
        Refusal::Conflict => Reason::RequestIdConflict.into(),
        Refusal::TakenOver => Reason::SubscriptionTakenOver.into(),
        Refusal::QueueFull => Reason::QueueFull.into(),
        Refusal::LedgerFull => Reason::LedgerFull.into(),
        Refusal::OutcomeUnknown => Reason::OutcomeUnknown.into(),
        Refusal::Unavailable => Reason::Unavailable.into(),
        Refusal::ClockSkew => Reason::ClockSkew.into(),
        Refusal::Internal => internal("ledger"),
    }
}

fn violation(fault: DocumentFault) -> Violation {
    let chunk = |index: u32| format!("chunks[{index}]");
    match fault {
        DocumentFault::Missing(index) => {
            Violation::new(chunk(index), "chunk.missing", "Send this chunk.")
        }
        DocumentFault::Unreadable(index) => {
            Violation::new(chunk(index), "chunk.unreadable", "Send this chunk again.")
        }
        DocumentFault::NotOfType => Violation::new(
            "media_type",
            "media_type.other",
            "Its first bytes are not those of this type: begin again with the type it has.",
        ),
        DocumentFault::Differs => Violation::new(
            "sha256",
            "sha256.other",
            "What was sent is not the file that was announced: begin again, or send its chunks again.",
        ),
    }
}

fn unfit(fault: RecipientFault) -> Violation {
    let (field, rule, expected) = match fault {
        RecipientFault::Unknown => (
            "setting",
            "setting.unknown",
            "No setting has this code: check it, import the register or add the setting first.",
        ),
        RecipientFault::Closed => (
            "setting",
            "setting.closed",
            "It has closed: name a setting that is open.",
        ),
        RecipientFault::Itself => (
            "setting",
            "setting.itself",
            "Nobody names the setting they act for; the sender names it.",
        ),
        RecipientFault::Source => (
            "setting",
            "setting.source",
            "It is the sender: what it wrote it has.",
        ),
        RecipientFault::Destination => (
            "setting",
            "setting.destination",
            "It is the destination, and gets what its people may see.",
        ),
        RecipientFault::NotACouncil => (
            "council",
            "setting.council",
            "Name the council that keeps the EHC plan.",
        ),
        RecipientFault::NotOfRoute => (
            "setting",
            "setting.route",
            "The route does not lead to this kind of setting; docs/routes.md lists which.",
        ),
        RecipientFault::NoPlan => (
            "relation",
            "relation.route",
            "On this route no EHC plan names the setting, so none receives provisionally.",
        ),
        RecipientFault::PlanIsFinal => (
            "relation",
            "relation.final",
            "The final plan names the destination: nobody receives provisionally any more.",
        ),
        RecipientFault::TooMany => (
            "setting",
            "recipients.count",
            "The move has 12 recipients, or had 26 settings beside its destination: end one first.",
        ),
        RecipientFault::NotNamed => (
            "setting",
            "setting.not_named",
            "It is no recipient of this move.",
        ),
        RecipientFault::NotReceiving => (
            "setting",
            "setting.not_receiving",
            "It receives nothing of this move: name the destination or one of its recipients.",
        ),
        RecipientFault::Otherwise => (
            "setting",
            "setting.otherwise",
            "It receives something else already: name it in the same way and for the same days, or end it first.",
        ),
        RecipientFault::TooManyWithout => (
            "setting",
            "sendings.count",
            "The move was sent to 8 settings without an agreement: have the receiver sign.",
        ),
    };
    Violation::new(field, rule, expected)
}

/// A fault of ours: logged here under an id the caller is given. Nothing else of it leaves.
pub(super) fn internal(place: &'static str) -> Problem {
    let mut bytes = [0; 8];
    // Without randomness the id is all zeros; the log line still says where.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    let incident = format!("{:016x}", u64::from_be_bytes(bytes));
    tracing::error!(incident, place, "internal fault");
    Problem::internal(incident)
}

/// What an answer means for its caller's standing. Nobody earns places by asking for nothing. What
/// the caller had the right to ask for and the state of things forbade is no refusal: a council
/// that imports a cohort before the register is told of every row at once, and could grow the
/// ledger as fast by what succeeds.
pub(super) fn ended<T>(answer: &Result<Done<T>, Refusal>) -> Ended {
    match answer {
        Ok(done) => match &done.receipt {
            Some(receipt) if !receipt.replayed => Ended::Entered,
            Some(_) | None => Ended::Neither,
        },
        Err(Refusal::Denied) => Ended::Refused,
        Err(
            Refusal::Failed(_)
            | Refusal::Unfit(_)
            | Refusal::RecipientUnfit(_)
            | Refusal::DecisionUnfit(_)
            | Refusal::FamilyUnfit(_)
            | Refusal::FormerIdentity(_)
            | Refusal::OwnFriend(_)
            | Refusal::PolicySet(_)
            | Refusal::PastLast(_)
            | Refusal::Conflict
            | Refusal::QueueFull
            | Refusal::LedgerFull
            | Refusal::OutcomeUnknown
            | Refusal::TakenOver
            | Refusal::ClockSkew
            | Refusal::Unavailable
            | Refusal::Internal,
        ) => Ended::Neither,
    }
}
