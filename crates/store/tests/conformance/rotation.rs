//! Key epochs: everything is wrapped anew while the ledger serves, and what was copied away is
//! closed once its epoch is destroyed.

use std::time::Duration;

use baton_domain::access::Role;
use baton_domain::act::{Caller, Fetch, ListEntries, RotateKeys};
use baton_domain::ids::ProfileId;
use baton_domain::section::KindSet;
use baton_store::{Epoch, Ledger, Place, Refusal, Rotation, StoreError};

use crate::engine::{Home, on_both_engines};
use crate::line::Line;
use crate::values::{publishable, upn};
use crate::world::World;

const WEEK_US: i64 = 7 * 24 * 60 * 60 * 1_000_000;

async fn rotate(world: &World) -> Result<i64, Refusal> {
    let request = world.request();
    let done = world
        .ledger
        .act(&world.officer, RotateKeys { request })
        .await?;
    Ok(done.value.epoch)
}

/// The epochs, asked until they are as expected: wrapping anew goes on by itself and tells nobody
/// when it is done.
async fn until(ledger: &Ledger, expected: impl Fn(&[Epoch]) -> bool) -> Vec<Epoch> {
    loop {
        let epochs = ledger.epochs().await.unwrap();
        if expected(&epochs) {
            return epochs;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Rotated, and nothing left under any epoch before.
async fn turned(world: &World) -> i64 {
    let epoch = rotate(world).await.unwrap();
    until(&world.ledger, |epochs| {
        let kept = epochs.iter().filter(|one| one.id < epoch);
        epochs.len() <= 3 && kept.map(|one| one.keys).sum::<i64>() == 0
    })
    .await;
    epoch
}

async fn published(world: &World, number: u32) -> ProfileId {
    let sender = world
        .caller(&world.primary.id, &[Role::Publisher, Role::Dsl])
        .await;
    let transition = world.open_move(number).await;
    let text = format!("profile {number}");
    let publish = world.publish(&transition, &publishable(false), &text);
    world.published(&sender, publish).await.value.profile
}

/// What a DSL of the receiver reads of a profile.
async fn read(
    world: &World,
    receiver: &Caller,
    profile: &ProfileId,
) -> Result<Vec<String>, Refusal> {
    let fetched = world.fetch(receiver, profile).await?;
    let sections = fetched.sections.iter();
    Ok(sections
        .map(|section| String::from_utf8(section.bytes.to_vec()).unwrap())
        .collect())
}

fn all_of(profile: &ProfileId) -> Fetch {
    Fetch {
        profile: profile.clone(),
        kinds: KindSet::EMPTY,
    }
}

/// Puts back what a thief or a backup has of the sealed rows and the settings' keys.
async fn put_back(home: &Home) {
    let of =
        "FROM kept_content k WHERE k.content_id = content.content_id AND k.kind = content.kind";
    home.tamper(&format!(
        "UPDATE content SET epoch = (SELECT k.epoch {of}), wrapped = (SELECT k.wrapped {of})"
    ))
    .await;
    home.tamper(
        "INSERT INTO setting_key SELECT * FROM kept_key k WHERE NOT EXISTS (SELECT 1 \
         FROM setting_key s WHERE s.setting_id = k.setting_id AND s.epoch = k.epoch)",
    )
    .await;
}

on_both_engines! {
    async fn what_was_published_before_a_rotation_opens_after_it(home) {
        let world = World::new(home).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Dsl]).await;
        let first = published(&world, 1).await;
        let before = read(&world, &receiver, &first).await.unwrap();
        assert_eq!(before.len(), publishable(false).len());
        for expected in 2..=5 {
            assert_eq!(turned(&world).await, expected);
            assert_eq!(read(&world, &receiver, &first).await.unwrap(), before);
            let next = published(&world, u32::try_from(expected).unwrap()).await;
            assert_eq!(read(&world, &receiver, &next).await.unwrap().len(), before.len());
        }
        let epochs = until(&world.ledger, |epochs| epochs[0].id == 3).await;
        let ids: Vec<_> = epochs.iter().map(|epoch| (epoch.id, epoch.in_force)).collect();
        assert_eq!(ids, [(3, false), (4, false), (5, true)], "two are kept beside the one in force");
        let old = "SELECT count(*) FROM setting_key WHERE epoch < 3";
        assert_eq!(home.count(old).await, 0, "the settings' keys under destroyed epochs are gone");

        world.ledger.close().await;
        let again = Ledger::open(&home.place(), world.clock.clone(), false).await.unwrap();
        let fetched = again.act(&receiver, all_of(&first)).await.unwrap();
        assert_eq!(fetched.value.sections.len(), before.len(), "and so after a restart");
        again.close().await;
    }

    async fn a_copy_opens_as_long_as_its_epoch_and_no_longer(home) {
        let world = World::new(home).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Dsl]).await;
        let profile = published(&world, 1).await;
        home.tamper("CREATE TABLE kept_content AS SELECT * FROM content").await;
        home.tamper("CREATE TABLE kept_key AS SELECT * FROM setting_key").await;
        turned(&world).await;
        turned(&world).await;
        put_back(home).await;
        assert!(read(&world, &receiver, &profile).await.is_ok(), "epoch 1 is kept");
        // Put back, the rows are old ones again, and wrapped anew by the next rotations.
        turned(&world).await;
        turned(&world).await;
        until(&world.ledger, |epochs| epochs[0].id == 3).await;
        assert!(read(&world, &receiver, &profile).await.is_ok());
        put_back(home).await;
        let refused = read(&world, &receiver, &profile).await;
        assert_eq!(refused.unwrap_err(), Refusal::Internal, "epoch 1 is destroyed");
        // What was put back lies under keys that nobody has, and is in nobody's way.
        let other = published(&world, 2).await;
        assert_eq!(turned(&world).await, 6);
        assert!(read(&world, &receiver, &other).await.is_ok());
    }

    async fn an_old_copy_of_a_key_does_not_open_with_the_keys_of_today(home) {
        let world = World::new(home).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Dsl]).await;
        let profile = published(&world, 1).await;
        home.tamper("CREATE TABLE kept_content AS SELECT * FROM content").await;
        turned(&world).await;
        assert!(read(&world, &receiver, &profile).await.is_ok());
        // The ring still has epoch 1, the database still has every key of the settings.
        let of = "FROM kept_content k WHERE k.content_id = content.content_id AND k.kind = content.kind";
        home.tamper(&format!("UPDATE content SET wrapped = (SELECT k.wrapped {of})")).await;
        let refused = read(&world, &receiver, &profile).await;
        assert_eq!(refused.unwrap_err(), Refusal::Internal);
    }

    async fn a_key_that_somebody_changed_is_set_aside_and_keeps_no_other_one(home) {
        let world = World::new(home).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Dsl]).await;
        let (whole, changed) = (published(&world, 1).await, published(&world, 2).await);
        let of = |profile: &ProfileId| {
            format!("kind = 1 AND content_id = (SELECT content_id FROM profile WHERE id = '{profile}')")
        };
        home.flip(("content", "wrapped"), &of(&changed)).await;
        for _ in 0..4 {
            turned(&world).await;
        }
        until(&world.ledger, |epochs| epochs[0].id == 3).await;
        assert!(read(&world, &receiver, &whole).await.is_ok());
        assert_eq!(read(&world, &receiver, &changed).await.unwrap_err(), Refusal::Internal);
        let aside = home.count("SELECT count(*) FROM content WHERE epoch < 0").await;
        assert_eq!(aside, 1, "as it was, and out of the way");
    }

    async fn a_key_that_only_a_nodes_memory_has_seals_nothing(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher, Role::Dsl]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Dsl]).await;
        let moves = [world.open_move(1).await, world.open_move(2).await];
        let publish = |at: usize| world.publish(&moves[at], &publishable(false), "a profile");
        home.tamper("CREATE TABLE kept_learner AS SELECT * FROM learner").await;
        turned(&world).await;
        world.ledger.act(&sender, publish(0)).await.unwrap();
        // As after a failover to a copy that lacks the last commits: the records of learners are not
        // wrapped anew there.
        let of = "FROM kept_learner k WHERE k.id = learner.id";
        for column in ["epoch", "wrapped"] {
            home.tamper(&format!("UPDATE learner SET {column} = (SELECT k.{column} {of})")).await;
        }
        let of = &world.primary.id;
        home.tamper(&format!("DELETE FROM setting_key WHERE setting_id = '{of}' AND epoch = 2")).await;
        let refused = world.ledger.act(&sender, publish(1)).await;
        assert_eq!(refused.unwrap_err(), Refusal::Unavailable);
        let profile = world.ledger.act(&sender, publish(1)).await.unwrap().value.profile;
        let World { ledger, clock, .. } = world;
        ledger.close().await;
        let ledger = Ledger::open(&home.place(), clock, false).await.unwrap();
        let read = ledger.act(&receiver, all_of(&profile)).await.unwrap();
        assert_eq!(read.value.sections.len(), publishable(false).len());
        ledger.close().await;
    }

    async fn what_was_sealed_while_the_epoch_changed_opens_though_its_setting_did_more(home) {
        if !home.is_postgres() {
            return;
        }
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher, Role::Dsl]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Dsl]).await;
        let transition = world.open_move(1).await;
        let publish = |text| world.publish(&transition, &publishable(false), text);
        world.ledger.act(&sender, publish("its key is known")).await.unwrap();
        let held = home.hold().await;
        let waits = "SELECT count(*) FROM pg_stat_activity \
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let meanwhile = async {
            while home.count(waits).await == 0 {}
            // Rotation waits for the lock: what comes now is sealed under the old epoch, and is
            // one batch with a plan that makes a key of the same setting in the new one.
            tokio::join!(
                world.ledger.act(&sender, publish("late")),
                world.planned(&world.officer, world.plan(upn(2))),
                held.let_go(),
            )
        };
        let (epoch, (late, planned, ())) = tokio::join!(rotate(&world), meanwhile);
        assert_eq!(epoch.unwrap(), 2);
        let (profile, planned) = (late.unwrap().value.profile, planned.unwrap());
        until(&world.ledger, |epochs| epochs[0].keys == 0).await;
        let plan = world.plan(upn(2));
        let World { ledger, clock, officer, .. } = world;
        ledger.close().await;
        let ledger = Ledger::open(&home.place(), clock, false).await.unwrap();
        let read = ledger.act(&receiver, all_of(&profile)).await.unwrap().value;
        let late = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("of late");
        assert!(read.sections.iter().all(|section| late(&section.bytes)));
        let again = ledger.act(&officer, plan).await.unwrap().value;
        assert_eq!(again.transition.id, planned.transition.id, "the learner's record opens");
        ledger.close().await;
    }

    async fn an_epoch_is_opened_once_however_many_ask_at_once(home) {
        let world = World::new(home).await;
        let asked = futures::future::join_all((0..8).map(|_| rotate(&world))).await;
        let mut opened = Vec::new();
        for answer in asked {
            match answer {
                Ok(epoch) => opened.push(epoch),
                Err(refusal) => assert_eq!(refusal, Refusal::Failed("KEYS_ROTATED_MEANWHILE")),
            }
        }
        opened.sort_unstable();
        let expected: Vec<i64> = (2..).take(opened.len()).collect();
        assert_eq!(opened, expected, "one answer an epoch");
        let entries = world.entries(0).await;
        let entered = entries.iter().filter(|entry| {
            entry.text("kind") == "epoch_opened" && entry.text("verdict") == "done"
        });
        assert_eq!(entered.count(), opened.len(), "and one entry");
    }

    async fn a_settings_key_that_somebody_changed_keeps_no_other_setting(home) {
        let world = World::new(home).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Dsl]).await;
        let profile = published(&world, 1).await;
        turned(&world).await;
        // The nursery has a key of epoch 1 and nothing under it; the primary school's is in use.
        for of in [&world.nursery.id, &world.primary.id] {
            home.flip(("setting_key", "wrapped"), &format!("setting_id = '{of}' AND epoch = 1")).await;
        }
        for _ in 0..3 {
            turned(&world).await;
        }
        until(&world.ledger, |epochs| epochs[0].id == 3).await;
        assert!(read(&world, &receiver, &profile).await.is_ok());
    }

    async fn who_may_not_rotate_leaves_the_ring_as_it_was(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let ring = home.folder().join("keys/ring.json");
        let before = std::fs::read(&ring).unwrap();
        let request = world.request();
        let refused = world.ledger.act(&sender, RotateKeys { request }).await;
        assert_eq!(refused.unwrap_err(), Refusal::Denied);
        assert_eq!(std::fs::read(&ring).unwrap(), before);
        assert_eq!(world.ledger.epochs().await.unwrap().len(), 1);
    }

    async fn a_copy_older_than_every_epoch_that_is_kept_is_not_gone_on_from(home) {
        let world = World::new(home).await;
        for _ in 0..4 {
            turned(&world).await;
        }
        until(&world.ledger, |epochs| epochs[0].id == 3).await;
        let World { ledger, clock, .. } = world;
        ledger.close().await;
        let size = home.count("SELECT size FROM head").await;
        home.tamper("UPDATE head SET epoch = 1, size = size").await;
        let opened = Ledger::open(&home.place(), clock, true).await;
        assert!(matches!(opened, Err(StoreError::EpochMissing(1))), "{opened:?}");
        assert_eq!(home.count("SELECT size FROM head").await, size, "nothing was entered");
    }

    async fn a_node_with_a_key_folder_of_its_own_writes_nothing_after_a_rotation(home) {
        if !home.is_postgres() {
            return;
        }
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher, Role::Dsl]).await;
        let transition = world.open_move(1).await;
        let own = home.folder().with_file_name("own");
        let (keys, copy) = (home.folder().join("keys"), own.join("keys"));
        std::fs::create_dir_all(&copy).unwrap();
        for name in ["ring.json", "master.key"] {
            std::fs::copy(keys.join(name), copy.join(name)).unwrap();
        }
        let place = Place { folder: own, ..home.place() };
        let other = Ledger::open(&place, world.clock.clone(), false).await.unwrap();
        let publish = |text| world.publish(&transition, &publishable(false), text);
        other.act(&sender, publish("before")).await.unwrap();
        turned(&world).await;
        let refused = other.act(&sender, publish("after")).await;
        assert_eq!(refused.unwrap_err(), Refusal::Unavailable);
        let request = world.request();
        let refused = other.act(&world.officer, RotateKeys { request }).await;
        assert_eq!(refused.unwrap_err(), Refusal::Unavailable, "and lays no key of its own");
        std::fs::copy(keys.join("ring.json"), copy.join("ring.json")).unwrap();
        other.act(&sender, publish("shared again")).await.unwrap();
        other.close().await;
    }

    async fn publishes_and_readings_go_on_while_keys_are_rotated(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher, Role::Dsl]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Dsl]).await;
        let mut moves = Vec::new();
        for number in 1..=24 {
            moves.push(world.open_move(number).await);
        }
        let publishing = async {
            let mut profiles = Vec::new();
            for round in 0..3 {
                for (at, transition) in moves.iter().enumerate() {
                    let text = format!("round {round} of {at}");
                    let act = world.publish(transition, &publishable(false), &text);
                    let profile = world.published(&sender, act).await.value.profile;
                    assert!(!read(&world, &receiver, &profile).await.unwrap().is_empty());
                    profiles.push(profile);
                }
            }
            profiles
        };
        let rotating = async {
            for _ in 0..6 {
                turned(&world).await;
            }
        };
        let (profiles, ()) = tokio::join!(publishing, rotating);
        for profile in profiles {
            let sections = read(&world, &receiver, &profile).await.unwrap();
            assert_eq!(sections.len(), publishable(false).len());
            assert!(sections.iter().all(|text| text.contains("round 2")), "{sections:?}");
        }
    }

    async fn an_epoch_is_opened_when_it_is_due_and_entered(home) {
        let world = World::new(home).await;
        let profile = published(&world, 1).await;
        let World { ledger, clock, hand, .. } = &world;
        let now = *hand.borrow();
        let every = Some(Duration::from_hours(7 * 24));
        let place = Place { rotation: Rotation { every, keep: 1, ..Rotation::default() }, ..home.place() };
        let (clock, officer, request) = (clock.clone(), world.officer.clone(), world.request());
        let receiver = world.caller(&world.secondary.id, &[Role::Dsl]).await;
        let start = *ledger.size().borrow();
        let World { ledger, hand, .. } = world;
        ledger.close().await;
        let ledger = Ledger::open(&place, clock, false).await.unwrap();
        for week in 1..=3 {
            hand.send_replace(now + week * WEEK_US);
            until(&ledger, |epochs| epochs.last().is_some_and(|last| {
                last.id == week + 1 && last.in_force && last.opened_us == now + week * WEEK_US
            }))
            .await;
        }
        let epochs = until(&ledger, |epochs| epochs[0].id == 3).await;
        assert_eq!(epochs.len(), 2, "one is kept beside the one in force");
        assert!(ledger.act(&receiver, all_of(&profile)).await.is_ok());
        let mut kinds = Vec::new();
        let list = ListEntries { start, limit: 500 };
        for (_, body, _) in ledger.act(&officer, list).await.unwrap().value.entries {
            let kind = Line::parse(&body.unwrap()).text("kind").to_owned();
            if kind.starts_with("epoch") {
                kinds.push(kind);
            }
        }
        let opened = kinds.iter().filter(|kind| *kind == "epoch_opened").count();
        assert_eq!((opened, kinds.len() - opened), (3, 2), "{kinds:?}");
        let asked = ledger.act(&officer, RotateKeys { request }).await.unwrap();
        assert_eq!(asked.value.epoch, 5);
        ledger.close().await;
    }
}
