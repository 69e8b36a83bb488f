//! After a setting signed, or took over what another one left: whatever it sends or receives is looked
//! at, some moves at a time. One signature may concern thousands of them, so none of it is done under
//! the lock of the act that signed.

use std::collections::BTreeSet;

use baton_domain::ids::{ProfileId, SettingId, TransitionId};
use tokio_util::sync::CancellationToken;

use super::{CHUNK, release_of};
use crate::engine::value::{Column as _, Value};
use crate::error::StoreError;
use crate::ledger::Door;
use crate::world::Needs;

/// Moves in which a setting sends or receives, or whose sender it looks after, after one. Each side is
/// cut to a page before they are put together.
pub(crate) const OF_PARTY: &str = "SELECT id FROM (\
     SELECT id FROM (SELECT id FROM transition WHERE from_id = $1 AND id > $2 \
     ORDER BY id LIMIT $3) AS source UNION \
     SELECT id FROM (SELECT id FROM transition WHERE to_id = $1 AND id > $2 \
     ORDER BY id LIMIT $3) AS destination UNION \
     SELECT id FROM (SELECT moved.id FROM setting JOIN transition AS moved \
     ON moved.from_id = setting.id WHERE setting.caretaker_id = $1 AND moved.id > $2 \
     ORDER BY moved.id LIMIT $3) AS in_care UNION \
     SELECT id FROM (SELECT id FROM transition WHERE plan_council_id = $1 AND id > $2 \
     ORDER BY id LIMIT $3) AS plan_council UNION \
     SELECT id FROM (SELECT transition_id AS id FROM recipient WHERE setting_id = $1 \
     AND transition_id > $2 ORDER BY transition_id LIMIT $3) AS beside) AS theirs \
     ORDER BY id LIMIT $3";

/// Releases what settings see more of. Answers whether nothing is left to do.
pub(super) async fn release(
    door: &Door,
    parties: BTreeSet<SettingId>,
    stop: &CancellationToken,
) -> Result<bool, StoreError> {
    let mut all = true;
    for party in parties {
        all &= of_party(door, &party, stop).await?;
    }
    Ok(all)
}

async fn of_party(
    door: &Door,
    party: &SettingId,
    stop: &CancellationToken,
) -> Result<bool, StoreError> {
    let (mut after, mut all) = (String::new(), true);
    while !stop.is_cancelled() {
        let limit = i64::try_from(CHUNK).unwrap_or(i64::MAX);
        let args = vec![
            party.clone().into_value(),
            Value::Text(Some(after.clone())),
            limit.into_value(),
        ];
        let ids: Vec<TransitionId> = door.inner.read_column(OF_PARTY, args).await?;
        let Some(last) = ids.last() else {
            return Ok(all);
        };
        last.as_str().clone_into(&mut after);
        let needs = Needs {
            transitions: ids.iter().cloned().collect(),
            ..Needs::default()
        };
        let world = door.inner.look(&needs).await?;
        let mine = ids.iter().flat_map(|id| world.profiles_of(id));
        let mine: Vec<ProfileId> = mine.map(|row| row.id.clone()).collect();
        all &= release_of(door, world, mine).await?;
    }
    Ok(false)
}
