//! Which learners a question is about, and whether its caller may ask it.

use std::collections::BTreeSet;

use baton_domain::access::Action;
use baton_domain::act::{Caller, Whose};
use baton_domain::ids::{Alias, LearnerId};
use baton_domain::log::canonical::Json;

use crate::engine::value::{Column, Value};
use crate::learner;
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{LearnerCodeRow, LearnerRow, TransitionRow};
use crate::scene::{Moment, Scene};
use crate::world::{Needs, World};

/// Most learners one answer speaks of: each sender has one of its own.
const LEARNERS_MAX: usize = 64;

/// Learners that were found without the lock; who may ask about them is decided under it.
#[derive(Debug)]
pub(super) struct Asked {
    whose: Whose,
    learners: BTreeSet<LearnerId>,
}

impl Asked {
    pub(super) async fn find(ledger: &Inner, whose: Whose) -> Result<Self, Refusal> {
        let mut tx = ledger.db.begin_read().await?;
        let learners = match &whose {
            Whose::Move(id) => {
                let moves: Vec<TransitionRow> = tx.rows_by("id", one(id.clone())).await?;
                moves.into_iter().map(|row| row.learner_id).collect()
            }
            Whose::Alias(alias) => {
                let rows: Vec<LearnerRow> = tx.rows_by("alias", one(alias.clone())).await?;
                rows.into_iter().map(|row| row.id).collect()
            }
            Whose::Known(id) => {
                // Those of a former UPN are none: it must lead to nobody.
                let blinds = learner::blinds(&ledger.keys, std::slice::from_ref(id));
                let blinds: Vec<Value> = blinds.into_iter().map(|b| Value::Text(Some(b))).collect();
                let rows: Vec<LearnerCodeRow> = if blinds.is_empty() {
                    Vec::new()
                } else {
                    tx.rows_by("blind", blinds).await?
                };
                // Nor are there any of a number that was retired.
                rows.into_iter().filter_map(|row| row.learner_id).collect()
            }
        };
        tx.rollback().await?;
        Ok(Self { whose, learners })
    }

    pub(super) fn needs(&self, needs: &mut Needs) {
        if let Whose::Move(id) = &self.whose {
            needs.transitions.insert(id.clone());
        }
        needs.learners.extend(self.learners.iter().cloned());
    }

    /// Everything that makes it the same question; for digests only.
    pub(super) fn spelled(&self) -> String {
        match &self.whose {
            Whose::Move(id) => id.to_string(),
            Whose::Alias(alias) => alias.to_string(),
            Whose::Known(id) => format!("{} {}", id.scheme(), id.value()),
        }
    }

    /// The aliases whose entries the caller may be told of, as things stand: what is read before
    /// the lock is read for those alone.
    pub(super) async fn look(
        &self,
        ledger: &Inner,
        caller: &Caller,
        action: Action,
    ) -> Result<Vec<Alias>, Refusal> {
        let mut needs = Needs::default();
        self.needs(&mut needs);
        needs.ask_as(caller);
        let mut world: World = ledger.look(&needs).await?;
        let (decider, moment) = (ledger.decider(), Moment::now(&ledger.clock));
        let mut scene = Scene::new(&mut world, (&ledger.keys, &decider), Some(caller), moment);
        if scene.admit().is_err() {
            return Ok(Vec::new());
        }
        Ok(self.judge(&mut scene, caller, action).1)
    }

    /// Asks, names in the entry whom it is about, and refuses when the answer is no. A learner is
    /// told of if each of its moves may be asked for.
    pub(super) fn require(
        &self,
        scene: &mut Scene<'_>,
        action: Action,
    ) -> Result<Vec<Alias>, Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        if let Whose::Move(id) = &self.whose {
            scene.detail("transition", id.as_str());
        }
        let (found, told) = self.judge(scene, caller, action);
        // Whom somebody asked about in vain learns of it, too.
        let named = if told.is_empty() { &found } else { &told };
        let named = &named[..named.len().min(LEARNERS_MAX)];
        for alias in named {
            scene.about(alias);
        }
        match named {
            [] => {}
            [one] => scene.detail("learner", one.as_str()),
            many => {
                let many = many.iter().map(|alias| Json::from(alias.as_str()));
                scene.detail("learners", Json::Arr(many.collect()));
            }
        }
        match told.len() {
            0 => Err(Refusal::Denied),
            1..=LEARNERS_MAX => Ok(told),
            _ => Err(Refusal::Failed("TOO_MANY_LEARNERS")),
        }
    }

    /// Everyone it is about, and those of them the caller may ask about.
    fn judge(
        &self,
        scene: &mut Scene<'_>,
        caller: &Caller,
        action: Action,
    ) -> (Vec<Alias>, Vec<Alias>) {
        let (mut found, mut told) = (Vec::new(), Vec::new());
        for id in &self.learners {
            let Some(learner) = scene.world.learners.get(id.as_str()) else {
                continue;
            };
            let alias = learner.alias.clone();
            let moves: Vec<TransitionRow> = scene.world.moves_of(id).cloned().collect();
            let mut all = !moves.is_empty();
            for row in &moves {
                let question = scene.question(&caller.acting, row);
                all &= scene.ask(action, question, None);
            }
            if all {
                told.push(alias.clone());
            }
            found.push(alias);
        }
        (found, told)
    }
}

fn one(id: impl Column) -> Vec<Value> {
    vec![id.into_value()]
}
