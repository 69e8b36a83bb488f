//! Ages, and what the learner says that parents are shown.

use baton_wire::status::Reason;
use baton_wire::v1::{self, DecisionSaid, DecisionToward, Point, Role, SectionKind};

use super::{CHILD, LEARNER, PARENT, Reader, born};
use crate::decisions::{Said, by_the_child, by_the_learner, parent};
use crate::harness::*;

const REFUSED: DecisionSaid = DecisionSaid::Refused;
const FAMILY: DecisionToward = DecisionToward::Family;

/// Whether somebody of the family sees the move and what was written.
async fn sees(who: &Caller, of: &Move, profile: &str) -> bool {
    let listed = who.list_transitions().await.unwrap().len();
    let moved = who
        .transition(&of.name)
        .await
        .map_err(|it| refused::<()>(Err(it)).reason);
    let got = who
        .get(profile)
        .await
        .map_err(|it| refused::<()>(Err(it)).reason);
    match (listed, moved, got) {
        (1, Ok(_), Ok(_)) => true,
        (0, Err(Reason::PermissionDenied), Err(Reason::PermissionDenied)) => false,
        other => panic!("neither: {other:?}"),
    }
}

on_both_engines! {
    async fn a_parent_sees_until_the_last_friday_in_june_and_then_what_the_young_person_lets(exchange) {
        let of = exchange.planned(Point::SecondaryToPost16).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        // Sixteen on 1 December 2025: of compulsory school age until 26 June 2026.
        let profile = head.publish(born(&of, "2009-12-01")).await.unwrap().name;
        let mother = exchange.parent(&head, &of.name).await;
        let learner = exchange.reader(&head, &of.name, LEARNER).await;
        for (time, expected) in [
            ("2026-03-11T09:00:00Z", true),
            // By the clocks of London, which are an hour ahead by then.
            ("2026-06-26T22:59:59Z", true),
            ("2026-06-26T23:00:00Z", false),
        ] {
            exchange.hand.send_replace(at(time));
            assert_eq!(sees(&mother, &of, &profile).await, expected, "{time}");
            assert!(sees(&learner, &of, &profile).await);
        }
        let says = async |said: DecisionSaid, kinds: &'static [SectionKind]| {
            let said = Said { on: "2026-06-26", ..by_the_learner(FAMILY, said, kinds) };
            head.records(&of.name, &said).await.unwrap()
        };
        says(DecisionSaid::Allowed, &[SectionKind::Attainment]).await;
        assert_eq!(kinds(&mother.get(&profile).await.unwrap()), ["attainment"]);
        let moved = mother.transition(&of.name).await.unwrap();
        assert_eq!(moved.to, "", "where they go is theirs to tell");
        says(DecisionSaid::Allowed, &[]).await;
        assert!(sees(&mother, &of, &profile).await);
        says(DecisionSaid::Withdrawn, &[]).await;
        says(DecisionSaid::Withdrawn, &[SectionKind::Attainment]).await;
        assert!(!sees(&mother, &of, &profile).await);
        assert!(sees(&learner, &of, &profile).await);
        exchange.holds().await;
    }

    async fn what_a_child_refuses_its_parents_is_kept_from_them_whole_and_from_no_one_else(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = exchange.sent(&of).await;
        let mother = exchange.parent(&head, &of.name).await;
        let child = exchange.reader(&head, &of.name, CHILD).await;
        let lead = exchange.person(&of.to, &[Role::Senco]).await;
        let all = kinds(&mother.get(&profile).await.unwrap());
        let to_school = kinds(&lead.get(&profile).await.unwrap());
        let no_health = by_the_child(FAMILY, REFUSED, &[SectionKind::Health]);
        let done = head.records(&of.name, &no_health).await.unwrap();
        assert!(done.not_stopped.is_empty(), "health is kept from parents, too");
        let mut left = all.clone();
        left.retain(|kind| kind != "health");
        assert_eq!(kinds(&mother.get(&profile).await.unwrap()), left);
        head.records(&of.name, &by_the_child(FAMILY, REFUSED, &[])).await.unwrap();
        assert!(!sees(&mother, &of, &profile).await);
        assert_eq!(kinds(&child.get(&profile).await.unwrap()), all);
        assert_eq!(kinds(&lead.get(&profile).await.unwrap()), to_school);
        // What is refused to schools is not refused to parents.
        let other = exchange.open_move().await;
        let of_other = exchange.sent(&other).await;
        let father = exchange.parent(&head, &other.name).await;
        let to_schools = parent(DecisionToward::Education, REFUSED, &[]);
        head.records(&other.name, &to_schools).await.unwrap();
        assert!(sees(&father, &other, &of_other).await);
        exchange.holds().await;
    }

    async fn no_parent_says_what_parents_are_shown(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let told = refused(head.records(&of.name, &parent(FAMILY, REFUSED, &[])).await);
        let rules: Vec<_> = told.violations.iter().map(|one| one.rule.as_str()).collect();
        assert_eq!((told.reason, rules), (Reason::DecisionUnfit, vec!["giver.family"]));
        // It is about no setting.
        let named = Said { setting: Some(&of.to), ..by_the_child(FAMILY, REFUSED, &[]) };
        let told = refused(head.records(&of.name, &named).await);
        assert_eq!(told.violations[0].rule, "setting.toward");
    }

    async fn a_representative_stands_in_the_young_persons_place(exchange) {
        let of = exchange.planned(Point::SecondaryToPost16).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = head.publish(born(&of, "2008-11-03")).await.unwrap().name;
        let deputy = Reader {
            who: v1::DecisionGiver::Representative,
            basis: v1::DecisionBasis::DeputyOrAttorney,
            assessed: "2026-02-02",
            ..PARENT
        };
        let deputy = exchange.reader(&head, &of.name, deputy).await;
        let mother = exchange.parent(&head, &of.name).await;
        assert!(sees(&deputy, &of, &profile).await);
        assert!(!sees(&mother, &of, &profile).await);
    }
}
