//! The real program, killed without warning while settings publish and acknowledge.
//!
//! After every kill it is started again on what is on the disk. At the end every request ever made
//! is made once more: what was answered stands at the position it was answered with, what was not
//! stands once, and the ledger is verified, access rows included.

pub(crate) mod cast;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use baton_client::{Client, ClientError};
use baton_wire::status::Reason;
use baton_wire::v1;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::cast::{Cast, MOVES, Serving, assemble, init, verify};
use crate::harness::*;

/// Kills of one engine in the test; the campaign has more.
const KILLS: u64 = 5;
const KILLS_OF_CAMPAIGN: u64 = 50;
const WORKERS: u32 = 4;
/// Of every so many starts one is killed while it starts.
const STARTS_A_STILLBIRTH: u64 = 3;

/// Calls by request id, each with the position it was answered with.
type Calls<R> = Mutex<BTreeMap<String, (R, Option<i64>)>>;

/// What was asked in all rounds.
#[derive(Default)]
struct Asked {
    publishes: Calls<v1::PublishProfileRequest>,
    acknowledges: Calls<v1::AcknowledgeRequest>,
}

/// Answers of one round: of publishes, of acknowledgements.
type Answers = watch::Sender<(u64, u64)>;

/// When a round ends: so many answers were there, and a while went by that has nothing to do with
/// any of them, so that the kill falls anywhere in a batch, a commit, a fold of the log.
struct Moment {
    publishes: u64,
    acknowledges: u64,
    later: Duration,
}

impl Moment {
    fn drawn(seed: u64, round: u64) -> Self {
        let mut drawn = seed.wrapping_add(round).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut below = |limit: u64| {
            drawn = (drawn ^ (drawn >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (drawn >> 32) % limit
        };
        Self {
            publishes: below(40),
            acknowledges: below(8),
            later: Duration::from_micros(below(25_000)),
        }
    }
}

fn request(cast: &Cast, number: u32, text: String) -> v1::PublishProfileRequest {
    let id = &cast.moves[(number % MOVES) as usize];
    let what_works = v1::SupportStrategies {
        code_set_version: Some(text),
        nothing_to_add: None,
        ..Default::default()
    };
    v1::PublishProfileRequest {
        parent: cast.publisher.setting.clone(),
        request_id: fresh(),
        profile: Some(v1::ProfileSubmission {
            transition: format!("{}/transitions/{id}", cast.publisher.setting),
            content: Some(Box::new(v1::Sections {
                support_strategies: Some(what_works),
                ..Default::default()
            })),
            signatory: "Head of school".to_owned(),
            ..Default::default()
        }),
    }
}

fn asked<R: Clone>(calls: &Calls<R>, id: &str, request: &R) {
    let call = (request.clone(), None);
    calls.lock().unwrap().insert(id.to_owned(), call);
}

fn answered<R>(calls: &Calls<R>, id: &str, receipt: Option<v1::Receipt>) {
    let position = receipt.unwrap().position;
    calls.lock().unwrap().get_mut(id).unwrap().1 = Some(position);
}

/// A version that was replaced meanwhile: an answer, and nothing that could be lost.
fn replaced(error: &ClientError) -> bool {
    error.reason() == Some(Reason::VersionChanged)
}

/// Publishes until the connection breaks.
async fn publish(
    client: Client,
    cast: Arc<Cast>,
    (worker, round): (u32, u64),
    calls: Arc<Asked>,
    answers: Answers,
) {
    for turn in 0.. {
        let text = format!("{round}.{worker}.{turn}");
        let request = request(&cast, worker + WORKERS * turn, text);
        let id = request.request_id.clone();
        asked(&calls.publishes, &id, &request);
        let Ok(answer) = client.publish_profile(request).await else {
            return;
        };
        answered(&calls.publishes, &id, answer.receipt);
        answers.send_modify(|(publishes, _)| *publishes += 1);
    }
}

/// Takes over what comes until the connection breaks.
async fn receive(client: Client, calls: Arc<Asked>, answers: Answers) -> Result<(), ClientError> {
    let wanted = v1::Subscription {
        subscription_id: "killed".to_owned(),
        ..Default::default()
    };
    let request = v1::CreateSubscriptionRequest {
        subscription: Some(wanted),
        ..Default::default()
    };
    let subscription = client.create_subscription(request).await?.name;
    let mut token = String::new();
    loop {
        let request = v1::PullRequest {
            subscription: subscription.clone(),
            token,
            wait_ms: 1_000,
            ..Default::default()
        };
        let turn = client.pull(request).await?;
        token = turn.token;
        for profile in turn.items.into_iter().filter_map(|item| item.profile) {
            let request = v1::AcknowledgeRequest {
                profile: profile.name,
                version: profile.version,
                request_id: fresh(),
                ..Default::default()
            };
            let id = request.request_id.clone();
            asked(&calls.acknowledges, &id, &request);
            match client.acknowledge(request).await {
                Ok(answer) => answered(&calls.acknowledges, &id, answer.receipt),
                Err(error) if replaced(&error) => {
                    calls.acknowledges.lock().unwrap().remove(&id);
                    continue;
                }
                Err(error) => return Err(error),
            }
            answers.send_modify(|(_, acknowledges)| *acknowledges += 1);
        }
    }
}

async fn round(home: &Home, cast: &Arc<Cast>, asked: &Arc<Asked>, (number, at): (u64, Moment)) {
    if number % STARTS_A_STILLBIRTH == 1 {
        Serving::stillborn(home, at.later).await;
    }
    let serving = Serving::start(home);
    let answers = Answers::new((0, 0));
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let client = serving
            .client(home, &cast.publisher.papers, &cast.publisher.setting)
            .await;
        let (cast, asked) = (Arc::clone(cast), Arc::clone(asked));
        workers.spawn(publish(
            client,
            cast,
            (worker, number),
            asked,
            answers.clone(),
        ));
    }
    let receiver = serving
        .client(home, &cast.receiver.papers, &cast.receiver.setting)
        .await;
    let (asked, told) = (Arc::clone(asked), answers.clone());
    workers.spawn(async move {
        // It ends with the connection, whatever that is told as.
        let _ = receive(receiver, asked, told).await;
    });
    answers
        .subscribe()
        .wait_for(|(publishes, acknowledges)| {
            *publishes >= at.publishes && *acknowledges >= at.acknowledges
        })
        .await
        .unwrap();
    tokio::time::sleep(at.later).await;
    serving.kill();
    while workers.join_next().await.is_some() {}
}

/// How many calls were answered before a kill, and how many were not.
#[derive(Debug, Default)]
struct Tally {
    answered: u64,
    unanswered: u64,
}

/// Asks everything once more.
async fn settle<R: Clone>(calls: &Calls<R>, ask: impl AsyncFn(R) -> Option<v1::Receipt>) -> Tally {
    let calls = std::mem::take(&mut *calls.lock().unwrap());
    let mut tally = Tally::default();
    for (request, position) in calls.into_values() {
        let again = ask(request.clone()).await;
        let stands = if let Some(position) = position {
            let again = again.as_ref().expect("what was answered was done");
            assert!(again.replayed, "what was answered was lost");
            tally.answered += 1;
            Some(position)
        } else {
            // Done before the kill or now: from now on it is done.
            tally.unanswered += 1;
            again.map(|receipt| receipt.position)
        };
        let last = ask(request).await;
        assert_eq!(
            last.map(|receipt| (receipt.replayed, receipt.position)),
            stands.map(|position| (true, position)),
            "it stands under a second position"
        );
    }
    tally
}

async fn law(home: Home, kills: u64) {
    let token = init(&home);
    let serving = Serving::start(&home);
    let cast = Arc::new(assemble(&home, &serving, &token).await);
    serving.kill();
    let asked = Arc::new(Asked::default());
    let seed: u64 = std::env::var("BATON_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(1);
    for number in 0..kills {
        let at = Moment::drawn(seed, number);
        round(&home, &cast, &asked, (number, at)).await;
    }
    let serving = Serving::start(&home);
    let publisher = serving
        .client(&home, &cast.publisher.papers, &cast.publisher.setting)
        .await;
    let receiver = serving
        .client(&home, &cast.receiver.papers, &cast.receiver.setting)
        .await;
    // First what was taken over: publishing again replaces versions.
    let acknowledges = settle(&asked.acknowledges, async |request| {
        match receiver.acknowledge(request).await {
            Ok(answer) => Some(answer.receipt.unwrap()),
            Err(error) if replaced(&error) => None,
            Err(error) => panic!("seed {seed}: {error}"),
        }
    })
    .await;
    let publishes = settle(&asked.publishes, async |request| {
        Some(publisher.publish_profile(request).await.unwrap().receipt).flatten()
    })
    .await;
    assert!(publishes.answered > 0 && acknowledges.answered > 0);
    verify(&home, &serving, &cast);
    println!(
        "figures: kills={kills} published={} acknowledged={} unanswered={}+{} lost=0 doubled=0",
        publishes.answered, acknowledges.answered, publishes.unanswered, acknowledges.unanswered
    );
}

#[test]
fn nothing_answered_is_lost_when_the_program_is_killed_on_sqlite() {
    run(async || law(Home::sqlite(), KILLS).await);
}

#[test]
fn nothing_answered_is_lost_when_the_program_is_killed_on_postgres() {
    run(async || {
        if let Some(home) = Home::postgres().await {
            law(home, KILLS).await;
        }
    });
}

#[test]
fn campaign_kills_lose_nothing_on_sqlite() {
    if crate::campaign::wanted() {
        run(async || law(Home::sqlite(), KILLS_OF_CAMPAIGN).await);
    }
}

#[test]
fn campaign_kills_lose_nothing_on_postgres() {
    if crate::campaign::wanted() {
        run(async || {
            if let Some(home) = Home::postgres().await {
                law(home, KILLS_OF_CAMPAIGN).await;
            }
        });
    }
}
