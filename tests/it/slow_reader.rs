//! A stream that nobody reads costs a named amount and nobody else anything.

use baton_wire::status::Reason;
use baton_wire::twin as wire;
use baton_wire::v1::{self, Point, Role};
use futures::{StreamExt as _, stream};

use crate::harness::*;

/// Profiles with every field of every section.
const PROFILES: usize = 40;
/// What a client takes that reads nothing: HTTP/2's own default, in bytes.
const WINDOW: u32 = 65_535;

on_both_engines! {
    async fn a_stream_that_never_reads_holds_up_nobody_and_is_not_read_ahead_for(exchange) {
        let sender = exchange.person(&exchange.primary, &[Role::Publisher, Role::Dsl]).await;
        let stuck = exchange.person(&exchange.secondary, &[Role::Dsl]).await;
        let other = exchange.person(&exchange.secondary, &[Role::Dsl]).await;
        let subscription = other.subscribe().await.unwrap();
        let unread = stuck.subscribe_to("unread", Point::Unspecified, 0).await.unwrap();
        let endpoint = stuck.endpoint(&exchange.door);
        let narrow = endpoint.initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
        let stuck = stuck.over(narrow.connect().await.unwrap());
        let request = v1::WatchRequest {
            parent: stuck.setting.clone(),
            subscription: unread,
            max_items: 1,
            inline_content: true,
            ..Default::default()
        };
        let mut unread = stuck.subscriptions().watch(request).await.unwrap().into_inner();

        let plans = (0..PROFILES).map(|_| exchange.plan_of(Point::PrimaryToSecondary)).collect();
        let planned = exchange.officer.plan(plans).await.unwrap();
        let publishing = stream::iter(planned.into_iter().zip(0..)).map(async |(planned, seed)| {
            let transition = planned.transition.unwrap();
            let [content, _] = apart(&complete(seed, &transition.learner));
            let publish = frame(&sender, &transition.name, content);
            let published: wire::PublishProfileResponse =
                twin(&sender, "ProfileService/PublishProfile", &publish).await.unwrap();
            published.receipt.unwrap().position
        });
        let mut expected: Vec<i64> = publishing.buffer_unordered(8).collect().await;
        expected.sort_unstable();

        let mut watch = other.watch(&subscription, "").await.unwrap();
        let mut got = Vec::new();
        while got.len() < PROFILES {
            let turn = watch.message().await.unwrap().unwrap();
            got.extend(turn.items.iter().map(|item| item.position));
        }
        assert_eq!(got, expected, "the other one is served");
        // Time in which a stream that is not held up makes its turns: each of these is a commit.
        for _ in 0..PROFILES {
            other.pull(&subscription, "").await.unwrap();
        }
        let shown_to_the_stuck = exchange.lines(0).await.iter().filter(|line| {
            line.said().0 == "pulled" && stuck.credential.ends_with(line.text("caller/credential"))
        }).count();
        assert!(
            (1..PROFILES).contains(&shown_to_the_stuck),
            "{shown_to_the_stuck} turns were made for a client that read none"
        );

        let mut late = Vec::new();
        while late.len() < PROFILES {
            let turn = unread.message().await.unwrap().unwrap();
            late.extend(turn.items.iter().map(|item| item.position));
        }
        assert_eq!(late, expected, "once it reads, it gets all of them, in order, each once");
    }

    async fn a_stream_that_nobody_read_says_that_the_service_stopped(exchange) {
        let sender = exchange.person(&exchange.primary, &[Role::Publisher, Role::Dsl]).await;
        let receiver = exchange.person(&exchange.secondary, &[Role::Dsl]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let endpoint = receiver.endpoint(&exchange.door);
        let narrow = endpoint.initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
        let stuck = receiver.over(narrow.connect().await.unwrap());
        let request = v1::WatchRequest {
            parent: stuck.setting.clone(),
            subscription,
            max_items: 1,
            inline_content: true,
            ..Default::default()
        };
        let mut positions = Vec::new();
        for seed in 0..12 {
            let of = exchange.open_move().await;
            let [content, _] = apart(&complete(seed, &of.learner));
            let publish = frame(&sender, &of.name, content);
            let published: wire::PublishProfileResponse =
                twin(&sender, "ProfileService/PublishProfile", &publish).await.unwrap();
            positions.push(published.receipt.unwrap().position);
        }
        let before = exchange.size();
        let mut unread = stuck.subscriptions().watch(request).await.unwrap().into_inner();
        // As many turns as are held for it, and one that waits.
        exchange.grown_to(before + 3).await;
        let read = async {
            let mut got = Vec::new();
            loop {
                match unread.message().await {
                    Ok(Some(turn)) => got.extend(turn.items.iter().map(|item| item.position)),
                    Ok(None) => panic!("the stream ended without a status"),
                    Err(status) => break (got, refused::<()>(Err(status)).reason),
                }
            }
        };
        let ((), (got, told)) = tokio::join!(exchange.stop(), read);
        assert_eq!(told, Reason::Unavailable);
        assert_eq!(got, positions[..got.len()], "and what came before it is in order");
    }
}
