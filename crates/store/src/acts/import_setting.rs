//! Importing settings from their registers.

use std::collections::BTreeSet;

use baton_domain::access::Action;
use baton_domain::act::{ImportSetting, SettingDraft};
use baton_domain::agreement::Signed;
use baton_domain::entry::EntryKind;
use baton_domain::ids::SettingId;
use baton_domain::route::SettingKind;
use serde::{Deserialize, Serialize};

use super::settings::{
    CLOSED, OPEN, SettingView, code_text, managing, random_bytes, random_id, view,
};
use super::{Idempotent, Step, direct};
use crate::refusal::Refusal;
use crate::rows::{AgreementRow, SettingCodeRow, SettingKeyRow, SettingRow};
use crate::scene::Scene;
use crate::world::{Needs, Put as _, World, council_code};

/// Most codes of one setting; each is a line in the entry.
const CODES_MAX: usize = 16;

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

/// Whether a draft may stand in the place of what is known of the setting, and sign; who looks after it, if
/// anybody does.
fn fits(
    draft: &SettingDraft,
    before: Option<&SettingRow>,
    signs: bool,
) -> Result<Option<SettingId>, Refusal> {
    let is_council = draft.kind == SettingKind::Council;
    let council = i64::from(SettingKind::Council.number());
    // What a council may do hangs on its code, so neither the code nor being one ever changes.
    let turned = before.is_some_and(|b| {
        (b.kind == council) != is_council || is_council && b.council != draft.council
    });
    // Nor does a school become a vendor, with what its credentials were given as one, or one a school.
    let vendor = i64::from(SettingKind::Vendor.number());
    let is_vendor = draft.kind == SettingKind::Vendor;
    if before.is_some_and(|b| (b.kind == vendor) != is_vendor) {
        return Err(Refusal::Failed("NOT_A_VENDOR"));
    }
    if turned || is_council && draft.council.is_empty() {
        return Err(Refusal::Failed("NOT_A_COUNCIL"));
    }
    let caretaker_id = before.and_then(|before| before.caretaker_id.clone());
    if caretaker_id.is_some() && draft.open {
        return Err(Refusal::Failed("SETTING_HANDED_OVER"));
    }
    if signs && is_vendor {
        return Err(Refusal::Failed("VENDOR_TAKES_NO_PART"));
    }
    if signs && caretaker_id.is_some() {
        return Err(Refusal::Failed("SETTING_HANDED_OVER"));
    }
    Ok(caretaker_id)
}

/// Stores a draft: the setting its codes name, or a new one with a key of its own.
pub(crate) fn store(
    scene: &mut Scene<'_>,
    (draft, signed): (&SettingDraft, Option<&Signed>),
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
    let caretaker_id = fits(draft, before.as_ref(), signed.is_some())?;
    let row = SettingRow {
        caretaker_id,
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
    // What it signed or ended since stands: an import that is repeated brings nothing back.
    let none_yet = scene.world.agreements.get(row.id.as_str()).is_none();
    let agreement = signed
        .filter(|_| none_yet)
        .map(|signed| AgreementRow::of(&row.id, signed, true));
    let differs = before.as_ref() != Some(&row) || !added.is_empty() || agreement.is_some();
    let updated = !created && differs;
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
        let epoch = scene.keys.current();
        let made = scene.keys.fresh_setting_key(&row.id, epoch);
        let (wrapped, _) = made.map_err(|_| Refusal::Internal)?;
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
    if let Some(agreement) = &agreement {
        scene.put_agreement(agreement);
    }
    scene.detail("setting", row.id.as_str());
    Ok(ImportedSetting {
        setting: view(scene.world, &row)?,
        created,
        updated,
    })
}

impl Step for ImportSetting {
    type Outcome = ImportedSetting;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::SettingImported
    }

    fn needs(&self, needs: &mut Needs) {
        needs.all_codes = true;
        needs.codes.extend(self.setting.codes.iter().map(code_text));
        needs.codes.insert(council_code(&self.setting.council));
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{:?} {:?}", self.setting, self.signed).into_bytes();
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
            if self.signed.is_some() {
                scene.require(Action::SignAgreement, question)?;
            }
        }
        if self.validate_only {
            scene.detail("validate_only", true);
        }
        let stated = (&self.setting, self.signed.as_ref());
        store(scene, stated, self.validate_only)
    }
}
direct!(ImportSetting);
