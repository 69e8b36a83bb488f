//! Settings: importing them and showing them.

use std::collections::BTreeSet;

use baton_domain::access::{Action, Relation};
use baton_domain::act::{Caller, ImportSetting, ListSettings, SettingDraft};
use baton_domain::entry::EntryKind;
use baton_domain::ids::{SettingId, SettingIdentifier};
use baton_domain::route::SettingKind;
use serde::{Deserialize, Serialize};

use super::{Idempotent, Prepare, Step, Turn, direct};
use crate::engine::value::{Column as _, Value};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{SettingCodeRow, SettingKeyRow, SettingRow};
use crate::scene::{Question, Scene};
use crate::world::{Needs, Put as _, World, council_code};

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
    /// Codes it is known by.
    pub codes: Vec<SettingIdentifier>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedSetting {
    /// The setting as it stands.
    pub setting: SettingView,
    /// It was not known before.
    pub created: bool,
    /// It was known and different.
    pub updated: bool,
}

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

/// Most codes of one setting; each is a line in the entry.
const CODES_MAX: usize = 16;
/// State of an open setting in its row; anything else is closed.
const OPEN: i64 = 1;
const CLOSED: i64 = 2;

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
        .codes
        .iter()
        .filter(|code| code.setting_id == row.id)
        .filter_map(|code| code.code.split_once(':'))
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
        codes,
    })
}

/// What a draft is looked up by.
fn texts(draft: &SettingDraft) -> Vec<String> {
    let mut texts: Vec<String> = draft.codes.iter().map(code_text).collect();
    if draft.kind == SettingKind::Council && !draft.council.is_empty() {
        texts.push(council_code(&draft.council));
    }
    texts
}

/// The settings its codes name: more than one when they disagree.
fn known(world: &World, draft: &SettingDraft) -> Vec<SettingRow> {
    let texts = texts(draft);
    let mut known: Vec<SettingRow> = texts
        .iter()
        .filter_map(|text| world.setting_by_code(text))
        .cloned()
        .collect();
    known.sort_by(|a, b| a.id.cmp(&b.id));
    known.dedup_by(|a, b| a.id == b.id);
    known
}

/// Stores a draft: the setting its codes name, or a new one with a key of its own.
pub(crate) fn store(
    scene: &mut Scene<'_>,
    draft: &SettingDraft,
    dry: bool,
) -> Result<ImportedSetting, Refusal> {
    let texts = texts(draft);
    let mut known = known(scene.world, draft);
    if known.len() > 1 {
        return Err(Refusal::Failed("SETTING_CODES_DISAGREE"));
    }
    if draft.codes.is_empty() || draft.codes.len() > CODES_MAX {
        return Err(Refusal::Failed("SETTING_CODES_NUMBER"));
    }
    let before = known.pop();
    let is_council = draft.kind == SettingKind::Council;
    let council = i64::from(SettingKind::Council.number());
    // What a council may do hangs on its code, so neither the code nor being one ever changes.
    let turned = before.as_ref().is_some_and(|b| {
        (b.kind == council) != is_council || is_council && b.council != draft.council
    });
    if turned || is_council && draft.council.is_empty() {
        return Err(Refusal::Failed("NOT_A_COUNCIL"));
    }
    let row = SettingRow {
        id: before
            .as_ref()
            .map_or_else(|| random_id(SettingId::from_bytes), |b| Ok(b.id.clone()))?,
        kind: i64::from(draft.kind.number()),
        name: draft.name.clone(),
        council: draft.council.clone(),
        town: draft.town.clone(),
        state: if draft.open { OPEN } else { CLOSED },
        salt: match &before {
            Some(before) => before.salt.clone(),
            None => random_bytes()?.to_vec(),
        },
    };
    let added: Vec<SettingCodeRow> = texts
        .into_iter()
        .filter(|text| scene.world.codes.get(text).is_none())
        .map(|code| SettingCodeRow {
            code,
            setting_id: row.id.clone(),
        })
        .collect();
    let created = before.is_none();
    let updated = !created && (before.as_ref() != Some(&row) || !added.is_empty());
    if dry {
        let setting = SettingView {
            codes: draft.codes.clone(),
            ..view(scene.world, &row)?
        };
        return Ok(ImportedSetting {
            setting,
            created,
            updated,
        });
    }
    if created {
        let made = scene
            .keys
            .setting_key(&row.id)
            .map_err(|_| Refusal::Internal)?;
        let (epoch, wrapped, _) = made;
        scene.world.put(SettingKeyRow {
            setting_id: row.id.clone(),
            epoch,
            wrapped,
        });
    }
    if created || updated {
        scene.world.put(row.clone());
        for code in added {
            scene.world.put(code);
        }
    }
    scene.detail("setting", row.id.as_str());
    Ok(ImportedSetting {
        setting: view(scene.world, &row)?,
        created,
        updated,
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

impl Step for ImportSetting {
    type Outcome = ImportedSetting;

    fn kind(&self) -> EntryKind {
        EntryKind::SettingImported
    }

    fn needs(&self, needs: &mut Needs) {
        needs.all_codes = true;
        needs.codes.extend(self.setting.codes.iter().map(code_text));
        needs.codes.insert(council_code(&self.setting.council));
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{:?}", self.setting).into_bytes();
        (!self.validate_only).then_some(Idempotent {
            id: &self.request,
            method: "import",
            content,
        })
    }

    fn remember(outcome: &ImportedSetting) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<ImportedSetting> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<ImportedSetting, Refusal> {
        // The council it says it is of, and the one it is of now: else a council could take over
        // another one's schools by naming their codes.
        let known = known(scene.world, &self.setting)
            .into_iter()
            .map(|row| row.council);
        let councils: BTreeSet<String> = known.chain([self.setting.council.clone()]).collect();
        for council in councils {
            let question = managing(scene, &council);
            scene.require(Action::ManageSettings, question)?;
        }
        if self.validate_only {
            scene.detail("validate_only", true);
        }
        store(scene, &self.setting, self.validate_only)
    }
}
direct!(ImportSetting);

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
        let args = vec![Value::Text(Some(after)), limit_value(self.limit)];
        let mut ids: Vec<SettingId> = ledger.read_column(PAGE, args).await?;
        let more = ids.len() > self.limit;
        ids.truncate(self.limit);
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
