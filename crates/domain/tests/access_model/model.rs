//! The second, independently written statement of the matrix.

use baton_domain::access::{
    Action, AgeStage, Assurance, Delegation, Facts, Relation, Role, RouteGroup, SharingDecision,
    Tuple,
};
use baton_domain::opening::Window;
use baton_domain::section::SectionKind;

/// Who reads a kind at an open destination. `l` lead, `s` SENCO, `d` DSL, `m` data
/// manager, `n` SENCO once the note is released.
fn readers(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::Identity
        | SectionKind::Attainment
        | SectionKind::Attendance
        | SectionKind::Characteristics => "lsdm",
        SectionKind::ContactsAndResponsibility => "sdm",
        SectionKind::SettingContext
        | SectionKind::LearningAndDevelopment
        | SectionKind::Send
        | SectionKind::PastoralAndBehaviour
        | SectionKind::Relationships
        | SectionKind::Health
        | SectionKind::LearnerVoice
        | SectionKind::FamilyVoice
        | SectionKind::SupportStrategies
        | SectionKind::EnhancedTransition
        | SectionKind::LocalQuestions => "lsd",
        SectionKind::EhcPlan
        | SectionKind::AccessArrangements
        | SectionKind::DestinationAndCareers
        | SectionKind::PreparationForAdulthood
        | SectionKind::CapacityAndSharing
        | SectionKind::IndividualSupportPlan => "sd",
        SectionKind::FamilyAndAgencies => "d",
        SectionKind::ChildProtectionNote => "dn",
    }
}

fn safeguarding(kind: SectionKind) -> bool {
    readers(kind).starts_with('d')
}

/// Whether the setting works on the kind of its own contribution with that role.
fn own_work(role: Role, kind: SectionKind, assigned: bool) -> bool {
    match role {
        Role::Dsl => true,
        Role::Publisher => !safeguarding(kind),
        Role::Contributor => assigned && !safeguarding(kind),
        Role::DataManager => readers(kind).contains('m'),
        _ => false,
    }
}

fn reads(role: Role, facts: &Facts, kind: SectionKind) -> bool {
    let released = kind == SectionKind::ChildProtectionNote && facts.note_released;
    match facts.relation {
        Relation::Source => {
            own_work(role, kind, facts.filled_by_caller) || (role == Role::Senco && released)
        }
        Relation::Caretaker => {
            role == Role::Dsl || (role == Role::Publisher && !safeguarding(kind))
        }
        Relation::CouncilCaseworker => role == Role::SendCaseworker && kind == SectionKind::EhcPlan,
        Relation::NamedDestination
        | Relation::FurtherRecipient
        | Relation::Dual
        | Relation::Provisional => {
            let planning = matches!(kind, SectionKind::Send | SectionKind::EhcPlan);
            let final_place =
                facts.relation != Relation::Provisional && facts.window == Window::Open;
            let needs_no_agreement =
                matches!(kind, SectionKind::Health | SectionKind::ChildProtectionNote);
            let agreed = facts.agreement_in_force && facts.sharing != SharingDecision::Refused;
            let letter = match role {
                Role::ReceiverLead => 'l',
                Role::Senco if released => 'n',
                Role::Senco => 's',
                Role::Dsl => 'd',
                Role::DataManager => 'm',
                _ => return false,
            };
            readers(kind).contains(letter)
                && matches!(facts.window, Window::Open | Window::Provisional)
                && (final_place || planning)
                && (agreed || needs_no_agreement)
                && !(kind == SectionKind::EhcPlan && facts.route == RouteGroup::Adult)
        }
        _ => false,
    }
}

fn publishes(role: Role, facts: &Facts, kind: SectionKind) -> bool {
    let exists = !matches!(
        kind,
        SectionKind::CapacityAndSharing | SectionKind::IndividualSupportPlan
    );
    exists
        && match facts.relation {
            Relation::Source => own_work(role, kind, facts.filled_by_caller),
            Relation::CouncilCaseworker => {
                role == Role::SendCaseworker && kind == SectionKind::EhcPlan
            }
            _ => false,
        }
}

/// Roles by relation for an action without a kind; the circumstances come after.
fn does(role: Role, action: Action, relation: Relation) -> bool {
    use Relation::{
        Caretaker, Council, CouncilCaseworker, Dual, Former, FurtherRecipient, NamedDestination,
        Provisional, Source,
    };
    use Role::{
        Auditor, Contributor, CouncilOfficer, DataManager, Dsl, Operator, Publisher, ReceiverLead,
        Senco, SendCaseworker, Sweeper,
    };
    let school = [ReceiverLead, Senco, Dsl, DataManager];
    let placed = [NamedDestination, FurtherRecipient, Dual].contains(&relation);
    let arriving = (placed && school.contains(&role))
        || (relation == Provisional && school[..3].contains(&role));
    let at = |wanted: Relation, roles: &[Role]| relation == wanted && roles.contains(&role);
    match action {
        Action::Plan => at(Source, &[Publisher, DataManager]) || at(Council, &[CouncilOfficer]),
        Action::Offer => at(Council, &[CouncilOfficer]),
        Action::Redirect => {
            at(Source, &[Publisher])
                || at(Caretaker, &[Publisher])
                || at(Council, &[CouncilOfficer])
        }
        Action::RecordEnrolled => {
            at(Source, &[Publisher, DataManager])
                || at(Caretaker, &[Publisher, DataManager])
                || at(Council, &[CouncilOfficer])
        }
        Action::Withdraw | Action::Hold | Action::Restrict => {
            at(Source, &[Publisher, Dsl]) || at(Caretaker, &[Publisher, Dsl])
        }
        Action::Erase => {
            at(Relation::None, &[Sweeper])
                || at(Source, &[Publisher, Dsl])
                || at(Caretaker, &[Publisher, Dsl])
        }
        Action::WhoSaw | Action::Disclose => {
            role == Auditor || at(Source, &[Publisher]) || at(Caretaker, &[Publisher])
        }
        Action::ReadAudit => role == Auditor,
        Action::Release => role == Sweeper,
        Action::ManageKeys => role == Operator || role == Sweeper,
        Action::BackUp => role == Operator,
        Action::Subscribe => school.contains(&role),
        Action::Receive | Action::Reject => arriving,
        Action::Acknowledge => arriving || at(Former, &school),
        Action::Status => {
            arriving
                || at(Former, &school)
                || at(Source, &[Publisher, Contributor, Senco, Dsl, DataManager])
                || at(Caretaker, &[Publisher, Senco, Dsl, DataManager])
                || at(Council, &[CouncilOfficer])
                || at(CouncilCaseworker, &[SendCaseworker])
        }
        Action::ManageSettings | Action::ManageCredentials => {
            role == Operator || at(Council, &[CouncilOfficer])
        }
        Action::RecordPersonReleased => {
            at(Source, &[Publisher, Senco]) || at(Caretaker, &[Publisher, Senco])
        }
        Action::RecordBestInterests => at(Source, &[Senco, Dsl]) || at(Caretaker, &[Senco, Dsl]),
        Action::ReleaseChildProtectionNote => role == Dsl && (placed || relation == Source),
        Action::Read | Action::Publish => false,
    }
}

fn circumstances_allow(facts: &Facts) -> bool {
    let receiving = matches!(
        facts.relation,
        Relation::NamedDestination
            | Relation::FurtherRecipient
            | Relation::Provisional
            | Relation::Dual
    );
    let timely = !receiving || matches!(facts.window, Window::Open | Window::Provisional);
    let decision = facts.assurance != Assurance::Key;
    match facts.action {
        Action::Receive | Action::Acknowledge | Action::Reject => timely,
        Action::Status => {
            timely
                && !(facts.relation == Relation::Council
                    && facts.sharing == SharingDecision::Refused)
        }
        Action::ManageCredentials | Action::Disclose => decision,
        Action::RecordPersonReleased | Action::RecordBestInterests => {
            decision && facts.route == RouteGroup::Adult && facts.age != AgeStage::Under16
        }
        Action::ReleaseChildProtectionNote => {
            timely && decision && facts.delegation == Delegation::Direct
        }
        Action::Erase => !facts.legal_hold,
        _ => true,
    }
}

/// The second statement of the matrix.
pub(crate) fn model(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    if facts.delegation == Delegation::VendorWithoutThis {
        return false;
    }
    facts
        .roles
        .iter()
        .any(|role| match (facts.action, facts.kind) {
            (Action::Read | Action::Publish, None) => false,
            (Action::Read | Action::Publish, Some(kind)) => {
                let reserved = safeguarding(kind) && facts.delegation != Delegation::Direct;
                let granted = if facts.action == Action::Read {
                    reads(role, facts, kind)
                } else {
                    publishes(role, facts, kind)
                };
                granted && !reserved
            }
            (action, _) => does(role, action, facts.relation) && circumstances_allow(facts),
        })
}
