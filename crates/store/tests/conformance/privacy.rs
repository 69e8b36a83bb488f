//! What a stolen disk or a reader of entries learns: nothing of a child.

use baton_domain::access::Role;
use baton_domain::act::{Fact, Lease, Offer, Plan, Publish, Pull, RecordFact, Redirect, Withdraw};
use baton_domain::ids::LearnerIdentifier;

use crate::engine::{hex, on_both_engines};
use crate::values::{code, local, publishable, upn};
use crate::world::World;
use jiff::civil::date;

const MARKER: &str = "Xanthippe-Marker";
/// Of a version that is superseded, of the next, and of one that is withdrawn.
const MARKERS: [&str; 3] = [
    "Xanthippe-Superseded",
    "Xanthippe-Standing",
    "Xanthippe-Withdrawn",
];

/// A text, and as a log would print the bytes of it.
fn spelt(text: &str) -> [String; 2] {
    [text.to_owned(), hex(text.as_bytes())]
}

on_both_engines! {
    async fn nothing_written_about_a_child_is_found_in_any_file(home) {
        let world = World::new(home).await;
        let nhs = LearnerIdentifier::parse("nhs", "9434765919").unwrap();
        let known = [upn(1), local("room-4-bed-2"), nhs];
        let sender = world.caller(&world.primary.id, &[Role::Publisher, Role::Dsl]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Dsl]).await;
        let subscription = world.subscription(&receiver).await;
        let plan = Plan { learner: known.to_vec(), ..world.plan(upn(1)) };
        let planned = world.planned(&world.officer, plan).await.unwrap().transition;
        // Superseded, then current, then withdrawn; each of all kinds.
        for marker in MARKERS {
            let publish = Publish {
                born: Some(date(2014, 11, 23)),
                stated: known.to_vec(),
                ..world.publish(&planned.id, &publishable(false), marker)
            };
            let profile = world.published(&sender, publish).await.value.profile;
            world.fetch(&receiver, &profile).await.unwrap();
            let (subscription, from) = (subscription.clone(), 0);
            let act = Pull { subscription, from: from.into(), limit: 64, inline: true, lease: Lease::Break };
            world.ledger.act(&receiver, act).await.unwrap();
        }
        // Every act whose answer is kept for its request id.
        let (transition, request) = (planned.id.clone(), world.request());
        let fact = RecordFact { transition, fact: Fact::Enrolled, request };
        world.ledger.act(&sender, fact).await.unwrap();
        let again = world.publish(&planned.id, &publishable(false), MARKERS[2]);
        let (profile, request) = (world.published(&sender, again).await.value.profile, world.request());
        world.ledger.act(&sender, Withdraw { profile, request }).await.unwrap();
        let offer = Offer::default();
        let (to, request) = (Some(code("gias:100004")), world.request());
        let redirect = Redirect { transition: planned.id, to, offer, request };
        world.ledger.act(&world.officer, redirect).await.unwrap();

        let mut secrets: Vec<String> = MARKERS.iter().flat_map(|marker| spelt(marker)).collect();
        for kind in publishable(false) {
            secrets.extend(MARKERS.iter().map(|marker| format!("plain {} of {marker}", kind.name())));
        }
        secrets.extend(known.iter().flat_map(|identifier| spelt(identifier.value())));
        secrets.extend(spelt("2014-11-23"));
        let there = "Ripple Primary".to_owned();
        secrets.push(there.clone());
        if let Some(found) = home.found(&secrets).await {
            assert_eq!(found, [there].into(), "the search finds what is there, and nothing else is");
        }
    }

    async fn entries_name_a_learner_by_its_alias_and_by_nothing_else(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let subscription = world.subscription(&receiver).await;
        let transition = world.open_move(1).await;
        world.published(&sender, world.publish(&transition, &publishable(false), MARKER)).await;
        world.pull(&receiver, &subscription, 0).await.unwrap();
        world.summary(&world.officer, &transition).await;
        let bodies = world.bodies().await.concat();
        let text = String::from_utf8(bodies).unwrap();
        assert!(text.contains("als_"));
        assert!(!text.contains("lrn_"), "the learner's id in the interface");
        for secret in [upn(1).value(), "Ripple", "Eastbrook", MARKER, "signed by", "of a test"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}
