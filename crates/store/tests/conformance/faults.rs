//! What happens when the database fails in the middle.

use baton_domain::access::Role;
use baton_domain::act::{Offer, Plan, ShowTransition, Subscribe};
use baton_domain::section::SectionKind;
use baton_store::{Done, Ledger, PulledWhat, Refusal, Subscribed};
use futures::future::join_all;

use crate::engine::{Home, on_both_engines};
use crate::values::{NOON_10_MARCH, at};
use crate::world::World;

impl World {
    /// Acts that share batches; each writes a row whose name can be told apart in the database.
    async fn subscribe(
        &self,
        by: &baton_domain::act::Caller,
        names: &[String],
    ) -> Vec<Result<Done<Subscribed>, Refusal>> {
        let acts = names.iter().map(|name| Subscribe {
            name: name.clone(),
            point: None,
            academic_year: None,
            request: crate::values::request(format!("subscribe-{}", name.replace(' ', "-"))),
        });
        join_all(acts.map(|act| self.ledger.act(by, act))).await
    }
}

/// A row of this name cannot be written.
async fn poison(home: &Home, name: &str) {
    let sql = if home.is_postgres() {
        format!(
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE 'poisoned'; END $$; \
             CREATE TRIGGER poison BEFORE INSERT ON subscription FOR EACH ROW \
             WHEN (NEW.name = '{name}') EXECUTE FUNCTION poison();"
        )
    } else {
        format!(
            "CREATE TRIGGER poison BEFORE INSERT ON subscription WHEN NEW.name = '{name}' \
             BEGIN SELECT RAISE(ABORT, 'poisoned'); END"
        )
    };
    home.tamper(&sql).await;
}

on_both_engines! {
    async fn one_act_that_cannot_be_written_does_not_take_its_neighbours_with_it(home) {
        let world = World::new(home).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        poison(home, "in the middle").await;
        let mut names: Vec<String> = (0..60).map(|number| format!("feed {number}")).collect();
        names.insert(30, "in the middle".to_owned());
        let size = world.size();
        let done = world.subscribe(&receiver, &names).await;
        for (name, done) in names.iter().zip(&done) {
            match done {
                Ok(_) => assert_ne!(name, "in the middle"),
                Err(refusal) => {
                    assert_eq!((name.as_str(), refusal), ("in the middle", &Refusal::Unavailable));
                }
            }
        }
        assert_eq!(world.size(), size + 60);
        let mut positions: Vec<u64> =
            done.into_iter().flatten().map(|done| done.receipt.unwrap().position).collect();
        positions.sort_unstable();
        assert_eq!(positions, (size..size + 60).collect::<Vec<_>>(), "dense");
        assert_eq!(world.bodies().await.len() as u64, size + 60);
        assert_eq!(home.count("SELECT count(*) FROM subscription").await, 60);
        assert_eq!(world.access_rows(500).await, world.fold().await);
    }

    async fn a_full_queue_is_an_answer(home) {
        let world = World::new(home).await;
        let transition = world.open_move(1).await;
        let size = world.size();
        // More than the queue holds, and the first batch besides.
        let acts = (0..6_000).map(|_| ShowTransition { transition: transition.clone() });
        let answers = join_all(acts.map(|act| world.ledger.act(&world.officer, act))).await;
        let done = answers.iter().filter(|answer| answer.is_ok()).count();
        let full = answers.iter().filter(|a| matches!(a, Err(Refusal::QueueFull))).count();
        assert_eq!(done + full, 6_000);
        // Some places are kept for what takes rights away.
        assert!(done >= 3_072 && full > 0, "{done} done, {full} turned away");
        assert_eq!(world.size(), size + done as u64, "who is turned away leaves no entry");
    }
}

/// On one thread: nothing is decided before all of it was asked.
#[tokio::test]
async fn in_a_full_queue_there_is_room_to_take_rights_away_and_for_the_ledger_itself() {
    let world = World::new(&Home::sqlite()).await;
    let transition = world.open_move(1).await;
    let lost = world.caller(&world.primary.id, &[Role::Publisher]).await;
    let acts = (0..6_000).map(|_| ShowTransition {
        transition: transition.clone(),
    });
    let fill = join_all(acts.map(|act| world.ledger.act(&world.officer, act)));
    let revoke = world.revoke(&world.ledger, &lost);
    let sum_up = world.ledger.summarise_refusals(lost.credential.clone(), 7);
    let refill = world.ledger.act(
        &world.officer,
        ShowTransition {
            transition: transition.clone(),
        },
    );
    // Asked in this order, without a pause.
    let asked = async { tokio::join!(biased; fill, refill, revoke, sum_up) };
    let (filled, refilled, (), summed_up) = Box::pin(tokio::task::unconstrained(asked)).await;
    let full = |answer: &Result<_, Refusal>| matches!(answer, Err(Refusal::QueueFull));
    assert_eq!(filled.iter().filter(|it| full(it)).count(), 6_000 - 3_072);
    assert!(full(&refilled));
    summed_up.unwrap();
}

/// PostgreSQL alone: the connection is lost at the commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_outcome_is_unknown_says_so_and_the_request_id_tells_the_truth() {
    let Some(home) = Home::postgres().await else {
        return;
    };
    let world = World::new(&home).await;
    let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
    home.tamper(
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN NULL; \
         END $$; \
         CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON subscription \
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.name = 'cut') \
         EXECUTE FUNCTION cut();",
    )
    .await;
    let size = world.size();
    let names = ["cut".to_owned()];
    let answer = world.subscribe(&receiver, &names).await.pop().unwrap();
    assert_eq!(answer.map(|done| done.value), Err(Refusal::OutcomeUnknown));
    home.tamper("DROP TRIGGER cut ON subscription").await;
    let answer = world.subscribe(&receiver, &names).await.pop().unwrap();
    let receipt = answer.unwrap().receipt.unwrap();
    assert_eq!(
        (receipt.replayed, receipt.position),
        (false, size),
        "it had not been done"
    );
    let answer = world.subscribe(&receiver, &names).await.pop().unwrap();
    let receipt = answer.unwrap().receipt.unwrap();
    assert_eq!(
        (receipt.replayed, receipt.position),
        (true, size),
        "now it has"
    );
    home.forget().await;
}

/// PostgreSQL alone: every connection is cut, as by a restart of the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acts_go_on_when_connections_were_cut_between_them() {
    let Some(home) = Home::postgres().await else {
        return;
    };
    let world = World::new(&home).await;
    let transition = world.open_move(1).await;
    for _ in 0..3 {
        home.tamper(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
        let act = ShowTransition {
            transition: transition.clone(),
        };
        world.ledger.act(&world.officer, act).await.unwrap();
    }
    home.forget().await;
}

/// PostgreSQL alone: a node remembers who called, and another node revokes.
#[tokio::test]
async fn a_caller_revoked_on_another_node_is_unknown_here_too() {
    let Some(home) = Home::postgres().await else {
        return;
    };
    let world = World::new(&home).await;
    let other = Ledger::open(&home.place(), world.clock.clone(), false)
        .await
        .unwrap();
    for commits_itself in [true, false] {
        let (caller, presented) = world.certified(&world.primary.id, &[Role::Publisher]).await;
        let known = async || world.ledger.authenticate(&presented).await.unwrap();
        assert!(known().await.is_some());
        let mut size = world.ledger.size();
        world.revoke(&other, &caller).await;
        if commits_itself {
            // Its own commit tells it, and not only the look it takes now and then.
            world.open_move(1).await;
        } else {
            let revoked = *other.size().borrow();
            size.wait_for(|here| *here >= revoked).await.unwrap();
        }
        assert_eq!(known().await, None, "{commits_itself}");
    }
    other.close().await;
    world.ledger.close().await;
    home.forget().await;
}

/// PostgreSQL alone: a node dies after the act that opened a window and before its release.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_node_widened_is_released_by_another() {
    let Some(home) = Home::postgres().await else {
        return;
    };
    let world = World::new(&home).await;
    let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
    let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
    let subscription = world.subscription(&receiver).await;
    let closed = Plan {
        offer: Offer::default(),
        ..world.plan(crate::values::upn(1))
    };
    let planned = world.planned(&world.officer, closed).await.unwrap();
    let transition = planned.transition.id;
    let kinds = [SectionKind::Identity];
    world
        .published(&sender, world.publish(&transition, &kinds, "A"))
        .await;
    let dies = Ledger::open(&home.place(), world.clock.clone(), false)
        .await
        .unwrap();
    // Its releases fail for as long as it lives.
    home.tamper(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; \
         CREATE TRIGGER no BEFORE INSERT ON released FOR EACH ROW EXECUTE FUNCTION no();",
    )
    .await;
    let opened = dies.act(&world.officer, world.plan(crate::values::upn(1)));
    let opened = opened.await.unwrap();
    dies.close().await;
    home.tamper("DROP TRIGGER no ON released").await;

    let mut size = world.ledger.size();
    let position = opened.receipt.unwrap().position;
    size.wait_for(|here| *here > position).await.unwrap();
    world.hand.send(at(NOON_10_MARCH) + 1).unwrap();
    size.wait_for(|here| *here > position + 1).await.unwrap();
    let pulled = world.pull(&receiver, &subscription, 0).await.unwrap().value;
    assert_eq!(pulled.items.len(), 1);
    assert_eq!(pulled.items[0].position, position + 1);
    home.forget().await;
}

/// PostgreSQL alone: two nodes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_of_one_ledger_publish_side_by_side_and_lose_nothing() {
    const EACH: u32 = 40;
    let Some(home) = Home::postgres().await else {
        return;
    };
    let world = World::new(&home).await;
    let other = Ledger::open(&home.place(), world.clock.clone(), false)
        .await
        .unwrap();
    let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
    let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
    let subscription = world.subscription(&receiver).await;
    let mut moves = Vec::new();
    for learner in 0..2 * EACH {
        moves.push(world.open_move(learner).await);
    }
    let publish = async |ledger: &Ledger, moves: &[_]| {
        let kinds = [SectionKind::Identity];
        let acts = moves
            .iter()
            .map(|to| ledger.act(&sender, world.publish(to, &kinds, "A")));
        join_all(acts).await
    };
    let follow = async |ledger: &Ledger| {
        let (mut from, mut seen) = (0.into(), Vec::new());
        let mut size = ledger.size();
        while seen.len() < 2 * EACH as usize {
            size.borrow_and_update();
            let subscription = subscription.clone();
            let act = baton_domain::act::Pull {
                subscription,
                from,
                limit: 64,
                inline: false,
                lease: baton_domain::act::Lease::Break,
            };
            let pulled = ledger.act(&receiver, act).await.unwrap().value;
            if pulled.items.is_empty() {
                size.changed().await.unwrap();
            }
            from = pulled.next;
            seen.extend(pulled.items.into_iter().map(|item| match item.what {
                PulledWhat::Profile(shown) => (item.position, shown.transition),
                other => panic!("{other:?}"),
            }));
        }
        seen
    };
    let (first, second, here, there) = tokio::join!(
        publish(&world.ledger, &moves[..EACH as usize]),
        publish(&other, &moves[EACH as usize..]),
        follow(&world.ledger),
        follow(&other),
    );
    let mut published: Vec<_> = first
        .into_iter()
        .chain(second)
        .map(|done| done.unwrap().receipt.unwrap().position)
        .zip(moves)
        .collect();
    published.sort();
    assert_eq!(here, published, "all, once, in order");
    assert_eq!(there, published);
    world.bodies().await;
    assert_eq!(world.access_rows(500).await, world.fold().await);
    other.close().await;
    home.forget().await;
}
