//! Another policy set: checked beside everything else, put into force under the lock. The act itself
//! is decided by the set it replaces.

use std::sync::Arc;
use std::time::{Duration, Instant};

use baton_domain::access::{
    Action, Decider, Difference, Examined, PolicyError, PolicySet, PolicyText,
};
use baton_domain::act::{Caller, NewPolicies, ReplacePolicySet, RequestId};
use baton_domain::entry::EntryKind;
use baton_domain::route::SettingKind;
use serde::{Deserialize, Serialize};

use super::{Idempotent, Prepare, Step, Turn};
use crate::engine::value::Column as _;
use crate::ledger::Inner;
use crate::policies::{aside, text_of};
use crate::refusal::{PolicyFault, Refusal};
use crate::rows::{PolicyChangeRow, PolicySetRow, SettingRow};
use crate::scene::{Question, Scene};
use crate::world::{Needs, Put as _};

/// Longest one check may take: below the time a call may take by default.
pub const POLICY_CHECK_MAX: Duration = Duration::from_secs(25);
/// Most differences an answer tells.
pub const POLICY_DIFFERENCES_MAX: usize = 1_000;

/// What stands after a replacement was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoliciesReplaced {
    /// Hash of the set that was given.
    pub hash: String,
    /// Hash of the set in force before.
    pub previous: String,
    /// Whether another one is in force now; not when it was only tried, or is the same.
    pub replaced: bool,
    /// What it changes, at most [`POLICY_DIFFERENCES_MAX`]. Empty on a replay.
    #[serde(skip)]
    pub changes: Vec<Difference>,
    /// How many changes are not told.
    #[serde(skip)]
    pub left_out: usize,
}

/// A replacement whose set was checked.
#[derive(Debug)]
pub(crate) struct Replacement {
    checked: Checked,
    /// Hash of the text that was given, where it is one.
    hash: Option<String>,
    expected: String,
    reason: String,
    request: Option<RequestId>,
}

/// What became of the check.
#[derive(Debug)]
enum Checked {
    /// Its caller may not, and is told so.
    NotAllowed,
    /// A reason of the contract.
    Hindered(&'static str),
    Refused(Vec<PolicyFault>),
    Fits(Fitting),
}

/// A set that may be put into force.
#[derive(Debug)]
struct Fitting {
    decider: Arc<Decider>,
    changes: Vec<Difference>,
    left_out: usize,
    /// Whether somebody on the receiving side is shown more by it.
    shows_more: bool,
}

impl Prepare for ReplacePolicySet {
    type Step = Replacement;

    async fn prepare(self, ledger: &Inner, caller: &Caller) -> Result<Turn<Replacement>, Refusal> {
        let mut hash = None;
        // A look, so that nobody else keeps a processor busy; it is decided under the lock.
        let may = acts_for_a_council(ledger, caller).await?
            && ledger.may(caller, Action::ReplacePolicies).await?;
        let checked = if may {
            match text(ledger, self.policies).await? {
                Ok(text) => {
                    hash = Some(text.hash());
                    check(ledger, text, &self.expected).await?
                }
                Err(checked) => checked,
            }
        } else {
            Checked::NotAllowed
        };
        Ok(Turn::Decide(Replacement {
            checked,
            hash,
            expected: self.expected,
            reason: self.reason,
            request: self.request,
        }))
    }
}

/// Whether a caller's setting is a council, by its row. A look.
async fn acts_for_a_council(ledger: &Inner, caller: &Caller) -> Result<bool, Refusal> {
    let acting = vec![caller.acting.clone().into_value()];
    let rows: Vec<SettingRow> = ledger.db.once().await?.rows_by("id", acting).await?;
    Ok(rows.iter().any(is_council))
}

fn is_council(row: &SettingRow) -> bool {
    row.kind == i64::from(SettingKind::Council.number())
}

/// The right to change the rules of everybody: what the policies say, for a council alone. A school
/// that was given the role by mistake has it over nobody.
pub(super) fn may_replace(scene: &mut Scene<'_>) -> bool {
    let acting = scene.caller.map(|caller| caller.acting.as_str());
    let row = acting.and_then(|acting| scene.world.settings.get(acting));
    let council = row.is_some_and(is_council);
    scene.ask(Action::ReplacePolicies, Question::GENERAL, None) && council
}

/// The text that is meant, or what is said instead.
async fn text(
    ledger: &Inner,
    policies: NewPolicies,
) -> Result<Result<PolicyText, Checked>, Refusal> {
    match policies {
        NewPolicies::Text(text) => {
            Ok(PolicyText::from_canonical(&text).map_err(|error| refused(&error)))
        }
        NewPolicies::Kept(hash) => {
            let row = ledger.policy_row(&hash).await?;
            let unknown = Checked::Hindered("POLICY_SET_UNKNOWN");
            Ok(row.and_then(|row| text_of(&row)).ok_or(unknown))
        }
    }
}

/// One at a time and for so long: it keeps a processor busy.
async fn check(ledger: &Inner, text: PolicyText, expected: &str) -> Result<Checked, Refusal> {
    let Some(turn) = ledger.policies.turn() else {
        return Ok(Checked::Hindered("POLICY_CHECK_RUNNING"));
    };
    let before = ledger.looked_at(expected).await?;
    let until = Instant::now() + POLICY_CHECK_MAX;
    let examined = aside(move || {
        let before = before.as_ref().map(|decider| &**decider.policies());
        let examined = PolicySet::examine(text, before, &|| Instant::now() < until);
        drop(turn);
        examined
    });
    Ok(match examined.await? {
        Ok(Examined { set, mut changes }) => {
            let decider = Arc::new(Decider::new(Arc::new(set)));
            ledger.policies.keep(Arc::clone(&decider));
            let shows_more = changes.iter().any(Difference::shows_receivers_more);
            let left_out = changes.len().saturating_sub(POLICY_DIFFERENCES_MAX);
            changes.truncate(POLICY_DIFFERENCES_MAX);
            Checked::Fits(Fitting {
                decider,
                changes,
                left_out,
                shows_more,
            })
        }
        Err(problems) if problems.iter().any(|it| matches!(it, PolicyError::Stopped)) => {
            Checked::Hindered("POLICY_CHECK_TOO_LONG")
        }
        Err(problems) => Checked::Refused(problems.iter().map(PolicyFault::of).collect()),
    })
}

fn refused(error: &PolicyError) -> Checked {
    Checked::Refused(vec![PolicyFault::of(error)])
}

impl Step for Replacement {
    type Outcome = PoliciesReplaced;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        if self.request.is_some() {
            EntryKind::PolicyReplaced
        } else {
            EntryKind::PolicyChecked
        }
    }

    fn needs(&self, _needs: &mut Needs) {}

    fn request(&self) -> Option<Idempotent<'_>> {
        let id = self.request.as_ref()?;
        let hash = self.hash.as_deref().unwrap_or_default();
        let content = format!("{hash} {} {}", self.expected, self.reason).into_bytes();
        Some(Idempotent {
            id,
            method: "replace_policies",
            content,
        })
    }

    fn remember(outcome: &PoliciesReplaced) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<PoliciesReplaced> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<PoliciesReplaced, Refusal> {
        if !may_replace(scene) {
            return Err(Refusal::Denied);
        }
        let in_force = scene.policy_set().to_owned();
        scene.detail("old", in_force.as_str());
        if let Some(hash) = &self.hash {
            scene.detail("new", hash.as_str());
        }
        if self.expected != in_force {
            return Err(Refusal::Failed("POLICY_SET_CHANGED"));
        }
        let fitting = match &self.checked {
            Checked::Fits(fitting) => fitting,
            Checked::Refused(faults) => return Err(Refusal::PolicySet(faults.clone())),
            Checked::Hindered(reason) => return Err(Refusal::Failed(reason)),
            // It was given the right a moment ago.
            Checked::NotAllowed => return Err(Refusal::Failed("POLICY_SET_CHANGED")),
        };
        let hash = fitting.decider.policies().hash().to_owned();
        let replaced = self.request.is_some() && hash != in_force;
        scene.detail("reason", self.reason.as_str());
        if replaced {
            self.put(scene, &in_force, fitting)?;
        } else {
            scene.draft.kind = Some(EntryKind::PolicyChecked);
        }
        Ok(PoliciesReplaced {
            hash,
            previous: in_force,
            replaced,
            changes: fitting.changes.clone(),
            left_out: fitting.left_out,
        })
    }
}

impl Replacement {
    /// Into force, from the next entry on.
    fn put(&self, scene: &mut Scene<'_>, old: &str, new: &Fitting) -> Result<(), Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        let set = new.decider.policies();
        let (hash, body) = (set.hash().to_owned(), set.text().canonical());
        scene.world.put(PolicySetRow {
            hash: hash.clone(),
            body,
        });
        scene.world.put(PolicyChangeRow {
            position: scene.position,
            time_us: scene.time_us,
            credential_id: caller.credential.clone(),
            setting_id: caller.acting.clone(),
            replaced: old.to_owned(),
            hash,
            reason: self.reason.clone(),
            told: i64::from(!new.shows_more),
        });
        scene.policies = Some(Arc::clone(&new.decider));
        Ok(())
    }
}
