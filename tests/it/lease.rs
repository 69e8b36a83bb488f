//! One consumer of a named subscription at a time: the latest.

use baton_wire::status::Reason;
use baton_wire::v1::{self, ItemKind, Role};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tonic::{Code, Streaming};

use crate::harness::*;
use crate::subscription::long_pull;

/// Pulls of one credential that wait: as `WAITING_PULLS_MAX` says.
const WAITING: usize = 32;

/// A watch that has begun: its first turn was read.
async fn begun(by: &Caller, subscription: &str) -> Streaming<v1::WatchResponse> {
    let mut watch = by.watch(subscription, "").await.unwrap();
    watch.message().await.unwrap().unwrap();
    watch
}

/// That a watch was taken over and showed nothing after it.
async fn is_taken_over(mut watch: Streaming<v1::WatchResponse>) {
    let told = loop {
        match watch.message().await {
            Ok(turn) => assert_eq!(turn.expect("it ends with a status").items, []),
            Err(status) => break refused::<()>(Err(status)),
        }
    };
    let expected = (Code::Aborted, Reason::SubscriptionTakenOver);
    assert_eq!((told.code, told.reason), expected);
}

/// The next item of a watch.
async fn next_item(watch: &mut Streaming<v1::WatchResponse>) -> v1::Item {
    loop {
        let turn = watch.message().await.unwrap().unwrap();
        if let [item] = turn.items.as_slice() {
            return item.clone();
        }
    }
}

on_both_engines! {
    async fn a_second_watch_takes_over_and_the_first_shows_nothing_more(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let first = begun(&receiver, &subscription).await;
        let mut second = begun(&receiver, &subscription).await;
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        assert_eq!(next_item(&mut second).await.kind(), ItemKind::Profile);
        is_taken_over(first).await;
        let pulled = exchange.lines(0).await.iter().filter(|line| line.said().0 == "pulled").count();
        assert_eq!(pulled, 1, "what the first was not shown is not entered");
    }

    async fn a_pull_ends_a_watch_too(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let watch = begun(&receiver, &subscription).await;
        receiver.pull(&subscription, "").await.unwrap();
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        is_taken_over(watch).await;
    }

    async fn a_pull_that_finds_no_place_to_wait_in_ends_no_watch(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let beside = receiver.subscribe_to("beside", v1::Point::Unspecified, 0).await.unwrap();
        let mut watch = begun(&receiver, &subscription).await;
        let ask = |_| long_pull(&receiver, &beside);
        let mut asked: FuturesUnordered<_> = (0..=WAITING).map(ask).collect();
        assert_eq!(refused(asked.next().await.unwrap()).reason, Reason::QueueFull);
        // The others wait.
        let told = refused(long_pull(&receiver, &subscription).await);
        assert_eq!(told.reason, Reason::QueueFull);
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        assert_eq!(next_item(&mut watch).await.kind(), ItemKind::Profile);
    }

    async fn a_name_of_its_own_keeps_a_consumer_and_a_stranger_takes_nothing_over(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let colleague = exchange.person(&of.to, &[Role::Dsl]).await;
        let stranger = exchange.person(&exchange.elsewhere, &[Role::Senco]).await;
        let publisher = exchange.person(&of.to, &[Role::Publisher]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let theirs = colleague.subscribe_to("theirs", v1::Point::Unspecified, 0).await.unwrap();
        let mut first = begun(&receiver, &subscription).await;
        let mut beside = begun(&colleague, &theirs).await;
        for other in [stranger, publisher] {
            let told = ended(other.watch(&subscription, "").await.unwrap()).await;
            assert_eq!(told.reason, Reason::PermissionDenied);
        }
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        for watch in [&mut first, &mut beside] {
            assert_eq!(next_item(watch).await.kind(), ItemKind::Profile);
        }
    }
}

#[test]
fn a_watch_on_another_server_takes_over_too() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let (second, other) = exchange.second().await;
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let here = begun(&receiver, &subscription).await;
        let mut there = begun(&receiver.at(&other), &subscription).await;
        sender
            .publish(submission(&of, typical(1, of.point)))
            .await
            .unwrap();
        assert_eq!(next_item(&mut there).await.kind(), ItemKind::Profile);
        is_taken_over(here).await;
        drop(there);
        second.stop().await;
        exchange.end().await;
    });
}
