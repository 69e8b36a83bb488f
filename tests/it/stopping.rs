//! A service that is stopped ends what is open so that it can be resumed, and loses nothing.

use baton_wire::status::Reason;
use baton_wire::v1::Role;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tonic::Code;

use crate::harness::*;

on_both_engines! {
    async fn open_watches_end_as_unavailable_and_resume_on_the_next_server_with_nothing_lost(exchange) {
        let sender = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let receiver = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let mut watch = receiver.watch(&subscription, "").await.unwrap();
        let mut token = watch.message().await.unwrap().unwrap().token;
        let (mut published, mut got) = (Vec::new(), Vec::new());
        for seed in 0..6 {
            let of = exchange.open_move().await;
            let answer = sender.publish(submission(&of, typical(seed, of.point))).await.unwrap();
            published.push(answer.receipt.unwrap().position);
            if seed == 2 {
                while got.len() < 3 {
                    let turn = watch.message().await.unwrap().unwrap();
                    got.extend(turn.items.iter().map(|item| item.position));
                    token = turn.token;
                }
            }
        }
        exchange.stop().await;
        let told = loop {
            match watch.message().await {
                Ok(Some(turn)) => {
                    got.extend(turn.items.iter().map(|item| item.position));
                    token = turn.token;
                }
                Ok(None) => panic!("the stream ended without a status"),
                Err(status) => break refused::<()>(Err(status)),
            }
        };
        assert_eq!((told.code, told.reason), (Code::Unavailable, Reason::Unavailable));

        exchange.start(false).await.unwrap();
        let receiver = receiver.at(&exchange.door);
        let mut watch = receiver.watch(&subscription, &token).await.unwrap();
        while got.len() < published.len() {
            let turn = watch.message().await.unwrap().unwrap();
            got.extend(turn.items.iter().map(|item| item.position));
        }
        assert_eq!(got, published, "all of them, in order, each once");
    }

    async fn publishes_under_way_while_it_stops_are_answered_or_can_be_repeated(exchange) {
        let sender = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let mut asked = Vec::new();
        for seed in 0..24 {
            let of = exchange.open_move().await;
            asked.push((fresh(), submission(&of, typical(seed, of.point))));
        }
        let by = &sender;
        let answers: FuturesUnordered<_> = asked
            .iter()
            .map(|(id, content)| async move { (id, by.publish_as(id, content.clone()).await) })
            .collect();
        let (answers, ()) = tokio::join!(answers.collect::<Vec<_>>(), async {
            tokio::task::yield_now().await;
            exchange.stop().await;
        });
        exchange.start(false).await.unwrap();
        let sender = sender.at(&exchange.door);
        for (id, answer) in answers {
            let content = asked.iter().find(|(asked, _)| asked == id).unwrap().1.clone();
            let again = sender.publish_as(id, content).await.unwrap();
            assert_eq!(again.version, 1, "never twice");
            if let Ok(first) = answer {
                let (first, again) = (first.receipt.unwrap(), again.receipt.unwrap());
                assert_eq!(first.position, again.position, "what was acknowledged stands");
                assert!(again.replayed);
            }
        }
    }
}
