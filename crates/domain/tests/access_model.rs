//! The shipped policies against a second, independently written statement of the
//! matrix: tables and a few questions in plain Rust, nothing shared with Cedar.
//!
//! Usually 200,000 drawn cells and as many drawn role sets; with
//! `BATON_CAMPAIGN=1` every cell of the space.
#![cfg(feature = "cedar")]

use std::sync::{Arc, LazyLock};

use baton_domain::access::{
    Action, AgeStage, Assurance, Decider, Delegation, Facts, PolicySet, Relation, Role, RoleSet,
    RouteGroup, SharingDecision, Space, Tuple, Verdict,
};
use baton_domain::opening::Window;
use baton_domain::section::SectionKind;
use proptest::prelude::*;

const SAMPLE: u64 = 200_000;
const SEED: u64 = 0x6261_746f_6e20_3031;

static POLICIES: LazyLock<Arc<PolicySet>> =
    LazyLock::new(|| Arc::new(PolicySet::shipped().expect("the shipped policies load")));

/// A fixed stream of numbers (`SplitMix64`), so that a failing sample fails again.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("below a usize")
    }
}

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
        Council, CouncilCaseworker, Dual, Former, FurtherRecipient, NamedDestination, Provisional,
        Source,
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
        Action::Redirect => at(Source, &[Publisher]) || at(Council, &[CouncilOfficer]),
        Action::RecordEnrolled => {
            at(Source, &[Publisher, DataManager]) || at(Council, &[CouncilOfficer])
        }
        Action::Withdraw => at(Source, &[Publisher, Dsl]),
        Action::Erase => at(Source, &[Publisher]),
        Action::WhoSaw => role == Auditor || at(Source, &[Publisher]),
        Action::ReadAudit => role == Auditor,
        Action::Release => role == Sweeper,
        Action::Subscribe => school.contains(&role),
        Action::Receive | Action::Reject => arriving,
        Action::Acknowledge => arriving || at(Former, &school),
        Action::Status => {
            arriving
                || at(Former, &school)
                || at(Source, &[Publisher, Contributor, Senco, Dsl, DataManager])
                || at(Council, &[CouncilOfficer])
                || at(CouncilCaseworker, &[SendCaseworker])
        }
        Action::ManageSettings | Action::ManageCredentials => {
            role == Operator || at(Council, &[CouncilOfficer])
        }
        Action::RecordPersonReleased => at(Source, &[Publisher, Senco]),
        Action::RecordBestInterests => at(Source, &[Senco, Dsl]),
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
        Action::ManageCredentials => decision,
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
fn model(tuple: &Tuple) -> bool {
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

fn campaign() -> bool {
    std::env::var_os("BATON_CAMPAIGN").is_some_and(|value| value == "1")
}

fn assert_same(tuple: &Tuple, verdict: &Verdict) {
    assert_eq!(
        verdict.allowed,
        model(tuple),
        "policies say {verdict:?} of {tuple:?}"
    );
}

#[test]
fn campaign_access_the_policies_say_what_the_model_says() {
    let space = Space::whole();
    let decider = Decider::new(Arc::clone(&POLICIES));
    let mut numbers = Numbers(SEED);
    let (mut asked, mut allowed) = (0_u64, 0_u64);
    let mut ask = |tuple: &Tuple| {
        let verdict = decider.decide(tuple);
        assert_same(tuple, &verdict);
        asked += 1;
        allowed += u64::from(verdict.allowed);
    };
    if campaign() {
        space.iter().for_each(|tuple| ask(&tuple));
    } else {
        for _ in 0..SAMPLE {
            ask(&space.get(numbers.below(space.len())).expect("a cell"));
        }
    }
    println!(
        "figures: access: cells={} asked={asked} allowed={allowed} other=0",
        space.len()
    );
    assert!(decider.remembered() <= Decider::MAX_REMEMBERED);
    assert!(allowed > asked / 200, "the sample hardly met a permit");
}

#[test]
fn a_set_of_roles_may_do_what_one_of_them_may() {
    let space = Space::whole();
    let decider = Decider::new(Arc::clone(&POLICIES));
    let mut numbers = Numbers(!SEED);
    for _ in 0..SAMPLE / 20 {
        let cell = space.get(numbers.below(space.len())).expect("a cell");
        let bits = u16::try_from(numbers.below(1 << Role::ALL.len())).expect("11 bits");
        let roles = RoleSet::from_bits(bits).expect("known roles");
        let together = cell.with_roles(roles);
        let verdict = decider.decide(&together);
        let any_alone = roles
            .iter()
            .any(|role| decider.decide(&cell.with_roles(role.into())).allowed);
        assert_eq!(verdict.allowed, any_alone, "{together:?}");
        assert_same(&together, &verdict);
    }
}

#[test]
fn the_memo_answers_as_the_policies_do_first_time_and_again() {
    let space = Space::whole();
    let decider = Decider::new(Arc::clone(&POLICIES));
    let mut numbers = Numbers(SEED.rotate_left(17));
    for _ in 0..SAMPLE / 20 {
        let tuple = space.get(numbers.below(space.len())).expect("a cell");
        let plain = POLICIES.decide(&tuple);
        assert_eq!(decider.decide(&tuple), plain);
        assert_eq!(decider.decide(&tuple), plain);
    }
    assert!(decider.remembered() > 1_000);
}

#[test]
fn the_space_is_small_and_every_cell_is_its_own() {
    let space = Space::whole();
    println!("{} cells", space.len());
    assert!(space.len() <= 2_000_000, "{} cells", space.len());
    let mut keys: Vec<u64> = space.iter().map(|tuple| tuple.key()).collect();
    assert_eq!(keys.len(), space.len());
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), space.len(), "two cells share a key");
    assert!(space.get(space.len()).is_none());
}

fn facts() -> impl Strategy<Value = Facts> {
    let word = any::<prop::sample::Index>;
    (
        (word(), 0..1_u16 << Role::ALL.len(), word(), word(), word()),
        (word(), word(), word(), word(), word()),
        any::<[bool; 5]>(),
    )
        .prop_map(|(first, second, switches)| Facts {
            action: *first.0.get(Action::ALL),
            roles: RoleSet::from_bits(first.1).expect("known roles"),
            relation: *first.2.get(Relation::ALL),
            kind: switches[4].then(|| *first.3.get(&SectionKind::ALL)),
            window: *first.4.get(&Window::ALL),
            sharing: *second.0.get(SharingDecision::ALL),
            age: *second.1.get(AgeStage::ALL),
            delegation: *second.2.get(Delegation::ALL),
            assurance: *second.3.get(Assurance::ALL),
            route: *second.4.get(RouteGroup::ALL),
            filled_by_caller: switches[0],
            agreement_in_force: switches[1],
            legal_hold: switches[2],
            note_released: switches[3],
        })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_facts_are_answered_as_the_model_says_and_survive_being_recorded(facts in facts()) {
        let tuple = Tuple::new(facts);
        prop_assert_eq!(Tuple::new(*tuple.facts()), tuple, "normalising settles at once");
        prop_assert!(tuple.key() < 1 << 42);
        let verdict = POLICIES.decide(&tuple);
        prop_assert_eq!(verdict.allowed, model(&tuple));
        prop_assert!(!verdict.policies.is_empty());
        prop_assert!(verdict.policies[0] != Verdict::EVALUATION_ERROR);
        if facts.kind.is_some() || tuple.facts().kind.is_none() {
            let recorded = serde_json::to_string(&tuple).expect("a tuple can be written");
            let read: Tuple = serde_json::from_str(&recorded).expect("and read back");
            prop_assert_eq!(read, tuple);
        }
    }

    #[test]
    fn a_cell_of_the_space_stands_for_any_facts_with_one_role(facts in facts()) {
        let mut facts = facts;
        facts.roles = facts.roles.iter().next().map_or(RoleSet::only(Role::Dsl), RoleSet::only);
        facts.kind = facts.kind.or(Some(SectionKind::Identity));
        let tuple = Tuple::new(facts);
        prop_assert!(KEYS.binary_search(&tuple.key()).is_ok(), "{:?} is in no cell", tuple);
    }
}

static KEYS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut keys: Vec<u64> = Space::whole().iter().map(|tuple| tuple.key()).collect();
    keys.sort_unstable();
    keys
});

#[test]
fn a_recorded_tuple_with_a_dimension_too_many_or_too_few_is_refused() {
    let mut tuple = Facts::about(Action::Withdraw, RoleSet::only(Role::Publisher));
    tuple.relation = Relation::Source;
    let recorded = serde_json::to_value(Tuple::new(tuple)).expect("written");
    let expected = serde_json::json!({
        "action": "withdraw",
        "roles": ["publisher"],
        "relation": "source",
        "delegation": "vendor_without_this",
        "assurance": "key",
    });
    assert_eq!(recorded, expected);
    let changed = |change: fn(&mut serde_json::Map<String, serde_json::Value>)| {
        let mut object = recorded.as_object().expect("an object").clone();
        change(&mut object);
        serde_json::from_value::<Tuple>(object.into())
    };
    assert!(changed(|_| ()).is_ok());
    for refused in [
        changed(|object| drop(object.remove("relation"))),
        changed(|object| drop(object.insert("window".into(), "open".into()))),
        changed(|object| drop(object.insert("relation".into(), "friend".into()))),
        changed(|object| drop(object.insert("mood".into(), "fine".into()))),
    ] {
        assert!(refused.is_err());
    }
}
