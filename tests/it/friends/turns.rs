//! Where a turn of a stream ends does not tell how much was said of children who are not shown.

use baton_wire::v1::{self, Point, Role};
use futures::future::join_all;

use super::{naming, row};
use crate::harness::*;

/// Profiles of a turn: as many as one entry names.
const TURN: usize = 64;
/// Content one turn carries, bytes (`store/src/acts/pull.rs`).
const TURN_BYTES: usize = 3 * 1024 * 1024;
/// Children one profile names at most.
const ROWS: usize = 30;

/// As long as the reason of a row may be: 500 characters, of four bytes each.
fn long(number: usize) -> v1::PeerRow {
    v1::PeerRow {
        reason: Some("\u{1d11e}".repeat(500)),
        ..row(&format!("Nobody {number}"), &[])
    }
}

/// As many moves of one school as a turn may have.
async fn moves(exchange: &Exchange) -> Vec<Move> {
    let plans = (0..TURN).map(|_| exchange.plan_of(Point::PrimaryToSecondary));
    let plans: Vec<_> = plans.collect();
    let planned = exchange.officer.plan(plans.clone()).await.unwrap();
    let moves = planned.into_iter().zip(plans).map(|(planned, plan)| Move {
        name: planned.transition.unwrap().name,
        point: Point::PrimaryToSecondary,
        from: exchange.primary.clone(),
        to: exchange.secondary.clone(),
        learner: plan.learner,
    });
    moves.collect()
}

/// Items of the first turn of a subscription, with content.
async fn first_turn(who: &Caller) -> usize {
    let subscription = who.subscribe().await.unwrap();
    let pull = v1::PullRequest {
        parent: who.setting.clone(),
        subscription: who.mine(&subscription),
        inline_content: true,
        ..Default::default()
    };
    let turn = who.subscriptions().pull(pull).await.unwrap();
    turn.into_inner().items.len()
}

/// As much as the questions of a receiver may be answered at length.
fn answered_at_length() -> v1::LocalQuestions {
    let answer = |number: usize| v1::LocalAnswer {
        question: Some(number.to_string()),
        wording: Some("What else should we know?".to_owned()),
        answer: Some("\u{1d11e}".repeat(500)),
        ..Default::default()
    };
    v1::LocalQuestions {
        answers: (0..ROWS).map(answer).collect(),
        ..Default::default()
    }
}

on_both_engines! {
    async fn a_turn_is_not_shorter_for_children_who_are_not_shown(exchange) {
        let rows: Vec<_> = (0..ROWS).map(long).collect();
        let bytes: usize = rows.iter().filter_map(|row| row.reason.as_ref()).map(String::len).sum();
        assert!(bytes * TURN > TURN_BYTES, "{bytes} bytes each would make no turn too long");
        let sender = exchange.publisher().await;
        let moves = moves(exchange).await;
        let said = moves.iter().map(|of| naming(of, rows.clone()));
        for published in join_all(said.map(|said| sender.publish(said))).await {
            assert_eq!(published.unwrap().notices.len(), ROWS);
        }
        assert_eq!(first_turn(&exchange.senco().await).await, TURN);
    }

    async fn nor_for_what_was_taken_back(exchange) {
        let sender = exchange.publisher().await;
        let senco = exchange.senco().await;
        let moves = moves(exchange).await;
        let said = moves.iter().map(|of| {
            let local_questions = Some(answered_at_length());
            submission(of, v1::Sections { local_questions, ..Default::default() })
        });
        let sent = join_all(said.map(|said| sender.publish(said))).await;
        let sent: Vec<_> = sent.into_iter().map(|one| one.unwrap().name).collect();
        for done in join_all(sent.iter().map(|name| sender.withdraw(name))).await {
            done.unwrap();
        }
        assert_eq!(first_turn(&senco).await, TURN);
    }

    async fn nor_for_sections_that_are_not_for_who_asks(exchange) {
        let sender = exchange.publisher().await;
        let moves = moves(exchange).await;
        let said = moves.iter().map(|of| {
            let sections = v1::Sections {
                local_questions: Some(answered_at_length()),
                support_strategies: typical(2, of.point).support_strategies,
                ..Default::default()
            };
            submission(of, sections)
        });
        for published in join_all(said.map(|said| sender.publish(said))).await {
            published.unwrap();
        }
        assert!(first_turn(&exchange.senco().await).await < TURN, "long enough to end one");
        let teacher = exchange.person(&exchange.secondary, &[Role::SubjectTeacher]).await;
        assert_eq!(first_turn(&teacher).await, TURN);
    }
}
