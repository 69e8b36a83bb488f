//! One consumer of a named subscription at a time: the latest watch.

use baton_domain::access::{Role, RoleSet};
use baton_domain::act::{
    AddDelegation, Caller, EndDelegation, FeedPlace, Lease, Pull, RevokeCredential,
};
use baton_domain::delegation::{Mandate, Scope, Term};
use baton_domain::ids::SubscriptionId;
use baton_domain::route::SettingKind;
use baton_domain::section::{KindSet, SectionKind};
use baton_store::{Ledger, Pulled, Refusal};
use jiff::civil::date;

use crate::engine::{Home, on_both_engines};
use crate::values::setting;
use crate::world::World;

async fn turn(
    ledger: &Ledger,
    by: &Caller,
    (of, from): (&SubscriptionId, impl Into<FeedPlace>),
    lease: Lease,
) -> Result<Pulled, Refusal> {
    let act = Pull {
        subscription: of.clone(),
        from: from.into(),
        limit: 64,
        inline: false,
        lease,
    };
    ledger.act(by, act).await.map(|done| done.value)
}

impl World {
    async fn one_more(&self, learner: u32) {
        let sender = self.caller(&self.primary.id, &[Role::Publisher]).await;
        let transition = self.open_move(learner).await;
        let publish = self.publish(&transition, &[SectionKind::Identity], "A");
        self.published(&sender, publish).await;
    }
}

on_both_engines! {
    async fn the_latest_watch_holds_the_lease_and_the_one_before_is_shown_nothing_more(home) {
        let world = World::new(home).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let of = world.subscription(&receiver).await;
        let ledger = &world.ledger;
        let before = world.size();
        let first = turn(ledger, &receiver, (&of, 0), Lease::Take).await.unwrap();
        let second = turn(ledger, &receiver, (&of, 0), Lease::Take).await.unwrap();
        let (one, two) = (first.watch.unwrap(), second.watch.unwrap());
        assert_ne!(one, two);
        assert_eq!(world.size(), before, "a lease is no entry");
        let feed = (&receiver, second.next.position);
        assert!(ledger.is_stirred(feed, (&of, &one)).await.unwrap(), "it has lost its lease");
        assert!(!ledger.is_stirred(feed, (&of, &two)).await.unwrap());

        world.one_more(1).await;
        let before = world.size();
        let lost = turn(ledger, &receiver, (&of, first.next), Lease::Hold(one)).await;
        assert_eq!(lost, Err(Refusal::TakenOver));
        assert_eq!(world.size(), before, "it is shown nothing, so there is nothing to enter");
        assert!(ledger.is_stirred(feed, (&of, &two)).await.unwrap(), "something came");
        let held = turn(ledger, &receiver, (&of, second.next), Lease::Hold(two.clone())).await;
        let held = held.unwrap();
        assert_eq!((held.items.len(), held.watch), (1, Some(two)));
    }

    async fn a_single_turn_ends_a_watch_and_a_waiting_one_does_not_end_the_next(home) {
        let world = World::new(home).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let of = world.subscription(&receiver).await;
        let ledger = &world.ledger;
        let watch = turn(ledger, &receiver, (&of, 0), Lease::Take).await.unwrap().watch.unwrap();
        for _ in 0..2 {
            turn(ledger, &receiver, (&of, 0), Lease::Break).await.unwrap();
        }
        let ended = turn(ledger, &receiver, (&of, 0), Lease::Hold(watch)).await;
        assert_eq!(ended, Err(Refusal::TakenOver));
        let next = turn(ledger, &receiver, (&of, 0), Lease::Take).await.unwrap().watch.unwrap();
        turn(ledger, &receiver, (&of, 0), Lease::Leave).await.unwrap();
        turn(ledger, &receiver, (&of, 0), Lease::Hold(next)).await.unwrap();
    }

    async fn whoever_waits_is_woken_when_their_credential_is_revoked_and_then_refused(home) {
        let world = World::new(home).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let other = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let of = world.subscription(&receiver).await;
        let ledger = &world.ledger;
        let taken = turn(ledger, &receiver, (&of, 0), Lease::Take).await.unwrap();
        let (watch, from) = (taken.watch.unwrap(), taken.next.position);
        for (who, wakes) in [(&other, false), (&receiver, true)] {
            let revoke = RevokeCredential {
                setting: who.acting.clone(),
                credential: who.credential.clone(),
                request: world.request(),
            };
            ledger.act(&world.officer, revoke).await.unwrap();
            let feed = (&receiver, from);
            assert_eq!(ledger.is_stirred(feed, (&of, &watch)).await.unwrap(), wakes, "a watch");
            assert_eq!(ledger.has_arrived(&receiver, from).await.unwrap(), wakes, "a pull");
        }
        let answer = turn(ledger, &receiver, (&of, from), Lease::Hold(watch)).await;
        assert_eq!(answer, Err(Refusal::Denied));
    }

    async fn a_vendor_that_waits_is_woken_when_the_setting_lets_it_no_more(home) {
        let world = World::new(home).await;
        let vendor = setting(SettingKind::Vendor, "Example MIS", &["baton-local:example-mis"]);
        let vendor = world.import(vendor).await.id;
        let head = world.caller(&world.secondary.id, &[Role::Publisher]).await;
        let client = world.caller(&vendor, &[Role::ReceiverLead]).await;
        let client = Caller { acting: head.acting.clone(), ..client };
        let ledger = &world.ledger;
        let lets = AddDelegation {
            vendor: vendor.clone(),
            mandate: Mandate {
                roles: RoleSet::only(Role::ReceiverLead),
                scopes: [Scope::Read].into_iter().collect(),
                kinds: KindSet::of(&[SectionKind::Identity]),
            },
            term: Term { first: date(2026, 3, 1), last: date(2026, 12, 31) },
            request: world.request(),
        };
        ledger.act(&head, lets).await.unwrap();
        let of = world.subscription(&client).await;
        let taken = turn(ledger, &client, (&of, 0), Lease::Take).await.unwrap();
        let (watch, feed) = (taken.watch.unwrap(), (&client, taken.next.position));
        assert!(!ledger.is_stirred(feed, (&of, &watch)).await.unwrap());
        assert!(!ledger.has_arrived(&client, feed.1).await.unwrap());
        let ends = EndDelegation {
            setting: head.acting.clone(),
            vendor,
            request: world.request(),
        };
        ledger.act(&head, ends).await.unwrap();
        assert!(ledger.is_stirred(feed, (&of, &watch)).await.unwrap(), "a watch");
        assert!(ledger.has_arrived(&client, feed.1).await.unwrap(), "a pull");
        let answer = turn(ledger, &client, (&of, feed.1), Lease::Hold(watch)).await;
        assert_eq!(answer, Err(Refusal::Denied));
    }

    async fn who_may_not_subscribe_takes_nothing_over_and_is_told_nothing_of_it(home) {
        let world = World::new(home).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let of = world.subscription(&receiver).await;
        let ledger = &world.ledger;
        let watch = turn(ledger, &receiver, (&of, 0), Lease::Take).await.unwrap().watch.unwrap();
        let stranger = world.caller(&world.academy.id, &[Role::Senco]).await;
        let publisher = world.caller(&world.secondary.id, &[Role::Publisher]).await;
        for other in [&stranger, &publisher] {
            for lease in [Lease::Take, Lease::Break, Lease::Leave] {
                let before = world.size();
                let answer = turn(ledger, other, (&of, 0), lease.clone()).await;
                assert_eq!(answer, Err(Refusal::Denied), "{lease:?}");
                assert_eq!(world.size(), before + 1, "{lease:?}");
            }
        }
        turn(ledger, &receiver, (&of, 0), Lease::Hold(watch.clone())).await.unwrap();

        // Whose right ended with its lease is denied as if there were no lease.
        turn(ledger, &receiver, (&of, 0), Lease::Take).await.unwrap();
        let revoke = RevokeCredential {
            setting: receiver.acting.clone(),
            credential: receiver.credential.clone(),
            request: world.request(),
        };
        ledger.act(&world.officer, revoke).await.unwrap();
        let answer = turn(ledger, &receiver, (&of, 0), Lease::Hold(watch)).await;
        assert_eq!(answer, Err(Refusal::Denied));
    }
}

/// PostgreSQL alone: the lease is the ledger's and not a node's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_on_another_node_takes_the_lease_too() {
    let Some(home) = Home::postgres().await else {
        return;
    };
    let world = World::new(&home).await;
    let other = Ledger::open(&home.place(), world.clock.clone(), false)
        .await
        .unwrap();
    let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
    let of = world.subscription(&receiver).await;
    let here = turn(&world.ledger, &receiver, (&of, 0), Lease::Take).await;
    let there = turn(&other, &receiver, (&of, 0), Lease::Take).await;
    let (here, there) = (here.unwrap(), there.unwrap().watch.unwrap());
    world.one_more(1).await;
    let hold = Lease::Hold(here.watch.unwrap());
    let lost = turn(&world.ledger, &receiver, (&of, here.next), hold).await;
    assert_eq!(lost, Err(Refusal::TakenOver));
    let held = turn(&other, &receiver, (&of, here.next), Lease::Hold(there)).await;
    assert_eq!(held.unwrap().items.len(), 1);
    other.close().await;
    home.forget().await;
}
