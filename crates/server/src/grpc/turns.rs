//! Turns of a subscription: one, or one after the other for as long as a client listens.

use std::time::Duration;

use baton_domain::act::{Caller, FeedPlace, Lease, Pull};
use baton_domain::ids::{SubscriptionId, WatchId};
use baton_store::{PulledItem, PulledWhat};
use baton_wire::name::{self, ProfileName, SubscriptionName};
use baton_wire::status::{Problem, Reason};
use baton_wire::twin;
use futures::{Stream, StreamExt as _, stream};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::call::{Asking, Fields, under};
use super::status::internal;
use super::token::{self, Resume, TokenError};
use super::{Services, encode};

const ITEMS_MAX: i32 = 64;
/// A silent stream gets a bookmark this often.
const BOOKMARK: Duration = Duration::from_secs(15);
/// Turns a stream holds for a client that does not read. Then it waits, and holds nothing else.
const TURNS_HELD: usize = 2;

/// What a turn asks for, its fields read.
pub(super) struct Turn {
    pub(super) caller: Asking,
    pub(super) subscription: SubscriptionId,
    pub(super) from: FeedPlace,
    pub(super) changed: bool,
    pub(super) limit: usize,
    pub(super) inline: bool,
    pub(super) lease: Lease,
}

/// What a turn gives.
pub(super) struct Given {
    pub(super) items: Vec<twin::Item>,
    pub(super) next: FeedPlace,
    pub(super) watch: Option<WatchId>,
    pub(super) token: String,
    pub(super) checkpoint: String,
}

impl Services {
    pub(super) async fn turn(
        &self,
        caller: Asking,
        (known, name): (&baton_store::Known, &str),
        (token, max_items, inline): (&str, i32, bool),
        lease: Lease,
    ) -> Result<Turn, Problem> {
        let mut fields = Fields::default();
        let name = fields.take(name::read::<SubscriptionName>("subscription", name));
        let limit = match max_items {
            0 => Some(ITEMS_MAX),
            1..=ITEMS_MAX => Some(max_items),
            _ => {
                fields.wrong("max_items", "max_items", "Give 0, or 1 to 64.");
                None
            }
        };
        let resume = match token::open(&self.ledger, token).await {
            Ok(resume) => Some(resume),
            Err(TokenError::Malformed) => {
                fields.wrong(
                    "token",
                    "token",
                    "Give the token of an earlier turn, or none.",
                );
                None
            }
            Err(TokenError::Store(error)) => {
                tracing::error!(%error, "a token cannot be checked");
                return Err(Reason::Unavailable.into());
            }
        };
        let (name, (limit, resume)) = fields.all(name.zip(limit.zip(resume)))?;
        Ok(Turn {
            caller: under(caller, known, name.setting),
            subscription: name.subscription,
            from: match resume {
                Resume::At(place) => place,
                Resume::Changed => FeedPlace::default(),
            },
            changed: resume == Resume::Changed,
            limit: usize::try_from(limit).unwrap_or(1),
            inline,
            lease,
        })
    }

    /// Asks for one turn. Every turn is an act of its own: rights are those of this moment.
    pub(super) async fn give(&self, turn: &Turn) -> Result<Given, Problem> {
        let act = Pull {
            subscription: turn.subscription.clone(),
            from: turn.from,
            limit: turn.limit,
            inline: turn.inline,
            lease: turn.lease.clone(),
        };
        let done = self.act(&turn.caller, act).await?;
        let items = done
            .value
            .items
            .into_iter()
            .map(|item| self::item(&turn.caller, item));
        let unavailable = |error: baton_store::StoreError| {
            tracing::error!(%error, "a turn cannot be finished");
            Problem::from(Reason::Unavailable)
        };
        let checkpoint = match done.receipt {
            Some(receipt) => receipt.checkpoint,
            None => self.ledger.checkpoint().await.map_err(unavailable)?,
        };
        Ok(Given {
            items: items.collect(),
            next: done.value.next,
            watch: done.value.watch,
            token: token::seal(&self.ledger, done.value.next)
                .await
                .map_err(unavailable)?,
            checkpoint,
        })
    }

    /// Waits until another turn has something to show: what others append wakes every pull, and
    /// only what is for this one is worth a turn.
    pub(super) async fn arrival(
        &self,
        turn: &Turn,
        size: &mut watch::Receiver<u64>,
    ) -> Result<(), Problem> {
        loop {
            size.changed().await.map_err(|_| internal("size"))?;
            let arrived = self.ledger.has_arrived(&turn.caller, turn.from.position);
            // What cannot be looked at is asked for: the turn says why.
            if arrived.await.unwrap_or(true) {
                return Ok(());
            }
        }
    }

    /// A stream of turns, as far ahead of its reader as is held for it. It ends when the service
    /// stops, or its connection has reached its age.
    pub(super) fn listen(
        self,
        mut turn: Turn,
        aged: CancellationToken,
    ) -> impl Stream<Item = Result<twin::WatchResponse, Status>> + use<> {
        let (to, stream) = mpsc::channel(TURNS_HELD);
        turn.caller = turn.caller.without_body();
        let (tasks, stop) = (self.tasks.clone(), self.stop.clone());
        tasks.spawn(self.stream(turn, to, aged.clone()));
        ReceiverStream::new(stream).chain(ending([stop, aged]))
    }

    /// Turns until the client goes away, the service stops, the caller is refused or another
    /// consumer takes the subscription over.
    async fn stream(
        self,
        mut turn: Turn,
        to: mpsc::Sender<Result<twin::WatchResponse, Status>>,
        aged: CancellationToken,
    ) {
        let mut size = self.ledger.size();
        loop {
            // A turn that shows something is an entry: none is made that nobody would receive.
            if self.stop.is_cancelled() || aged.is_cancelled() {
                return;
            }
            size.mark_unchanged();
            let given = match self.give(&turn).await {
                Ok(given) => given,
                Err(problem) => {
                    let _ = to.send(Err(problem.into())).await;
                    return;
                }
            };
            let empty = given.items.is_empty();
            turn.from = given.next;
            let Some(watch) = given.watch else { return };
            turn.lease = Lease::Hold(watch.clone());
            let response = twin::WatchResponse {
                items: given.items,
                token: given.token,
                ledger_changed: std::mem::take(&mut turn.changed),
                checkpoint: given.checkpoint,
            };
            tokio::select! {
                biased;
                sent = to.send(Ok(response)) => if sent.is_err() { return },
                () = self.stop.cancelled() => return,
                () = aged.cancelled() => return,
            }
            if !empty {
                continue;
            }
            let silent = tokio::time::sleep(BOOKMARK);
            tokio::pin!(silent);
            // What others append wakes every stream; only what is for this one ends the wait.
            loop {
                tokio::select! {
                    () = to.closed() => return,
                    () = self.stop.cancelled() => return,
                    () = aged.cancelled() => return,
                    () = &mut silent => break,
                    changed = size.changed() => {
                        if changed.is_err() {
                            return;
                        }
                        let feed = (&*turn.caller, turn.from.position);
                        let lease = (&turn.subscription, &watch);
                        match self.ledger.is_stirred(feed, lease).await {
                            Ok(false) => {}
                            Ok(true) | Err(_) => break,
                        }
                    }
                }
            }
        }
    }
}

/// The last word of a stream that the service ends: it can be resumed elsewhere at once. It comes
/// after whatever the client has not read yet, and takes no place in what is held for it.
fn ending(by: [CancellationToken; 2]) -> impl Stream<Item = Result<twin::WatchResponse, Status>> {
    let last = async move {
        by.iter()
            .any(CancellationToken::is_cancelled)
            .then(|| Err(Problem::from(Reason::Unavailable).into()))
    };
    stream::once(last).filter_map(std::future::ready)
}

fn item(caller: &Caller, item: PulledItem) -> twin::Item {
    let (kind, profile) = match item.what {
        PulledWhat::Profile(fetched) => (
            twin::ItemKind::Profile,
            Some(encode::profile(caller, *fetched)),
        ),
        PulledWhat::Expires(fetched) => (
            twin::ItemKind::Expires,
            Some(encode::profile(caller, *fetched)),
        ),
        PulledWhat::NotAvailable => (twin::ItemKind::NotAvailable, None),
        PulledWhat::Closed(profile) => {
            // Only the name it was known by: nothing of what it held.
            let name = ProfileName {
                setting: caller.acting.clone(),
                profile,
            };
            let profile = twin::Profile {
                name: name.to_string(),
                ..Default::default()
            };
            (twin::ItemKind::Closed, Some(profile))
        }
    };
    twin::Item {
        position: encode::signed(item.position),
        kind: kind.into(),
        profile,
        point: i32::from(item.point),
        academic_year: i32::try_from(item.academic_year).unwrap_or_default(),
    }
}
