//! What happens without being asked for: releasing what became visible, and following other
//! nodes' commits. The sweeper is a caller of the same door as everyone.

mod parties;
mod shown_more;
#[cfg(test)]
pub(crate) use parties::OF_PARTY;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use baton_domain::ids::{DocumentId, LearnerId, ProfileId, SettingId, TransitionId};
use futures::{Stream, StreamExt as _, stream};
use jiff::civil::Date;
use tokio_util::sync::CancellationToken;

use crate::acts::{
    AnnounceExpiry, EndRecipients, Expire, FREED, OVER, Release, RemoveFreed, STAGED_FOR,
    addressees,
};
use crate::bodies::drop_old;
use crate::clock::{london_date, until_next_day};
use crate::engine::Db;
use crate::engine::value::{Column as _, Type, Value};
use crate::error::StoreError;
use crate::head::Head;
use crate::ledger::{Door, Inner};
use crate::refusal::Refusal;
use crate::rows::{ChunkRow, ContentRow, FriendRow, RequestRow, StagedRow};
use crate::scene::{Moment, Scene};
use crate::world::{Needs, World};

pub(crate) const STANDING: &str =
    "SELECT id FROM profile WHERE state = 1 AND id > $1 ORDER BY id LIMIT $2";
/// Moves whose time may be over or near: that is in December of the calendar year after the one
/// their academic year begins in.
pub(crate) const PAST: &str = "SELECT id FROM transition WHERE id > $1 AND academic_year < $2 \
     AND (facts & 2048) = 0 ORDER BY id LIMIT $3";
pub(crate) const OLD_REQUESTS: &str =
    "SELECT key FROM request WHERE time_us < $1 ORDER BY time_us LIMIT $2";
pub(crate) const OLD_STAGED: &str =
    "SELECT id, content_id FROM staged WHERE begun_us < $1 ORDER BY begun_us LIMIT $2";
/// How long a request id is remembered: 400 days, a school year and its long holidays.
const REQUESTS_KEPT_US: i64 = 400 * 24 * 60 * 60 * 1_000_000;
/// Contributions looked at together.
const CHUNK: usize = 256;
/// Releases asked for at the same time; they share commits.
const AT_ONCE: usize = 64;
/// How often the machine's date is looked at, beside the moment when it should change: whoever may
/// not receive from today is told within this day's first second, and a clock may be set meanwhile.
const DATE_CHECK: Duration = Duration::from_secs(30);
/// Where a clock stands just before midnight, it is not asked all the time.
const DATE_CHECK_SOONEST: Duration = Duration::from_millis(10);
/// How often a node makes sure that nothing another one widened was left behind: a node may have
/// died between its commit and its release.
const OTHERS_CHECK: Duration = Duration::from_mins(5);
/// How often another node's commits are looked for. PostgreSQL only.
const FOLLOW: Duration = Duration::from_millis(100);

/// Releases what became visible: at the start, when the date in London changes, and whenever a
/// commit changed a move.
pub(crate) async fn run(door: Door, stop: CancellationToken) {
    let inner = Arc::clone(&door.inner);
    let mut clock = inner.clock.clone();
    let taken = inner
        .waiting_release
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let Some(mut widened) = taken else { return };
    let mut others = tokio::time::interval(OTHERS_CHECK);
    others.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The date everything was last looked at on; none when something is left to do.
    let mut swept: Option<Date> = None;
    // Whether the policies may have changed since those were told who are shown more by that.
    let mut policies_moved = true;
    loop {
        let today = london_date(inner.clock.now_us());
        if inner.widened_missed.swap(false, Ordering::Relaxed) {
            swept = None;
        }
        told(end_staging(&inner, &stop).await.map(|()| true));
        told(freed(&door, &stop).await);
        if policies_moved {
            policies_moved = !told(shown_more::release(&door, &stop).await);
        }
        if swept != Some(today) {
            let ended = told(end_recipients(&door, &stop).await);
            swept = told(everything(&door, &stop).await).then_some(today);
            swept = swept.filter(|_| ended);
            if inner.trusts_the_date() {
                let all = past_its_time(&door, &stop).await;
                swept = swept.filter(|_| all);
            } else {
                tracing::error!(
                    %today,
                    "the ledger lay still for more than a month: if this date is right, what is \
                     past its time is erased after a day; if not, stop the service and mend it"
                );
                swept = None;
            }
        }
        let date = until_next_day(inner.clock.now_us()).clamp(DATE_CHECK_SOONEST, DATE_CHECK);
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.moved() => swept = swept.filter(|_| inner.alone_since_asked()),
            _ = others.tick() => {
                swept = swept.filter(|_| inner.alone_since_asked());
                policies_moved = true;
            }
            () = tokio::time::sleep(date) => {}
            () = inner.policies_moved.notified() => policies_moved = true,
            Some(first) = widened.recv() => {
                let mut all = vec![first];
                while all.len() < CHUNK && let Ok(next) = widened.try_recv() {
                    all.push(next);
                }
                if !told(widely(&door, all, &stop).await) {
                    swept = None;
                }
            }
        }
    }
}

/// Whether nothing was left undone. What was is tried again when the date is next looked at.
fn told(swept: Result<bool, StoreError>) -> bool {
    swept.unwrap_or_else(|error| {
        tracing::warn!(%error, code = error.code(), "a sweep was broken off");
        false
    })
}

/// Ends the recipients whose last day is over: they are told. A row that is ended has no last day.
async fn end_recipients(door: &Door, stop: &CancellationToken) -> Result<bool, StoreError> {
    let today = london_date(door.inner.clock.now_us()).to_string();
    let mut before = Vec::new();
    while !stop.is_cancelled() {
        let limit = i64::try_from(CHUNK).unwrap_or(i64::MAX);
        let args = vec![Value::Text(Some(today.clone())), limit.into_value()];
        let mut ids: Vec<TransitionId> = door.inner.read_column(OVER, args).await?;
        ids.sort();
        ids.dedup();
        if ids.is_empty() || ids == before {
            return Ok(ids.is_empty());
        }
        let ending = |(transition, apart): (TransitionId, bool)| {
            door.act_itself(EndRecipients { transition, apart })
        };
        let mut acts = Vec::with_capacity(2 * ids.len());
        for id in &ids {
            acts.extend([(id.clone(), false), (id.clone(), true)]);
        }
        let ended = stream::iter(acts.into_iter().map(ending)).buffer_unordered(AT_ONCE);
        if refused(ended, "recipients ended").await > 0 {
            return Ok(false);
        }
        before = ids;
    }
    Ok(false)
}

/// Goes over every standing contribution.
async fn everything(door: &Door, stop: &CancellationToken) -> Result<bool, StoreError> {
    let (mut after, mut all) = (String::new(), true);
    while !stop.is_cancelled() {
        let limit = i64::try_from(CHUNK).unwrap_or(i64::MAX);
        let args = vec![Value::Text(Some(after.clone())), limit.into_value()];
        let ids: Vec<ProfileId> = door.inner.read_column(STANDING, args).await?;
        let Some(last) = ids.last() else {
            return Ok(all);
        };
        last.as_str().clone_into(&mut after);
        all &= some(door, ids).await?;
    }
    Ok(false)
}

/// What the date alone ends, and nothing brings back.
async fn past_its_time(door: &Door, stop: &CancellationToken) -> bool {
    told(forget_requests(&door.inner, stop).await.map(|()| true));
    let all = told(ending(door, stop).await);
    if let Err(refusal) = drop_old(door, stop).await {
        tracing::warn!(%refusal, "bodies of old entries are dropped another day");
    }
    all
}

/// Erases the moves whose time is over, and tells receivers of those whose time is near.
async fn ending(door: &Door, stop: &CancellationToken) -> Result<bool, StoreError> {
    let (mut after, mut all, mut announces) = (String::new(), true, true);
    let this_year = i64::from(london_date(door.inner.clock.now_us()).year());
    while !stop.is_cancelled() {
        let limit = i64::try_from(CHUNK).unwrap_or(i64::MAX);
        let args = vec![
            Value::Text(Some(after.clone())),
            this_year.into_value(),
            limit.into_value(),
        ];
        let ids: Vec<TransitionId> = door.inner.read_column(PAST, args).await?;
        let Some(last) = ids.last() else {
            return Ok(all);
        };
        last.as_str().clone_into(&mut after);
        let (over, near) = over_and_near(&door.inner, ids).await?;
        let erased = stream::iter(over).map(|transition| door.act_itself(Expire { transition }));
        all &= refused(erased.buffer_unordered(AT_ONCE), "erased").await == 0;
        let near = near.into_iter().filter(|_| announces);
        let both = near.flat_map(|transition| [(transition.clone(), false), (transition, true)]);
        let announced = both.map(|(transition, apart)| AnnounceExpiry { transition, apart });
        let announced = announced.map(|it| door.act_itself(it));
        let announced = stream::iter(announced).buffer_unordered(AT_ONCE);
        // Tomorrow is early enough: it is weeks before.
        announces &= refused(announced, "announced").await == 0;
    }
    Ok(false)
}

/// How many were refused; one line tells of all.
async fn refused<T>(done: impl Stream<Item = Result<T, Refusal>>, what: &str) -> usize {
    let refused = done.filter_map(|done| std::future::ready(done.err()));
    let refused: Vec<_> = refused.collect().await;
    if let Some(refusal) = refused.last() {
        let moves = refused.len();
        tracing::warn!(%refusal, moves, what, "moves near or past their time wait for a sweep");
    }
    refused.len()
}

/// A look without the lock; it is decided again under it.
async fn over_and_near(
    inner: &Inner,
    ids: Vec<TransitionId>,
) -> Result<(Vec<TransitionId>, Vec<TransitionId>), StoreError> {
    let needs = Needs {
        transitions: ids.iter().cloned().collect(),
        ..Needs::default()
    };
    let mut world = inner.look(&needs).await?;
    let decider = inner.decider();
    let with = (&inner.keys, &*decider);
    let scene = Scene::new(&mut world, with, None, Moment::now(&inner.clock));
    let (mut over, mut near) = (Vec::new(), Vec::new());
    for id in ids {
        match scene.world.transitions.get(id.as_str()) {
            Some(row) if scene.is_due(row) => over.push(id),
            Some(row) if !scene.untold_of_expiry(row).is_empty() => near.push(id),
            _ => {}
        }
    }
    Ok((over, near))
}

/// Forgets the request ids that are older than they have to be known.
async fn forget_requests(inner: &Inner, stop: &CancellationToken) -> Result<(), StoreError> {
    let before = inner.clock.now_us() - REQUESTS_KEPT_US;
    while !stop.is_cancelled() {
        let limit = i64::try_from(CHUNK).unwrap_or(i64::MAX);
        let args = vec![before.into_value(), limit.into_value()];
        let old: Vec<String> = inner.read_column(OLD_REQUESTS, args).await?;
        if old.is_empty() {
            return Ok(());
        }
        let mut tx = inner.begin().await?;
        let keys = old.into_iter().map(|key| Value::Text(Some(key)));
        tx.delete::<RequestRow>(keys.collect()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Deletes what was staged and not finalised in time. Under the head lock: what is finalised at the
/// same moment must keep its chunks. One in a commit: others wait for it, and SQLite's log takes as
/// much as is overwritten.
async fn end_staging(inner: &Inner, stop: &CancellationToken) -> Result<(), StoreError> {
    let kept_us = i64::try_from(STAGED_FOR.as_micros()).unwrap_or(i64::MAX);
    let before = inner.clock.now_us() - kept_us;
    let args = |limit: i64| vec![before.into_value(), limit.into_value()];
    while !stop.is_cancelled() {
        let waiting: Vec<String> = inner.read_column(OLD_STAGED, args(1)).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let mut tx = inner.begin().await?;
        Head::lock(&inner.db, &mut tx).await?;
        let old = tx.fetch(OLD_STAGED, args(1), &[Type::Text, Type::Text]);
        let (mut ids, mut contents) = (Vec::new(), Vec::new());
        for row in old.await? {
            let [id, content]: [Value; 2] =
                row.try_into().map_err(|_| StoreError::Row("staged"))?;
            ids.push(id);
            contents.push(content);
        }
        tx.delete::<ChunkRow>(contents.clone()).await?;
        tx.delete::<ContentRow>(contents).await?;
        tx.delete::<StagedRow>(ids).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Erases what was taken back under a legal hold and is kept by nothing any more. What is refused waits
/// for the next turn of the loop.
async fn freed(door: &Door, stop: &CancellationToken) -> Result<bool, StoreError> {
    let (mut after, mut all) = (String::new(), true);
    while !stop.is_cancelled() {
        let limit = i64::try_from(CHUNK).unwrap_or(i64::MAX);
        let args = vec![Value::Text(Some(after.clone())), limit.into_value()];
        let ids: Vec<DocumentId> = door.inner.read_column(FREED, args).await?;
        let Some(last) = ids.last() else {
            return Ok(all);
        };
        last.as_str().clone_into(&mut after);
        let removed = stream::iter(ids).map(|document| door.act_itself(RemoveFreed { document }));
        let refused = removed
            .buffer_unordered(AT_ONCE)
            .filter_map(|done| std::future::ready(done.err()));
        for refusal in refused.collect::<Vec<_>>().await {
            tracing::warn!(%refusal, "what was taken back under a hold waits for the next sweep");
            all = false;
        }
    }
    Ok(false)
}

/// Who may see more since a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Widened {
    /// Receivers of a contribution.
    Profile(ProfileId),
    /// Receivers of contributions that name this learner.
    Friend(LearnerId),
    /// Whoever a setting sends to or receives from: its agreement was changed.
    Party(SettingId),
}

/// Releases what these widened. As many contributions may name a learner as its sender has; they are
/// looked at so many at a time.
async fn widely(
    door: &Door,
    all: Vec<Widened>,
    stop: &CancellationToken,
) -> Result<bool, StoreError> {
    let (mut ids, mut friends, mut parties) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
    for one in all {
        match one {
            Widened::Profile(id) => drop(ids.insert(id)),
            Widened::Friend(learner) => friends.push(learner.into_value()),
            Widened::Party(id) => drop(parties.insert(id)),
        }
    }
    if !friends.is_empty() {
        let mut tx = door.inner.db.once().await?;
        let naming: Vec<FriendRow> = tx.rows_by("learner_id", friends).await?;
        ids.extend(naming.into_iter().map(|row| row.profile_id));
    }
    let ids: Vec<ProfileId> = ids.into_iter().collect();
    let mut told = true;
    for chunk in ids.chunks(CHUNK) {
        told &= some(door, chunk.to_vec()).await?;
    }
    Ok(told & parties::release(door, parties, stop).await?)
}

/// Releases those of the given that someone is to see and has not been told of.
async fn some(door: &Door, ids: Vec<ProfileId>) -> Result<bool, StoreError> {
    let needs = Needs {
        profiles: ids.iter().cloned().collect(),
        ..Needs::default()
    };
    let world = door.inner.look(&needs).await?;
    release_of(door, world, ids).await
}

/// The same, of facts that were looked at.
async fn release_of(door: &Door, world: World, ids: Vec<ProfileId>) -> Result<bool, StoreError> {
    let waiting = unreleased(&door.inner, world, ids);
    let releases = waiting.into_iter().map(|profile| Release {
        profile,
        again: None,
    });
    Ok(all_of(door, releases).await)
}

/// Whether every release was entered, or found done.
async fn all_of(door: &Door, releases: impl Iterator<Item = Release> + Send) -> bool {
    let released = stream::iter(releases).map(|release| door.act_itself(release));
    let refused = released
        .buffer_unordered(AT_ONCE)
        .filter_map(|done| std::future::ready(done.err()));
    let refused: Vec<_> = refused.collect().await;
    for refusal in &refused {
        tracing::warn!(%refusal, "a release waits for the next sweep");
    }
    refused.is_empty()
}

/// A look without the lock; the release decides again under it.
fn unreleased(inner: &Inner, mut world: World, ids: Vec<ProfileId>) -> Vec<ProfileId> {
    let decider = inner.decider();
    let scene = Scene::new(
        &mut world,
        (&inner.keys, &decider),
        None,
        Moment::now(&inner.clock),
    );
    let waits = |id: &ProfileId| {
        let profile = scene.world.profiles.get(id.as_str())?;
        let row = scene
            .world
            .transitions
            .get(profile.transition_id.as_str())?;
        let told = |to: &_| scene.knows(row, profile, to);
        let all = addressees(&scene, row, profile);
        all.iter().any(|to| !told(to)).then_some(())
    };
    ids.into_iter().filter(|id| waits(id).is_some()).collect()
}

/// Keeps the known size of the ledger up to date with what other nodes commit.
pub(crate) async fn follow(inner: Arc<Inner>, stop: CancellationToken) {
    if matches!(inner.db, Db::Sqlite { .. }) {
        return;
    }
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(FOLLOW) => {}
        }
        match known(&inner).await {
            Ok((size, epoch, policies)) => {
                // Before an act waits for it. What fails is told there, and by `/ready`.
                let _ = inner.decider_at(&policies).await;
                if epoch != inner.keys.current() {
                    inner.epoch_moved.notify_one();
                }
                if size != *inner.size.borrow() {
                    inner.others_committed();
                }
                inner.grown_to(size);
            }
            Err(error) => tracing::warn!(%error, code = error.code(), "the head cannot be read"),
        }
    }
}

impl Inner {
    /// Another node has committed: what it changed is not known here.
    pub(crate) fn others_committed(&self) {
        self.remembered.forget();
        self.others.store(true, Ordering::Relaxed);
    }

    /// Whether no other node has committed since this was last asked.
    fn alone_since_asked(&self) -> bool {
        !self.others.swap(false, Ordering::Relaxed)
    }
}

/// Size, epoch and policies as the head says them.
async fn known(inner: &Inner) -> Result<(u64, i64, String), StoreError> {
    let head = Head::read(&mut inner.db.once().await?).await?;
    let head = head.ok_or(StoreError::NoLedger("no head row"))?;
    Ok((head.size(), head.epoch.id, head.policy))
}
