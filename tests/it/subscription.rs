//! What a subscriber gets: everything addressed to it, in order, each position once.

use std::time::Duration;

use baton_wire::status::Reason;
use baton_wire::v1::{self, ItemKind, Point, Role};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use crate::harness::*;

/// A stream that says nothing for longer than this has lost its bookmark.
const SILENCE: Duration = Duration::from_secs(25);

async fn page(
    receiver: &Caller,
    subscription: &str,
    (token, max_items): (&str, i32),
) -> v1::PullResponse {
    let request = v1::PullRequest {
        parent: receiver.setting.clone(),
        subscription: subscription.to_owned(),
        token: token.to_owned(),
        max_items,
        ..Default::default()
    };
    receiver
        .subscriptions()
        .pull(request)
        .await
        .unwrap()
        .into_inner()
}

/// As long as local questions can be: 400 KB.
fn long() -> v1::LocalQuestions {
    let answer = v1::LocalAnswer {
        wording: Some("🙂".repeat(500)),
        answer: Some("🙂".repeat(2_000)),
        ..Default::default()
    };
    v1::LocalQuestions {
        answers: vec![answer; 40],
        ..Default::default()
    }
}

/// Waits as long as a pull may for something.
pub(crate) async fn long_pull(receiver: &Caller, subscription: &str) -> Answer<v1::PullResponse> {
    let request = v1::PullRequest {
        parent: receiver.setting.clone(),
        subscription: subscription.to_owned(),
        wait_ms: 25_000,
        ..Default::default()
    };
    Ok(receiver.subscriptions().pull(request).await?.into_inner())
}

/// PostgreSQL alone, which counts: a turn reads its subscription, a look at the feed does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_pull_asks_for_a_turn_only_when_something_came_for_it() {
    const OTHERS: usize = 40;
    let Some(home) = Home::postgres().await else {
        return;
    };
    let mut exchange = Exchange::new(home).await;
    let receiver = exchange.person(&exchange.secondary, &[Role::Senco]).await;
    let sender = exchange.person(&exchange.primary, &[Role::Publisher]).await;
    let subscription = receiver.subscribe().await.unwrap();
    let publish = async {
        for _ in 0..OTHERS {
            exchange.open_move().await;
        }
        let of = exchange.open_move().await;
        sender
            .publish(submission(&of, typical(1, of.point)))
            .await
            .unwrap();
    };
    let (pulled, ()) = tokio::join!(long_pull(&receiver, &subscription), publish);
    assert_eq!(pulled.unwrap().items.len(), 1);
    // A connection tells what it read when it ends.
    exchange.stop().await;
    let read = "SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables \
                WHERE relname = 'subscription'";
    let read = usize::try_from(exchange.home.count(read).await).unwrap();
    assert!(read > 0, "nothing was counted");
    assert!(read < OTHERS / 2, "{read} times");
    exchange.home.forget().await;
}

on_both_engines! {
    async fn only_so_many_pulls_of_one_credential_wait_and_one_more_is_told_at_once(exchange) {
        const WAITING: usize = 32;
        const MORE: usize = 8;
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let other = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let ask = |_| long_pull(&receiver, &subscription);
        let mut asked: FuturesUnordered<_> = (0..WAITING + MORE).map(ask).collect();
        for _ in 0..MORE {
            let told = refused(asked.next().await.unwrap());
            assert_eq!((told.code, told.reason), (tonic::Code::ResourceExhausted, Reason::QueueFull));
        }
        let publish = async {
            sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        };
        let (others, ()) = tokio::join!(long_pull(&other, &subscription), publish);
        assert_eq!(others.unwrap().items.len(), 1, "each credential has places of its own");
        while let Some(pulled) = asked.next().await {
            assert_eq!(pulled.unwrap().items.len(), 1);
        }
        let again = long_pull(&receiver, &subscription).await.unwrap();
        assert_eq!(again.items.len(), 1, "places are given back");
    }

    async fn pages_hold_every_item_in_order_and_once_whatever_their_size(exchange) {
        let sender = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let receiver = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let mut expected = Vec::new();
        for seed in 0..11 {
            let of = exchange.open_move().await;
            let published = sender.publish(submission(&of, typical(seed, of.point))).await.unwrap();
            expected.push(published.receipt.unwrap().position);
        }
        for max_items in [0, 1, 3, 64] {
            let (mut token, mut got) = (String::new(), Vec::new());
            loop {
                let turn = page(&receiver, &subscription, (&token, max_items)).await;
                token = turn.token;
                if turn.items.is_empty() {
                    break;
                }
                assert!(max_items == 0 || turn.items.len() <= usize::try_from(max_items).unwrap());
                got.extend(turn.items.iter().map(|item| item.position));
            }
            assert_eq!(got, expected, "pages of {max_items}");
        }
    }

    async fn a_client_with_the_usual_limit_receives_any_number_of_long_profiles(exchange) {
        let sender = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let receiver = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        for seed in 0..13 {
            let of = exchange.open_move().await;
            let content = v1::Sections { local_questions: Some(long()), ..typical(seed, of.point) };
            sender.publish(submission(&of, content)).await.unwrap();
        }
        let (mut token, mut items) = (String::new(), 0);
        loop {
            let request = v1::PullRequest {
                parent: receiver.setting.clone(),
                subscription: subscription.clone(),
                token,
                inline_content: true,
                ..Default::default()
            };
            let turn = receiver.subscriptions().pull(request).await.unwrap().into_inner();
            if turn.items.is_empty() {
                break;
            }
            items += turn.items.len();
            token = turn.token;
        }
        assert_eq!(items, 13, "gRPC clients take 4 MiB when nobody tells them otherwise");
    }

    async fn only_the_point_and_year_asked_for_come(exchange) {
        exchange.hand.send_replace(at("2026-04-20T12:00:00Z"));
        let receiver = exchange.person(&exchange.college, &[Role::Senco]).await;
        let of = exchange.planned(Point::SecondaryToPost16).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        for (name, point, year, count) in [
            ("all", Point::Unspecified, 0, 1),
            ("ours", Point::SecondaryToPost16, 2025, 1),
            ("other-point", Point::PrimaryToSecondary, 0, 0),
            ("other-year", Point::Unspecified, 2024, 0),
        ] {
            let subscription = receiver.subscribe_to(name, point, year).await.unwrap();
            let items = receiver.pull(&subscription, "").await.unwrap().items;
            assert_eq!(items.len(), count, "{name}");
        }
    }

    async fn every_showing_turn_is_one_entry_that_names_what_it_shows_and_an_empty_one_is_none(exchange) {
        let sender = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let receiver = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        for seed in 0..3 {
            let of = exchange.open_move().await;
            sender.publish(submission(&of, typical(seed, of.point))).await.unwrap();
        }
        let before = exchange.size();
        let turn = receiver.pull(&subscription, "").await.unwrap();
        let entry = exchange.one_since(before).await;
        assert_eq!(entry.said(), ("pulled", "done"));
        assert_eq!(entry.array("detail/items").len(), 3);
        let before = exchange.size();
        receiver.pull(&subscription, &turn.token).await.unwrap();
        assert_eq!(exchange.size(), before, "an empty turn is no act");
    }

    async fn delivery_is_judged_by_the_rights_of_today(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let manager = exchange.person(&of.to, &[Role::DataManager]).await;
        let subscription = manager.subscribe().await.unwrap();
        let items = manager.pull(&subscription, "").await.unwrap().items;
        for kind in kinds(the_profile(&items)) {
            assert!(
                ["identity", "contacts_and_responsibility", "attainment", "attendance", "characteristics"]
                    .contains(&kind.as_str()),
                "a data manager is told of {kind}"
            );
        }
        exchange.officer.revoke(&manager.credential).await.unwrap();
        let told = refused(manager.pull(&subscription, "").await);
        assert_eq!(told.reason, Reason::Unauthenticated);
    }

    async fn a_revoked_credential_ends_its_open_watch(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let mut watch = receiver.watch(&subscription, "").await.unwrap();
        watch.message().await.unwrap().unwrap();
        exchange.officer.revoke(&receiver.credential).await.unwrap();
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        loop {
            match watch.message().await {
                Ok(Some(turn)) => assert_eq!(turn.items, [], "nothing reaches a revoked key"),
                Ok(None) => panic!("the stream ended without a status"),
                Err(status) => {
                    assert_eq!(refused::<()>(Err(status)).reason, Reason::PermissionDenied);
                    break;
                }
            }
        }
    }

    async fn a_rejected_profile_shows_its_sender_that_it_was_sent_back(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let published = sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let before = exchange.size();
        receiver.reject(&published.name, 1, v1::RejectReason::NotOurs).await.unwrap();
        assert_eq!(exchange.one_since(before).await.said(), ("rejected", "done"));
        let state = sender.transition(&of.name).await.unwrap().state();
        assert_eq!(state, v1::TransitionState::Rejected);
    }

    async fn a_version_that_no_longer_stands_cannot_be_acknowledged(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        for seed in 1..=2 {
            sender.publish(submission(&of, typical(seed, of.point))).await.unwrap();
        }
        let subscription = receiver.subscribe().await.unwrap();
        let items = receiver.pull(&subscription, "").await.unwrap().items;
        assert_eq!(items.len(), 2, "each version was an item");
        let shown: Vec<i32> =
            items.iter().map(|item| item.profile.as_ref().unwrap().version).collect();
        assert_eq!(shown, [2, 2], "as it stands now");
        let name = &items[0].profile.as_ref().unwrap().name;
        let told = refused(receiver.acknowledge(name, 1).await);
        assert_eq!((told.code, told.reason), (tonic::Code::Aborted, Reason::VersionChanged));
        receiver.acknowledge(name, 2).await.unwrap();
    }

    async fn tokens_that_are_none_are_refused_and_another_settings_subscription_is_denied(exchange) {
        let of = exchange.open_move().await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let other = exchange.person(&exchange.academy, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        for token in ["x", "AAAA", "not base64 \u{e9}", &"A".repeat(10_000)] {
            let told = refused(receiver.pull(&subscription, token).await);
            assert_eq!(told.rules(), [("token", "token")], "{token:.20}");
        }
        let before = exchange.size();
        assert_eq!(refused(other.pull(&subscription, "").await).reason, Reason::PermissionDenied);
        exchange.one_since(before).await;
        assert_eq!(
            ended(other.watch(&subscription, "").await.unwrap()).await.reason,
            Reason::PermissionDenied
        );
    }

    async fn a_silent_watch_gets_a_bookmark_it_can_resume_from(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let mut watch = receiver.watch(&subscription, "").await.unwrap();
        watch.message().await.unwrap().unwrap();
        let bookmark = tokio::time::timeout(SILENCE, watch.message()).await;
        let bookmark = bookmark.expect("a bookmark within 15 s").unwrap().unwrap();
        assert_eq!(bookmark.items, []);
        drop(watch);
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let resumed = receiver.await_item(&subscription, &bookmark.token).await.unwrap();
        assert_eq!(resumed.items[0].kind(), ItemKind::Profile);
    }
}
