//! A refusal is an act: one entry, and the same words to everyone. A flood of them is not.

use std::time::Duration;

use baton_wire::status::Reason;
use baton_wire::v1::{Point, Role};
use futures::{StreamExt as _, stream};
use tonic::Code;

use crate::harness::*;

/// Calls at the same time, over as many connections as it takes.
const AT_ONCE: usize = 512;
/// A connection has fewer streams than that.
const CONNECTIONS: usize = 4;

/// Calls refused all the time, so many at once; how the ledger grew, and the reasons that were told.
pub(crate) async fn flood(exchange: &Exchange, calls: usize) -> (u64, Vec<(Reason, usize)>) {
    let of = exchange.open_move().await;
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    let profile = sender
        .publish(submission(&of, typical(1, of.point)))
        .await
        .unwrap()
        .name;
    let (stranger, _) = exchange.key_holder(&exchange.elsewhere, &[Role::Dsl]).await;
    let strangers: Vec<Caller> = (0..CONNECTIONS)
        .map(|_| stranger.at(&exchange.door))
        .collect();
    let before = exchange.size();
    let reasons = stream::iter(0..calls)
        .map(|number| {
            let stranger = &strangers[number % CONNECTIONS];
            async { refused(stranger.get(&profile).await).reason }
        })
        .buffer_unordered(AT_ONCE)
        .fold(Vec::<(Reason, usize)>::new(), async |mut counts, reason| {
            match counts.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, count)) => *count += 1,
                None => counts.push((reason, 1)),
            }
            counts
        })
        .await;
    // Somebody else is served as ever.
    sender
        .get(&profile)
        .await
        .expect("a neighbour of the flood");
    (exchange.size() - before, reasons)
}

async fn with_shipped_limits(home: Home) {
    let exchange = Exchange::as_shipped(home).await;
    let (growth, reasons) = flood(&exchange, 2_000).await;
    assert!(
        growth < 100,
        "2,000 refused calls grew the ledger by {growth} entries: {reasons:?}"
    );
    let told = |reason| {
        reasons
            .iter()
            .find(|(known, _)| *known == reason)
            .map_or(0, |it| it.1)
    };
    assert!(
        told(Reason::PermissionDenied) >= 60,
        "each within the rate is entered: {reasons:?}"
    );
    assert!(
        told(Reason::RefusalsLimited) > 1_000,
        "the rest is turned away: {reasons:?}"
    );
    exchange.end().await;
}

/// A batch is one call, and its items are refused one by one.
async fn with_a_batch(home: Home) {
    let exchange = Exchange::as_shipped(home).await;
    let stranger = exchange
        .person(&exchange.elsewhere, &[Role::Publisher])
        .await;
    let plans = (0..500).map(|_| exchange.plan_of(Point::PrimaryToSecondary));
    let before = exchange.size();
    let outcomes = stranger.plan(plans.collect()).await.unwrap();
    let growth = exchange.size() - before;
    let told = |reason: Reason| {
        let reasons = outcomes.iter().map(|it| &it.error.as_ref().unwrap().reason);
        reasons.filter(|told| *told == reason.name()).count()
    };
    let (denied, limited) = (
        told(Reason::PermissionDenied),
        told(Reason::RefusalsLimited),
    );
    assert_eq!(denied + limited, 500, "each item is answered");
    assert!((60..100).contains(&denied), "{denied} items were refused");
    assert_eq!(growth, u64::try_from(denied).unwrap(), "an entry each");
    exchange.end().await;
}

/// Who does not wait for the answer was refused all the same.
async fn with_calls_that_are_dropped(home: Home) {
    let exchange = Exchange::as_shipped(home).await;
    let of = exchange.open_move().await;
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    let content = submission(&of, typical(1, of.point));
    let profile = sender.publish(content).await.unwrap().name;
    let stranger = exchange.person(&exchange.elsewhere, &[Role::Dsl]).await;
    let before = exchange.size();
    let held = exchange.home.hold().await;
    let (stranger, profile) = (&stranger, &profile);
    let told = stream::iter(0..1_000)
        .map(async |_| {
            let mut request = tonic::Request::new(baton_wire::v1::GetProfileRequest {
                parent: stranger.setting.clone(),
                name: stranger.mine(profile),
                kinds: Vec::new(),
            });
            request.set_timeout(Duration::from_millis(200));
            let answer = stranger.profiles().get_profile(request).await;
            answer.unwrap_err().code()
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    assert!(!told.contains(&Code::PermissionDenied), "none is decided");
    held.release().await;
    // What was asked before is decided before.
    sender.get(profile).await.expect("a neighbour");
    let growth = exchange.size() - before;
    assert!(
        (2..100).contains(&growth),
        "1,000 calls nobody waited for grew the ledger by {growth} entries"
    );
    exchange.end().await;
}

macro_rules! as_shipped_on_both_engines {
    ($($law:ident: $sqlite:ident $postgres:ident;)+) => {$(
        #[test]
        fn $sqlite() {
            run(async || $law(Home::sqlite()).await);
        }

        #[test]
        fn $postgres() {
            run(async || {
                if let Some(home) = Home::postgres().await {
                    $law(home).await;
                }
            });
        }
    )+};
}

as_shipped_on_both_engines! {
    with_shipped_limits:
        two_thousand_refused_calls_of_one_key_hardly_grow_the_ledger_on_sqlite
        two_thousand_refused_calls_of_one_key_hardly_grow_the_ledger_on_postgres;
    with_a_batch:
        five_hundred_refused_items_of_one_call_hardly_grow_the_ledger_on_sqlite
        five_hundred_refused_items_of_one_call_hardly_grow_the_ledger_on_postgres;
    with_calls_that_are_dropped:
        a_thousand_calls_that_are_dropped_hardly_grow_the_ledger_on_sqlite
        a_thousand_calls_that_are_dropped_hardly_grow_the_ledger_on_postgres;
}

on_both_engines! {
    async fn each_refusal_leaves_exactly_one_entry_that_says_why(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::DataManager]).await;
        let stranger = exchange.person(&exchange.elsewhere, &[Role::Dsl]).await;
        let profile = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let early = exchange.planned(Point::EarlyYearsToPrimary).await;

        macro_rules! one {
            ($caller:ident, $call:expr, $kind:literal, $verdict:literal) => {{
                let before = exchange.size();
                refused($call);
                let entry = exchange.one_since(before).await;
                assert_eq!(entry.said(), ($kind, $verdict));
                assert_eq!(
                    format!("{}/credentials/{}", $caller.setting, entry.text("caller/credential")),
                    $caller.credential,
                    "the entry names who was refused"
                );
                if $verdict == "denied" {
                    assert!(!entry.array("decisions").is_empty(), "and what was decided: {entry:?}");
                }
                assert_eq!(entry.text("policy_set").len(), 64);
            }};
        }
        one!(stranger, stranger.get(&profile).await, "fetched", "denied");
        one!(stranger, stranger.transition(&of.name).await, "transition_shown", "denied");
        one!(stranger, stranger.withdraw(&profile).await, "withdrawn", "denied");
        one!(stranger, stranger.acknowledge(&profile, 1).await, "acknowledged", "denied");
        one!(stranger, stranger.who_saw(&of.name).await, "who_saw_asked", "denied");
        one!(receiver, receiver.withdraw(&profile).await, "withdrawn", "denied");
        one!(receiver, receiver.acknowledge(&profile, 9).await, "acknowledged", "failed");
        one!(sender, sender.acknowledge(&profile, 1).await, "acknowledged", "denied");
        one!(sender, sender.subscribe().await, "subscribed", "denied");
        one!(sender, sender.publish(submission(&early, typical(1, early.point))).await,
            "published", "denied");
        one!(sender, sender.issue(&sender.setting, &[Role::Dsl], &[], 1).await,
            "credential_issued", "denied");
        one!(sender, sender.revoke(&sender.credential).await, "credential_revoked", "denied");
    }

    async fn absent_and_forbidden_look_the_same(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let stranger = exchange.person(&exchange.elsewhere, &[Role::Dsl, Role::Publisher]).await;
        let profile = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let no_profile = baton_domain::ids::ProfileId::from_bytes([9; 16]);
        let no_profile = format!("{}/profiles/{no_profile}", stranger.setting);
        let no_move = baton_domain::ids::TransitionId::from_bytes([9; 16]);
        let no_move = format!("{}/transitions/{no_move}", stranger.setting);

        macro_rules! same {
            ($($method:ident)+) => {$(
                assert_eq!(
                    refused(stranger.$method(&profile).await),
                    refused(stranger.$method(&no_profile).await),
                    stringify!($method)
                );
            )+};
        }
        same!(get withdraw);
        assert_eq!(
            refused(stranger.transition(&of.name).await),
            refused(stranger.transition(&no_move).await)
        );
        assert_eq!(
            refused(stranger.who_saw(&of.name).await),
            refused(stranger.who_saw(&no_move).await)
        );
        assert_eq!(
            refused(stranger.publish(submission(&of, typical(1, of.point))).await),
            refused(stranger.publish(submission(&Move { name: no_move, ..of.clone() },
                typical(1, of.point))).await)
        );
    }

    async fn a_plan_says_nothing_about_pupils_of_others(exchange) {
        let known = exchange.plan_of(Point::PrimaryToSecondary);
        exchange.planned_as(known.clone()).await;
        let elsewhere = exchange.person(&exchange.elsewhere, &[Role::Publisher]).await;
        let own = |learner| {
            let from = Some(exchange.elsewhere.code.clone());
            baton_wire::v1::PlannedTransition { from, learner, ..known.clone() }
        };
        let plans = vec![own(known.learner.clone()), own(vec![upn(777_777)])];
        let outcomes = elsewhere.plan(plans).await.unwrap();
        let said = |at: usize| {
            let transition = outcomes[at].transition.clone().unwrap();
            (outcomes[at].changed, outcomes[at].error.clone(), transition.state, transition.published_count)
        };
        assert_eq!(said(0), said(1), "a pupil another school planned for looks like any other");
    }
}
