//! One sound request of every call of the contract, and who makes it.

mod erasure;
mod ledger;
mod moves;
mod profiles;
mod settings;
mod subscriptions;

use std::collections::BTreeSet;

use baton_wire::{sample, twin as wire, v1::Role};
use prost::Message;

use self::erasure::erasure;
use self::ledger::{audit, keeping};
use self::moves::{decisions, families, moves};
use self::profiles::{documents, profiles};
use self::settings::{settings, vendors};
use self::subscriptions::subscriptions;
use crate::harness::*;

/// The one call that streams.
pub(super) const WATCH: &str = "SubscriptionService/Watch";

/// The one call that only the one-time token may make.
pub(super) const BOOTSTRAP: &str = "SettingService/Bootstrap";

/// Who makes a call.
#[derive(Clone, Copy)]
enum Person {
    Sender,
    Receiver,
    Officer,
}

pub(super) struct Who {
    sender: Caller,
    receiver: Caller,
    officer: Caller,
}

impl Who {
    pub(super) fn of(&self, call: &Call) -> &Caller {
        match call.person {
            Person::Sender => &self.sender,
            Person::Receiver => &self.receiver,
            Person::Officer => &self.officer,
        }
    }
}

/// A call with a sound request.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) rpc: &'static str,
    pub(super) body: Vec<u8>,
    /// Whether bytes are a message of this call at all.
    pub(super) decodes: fn(&[u8]) -> bool,
    person: Person,
}

fn call<Q: Message + Default>(rpc: &'static str, person: Person, request: &Q) -> Call {
    Call {
        rpc,
        body: request.encode_to_vec(),
        decodes: |bytes| Q::decode(bytes).is_ok(),
        person,
    }
}

/// What everybody signs, as the server reads it.
fn framework_twin() -> wire::SignedAgreement {
    let signed = framework();
    wire::SignedAgreement {
        version: signed.version,
        text_sha256: signed.text_sha256,
        first_day: signed.first_day,
        last_day: "2030-08-31".to_owned(),
    }
}

/// What requests speak of.
struct Things {
    sender: String,
    vendor: String,
    /// Nobody calls for it.
    closing: String,
    receiver: String,
    council: String,
    transition: String,
    profile: String,
    /// A document that stands, and one that is staged.
    document: String,
    staged: String,
    subscription: String,
    credential: String,
    /// That of a parent.
    family: String,
    token: String,
    page_token: String,
    next: wire::SettingIdentifier,
    beside: wire::SettingIdentifier,
    plan: wire::PlannedTransition,
    submission: wire::ProfileSubmission,
}

/// A move that crossed, and every call that could be made about it. Nobody revokes a credential
/// that makes calls here.
pub(super) async fn sound(exchange: &Exchange) -> (Who, Vec<Call>) {
    let of = exchange.open_move().await;
    let sender = exchange
        .person(&of.from, &[Role::Publisher, Role::Dsl])
        .await;
    let (receiver, _) = exchange
        .key_holder(&of.to, &[Role::ReceiverLead, Role::Dsl])
        .await;
    let spare = exchange.person(&of.from, &[Role::Contributor]).await;
    let council = Setting {
        name: exchange.officer.setting.clone(),
        ..of.to.clone()
    };
    let officer = exchange
        .person(
            &council,
            &[
                Role::CouncilAdministrator,
                Role::AdmissionsOfficer,
                Role::TransitionOfficer,
                Role::Auditor,
                Role::Operator,
            ],
        )
        .await;
    let published = sender.publish(submission(&of, typical(1, of.point))).await;
    let profile = published.unwrap().name;
    let of_kind = (baton_wire::v1::SectionKind::Send, "a report");
    let document = sender.add(&profile, of_kind, b"a report").await.unwrap();
    let staged = sender
        .begin(sender.announce(&profile, of_kind, b"another"))
        .await;
    let subscription = receiver.subscribe().await.unwrap();
    let turn = receiver.await_item(&subscription, "").await.unwrap();
    let page = wire::ListSettingsRequest {
        parent: officer.setting.clone(),
        page_size: 2,
        ..Default::default()
    };
    let page: wire::ListSettingsResponse = twin(&officer, "SettingService/ListSettings", &page)
        .await
        .unwrap();
    let plan = exchange.plan_of(baton_wire::v1::Point::PrimaryToSecondary);
    let things = Things {
        sender: sender.setting.clone(),
        vendor: exchange.vendor("fuzz-mis").await.name,
        closing: exchange.elsewhere.name.clone(),
        receiver: receiver.setting.clone(),
        council: officer.setting.clone(),
        transition: of.name.clone(),
        profile,
        document,
        staged: staged.unwrap().name,
        subscription,
        credential: spare.credential,
        family: exchange.parent(&sender, &of.name).await.credential,
        token: turn.token,
        page_token: page.next_page_token,
        next: wire::SettingIdentifier::decode(exchange.academy.code.encode_to_vec().as_slice())
            .unwrap(),
        beside: wire::SettingIdentifier::decode(exchange.college.code.encode_to_vec().as_slice())
            .unwrap(),
        plan: wire::PlannedTransition::decode(plan.encode_to_vec().as_slice()).unwrap(),
        submission: wire::ProfileSubmission {
            transition: sender.mine(&of.name),
            content: apart(&sample::complete(1))[0].clone(),
            signatory: "Head of year".to_owned(),
            ..Default::default()
        },
    };
    let calls = [
        profiles(&things),
        documents(&things),
        moves(&things),
        decisions(&things),
        families(&things),
        subscriptions(&things),
        settings(&things),
        vendors(&things),
        audit(&things),
        keeping(&things),
        erasure(&things),
    ];
    let calls = calls.concat();
    let known: BTreeSet<&str> = calls.iter().map(|call| call.rpc).collect();
    assert_eq!(
        known.len(),
        contract(),
        "a call of the contract has no request here"
    );
    let who = Who {
        sender,
        receiver,
        officer,
    };
    (who, calls)
}

/// Calls of the contract.
fn contract() -> usize {
    let set = prost_types::FileDescriptorSet::decode(baton_wire::DESCRIPTOR_SET).unwrap();
    let services = set.file.iter().flat_map(|file| &file.service);
    services.map(|service| service.method.len()).sum()
}
