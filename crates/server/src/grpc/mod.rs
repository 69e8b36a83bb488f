//! The services: decode, act, encode. No rule lives here.

mod audit;
mod call;
mod encode;
mod page;
mod profiles;
mod settings;
mod status;
mod subscriptions;
mod token;
mod transitions;

use std::sync::Arc;

use baton_domain::act::Caller;
use baton_store::{Act, Done, Ledger};
use baton_wire::status::Problem;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::limits::Limits;

/// Largest request message, in bytes: a batch of 64 profiles of ordinary size, or one of 4 MiB.
pub(crate) const REQUEST_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest answer, in bytes.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What every service shares.
#[derive(Debug, Clone)]
pub(crate) struct Services {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) limits: Arc<Limits>,
    /// Part of every API key made here, e.g. `live`.
    pub(crate) environment: Arc<str>,
    /// Ends open streams.
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Services {
    /// Asks the ledger; refusals count against the caller's rate.
    async fn act<A: Act>(&self, caller: &Caller, act: A) -> Result<Done<A::Outcome>, Problem> {
        let answer = self.ledger.act(caller, act).await;
        answer.map_err(|refusal| {
            if status::counts(&refusal) {
                self.limits.refused(&caller.credential);
            }
            status::problem(&refusal)
        })
    }
}
