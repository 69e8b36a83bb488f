//! Bytes nobody meant, through the front door: every call is answered, the service goes on, and the
//! ledger verifies afterwards.

pub(crate) mod connection;
mod requests;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use baton_domain::log::Checkpoint;
use baton_domain::log::note::VerifierKey;
use baton_domain::log::verify::{Record, Verifier};
use baton_wire::status::{Problem, Reason};
use baton_wire::v1;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use tonic::Code;

use crate::chance::message::damaged_message;
use crate::chance::{Dice, damaged, seed, time};
use crate::harness::*;
use requests::{BOOTSTRAP, Call, WATCH, Who, sound};

/// Calls made beside one another.
const IN_FLIGHT: usize = 12;
/// Calls of one round: those that cannot be decoded first, then the others.
const CALLS: usize = 60;
/// Rounds of the short form.
const ROUNDS: u64 = 8;
/// Longest the service lets a call take here, so that a wait somebody asked for ends.
const DEADLINE: Duration = Duration::from_secs(5);
/// An answer that takes longer than this is none.
const PATIENCE: Duration = Duration::from_secs(30);
/// A stream that was let in and has nothing to say is left after this.
const LISTENING: Duration = Duration::from_millis(200);

/// Streams that are opened of all that could be.
const STREAMS_MAX: usize = 200;

/// What stands in a request in a wrong place.
const WORDS: &[&[u8]] = &[
    MARKER.as_bytes(),
    b"",
    b"settings/",
    b"settings/x/profiles/y",
    b"2026-03-11",
    b"upn",
    b"gias",
    b"E351394824001",
    b"00000000-0000-4000-8000-000000000000",
    b"\x0a\x00",
    b"\x08\x01",
    b"\xc0\x06\x01",
    b"AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];

/// What was done, for the figures.
#[derive(Default)]
struct Tally {
    calls: u64,
    undecodable: u64,
    answered: u64,
    reasons: BTreeMap<&'static str, u64>,
    /// Streams to be opened last: whoever leaves one does not know what it still does.
    streams: Vec<Knock>,
}

impl Tally {
    fn count(&mut self, reason: Option<Reason>) {
        match reason {
            None => self.answered += 1,
            Some(reason) => *self.reasons.entry(reason.name()).or_default() += 1,
        }
    }
}

/// A damaged call.
struct Knock {
    call: Call,
    body: Bytes,
}

fn damage(dice: &mut Dice, calls: &[Call]) -> Knock {
    let call = *dice.pick(&(0..calls.len()).collect::<Vec<_>>());
    let call = calls[call].clone();
    let bodies: Vec<Vec<u8>> = if dice.one_in(8) {
        calls.iter().map(|other| other.body.clone()).collect()
    } else {
        vec![call.body.clone()]
    };
    let mut body = damaged(dice, &bodies, WORDS);
    // What cannot be decoded goes no further than the door: most should go further.
    for _ in 0..4 {
        if dice.one_in(4) || (call.decodes)(&body) {
            break;
        }
        body = damaged_message(dice, &bodies, WORDS);
    }
    Knock {
        call,
        body: body.into(),
    }
}

/// Makes a call and says how it was answered; an answer in the wrong form fails.
async fn knock(who: &Caller, knock: &Knock) -> Option<Reason> {
    let rpc = knock.call.rpc;
    let answer = first(who, rpc, knock.body.clone());
    // Only a stream that was understood may have nothing to say.
    let streams = rpc == WATCH && (knock.call.decodes)(&knock.body);
    let patience = if streams { LISTENING } else { PATIENCE };
    let Ok(answer) = tokio::time::timeout(patience, answer).await else {
        assert!(streams, "{rpc} was not answered: {:?}", knock.body);
        return None;
    };
    let status = answer.err()?;
    let told = Problem::of(&status);
    let told = told.unwrap_or_else(|| panic!("{rpc}: no ErrorInfo: {status:?} {:?}", knock.body));
    assert_eq!(status.code(), told.reason.code(), "{rpc}: {status:?}");
    assert!(
        !matches!(status.code(), Code::Internal | Code::Unknown),
        "{rpc} is at fault itself: {status:?} by {:?}",
        knock.body
    );
    let said = format!("{status:?}");
    assert!(
        !said.contains(MARKER),
        "{rpc} repeats what was sent: {said}"
    );
    Some(told.reason)
}

/// Makes calls beside one another; how each was answered.
async fn answers(who: &Who, knocks: Vec<Knock>) -> Vec<(&'static str, Option<Reason>)> {
    stream::iter(knocks)
        .map(async |it| (it.call.rpc, knock(who.of(&it.call), &it).await))
        .buffer_unordered(IN_FLIGHT)
        .collect()
        .await
}

async fn round(exchange: &Exchange, who: &Who, calls: &[Call], dice: &mut Dice, tally: &mut Tally) {
    let knocks = (0..CALLS).map(|_| damage(dice, calls));
    let (read, unread): (Vec<_>, Vec<_>) =
        knocks.partition(|knock| (knock.call.decodes)(&knock.body));
    tally.calls += CALLS as u64;
    tally.undecodable += unread.len() as u64;
    let before = settled(exchange).await;
    for (rpc, reason) in answers(who, unread).await {
        // Whoever has another credential than the one-time token is not even read there.
        let shut = rpc == BOOTSTRAP && reason == Some(Reason::Unauthenticated);
        let unread = [Some(Reason::InvalidRequest), Some(Reason::RequestTooLarge)];
        assert!(
            shut || unread.contains(&reason),
            "what is no message was answered with {reason:?} by {rpc}"
        );
        tally.count(reason);
    }
    let left = entered_by_calls(exchange, before).await;
    assert_eq!(left, 0, "what cannot be decoded leaves no entry");
    let (streams, unary): (Vec<_>, Vec<_>) =
        read.into_iter().partition(|knock| knock.call.rpc == WATCH);
    for (_, reason) in answers(who, unary).await {
        tally.count(reason);
    }
    let room = STREAMS_MAX - tally.streams.len();
    tally.streams.extend(streams.into_iter().take(room));
}

/// Entries once everything asked before is done, what ran over its deadline included: an act of its
/// own stands behind them.
async fn settled(exchange: &Exchange) -> u64 {
    let request = v1::ListSettingsRequest {
        parent: exchange.officer.setting.clone(),
        ..Default::default()
    };
    let listed = exchange.officer.settings().list_settings(request).await;
    listed.unwrap();
    exchange.size()
}

/// Entries since a size that somebody's call left: the service has work of its own, such as clearing the
/// files of what a call before erased.
async fn entered_by_calls(exchange: &Exchange, since: u64) -> usize {
    let lines = exchange.lines(since).await;
    let called = |line: &&Line| line.get("caller/credential").is_some();
    lines.iter().filter(called).count()
}

/// Everyone else is served: a profile is published and read back.
async fn still_serves(exchange: &Exchange) {
    let of = exchange.open_move().await;
    let sender = exchange.person(&of.from, &[v1::Role::Publisher]).await;
    let receiver = exchange.person(&of.to, &[v1::Role::Senco]).await;
    let sections = typical(1, of.point);
    let published = sender.publish(submission(&of, sections)).await.unwrap();
    receiver.get(&published.name).await.unwrap();
}

/// All entries against the signed checkpoint; how many there are.
async fn verified(exchange: &Exchange) -> usize {
    let parent = exchange.officer.setting.clone();
    let asked = v1::GetCheckpointRequest { parent };
    let answer = exchange
        .officer
        .audit()
        .get_checkpoint(asked)
        .await
        .unwrap();
    let key: VerifierKey = answer.into_inner().verifier_key.parse().unwrap();
    let (mut entries, signed) = exchange.officer.entries(0).await;
    let signed = Checkpoint::open(signed.as_bytes(), &[key]).expect("a good signature");
    let size = usize::try_from(signed.size).unwrap();
    // A page holds so many, and asking for the next one is an entry too.
    while entries.len() < size {
        let next = u64::try_from(entries.len()).unwrap();
        entries.extend(exchange.officer.entries(next).await.0);
    }
    entries.truncate(size);
    let mut verifier = Verifier::new(&signed);
    for entry in &entries {
        let position = u64::try_from(entry.position).unwrap();
        let leaf = Some(entry.leaf_hash.as_ref().try_into().unwrap());
        let record = Record {
            position,
            entry: Some(&entry.body),
            leaf,
        };
        assert_eq!(verifier.record(record).faults, [], "at {position}");
    }
    assert_eq!(verifier.finish().faults, []);
    entries.len()
}

async fn front_door(home: Home, engine: &str) {
    let exchange = Exchange::limited(home, generous(), DEADLINE).await;
    let (who, calls) = sound(&exchange).await;
    let (seed, began, time) = (seed(), Instant::now(), time());
    println!("seed={seed}");
    let (mut tally, mut rounds) = (Tally::default(), 0);
    while time.map_or(rounds < ROUNDS, |time| began.elapsed() < time) {
        let mut dice = Dice::of(seed, rounds);
        round(&exchange, &who, &calls, &mut dice, &mut tally).await;
        rounds += 1;
    }
    let streams = std::mem::take(&mut tally.streams);
    for (_, reason) in answers(&who, streams).await {
        tally.count(reason);
    }
    still_serves(&exchange).await;
    let entries = verified(&exchange).await;
    let Tally {
        calls,
        undecodable,
        answered,
        reasons,
        streams: _,
    } = tally;
    println!(
        "figures: front door, {engine}: seed={seed} calls={calls} undecodable={undecodable} \
         answered={answered} entries={entries} verified=1 hung=0 internal=0 {reasons:?}"
    );
    exchange.end().await;
}

#[test]
fn campaign_fuzz_front_door_on_sqlite() {
    run(async || front_door(Home::sqlite(), "SQLite").await);
}

#[test]
fn campaign_fuzz_front_door_on_postgres() {
    run(async || {
        if let Some(home) = Home::postgres().await {
            front_door(home, "PostgreSQL").await;
        }
    });
}
