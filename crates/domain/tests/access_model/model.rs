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

/// The one part a role that needs no more is shown at an open destination (`at`: it is the one
/// destination or registered together with it) or as a further recipient.
fn one_part(role: Role, relation: Relation, kind: SectionKind) -> bool {
    use SectionKind as K;
    let further = relation == Relation::FurtherRecipient;
    let destination = relation == Relation::NamedDestination;
    let dual = relation == Relation::Dual;
    let who = kind == K::Identity;
    match role {
        Role::SubjectTeacher => (further || destination || dual) && kind == K::SupportStrategies,
        Role::CareersAdviser => {
            (further || destination || dual) && (who || kind == K::DestinationAndCareers)
        }
        Role::HealthProfessional => {
            let cared_for = matches!(
                kind,
                K::ContactsAndResponsibility | K::Health | K::LearningAndDevelopment
            );
            (further || destination) && (who || cared_for)
        }
        Role::AdultServiceWorker => (further || destination) && !safeguarding(kind),
        Role::VirtualSchoolOfficer => {
            let schooling = matches!(
                kind,
                K::Attainment | K::Attendance | K::Characteristics | K::Send
            );
            let life = matches!(
                kind,
                K::PastoralAndBehaviour | K::LearnerVoice | K::SupportStrategies
            );
            let next = matches!(kind, K::EnhancedTransition | K::DestinationAndCareers);
            further && (who || schooling || life || next)
        }
        Role::EarlyYearsAdviser => {
            let early = matches!(
                kind,
                K::SettingContext | K::LearningAndDevelopment | K::Send
            );
            let help = matches!(kind, K::SupportStrategies | K::EnhancedTransition);
            further && (who || early || help)
        }
        _ => false,
    }
}

/// Whether a parent is one whom the young person, once past compulsory age, lets look.
fn left_to_parents(facts: &Facts) -> bool {
    match facts.sharing {
        SharingDecision::Allowed => true,
        SharingDecision::Undecided => facts.age != AgeStage::PostCompulsory,
        SharingDecision::Refused => false,
    }
}

/// The learner's own view, and that of who has parental responsibility: not what others could be
/// harmed by, and past compulsory age a parent's by the young person's leave only.
fn own_record(facts: &Facts, kind: SectionKind) -> bool {
    let theirs = !safeguarding(kind) && kind != SectionKind::Relationships;
    theirs && (facts.relation == Relation::SelfPerson || left_to_parents(facts))
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
            own_work(role, kind, facts.filled_by_caller)
                || (role == Role::Senco && released)
                || (role == Role::HealthProfessional && kind == SectionKind::Health)
                || (role == Role::CareersAdviser
                    && matches!(
                        kind,
                        SectionKind::Identity | SectionKind::DestinationAndCareers
                    ))
        }
        Relation::CouncilCaseworker => role == Role::SendCaseworker && kind == SectionKind::EhcPlan,
        Relation::SelfPerson | Relation::Family => role == Role::Person && own_record(facts, kind),
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
            let by_letter = |letter| readers(kind).contains(letter);
            let shown = match role {
                Role::ReceiverLead => by_letter('l'),
                Role::Senco if released => by_letter('n'),
                Role::Senco => by_letter('s'),
                Role::Dsl => by_letter('d'),
                Role::DataManager => by_letter('m'),
                Role::AdultServiceWorker if facts.route != RouteGroup::Adult => false,
                role => one_part(role, facts.relation, kind),
            };
            shown
                && matches!(facts.window, Window::Open | Window::Provisional)
                && (final_place || planning)
                && (agreed || needs_no_agreement)
                && !(kind == SectionKind::EhcPlan && facts.route == RouteGroup::Adult)
        }
        _ => false,
    }
}

fn takes_away(role: Role, facts: &Facts, kind: SectionKind) -> bool {
    let sent = matches!(facts.relation, Relation::Source | Relation::Caretaker);
    let may = role == Role::Dsl || (role == Role::Publisher && !safeguarding(kind));
    sent && may && !facts.legal_hold
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

/// Who lets a further recipient have a kind: who answers for what the setting sends.
fn shares(role: Role, facts: &Facts, kind: SectionKind) -> bool {
    facts.relation == Relation::Source
        && (role == Role::Dsl || (role == Role::Publisher && !safeguarding(kind)))
}

/// Roles by relation for an action without a kind; the circumstances come after.
fn does(role: Role, action: Action, relation: Relation) -> bool {
    use Relation::{
        Caretaker, Council, CouncilCaseworker, Dual, Former, FurtherRecipient, NamedDestination,
        Provisional, Source,
    };
    use Role::{
        AdmissionsOfficer, AdultServiceWorker, Auditor, CareersAdviser, Contributor,
        CouncilAdministrator, DataManager, Dsl, EarlyYearsAdviser, HealthProfessional, Operator,
        Person, Publisher, ReceiverLead, Senco, SendCaseworker, SubjectTeacher, Sweeper,
        TransitionOfficer, VirtualSchoolOfficer,
    };
    let school = [ReceiverLead, Senco, Dsl, DataManager];
    let placed = [NamedDestination, FurtherRecipient, Dual].contains(&relation);
    let arriving = (placed && school.contains(&role))
        || (relation == Provisional && school[..3].contains(&role));
    let at = |wanted: Relation, roles: &[Role]| relation == wanted && roles.contains(&role);
    let services = [HealthProfessional, AdultServiceWorker];
    let desks = [VirtualSchoolOfficer, EarlyYearsAdviser];
    // Services and desks of the council take over and send back like a school; a teacher and an
    // adviser at the school are shown what came and answer for nobody.
    let served = (at(FurtherRecipient, &services) || at(NamedDestination, &services))
        || at(FurtherRecipient, &desks);
    let left = at(Former, &school) || at(Former, &services) || at(Former, &desks);
    // At a school a nurse answers for nobody.
    let answers = role != HealthProfessional || relation == FurtherRecipient;
    let looks_on = placed && [SubjectTeacher, CareersAdviser].contains(&role);
    match action {
        Action::Plan => at(Source, &[Publisher, DataManager]) || at(Council, &[AdmissionsOfficer]),
        Action::Offer => at(Council, &[AdmissionsOfficer]),
        Action::Redirect => {
            at(Source, &[Publisher])
                || at(Caretaker, &[Publisher])
                || at(Council, &[AdmissionsOfficer])
        }
        Action::RecordEnrolled => {
            at(Source, &[Publisher, DataManager])
                || at(Caretaker, &[Publisher, DataManager])
                || at(Council, &[AdmissionsOfficer])
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
        Action::EndRecipient => {
            at(Source, &[Publisher, Dsl])
                || at(Caretaker, &[Publisher, Dsl])
                || at(Council, &[AdmissionsOfficer])
        }
        Action::RecordSharing => {
            at(Source, &[Publisher, Senco, Dsl]) || at(Caretaker, &[Publisher, Dsl])
        }
        Action::NameOtherSetting => {
            at(Source, &[Publisher])
                || at(Council, &[AdmissionsOfficer])
                || at(CouncilCaseworker, &[SendCaseworker])
        }
        Action::ReadAudit => role == Auditor,
        Action::Release => role == Sweeper,
        Action::ManageKeys => role == Operator || role == Sweeper,
        Action::BackUp => role == Operator,
        Action::ReplacePolicies => role == CouncilAdministrator,
        Action::Delegate
        | Action::Protect
        | Action::SignAgreement
        | Action::SendWithoutAgreement
        | Action::GiveFamilyAccess => answers_for_the_setting(role, action, relation),
        Action::Subscribe => {
            let part = [SubjectTeacher, CareersAdviser].contains(&role);
            school.contains(&role) || services.contains(&role) || desks.contains(&role) || part
        }
        Action::Receive => arriving || served || looks_on,
        Action::Reject => arriving || (served && answers),
        Action::Acknowledge => arriving || (served && answers) || left,
        Action::Status => {
            arriving
                || left
                || at(Source, &[Publisher, Contributor, Senco, Dsl, DataManager])
                || at(Caretaker, &[Publisher, Senco, Dsl, DataManager])
                || at(Council, &[TransitionOfficer, EarlyYearsAdviser])
                || at(Source, &[CareersAdviser, HealthProfessional])
                || served
                || (looks_on && role == CareersAdviser)
                || at(CouncilCaseworker, &[SendCaseworker])
                || ([Relation::SelfPerson, Relation::Family].contains(&relation) && role == Person)
        }
        Action::ManageSettings | Action::ManageCredentials => {
            role == Operator || at(Council, &[CouncilAdministrator])
        }
        Action::RecordPersonReleased => {
            at(Source, &[Publisher, Senco]) || at(Caretaker, &[Publisher, Senco])
        }
        Action::RecordBestInterests => at(Source, &[Senco, Dsl]) || at(Caretaker, &[Senco, Dsl]),
        Action::ReleaseChildProtectionNote => role == Dsl && (placed || relation == Source),
        Action::Read | Action::Publish | Action::EraseSection | Action::NameFurtherRecipient => {
            false
        }
    }
}

/// What is said in the setting's name: by its head, in one case by who leads safeguarding, in another by who
/// registered it.
fn answers_for_the_setting(role: Role, action: Action, relation: Relation) -> bool {
    let own = relation == Relation::Source;
    let head = own && role == Role::Publisher;
    match action {
        Action::Protect | Action::GiveFamilyAccess => head || (own && role == Role::Dsl),
        Action::SignAgreement => {
            let council = relation == Relation::Council && role == Role::CouncilAdministrator;
            head || council || role == Role::Operator
        }
        Action::SendWithoutAgreement => {
            head || (relation == Relation::Caretaker && role == Role::Publisher)
        }
        _ => head,
    }
}

fn circumstances_allow(role: Role, facts: &Facts) -> bool {
    let receiving = matches!(
        facts.relation,
        Relation::NamedDestination
            | Relation::FurtherRecipient
            | Relation::Provisional
            | Relation::Dual
    );
    let timely = !receiving || matches!(facts.window, Window::Open | Window::Provisional);
    // A worker of an adult service is that on the way to it.
    let in_place = role != Role::AdultServiceWorker || facts.route == RouteGroup::Adult;
    let decision = facts.assurance != Assurance::Key;
    match facts.action {
        Action::Receive | Action::Acknowledge | Action::Reject => timely && in_place,
        Action::Status => {
            timely
                && in_place
                && !(facts.relation == Relation::Council
                    && facts.sharing == SharingDecision::Refused)
                && (facts.relation != Relation::Family || left_to_parents(facts))
        }
        Action::ManageCredentials
        | Action::Disclose
        | Action::ReplacePolicies
        | Action::RecordSharing => decision,
        Action::RecordPersonReleased | Action::RecordBestInterests => {
            decision && facts.route == RouteGroup::Adult && facts.age != AgeStage::Under16
        }
        Action::Delegate
        | Action::Protect
        | Action::SignAgreement
        | Action::SendWithoutAgreement
        | Action::GiveFamilyAccess => decision && facts.delegation == Delegation::Direct,
        Action::ReleaseChildProtectionNote => {
            timely && decision && facts.delegation == Delegation::Direct
        }
        Action::Erase => !facts.legal_hold,
        Action::NameOtherSetting => {
            facts.relation != Relation::CouncilCaseworker || facts.route == RouteGroup::EhcPlan
        }
        _ => true,
    }
}

/// Whether it is asked of each section kind.
const fn of_a_kind(action: Action) -> bool {
    matches!(
        action,
        Action::Read | Action::Publish | Action::EraseSection | Action::NameFurtherRecipient
    )
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
            (action, None) if of_a_kind(action) => false,
            (action, Some(kind)) if of_a_kind(action) => {
                let reserved = safeguarding(kind) && facts.delegation != Delegation::Direct;
                let granted = match facts.action {
                    Action::Read => reads(role, facts, kind),
                    Action::Publish => publishes(role, facts, kind),
                    Action::EraseSection => takes_away(role, facts, kind),
                    _ => shares(role, facts, kind),
                };
                granted && !reserved
            }
            (action, _) => does(role, action, facts.relation) && circumstances_allow(role, facts),
        })
}
