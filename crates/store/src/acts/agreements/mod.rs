//! The framework agreement: signed by the setting or recorded by its council, ended, listed; and the
//! reasons for which a head sends without it. What they amount to is found anew in every act
//! (`effect.rs`).

mod effect;
mod list;
mod without;

use baton_domain::access::{Action, Relation, Role};
use baton_domain::act::{EndAgreement, SignAgreement};
use baton_domain::agreement::{Signed, in_force};
use baton_domain::entry::{EntryKind, hex};
use baton_domain::ids::SettingId;
use baton_domain::recipient::Days;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use effect::WithoutAgreement;
pub use list::AgreementsPage;

use super::delegations::is_vendor;
use super::settings::managing;
use super::{Idempotent, Step, direct};
use crate::refusal::Refusal;
use crate::rows::{AgreementRow, SettingRow};
use crate::scene::{Question, Scene};
use crate::world::{Needs, Put as _};

/// Texts candidates are found by, for the tests of statements and of their plans.
#[cfg(test)]
pub(crate) use list::{OF_COUNCIL, WITHOUT};

/// How a setting stands to the framework agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementView {
    /// The setting.
    pub setting: SettingId,
    /// Which text it signed; empty: none ever.
    pub version: String,
    /// SHA-256 of that text; empty: none ever.
    pub text: Vec<u8>,
    /// First day, `CCYY-MM-DD`.
    pub first_day: String,
    /// Last day, if it has one.
    pub last_day: Option<String>,
    /// The council recorded it: it was signed on paper.
    pub recorded: bool,
    /// Somebody ended it.
    pub ended: bool,
    /// It counts today.
    pub in_force: bool,
}

impl AgreementView {
    fn of(row: &AgreementRow, today: Date) -> Self {
        Self {
            setting: row.setting_id.clone(),
            version: row.version.clone(),
            text: row.digest.clone(),
            first_day: row.first_day.clone(),
            last_day: row.last_day.clone(),
            recorded: row.recorded != 0,
            ended: row.ended != 0,
            in_force: row.is_in_force(today),
        }
    }

    /// Of a setting that never signed.
    fn none(setting: &SettingId) -> Self {
        Self {
            setting: setting.clone(),
            version: String::new(),
            text: Vec::new(),
            first_day: String::new(),
            last_day: None,
            recorded: false,
            ended: false,
            in_force: false,
        }
    }
}

impl AgreementRow {
    pub(crate) fn of(setting: &SettingId, signed: &Signed, recorded: bool) -> Self {
        Self {
            setting_id: setting.clone(),
            version: signed.version.as_str().to_owned(),
            digest: signed.text.to_vec(),
            first_day: signed.first.to_string(),
            last_day: signed.last.map(|day| day.to_string()),
            recorded: i64::from(recorded),
            ended: 0,
        }
    }

    /// A day that cannot be read is none that has come, or one that is over.
    fn days(&self) -> Days {
        Days {
            first: Some(self.first_day.parse().unwrap_or(Date::MAX)),
            last: self
                .last_day
                .as_deref()
                .map(|day| day.parse().unwrap_or(Date::MIN)),
        }
    }

    /// Whether it counts today.
    pub(crate) fn is_in_force(&self, today: Date) -> bool {
        in_force(self.days(), self.ended != 0, today)
    }

    /// Whether there is anything to end.
    fn stands(&self, today: Date) -> bool {
        self.ended == 0 && !self.days().are_over(today)
    }
}

/// Whether the caller signs for the setting itself, or records for it as who registered it; refused if
/// neither. One that is not there is denied.
fn signer(scene: &mut Scene<'_>, id: &SettingId) -> Result<(SettingRow, bool), Refusal> {
    scene.detail("for", id.as_str());
    let row = scene.world.settings.get(id.as_str()).cloned();
    let own = scene.caller.is_some_and(|caller| caller.acting == *id);
    let itself = Question {
        relation: Relation::Source,
        ..Question::GENERAL
    };
    let head = own && scene.roles.contains(Role::Publisher);
    if !(head && scene.ask(Action::SignAgreement, itself, None)) {
        let council = row.as_ref().map_or("", |row| &row.council).to_owned();
        let question = managing(scene, &council);
        scene.require(Action::SignAgreement, question)?;
        return row.map(|row| (row, true)).ok_or(Refusal::Denied);
    }
    row.map(|row| (row, false)).ok_or(Refusal::Denied)
}

impl Scene<'_> {
    /// Enters what a setting signed.
    pub(super) fn put_agreement(&mut self, row: &AgreementRow) {
        self.detail("text", row.version.as_str());
        self.detail("text_sha256", hex(&row.digest));
        self.detail("first_day", row.first_day.as_str());
        if let Some(last) = &row.last_day {
            self.detail("last_day", last.as_str());
        }
        self.detail("recorded", row.recorded != 0);
        let before = self.world.agreements.get(row.setting_id.as_str());
        if before != Some(row) {
            self.world.put(row.clone());
        }
    }
}

impl Step for SignAgreement {
    type Outcome = AgreementView;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::AgreementSigned
    }

    fn needs(&self, needs: &mut Needs) {
        needs.settings.insert(self.setting.clone());
        needs.parties.insert(self.setting.clone());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {:?}", self.setting, self.signed).into_bytes();
        Some(Idempotent {
            id: &self.request,
            method: "sign_agreement",
            content,
        })
    }

    fn remember(outcome: &AgreementView) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<AgreementView> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<AgreementView, Refusal> {
        let (setting, recorded) = signer(scene, &self.setting)?;
        party(&setting)?;
        let row = AgreementRow::of(&self.setting, &self.signed, recorded);
        scene.put_agreement(&row);
        Ok(AgreementView::of(&row, scene.today))
    }
}

/// A vendor is a party to nothing: it acts for those that are. Nobody signs for a setting that was
/// handed over; its caretaker's agreement counts.
pub(super) fn party(setting: &SettingRow) -> Result<(), Refusal> {
    if is_vendor(setting) {
        Err(Refusal::Failed("VENDOR_TAKES_NO_PART"))
    } else if setting.caretaker_id.is_some() {
        Err(Refusal::Failed("SETTING_HANDED_OVER"))
    } else {
        Ok(())
    }
}

impl Step for EndAgreement {
    type Outcome = AgreementView;
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::AgreementEnded
    }

    fn needs(&self, needs: &mut Needs) {
        needs.settings.insert(self.setting.clone());
        needs.parties.insert(self.setting.clone());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        Some(Idempotent {
            id: &self.request,
            method: "end_agreement",
            content: self.setting.as_str().into(),
        })
    }

    fn remember(outcome: &AgreementView) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<AgreementView> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<AgreementView, Refusal> {
        signer(scene, &self.setting)?;
        let row = scene.world.agreements.get(self.setting.as_str());
        let row = row.filter(|row| row.stands(scene.today)).cloned();
        let mut row = row.ok_or(Refusal::Failed("NO_AGREEMENT"))?;
        row.ended = 1;
        scene.world.put(row.clone());
        Ok(AgreementView::of(&row, scene.today))
    }
}
direct!(SignAgreement, EndAgreement);
