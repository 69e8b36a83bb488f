//! Request ids: the same one twice is one act.

use std::time::Duration;

use baton_domain::access::Role;
use baton_domain::act::{Fetch, Lease, Pull};
use baton_domain::log::leaf_hash;
use baton_domain::section::{KindSet, SectionKind};
use baton_store::Refusal;

use crate::engine::on_both_engines;
use crate::values::{NOON_10_MARCH, at, upn};
use crate::world::World;

const KINDS: [SectionKind; 2] = [SectionKind::Identity, SectionKind::Send];

on_both_engines! {
    async fn a_replay_is_given_the_first_receipt_and_makes_no_entry(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let transition = world.open_move(1).await;
        let publish = world.publish(&transition, &KINDS, "A");
        let first = world.published(&sender, publish.clone()).await;
        let size = world.size();
        let again = world.published(&sender, publish).await;
        assert_eq!(world.size(), size);
        assert_eq!(again.value, first.value);
        let (first, again) = (first.receipt.unwrap(), again.receipt.unwrap());
        assert!(again.replayed && !first.replayed);
        assert_eq!((again.position, again.time_us), (first.position, first.time_us));
        assert_eq!(again.leaf, first.leaf);
        let body = &world.bodies().await[usize::try_from(first.position).unwrap()];
        assert_eq!(first.leaf, leaf_hash(body));
        assert_eq!(home.count("SELECT count(*) FROM version").await, 1);
        assert_eq!(home.count("SELECT count(*) FROM content").await, 3, "two sections, one cover");
    }

    async fn a_request_id_is_known_for_400_days_and_then_forgotten(home) {
        const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;
        let world = World::new(home).await;
        world.hand.send(at(NOON_10_MARCH) + 2 * DAY_US).unwrap();
        world.planned(&world.officer, world.plan(upn(1))).await.unwrap();
        let known = async || home.count("SELECT count(*) FROM request").await;
        assert!(known().await > 1, "those of the first day, too");
        world.hand.send(at(NOON_10_MARCH) + 401 * DAY_US).unwrap();
        let forgotten = async {
            while known().await != 1 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), forgotten).await.unwrap();
    }

    async fn the_same_id_with_other_content_is_a_conflict_with_one_entry(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let transition = world.open_move(1).await;
        let publish = world.publish(&transition, &KINDS, "A");
        let mut other = world.publish(&transition, &KINDS, "B");
        other.request = publish.request.clone();
        world.published(&sender, publish).await;
        let size = world.size();
        let answer = world.ledger.act(&sender, other).await.map(|done| done.value);
        assert_eq!(answer, Err(Refusal::Conflict));
        assert_eq!(world.size(), size + 1);
        let entry = &world.entries(size).await[0];
        assert_eq!((entry.verdict(), entry.text("reason")), ("failed", "REQUEST_ID_CONFLICT"));
        assert_eq!(home.count("SELECT count(*) FROM content").await, 3);
    }

    async fn ids_of_other_settings_and_methods_are_other_ids(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let transition = world.open_move(1).await;
        let mut publish = world.publish(&transition, &KINDS, "A");
        let plan = world.plan(upn(2));
        publish.request = plan.request.clone();
        world.planned(&world.officer, plan.clone()).await.unwrap();
        world.planned(&sender, plan).await.unwrap();
        assert!(!world.published(&sender, publish).await.receipt.unwrap().replayed);
    }

    async fn replays_inside_one_batch_are_one_act(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let transition = world.open_move(1).await;
        let publish = world.publish(&transition, &KINDS, "A");
        let size = world.size();
        let all = (0..40).map(|_| world.ledger.act(&sender, publish.clone()));
        let all = futures::future::join_all(all).await;
        assert_eq!(world.size(), size + 1);
        let receipts: Vec<_> = all.into_iter().map(|done| done.unwrap().receipt.unwrap()).collect();
        assert_eq!(receipts.iter().filter(|receipt| !receipt.replayed).count(), 1);
        assert!(receipts.iter().all(|receipt| receipt.position == size));
        assert!(receipts.iter().all(|receipt| receipt.leaf == receipts[0].leaf));
    }

    async fn a_denied_request_may_be_repeated_when_the_right_is_there(home) {
        let world = World::new(home).await;
        let stranger = world.caller(&world.primary.id, &[Role::Senco]).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let transition = world.open_move(1).await;
        let publish = world.publish(&transition, &KINDS, "A");
        let denied = world.ledger.act(&stranger, publish.clone()).await.map(|done| done.value);
        assert_eq!(denied, Err(Refusal::Denied));
        assert!(world.published(&sender, publish).await.value.changed);
    }

    async fn every_act_makes_one_entry_and_empty_pulls_and_replays_make_none(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let subscription = world.subscription(&receiver).await;
        let transition = world.open_move(1).await;
        let mut size = world.size();
        let mut grown = |by: u64, what: &str| {
            size += by;
            assert_eq!(world.size(), size, "{what}");
        };
        let empty = world.pull(&receiver, &subscription, 0).await.unwrap();
        assert_eq!(empty.receipt, None);
        grown(0, "an empty pull");
        let publish = world.publish(&transition, &KINDS, "A");
        let profile = world.published(&sender, publish.clone()).await.value.profile;
        grown(1, "a publish");
        world.published(&sender, publish).await;
        grown(0, "its replay");
        world.pull(&receiver, &subscription, 0).await.unwrap();
        grown(1, "a pull that shows something");
        world.fetch(&receiver, &profile).await.unwrap();
        grown(1, "a fetch");
        world.fetch(&world.officer, &profile).await.unwrap_err();
        grown(1, "a denied fetch");
        let unknown = baton_domain::ids::ProfileId::from_bytes([3; 16]);
        let act = Fetch { profile: unknown, kinds: KindSet::EMPTY };
        world.ledger.act(&receiver, act).await.unwrap_err();
        grown(1, "a fetch of nothing");
        let foreign = Pull { subscription: subscription.clone(), from: 0.into(), limit: 1, inline: false, lease: Lease::Break };
        world.ledger.act(&sender, foreign).await.unwrap_err();
        grown(1, "a pull of another setting's subscription");
        world.pull(&sender, &subscription, 1_000_000).await.unwrap_err();
        grown(1, "an empty pull of it");
    }
}
