//! A watch comes back, and its token is always where to resume.

use std::time::Duration;

use baton_client::{ClientError, Event, Subscription, Watch};
use baton_wire::{status::Reason, twin};
use futures::StreamExt as _;

use crate::double::{Double, SUBSCRIPTION, Told};

#[expect(
    clippy::unnecessary_wraps,
    reason = "stands in scripts beside refusals"
)]
fn turn(positions: &[i64], token: &str) -> Told {
    let item = |position: &i64| twin::Item {
        position: *position,
        ..Default::default()
    };
    let items = positions.iter().map(item).collect();
    Ok(twin::WatchResponse {
        items,
        token: token.to_owned(),
        ..Default::default()
    })
}

fn changed(positions: &[i64], token: &str) -> Told {
    turn(positions, token).map(|turn| twin::WatchResponse {
        ledger_changed: true,
        ..turn
    })
}

async fn next(watch: &mut Watch) -> String {
    let event = tokio::time::timeout(Duration::from_secs(10), watch.next())
        .await
        .unwrap();
    let told = match event {
        None => "end".to_owned(),
        Some(Err(error)) => format!("error {:?}", error.reason()),
        Some(Ok(Event::Turn(turn))) => {
            let positions: Vec<_> = turn.items.iter().map(|item| item.position).collect();
            format!("turn {positions:?}")
        }
        Some(Ok(Event::Bookmark { .. })) => "bookmark".to_owned(),
        Some(Ok(Event::LedgerChanged { .. })) => "changed".to_owned(),
        Some(Ok(Event::Interrupted { failures, .. })) => format!("cut {failures}"),
        Some(Ok(event)) => format!("{event:?}"),
    };
    format!("{told} @{}", watch.token())
}

async fn watch(double: &Double, streams: Vec<Vec<Told>>) -> Watch {
    double.script.streams.lock().unwrap().extend(streams);
    Subscription::of(&double.client().await, SUBSCRIPTION)
        .unwrap()
        .resume_from("t0")
        .watch()
}

#[tokio::test]
async fn a_watch_resumes_from_the_last_turn_or_bookmark() {
    let double = Double::start().await;
    let first = vec![
        turn(&[1, 2], "t1"),
        turn(&[], "t2"),
        Err(Reason::Unavailable),
    ];
    let second = vec![turn(&[7], "t3")];
    let mut watch = watch(&double, vec![first, vec![Err(Reason::QueueFull)], second]).await;
    assert_eq!(watch.token(), "t0");
    for expected in [
        "turn [1, 2] @t1",
        "bookmark @t2",
        "cut 1 @t2",
        "cut 2 @t2",
        "turn [7] @t3",
        "cut 1 @t3",
    ] {
        assert_eq!(next(&mut watch).await, expected);
    }
    // The next stream stays open and silent.
    assert!(
        tokio::time::timeout(Duration::from_millis(400), watch.next())
            .await
            .is_err()
    );
    assert_eq!(
        *double.script.tokens.lock().unwrap(),
        ["t0", "t2", "t2", "t3"]
    );
}

#[tokio::test]
async fn a_watch_that_was_taken_over_says_so_and_does_not_come_back() {
    let double = Double::start().await;
    let first = vec![turn(&[1], "t1"), Err(Reason::SubscriptionTakenOver)];
    let mut watch = watch(&double, vec![first, vec![turn(&[2], "t2")]]).await;
    assert_eq!(next(&mut watch).await, "turn [1] @t1");
    let taken = watch.next().await.unwrap().unwrap_err();
    assert_eq!(taken, ClientError::TakenOver);
    assert!(taken.to_string().contains("a subscription name of its own"));
    assert_eq!(next(&mut watch).await, "end @t1");
    assert_eq!(*double.script.tokens.lock().unwrap(), ["t0"], "once");
}

#[tokio::test]
async fn a_watch_comes_back_after_the_wire_is_cut() {
    let double = Double::start().await;
    let mut watch = watch(&double, Vec::new()).await;
    let cut = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        double
            .script
            .streams
            .lock()
            .unwrap()
            .push_back(vec![turn(&[1], "t1")]);
        double.cut();
    };
    let (event, ()) = tokio::join!(next(&mut watch), cut);
    assert_eq!(event, "cut 1 @t0");
    assert_eq!(next(&mut watch).await, "turn [1] @t1");
}

#[tokio::test]
async fn a_changed_ledger_is_told_before_its_items() {
    let double = Double::start().await;
    let first = vec![turn(&[5], "t1"), Err(Reason::Unavailable)];
    let second = vec![
        changed(&[0], "u1"),
        changed(&[], "u2"),
        Err(Reason::LedgerChanged),
    ];
    let third = vec![turn(&[0], "v1"), Err(Reason::PermissionDenied)];
    let mut watch = watch(&double, vec![first, second, third]).await;
    for expected in [
        "turn [5] @t1",
        "cut 1 @t1",
        // Who stops between the two begins at the beginning.
        "changed @",
        "turn [0] @u1",
        "changed @u2",
        "changed @",
        "turn [0] @v1",
        "error Some(PermissionDenied) @v1",
        "end @v1",
    ] {
        assert_eq!(next(&mut watch).await, expected);
    }
    assert_eq!(*double.script.tokens.lock().unwrap(), ["t0", "t1", ""]);
}

#[tokio::test]
async fn dropping_a_pending_next_loses_nothing() {
    let double = Double::start().await;
    let turns: Vec<_> = (1..50).map(|n| turn(&[n], &n.to_string())).collect();
    let mut watch = watch(&double, vec![turns]).await;
    let mut seen = Vec::new();
    while seen.len() < 49 {
        let waited = tokio::time::timeout(Duration::from_micros(50), watch.next()).await;
        if let Ok(Some(Ok(Event::Turn(turn)))) = waited {
            seen.extend(turn.items.iter().map(|item| item.position));
        }
    }
    assert_eq!(seen, (1..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_pull_moves_its_token_and_tells_a_changed_ledger() {
    let double = Double::start().await;
    let told = [
        vec![turn(&[1], "t1")],
        vec![turn(&[], "t2")],
        vec![Err(Reason::LedgerChanged)],
        vec![changed(&[0], "u1")],
        vec![Err(Reason::PermissionDenied)],
    ];
    double.script.streams.lock().unwrap().extend(told);
    let mut subscription = Subscription::of(&double.client().await, SUBSCRIPTION).unwrap();
    let mut counts = Vec::new();
    for token in ["t1", "t2", "", "u1"] {
        counts.push(subscription.pull(Duration::ZERO).await.unwrap().len());
        assert_eq!(subscription.token(), token);
    }
    assert_eq!(counts, [1, 1, 1, 2]);
    assert_eq!(
        subscription.pull(Duration::ZERO).await.unwrap_err(),
        ClientError::Denied
    );
    assert_eq!(subscription.token(), "u1");
    assert_eq!(
        *double.script.tokens.lock().unwrap(),
        ["", "t1", "t2", "", "u1"]
    );
}

#[tokio::test]
async fn a_name_that_is_none_is_refused_here() {
    let double = Double::start().await;
    let refused = Subscription::of(&double.client().await, "settings/x").unwrap_err();
    assert!(matches!(refused, ClientError::Invalid(violations) if violations.len() == 1));
}
