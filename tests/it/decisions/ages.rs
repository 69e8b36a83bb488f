//! The two lines of the law: the 16th birthday, and the last Friday in June of that school year. Both are
//! days in London.

use baton_wire::v1::{
    self, DecisionBasis, DecisionGiver, DecisionSaid, DecisionToward, Point, Role, SectionKind,
};

use super::{Said, parent};
use crate::harness::*;

const SEND: &[SectionKind] = &[SectionKind::Send, SectionKind::EhcPlan];
const OTHER: &[SectionKind] = &[SectionKind::Attainment];

const fn refusal(kinds: &[SectionKind]) -> Said<'_> {
    parent(DecisionToward::Education, DecisionSaid::Refused, kinds)
}

/// What the learner says alone.
const fn own(kinds: &[SectionKind], basis: DecisionBasis) -> Said<'_> {
    Said {
        giver: DecisionGiver::Learner,
        basis,
        ..refusal(kinds)
    }
}

/// The rule by which it is none of theirs; none where it was recorded.
async fn rule(sender: &Caller, of: &Move, said: Said<'_>) -> Option<String> {
    let answer = sender.records(&of.name, &said).await;
    match answer {
        Ok(_) => None,
        Err(status) => {
            let told = refused::<()>(Err(status));
            assert_eq!(told.violations.len(), 1, "{:?}", told.rules());
            Some(told.violations[0].rule.clone())
        }
    }
}

/// Somebody born on a day who leaves secondary school.
async fn born(exchange: &Exchange, day: &str) -> Move {
    let of = exchange.planned(Point::SecondaryToPost16).await;
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    let mut content = typical(2, of.point);
    let identity = content.identity.as_mut().unwrap();
    identity.date_of_birth = Some(day.to_owned());
    sender.publish(submission(&of, content)).await.unwrap();
    of
}

on_both_engines! {
    async fn send_is_a_parents_to_decide_until_the_last_friday_in_june_and_not_the_day_after(exchange) {
        let of = born(exchange, "2010-03-11").await;
        let sender = exchange.person(&of.from, &[Role::Senco]).await;
        let alone = own(SEND, DecisionBasis::OwnDecision);
        // The 16th birthday changes nothing of it.
        for time in ["2026-03-11T00:00:00Z", "2026-06-26T00:00:00Z", "2026-06-26T22:59:59Z"] {
            exchange.hand.send_replace(at(time));
            assert_eq!(rule(&sender, &of, refusal(SEND)).await, None, "{time}");
            let told = rule(&sender, &of, alone.clone()).await;
            assert_eq!(told.as_deref(), Some("giver.send_under_age"), "{time}");
        }
        // Midnight in London, in summer: Saturday.
        exchange.hand.send_replace(at("2026-06-26T23:00:00Z"));
        let told = rule(&sender, &of, refusal(SEND)).await;
        assert_eq!(told.as_deref(), Some("giver.send_of_age"));
        assert_eq!(rule(&sender, &of, alone).await, None);
        let all = sender.decisions(&of.name).await.unwrap();
        let givers: Vec<_> = all.iter().map(v1::RecordedDecision::giver).collect();
        assert_eq!(givers, [DecisionGiver::Parent, DecisionGiver::Learner]);
    }

    async fn anything_else_is_the_young_persons_from_the_16th_birthday(exchange) {
        let of = born(exchange, "2010-03-11").await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let alone = own(OTHER, DecisionBasis::OwnDecision);
        let competent = own(OTHER, DecisionBasis::CompetentChild);
        exchange.hand.send_replace(at("2026-03-10T23:59:59Z"));
        assert_eq!(rule(&sender, &of, refusal(OTHER)).await, None);
        assert_eq!(rule(&sender, &of, competent.clone()).await, None);
        assert_eq!(rule(&sender, &of, alone.clone()).await.as_deref(), Some("basis.under_16"));
        exchange.hand.send_replace(at("2026-03-11T00:00:00Z"));
        assert_eq!(rule(&sender, &of, refusal(OTHER)).await.as_deref(), Some("giver.from_16"));
        assert_eq!(rule(&sender, &of, competent).await.as_deref(), Some("basis.from_16"));
        assert_eq!(rule(&sender, &of, alone).await, None);
    }

    async fn who_is_past_school_age_at_15_is_no_young_person_to_the_council(exchange) {
        let of = born(exchange, "2010-08-31").await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let council = Said { toward: DecisionToward::Council, ..refusal(&[]) };
        let competent = own(SEND, DecisionBasis::CompetentChild);
        exchange.hand.send_replace(at("2026-06-26T22:59:59Z"));
        assert_eq!(rule(&sender, &of, competent.clone()).await.as_deref(), Some("giver.send_under_age"));
        exchange.hand.send_replace(at("2026-06-26T23:00:00Z"));
        assert_eq!(rule(&sender, &of, competent).await, None);
        let by_parent = rule(&sender, &of, refusal(SEND)).await;
        assert_eq!(by_parent.as_deref(), Some("giver.send_of_age"), "a young person in that matter");
        assert_eq!(rule(&sender, &of, council.clone()).await, None, "s14 is the parent's until 16");
        assert_eq!(rule(&sender, &of, refusal(OTHER)).await, None);
        exchange.hand.send_replace(at("2026-08-30T23:00:00Z"));
        assert_eq!(rule(&sender, &of, council).await.as_deref(), Some("giver.council_from_16"));
        assert_eq!(rule(&sender, &of, refusal(SEND)).await.as_deref(), Some("giver.send_of_age"));
    }
}
