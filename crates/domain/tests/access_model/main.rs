//! The shipped policies, as the service asks them, against two things that share nothing with
//! them: a second, independently written statement of the matrix, and plain Cedar.
//!
//! Usually 200,000 drawn cells and as many drawn questions; `scripts/campaign access` asks every
//! cell of the space.
#![cfg(feature = "cedar")]

mod model;
mod plain;

use std::sync::{Arc, LazyLock};

use baton_domain::access::{
    Action, AgeStage, Assurance, Decider, Delegation, Facts, PolicySet, Relation, Role, RoleSet,
    RouteGroup, SharingDecision, Space, Tuple, Verdict,
};
use baton_domain::opening::Window;
use baton_domain::section::SectionKind;
use proptest::prelude::*;

use self::model::model;
use self::plain::Plain;

const SAMPLE: u64 = 200_000;
/// One of so many drawn questions is put to all policies, as it was drawn.
const BY_ALL: u64 = 50;
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

fn assert_same(tuple: &Tuple, verdict: &Verdict) {
    assert_eq!(
        verdict.allowed,
        model(tuple),
        "policies say {verdict:?} of {tuple:?}"
    );
}

#[test]
fn the_policies_say_what_the_model_says() {
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
    for _ in 0..SAMPLE {
        ask(&space.get(numbers.below(space.len())).expect("a cell"));
    }
    println!("{} cells, {asked} asked, {allowed} allowed", space.len());
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
        let bits = u32::try_from(numbers.below(1 << Role::ALL.len())).expect("20 bits");
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

/// The memo's answer, first time and again, is plain Cedar's.
fn assert_plain(decider: &Decider, plain: &Plain, tuple: &Tuple) -> Verdict {
    let expected = plain.decide(tuple.facts());
    assert_eq!(decider.decide(tuple), expected, "{tuple:?}");
    assert_eq!(decider.decide(tuple), expected, "again: {tuple:?}");
    expected
}

/// Any facts with any roles. Of a person with a second factor and a vendor, which do not occur
/// together, only the pairs that do.
fn drawn(numbers: &mut Numbers) -> Facts {
    fn of<T: Copy>(numbers: &mut Numbers, words: &[T]) -> T {
        words[numbers.below(words.len())]
    }
    let action = of(numbers, Action::ALL);
    let bits = u32::try_from(numbers.below(1 << Role::ALL.len())).expect("20 bits");
    let mut facts = Facts {
        relation: of(numbers, Relation::ALL),
        kind: Some(of(numbers, &SectionKind::ALL)),
        window: of(numbers, &Window::ALL),
        sharing: of(numbers, SharingDecision::ALL),
        age: of(numbers, AgeStage::ALL),
        delegation: of(numbers, Delegation::ALL),
        assurance: of(numbers, Assurance::ALL),
        route: of(numbers, RouteGroup::ALL),
        filled_by_caller: of(numbers, &[false, true]),
        agreement_in_force: of(numbers, &[false, true]),
        legal_hold: of(numbers, &[false, true]),
        note_released: of(numbers, &[false, true]),
        ..Facts::about(action, RoleSet::from_bits(bits).expect("known roles"))
    };
    let occurs = *Tuple::new(facts).facts();
    (facts.delegation, facts.assurance) = (occurs.delegation, occurs.assurance);
    facts
}

/// Asks `count` drawn questions; answers how many were allowed.
fn ask_drawn(decider: &Decider, plain: &Plain, (seed, count): (u64, u64)) -> u64 {
    let mut numbers = Numbers(seed);
    let mut allowed = 0;
    for number in 0..count {
        let facts = drawn(&mut numbers);
        let tuple = Tuple::new(facts);
        let verdict = assert_plain(decider, plain, &tuple);
        allowed += u64::from(verdict.allowed);
        if number % BY_ALL == 0 {
            assert_eq!(plain.decide_by_all(tuple.facts()), verdict, "{tuple:?}");
            // What the tuple leaves out decides nothing. It may be one reason more for a denial.
            let whole = plain.decide_by_all(&facts);
            assert_eq!(whole.allowed, verdict.allowed, "{facts:?}: {whole:?}");
        }
    }
    allowed
}

/// Some 5,000 a second on each of two cores: Cedar decides each twice.
#[test]
fn the_memo_answers_any_facts_as_plain_cedar_does_first_time_and_again() {
    let (decider, plain) = (Decider::new(Arc::clone(&POLICIES)), Plain::shipped());
    let allowed: u64 = std::thread::scope(|scope| {
        let ask = |seed| {
            let (decider, plain) = (&decider, &plain);
            scope.spawn(move || ask_drawn(decider, plain, (seed, SAMPLE / 2)))
        };
        let halves = [ask(SEED.rotate_left(17)), ask(SEED.rotate_left(31))];
        halves
            .map(|half| half.join().expect("as plain Cedar"))
            .iter()
            .sum()
    });
    assert!(decider.remembered() > 1_000);
    assert!(allowed > SAMPLE / 200, "the sample hardly met a permit");
}

/// Every cell of the space, and with each a drawn set of roles.
#[test]
fn campaign_access_whole_space() {
    if std::env::var_os("BATON_CAMPAIGN").is_none_or(|set| set != "1") {
        println!("left out: part of the campaign (scripts/campaign)");
        return;
    }
    let seed = std::env::var("BATON_SEED").ok();
    let seed = seed.and_then(|text| text.parse().ok()).unwrap_or(SEED);
    let (space, plain) = (Space::whole(), Plain::shipped());
    let decider = Decider::new(Arc::clone(&POLICIES));
    let mut numbers = Numbers(seed);
    let (mut cells, mut allowed, mut sets) = (0_u64, 0_u64, 0_u64);
    for tuple in space.iter() {
        let verdict = assert_plain(&decider, &plain, &tuple);
        assert_eq!(plain.decide_by_all(tuple.facts()), verdict, "{tuple:?}");
        assert_same(&tuple, &verdict);
        (cells, allowed) = (cells + 1, allowed + u64::from(verdict.allowed));
        let bits = u32::try_from(numbers.below(1 << Role::ALL.len())).expect("20 bits");
        let together = tuple.with_roles(RoleSet::from_bits(bits).expect("known roles"));
        let verdict = assert_plain(&decider, &plain, &together);
        assert_same(&together, &verdict);
        sets += 1;
    }
    println!("figures: cells={cells} allowed={allowed} role_sets={sets} unlike=0");
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
        (word(), 0..1_u32 << Role::ALL.len(), word(), word(), word()),
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
        prop_assert!(tuple.key() < 1 << 52);
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
