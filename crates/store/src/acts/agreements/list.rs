//! Who has signed, and who has not: of one setting, or of a council's settings page by page.

use baton_domain::access::Action;
use baton_domain::act::{Caller, ListAgreements, Parties};
use baton_domain::entry::EntryKind;
use baton_domain::ids::SettingId;

use super::AgreementView;
use crate::acts::settings::{limit_value, managing};
use crate::acts::{Prepare, Step, Turn};
use crate::clock::london_date;
use crate::engine::value::{Column as _, Value};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::SettingRow;
use crate::scene::Scene;
use crate::world::Needs;

/// Open settings of a council, vendors left out: they sign nothing.
pub(crate) const OF_COUNCIL: &str = "SELECT id FROM setting \
     WHERE council = $1 AND id > $2 AND state = 1 AND kind <> 9 ORDER BY id LIMIT $3";
/// Those of them without an agreement that is in force on a day.
pub(crate) const WITHOUT: &str = "SELECT id FROM setting \
     WHERE council = $1 AND id > $2 AND state = 1 AND kind <> 9 \
     AND NOT EXISTS (SELECT 1 FROM agreement a WHERE a.setting_id = setting.id AND a.ended = 0 \
     AND a.first_day <= $4 AND (a.last_day IS NULL OR a.last_day >= $4)) ORDER BY id LIMIT $3";
/// Most settings of a page.
const PAGE_MAX: usize = 500;

/// Agreements that were shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementsPage {
    /// In order of the settings' ids.
    pub agreements: Vec<AgreementView>,
    /// Go on after this one; none on the last page.
    pub next: Option<SettingId>,
}

/// What of it is asked under the lock.
#[derive(Debug)]
pub(crate) struct ListStep {
    /// One setting; else a council's.
    one: Option<SettingId>,
    council: String,
    ids: Vec<SettingId>,
    without_only: bool,
    more: bool,
}

impl Prepare for ListAgreements {
    type Step = ListStep;

    async fn prepare(self, ledger: &Inner, caller: &Caller) -> Result<Turn<ListStep>, Refusal> {
        let (council, without_only, after, limit) = match self.of {
            Parties::Setting(setting) => {
                return Ok(Turn::Decide(ListStep {
                    ids: vec![setting.clone()],
                    one: Some(setting),
                    council: String::new(),
                    without_only: false,
                    more: false,
                }));
            }
            Parties::Council {
                council,
                without_only,
                after,
                limit,
            } => (council, without_only, after, limit.clamp(1, PAGE_MAX)),
        };
        let council = if council.is_empty() {
            own_council(ledger, caller).await?
        } else {
            council
        };
        let after = after.map_or(String::new(), |id| id.as_str().to_owned());
        let mut args = vec![
            council.clone().into_value(),
            after.into_value(),
            limit_value(limit),
        ];
        let sql = if without_only {
            let today = london_date(ledger.clock.now_us()).to_string();
            args.push(today.into_value());
            WITHOUT
        } else {
            OF_COUNCIL
        };
        let mut ids: Vec<SettingId> = ledger.read_column(sql, args).await?;
        let more = ids.len() > limit;
        ids.truncate(limit);
        Ok(Turn::Decide(ListStep {
            one: None,
            council,
            ids,
            without_only,
            more,
        }))
    }
}

/// The council of the acting setting, by its three digits.
async fn own_council(ledger: &Inner, caller: &Caller) -> Result<String, Refusal> {
    let keys: Vec<Value> = vec![caller.acting.clone().into_value()];
    let rows: Vec<SettingRow> = ledger.db.once().await?.rows_by("id", keys).await?;
    Ok(rows
        .into_iter()
        .next()
        .map_or(String::new(), |row| row.council))
}

impl Step for ListStep {
    type Outcome = AgreementsPage;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::AgreementsListed
    }

    fn needs(&self, needs: &mut Needs) {
        needs.settings.extend(self.ids.iter().cloned());
        needs.parties.extend(self.ids.iter().cloned());
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<AgreementsPage, Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        let council = match &self.one {
            Some(one) => {
                scene.detail("for", one.as_str());
                let row = scene.world.settings.get(one.as_str());
                row.map_or(String::new(), |row| row.council.clone())
            }
            None => self.council.clone(),
        };
        // Whether it has signed itself, everybody in a setting may know; no vendor of it asks.
        let own = self.one.as_ref() == Some(&caller.acting) && scene.vendor().is_none();
        if !own {
            let question = managing(scene, &council);
            scene.require(Action::ManageSettings, question)?;
        }
        let mut agreements = Vec::new();
        for id in &self.ids {
            if scene.world.settings.get(id.as_str()).is_none() {
                return Err(Refusal::Denied);
            }
            let row = scene.world.agreements.get(id.as_str());
            let view = row.map_or_else(
                || AgreementView::none(id),
                |row| AgreementView::of(row, scene.today),
            );
            // It may have signed since the candidates were read.
            if !(self.without_only && view.in_force) {
                agreements.push(view);
            }
        }
        let shown = u32::try_from(agreements.len()).unwrap_or(u32::MAX);
        scene.detail("shown", shown);
        let next = self.ids.last().filter(|_| self.more).cloned();
        Ok(AgreementsPage { agreements, next })
    }
}
