//! A setting closes, and another one looks after what it left.

use baton_domain::access::Action;
use baton_domain::act::SetCaretaker;
use baton_domain::entry::EntryKind;
use baton_domain::ids::SettingId;
use baton_domain::route::SettingKind;

use super::delegations::is_vendor;
use super::settings::{CLOSED, OPEN, SettingView, managing, view};
use super::{Idempotent, Step, direct};
use crate::refusal::Refusal;
use crate::rows::SettingRow;
use crate::scene::Scene;
use crate::world::{Needs, Put as _};

impl Step for SetCaretaker {
    type Outcome = SettingView;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::CaretakerSet
    }

    fn needs(&self, needs: &mut Needs) {
        needs.settings.insert(self.setting.clone());
        needs.settings.insert(self.caretaker.clone());
        needs.looked_after_by.insert(self.setting.clone());
        needs.all_codes = true;
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let Self {
            setting, caretaker, ..
        } = self;
        let content = format!("{setting} {caretaker} {}", self.still_open).into_bytes();
        Some(Idempotent {
            id: &self.request,
            method: "caretaker",
            content,
        })
    }

    fn remember(outcome: &SettingView) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<SettingView> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<SettingView, Refusal> {
        scene.detail("setting", self.setting.as_str());
        scene.detail("caretaker", self.caretaker.as_str());
        let mut row = managed(scene, &self.setting)?;
        let caretaker = managed(scene, &self.caretaker)?;
        let own = scene.caller.is_some_and(|it| it.acting == row.id);
        if own || row.id == caretaker.id {
            return Err(Refusal::Failed("CARETAKER_ITSELF"));
        }
        // A council has no successor that could take its code over, and closing one ends the rights
        // of everybody who could.
        if row.kind == i64::from(SettingKind::Council.number()) {
            return Err(Refusal::Failed("CARETAKER_OF_COUNCIL"));
        }
        if is_vendor(&row) || is_vendor(&caretaker) {
            return Err(Refusal::Failed("VENDOR_TAKES_NO_PART"));
        }
        // No chains: who looks after something is there to do it.
        if caretaker.state != OPEN || caretaker.caretaker_id.is_some() {
            return Err(Refusal::Failed("CARETAKER_NOT_OPEN"));
        }
        let of_it = |other: &SettingRow| other.caretaker_id.as_ref() == Some(&row.id);
        if scene.world.settings.iter().any(of_it) {
            return Err(Refusal::Failed("CARETAKER_OF_OTHERS"));
        }
        // One slip would end every credential of a school that goes on, and is not undone.
        if row.state == OPEN {
            if !self.still_open {
                return Err(Refusal::Failed("SETTING_OPEN"));
            }
            scene.detail("still_open", true);
        }
        if let Some(before) = &row.caretaker_id {
            scene.detail("before", before.as_str());
        }
        row.state = CLOSED;
        row.caretaker_id = Some(caretaker.id);
        let told = view(scene.world, &row)?;
        scene.world.put(row);
        Ok(told)
    }
}
direct!(SetCaretaker);

/// A setting the caller manages; one that is not there is denied.
fn managed(scene: &mut Scene<'_>, id: &SettingId) -> Result<SettingRow, Refusal> {
    let row = scene.world.settings.get(id.as_str()).cloned();
    let council = row
        .as_ref()
        .map_or(String::new(), |row| row.council.clone());
    let question = managing(scene, &council);
    scene.require(Action::ManageSettings, question)?;
    row.ok_or(Refusal::Denied)
}
