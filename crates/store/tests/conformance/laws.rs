//! Whatever is asked by whomever in whatever order, some things hold.

use baton_domain::access::Role;
use baton_domain::act::{
    Acknowledge, Caller, Fetch, Offer, Plan, Publish, Pull, Redirect, ShowTransition, Withdraw,
};
use baton_domain::ids::{ProfileId, TransitionId};
use baton_domain::section::{KindSet, SectionKind};
use baton_store::{Done, Refusal};
use futures::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::engine::Home;
use crate::values::{code, upn};
use crate::world::World;

/// Something one of four callers asks about one of four learners.
#[derive(Debug, Clone, Copy)]
struct Step {
    act: u8,
    caller: usize,
    learner: usize,
    /// Which of few contents, destinations or request ids.
    choice: usize,
}

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step =
        (0..9u8, 0..4usize, 0..4usize, 0..3usize).prop_map(|(act, caller, learner, choice)| Step {
            act,
            caller,
            learner,
            choice,
        });
    // Steps of one group are asked at the same time.
    proptest::collection::vec(proptest::collection::vec(step, 1..7), 1..9)
}

#[test]
fn any_interleaving_keeps_the_laws_sqlite() {
    check(16, || async { Some(Home::sqlite()) });
}

#[test]
fn any_interleaving_keeps_the_laws_postgres() {
    check(6, Home::postgres);
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
    let walked = TestRunner::new(config).run(&steps(), |groups| {
        runtime.block_on(async {
            if let Some(home) = home().await {
                walk(&home, &groups).await;
                home.forget().await;
            }
        });
        Ok(())
    });
    walked.unwrap();
}

/// How many entries an answer stands for.
fn entered<T>(answer: &Result<Done<T>, Refusal>) -> u64 {
    match answer {
        Ok(done) => u64::from(
            done.receipt
                .as_ref()
                .is_some_and(|receipt| !receipt.replayed),
        ),
        Err(Refusal::Denied | Refusal::Failed(_) | Refusal::Conflict) => 1,
        Err(other) => panic!("{other:?}"),
    }
}

struct Walk<'a> {
    world: &'a World,
    callers: [Caller; 4],
    moves: Vec<TransitionId>,
    profiles: Vec<ProfileId>,
    subscriptions: [baton_domain::ids::SubscriptionId; 2],
}

impl Walk<'_> {
    async fn step(&self, step: Step) -> u64 {
        let (ledger, by) = (&self.world.ledger, &self.callers[step.caller]);
        let transition = self.moves[step.learner].clone();
        let profile = self.profiles[step.learner].clone();
        let to = [Some("gias:100003"), Some("gias:100004"), None][step.choice].map(code);
        let offer = Offer {
            accepted: Some(true),
            date: Some(jiff::civil::date(2026, 3, 2)),
        };
        // Few ids, so that some are used again, with the same content or with other.
        let request = crate::values::request(format!("{}-{}", step.learner, step.choice));
        let learner = upn(u32::try_from(step.learner).unwrap());
        match step.act {
            0 => {
                let plan = Plan {
                    to,
                    request,
                    ..self.world.plan(learner)
                };
                entered(&ledger.act(by, plan).await)
            }
            1 | 2 => {
                let kinds = [SectionKind::Identity, SectionKind::Health];
                let publish = self
                    .world
                    .publish(&transition, &kinds, &step.choice.to_string());
                let publish = if step.act == 1 {
                    Publish { request, ..publish }
                } else {
                    publish
                };
                entered(&ledger.act(by, publish).await)
            }
            3 => entered(&ledger.act(by, Withdraw { profile, request }).await),
            4 => entered(
                &ledger
                    .act(
                        by,
                        Redirect {
                            transition,
                            to,
                            offer,
                            request,
                        },
                    )
                    .await,
            ),
            5 => {
                let subscription = self.subscriptions[step.learner % 2].clone();
                let inline = step.choice == 0;
                let act = Pull {
                    subscription,
                    from: 0.into(),
                    limit: 64,
                    inline,
                    lease: baton_domain::act::Lease::Break,
                };
                entered(&ledger.act(by, act).await)
            }
            6 => entered(
                &ledger
                    .act(
                        by,
                        Fetch {
                            profile,
                            kinds: KindSet::EMPTY,
                        },
                    )
                    .await,
            ),
            7 => entered(
                &ledger
                    .act(
                        by,
                        Acknowledge {
                            profile,
                            version: 1,
                            request,
                        },
                    )
                    .await,
            ),
            _ => entered(&ledger.act(by, ShowTransition { transition }).await),
        }
    }
}

async fn walk(home: &Home, groups: &[Vec<Step>]) {
    let world = World::new(home).await;
    let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
    let first = world.caller(&world.secondary.id, &[Role::Senco]).await;
    let second = world.caller(&world.academy.id, &[Role::DataManager]).await;
    let (mut moves, mut profiles) = (Vec::new(), Vec::new());
    for learner in 0..4 {
        let transition = world.open_move(learner).await;
        let publish = world.publish(&transition, &[SectionKind::Identity], "first");
        profiles.push(world.published(&sender, publish).await.value.profile);
        moves.push(transition);
    }
    let subscriptions = [
        world.subscription(&first).await,
        world.subscription(&second).await,
    ];
    let callers = [world.officer.clone(), sender, first, second];
    let walk = Walk {
        world: &world,
        callers,
        moves,
        profiles,
        subscriptions,
    };

    let before = world.size();
    let mut expected = 0;
    for group in groups {
        expected += join_all(group.iter().map(|step| walk.step(*step)))
            .await
            .iter()
            .sum::<u64>();
    }
    // Positions are dense: `entries` looks.
    let entries = world.entries(before).await;
    let released = entries
        .iter()
        .filter(|entry| entry.get("caller").is_none())
        .count();
    assert_eq!(
        (entries.len() - released) as u64,
        expected,
        "one entry an act"
    );
    assert_eq!(world.access_rows(500).await, world.fold().await);
    for (at, subscription) in walk.subscriptions.iter().enumerate() {
        let pulled = world
            .pull(&walk.callers[at + 2], subscription, 0)
            .await
            .unwrap()
            .value;
        assert!(pulled.items.is_sorted_by(|a, b| a.position < b.position));
    }
    let strays = "SELECT count(*) FROM content c WHERE NOT EXISTS \
         (SELECT 1 FROM version v WHERE v.content_id = c.content_id)";
    assert_eq!(home.count(strays).await, 0, "content of no version is left");
    world.ledger.close().await;
}
