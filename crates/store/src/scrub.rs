//! Clears the files of the database of what was erased. The rows and their keys are gone with the
//! commit; copies of them may stand in the write-ahead log and in parts of pages nobody uses. The
//! log is emptied at once; rewriting the database takes the longer the larger it is, and waits for
//! the night where it would be felt.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;

use crate::acts::Below;
use crate::engine::value::Column as _;
use crate::error::StoreError;
use crate::head::{Head, int};
use crate::ledger::{Door, Inner};
use crate::refusal::Refusal;

pub(crate) const WAITING: &str =
    "SELECT position FROM erased WHERE scrubbed = 0 AND position < $1 LIMIT 1";
/// A database up to this size is rewritten at once: it takes a second or two.
const AT_ONCE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Hours in London in which a larger one is rewritten; what is asked meanwhile waits.
const NIGHT: std::ops::Range<i8> = 2..5;
/// How often it is looked whether something waits.
const CHECK: Duration = Duration::from_mins(10);
/// Rewriting rests so many times as long as it took: whoever erases all day long must not keep
/// others from writing.
const PAUSES: u32 = 20;
/// Longest rest: on a busy machine most of the time is waiting.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Longest wait until what failed is tried again.
const AGAIN_MAX: Duration = Duration::from_mins(1);
/// After how long a reader is told of.
const TOLD_AFTER: Duration = Duration::from_hours(1);
/// How soon it is tried again when somebody was reading.
const SOON: Duration = Duration::from_secs(2);

/// Scrubs whenever something was erased, until the ledger is closed.
pub(crate) async fn run(door: Door, stop: CancellationToken) {
    let inner = Arc::clone(&door.inner);
    let mut clock = inner.clock.clone();
    let (mut again, mut not_before) = (SOON, Instant::now());
    let mut read_since: Option<Instant> = None;
    loop {
        let wait = match scrub(&door, &mut not_before).await {
            Ok(Left::Nothing) => {
                (again, read_since) = (SOON, None);
                CHECK
            }
            Ok(Left::After(rest)) => {
                (again, read_since) = (SOON, None);
                rest
            }
            // No fault at first: whoever reads the log is done sooner or later.
            Ok(Left::Reader) => {
                again = (again * 2).min(AGAIN_MAX);
                let since = *read_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= TOLD_AFTER {
                    read_since = None;
                    tracing::warn!(
                        "what was erased is still in the write-ahead log of the database: something \
                         has been reading it for an hour, such as an open sqlite3; end that"
                    );
                }
                again
            }
            Err(refusal) => {
                tracing::warn!(%refusal, "clearing the files of what was erased is tried again");
                again = (again * 2).min(AGAIN_MAX);
                again
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.moved() => {}
            () = inner.scrub.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// What is left to do.
enum Left {
    Nothing,
    /// The rest, after so long.
    After(Duration),
    /// What lies in the log: somebody reads the write-ahead log, and it cannot be emptied.
    Reader,
}

async fn scrub(door: &Door, not_before: &mut Instant) -> Result<Left, Refusal> {
    let inner = &door.inner;
    let head = Head::read(&mut inner.db.once().await?).await?;
    let size = head.map_or(0, |head| head.size());
    if !inner.waits_for_scrubbing(size).await? {
        return Ok(Left::Nothing);
    }
    if !inner.db.empty_log().await? {
        return Ok(Left::Reader);
    }
    if inner.db.bytes().await? > AT_ONCE_BYTES_MAX && !NIGHT.contains(&inner.london_hour()) {
        return Ok(Left::Nothing);
    }
    let began = Instant::now();
    if let Some(wait) = not_before.checked_duration_since(began) {
        return Ok(Left::After(wait));
    }
    inner.db.rewrite().await?;
    *not_before = Instant::now() + (PAUSES * began.elapsed()).min(PAUSE_MAX);
    if !inner.db.empty_log().await? {
        return Ok(Left::Reader);
    }
    door.act_itself(Below::Scrubbed(size)).await?;
    Ok(Left::Nothing)
}

impl Inner {
    async fn waits_for_scrubbing(&self, below: u64) -> Result<bool, StoreError> {
        let args = vec![int(below).into_value()];
        let waiting: Vec<i64> = self.read_column(WAITING, args).await?;
        Ok(!waiting.is_empty())
    }

    fn london_hour(&self) -> i8 {
        let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
        let now = Timestamp::from_microsecond(self.clock.now_us());
        now.unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone).hour()
    }
}
