//! Sections merged by kind: whatever desks send, take away, erase and withdraw in whatever order,
//! what stands is what a small model says.

use std::collections::{BTreeMap, BTreeSet};

use baton_domain::access::Role;
use baton_domain::act::{Caller, Erase, ErasureReason, Extent, Publish, Withdraw};
use baton_domain::ids::{ProfileId, TransitionId};
use baton_domain::section::{Class, KindSet, SectionKind};
use baton_store::Refusal;
use futures::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::engine::{Home, on_both_engines};
use crate::values::section;
use crate::world::World;

const HEALTH: SectionKind = SectionKind::Health;
const SEND: SectionKind = SectionKind::Send;
const ATTENDANCE: SectionKind = SectionKind::Attendance;
const NOTE: SectionKind = SectionKind::ChildProtectionNote;
const FAMILY: SectionKind = SectionKind::FamilyAndAgencies;
/// Kinds of the walks: what a contributor fills, what a data manager does, what neither does, and
/// what takes a safeguarding lead.
const KINDS: [SectionKind; 6] = [
    HEALTH,
    SEND,
    ATTENDANCE,
    SectionKind::FamilyVoice,
    NOTE,
    FAMILY,
];
const DESKS: [Role; 4] = [
    Role::Publisher,
    Role::Contributor,
    Role::DataManager,
    Role::Dsl,
];

fn is_restricted(kind: SectionKind) -> bool {
    kind.class() == Class::R
}

fn fills(desk: Role, kind: SectionKind) -> bool {
    match desk {
        Role::Dsl => true,
        Role::Publisher => !is_restricted(kind),
        Role::Contributor => [HEALTH, SEND].contains(&kind),
        _ => kind == ATTENDANCE,
    }
}

/// What one desk sends and takes away, as bits of [`KINDS`], and which of few texts.
#[derive(Debug, Clone, Copy)]
struct Sending {
    desk: Role,
    sends: u8,
    removes: u8,
    text: u8,
}

#[derive(Debug, Clone)]
enum Step {
    Publish(Sending),
    /// Each desk its own kinds, at the same time: nobody takes away what is another's.
    Together([u8; 3]),
    Erase(usize),
    Withdraw(bool),
}

fn kinds(bits: u8) -> Vec<SectionKind> {
    let chosen = KINDS.iter().enumerate();
    let chosen = chosen.filter(|(at, _)| bits & (1 << at) != 0);
    chosen.map(|(_, kind)| *kind).collect()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Few kinds at a time, mostly of one class.
    let bits =
        || prop_oneof![4 => 0..16_u8, 2 => (0..4_u8).prop_map(|bits| bits << 4), 1 => 0..64_u8];
    let desk = prop_oneof![
        3 => Just(Role::Publisher), 2 => Just(Role::Contributor),
        1 => Just(Role::DataManager), 3 => Just(Role::Dsl),
    ];
    let sending = (
        desk,
        bits(),
        prop_oneof![2 => Just(0), 1 => bits()],
        0..3_u8,
    )
        .prop_map(|(desk, sends, removes, text)| Sending {
            desk,
            sends,
            removes,
            text,
        });
    let step = prop_oneof![
        8 => sending.prop_map(Step::Publish),
        2 => prop::array::uniform3(0..3_u8).prop_map(Step::Together),
        1 => (0..KINDS.len()).prop_map(Step::Erase),
        1 => any::<bool>().prop_map(Step::Withdraw),
    ];
    prop::collection::vec(step, 1..14)
}

/// What a contribution should be.
#[derive(Debug, Clone, Default)]
struct Model {
    id: Option<ProfileId>,
    version: u32,
    withdrawn: bool,
    stands: BTreeMap<SectionKind, u8>,
    /// Kinds any version of it has had, less those that were erased.
    ever: BTreeSet<SectionKind>,
}

impl Model {
    /// What becomes of it, or why nothing does; whether it changes.
    fn publish(&mut self, sending: Sending) -> Result<bool, Refusal> {
        let (sends, removes) = (kinds(sending.sends), kinds(sending.removes));
        let standing = if self.withdrawn {
            BTreeMap::new()
        } else {
            self.stands.clone()
        };
        let same = sends
            .iter()
            .all(|kind| standing.get(kind) == Some(&sending.text))
            && removes.iter().all(|kind| !standing.contains_key(kind));
        if same && !self.withdrawn && self.id.is_some() {
            return Ok(false);
        }
        let mut after = standing;
        after.retain(|kind, _| !removes.contains(kind));
        after.extend(sends.iter().map(|kind| (*kind, sending.text)));
        if after.is_empty() {
            return Err(Refusal::Failed("NOTHING_LEFT"));
        }
        self.ever.extend(sends);
        (self.stands, self.withdrawn) = (after, false);
        self.version += 1;
        Ok(true)
    }

    fn erase(&mut self, kind: SectionKind) -> Result<(), Refusal> {
        if self.id.is_none() || !self.ever.remove(&kind) {
            return Err(Refusal::Failed("NOTHING_TO_ERASE"));
        }
        self.stands.remove(&kind);
        if self.stands.is_empty() {
            *self = Self::default();
        }
        Ok(())
    }

    fn withdraw(&mut self) -> Result<(), Refusal> {
        if std::mem::replace(&mut self.withdrawn, true) {
            return Err(Refusal::Failed("WITHDRAWN_ALREADY"));
        }
        Ok(())
    }
}

/// Whether a publish is let in at all, whatever stands.
fn let_in(sending: Sending) -> Result<bool, Refusal> {
    let (sends, removes) = (kinds(sending.sends), kinds(sending.removes));
    let all = || sends.iter().chain(&removes);
    if all().next().is_none() || !all().all(|kind| fills(sending.desk, *kind)) {
        return Err(Refusal::Denied);
    }
    if sends.iter().any(|kind| removes.contains(kind)) {
        return Err(Refusal::Failed("SECTION_TWICE"));
    }
    let restricted = all().filter(|kind| is_restricted(**kind)).count();
    if restricted > 0 && restricted < all().count() {
        return Err(Refusal::Failed("RESTRICTED_APART"));
    }
    Ok(restricted > 0)
}

struct Walk<'a> {
    world: &'a World,
    desks: [Caller; 4],
    receiver: Caller,
    transition: TransitionId,
    /// The ordinary contribution, and that of class R.
    models: [Model; 2],
}

impl Walk<'_> {
    fn act(&self, sending: Sending) -> Publish {
        let marker = sending.text.to_string();
        Publish {
            removes: kinds(sending.removes).into_iter().collect(),
            level: 0,
            ..self
                .world
                .publish(&self.transition, &kinds(sending.sends), &marker)
        }
    }

    async fn publish(&mut self, sending: Sending) {
        let at = DESKS.iter().position(|desk| *desk == sending.desk).unwrap();
        let act = self.act(sending);
        let answer = self
            .world
            .ledger
            .act(&self.desks[at], act)
            .await
            .map(|done| done.value);
        let apart = match let_in(sending) {
            Ok(apart) => apart,
            Err(refusal) => return assert_eq!(answer, Err(refusal), "{sending:?}"),
        };
        let model = &mut self.models[usize::from(apart)];
        match model.publish(sending) {
            Ok(changed) => {
                let published = answer.unwrap();
                assert_eq!(
                    (published.version, published.changed),
                    (model.version, changed),
                    "{sending:?}"
                );
                let known = model.id.get_or_insert(published.profile.clone());
                assert_eq!(*known, published.profile);
            }
            Err(refusal) => assert_eq!(answer, Err(refusal), "{sending:?}"),
        }
    }

    async fn together(&mut self, texts: [u8; 3]) {
        let send = |desk, sends, text| Sending {
            desk,
            sends,
            removes: 0,
            text,
        };
        let own = [
            (0, send(Role::Publisher, 0b1000, texts[0])),
            (1, send(Role::Contributor, 0b0011, texts[1])),
            (2, send(Role::DataManager, 0b0100, texts[2])),
        ];
        let acts =
            own.map(|(at, sending)| self.world.ledger.act(&self.desks[at], self.act(sending)));
        let mut last = 0;
        for (answer, (_, sending)) in join_all(acts).await.into_iter().zip(own) {
            let published = answer.unwrap().value;
            let model = &mut self.models[0];
            // Who was first is not known; that each changed something or found it so, is.
            assert_eq!(published.changed, model.publish(sending).unwrap());
            model.id.get_or_insert(published.profile);
            last = last.max(published.version);
        }
        assert_eq!(last, self.models[0].version);
    }

    async fn step(&mut self, step: Step) {
        let ledger = &self.world.ledger;
        match step {
            Step::Publish(sending) => self.publish(sending).await,
            Step::Together(texts) => self.together(texts).await,
            Step::Erase(at) => {
                let erase = Erase {
                    transition: self.transition.clone(),
                    extent: Extent::Section(KINDS[at]),
                    reason: ErasureReason::Objection,
                    request: self.world.request(),
                    validate_only: false,
                };
                let answer = ledger.act(&self.desks[3], erase).await.map(drop);
                let model = &mut self.models[usize::from(is_restricted(KINDS[at]))];
                assert_eq!(answer, model.erase(KINDS[at]), "{:?}", KINDS[at]);
            }
            Step::Withdraw(apart) => {
                let model = &mut self.models[usize::from(apart)];
                let Some(profile) = model.id.clone() else {
                    return;
                };
                let withdraw = Withdraw {
                    profile,
                    request: self.world.request(),
                };
                let answer = ledger.act(&self.desks[3], withdraw).await.map(drop);
                assert_eq!(answer, model.withdraw());
            }
        }
    }

    /// What sender and receiver read is what the model says.
    async fn is_as_said(&self) {
        for model in &self.models {
            let Some(profile) = &model.id else { continue };
            for reader in [&self.desks[3], &self.receiver] {
                let read = self.world.fetch(reader, profile).await;
                if model.withdrawn {
                    assert_eq!(read, Err(Refusal::Denied));
                    continue;
                }
                let read = read.unwrap();
                let read: BTreeMap<_, _> = read
                    .sections
                    .into_iter()
                    .map(|one| (one.kind, one.bytes))
                    .collect();
                let said = model.stands.iter();
                let said = said.map(|(kind, text)| (*kind, section(*kind, &text.to_string())));
                assert_eq!(read, said.collect::<BTreeMap<_, _>>());
            }
        }
    }
}

async fn walk(home: &Home, steps: Vec<Step>) {
    let world = World::new(home).await;
    let of = &world.primary.id;
    let mut desks = Vec::new();
    for role in DESKS {
        desks.push(world.caller(of, &[role]).await);
    }
    let mut walk = Walk {
        desks: desks.try_into().unwrap(),
        receiver: world.caller(&world.secondary.id, &[Role::Dsl]).await,
        transition: world.open_move(1).await,
        models: Default::default(),
        world: &world,
    };
    for step in steps {
        walk.step(step).await;
        walk.is_as_said().await;
    }
    assert_eq!(world.access_rows(500).await, world.fold().await);
    let strays = "SELECT count(*) FROM content c WHERE NOT EXISTS \
         (SELECT 1 FROM version v WHERE v.content_id = c.content_id)";
    assert_eq!(home.count(strays).await, 0, "content of no version is left");
    world.ledger.close().await;
}

fn check<F: Future<Output = Option<Home>>>(cases: u32, home: impl Fn() -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 40,
        ..Config::default()
    };
    let walked = TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(async {
            if let Some(home) = home().await {
                Box::pin(walk(&home, steps)).await;
                home.forget().await;
            }
        });
        Ok(())
    });
    walked.unwrap();
}

#[test]
fn whatever_desks_send_and_take_away_what_stands_is_the_models_sqlite() {
    check(24, || async { Some(Home::sqlite()) });
}

#[test]
fn whatever_desks_send_and_take_away_what_stands_is_the_models_postgres() {
    check(6, Home::postgres);
}

on_both_engines! {
    async fn desks_that_publish_at_once_lose_nothing_of_each_others(home) {
        let world = World::new(home).await;
        let lead = world.caller(&world.primary.id, &[Role::Dsl]).await;
        let transition = world.open_move(1).await;
        let ordinary: Vec<SectionKind> = SectionKind::ALL
            .into_iter()
            .filter(|kind| kind.publishable())
            .collect();
        let publish = |kind: &SectionKind| {
            let act = world.publish(&transition, &[*kind], "A");
            let (ledger, lead) = (&world.ledger, &lead);
            async move { ledger.act(lead, act).await.unwrap().value }
        };
        let published = join_all(ordinary.iter().map(publish)).await;
        let names: BTreeSet<_> = published.iter().map(|one| one.profile.clone()).collect();
        assert_eq!(names.len(), 2, "one contribution, and one of class R");
        let mut all = KindSet::EMPTY;
        for name in names {
            all = all.union(world.fetch(&lead, &name).await.unwrap().kinds);
        }
        assert_eq!(all, ordinary.into_iter().collect());
    }

    async fn sections_of_several_submissions_stand_together_within_three_mebibytes(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let transition = world.open_move(1).await;
        let long = "x".repeat(1_000_000);
        for kind in [HEALTH, SEND, ATTENDANCE] {
            world.published(&sender, world.publish(&transition, &[kind], &long)).await;
        }
        let fourth = world.publish(&transition, &[SectionKind::FamilyVoice], &long);
        let answer = world.ledger.act(&sender, fourth).await.map(|done| done.value);
        assert_eq!(answer, Err(Refusal::Failed("PROFILE_TOO_LARGE")));
        let instead = Publish {
            removes: KindSet::of(&[HEALTH]),
            ..world.publish(&transition, &[SectionKind::FamilyVoice], &long)
        };
        let profile = world.published(&sender, instead).await.value.profile;
        let kinds = KindSet::of(&[SEND, ATTENDANCE, SectionKind::FamilyVoice]);
        assert_eq!(world.fetch(&sender, &profile).await.unwrap().kinds, kinds);
    }

    async fn two_desks_that_repeat_what_they_sent_make_no_version(home) {
        let world = World::new(home).await;
        let [one, other] = [
            world.caller(&world.primary.id, &[Role::Contributor]).await,
            world.caller(&world.primary.id, &[Role::DataManager]).await,
        ];
        let transition = world.open_move(1).await;
        let mut last = 0;
        for night in 0..3 {
            // Each signs its own; no desk says a level.
            for (desk, kind, marker) in [(&one, SEND, "A"), (&other, ATTENDANCE, "B")] {
                let publish = world.publish(&transition, &[kind], marker);
                let done = world.published(desk, Publish { level: 0, ..publish }).await.value;
                assert_eq!(done.changed, night == 0);
                last = done.version;
            }
        }
        assert_eq!(last, 2);
    }
}
