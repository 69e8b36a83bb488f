//! The policies that answered, shown to whoever works the answers out again.

use baton_domain::access::Action;
use baton_domain::act::{Caller, ShowPolicySet};
use baton_domain::entry::EntryKind;

use super::{Prepare, Step, Turn};
use crate::engine::value::Value;
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::PolicySetRow;
use crate::scene::{Question, Scene};
use crate::world::Needs;

/// A policy set that was read, or none of that hash, waiting for leave to be shown.
#[derive(Debug)]
pub(crate) struct PolicySetStep {
    hash: String,
    text: Option<String>,
}

impl Prepare for ShowPolicySet {
    type Step = PolicySetStep;

    async fn prepare(
        self,
        ledger: &Inner,
        _caller: &Caller,
    ) -> Result<Turn<PolicySetStep>, Refusal> {
        let mut tx = ledger.db.begin_read().await?;
        let hash = vec![Value::Text(Some(self.hash.clone()))];
        let rows: Vec<PolicySetRow> = tx.rows_by("hash", hash).await?;
        tx.rollback().await?;
        Ok(Turn::Decide(PolicySetStep {
            hash: self.hash,
            text: rows.into_iter().next().map(|row| row.body),
        }))
    }
}

impl Step for PolicySetStep {
    type Outcome = String;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::PolicySetShown
    }

    fn needs(&self, _needs: &mut Needs) {}

    fn decide(&self, scene: &mut Scene<'_>) -> Result<String, Refusal> {
        scene.require(Action::ReadAudit, Question::GENERAL)?;
        let text = self.text.clone().ok_or(Refusal::Denied)?;
        scene.detail("shown", self.hash.as_str());
        Ok(text)
    }
}
