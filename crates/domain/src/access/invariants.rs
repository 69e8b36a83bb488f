//! What no policy set may give up.
//!
//! A council may load its own policies. Whatever they say, these laws hold on
//! every cell of the space, or the set is refused at loading. They are written
//! over the tuple alone and share nothing with the policies they judge.

use super::action::Action;
use super::role::{Role, RoleSet};
use super::tuple::{Facts, Tuple};
use super::vocabulary::{AgeStage, Assurance, Delegation, Relation, SharingDecision};
use crate::opening::Window;
use crate::section::{Class, SectionKind};

/// One law, under the name an operator reads when a set breaks it.
#[derive(Clone, Copy, Debug)]
pub struct Invariant {
    /// The name.
    pub name: &'static str,
    /// The law itself.
    pub law: Law,
}

/// What a law says about a tuple.
#[derive(Clone, Copy, Debug)]
pub enum Law {
    /// Where the function is true, the answer is no.
    Denied(fn(&Tuple) -> bool),
    /// Where the function names a second tuple, and that one is allowed, this one is
    /// allowed too.
    AllowedLike(fn(&Tuple) -> Option<Tuple>),
    /// Where the function is true, the answer is yes. Asked of a set that is to be put into force,
    /// never of one that is: a set from before an action was added cannot permit it.
    Allowed(fn(&Tuple) -> bool),
}

macro_rules! invariants {
    ($($law:ident: $function:ident,)+) => {
        &[$(Invariant { name: stringify!($function), law: Law::$law($function) }),+]
    };
}

/// Every law.
pub const INVARIANTS: &[Invariant] = invariants![
    Denied: nothing_outside_a_delegation,
    Denied: restricted_kinds_never_by_a_vendor,
    Denied: restricted_kinds_need_the_dsl_role,
    Denied: a_note_is_released_by_a_dsl_in_person,
    Denied: oversight_sees_no_content,
    Denied: the_councils_officers_see_no_content,
    Denied: the_councils_officers_are_kept_apart,
    Denied: a_subject_teacher_sees_strategies_only,
    Denied: the_own_record_is_for_its_person,
    Denied: the_own_record_names_nobody_else,
    Denied: a_parent_sees_what_the_young_person_leaves,
    Denied: the_caseworker_sees_and_writes_the_ehc_plan_only,
    Denied: a_stranger_learns_nothing,
    Denied: a_receiver_sees_nothing_outside_the_window,
    Denied: a_provisional_school_sees_send_only,
    Denied: a_former_destination_sees_nothing,
    Denied: a_caretaker_sees_no_content,
    Denied: a_receiver_sets_no_destination,
    Denied: only_the_source_writes_and_takes_back,
    Denied: only_the_source_shares_what_it_wrote,
    Denied: only_the_sending_side_records_decisions,
    Denied: derived_and_reserved_kinds_are_not_published,
    Denied: a_refusal_closes_the_section,
    Denied: no_agreement_closes_the_section,
    Denied: a_legal_hold_keeps_content,
    Denied: only_the_auditor_reads_the_ledger,
    Denied: only_the_sweeper_releases,
    Denied: only_the_council_administrator_replaces_policies,
    Denied: only_the_setting_itself_delegates,
    Denied: only_the_setting_itself_protects,
    Denied: only_the_setting_itself_gives_family_access,
    Denied: only_the_setting_or_its_council_signs,
    Denied: only_the_sending_head_sends_without_agreement,
    AllowedLike: health_and_child_protection_need_no_agreement,
    AllowedLike: health_and_child_protection_survive_a_refusal,
    Allowed: policies_can_be_replaced_again,
    Allowed: the_ledger_can_be_audited,
    Allowed: the_service_does_its_own_work,
];

/// Whether content could leave: a section, or a feed item that names a learner.
fn shows(facts: &Facts) -> bool {
    matches!(facts.action, Action::Read | Action::Receive)
}

fn has(facts: &Facts, role: Role) -> bool {
    facts.roles.contains(role)
}

fn restricted(facts: &Facts) -> bool {
    facts.kind.is_some_and(|kind| kind.class() == Class::R)
}

/// Shared on another basis than agreement, so never closed for want of it.
fn vital(facts: &Facts) -> bool {
    matches!(
        facts.kind,
        Some(SectionKind::Health | SectionKind::ChildProtectionNote)
    )
}

fn nothing_outside_a_delegation(tuple: &Tuple) -> bool {
    tuple.facts().delegation == Delegation::VendorWithoutThis
}

fn restricted_kinds_never_by_a_vendor(tuple: &Tuple) -> bool {
    restricted(tuple.facts()) && tuple.facts().delegation != Delegation::Direct
}

/// One exception: the note, read by a SENCO to whom a DSL released it.
fn restricted_kinds_need_the_dsl_role(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    let released_note = facts.action == Action::Read
        && facts.kind == Some(SectionKind::ChildProtectionNote)
        && facts.note_released
        && has(facts, Role::Senco);
    restricted(facts) && !has(facts, Role::Dsl) && !released_note
}

fn a_note_is_released_by_a_dsl_in_person(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.action == Action::ReleaseChildProtectionNote
        && (!has(facts, Role::Dsl) || facts.delegation != Delegation::Direct)
}

fn oversight_sees_no_content(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    let watchers = [Role::Auditor, Role::Operator, Role::Sweeper];
    (shows(facts) || facts.action == Action::Publish)
        && facts.roles.iter().all(|role| watchers.contains(&role))
}

fn the_councils_officers_see_no_content(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    let officers = [
        Role::CouncilAdministrator,
        Role::AdmissionsOfficer,
        Role::TransitionOfficer,
    ];
    (shows(facts) || facts.action == Action::Publish)
        && (facts.roles.iter().all(|role| officers.contains(&role))
            || facts.relation == Relation::Council)
}

/// Loading offers, chasing the late and issuing credentials are three people's work.
fn the_councils_officers_are_kept_apart(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    let only = |role| facts.roles == RoleSet::only(role);
    match facts.action {
        Action::Status => only(Role::CouncilAdministrator) || only(Role::AdmissionsOfficer),
        Action::Plan
        | Action::Offer
        | Action::Redirect
        | Action::RecordEnrolled
        | Action::NameOtherSetting
        | Action::EndRecipient => only(Role::CouncilAdministrator) || only(Role::TransitionOfficer),
        Action::ManageSettings | Action::ManageCredentials => {
            only(Role::AdmissionsOfficer) || only(Role::TransitionOfficer)
        }
        _ => false,
    }
}

fn a_subject_teacher_sees_strategies_only(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.roles == RoleSet::only(Role::SubjectTeacher)
        && facts.action == Action::Read
        && facts.kind != Some(SectionKind::SupportStrategies)
}

/// What a learner or a family is to themselves opens nothing to a setting's people, and their own
/// role opens nothing of others.
fn the_own_record_is_for_its_person(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    let own = facts.relation.is_own();
    let sees = matches!(
        facts.action,
        Action::Read | Action::Receive | Action::Status | Action::Publish
    );
    if own {
        sees && !has(facts, Role::Person)
    } else {
        facts.roles == RoleSet::only(Role::Person)
    }
}

/// Other children, and what is written for their safety or somebody else's.
fn the_own_record_names_nobody_else(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.action == Action::Read
        && facts.relation.is_own()
        && (restricted(facts) || facts.kind == Some(SectionKind::Relationships))
}

/// Past compulsory school age a parent sees by the young person's leave alone; before that, not what was
/// refused to them.
fn a_parent_sees_what_the_young_person_leaves(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    let sees = matches!(facts.action, Action::Read | Action::Status);
    let left = match facts.sharing {
        SharingDecision::Refused => false,
        SharingDecision::Allowed => true,
        SharingDecision::Undecided => facts.age != AgeStage::PostCompulsory,
    };
    sees && facts.relation == Relation::Family && !left
}

fn the_caseworker_sees_and_writes_the_ehc_plan_only(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    matches!(facts.action, Action::Read | Action::Publish)
        && (facts.roles == RoleSet::only(Role::SendCaseworker)
            || facts.relation == Relation::CouncilCaseworker)
        && facts.kind != Some(SectionKind::EhcPlan)
}

fn a_stranger_learns_nothing(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.relation == Relation::None
        && (shows(facts) || matches!(facts.action, Action::Status | Action::Publish))
}

fn a_receiver_sees_nothing_outside_the_window(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.relation.receives()
        && matches!(facts.window, Window::NotOpen | Window::Closed)
        && (shows(facts)
            || matches!(
                facts.action,
                Action::Status | Action::Acknowledge | Action::Reject
            ))
}

fn a_provisional_school_sees_send_only(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.action == Action::Read
        && facts.relation.receives()
        && (facts.relation == Relation::Provisional || facts.window == Window::Provisional)
        && !matches!(facts.kind, Some(SectionKind::Send | SectionKind::EhcPlan))
}

fn a_former_destination_sees_nothing(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.relation == Relation::Former && (shows(facts) || facts.action == Action::Reject)
}

/// It looks after moves, not after what is written of a child it never knew.
fn a_caretaker_sees_no_content(tuple: &Tuple) -> bool {
    tuple.facts().relation == Relation::Caretaker && shows(tuple.facts())
}

fn a_receiver_sets_no_destination(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    (facts.relation.receives() || facts.relation == Relation::Former)
        && matches!(
            facts.action,
            Action::Plan
                | Action::Offer
                | Action::Redirect
                | Action::NameFurtherRecipient
                | Action::NameOtherSetting
                | Action::EndRecipient
        )
}

/// A part of what one setting wrote goes to nobody by another's word, a council's neither.
fn only_the_source_shares_what_it_wrote(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.action == Action::NameFurtherRecipient && facts.relation != Relation::Source
}

/// What a family decided is said to who sends. A receiver that recorded it would open for itself what
/// was refused to it.
fn only_the_sending_side_records_decisions(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.action == Action::RecordSharing && !facts.relation.sends()
}

fn only_the_source_writes_and_takes_back(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    match facts.action {
        Action::Publish => !matches!(
            facts.relation,
            Relation::Source | Relation::CouncilCaseworker
        ),
        // Nobody writes in the name of a setting that has closed; who looks after what it left
        // takes back.
        Action::Withdraw | Action::Hold | Action::Restrict | Action::EraseSection => {
            !facts.relation.sends()
        }
        // The service itself erases what is due.
        Action::Erase => match facts.relation {
            Relation::Source | Relation::Caretaker => false,
            Relation::None => !has(facts, Role::Sweeper),
            _ => true,
        },
        _ => false,
    }
}

fn derived_and_reserved_kinds_are_not_published(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.action == Action::Publish && facts.kind.is_some_and(|kind| !kind.publishable())
}

fn a_refusal_closes_the_section(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.action == Action::Read
        && facts.relation.receives()
        && facts.sharing == SharingDecision::Refused
        && !vital(facts)
}

fn no_agreement_closes_the_section(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.action == Action::Read
        && facts.relation.receives()
        && !facts.agreement_in_force
        && !vital(facts)
}

fn a_legal_hold_keeps_content(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    matches!(facts.action, Action::Erase | Action::EraseSection) && facts.legal_hold
}

fn only_the_auditor_reads_the_ledger(tuple: &Tuple) -> bool {
    tuple.facts().action == Action::ReadAudit && !has(tuple.facts(), Role::Auditor)
}

fn only_the_sweeper_releases(tuple: &Tuple) -> bool {
    tuple.facts().action == Action::Release && !has(tuple.facts(), Role::Sweeper)
}

fn only_the_council_administrator_replaces_policies(tuple: &Tuple) -> bool {
    tuple.facts().action == Action::ReplacePolicies
        && !has(tuple.facts(), Role::CouncilAdministrator)
}

/// Who answers for the setting says who acts for it: no council, and no vendor another one.
fn only_the_setting_itself_delegates(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.action == Action::Delegate
        && (!has(facts, Role::Publisher)
            || facts.relation != Relation::Source
            || facts.delegation != Delegation::Direct)
}

/// Whoever takes a guard away, or learns that there is one, can lead somebody to the child: those do
/// who answer for the learner, with a key that nobody can have copied.
fn only_the_setting_itself_protects(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.action == Action::Protect
        && (facts.relation != Relation::Source
            || facts.delegation != Delegation::Direct
            || facts.assurance == Assurance::Key
            || !(has(facts, Role::Publisher) || has(facts, Role::Dsl)))
}

/// To whom of a family a record is shown is for who wrote it and answers for the child: no receiver, no
/// council, no vendor, and no key that somebody may have copied.
fn only_the_setting_itself_gives_family_access(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.action == Action::GiveFamilyAccess
        && (facts.relation != Relation::Source
            || facts.delegation != Delegation::Direct
            || facts.assurance == Assurance::Key
            || !(has(facts, Role::Publisher) || has(facts, Role::Dsl)))
}

/// An agreement binds the setting: its head signs it, or who registered the setting records that it was
/// signed on paper. No vendor does, and no key that may have been copied.
fn only_the_setting_or_its_council_signs(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    let signs = match facts.relation {
        Relation::Source => has(facts, Role::Publisher) || has(facts, Role::Operator),
        Relation::Council => has(facts, Role::CouncilAdministrator) || has(facts, Role::Operator),
        _ => has(facts, Role::Operator),
    };
    let named = facts.delegation == Delegation::Direct && facts.assurance != Assurance::Key;
    facts.action == Action::SignAgreement && !(signs && named)
}

/// Who answers for what is sent says why it goes all the same, and no receiver for itself.
fn only_the_sending_head_sends_without_agreement(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    let head = facts.relation.sends() && has(facts, Role::Publisher);
    let named = facts.delegation == Delegation::Direct && facts.assurance != Assurance::Key;
    facts.action == Action::SendWithoutAgreement && !(head && named)
}

/// By the setting itself, with a key of its own that nobody can have copied.
fn certified(facts: &Facts) -> bool {
    facts.delegation == Delegation::Direct && facts.assurance == Assurance::Certificate
}

/// Or nobody could ever take the set back.
fn policies_can_be_replaced_again(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.action == Action::ReplacePolicies
        && has(facts, Role::CouncilAdministrator)
        && certified(facts)
}

fn the_ledger_can_be_audited(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    facts.action == Action::ReadAudit && has(facts, Role::Auditor) && certified(facts)
}

/// Nothing becomes visible late, no key is changed and nothing is forgotten without it. It has no
/// certificate.
fn the_service_does_its_own_work(tuple: &Tuple) -> bool {
    let facts = tuple.facts();
    let own = match facts.action {
        Action::Release | Action::ManageKeys => true,
        Action::Erase => facts.relation == Relation::None && !facts.legal_hold,
        _ => false,
    };
    let itself = facts.delegation == Delegation::Direct && facts.assurance == Assurance::Key;
    own && itself && has(facts, Role::Sweeper)
}

fn health_and_child_protection_need_no_agreement(tuple: &Tuple) -> Option<Tuple> {
    let facts = tuple.facts();
    (facts.relation.receives() && vital(facts) && !facts.agreement_in_force).then(|| {
        Tuple::new(Facts {
            agreement_in_force: true,
            ..*facts
        })
    })
}

fn health_and_child_protection_survive_a_refusal(tuple: &Tuple) -> Option<Tuple> {
    let facts = tuple.facts();
    let refused = facts.sharing == SharingDecision::Refused;
    (facts.relation.receives() && vital(facts) && refused).then(|| {
        Tuple::new(Facts {
            sharing: SharingDecision::Undecided,
            ..*facts
        })
    })
}
