//! When and by whom the rules were changed.

use baton_domain::access::Action;
use baton_domain::act::{Caller, ListPolicyChanges};
use baton_domain::entry::EntryKind;
use baton_domain::ids::{CredentialId, SettingId};

use super::replace_policies::may_replace;
use super::{Prepare, Step, Turn};
use crate::engine::table::Table as _;
use crate::engine::value::{Column as _, Type};
use crate::head::int;
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::PolicyChangeRow;
use crate::scene::{Question, Scene};
use crate::world::Needs;

pub(crate) const CHANGES: &str = "SELECT position, time_us, credential_id, setting_id, replaced, \
     hash, reason, told FROM policy_change WHERE position >= $1 ORDER BY position LIMIT $2";
/// Most changes of a page.
const CHANGES_MAX: usize = 100;

/// A policy set that came into force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyChange {
    /// Position of its entry.
    pub position: u64,
    /// Ledger time, microseconds UTC.
    pub time_us: i64,
    /// Who replaced it.
    pub credential: CredentialId,
    /// For whom.
    pub setting: SettingId,
    /// Hash of the set before.
    pub previous: String,
    /// Hash of the set from then on.
    pub hash: String,
    /// Why.
    pub reason: String,
}

/// A page of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyChanges {
    /// Oldest first.
    pub changes: Vec<PolicyChange>,
    /// Go on from here; none on the last page.
    pub next: Option<u64>,
}

/// A page that was read, waiting for leave to be shown.
#[derive(Debug)]
pub(crate) struct PolicyChangesStep(PolicyChanges);

impl Prepare for ListPolicyChanges {
    type Step = PolicyChangesStep;

    async fn prepare(
        self,
        ledger: &Inner,
        _caller: &Caller,
    ) -> Result<Turn<PolicyChangesStep>, Refusal> {
        let limit = self.limit.clamp(1, CHANGES_MAX);
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let args = vec![int(self.start).into_value(), most.into_value()];
        let types: Vec<Type> = PolicyChangeRow::COLUMNS
            .iter()
            .map(|(_, kind)| *kind)
            .collect();
        let mut changes = Vec::new();
        for values in ledger.db.once().await?.fetch(CHANGES, args, &types).await? {
            let row = PolicyChangeRow::from_values(values).map_err(|_| Refusal::Internal)?;
            changes.push(PolicyChange::from(row));
        }
        let last = changes.last().filter(|_| changes.len() == limit);
        let next = last.map(|last| last.position + 1);
        Ok(Turn::Decide(PolicyChangesStep(PolicyChanges {
            changes,
            next,
        })))
    }
}

impl Step for PolicyChangesStep {
    type Outcome = PolicyChanges;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::PolicyChangesListed
    }

    fn needs(&self, _needs: &mut Needs) {}

    /// For whoever changes them and for whoever audits that.
    fn decide(&self, scene: &mut Scene<'_>) -> Result<PolicyChanges, Refusal> {
        if !may_replace(scene) {
            scene.require(Action::ReadAudit, Question::GENERAL)?;
        }
        let count = u32::try_from(self.0.changes.len()).unwrap_or(u32::MAX);
        scene.detail("count", count);
        Ok(self.0.clone())
    }
}

impl From<PolicyChangeRow> for PolicyChange {
    fn from(row: PolicyChangeRow) -> Self {
        Self {
            position: row.position.unsigned_abs(),
            time_us: row.time_us,
            credential: row.credential_id,
            setting: row.setting_id,
            previous: row.replaced,
            hash: row.hash,
            reason: row.reason,
        }
    }
}
