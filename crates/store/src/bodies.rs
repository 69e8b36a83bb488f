//! Entry bodies are dropped at the end of their retention. Their leaf hashes stay, so every proof
//! goes on; what is lost is what they said.

use baton_domain::entry::PREFIX;
use baton_domain::log::canonical::Json;
use jiff::ToSpan as _;
use tokio_util::sync::CancellationToken;

use crate::acts::Below;
use crate::clock::london_date;
use crate::engine::value::{Column as _, Value};
use crate::error::StoreError;
use crate::head::Head;
use crate::ledger::{Door, Inner};
use crate::refusal::Refusal;

pub(crate) const BODY: &str = "SELECT body FROM entry WHERE position = $1";
pub(crate) const FIRST_KEPT: &str =
    "SELECT position FROM entry WHERE body IS NOT NULL ORDER BY position LIMIT 1";
/// What content is opened against is said by the entry that published it, or added the document.
pub(crate) const FIRST_NEEDED: &str = "SELECT COALESCE(MIN(position), $1) FROM \
     (SELECT position FROM version UNION ALL \
     SELECT position FROM document WHERE state = 1 OR state = 2) AS needed";
pub(crate) const DROP: &str =
    "UPDATE entry SET body = NULL WHERE position >= $1 AND position < $2 AND body IS NOT NULL";
/// Entries dropped in one commit.
const CHUNK: i64 = 1_000;

/// Drops what is past its retention, and enters first that it does.
pub(crate) async fn drop_old(door: &Door, stop: &CancellationToken) -> Result<(), Refusal> {
    let inner = &door.inner;
    let Some(years) = inner.bodies_kept else {
        return Ok(());
    };
    let kept: Vec<i64> = inner.read_column(FIRST_KEPT, Vec::new()).await?;
    let Some(first) = kept.first().copied() else {
        return Ok(());
    };
    let today = london_date(inner.clock.now_us());
    let Ok(oldest) = today.checked_sub(i32::from(years.get()).years()) else {
        return Ok(());
    };
    let below = inner.first_not_before(first, oldest).await?;
    let needed: Vec<i64> = inner
        .read_column(FIRST_NEEDED, vec![below.into_value()])
        .await?;
    let below = below.min(needed.first().copied().unwrap_or(first));
    if below <= first {
        return Ok(());
    }
    door.act_itself(Below::BodiesDropped(below.unsigned_abs()))
        .await?;
    let mut at = first;
    while at < below && !stop.is_cancelled() {
        let end = below.min(at + CHUNK);
        let mut tx = inner.begin().await?;
        tx.execute(DROP, vec![at.into_value(), end.into_value()])
            .await?;
        tx.commit().await?;
        at = end;
    }
    Ok(())
}

impl Inner {
    /// The first position, from one on, whose entry is not of a day before this one. Times of
    /// entries never go back.
    async fn first_not_before(
        &self,
        first: i64,
        oldest: jiff::civil::Date,
    ) -> Result<i64, StoreError> {
        let head = Head::read(&mut self.db.once().await?).await?;
        let size = head.map_or(0, |head| crate::head::int(head.size()));
        let (mut low, mut high) = (first, size);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.day_of(middle).await?.is_some_and(|day| day >= oldest) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }

    /// None: the body is dropped already, which is done from the oldest on.
    async fn day_of(&self, position: i64) -> Result<Option<jiff::civil::Date>, StoreError> {
        let mut once = self.db.once().await?;
        let types = [crate::engine::value::Type::Blob];
        let rows = once
            .fetch(BODY, vec![position.into_value()], &types)
            .await?;
        let Some([Value::Blob(Some(body))]) = rows.first().map(Vec::as_slice) else {
            return Ok(None);
        };
        let said = body
            .strip_prefix(PREFIX)
            .and_then(|json| Json::parse(json).ok());
        match said {
            Some(Json::Obj(members)) => match members.get("time_us") {
                Some(Json::Int(time_us)) => Ok(Some(london_date(*time_us))),
                _ => Err(StoreError::Row("entry")),
            },
            _ => Err(StoreError::Row("entry")),
        }
    }
}
