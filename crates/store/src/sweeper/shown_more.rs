//! After a change of the policies: what somebody may see more of is put before its receiver again, so
//! that a subscription that had gone past it comes upon it.
//!
//! Each change is compared with the set before it, for the credentials that each receiver has. What
//! was put before a receiver since the change is left alone, so a pass that was broken off begins
//! again and tells nobody twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use baton_domain::access::{Action, Assurance, Decider, RoleSet};
use baton_domain::ids::{ProfileId, SettingId};
use baton_domain::section::KindSet;
use tokio_util::sync::CancellationToken;

use super::{CHUNK, STANDING, all_of};
use crate::acts::{Again, Release, addressees};
use crate::engine::value::{Column as _, Value};
use crate::error::StoreError;
use crate::ledger::{Door, Inner};
use crate::rows::CredentialRow;
use crate::scene::{Draft, Moment, Part, Scene, live, part};
use crate::world::{Needs, World};

/// A change and both its sets.
struct Change {
    position: i64,
    before: Arc<Decider>,
    after: Arc<Decider>,
}

/// A contribution and one of those it is for.
type Place = (ProfileId, SettingId);
/// What the credentials of each receiver give, each combination once.
type Parts = BTreeMap<SettingId, BTreeSet<(RoleSet, Assurance)>>;

/// Goes over the changes that are not told of yet. Answers whether nothing is left to do.
pub(super) async fn release(door: &Door, stop: &CancellationToken) -> Result<bool, StoreError> {
    while let Some((position, replaced, hash)) = door.inner.untold_change().await? {
        let before = door.inner.looked_at(&replaced).await?;
        let after = door.inner.looked_at(&hash).await?;
        let (Some(before), Some(after)) = (before, after) else {
            // This version cannot read one of them; a node that can does it.
            return Ok(false);
        };
        let change = Change {
            position,
            before,
            after,
        };
        if !everything(door, &change, stop).await? {
            return Ok(false);
        }
        door.inner.told_of_change(position).await?;
    }
    Ok(true)
}

async fn everything(
    door: &Door,
    change: &Change,
    stop: &CancellationToken,
) -> Result<bool, StoreError> {
    let (mut after, mut all) = (String::new(), true);
    while !stop.is_cancelled() {
        let limit = i64::try_from(CHUNK).unwrap_or(i64::MAX);
        let args = vec![Value::Text(Some(after.clone())), limit.into_value()];
        let ids: Vec<ProfileId> = door.inner.read_column(STANDING, args).await?;
        let Some(last) = ids.last() else {
            return Ok(all);
        };
        last.as_str().clone_into(&mut after);
        let since = change.position;
        let more = shown_more(&door.inner, ids, change).await?.into_iter();
        let releases = more.map(|(profile, to)| Release {
            profile,
            again: Some(Again { since, to }),
        });
        all &= all_of(door, releases).await;
    }
    Ok(false)
}

/// Who is shown more of which contribution. A look without the lock; it is decided again under it,
/// and what is shown is judged when it is.
async fn shown_more(
    inner: &Inner,
    ids: Vec<ProfileId>,
    change: &Change,
) -> Result<BTreeMap<ProfileId, BTreeSet<SettingId>>, StoreError> {
    let needs = Needs {
        profiles: ids.iter().cloned().collect(),
        ..Needs::default()
    };
    let mut world = inner.look(&needs).await?;
    let places = told_before(inner, &mut world, &ids, change);
    let parts = parts_of(inner, places.iter().map(|(_, to)| to)).await?;
    let before = seen(inner, &mut world, &change.before, (&places, &parts));
    let after = seen(inner, &mut world, &change.after, (&places, &parts));
    let mut more: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for ((profile, to), (before, after)) in places.into_iter().zip(before.into_iter().zip(after)) {
        let gains = |(was, is): (&KindSet, &KindSet)| is.iter().any(|kind| !was.contains(kind));
        if before.iter().zip(&after).any(gains) {
            more.entry(profile).or_default().insert(to);
        }
    }
    Ok(more)
}

/// Those who were told of a contribution before the change, and for whom it still is.
fn told_before(inner: &Inner, world: &mut World, ids: &[ProfileId], change: &Change) -> Vec<Place> {
    let with = (&inner.keys, &*change.after);
    let scene = Scene::new(world, with, None, Moment::now(&inner.clock));
    let mut places = Vec::new();
    for id in ids {
        let Some(profile) = scene.world.profiles.get(id.as_str()) else {
            continue;
        };
        let Some(row) = scene.world.transitions.get(profile.transition_id.as_str()) else {
            continue;
        };
        for to in addressees(&scene, row, profile) {
            let known = scene.world.released.get(&format!("{id}/{to}"));
            let known = known.filter(|row| row.is_told() && row.position < change.position);
            if known.is_some() {
                places.push((id.clone(), to));
            }
        }
    }
    places
}

/// Those of settings.
async fn parts_of(
    inner: &Inner,
    settings: impl Iterator<Item = &SettingId>,
) -> Result<Parts, StoreError> {
    let settings: BTreeSet<SettingId> = settings.cloned().collect();
    let mut parts: Parts = BTreeMap::new();
    if settings.is_empty() {
        return Ok(parts);
    }
    let keys = settings.into_iter().map(SettingId::into_value).collect();
    let rows: Vec<CredentialRow> = inner.db.once().await?.rows_by("setting_id", keys).await?;
    let now = inner.clock.now_us();
    for row in rows.iter().filter(|row| live(row, now)) {
        // Which kinds a contributor fills says nothing about what it receives.
        let Some(Part {
            roles, assurance, ..
        }) = part(row)
        else {
            continue;
        };
        let of = parts.entry(row.setting_id.clone()).or_default();
        of.insert((roles, assurance));
    }
    Ok(parts)
}

/// What each credential of a receiver would be shown, in the order of places and parts.
fn seen(
    inner: &Inner,
    world: &mut World,
    decider: &Decider,
    (places, parts): (&[Place], &Parts),
) -> Vec<Vec<KindSet>> {
    let mut scene = Scene::new(
        world,
        (&inner.keys, decider),
        None,
        Moment::now(&inner.clock),
    );
    let mut seen = Vec::with_capacity(places.len());
    for (profile, to) in places {
        let each = parts.get(to).into_iter().flatten();
        let each = each.map(|part| {
            scene.act_as(Part::of(part.0, part.1));
            scene.draft = Draft::default();
            shown(&mut scene, profile, to).unwrap_or(KindSet::EMPTY)
        });
        seen.push(each.collect());
    }
    seen
}

fn shown(scene: &mut Scene<'_>, profile: &ProfileId, to: &SettingId) -> Option<KindSet> {
    let profile = scene.world.profiles.get(profile.as_str())?.clone();
    let row = scene
        .world
        .transitions
        .get(profile.transition_id.as_str())?
        .clone();
    let question = scene.question(to, &row);
    let received = scene.ask(Action::Receive, question, None);
    received.then(|| scene.visible(to, &row, &profile, KindSet::EMPTY))
}
