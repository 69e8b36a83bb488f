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
const DEADLINE: Duration = Duration::from_secs(2);
/// An answer that takes longer than this is none.
const PATIENCE: Duration = Duration::from_secs(30);
/// A stream that was let in and has nothing to say is left after this.
const LISTENING: Duration = Duration::from_millis(200);

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
    let streams = rpc == WATCH;
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

async fn round(exchange: &Exchange, who: &Who, calls: &[Call], dice: &mut Dice, tally: &mut Tally) {
    let knocks: Vec<Knock> = (0..CALLS).map(|_| damage(dice, calls)).collect();
    let (read, unread): (Vec<_>, Vec<_>) = knocks
        .iter()
        .partition(|knock| (knock.call.decodes)(&knock.body));
    tally.calls += CALLS as u64;
    tally.undecodable += unread.len() as u64;
    let before = exchange.size();
    for (batch, undecodable) in [(unread, true), (read, false)] {
        let reasons: Vec<_> = stream::iter(batch)
            .map(async |it| (it.call.rpc, knock(who.of(&it.call), it).await))
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        for (rpc, reason) in reasons {
            if undecodable {
                // Whoever has another credential than the one-time token is not even read there.
                let shut = rpc == BOOTSTRAP && reason == Some(Reason::Unauthenticated);
                let unread = [Some(Reason::InvalidRequest), Some(Reason::RequestTooLarge)];
                assert!(
                    shut || unread.contains(&reason),
                    "what is no message was answered with {reason:?} by {rpc}"
                );
            }
            match reason {
                None => tally.answered += 1,
                Some(reason) => *tally.reasons.entry(reason.name()).or_default() += 1,
            }
        }
        if undecodable {
            assert_eq!(
                exchange.size(),
                before,
                "what cannot be decoded leaves no entry"
            );
        }
    }
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
    let (entries, signed) = exchange.officer.entries(0).await;
    let signed = Checkpoint::open(signed.as_bytes(), &[key]).expect("a good signature");
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
    still_serves(&exchange).await;
    let entries = verified(&exchange).await;
    let Tally {
        calls,
        undecodable,
        answered,
        reasons,
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
