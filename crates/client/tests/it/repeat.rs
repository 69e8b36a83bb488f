//! What is repeated, with which request id, and when the client gives up.

use std::time::{Duration, Instant};

use baton_client::ClientError;
use baton_wire::{
    status::{Problem, Reason},
    v1,
};

use crate::double::{Asked, Double, SETTING, Say};

fn request() -> v1::PublishProfileRequest {
    v1::PublishProfileRequest::default()
}

#[tokio::test]
async fn a_publish_is_repeated_with_the_same_request_id_until_it_is_done() {
    let double = Double::start().await;
    let fails = [
        Reason::Unavailable,
        Reason::OutcomeUnknown,
        Reason::QueueFull,
    ];
    double
        .script
        .publish
        .lock()
        .unwrap()
        .extend(fails.map(Say::from));
    let published = double
        .client()
        .await
        .publish_profile(request())
        .await
        .unwrap();
    assert_eq!(published.version, 1);
    let asked = double.script.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 4);
    assert_eq!(asked[0].request_id.len(), 36);
    let same = Asked {
        request_id: asked[0].request_id.clone(),
        parent: SETTING.to_owned(),
        authorization: Some("Bearer baton_test_key".to_owned()),
        timeout: true,
    };
    assert!(asked.iter().all(|one| *one == same), "{asked:?}");
}

#[tokio::test]
async fn a_publish_cut_off_in_the_middle_is_repeated_with_the_same_request_id() {
    let double = Double::start().await;
    double.script.publish.lock().unwrap().push_back(Say::Hang);
    let client = double.client().await;
    let own = v1::PublishProfileRequest {
        request_id: "own".to_owned(),
        ..request()
    };
    let cut = async {
        while double.asked_ids().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        double.cut();
    };
    let (published, ()) = tokio::join!(client.publish_profile(own), cut);
    published.unwrap();
    assert_eq!(double.asked_ids(), ["own", "own"]);
}

#[tokio::test]
async fn after_the_last_attempt_the_caller_learns_the_id_to_repeat_with() {
    let double = Double::start().await;
    // The last attempt was surely not done; the first one may have been.
    let fails = [
        Reason::OutcomeUnknown,
        Reason::QueueFull,
        Reason::QueueFull,
        Reason::QueueFull,
    ];
    double
        .script
        .publish
        .lock()
        .unwrap()
        .extend(fails.map(Say::from));
    let error = double
        .client()
        .await
        .publish_profile(request())
        .await
        .unwrap_err();
    let ids = double.asked_ids();
    assert_eq!(ids.len(), 4, "attempts are bounded");
    assert_eq!(
        error,
        ClientError::OutcomeUnknown {
            request_id: Some(ids[0].clone())
        }
    );
}

#[tokio::test]
async fn a_call_is_over_at_its_deadline() {
    let double = Double::start().await;
    double.script.publish.lock().unwrap().push_back(Say::Hang);
    let client = double
        .client()
        .await
        .with_deadline(Duration::from_millis(300));
    let begun = Instant::now();
    let error = client.publish_profile(request()).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert!(
        matches!(
            error,
            ClientError::OutcomeUnknown {
                request_id: Some(_)
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_left_to_the_caller() {
    let double = Double::start().await;
    let wait = Duration::from_mins(1);
    let limited = Problem::from(Reason::RateLimited).retry_after(wait);
    double
        .script
        .publish
        .lock()
        .unwrap()
        .push_back(Say::Fail(limited));
    let begun = Instant::now();
    let error = double
        .client()
        .await
        .publish_profile(request())
        .await
        .unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(error.retry_after(), Some(wait));
    assert_eq!(error.reason(), Some(Reason::RateLimited));
}

#[tokio::test]
async fn what_no_repetition_changes_is_not_repeated() {
    let double = Double::start().await;
    let client = double.client().await;
    for reason in [
        Reason::PermissionDenied,
        Reason::RequestIdConflict,
        Reason::WrongState,
    ] {
        double
            .script
            .publish
            .lock()
            .unwrap()
            .push_back(reason.into());
        double.script.asked.lock().unwrap().clear();
        let error = client.publish_profile(request()).await.unwrap_err();
        assert_eq!(error.reason(), Some(reason));
        assert_eq!(double.asked_ids().len(), 1);
    }
}

#[tokio::test]
async fn a_deadline_without_end_is_one_of_a_day() {
    let double = Double::start().await;
    let client = double.client().await.with_deadline(Duration::MAX);
    client.publish_profile(request()).await.unwrap();
}
