//! The services: decode, act, encode. No rule lives here.

mod agreements;
mod audit;
mod backups;
mod call;
mod delegations;
mod disclosure;
mod documents;
mod encode;
mod erasure;
mod family;
mod keys;
mod page;
mod policies;
mod profiles;
mod protection;
mod recipients;
mod settings;
mod sharing;
mod sighting;
mod status;
mod subscriptions;
mod token;
mod transitions;
mod turns;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use baton_store::{Act, Done, Ledger, Refusal};
use baton_wire::status::Problem;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::call::Asking;
pub(crate) use self::waiting::Waiting;
use crate::backups::Backups;
use crate::even::answered;
use crate::limits::{Limits, Turned};

/// Largest request message, in bytes: a batch of 64 profiles of ordinary size, or one of 4 MiB.
pub(crate) const REQUEST_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest answer, in bytes.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What every service shares.
#[derive(Debug, Clone)]
pub(crate) struct Services {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) waiting: Arc<Waiting>,
    /// Documents that are being read.
    pub(crate) downloads: Arc<Waiting>,
    pub(crate) backups: Backups,
    /// Refusals are answered in whole steps of this.
    pub(crate) refused_every: Duration,
    /// Part of every API key made here, e.g. `live`.
    pub(crate) environment: Arc<str>,
    /// Ends open streams.
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Services {
    /// Asks the ledger, once the caller has a place; what it is refused counts against its rate, and
    /// takes as long as anything else it is refused.
    async fn act<A: Act>(&self, asking: &Asking, act: A) -> Result<Done<A::Outcome>, Problem> {
        let asked = Instant::now();
        // What a vendor asks for one setting leaves room for others.
        if let Some(vendor) = asking.vendor() {
            let passes = self.limits.delegated(vendor, &asking.acting);
            passes.map_err(turned_away)?;
        }
        let place = self.limits.gate.enter(&asking.credential).await;
        let place = place.map_err(turned_away)?;
        let (ledger, asking) = (Arc::clone(&self.ledger), asking.clone());
        // A task of its own: what was asked is decided though the call be dropped, and until then
        // it has its place, and its bytes count. The panic of an act ends here too.
        let decided = self.tasks.spawn(async move {
            let answer = ledger.act(&asking, act).await;
            place.end(status::ended(&answer));
            // Named, so that all of it is here and not only the caller in it.
            drop(asking);
            answer
        });
        let answer = decided.await.map_err(|_| status::internal("act"))?;
        if matches!(answer, Err(Refusal::Denied)) {
            answered(asked, self.refused_every).await;
        }
        answer.map_err(|refusal| status::problem(&refusal))
    }
}

/// An act that does not reach the ledger.
fn turned_away(turned: Turned) -> Problem {
    let problem = Problem::from(turned);
    metrics::counter!("baton_acts_turned_away_total", "reason" => problem.reason.name())
        .increment(1);
    problem
}
