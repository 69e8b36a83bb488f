//! Many publishes at once.

use std::sync::atomic::Ordering;

use baton_client::{BATCHES_IN_FLIGHT, ClientError, Progress};
use baton_wire::{status::Reason, v1};

use crate::double::{Double, Say};

fn request(id: &str) -> v1::PublishProfileRequest {
    v1::PublishProfileRequest {
        request_id: id.to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn answers_come_in_order_and_what_had_no_room_is_repeated() {
    let double = Double::start().await;
    let mut ids: Vec<String> = (0..700).map(|n| format!("id-{n}")).collect();
    ids[300] = "denied".to_owned();
    double
        .script
        .no_room
        .lock()
        .unwrap()
        .extend([ids[3].clone(), ids[300].clone()]);
    let mut reached = Vec::new();
    let requests = ids.iter().map(|id| request(id));
    let answers = double
        .client()
        .await
        .publish_all(requests, |now| reached.push(now))
        .await;

    assert_eq!(answers.len(), 700);
    for (id, answer) in ids.iter().zip(&answers) {
        match answer {
            Ok(published) => assert_eq!(published.name, *id),
            Err(error) => assert_eq!((id.as_str(), error), ("denied", &ClientError::Denied)),
        }
    }
    assert_eq!(
        reached.last(),
        Some(&Progress {
            done: 700,
            failed: 1
        })
    );
    assert!(reached.is_sorted_by_key(|now| now.done));
    let sizes = double.script.batches.lock().unwrap().clone();
    assert_eq!(sizes.iter().sum::<usize>(), 702, "only the two items again");
    assert!(sizes.iter().all(|size| *size <= 64));
    assert!(double.script.in_flight_max.load(Ordering::SeqCst) <= BATCHES_IN_FLIGHT);
}

#[tokio::test]
async fn a_batch_that_fails_is_the_failure_of_its_items_and_the_rest_goes_on() {
    let double = Double::start().await;
    double
        .script
        .publish
        .lock()
        .unwrap()
        .push_back(Say::from(Reason::Internal));
    let requests = (0..100).map(|n| request(&format!("id-{n}")));
    let answers = double.client().await.publish_all(requests, |_| {}).await;
    // Which of the two batches came first is open.
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(done == 64 || done == 36, "{done}");
    let failed = answers.iter().filter_map(|answer| answer.as_ref().err());
    for error in failed {
        assert_eq!(error.reason(), Some(Reason::Internal));
    }
}

#[tokio::test]
async fn an_item_of_unknown_outcome_is_told_with_its_own_id() {
    let double = Double::start().await;
    let unknown = std::iter::repeat_n(Say::from(Reason::OutcomeUnknown), 20);
    double.script.publish.lock().unwrap().extend(unknown);
    let answers = double
        .client()
        .await
        .publish_all(vec![request("a"), request("b")], |_| {})
        .await;
    let ids = answers.into_iter().map(|answer| match answer {
        Err(ClientError::OutcomeUnknown { request_id }) => request_id.unwrap(),
        other => panic!("{other:?}"),
    });
    assert_eq!(ids.collect::<Vec<_>>(), ["a", "b"]);
}

#[tokio::test]
async fn an_item_too_large_to_send_is_refused_here() {
    let double = Double::start().await;
    let large = request(&"x".repeat(6 << 20));
    let answers = double
        .client()
        .await
        .publish_all(vec![large, request("small")], |_| {})
        .await;
    let reason = answers[0].as_ref().unwrap_err().reason();
    assert_eq!(reason, Some(Reason::RequestTooLarge));
    assert!(answers[1].is_ok());
}
