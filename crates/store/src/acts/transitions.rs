//! Progress of moves; never content.

use baton_domain::access::{Action, Relation};
use baton_domain::act::{Caller, ListTransitions, ShowTransition};
use baton_domain::entry::{EntryKind, ITEMS_MAX};
use baton_domain::ids::TransitionId;
use baton_domain::log::canonical::Json;
use baton_domain::route::{Point, Route};

use super::move_summary::MoveSummary;
use super::redirect::find;
use super::{Prepare, Step, Turn, direct};
use crate::engine::value::{Column as _, Value};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{TransitionRow, fact};
use crate::scene::{Moment, Question, Scene};
use crate::world::Needs;

/// Ranges in order of the id, one a side, each cut to a page before they are put together: however many
/// moves a council has, a page looks at some hundreds. A setting can stand on two sides of a move.
pub(crate) const PAGE: &str = "SELECT id FROM (\
     SELECT id FROM (SELECT id FROM transition WHERE from_id = $1 AND id > $2 \
     AND ($3 = 0 OR academic_year = $3) AND ($4 = 0 OR to_id IS NULL) \
     ORDER BY id LIMIT $5) AS source UNION \
     SELECT id FROM (SELECT id FROM transition WHERE to_id = $1 AND id > $2 \
     AND ($3 = 0 OR academic_year = $3) AND $4 = 0 ORDER BY id LIMIT $5) AS destination UNION \
     SELECT id FROM (SELECT moved.id FROM setting JOIN transition AS moved \
     ON moved.from_id = setting.id WHERE setting.caretaker_id = $1 AND moved.id > $2 \
     AND ($3 = 0 OR moved.academic_year = $3) AND ($4 = 0 OR moved.to_id IS NULL) \
     ORDER BY moved.id LIMIT $5) AS in_care UNION \
     SELECT id FROM (SELECT id FROM transition WHERE council_id = $1 AND id > $2 \
     AND ($3 = 0 OR academic_year = $3) AND ($4 = 0 OR to_id IS NULL) \
     ORDER BY id LIMIT $5) AS council UNION \
     SELECT id FROM (SELECT id FROM transition WHERE plan_council_id = $1 AND id > $2 \
     AND ($3 = 0 OR academic_year = $3) AND ($4 = 0 OR to_id IS NULL) \
     ORDER BY id LIMIT $5) AS plan_council UNION \
     SELECT id FROM (SELECT moved.id FROM recipient JOIN transition AS moved \
     ON moved.id = recipient.transition_id WHERE recipient.setting_id = $1 \
     AND recipient.transition_id > $2 AND recipient.relation > 1 AND $4 = 0 \
     AND ($3 = 0 OR moved.academic_year = $3) \
     ORDER BY recipient.transition_id LIMIT $5) AS beside) AS mine ORDER BY id LIMIT $5";

/// Moves looked at together, and how often, before a page ends with what was found.
const SCANNED: usize = 256;
const SCANS_MAX: usize = 64;

/// A page of moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitionsPage {
    /// In order of their ids; those the caller may not see are left out.
    pub transitions: Vec<MoveSummary>,
    /// Go on after this one; none on the last page.
    pub next: Option<TransitionId>,
}

impl Step for ShowTransition {
    type Outcome = MoveSummary;
    const TAKES_AWAY: bool = false;
    const OF_A_RECORD: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::TransitionShown
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<MoveSummary, Refusal> {
        let (row, question) = find(scene, &self.transition)?;
        scene.require(Action::Status, question)?;
        if scene.is_hidden(&row, question) {
            return Err(Refusal::Denied);
        }
        Ok(scene.summary_with(&row, question))
    }
}
direct!(ShowTransition);

/// A page whose candidates are known.
#[derive(Debug)]
pub(crate) struct PageStep {
    ids: Vec<TransitionId>,
    next: Option<TransitionId>,
    no_destination: bool,
}

impl Prepare for ListTransitions {
    type Step = PageStep;

    /// Looks for moves the caller may see now; it is asked again under the lock. Those it may not
    /// see count for nothing: neither a short page nor where the next one begins tells of them.
    async fn prepare(self, ledger: &Inner, caller: &Caller) -> Result<Turn<PageStep>, Refusal> {
        let limit = self.limit.clamp(1, ITEMS_MAX);
        let mut after = self
            .after
            .as_ref()
            .map_or(String::new(), |id| id.as_str().to_owned());
        let mut ids: Vec<TransitionId> = Vec::new();
        let mut next = None;
        for round in 1..=SCANS_MAX {
            let chunk = candidates(ledger, caller, &self, after.clone()).await?;
            let last = chunk.last().filter(|_| chunk.len() == SCANNED).cloned();
            ids.extend(ledger.visible_moves(caller, chunk, self.point).await?);
            if ids.len() > limit {
                ids.truncate(limit);
                next = ids.last().cloned();
                break;
            }
            let Some(last) = last else { break };
            last.as_str().clone_into(&mut after);
            next = (round == SCANS_MAX).then_some(last);
        }
        let no_destination = self.no_destination;
        Ok(Turn::Decide(PageStep {
            ids,
            next,
            no_destination,
        }))
    }
}

/// The acting setting's moves after one, in order of their ids, seen by nobody yet.
async fn candidates(
    ledger: &Inner,
    caller: &Caller,
    wanted: &ListTransitions,
    after: String,
) -> Result<Vec<TransitionId>, Refusal> {
    let args = vec![
        caller.acting.clone().into_value(),
        Value::Text(Some(after)),
        wanted
            .academic_year
            .map_or(0, |y| i64::from(y.first_year()))
            .into_value(),
        i64::from(wanted.no_destination).into_value(),
        i64::try_from(SCANNED).unwrap_or(i64::MAX).into_value(),
    ];
    Ok(ledger.read_column(PAGE, args).await?)
}

impl Inner {
    /// Those of the moves whose progress the caller may see, by a look without the lock.
    async fn visible_moves(
        &self,
        caller: &Caller,
        mut ids: Vec<TransitionId>,
        point: Option<Point>,
    ) -> Result<Vec<TransitionId>, Refusal> {
        if ids.is_empty() {
            return Ok(ids);
        }
        let mut needs = Needs {
            transitions: ids.iter().cloned().collect(),
            ..Needs::default()
        };
        needs.ask_as(caller);
        let mut world = self.look(&needs).await?;
        let decider = self.decider();
        let moment = Moment::now(&self.clock);
        let mut scene = Scene::new(&mut world, (&self.keys, &decider), Some(caller), moment);
        if scene.admit().is_err() {
            return Ok(Vec::new());
        }
        ids.retain(|id| shown(&mut scene, caller, id, point).is_some());
        Ok(ids)
    }
}

/// The move and how the caller stands to it, if it may see its progress.
fn shown(
    scene: &mut Scene<'_>,
    caller: &Caller,
    id: &TransitionId,
    point: Option<Point>,
) -> Option<(TransitionRow, Question)> {
    let row = scene.world.transitions.get(id.as_str()).cloned()?;
    let of_point = |point| Route::find(&row.route).is_some_and(|route| route.point == point);
    if !point.is_none_or(of_point) || row.facts & fact::ERASED != 0 {
        return None;
    }
    let question = scene.question(&caller.acting, &row);
    // Who was a recipient once can ask for the move by its name, and answers; it is none of its own.
    if question.relation == Relation::Former || scene.is_hidden(&row, question) {
        return None;
    }
    scene
        .ask(Action::Status, question, None)
        .then_some((row, question))
}

impl Step for PageStep {
    type Outcome = TransitionsPage;
    const TAKES_AWAY: bool = false;
    const OF_A_RECORD: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::TransitionsListed
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.extend(self.ids.iter().cloned());
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<TransitionsPage, Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        // Whoever is not told yet where the learner goes must not ask whether that is known.
        if self.no_destination && scene.own.is_some() {
            return Err(Refusal::Denied);
        }
        let mut transitions = Vec::new();
        let mut next = self.next.clone();
        for (at, id) in self.ids.iter().enumerate() {
            if !scene.has_room() {
                next = self.ids.get(at - 1).cloned();
                break;
            }
            let Some((row, question)) = shown(scene, caller, id, None) else {
                continue;
            };
            let learner = scene.world.learners.get(row.learner_id.as_str());
            if let Some(alias) = learner.map(|learner| learner.alias.clone()) {
                scene.about(&alias);
                scene.show(Json::from(alias.as_str()));
            }
            transitions.push(scene.summary_with(&row, question));
        }
        scene.name_shown("learners");
        Ok(TransitionsPage { transitions, next })
    }
}
