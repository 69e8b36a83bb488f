//! `SubscriptionService`.

use std::pin::Pin;
use std::time::Duration;

use baton_domain::act::{Acknowledge, Lease, Reject, Subscribe};
use baton_wire::name::{self, ProfileName, SubscriptionName};
use baton_wire::status::{Problem, Reason};
use baton_wire::twin::{self, subscription_service_server::SubscriptionService};
use baton_wire::violation::Violation;
use futures::Stream;
use tonic::{Request, Response, Status};

use super::call::{Fields, caller, known, under};
use super::{Services, encode};

/// Under the deadline of a call, so that an empty turn is an answer and not a failure.
const WAIT_MS_MAX: i32 = 25_000;

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
            setting: caller.acting.clone(),
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
        let name = (&*known, request.subscription.as_str());
        let mut turn = self.turn(caller, name, asked, Lease::Break).await?;
        let wait = Duration::from_millis(u64::try_from(request.wait_ms).unwrap_or_default());
        let mut size = self.ledger.size();
        let until = tokio::time::sleep(wait);
        tokio::pin!(until);
        // Before the first turn: that one breaks the lease of a watch, and who is turned away here
        // has changed nothing.
        let place = || {
            self.waiting
                .enter(&turn.caller.credential, self.ledger.now_us())
        };
        let _seat = (!wait.is_zero())
            .then(|| place().ok_or(Problem::from(Reason::QueueFull)))
            .transpose()?;
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
            turn.from = given.next;
            tokio::select! {
                () = &mut until => {}
                () = self.stop.cancelled() => return Err(Problem::from(Reason::Unavailable).into()),
                arrived = self.arrival(&turn, &mut size) => arrived?,
            }
        }
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<twin::WatchResponse, Status>> + Send>>;

    async fn watch(
        &self,
        request: Request<twin::WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let known = known(&request)?;
        let aged = known.aged.clone();
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let asked = (
            request.token.as_str(),
            request.max_items,
            request.inline_content,
        );
        let name = (&*known, request.subscription.as_str());
        let turn = self.turn(caller, name, asked, Lease::Take).await?;
        Ok(Response::new(Box::pin(self.clone().listen(turn, aged))))
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
