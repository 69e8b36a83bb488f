//! Another policy set: all nodes decide by it from one position on, and one that is not what its
//! hash says decides nothing.

use baton_domain::access::{PolicySet, PolicyText, Role};
use baton_domain::section::{KindSet, SectionKind};
use baton_store::{Clock, Ledger, Refusal};

use crate::engine::{Home, on_both_engines};
use crate::world::World;

const KINDS: [SectionKind; 2] = [SectionKind::Identity, SectionKind::Send];
/// A council that shows its SENCOs a little less.
const CLOSED: &str = r#"@id("no_send_before_we_say_so")
    forbid (principal, action == Action::"read", resource)
    when { context.kind == Kind::"send" };"#;

/// The shipped set and one policy more: its hash and its text.
fn stricter() -> (String, String) {
    let shipped = PolicyText::shipped();
    let files = shipped.files().chain([("local.cedar", CLOSED)]);
    let text = PolicyText::of(files).unwrap();
    let set = PolicySet::parse(text.clone()).expect("a valid set");
    (set.hash().to_owned(), text.canonical())
}

/// As an operator would: the set is put into the database, and the head names it.
async fn put(home: &Home, hash: &str, body: &str) {
    let body = body.replace('\'', "''");
    home.tamper(&format!(
        "INSERT INTO policy_set (hash, body) VALUES ('{hash}', '{body}')"
    ))
    .await;
}

async fn name(home: &Home, hash: &str) {
    home.tamper(&format!("UPDATE head SET policy = '{hash}'"))
        .await;
}

/// The policy set each entry from a position on was decided by.
async fn sets(world: &World, from: u64) -> Vec<String> {
    let entries = world.entries(from).await;
    entries
        .iter()
        .map(|entry| entry.text("policy_set").to_owned())
        .collect()
}

on_both_engines! {
    async fn the_set_the_head_names_decides_from_the_next_entry_on(home) {
        let world = World::new(home).await;
        // A second node where there can be one.
        let other = if home.is_postgres() {
            Some(open(home, &world.clock).await)
        } else {
            None
        };
        let nodes: Vec<&Ledger> = [Some(&world.ledger), other.as_ref()].into_iter().flatten().collect();
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let transition = world.open_move(1).await;
        let done = world.published(&sender, world.publish(&transition, &KINDS, "A")).await;
        let profile = done.value.profile;
        let shipped = sets(&world, 0).await.remove(0);
        let fetch = async |node: &Ledger| {
            let act = baton_domain::act::Fetch { profile: profile.clone(), kinds: KindSet::EMPTY };
            node.act(&receiver, act).await.map(|done| done.value.kinds)
        };
        let (strict, body) = stricter();
        put(home, &strict, &body).await;
        let ways = [
            (&shipped, KindSet::of(&KINDS)),
            (&strict, KindSet::of(&[SectionKind::Identity])),
            (&shipped, KindSet::of(&KINDS)),
        ];
        for (hash, kinds) in ways {
            name(home, hash).await;
            let size = u64::try_from(home.count("SELECT size FROM head").await).unwrap();
            for node in &nodes {
                assert_eq!(fetch(node).await, Ok(kinds));
            }
            assert_eq!(sets(&world, size).await, vec![hash.clone(); nodes.len()]);
        }
        if let Some(other) = other {
            other.close().await;
        }
    }

    async fn a_set_that_is_not_what_its_hash_says_decides_nothing(home) {
        let mut world = World::new(home).await;
        let shipped = sets(&world, 0).await.remove(0);
        let (strict, body) = stricter();
        let wrong = [
            // Somebody took the forbidding policy out of it.
            ("another text", body.replace(CLOSED, "")),
            ("no policies", "nothing".to_owned()),
            ("a text cut short", body[..body.len() / 2].to_owned()),
        ];
        for (what, body) in &wrong {
            put(home, &strict, body).await;
            name(home, &strict).await;
            let entries = home.count("SELECT count(*) FROM entry").await;
            let transition = baton_domain::act::ListSettings { after: None, limit: 1, code: None };
            for _ in 0..2 {
                let answer = world.ledger.act(&world.officer, transition.clone()).await;
                assert_eq!(answer.map(drop), Err(Refusal::Unavailable), "{what}");
                assert!(world.ledger.without_policies().is_some(), "{what}");
            }
            assert_eq!(home.count("SELECT count(*) FROM entry").await, entries, "{what}");
            world.ledger.close().await;
            let opened = Ledger::open(&home.place(), world.clock.clone(), false).await;
            assert!(opened.is_err(), "nothing is opened under {what}");
            name(home, &shipped).await;
            home.tamper(&format!("DELETE FROM policy_set WHERE hash = '{strict}'")).await;
            world.ledger = open(home, &world.clock).await;
            assert_eq!(world.ledger.act(&world.officer, transition).await.map(drop), Ok(()));
        }
        // A hash nobody knows.
        name(home, &"0".repeat(64)).await;
        let act = baton_domain::act::ListSettings { after: None, limit: 1, code: None };
        let answer = world.ledger.act(&world.officer, act).await;
        assert_eq!(answer.map(drop), Err(Refusal::Unavailable));
        name(home, &shipped).await;
        let hashes = sets(&world, 0).await;
        assert!(hashes.iter().all(|hash| *hash == shipped));
        assert_eq!(world.ledger.without_policies(), None, "it serves again");
    }

    async fn a_set_of_another_version_is_refused_by_name_and_decides_nothing(home) {
        let world = World::new(home).await;
        let shipped = sets(&world, 0).await.remove(0);
        let local = |policy| {
            let shipped = PolicyText::shipped();
            PolicyText::of(shipped.files().chain([("local.cedar", policy)])).unwrap()
        };
        let others = [
            // A newer one has an action that this one does not know.
            (local(r#"@id("x") permit (principal in Role::"dsl", action == Action::"foretell", resource);"#), "foretell"),
            // An older one lacked a law.
            (local(r#"@id("x") permit (principal in Role::"operator", action == Action::"release", resource);"#),
                "only_the_sweeper_releases"),
        ];
        for (text, why) in others {
            let (hash, entries) = (text.hash(), home.count("SELECT count(*) FROM entry").await);
            put(home, &hash, &text.canonical()).await;
            name(home, &hash).await;
            let act = baton_domain::act::ListSettings { after: None, limit: 1, code: None };
            let answer = world.ledger.act(&world.officer, act.clone()).await;
            assert_eq!(answer.map(drop), Err(Refusal::Unavailable));
            let told = world.ledger.without_policies().expect("the operator is told");
            assert!(told.contains(why) && told.contains(&hash), "{told}");
            assert_eq!(home.count("SELECT count(*) FROM entry").await, entries);
            name(home, &shipped).await;
            assert_eq!(world.ledger.act(&world.officer, act).await.map(drop), Ok(()));
        }
    }
}

async fn open(home: &Home, clock: &Clock) -> Ledger {
    Ledger::open(&home.place(), clock.clone(), false)
        .await
        .unwrap()
}
