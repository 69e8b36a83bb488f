//! A profile states the numbers of the learner it is published for, and of nobody else.

use baton_domain::access::Role;
use baton_domain::act::{Caller, Plan, Publish, Target};
use baton_domain::ids::{LearnerIdentifier, TransitionId};
use baton_domain::route::Point;
use baton_domain::section::SectionKind;
use baton_store::Refusal;

use crate::engine::on_both_engines;
use crate::values::{code, local, upn, year};
use crate::world::World;

const OTHER: Refusal = Refusal::Failed("ANOTHER_LEARNER");

fn number(scheme: &str, value: &str) -> LearnerIdentifier {
    LearnerIdentifier::parse(scheme, value).unwrap()
}

impl World {
    async fn move_of(&self, learner: &[LearnerIdentifier]) -> TransitionId {
        let plan = Plan {
            learner: learner.to_vec(),
            ..self.plan(upn(1))
        };
        self.planned(&self.officer, plan)
            .await
            .unwrap()
            .transition
            .id
    }

    /// Publishes a profile with these numbers in it.
    async fn stating(
        &self,
        by: &Caller,
        to: &TransitionId,
        numbers: &[LearnerIdentifier],
    ) -> Result<(), Refusal> {
        let publish = Publish {
            stated: numbers.to_vec(),
            ..self.publish(to, &[SectionKind::Identity], &format!("{}", self.number()))
        };
        self.ledger.act(by, publish).await.map(drop)
    }
}

on_both_engines! {
    async fn a_number_of_another_learner_is_refused_and_nothing_is_published(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let own = world.move_of(&[upn(1), number("uln", "9276308686")]).await;
        let before = world.size();
        for wrong in [upn(2), number("uln", "1234567899")] {
            assert_eq!(world.stating(&sender, &own, &[wrong]).await, Err(OTHER));
        }
        for entry in world.entries(before).await.iter().take(2) {
            assert_eq!((entry.kind(), entry.verdict()), ("published", "failed"));
            assert_eq!(entry.text("reason"), "ANOTHER_LEARNER");
        }
        assert_eq!(home.count("SELECT count(*) FROM profile").await, 0);
        let both = [upn(1), number("uln", "9276308686")];
        world.stating(&sender, &own, &both).await.unwrap();

        // By identifiers too.
        let target = Target::Learner {
            identifiers: vec![upn(1)],
            point: Point::PrimaryToSecondary,
            academic_year: year(),
        };
        let publish = Publish {
            stated: vec![upn(1), number("uln", "1234567899")],
            target,
            ..world.publish(&own, &[SectionKind::Identity], "C")
        };
        let answer = world.ledger.act(&sender, publish).await.map(drop);
        assert_eq!(answer, Err(OTHER));
    }

    async fn a_number_is_another_ones_whatever_this_learner_is_known_by(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let by_list = world.move_of(&[local("room-4-bed-2")]).await;
        world.move_of(&[upn(2)]).await;
        assert_eq!(world.stating(&sender, &by_list, &[upn(2)]).await, Err(OTHER));
        world.stating(&sender, &by_list, &[upn(3)]).await.unwrap();
    }

    async fn a_permanent_number_takes_the_place_of_a_temporary_one(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let temporary = number("temporary_upn", "Q35139482400A");
        let own = world.move_of(std::slice::from_ref(&temporary)).await;
        world.stating(&sender, &own, &[temporary]).await.unwrap();
        let another = number("temporary_upn", "T83939472500Z");
        assert_eq!(world.stating(&sender, &own, &[another]).await, Err(OTHER));
        world.stating(&sender, &own, &[upn(1)]).await.unwrap();
        // Once it is planned with the permanent one, that is the one.
        let plan = [upn(1), number("temporary_upn", "Q35139482400A")];
        assert_eq!(world.move_of(&plan).await, own);
        world.stating(&sender, &own, &[upn(1)]).await.unwrap();
        assert_eq!(world.stating(&sender, &own, &[upn(2)]).await, Err(OTHER));
    }

    async fn whose_a_number_is_at_other_settings_is_not_told(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let elsewhere = Plan { from: code("gias:100004"), ..world.plan(upn(2)) };
        world.planned(&world.officer, elsewhere).await.unwrap();
        let by_list = world.move_of(&[local("room-4-bed-2")]).await;
        let known_elsewhere = world.stating(&sender, &by_list, &[upn(2)]).await;
        let known_nowhere = world.stating(&sender, &by_list, &[upn(3)]).await;
        assert_eq!((known_elsewhere, known_nowhere), (Ok(()), Ok(())));
        let by_number = world.move_of(&[upn(1)]).await;
        let known_elsewhere = world.stating(&sender, &by_number, &[upn(2)]).await;
        let known_nowhere = world.stating(&sender, &by_number, &[upn(3)]).await;
        assert_eq!((known_elsewhere, known_nowhere), (Err(OTHER), Err(OTHER)));

        // And who may not publish learns nothing of the numbers.
        let reader = world.caller(&world.primary.id, &[Role::Senco]).await;
        for stated in [upn(1), upn(2)] {
            let answer = world.stating(&reader, &by_number, &[stated]).await;
            assert_eq!(answer, Err(Refusal::Denied));
        }
    }
}
