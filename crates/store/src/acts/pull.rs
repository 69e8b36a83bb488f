//! One turn of a subscription: what came for the setting, by today's rights.

use baton_domain::access::Action;
use baton_domain::act::{Caller, FeedPlace, Pull};
use baton_domain::entry::{EntryKind, ITEMS_MAX};
use baton_domain::ids::{ProfileId, SubscriptionId, WatchId};
use baton_domain::log::canonical::Json;
use baton_domain::section::KindSet;

use super::apart::told_roles;
use super::cut::say_in_part;
use super::fetch::{Fetched, shown};
use super::{Prepare, Step, Turn};
use crate::engine::table::Table as _;
use crate::engine::value::{Column as _, Type};
use crate::head::{Head, int};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{FeedRow, ProfileRow, SubscriptionRow, feed_kind, profile_state, receipt_state};
use crate::scene::{Question, Scene};
use crate::world::Needs;

/// What is kept apart is there for those alone whose credential has a role that is told of it.
pub(crate) const FEED: &str = "SELECT addressee, position, item, kind, apart, profile_id, \
     transition_id, point, academic_year FROM feed \
     WHERE addressee = $1 AND (position, item) >= ($2, $3) \
     AND ($4 = 0 OR point = $4) AND ($5 = 0 OR academic_year = $5) \
     AND (apart = 0 OR EXISTS (SELECT 1 FROM credential c WHERE c.id = $7 AND c.setting_id = addressee \
     AND ((c.roles & $8) <> 0 OR apart = 2 AND (c.roles & $9) <> 0))) \
     ORDER BY position, item LIMIT $6";
/// Content one turn carries, bytes: with its frame below the 4 MiB that most gRPC clients take by
/// default. A profile larger than that makes a turn of its own.
const INLINE_BYTES_MAX: i64 = 3 * 1024 * 1024;

/// What a turn shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// In order of position and item.
    pub items: Vec<PulledItem>,
    /// Where the next turn goes on.
    pub next: FeedPlace,
    /// The watch it was a turn of: the next one has to hold its lease.
    pub watch: Option<WatchId>,
}

/// Something that came for the setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledItem {
    /// Position of the entry that put it there.
    pub position: u64,
    /// Point of the move, as the contract numbers it.
    pub point: u8,
    /// Year of the move.
    pub academic_year: i64,
    /// What happened.
    pub what: PulledWhat,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PulledWhat {
    /// A version was published or became visible; as it stands now.
    Profile(Box<Fetched>),
    /// It will be gone after its last day: the contribution without content and kinds.
    Expires(Box<Fetched>),
    /// It was there, and today's rights do not show it.
    NotAvailable,
    /// It was withdrawn or the move redirected away.
    Closed(ProfileId),
}

/// A turn whose candidates are known.
#[derive(Debug)]
pub(crate) struct PullStep {
    subscription: SubscriptionId,
    candidates: Vec<FeedRow>,
    inline: bool,
    /// Where the next turn goes on when all candidates are shown.
    next: FeedPlace,
    /// More candidates than the page holds: the next turn goes on after the last one.
    full: bool,
    watch: Option<WatchId>,
}

impl Prepare for Pull {
    type Step = PullStep;

    async fn prepare(self, ledger: &Inner, caller: &Caller) -> Result<Turn<PullStep>, Refusal> {
        let limit = self.limit.clamp(1, ITEMS_MAX);
        let watch = ledger.lease(caller, &self.subscription, self.lease).await?;
        let mut tx = ledger.db.begin_read().await?;
        let head = Head::read(&mut tx).await?.ok_or(Refusal::Internal)?;
        let ids = vec![self.subscription.clone().into_value()];
        let found: Vec<SubscriptionRow> = tx.rows_by("id", ids).await?;
        let own = found.first().filter(|row| row.setting_id == caller.acting);
        let mut candidates = Vec::new();
        if let Some(own) = own {
            let mut args = vec![
                caller.acting.clone().into_value(),
                int(self.from.position).into_value(),
                i64::from(self.from.item).into_value(),
                own.point.into_value(),
                own.academic_year.into_value(),
                i64::try_from(limit).unwrap_or(i64::MAX).into_value(),
                caller.credential.clone().into_value(),
            ];
            args.extend(told_roles());
            let types: Vec<Type> = FeedRow::COLUMNS.iter().map(|(_, kind)| *kind).collect();
            for values in tx.fetch(FEED, args, &types).await? {
                candidates.push(FeedRow::from_values(values).map_err(|_| Refusal::Internal)?);
            }
        }
        // An empty turn makes no entry, so whoever may not subscribe must not be told of one.
        let empty = own.is_some() && candidates.is_empty();
        tx.rollback().await?;
        if empty && ledger.may(caller, Action::Subscribe).await? {
            return Ok(Turn::Nothing(Pulled {
                items: Vec::new(),
                next: head.size().into(),
                watch,
            }));
        }
        Ok(Turn::Decide(PullStep {
            subscription: self.subscription,
            full: candidates.len() == limit,
            candidates,
            inline: self.inline,
            next: head.size().into(),
            watch,
        }))
    }

    async fn finish(ledger: &Inner, pulled: &mut Pulled) -> Result<(), Refusal> {
        let profiles = pulled
            .items
            .iter_mut()
            .filter_map(|item| match &mut item.what {
                PulledWhat::Profile(fetched) => fetched.sealed.take(),
                _ => None,
            });
        let sealed: Vec<_> = profiles.collect();
        if sealed.is_empty() {
            return Ok(());
        }
        let mut opened = ledger.open(&sealed).await?.into_iter();
        for item in &mut pulled.items {
            if let PulledWhat::Profile(fetched) = &mut item.what {
                match opened.next() {
                    Some(Ok(open)) => {
                        fetched.sections = open.sections;
                        fetched.signatory = open.signatory;
                    }
                    // The log has it. One content that somebody spoilt must not hold up what
                    // comes after it.
                    _ => item.what = PulledWhat::NotAvailable,
                }
            }
        }
        Ok(())
    }
}

impl Step for PullStep {
    type Outcome = Pulled;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::Pulled
    }

    fn needs(&self, needs: &mut Needs) {
        needs.subscriptions.insert(self.subscription.clone());
        needs
            .profiles
            .extend(self.candidates.iter().map(|c| c.profile_id.clone()));
        needs
            .transitions
            .extend(self.candidates.iter().map(|c| c.transition_id.clone()));
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Pulled, Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        let subscription = scene.world.subscriptions.get(self.subscription.as_str());
        let own = subscription.is_some_and(|row| row.setting_id == caller.acting);
        scene.require(Action::Subscribe, Question::GENERAL)?;
        if !own {
            return Err(Refusal::Denied);
        }
        let mut items = Vec::with_capacity(self.candidates.len());
        let (mut cut, mut carried) = (None, 0);
        // A role may have been lost since they were read.
        let told = self.candidates.iter();
        let profile = |one: &FeedRow| scene.world.profiles.get(one.profile_id.as_str());
        let told: Vec<_> = told
            .filter(|one| one.is_for(scene.roles, profile(one)))
            .collect();
        for candidate in told {
            carried += self.carries(scene, (caller, candidate));
            let too_much = carried > INLINE_BYTES_MAX && !items.is_empty();
            if too_much || !scene.has_room() {
                cut = Some(candidate.place());
                break;
            }
            let (what, line) = self.item(scene, caller, candidate);
            scene.show(line);
            items.push(PulledItem {
                position: candidate.place().position,
                point: u8::try_from(candidate.point).unwrap_or_default(),
                academic_year: candidate.academic_year,
                what,
            });
        }
        scene.draft.silent = items.is_empty() && cut.is_none();
        scene.detail("subscription", self.subscription.as_str());
        scene.name_shown("items");
        let next = match (cut, self.candidates.last()) {
            (Some(place), _) => place,
            // There may be more of the same entry.
            (None, Some(last)) if self.full => FeedPlace {
                item: last.place().item + 1,
                ..last.place()
            },
            (None, _) => self.next,
        };
        let watch = self.watch.clone();
        Ok(Pulled { items, next, watch })
    }
}

impl PullStep {
    /// Bytes of content a candidate adds to the turn at most. Where the turn ends must not tell of what
    /// is closed or left out.
    fn carries(&self, scene: &Scene<'_>, (caller, candidate): (&Caller, &FeedRow)) -> i64 {
        let profile = scene.world.profiles.get(candidate.profile_id.as_str());
        let brings = self.inline && candidate.kind == feed_kind::PROFILE;
        let carried = profile.filter(|one| brings && one.state == profile_state::PUBLISHED);
        carried.map_or(0, |profile| {
            let row = scene.world.transitions.get(profile.transition_id.as_str());
            let hidden = row.map_or(0, |row| scene.hidden_bytes(&caller.acting, row, profile));
            profile.bytes - hidden
        })
    }

    /// What one feed row has come to, judged now, and its line in the entry.
    fn item(
        &self,
        scene: &mut Scene<'_>,
        caller: &Caller,
        candidate: &FeedRow,
    ) -> (PulledWhat, Json) {
        let place = candidate.place();
        let hidden = (PulledWhat::NotAvailable, shown(place, "", KindSet::EMPTY));
        if candidate.kind == feed_kind::CLOSED {
            let closed = PulledWhat::Closed(candidate.profile_id.clone());
            return (closed, shown(place, "", KindSet::EMPTY));
        }
        let profile = scene
            .world
            .profiles
            .get(candidate.profile_id.as_str())
            .cloned();
        let row = scene
            .world
            .transitions
            .get(candidate.transition_id.as_str())
            .cloned();
        let Some((profile, row)) = profile.zip(row) else {
            return hidden;
        };
        let question = scene.question(&caller.acting, &row);
        let kinds = if scene.ask(Action::Receive, question, None) {
            scene.visible(&caller.acting, &row, &profile, KindSet::EMPTY)
        } else {
            KindSet::EMPTY
        };
        if kinds.is_empty() {
            scene.hide(&row, &profile, &caller.acting);
            return hidden;
        }
        let learner = scene.world.learners.get(row.learner_id.as_str());
        let alias = learner.map(|learner| learner.alias.clone());
        match &alias {
            Some(alias) if profile.is_apart() => scene.about_apart(alias),
            Some(alias) => scene.about(alias),
            None => {}
        }
        let last = scene.kept_until(&row);
        if candidate.kind == feed_kind::EXPIRES {
            let mut named = Fetched::new(&row, &profile, (KindSet::EMPTY, false), question.window);
            // Whoever acknowledges what it was only warned of has not taken it over.
            named.version = 0;
            let expires = PulledWhat::Expires(Box::new(named.kept_until(last)));
            let alias = alias.as_ref().map_or("", |alias| alias.as_str());
            let line = shown(place, alias, KindSet::EMPTY);
            return (expires, apart_line(line, &profile));
        }
        let state = if self.inline {
            receipt_state::OPENED
        } else {
            receipt_state::DELIVERED
        };
        scene.receive(&profile, &caller.acting, state);
        let told = scene.told_until(&row, question.relation);
        let whole = scene.is_whole(question.relation, (&row, &profile), &caller.acting);
        let shown_kinds = (kinds, whole);
        let fetched = Fetched::new(&row, &profile, shown_kinds, question.window).kept_until(told);
        let mut line = shown(place, alias.as_ref().map_or("", |a| a.as_str()), kinds);
        let of = (&row, &profile);
        let fetched = if self.inline {
            let cut = scene.cut(question.relation, of, kinds);
            if let (false, Json::Obj(words)) = (cut.peers.is_empty(), &mut line) {
                words.insert("peers".to_owned(), cut.peers.bits().into());
            }
            fetched.may_open(&profile, cut)
        } else {
            fetched
        };
        let in_part = scene.in_part(question.relation, of, &caller.acting);
        say_in_part(&mut line, in_part.intersection(kinds));
        let line = apart_line(line, &profile);
        (PulledWhat::Profile(Box::new(fetched)), line)
    }
}

/// Says of a line that it is of what is kept apart.
fn apart_line(mut line: Json, profile: &ProfileRow) -> Json {
    if let (true, Json::Obj(words)) = (profile.is_apart(), &mut line) {
        words.insert("apart".to_owned(), Json::Bool(true));
    }
    line
}

impl FeedRow {
    fn place(&self) -> FeedPlace {
        FeedPlace {
            position: u64::try_from(self.position).unwrap_or_default(),
            item: u32::try_from(self.item).unwrap_or_default(),
        }
    }
}
