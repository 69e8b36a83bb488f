//! Pupils whose identity was changed to protect them: the old number leads nowhere, what would lead back
//! is not published, and nothing anybody receives names who they were.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};

use crate::harness::*;

mod apart;
mod retired;
mod written;

/// What a child was called, and where it was.
const OLD: [&str; 3] = ["Ashdown", "O'Ferrall", "Marigold Lane"];

impl Caller {
    /// Says what must not be written of a learner.
    async fn guards(&self, of: &str, phrases: &[&str]) -> Answer<v1::GuardIdentityResponse> {
        let asked = v1::GuardIdentityRequest {
            parent: self.setting.clone(),
            name: self.mine(of),
            phrases: phrases.iter().map(|one| (*one).to_owned()).collect(),
            request_id: fresh(),
        };
        Ok(self.transitions().guard_identity(asked).await?.into_inner())
    }

    /// Erases who a learner was.
    async fn puts_away(&self, of: &str) -> Answer<v1::EraseResponse> {
        self.erase(v1::EraseRequest {
            extent: v1::ErasureExtent::Identity.into(),
            ..self.erasure(of)
        })
        .await
    }

    async fn readmits(&self, ids: &[v1::LearnerIdentifier]) -> Answer<i32> {
        let asked = v1::ReadmitIdentifiersRequest {
            parent: self.setting.clone(),
            identifiers: ids.to_vec(),
            request_id: fresh(),
        };
        let answer = self.transitions().readmit_identifiers(asked).await?;
        Ok(answer.into_inner().readmitted)
    }
}

/// The local id of a learner: the one thing of it that goes on.
fn local(value: &str) -> v1::LearnerIdentifier {
    v1::LearnerIdentifier {
        scheme: "local".to_owned(),
        value: value.to_owned(),
    }
}

/// Everybody at the sender, its council and its receiver who does not answer for who a learner is.
async fn others(exchange: &Exchange, of: &Move) -> Vec<Caller> {
    let mut others = vec![exchange.officer.clone()];
    for role in [Role::Contributor, Role::DataManager, Role::Senco] {
        others.push(exchange.person(&of.from, &[role]).await);
    }
    let key = exchange
        .key_holder(&of.from, &[Role::Publisher, Role::Dsl])
        .await;
    others.push(key.0);
    for setting in [&of.to, &exchange.elsewhere] {
        let all = [Role::Publisher, Role::Dsl, Role::ReceiverLead];
        others.push(exchange.person(setting, &all).await);
    }
    others
}

/// Fields at fault with the rule of each.
fn faults(refusal: &Told) -> Vec<(&str, &str)> {
    assert_eq!(refusal.reason, Reason::FormerIdentity);
    let all = refusal.violations.iter();
    all.map(|one| (one.field.as_str(), one.rule.as_str()))
        .collect()
}
