//! Key epochs: everything is wrapped anew while the ledger serves, and what was copied away is
//! closed once its epoch is destroyed.

use std::time::Duration;

use baton_domain::access::Role;
use baton_domain::act::{Caller, Fetch, ListEntries, RotateKeys};
use baton_domain::ids::ProfileId;
use baton_domain::section::KindSet;
use baton_store::{Epoch, Ledger, Place, Refusal, Rotation};

use crate::engine::{Home, on_both_engines};
use crate::line::Line;
use crate::values::publishable;
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
    let publish = world.publish(&transition, &publishable(true), &text);
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
    async fn what_was_published_before_a_rotation_opens_after_it_and_its_plain_key_is_the_same(home) {
        let world = World::new(home).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Dsl]).await;
        let first = published(&world, 1).await;
        let before = read(&world, &receiver, &first).await.unwrap();
        assert_eq!(before.len(), publishable(true).len());
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
                    let act = world.publish(transition, &publishable(true), &text);
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
            assert_eq!(sections.len(), publishable(true).len());
            assert!(sections.iter().all(|text| text.contains("round 2")), "{sections:?}");
        }
    }

    async fn an_epoch_is_opened_when_it_is_due_and_entered(home) {
        let world = World::new(home).await;
        let profile = published(&world, 1).await;
        let World { ledger, clock, hand, .. } = &world;
        let now = *hand.borrow();
        let every = Some(Duration::from_hours(7 * 24));
        let place = Place { rotation: Rotation { every, keep: 1 }, ..home.place() };
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
