//! A vendor's client acts for a setting: what it may, from when until when, and that both are named.

use baton_wire::v1::{self, DelegationScope as Scope, Role, SectionKind};

use crate::harness::*;

mod ended;
mod given;
mod race;
mod restricted;
mod scopes;
mod seen;
mod used;

/// What a setting lets a vendor do; days may be empty.
#[derive(Clone, Copy)]
pub(crate) struct Mandate<'a> {
    pub(crate) roles: &'a [Role],
    pub(crate) scopes: &'a [Scope],
    pub(crate) kinds: &'a [SectionKind],
    pub(crate) first: &'a str,
    pub(crate) last: &'a str,
}

/// Every role a vendor can have.
pub(crate) const ROLES: [Role; 3] = [Role::Publisher, Role::ReceiverLead, Role::DataManager];
/// Everything it can be let do, for as long as tests last.
pub(crate) const ALL: Mandate<'static> = Mandate {
    roles: &ROLES,
    scopes: &[Scope::Plan, Scope::Publish, Scope::Read, Scope::Status],
    kinds: &[],
    first: "",
    last: "2026-12-31",
};

impl Mandate<'_> {
    fn asked(self, who: &Caller, vendor: &Setting) -> v1::AddDelegationRequest {
        v1::AddDelegationRequest {
            parent: who.setting.clone(),
            vendor: vendor.name.clone(),
            roles: self.roles.iter().map(|role| (*role).into()).collect(),
            scopes: self.scopes.iter().map(|scope| (*scope).into()).collect(),
            kinds: self.kinds.iter().map(|kind| (*kind).into()).collect(),
            first_day: self.first.to_owned(),
            last_day: self.last.to_owned(),
            request_id: fresh(),
        }
    }
}

impl Caller {
    /// Lets a vendor act for the own setting.
    pub(crate) async fn lets(
        &self,
        vendor: &Setting,
        mandate: Mandate<'_>,
    ) -> Answer<v1::AddDelegationResponse> {
        let asked = mandate.asked(self, vendor);
        Ok(self.settings().add_delegation(asked).await?.into_inner())
    }

    /// A vendor is to act no more, for the setting named; empty: the own.
    pub(crate) async fn lets_no_more(
        &self,
        setting: &str,
        vendor: &Setting,
    ) -> Answer<v1::EndDelegationResponse> {
        let asked = v1::EndDelegationRequest {
            parent: self.setting.clone(),
            setting: setting.to_owned(),
            vendor: vendor.name.clone(),
            request_id: fresh(),
        };
        Ok(self.settings().end_delegation(asked).await?.into_inner())
    }

    async fn delegations(&self, setting: &str) -> Answer<Vec<v1::Delegation>> {
        let (parent, setting) = (self.setting.clone(), setting.to_owned());
        let asked = v1::ListDelegationsRequest { parent, setting };
        let listed = self.settings().list_delegations(asked).await?;
        Ok(listed.into_inner().delegations)
    }
}

impl Exchange {
    /// A maker of software.
    pub(crate) async fn vendor(&self, name: &str) -> Setting {
        self.another(v1::SettingKind::Vendor, name).await
    }

    /// A client of a vendor that acts for a setting.
    pub(crate) async fn client(&self, vendor: &Setting, acting: &Setting) -> Caller {
        let client = self.person(vendor, &ROLES).await;
        let credential = client.credential.clone();
        client.of(&acting.name, &credential)
    }
}
