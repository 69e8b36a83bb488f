//! `SubscriptionService`.

use std::pin::Pin;
use std::time::Duration;

use baton_domain::act::{Acknowledge, Caller, Lease, Pull, Reject, Subscribe};
use baton_domain::ids::{SubscriptionId, WatchId};
use baton_store::{PulledItem, PulledWhat};
use baton_wire::name::{self, ProfileName, SubscriptionName};
use baton_wire::status::{Problem, Reason};
use baton_wire::twin::{self, subscription_service_server::SubscriptionService};
use baton_wire::violation::Violation;
use futures::{Stream, StreamExt as _, stream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::call::{Fields, caller, known, under};
use super::status::internal;
use super::token::{self, Resume, TokenError};
use super::{Services, encode};

const ITEMS_MAX: i32 = 64;
/// Under the deadline of a call, so that an empty turn is an answer and not a failure.
const WAIT_MS_MAX: i32 = 25_000;
/// A silent stream gets a bookmark this often.
const BOOKMARK: Duration = Duration::from_secs(15);
/// Turns a stream holds for a client that does not read. Then it waits, and holds nothing else.
const TURNS_HELD: usize = 2;

/// What a turn asks for, its fields read.
struct Turn {
    caller: Caller,
    subscription: SubscriptionId,
    from: u64,
    changed: bool,
    limit: usize,
    inline: bool,
    lease: Lease,
}

/// What a turn gives.
struct Given {
    items: Vec<twin::Item>,
    next: u64,
    watch: Option<WatchId>,
    token: String,
    checkpoint: String,
}

impl Services {
    async fn turn(
        &self,
        caller: Caller,
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
                Resume::At(position) => position,
                Resume::Changed => 0,
            },
            changed: resume == Resume::Changed,
            limit: usize::try_from(limit).unwrap_or(1),
            inline,
            lease,
        })
    }

    /// Asks for one turn. Every turn is an act of its own: rights are those of this moment.
    async fn give(&self, turn: &Turn) -> Result<Given, Problem> {
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

    /// Turns until the client goes away, the service stops, the caller is refused or another
    /// consumer takes the subscription over.
    async fn stream(self, mut turn: Turn, to: mpsc::Sender<Result<twin::WatchResponse, Status>>) {
        let mut size = self.ledger.size();
        loop {
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
                sent = to.send(Ok(response)) => if sent.is_err() { return },
                () = self.stop.cancelled() => return,
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
                    () = &mut silent => break,
                    changed = size.changed() => {
                        if changed.is_err() {
                            return;
                        }
                        let feed = (&turn.caller.acting, turn.from);
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
fn ending(stop: CancellationToken) -> impl Stream<Item = Result<twin::WatchResponse, Status>> {
    let last = async move {
        stop.is_cancelled()
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

/// 1 to 63 of a-z, 0-9 and hyphen.
fn is_subscription_name(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[tonic::async_trait]
impl SubscriptionService for Services {
    async fn create_subscription(
        &self,
        request: Request<twin::CreateSubscriptionRequest>,
    ) -> Result<Response<twin::Subscription>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let asked = request.subscription.unwrap_or_default();
        let mut fields = Fields::default();
        if !is_subscription_name(&asked.subscription_id) {
            let say = "Give 1 to 63 of a-z, 0-9 and hyphen.";
            fields.wrong("subscription.subscription_id", "subscription_id", say);
        }
        let point = fields.point("subscription.point", asked.point);
        let year = fields.some_year("subscription.academic_year", asked.academic_year);
        let id = fields.request_id(&request.request_id);
        let ((point, year), id) = fields.all(point.zip(year).zip(id))?;
        let act = Subscribe {
            name: asked.subscription_id.clone(),
            point,
            academic_year: year,
            request: id,
        };
        let done = self.act(&caller, act).await?;
        let name = SubscriptionName {
            setting: caller.acting,
            subscription: done.value.id,
        };
        Ok(Response::new(twin::Subscription {
            name: name.to_string(),
            ..asked
        }))
    }

    async fn pull(
        &self,
        request: Request<twin::PullRequest>,
    ) -> Result<Response<twin::PullResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        if !(0..=WAIT_MS_MAX).contains(&request.wait_ms) {
            let wrong = Violation::new("wait_ms", "wait_ms", "Give 0 to 25,000 milliseconds.");
            return Err(Problem::from(wrong).into());
        }
        let asked = (
            request.token.as_str(),
            request.max_items,
            request.inline_content,
        );
        let name = (&known, request.subscription.as_str());
        let mut turn = self.turn(caller, name, asked, Lease::Break).await?;
        let wait = Duration::from_millis(u64::try_from(request.wait_ms).unwrap_or_default());
        let mut size = self.ledger.size();
        let until = tokio::time::sleep(wait);
        tokio::pin!(until);
        loop {
            size.mark_unchanged();
            let given = self.give(&turn).await?;
            turn.lease = Lease::Leave;
            let over = until.is_elapsed() || wait.is_zero() || turn.changed;
            if over || !given.items.is_empty() {
                return Ok(Response::new(twin::PullResponse {
                    items: given.items,
                    token: given.token,
                    ledger_changed: turn.changed,
                    checkpoint: given.checkpoint,
                }));
            }
            tokio::select! {
                () = &mut until => {}
                () = self.stop.cancelled() => return Err(Problem::from(Reason::Unavailable).into()),
                changed = size.changed() => changed.map_err(|_| internal("size"))?,
            }
        }
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<twin::WatchResponse, Status>> + Send>>;

    async fn watch(
        &self,
        request: Request<twin::WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let asked = (
            request.token.as_str(),
            request.max_items,
            request.inline_content,
        );
        let name = (&known, request.subscription.as_str());
        let turn = self.turn(caller, name, asked, Lease::Take).await?;
        let (to, stream) = mpsc::channel(TURNS_HELD);
        self.tasks.spawn(self.clone().stream(turn, to));
        let stream = ReceiverStream::new(stream).chain(ending(self.stop.clone()));
        Ok(Response::new(Box::pin(stream)))
    }

    async fn acknowledge(
        &self,
        request: Request<twin::AcknowledgeRequest>,
    ) -> Result<Response<twin::AcknowledgeResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<ProfileName>("profile", &request.profile));
        let version = version(&mut fields, request.version);
        let id = fields.request_id(&request.request_id);
        let (name, (version, id)) = fields.all(name.zip(version.zip(id)))?;
        let caller = under(caller, &known, name.setting);
        let act = Acknowledge {
            profile: name.profile,
            version,
            request: id,
        };
        let done = self.act(&caller, act).await?;
        let receipt = encode::receipt(self.ledger.id().as_str(), done.receipt);
        Ok(Response::new(twin::AcknowledgeResponse { receipt }))
    }

    async fn reject(
        &self,
        request: Request<twin::RejectRequest>,
    ) -> Result<Response<twin::RejectResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<ProfileName>("profile", &request.profile));
        let version = version(&mut fields, request.version);
        let reason = u8::try_from(request.reason)
            .ok()
            .filter(|reason| (1..=3).contains(reason));
        if reason.is_none() {
            fields.wrong("reason", "enum", "Give a reason of RejectReason.");
        }
        let id = fields.request_id(&request.request_id);
        let (name, (version, (reason, id))) = fields.all(name.zip(version.zip(reason.zip(id))))?;
        let caller = under(caller, &known, name.setting);
        let act = Reject {
            profile: name.profile,
            version,
            reason,
            request: id,
        };
        let done = self.act(&caller, act).await?;
        let receipt = encode::receipt(self.ledger.id().as_str(), done.receipt);
        Ok(Response::new(twin::RejectResponse { receipt }))
    }
}

fn version(fields: &mut Fields, version: i32) -> Option<u32> {
    let read = u32::try_from(version).ok().filter(|version| *version > 0);
    if read.is_none() {
        fields.wrong(
            "version",
            "version",
            "Give the version that was shown, from 1.",
        );
    }
    read
}
