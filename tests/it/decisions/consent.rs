//! The progress check at age two goes to health professionals with a consent only; health itself goes
//! without one.

use baton_wire::v1::{
    self, DecisionSaid, DecisionToward, Point, RecipientPurpose, Role, SectionKind,
};

use super::parent;
use crate::harness::*;
use crate::recipients::further;

const PART: &[SectionKind] = &[
    SectionKind::Identity,
    SectionKind::Health,
    SectionKind::LearningAndDevelopment,
];
const CHECK: &[SectionKind] = &[SectionKind::LearningAndDevelopment];

on_both_engines! {
    async fn the_progress_check_waits_for_a_consent_whatever_the_role(exchange) {
        exchange.hand.send_replace(at("2026-04-20T12:00:00Z"));
        let of = exchange.planned(Point::EarlyYearsToPrimary).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let visiting = exchange.another(v1::SettingKind::HealthService, "health-visiting").await;
        let visitor = exchange.person(&visiting, &[Role::HealthProfessional]).await;
        let lead = exchange.person(&visiting, &[Role::Dsl]).await;
        let care = further(RecipientPurpose::HealthCare, PART);
        sender.names(&of.name, &visiting, care).await.unwrap();
        let subscription = visitor.subscribe().await.unwrap();
        let profile = exchange.sent(&of).await;
        let first = visitor.await_item(&subscription, "").await.unwrap();
        assert_eq!(kinds(the_profile(&first.items)), ["identity", "health"]);
        assert_eq!(kinds(&lead.get(&profile).await.unwrap()), ["identity", "health"]);

        let objects = parent(DecisionToward::Health, DecisionSaid::Objection, CHECK);
        sender.records(&of.name, &objects).await.unwrap();
        assert_eq!(kinds(&visitor.get(&profile).await.unwrap()), ["identity", "health"]);
        let yes = parent(DecisionToward::Health, DecisionSaid::Allowed, CHECK);
        sender.records(&of.name, &yes).await.unwrap();
        let told = visitor.await_item(&subscription, &first.token).await.unwrap();
        let all = ["identity", "learning_and_development", "health"];
        assert_eq!(kinds(the_profile(&told.items)), all, "put before it by the consent");
        assert_eq!(kinds(&lead.get(&profile).await.unwrap()), all);

        // A refusal of everything leaves health, and says so.
        let no = parent(DecisionToward::Health, DecisionSaid::Refused, &[]);
        let done = sender.records(&of.name, &no).await.unwrap();
        let goes_on: Vec<_> = done.not_stopped.iter().map(v1::NotStopped::kind).collect();
        assert_eq!(goes_on, [SectionKind::Health, SectionKind::ChildProtectionNote]);
        // The consent was of the check alone, which is narrower; but the refusal came later.
        assert_eq!(kinds(&visitor.get(&profile).await.unwrap()), ["health"]);
        let school = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let there = kinds(&school.get(&profile).await.unwrap());
        assert!(there.contains(&"learning_and_development".to_owned()), "{there:?}");
        exchange.holds().await;
    }
}
