//! What a stolen disk or a reader of entries learns: nothing of a child.

use baton_domain::access::Role;
use baton_domain::act::{Fact, Offer, Plan, Publish, RecordFact, Redirect};
use baton_domain::ids::LearnerIdentifier;

use crate::engine::on_both_engines;
use crate::values::{code, local, publishable, upn};
use crate::world::World;
use jiff::civil::date;

const MARKER: &str = "Xanthippe-Marker";

on_both_engines! {
    async fn nothing_written_about_a_child_is_found_in_what_is_stored(home) {
        let world = World::new(home).await;
        let nhs = LearnerIdentifier::parse("nhs", "9434765919").unwrap();
        let known = [upn(1), local("room-4-bed-2"), nhs];
        let sender = world.caller(&world.primary.id, &[Role::Publisher, Role::Dsl]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Dsl]).await;
        let plan = Plan { learner: known.to_vec(), ..world.plan(upn(1)) };
        let planned = world.planned(&world.officer, plan).await.unwrap().transition;
        let publish = Publish {
            born: Some(date(2014, 11, 23)),
            stated: known.to_vec(),
            ..world.publish(&planned.id, &publishable(true), MARKER)
        };
        let profile = world.published(&sender, publish).await.value.profile;
        world.fetch(&receiver, &profile).await.unwrap();
        // Every act whose answer is kept for its request id.
        let (transition, request) = (planned.id.clone(), world.request());
        let fact = RecordFact { transition, fact: Fact::Enrolled, request };
        world.ledger.act(&sender, fact).await.unwrap();
        let offer = Offer::default();
        let (to, request) = (Some(code("gias:100004")), world.request());
        let redirect = Redirect { transition: planned.id, to, offer, request };
        world.ledger.act(&world.officer, redirect).await.unwrap();

        let stored = home.everything().await;
        let holds = |text: &str| stored.windows(text.len()).any(|bytes| bytes == text.as_bytes());
        assert!(holds("Ripple Primary"), "the search finds what is there");
        assert!(!holds(MARKER), "a section or who signed it");
        for kind in publishable(true) {
            assert!(!holds(&format!("plain {}", kind.name())));
        }
        for identifier in &known {
            assert!(!holds(identifier.value()), "{}", identifier.scheme());
        }
        assert!(!holds("2014-11-23"), "date of birth");
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
