//! Where a turn of a stream ends does not tell how much was said of children who are not shown.

use baton_wire::v1::{self, Point};
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

on_both_engines! {
    async fn a_turn_is_not_shorter_for_children_who_are_not_shown(exchange) {
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
        let rows: Vec<_> = (0..ROWS).map(long).collect();
        let bytes: usize = rows.iter().filter_map(|row| row.reason.as_ref()).map(String::len).sum();
        assert!(bytes * TURN > TURN_BYTES, "{bytes} bytes each would make no turn too long");
        let sender = exchange.publisher().await;
        let said = moves.map(|of| naming(&of, rows.clone()));
        for published in join_all(said.map(|said| sender.publish(said))).await {
            assert_eq!(published.unwrap().notices.len(), ROWS);
        }
        let senco = exchange.senco().await;
        let subscription = senco.subscribe().await.unwrap();
        let pull = v1::PullRequest {
            parent: senco.setting.clone(),
            subscription: senco.mine(&subscription),
            inline_content: true,
            ..Default::default()
        };
        let turn = senco.subscriptions().pull(pull).await.unwrap().into_inner();
        assert_eq!(turn.items.len(), TURN);
    }
}
