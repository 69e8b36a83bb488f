//! What a setting lets a vendor's client do in its place: given, ended, shown. What it amounts to is
//! found anew in every act (`scene.rs`).

use baton_domain::access::{Action, Relation, Role, RoleSet};
use baton_domain::act::{AddDelegation, EndDelegation, ListDelegations};
use baton_domain::delegation::{AT_ONCE_MAX, EVER_MAX, Mandate, Scope, ScopeSet, Term};
use baton_domain::entry::EntryKind;
use baton_domain::ids::SettingId;
use baton_domain::log::canonical::Json;
use baton_domain::route::SettingKind;
use baton_domain::section::KindSet;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::credentials::manage;
use super::settings::OPEN;
use super::{Idempotent, Step, direct};
use crate::refusal::Refusal;
use crate::rows::{DelegationRow, SettingRow};
use crate::scene::{Question, Scene};
use crate::view::kinds;
use crate::world::{Needs, Put as _, World};

/// A delegation as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationView {
    /// The setting that handed over.
    pub setting: SettingId,
    /// The vendor.
    pub vendor: SettingId,
    /// Roles it has.
    pub roles: RoleSet,
    /// What it may do in them.
    pub scopes: ScopeSet,
    /// Section kinds it may read and publish.
    pub kinds: KindSet,
    /// First and last day, `CCYY-MM-DD`.
    pub first_day: String,
    /// See `first_day`.
    pub last_day: String,
    /// Somebody ended it.
    pub ended: bool,
}

impl From<DelegationRow> for DelegationView {
    fn from(row: DelegationRow) -> Self {
        let mandate = row.mandate();
        Self {
            roles: mandate.roles,
            scopes: mandate.scopes,
            kinds: mandate.kinds,
            ended: row.ended != 0,
            setting: row.setting_id,
            vendor: row.vendor_id,
            first_day: row.first_day,
            last_day: row.last_day,
        }
    }
}

impl DelegationRow {
    /// What it lets the vendor do. Bits this version does not know let it do nothing.
    pub(crate) fn mandate(&self) -> Mandate {
        let roles = u32::try_from(self.roles).ok().and_then(RoleSet::from_bits);
        Mandate {
            roles: roles.unwrap_or(RoleSet::EMPTY),
            scopes: ScopeSet::from_bits(self.scopes),
            kinds: kinds(self.kinds),
        }
    }

    /// From when until when. A day that cannot be read is none that has come.
    fn term(&self) -> Term {
        Term {
            first: self.first_day.parse().unwrap_or(Date::MAX),
            last: self.last_day.parse().unwrap_or(Date::MIN),
        }
    }

    /// Whether the vendor may act for the setting today.
    pub(crate) fn is_in_force(&self, today: Date) -> bool {
        self.ended == 0 && self.term().has(today)
    }

    /// Whether it counts among those a setting may have at a time.
    fn stands(&self, today: Date) -> bool {
        self.ended == 0 && !self.term().is_over(today)
    }
}

/// Whether a setting is one that acts for others and takes no part of its own.
pub(crate) fn is_vendor(row: &SettingRow) -> bool {
    row.kind == i64::from(SettingKind::Vendor.number())
}

impl World {
    /// Whether a setting is a vendor that is there: open, and handed over to nobody.
    pub(crate) fn is_vendor(&self, id: &SettingId) -> bool {
        let row = self.settings.get(id.as_str());
        row.is_some_and(|row| is_vendor(row) && row.state == OPEN && row.caretaker_id.is_none())
    }
}

impl Scene<'_> {
    /// Whether the caller, for the setting itself, says who acts for it.
    fn delegates(&mut self, setting: &SettingId) -> bool {
        let own = self.caller.is_some_and(|caller| caller.acting == *setting);
        let question = Question {
            relation: if own {
                Relation::Source
            } else {
                Relation::None
            },
            ..Question::GENERAL
        };
        self.ask(Action::Delegate, question, None)
    }

    /// The setting itself, or whoever issues its credentials.
    fn oversees(&mut self, setting: &SettingId) -> Result<(), Refusal> {
        if self.delegates(setting) {
            Ok(())
        } else {
            manage(self, setting)
        }
    }

    fn name_delegation(&mut self, row: &DelegationRow) {
        let Mandate { roles, scopes, .. } = row.mandate();
        let names = |names: Vec<&str>| Json::Arr(names.into_iter().map(Json::from).collect());
        self.detail("to", row.vendor_id.as_str());
        self.detail("roles", names(roles.iter().map(Role::name).collect()));
        self.detail("scopes", names(scopes.iter().map(Scope::name).collect()));
        self.detail("subset", Json::Int(row.kinds));
        self.detail("first_day", row.first_day.as_str());
        self.detail("last_day", row.last_day.as_str());
    }
}

impl Step for AddDelegation {
    type Outcome = DelegationView;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::DelegationAdded
    }

    fn needs(&self, needs: &mut Needs) {
        needs.settings.insert(self.vendor.clone());
    }

    fn needs_of(&self, caller: &baton_domain::act::Caller, needs: &mut Needs) {
        needs.delegators.insert(caller.acting.clone());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let Mandate {
            roles,
            scopes,
            kinds,
        } = self.mandate;
        let bits = (roles.bits(), scopes.bits(), kinds.bits());
        let content = format!("{} {bits:?} {:?}", self.vendor, self.term);
        Some(Idempotent {
            id: &self.request,
            method: "add_delegation",
            content: content.into_bytes(),
        })
    }

    fn remember(outcome: &DelegationView) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<DelegationView> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<DelegationView, Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        if !scene.delegates(&caller.acting) {
            return Err(Refusal::Denied);
        }
        // Nor does it hand on.
        if scene.world.is_vendor(&caller.acting) {
            return Err(Refusal::Failed("VENDOR_TAKES_NO_PART"));
        }
        if !scene.world.is_vendor(&self.vendor) {
            return Err(Refusal::Failed("NOT_A_VENDOR"));
        }
        let all = scene.world.delegations.iter();
        let of_others: Vec<&DelegationRow> = all
            .filter(|row| row.setting_id == caller.acting && row.vendor_id != self.vendor)
            .collect();
        let now = of_others.iter().filter(|row| row.stands(scene.today));
        if now.count() >= AT_ONCE_MAX || of_others.len() >= EVER_MAX {
            return Err(Refusal::Failed("TOO_MANY_DELEGATIONS"));
        }
        let row = DelegationRow {
            setting_id: caller.acting.clone(),
            vendor_id: self.vendor.clone(),
            roles: i64::from(self.mandate.roles.bits()),
            scopes: i64::from(self.mandate.scopes.bits()),
            kinds: i64::from(self.mandate.kinds.bits()),
            first_day: self.term.first.to_string(),
            last_day: self.term.last.to_string(),
            ended: 0,
        };
        scene.name_delegation(&row);
        let before = scene.world.delegation(&caller.acting, &self.vendor);
        if before != Some(&row) {
            scene.world.put(row.clone());
        }
        Ok(row.into())
    }
}

impl Step for EndDelegation {
    type Outcome = DelegationView;
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::DelegationEnded
    }

    fn needs(&self, needs: &mut Needs) {
        needs.settings.insert(self.setting.clone());
        needs.delegators.insert(self.setting.clone());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {}", self.setting, self.vendor).into_bytes();
        Some(Idempotent {
            id: &self.request,
            method: "end_delegation",
            content,
        })
    }

    fn remember(outcome: &DelegationView) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<DelegationView> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<DelegationView, Refusal> {
        scene.oversees(&self.setting)?;
        scene.detail("for", self.setting.as_str());
        scene.detail("to", self.vendor.as_str());
        let row = scene.world.delegation(&self.setting, &self.vendor);
        let row = row.filter(|row| row.ended == 0).cloned();
        let mut row = row.ok_or(Refusal::Failed("NOT_DELEGATED"))?;
        row.ended = 1;
        scene.world.put(row.clone());
        Ok(row.into())
    }
}

impl Step for ListDelegations {
    type Outcome = Vec<DelegationView>;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::DelegationsListed
    }

    fn needs(&self, needs: &mut Needs) {
        needs.settings.insert(self.setting.clone());
        needs.delegators.insert(self.setting.clone());
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Vec<DelegationView>, Refusal> {
        scene.oversees(&self.setting)?;
        scene.detail("for", self.setting.as_str());
        let all = scene.world.delegations.iter();
        let own = all.filter(|row| row.setting_id == self.setting);
        let mut own: Vec<DelegationView> = own.cloned().map(DelegationView::from).collect();
        own.sort_by(|one, other| one.vendor.cmp(&other.vendor));
        Ok(own)
    }
}
direct!(AddDelegation, EndDelegation, ListDelegations);
