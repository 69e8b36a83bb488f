//! One receiving school: whoever reads there, and profiles that it loses one after the other.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use baton_wire::status::Reason;
use baton_wire::v1::{self, Point, Role};
use futures::future::join;
use tokio::sync::Notify;
use tokio::task::{JoinSet, yield_now};

use super::{CHANGES, Change, Trial};
use crate::chance::{Dice, seed};
use crate::harness::*;

const OFFERED: &str = "2026-03-09";
/// Turns of the runtime before a change is asked, at most.
const HEAD_START: usize = 40;

pub(super) struct Lane<'a> {
    exchange: &'a Exchange,
    other: &'a Door,
    dice: Dice,
    to: &'a Setting,
    /// Where what is redirected goes.
    next: &'a Setting,
    sender: Caller,
    reader: Caller,
    watched: Watched,
}

/// What came on an open watch.
struct Watched {
    /// Items with content, by contribution; whether one has come at all.
    came: Arc<Mutex<HashMap<String, usize>>>,
    stirred: Arc<Notify>,
    /// Where the watch stands.
    token: Arc<Mutex<String>>,
    task: JoinSet<()>,
}

fn last_of(name: &str) -> String {
    name.rsplit('/').next().unwrap().to_owned()
}

impl Watched {
    async fn by(reader: &Caller, subscription: &str, token: String) -> Self {
        let request = v1::WatchRequest {
            parent: reader.setting.clone(),
            subscription: reader.mine(subscription),
            token: token.clone(),
            inline_content: true,
            ..Default::default()
        };
        let mut watch = reader
            .subscriptions()
            .watch(request)
            .await
            .unwrap()
            .into_inner();
        let (came, stirred) = (
            Arc::<Mutex<HashMap<String, usize>>>::default(),
            Arc::<Notify>::default(),
        );
        let token = Arc::new(Mutex::new(token));
        let (into, stir, place) = (came.clone(), stirred.clone(), token.clone());
        let mut task = JoinSet::new();
        task.spawn(async move {
            // It ends when whoever watches may not any more.
            while let Ok(Some(turn)) = watch.message().await {
                for profile in turn.items.iter().filter_map(|item| item.profile.as_ref()) {
                    let given = usize::from(profile.content.is_some());
                    *into
                        .lock()
                        .unwrap()
                        .entry(last_of(&profile.name))
                        .or_default() += given;
                }
                *place.lock().unwrap() = turn.token;
                stir.notify_one();
            }
        });
        Self {
            came,
            stirred,
            token,
            task,
        }
    }

    /// Waits until something of a contribution came.
    async fn until(&self, profile: &str) {
        while !self.came.lock().unwrap().contains_key(profile) {
            self.stirred.notified().await;
        }
    }

    fn of(&self, profile: &str) -> usize {
        self.came
            .lock()
            .unwrap()
            .get(profile)
            .copied()
            .unwrap_or_default()
    }
}

impl<'a> Lane<'a> {
    pub(super) async fn open(
        exchange: &'a Exchange,
        other: &'a Door,
        number: usize,
        (to, next): (&'a Setting, &'a Setting),
    ) -> Self {
        let reader = exchange.person(to, &[Role::Senco]).await;
        let subscription = reader.subscribe().await.unwrap();
        let watched = Watched::by(&reader.at(other), &subscription, String::new()).await;
        Self {
            dice: Dice::of(seed(), number as u64),
            sender: exchange.person(&exchange.primary, &[Role::Publisher]).await,
            exchange,
            other,
            to,
            next,
            reader,
            watched,
        }
    }

    /// One of the two servers.
    fn somewhere(&mut self, caller: &Caller) -> Caller {
        if self.dice.one_in(2) {
            caller.at(self.other)
        } else {
            caller.clone()
        }
    }

    /// So many trials, and one profile more, which nobody loses: when it came, all before it did.
    pub(super) async fn round(&mut self, trials: usize) -> Vec<Trial> {
        let plan = |_| v1::PlannedTransition {
            to: Some(self.to.code.clone()),
            ..self.exchange.plan_of(Point::PrimaryToSecondary)
        };
        let plans: Vec<_> = (0..=trials).map(plan).collect();
        let learners: Vec<_> = plans.iter().map(|plan| plan.learner.clone()).collect();
        let planned = self.exchange.officer.plan(plans).await.unwrap();
        let moves = planned
            .into_iter()
            .zip(learners)
            .map(|(planned, learner)| Move {
                name: planned.transition.unwrap().name,
                point: Point::PrimaryToSecondary,
                from: self.exchange.primary.clone(),
                to: self.to.clone(),
                learner,
            });
        let mut moves: Vec<Move> = moves.collect();
        let last = moves.pop().unwrap();
        let mut done = Vec::with_capacity(trials);
        for (number, of) in moves.into_iter().enumerate() {
            done.push(self.trial(CHANGES[number % CHANGES.len()], &of).await);
        }
        let published = self
            .sender
            .publish(submission(&last, typical(1, last.point)))
            .await
            .unwrap();
        self.watched.until(&last_of(&published.name)).await;
        for trial in &mut done {
            if trial.change != Change::Revoked {
                trial.watched = self.watched.of(&trial.profile);
            }
        }
        done
    }

    async fn trial(&mut self, change: Change, of: &Move) -> Trial {
        let published = self
            .sender
            .publish(submission(of, typical(1, of.point)))
            .await
            .unwrap();
        let mut reader = self.reader.clone();
        let mut watched = None;
        if change == Change::Revoked {
            reader = self.exchange.person(self.to, &[Role::Senco]).await;
            // Asked for again it is the same: a setting has so many and no more.
            let own = reader
                .subscribe_to("own", Point::Unspecified, 0)
                .await
                .unwrap();
            let token = self.watched.token.lock().unwrap().clone();
            let at = self.somewhere(&reader);
            watched = Some(Watched::by(&at, &own, token).await);
        }
        let gone = AtomicBool::new(false);
        let (by, from) = (
            self.somewhere(&self.sender.clone()),
            self.dice.below(HEAD_START),
        );
        let again = (change != Change::Withdrawn).then(|| self.somewhere(&self.sender.clone()));
        let taken = async {
            for _ in 0..from {
                yield_now().await;
            }
            let position = self.take(change, &by, of, (&published.name, &reader)).await;
            gone.store(true, Ordering::SeqCst);
            position
        };
        let newer = async {
            let Some(again) = again else { return };
            // It may be too late for it.
            let _ = again.publish(submission(of, typical(2, of.point))).await;
        };
        let reads = join(
            reading(reader.clone(), &published.name, &gone),
            reading(reader.at(self.other), &published.name, &gone),
        );
        let ((here, there), (position, ())) = join(reads, join(taken, newer)).await;
        let mut items = 0;
        if let Some(mut watched) = watched {
            let ended = watched.task.join_next().await;
            ended.expect("one task").expect("which does not panic");
            items = watched.of(&last_of(&published.name));
        }
        Trial {
            change,
            setting: last_of(&self.to.name),
            credential: last_of(&reader.credential),
            profile: last_of(&published.name),
            gone: position,
            given: here + there,
            watched: items,
        }
    }

    /// Takes the right away; where the ledger did.
    async fn take(
        &self,
        change: Change,
        by: &Caller,
        of: &Move,
        (profile, reader): (&str, &Caller),
    ) -> Option<i64> {
        let receipt = match change {
            Change::Revoked => self
                .exchange
                .officer
                .revoke(&reader.credential)
                .await
                .unwrap(),
            Change::Redirected => self
                .exchange
                .officer
                .redirect(&of.name, self.next, OFFERED)
                .await
                .unwrap(),
            Change::Withdrawn => by.withdraw(profile).await.unwrap(),
            Change::Restricted => {
                by.restrict(&of.name).await.unwrap();
                return None;
            }
            Change::Erased => {
                let erased = by.erase(by.erasure(&of.name)).await.unwrap();
                erased.receipt.unwrap()
            }
        };
        Some(receipt.position)
    }
}

/// Reads until it is refused; how often it was not. Nothing asked once the right is gone is given.
async fn reading(reader: Caller, profile: &str, gone: &AtomicBool) -> usize {
    let mut given = 0;
    loop {
        let late = gone.load(Ordering::SeqCst);
        match reader.get(profile).await {
            Ok(profile) => {
                assert!(!late, "given after the right to it was gone");
                given += usize::from(profile.content.is_some());
            }
            Err(status) => {
                let told = refused::<()>(Err(status)).reason;
                let lost = [Reason::PermissionDenied, Reason::Unauthenticated];
                assert!(lost.contains(&told), "{told:?}");
                return given;
            }
        }
    }
}
