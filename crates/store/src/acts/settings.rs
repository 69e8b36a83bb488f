//! Settings: importing them and showing them.

use baton_domain::access::Relation;
use baton_domain::act::{Caller, ListSettings};
use baton_domain::entry::EntryKind;
use baton_domain::ids::{SettingId, SettingIdentifier};
use baton_domain::route::SettingKind;
use serde::{Deserialize, Serialize};

use super::{Prepare, Step, Turn};
use crate::engine::value::{Column as _, Value};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::SettingRow;
use crate::scene::{Question, Scene};
use crate::world::{Needs, World};

pub(crate) const PAGE: &str = "SELECT id FROM setting WHERE id > $1 ORDER BY id LIMIT $2";

/// A setting as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingView {
    /// Its id.
    pub id: SettingId,
    /// What it is.
    pub kind: SettingKind,
    /// Display name.
    pub name: String,
    /// Council code, or empty.
    pub council: String,
    /// Town, or empty.
    pub town: String,
    /// Whether it is open.
    pub open: bool,
    /// Who looks after what it left, once it has closed.
    pub caretaker: Option<SettingId>,
    /// Codes it is known by.
    pub codes: Vec<SettingIdentifier>,
}

/// Most settings of a page.
const SETTINGS_MAX: usize = 500;

/// A page of settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsPage {
    /// In order of their ids.
    pub settings: Vec<SettingView>,
    /// Go on after this one; none on the last page.
    pub next: Option<SettingId>,
}

/// The code as it is looked up.
pub(crate) fn code_text(code: &SettingIdentifier) -> String {
    format!("{}:{}", code.scheme(), code.value())
}

/// State of an open setting in its row; anything else is closed.
pub(super) const OPEN: i64 = 1;
pub(super) const CLOSED: i64 = 2;

/// How the acting setting stands to managing what belongs to a council: that council's own, or
/// nothing to it.
pub(crate) fn managing(scene: &Scene<'_>, council: &str) -> Question {
    let acting = scene
        .caller
        .and_then(|c| scene.world.settings.get(c.acting.as_str()));
    let own = acting.is_some_and(|row| {
        row.kind == i64::from(SettingKind::Council.number()) && row.council == council
    });
    let relation = if own {
        Relation::Council
    } else {
        Relation::None
    };
    Question {
        relation,
        ..Question::GENERAL
    }
}

/// The view of a row; codes come from the world.
pub(crate) fn view(world: &World, row: &SettingRow) -> Result<SettingView, Refusal> {
    let mut codes: Vec<_> = world
        .codes_of(&row.id)
        .filter_map(|code| code.split_once(':'))
        .filter_map(|(scheme, value)| SettingIdentifier::parse(scheme, value).ok())
        .collect();
    codes.sort();
    Ok(SettingView {
        id: row.id.clone(),
        kind: u32::try_from(row.kind)
            .ok()
            .and_then(SettingKind::from_number)
            .ok_or(Refusal::Internal)?,
        name: row.name.clone(),
        council: row.council.clone(),
        town: row.town.clone(),
        open: row.state == OPEN,
        caretaker: row.caretaker_id.clone(),
        codes,
    })
}

/// 16 random bytes.
pub(crate) fn random_bytes() -> Result<[u8; 16], Refusal> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Refusal::Internal)?;
    Ok(bytes)
}

/// A fresh id.
pub(crate) fn random_id<I>(make: impl FnOnce([u8; 16]) -> I) -> Result<I, Refusal> {
    random_bytes().map(make)
}

/// A page whose candidates are known.
#[derive(Debug)]
pub(crate) struct SettingsPageStep {
    ids: Vec<SettingId>,
    code: Option<String>,
    more: bool,
}

impl Prepare for ListSettings {
    type Step = SettingsPageStep;

    async fn prepare(
        self,
        ledger: &Inner,
        _caller: &Caller,
    ) -> Result<Turn<SettingsPageStep>, Refusal> {
        if let Some(code) = &self.code {
            let code = Some(code_text(code));
            return Ok(Turn::Decide(SettingsPageStep {
                ids: Vec::new(),
                code,
                more: false,
            }));
        }
        let after = self
            .after
            .map_or(String::new(), |id| id.as_str().to_owned());
        let limit = self.limit.clamp(1, SETTINGS_MAX);
        let args = vec![Value::Text(Some(after)), limit_value(limit)];
        let mut ids: Vec<SettingId> = ledger.read_column(PAGE, args).await?;
        let more = ids.len() > limit;
        ids.truncate(limit);
        Ok(Turn::Decide(SettingsPageStep {
            ids,
            code: None,
            more,
        }))
    }
}

/// One more than the page holds, to see whether there is a next one.
pub(crate) fn limit_value(limit: usize) -> Value {
    i64::try_from(limit + 1).unwrap_or(i64::MAX).into_value()
}

impl Step for SettingsPageStep {
    type Outcome = SettingsPage;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::SettingsListed
    }

    fn needs(&self, needs: &mut Needs) {
        needs.all_codes = true;
        needs.settings.extend(self.ids.iter().cloned());
        needs.codes.extend(self.code.clone());
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<SettingsPage, Refusal> {
        // The register is for every member: a sender must be able to name its receivers.
        let by_code = self
            .code
            .iter()
            .filter_map(|code| scene.world.setting_by_code(code));
        let by_id = self
            .ids
            .iter()
            .filter_map(|id| scene.world.settings.get(id.as_str()));
        let rows: Vec<SettingRow> = by_code.chain(by_id).cloned().collect();
        let settings = rows
            .iter()
            .map(|row| view(scene.world, row))
            .collect::<Result<Vec<_>, _>>()?;
        let shown = u32::try_from(settings.len()).unwrap_or(u32::MAX);
        scene.detail("shown", shown);
        let next = self.ids.last().filter(|_| self.more).cloned();
        Ok(SettingsPage { settings, next })
    }
}

/// The setting a code names, as acts on moves need it.
pub(crate) fn resolve(world: &World, code: &SettingIdentifier) -> Option<SettingRow> {
    world.setting_by_code(&code_text(code)).cloned()
}
