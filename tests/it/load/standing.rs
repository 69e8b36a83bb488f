//! What stands: every contribution, what was sent of it and answered, and what was taken over. It is
//! what the ledger is held against at the end.

use std::collections::HashMap;
use std::sync::Mutex as Held;

use baton_domain::log::Hash;
use baton_wire::v1::{self, Point, Role};
use futures::StreamExt as _;
use tokio::sync::{Mutex, mpsc, watch};

use super::tally::Tally;
use crate::harness::*;

/// Settings that send, and as many that receive.
pub(super) const SIDES: usize = 2;
/// Subscriptions of each receiving setting; each takes over its share of what comes.
pub(super) const SHARES: usize = 2;
/// Moves planned in one call.
const PLANNED: usize = 100;
const AT_ONCE: usize = 16;

/// How far the play is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) enum Phase {
    Busy,
    /// Nobody begins anything; what was begun ends.
    Ending,
    /// Receivers take over what is left.
    Sent,
}

/// A version that was published and answered.
#[derive(Clone)]
pub(super) struct Version {
    pub(super) number: i32,
    pub(super) position: i64,
    pub(super) profile: String,
}

pub(super) struct Contribution {
    pub(super) of: Move,
    pub(super) to: usize,
    pub(super) share: usize,
    from: usize,
    /// Held while another version is on its way: one after the other.
    versions: Mutex<Vec<Version>>,
}

/// Contributions of one sender whose last version was taken over: another may follow.
struct Free {
    give: mpsc::Sender<usize>,
    take: Mutex<mpsc::Receiver<usize>>,
}

pub(super) struct Standing {
    pub(super) contributions: Vec<Contribution>,
    numbers: HashMap<String, usize>,
    free: [Free; SIDES],
    /// Number and version of what was acknowledged.
    taken: Held<Vec<(usize, i32)>>,
    /// Position and leaf of everything that was answered with a receipt.
    receipts: Held<Vec<(i64, Hash)>>,
    pub(super) tally: Tally,
    pub(super) phase: watch::Sender<Phase>,
}

/// What a version holds: a few sections, of another child each time.
pub(super) fn content(of: &Move, (number, version): (usize, i32)) -> v1::ProfileSubmission {
    let seed = number as u64 * 1_000_003 + u64::from(version.unsigned_abs());
    let all = typical(seed, of.point);
    let few = v1::Sections {
        identity: all.identity,
        health: all.health,
        send: all.send,
        ..Default::default()
    };
    submission(of, few)
}

impl Standing {
    pub(super) async fn planned(exchange: &Exchange, count: usize) -> Self {
        let senders = [&exchange.primary, &exchange.elsewhere];
        let receivers = [&exchange.secondary, &exchange.academy];
        let (from, to) = (|number| number % SIDES, |number| number / SIDES % SIDES);
        let plan = |number: usize| v1::PlannedTransition {
            from: Some(senders[from(number)].code.clone()),
            to: Some(receivers[to(number)].code.clone()),
            ..exchange.plan_of(Point::PrimaryToSecondary)
        };
        let plans: Vec<v1::PlannedTransition> = (0..count).map(plan).collect();
        let mut contributions = Vec::new();
        for some in plans.chunks(PLANNED) {
            let planned = exchange.officer.plan(some.to_vec()).await.unwrap();
            for (plan, planned) in some.iter().zip(planned) {
                let (number, name) = (contributions.len(), planned.transition.unwrap().name);
                contributions.push(Contribution {
                    of: Move {
                        name,
                        point: Point::PrimaryToSecondary,
                        from: senders[from(number)].clone(),
                        to: receivers[to(number)].clone(),
                        learner: plan.learner.clone(),
                    },
                    to: to(number),
                    share: number / SIDES / SIDES % SHARES,
                    from: from(number),
                    versions: Mutex::new(Vec::new()),
                });
            }
        }
        let id = |name: &str| name.rsplit('/').next().unwrap().to_owned();
        let numbers = contributions.iter().enumerate();
        let numbers = numbers.map(|(number, one)| (id(&one.of.name), number));
        let free = || {
            let (give, take) = mpsc::channel(count);
            let take = Mutex::new(take);
            Free { give, take }
        };
        Self {
            numbers: numbers.collect(),
            contributions,
            free: [free(), free()],
            taken: Held::default(),
            receipts: Held::default(),
            tally: Tally::default(),
            phase: watch::Sender::new(Phase::Busy),
        }
    }

    /// Every contribution's first version.
    pub(super) async fn first_versions(&self, senders: &[Vec<Caller>; SIDES]) {
        let numbers = futures::stream::iter(0..self.contributions.len());
        let publish = async |number: usize| {
            let callers = &senders[self.contributions[number].from];
            let caller = &callers[number / SIDES % callers.len()];
            self.publish("publish_first", caller, number).await;
        };
        numbers.for_each_concurrent(AT_ONCE, publish).await;
        self.tally.is_clean(0);
    }

    /// The next version of a contribution.
    pub(super) async fn publish(&self, method: &'static str, sender: &Caller, number: usize) {
        let one = &self.contributions[number];
        let mut versions = one.versions.lock().await;
        let next = versions.last().map_or(1, |last| last.number + 1);
        let sent = sender.publish(content(&one.of, (number, next)));
        let Some(answer) = self.tally.of(method, sent).await else {
            return;
        };
        if answer.version != next {
            let what = format!("answered version {}, not {next}", answer.version);
            self.tally.wrong(method, what);
        }
        let receipt = answer.receipt.unwrap();
        versions.push(Version {
            number: answer.version,
            position: receipt.position,
            profile: answer.name,
        });
        self.keep(&receipt);
    }

    pub(super) fn keep(&self, receipt: &v1::Receipt) {
        let leaf = Hash::try_from(receipt.leaf_hash.as_ref()).unwrap();
        self.receipts.lock().unwrap().push((receipt.position, leaf));
    }

    pub(super) fn is_busy(&self) -> bool {
        *self.phase.borrow() == Phase::Busy
    }

    /// A contribution of this sender whose next version may come; none when all is over.
    pub(super) async fn next(&self, from: usize) -> Option<usize> {
        let mut phase = self.phase.subscribe();
        let ended = async { drop(phase.wait_for(|phase| *phase != Phase::Busy).await) };
        let free = async { self.free[from].take.lock().await.recv().await };
        tokio::select! {
            biased;
            () = ended => None,
            number = free => number,
        }
    }

    /// Whether more may come to receivers.
    pub(super) fn is_sent(&self) -> bool {
        *self.phase.borrow() == Phase::Sent
    }

    /// The contribution a receiver was shown; none when it is one that only has documents.
    pub(super) fn number(&self, profile: &v1::Profile) -> Option<usize> {
        let id = profile.transition.rsplit('/').next().unwrap();
        self.numbers.get(id).copied()
    }

    /// Says that a version was taken over.
    pub(super) fn taken(&self, number: usize, version: i32, receipt: &v1::Receipt) {
        self.keep(receipt);
        self.taken.lock().unwrap().push((number, version));
        let free = &self.free[self.contributions[number].from];
        free.give.try_send(number).expect("each is free once");
    }

    /// Whether what was read is what was sent.
    pub(super) fn compare(&self, method: &'static str, number: usize, read: &v1::Profile) {
        let sent = content(&self.contributions[number].of, (number, read.version));
        if read.content != sent.content {
            self.tally.wrong(method, "it is not what was sent");
        }
    }

    /// Everything that was answered, as long as the ledger had that many entries: each entry is the
    /// one of its receipt, each contribution opens in its last version. How many of them.
    pub(super) async fn stands(&self, exchange: &Exchange, entries: i64) -> (usize, usize) {
        let ledger = exchange.running().ledger();
        let receipts = self.receipts.lock().unwrap().clone();
        let before = receipts.iter().filter(|(position, _)| *position < entries);
        let mut answered = 0;
        for (position, leaf) in before {
            let stands = ledger.leaf(position.unsigned_abs()).await.unwrap();
            assert_eq!(
                stands.as_ref(),
                Some(leaf),
                "what was answered at {position}"
            );
            answered += 1;
        }
        let mut readers = Vec::new();
        for to in [&exchange.secondary, &exchange.academy] {
            readers.push(exchange.person(to, &[Role::Senco]).await);
        }
        let all = futures::stream::iter(0..self.contributions.len());
        let read = async |number: usize| {
            let one = &self.contributions[number];
            let versions = one.versions.lock().await;
            let Some(last) = versions.iter().rfind(|one| one.position < entries) else {
                return;
            };
            let get = readers[one.to].get(&last.profile);
            let Some(read) = self.tally.of("get_at_the_end", get).await else {
                return;
            };
            if read.version != last.number {
                let what = format!("version {} instead of {}", read.version, last.number);
                self.tally.wrong("get_at_the_end", what);
            }
            self.compare("get_at_the_end", number, &read);
        };
        all.for_each_concurrent(AT_ONCE, read).await;
        (answered, self.contributions.len())
    }

    /// Every version came to whoever was to take it over, once.
    pub(super) async fn all_was_taken(&self) -> (usize, usize) {
        let mut taken = self.taken.lock().unwrap().clone();
        taken.sort_unstable();
        let mut sent = Vec::new();
        for (number, one) in self.contributions.iter().enumerate() {
            let versions = one.versions.lock().await;
            sent.extend(versions.iter().map(|version| (number, version.number)));
        }
        assert!(
            taken == sent,
            "{} were sent, {} taken over",
            sent.len(),
            taken.len()
        );
        (sent.len(), taken.len())
    }
}
