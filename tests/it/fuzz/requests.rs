//! One sound request of every call of the contract, and who makes it.

use std::collections::BTreeSet;

use baton_wire::{sample, twin as wire, v1::Role};
use prost::Message;

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

fn profiles(of: &Things) -> Vec<Call> {
    use Person::{Receiver, Sender};
    let publish = wire::PublishProfileRequest {
        parent: of.sender.clone(),
        profile: Some(of.submission.clone()),
        request_id: fresh(),
    };
    vec![
        call("ProfileService/PublishProfile", Sender, &publish),
        call(
            "ProfileService/BatchPublishProfiles",
            Sender,
            &wire::BatchPublishProfilesRequest {
                parent: of.sender.clone(),
                requests: vec![publish.clone(), publish],
            },
        ),
        call(
            "ProfileService/CheckProfile",
            Sender,
            &wire::CheckProfileRequest {
                parent: of.sender.clone(),
                profile: Some(of.submission.clone()),
            },
        ),
        call(
            "ProfileService/GetProfile",
            Receiver,
            &wire::GetProfileRequest {
                parent: of.receiver.clone(),
                name: under(&of.receiver, &of.profile),
                kinds: vec![1, 8],
            },
        ),
        call(
            "ProfileService/WithdrawProfile",
            Sender,
            &wire::WithdrawProfileRequest {
                parent: of.sender.clone(),
                name: of.profile.clone(),
                request_id: fresh(),
            },
        ),
    ]
}

fn documents(of: &Things) -> Vec<Call> {
    use Person::{Receiver, Sender};
    let parent = || of.sender.clone();
    vec![
        call(
            "DocumentService/CreateDocument",
            Sender,
            &wire::CreateDocumentRequest {
                parent: parent(),
                profile: of.profile.clone(),
                kind: wire::SectionKind::Send.into(),
                title: "A plan".to_owned(),
                media_type: "application/pdf".to_owned(),
                size_bytes: 1_048_577,
                sha256: vec![7; 32].into(),
            },
        ),
        call(
            "DocumentService/UploadChunk",
            Sender,
            &wire::UploadChunkRequest {
                parent: parent(),
                name: of.staged.clone(),
                index: 0,
                data: b"another"[..].into(),
            },
        ),
        call(
            "DocumentService/FinaliseDocument",
            Sender,
            &wire::FinaliseDocumentRequest {
                parent: parent(),
                name: of.staged.clone(),
                request_id: fresh(),
            },
        ),
        call(
            "DocumentService/ListDocuments",
            Receiver,
            &wire::ListDocumentsRequest {
                parent: of.receiver.clone(),
                profile: under(&of.receiver, &of.profile),
            },
        ),
        call(
            "DocumentService/DownloadDocument",
            Receiver,
            &wire::DownloadDocumentRequest {
                parent: of.receiver.clone(),
                name: under(&of.receiver, &of.document),
                from_chunk: 0,
            },
        ),
        // Of none that is there: one that is removed is cleared from the files when it suits the
        // service, and that is an entry.
        call(
            "DocumentService/RemoveDocument",
            Sender,
            &wire::RemoveDocumentRequest {
                parent: parent(),
                name: format!("{}/documents/doc_{}", of.sender, "0".repeat(26)),
                request_id: fresh(),
            },
        ),
    ]
}

fn erasure(of: &Things) -> Vec<Call> {
    use Person::Sender;
    let (parent, transition) = (of.sender.clone(), under(&of.sender, &of.transition));
    vec![
        call(
            "ErasureService/Erase",
            Sender,
            &wire::EraseRequest {
                parent: parent.clone(),
                transition: transition.clone(),
                extent: wire::ErasureExtent::SectionKind.into(),
                section_kind: wire::SectionKind::Health.into(),
                reason: wire::ErasureReason::SentInError.into(),
                request_id: fresh(),
                validate_only: false,
            },
        ),
        call(
            "ErasureService/SetLegalHold",
            Sender,
            &wire::SetLegalHoldRequest {
                parent: parent.clone(),
                transition: transition.clone(),
                reason: wire::HoldReason::Inquiry.into(),
                request_id: fresh(),
            },
        ),
        call(
            "ErasureService/RestrictProcessing",
            Sender,
            &wire::RestrictProcessingRequest {
                parent: parent.clone(),
                transition: transition.clone(),
                reason: wire::RestrictionReason::AccuracyContested.into(),
                request_id: fresh(),
            },
        ),
        call(
            "ErasureService/LiftRestriction",
            Sender,
            &wire::LiftRestrictionRequest {
                parent,
                transition,
                request_id: fresh(),
            },
        ),
    ]
}

/// What a family decided.
fn decisions(of: &Things) -> Vec<Call> {
    use Person::Sender;
    vec![
        call(
            "TransitionService/RecordSharingDecision",
            Sender,
            &wire::RecordSharingDecisionRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
                giver: wire::DecisionGiver::Parent.into(),
                basis: wire::DecisionBasis::ParentalResponsibility.into(),
                toward: wire::DecisionToward::Education.into(),
                setting: Some(of.beside.clone()),
                kinds: vec![5, 10],
                said: wire::DecisionSaid::Objection.into(),
                said_on: "2026-03-02".to_owned(),
                assessed_on: String::new(),
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/GuardIdentity",
            Sender,
            &wire::GuardIdentityRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
                phrases: vec!["Ashdown".to_owned(), "St Mary's".to_owned()],
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/ReadmitIdentifiers",
            Sender,
            &wire::ReadmitIdentifiersRequest {
                parent: of.sender.clone(),
                identifiers: of.plan.learner.clone(),
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/SendWithoutAgreement",
            Sender,
            &wire::SendWithoutAgreementRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
                setting: Some(of.beside.clone()),
                reason: wire::SendingReason::UrgentNeed.into(),
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/EndSendingWithoutAgreement",
            Sender,
            &wire::EndSendingWithoutAgreementRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
                setting: Some(of.beside.clone()),
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/ListSharingDecisions",
            Sender,
            &wire::ListSharingDecisionsRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
            },
        ),
    ]
}

fn moves(of: &Things) -> Vec<Call> {
    use Person::{Officer, Sender};
    let transition = under(&of.council, &of.transition);
    vec![
        call(
            "TransitionService/PlanTransitions",
            Officer,
            &wire::PlanTransitionsRequest {
                parent: of.council.clone(),
                transitions: vec![of.plan.clone(), of.plan.clone()],
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/RedirectTransition",
            Officer,
            &wire::RedirectTransitionRequest {
                parent: of.council.clone(),
                name: transition.clone(),
                to: Some(of.next.clone()),
                offer_date: "2026-03-02".to_owned(),
                request_id: fresh(),
                ..Default::default()
            },
        ),
        call(
            "TransitionService/AddRecipient",
            Sender,
            &wire::AddRecipientRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
                setting: Some(of.beside.clone()),
                relation: wire::RecipientRelation::Further.into(),
                kinds: vec![1, 8],
                first_day: "2026-03-02".to_owned(),
                last_day: "2026-07-31".to_owned(),
                purpose: wire::RecipientPurpose::SendSupport.into(),
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/EndRecipient",
            Sender,
            &wire::EndRecipientRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
                setting: Some(of.beside.clone()),
                request_id: fresh(),
            },
        ),
        call(
            "TransitionService/SetPlanCouncil",
            Officer,
            &wire::SetPlanCouncilRequest {
                parent: of.council.clone(),
                name: transition.clone(),
                request_id: fresh(),
                ..Default::default()
            },
        ),
        call(
            "TransitionService/RecordFact",
            Sender,
            &wire::RecordFactRequest {
                parent: of.sender.clone(),
                name: under(&of.sender, &of.transition),
                request_id: fresh(),
                ..Default::default()
            },
        ),
        call(
            "TransitionService/GetTransition",
            Officer,
            &wire::GetTransitionRequest {
                parent: of.council.clone(),
                name: transition,
            },
        ),
        call(
            "TransitionService/ListTransitions",
            Sender,
            &wire::ListTransitionsRequest {
                parent: of.sender.clone(),
                page_size: 2,
                page_token: of.page_token.clone(),
                academic_year: 2025,
                ..Default::default()
            },
        ),
    ]
}

fn subscriptions(of: &Things) -> Vec<Call> {
    use Person::Receiver;
    let parent = || of.receiver.clone();
    let profile = under(&of.receiver, &of.profile);
    vec![
        call(
            "SubscriptionService/CreateSubscription",
            Receiver,
            &wire::CreateSubscriptionRequest {
                parent: parent(),
                subscription: Some(wire::Subscription {
                    subscription_id: "fuzz".to_owned(),
                    academic_year: 2025,
                    ..Default::default()
                }),
                request_id: fresh(),
            },
        ),
        call(
            "SubscriptionService/Pull",
            Receiver,
            &wire::PullRequest {
                parent: parent(),
                subscription: of.subscription.clone(),
                token: of.token.clone(),
                max_items: 3,
                wait_ms: 1,
                inline_content: true,
            },
        ),
        call(
            WATCH,
            Receiver,
            &wire::WatchRequest {
                parent: parent(),
                subscription: of.subscription.clone(),
                token: of.token.clone(),
                max_items: 3,
                inline_content: true,
            },
        ),
        call(
            "SubscriptionService/Acknowledge",
            Receiver,
            &wire::AcknowledgeRequest {
                parent: parent(),
                profile: profile.clone(),
                version: 1,
                request_id: fresh(),
            },
        ),
        call(
            "SubscriptionService/Reject",
            Receiver,
            &wire::RejectRequest {
                parent: parent(),
                profile,
                version: 1,
                request_id: fresh(),
                ..Default::default()
            },
        ),
    ]
}

fn settings(of: &Things) -> Vec<Call> {
    use Person::Officer;
    let parent = || of.council.clone();
    let school = wire::Setting {
        display_name: "Sample School".to_owned(),
        council: "351".to_owned(),
        kind: 2,
        identifiers: vec![of.next.clone()],
        ..Default::default()
    };
    vec![
        call(
            BOOTSTRAP,
            Officer,
            &wire::BootstrapRequest {
                council: Some(school.clone()),
                certificate_spki_sha256: vec![7; 32].into(),
                agreement: Some(framework_twin()),
            },
        ),
        call(
            "SettingService/ImportSettings",
            Officer,
            &wire::ImportSettingsRequest {
                parent: parent(),
                settings: vec![school],
                request_id: fresh(),
                validate_only: false,
                agreement: Some(framework_twin()),
            },
        ),
        call(
            "SettingService/ListSettings",
            Officer,
            &wire::ListSettingsRequest {
                parent: parent(),
                page_size: 2,
                page_token: of.page_token.clone(),
                ..Default::default()
            },
        ),
        call(
            "SettingService/IssueCredential",
            Officer,
            &wire::IssueCredentialRequest {
                parent: parent(),
                setting: of.sender.clone(),
                label: "one more".to_owned(),
                roles: vec![Role::Senco.into()],
                first_day: "2026-03-11".to_owned(),
                last_day: "2026-12-31".to_owned(),
                request_id: fresh(),
                ..Default::default()
            },
        ),
        call(
            "SettingService/ListCredentials",
            Officer,
            &wire::ListCredentialsRequest {
                parent: parent(),
                setting: of.sender.clone(),
            },
        ),
        call(
            "SettingService/SetCaretaker",
            Officer,
            &wire::SetCaretakerRequest {
                parent: parent(),
                setting: of.closing.clone(),
                caretaker: of.receiver.clone(),
                request_id: fresh(),
                still_open: true,
            },
        ),
        call(
            "SettingService/RevokeCredential",
            Officer,
            &wire::RevokeCredentialRequest {
                parent: parent(),
                name: of.credential.clone(),
                request_id: fresh(),
            },
        ),
    ]
}

fn vendors(of: &Things) -> Vec<Call> {
    use Person::{Officer, Sender};
    let parent = || of.council.clone();
    vec![
        call(
            "SettingService/SignAgreement",
            Officer,
            &wire::SignAgreementRequest {
                parent: parent(),
                setting: of.closing.clone(),
                agreement: Some(framework_twin()),
                request_id: fresh(),
            },
        ),
        call(
            "SettingService/ListAgreements",
            Officer,
            &wire::ListAgreementsRequest {
                parent: parent(),
                council: COUNCIL.to_owned(),
                without_agreement_only: true,
                page_size: 1,
                ..Default::default()
            },
        ),
        call(
            "SettingService/EndAgreement",
            Officer,
            &wire::EndAgreementRequest {
                parent: parent(),
                setting: of.closing.clone(),
                request_id: fresh(),
            },
        ),
        call(
            "SettingService/AddDelegation",
            Sender,
            &wire::AddDelegationRequest {
                parent: of.sender.clone(),
                vendor: of.vendor.clone(),
                roles: vec![Role::Publisher.into()],
                scopes: vec![1, 2],
                kinds: vec![1],
                first_day: "2026-03-10".to_owned(),
                last_day: "2026-12-31".to_owned(),
                request_id: fresh(),
            },
        ),
        call(
            "SettingService/ListDelegations",
            Officer,
            &wire::ListDelegationsRequest {
                parent: parent(),
                setting: of.sender.clone(),
            },
        ),
        call(
            "SettingService/EndDelegation",
            Officer,
            &wire::EndDelegationRequest {
                parent: parent(),
                setting: of.sender.clone(),
                vendor: of.vendor.clone(),
                request_id: fresh(),
            },
        ),
    ]
}

fn keeping(of: &Things) -> Vec<Call> {
    use Person::Officer;
    let parent = || of.council.clone();
    vec![
        call(
            "KeyService/ListEpochs",
            Officer,
            &wire::ListEpochsRequest { parent: parent() },
        ),
        call(
            "BackupService/BackUp",
            Officer,
            &wire::BackUpRequest {
                parent: parent(),
                keys_only: true,
            },
        ),
        call(
            "KeyService/RotateLogKey",
            Officer,
            &wire::RotateLogKeyRequest {
                parent: parent(),
                request_id: fresh(),
            },
        ),
        call(
            "KeyService/RotateMasterKey",
            Officer,
            &wire::RotateMasterKeyRequest {
                parent: parent(),
                sealed_key: vec![7; 60].into(),
                fingerprint: "0123456789abcdef".to_owned(),
                validate_only: false,
            },
        ),
        call(
            "PolicyService/GetPolicyInForce",
            Officer,
            &wire::GetPolicyInForceRequest { parent: parent() },
        ),
        call(
            "PolicyService/ListPolicyChanges",
            Officer,
            &wire::ListPolicyChangesRequest {
                parent: parent(),
                start: 0,
                page_size: 10,
            },
        ),
        call(
            "PolicyService/ReplacePolicySet",
            Officer,
            &wire::ReplacePolicySetRequest {
                parent: parent(),
                text: "//# file: local.cedar\npermit (principal, action, resource);\n".to_owned(),
                hash: String::new(),
                expected_hash: "0".repeat(64),
                reason: "why not".to_owned(),
                request_id: fresh(),
                validate_only: false,
            },
        ),
        call(
            "KeyService/RotateKeys",
            Officer,
            &wire::RotateKeysRequest {
                parent: parent(),
                request_id: fresh(),
            },
        ),
    ]
}

fn audit(of: &Things) -> Vec<Call> {
    use Person::Officer;
    let parent = || of.council.clone();
    vec![
        call(
            "AuditService/GetCheckpoint",
            Officer,
            &wire::GetCheckpointRequest { parent: parent() },
        ),
        call(
            "AuditService/ListEntries",
            Officer,
            &wire::ListEntriesRequest {
                parent: parent(),
                start: 2,
                page_size: 3,
            },
        ),
        call(
            "AuditService/GetInclusionProof",
            Officer,
            &wire::GetInclusionProofRequest {
                parent: parent(),
                position: 1,
                tree_size: 5,
            },
        ),
        call(
            "AuditService/GetConsistencyProof",
            Officer,
            &wire::GetConsistencyProofRequest {
                parent: parent(),
                old_size: 2,
                new_size: 5,
            },
        ),
        call(
            "AuditService/GetTile",
            Officer,
            &wire::GetTileRequest {
                parent: parent(),
                path: "tile/0/000.p/5".to_owned(),
            },
        ),
        call(
            "AuditService/GetPolicySet",
            Officer,
            &wire::GetPolicySetRequest {
                parent: parent(),
                hash: baton_domain::access::PolicyText::shipped().hash(),
            },
        ),
        call(
            "AuditService/ListAccessRows",
            Officer,
            &wire::ListAccessRowsRequest {
                parent: parent(),
                page_size: 2,
                page_token: of.page_token.clone(),
            },
        ),
        call(
            "AuditService/WhoSaw",
            Officer,
            &wire::WhoSawRequest {
                parent: parent(),
                transition: under(&of.council, &of.transition),
                ..Default::default()
            },
        ),
        call(
            "AuditService/RecordDisclosure",
            Officer,
            &wire::RecordDisclosureRequest {
                parent: parent(),
                transition: under(&of.council, &of.transition),
                audience: wire::DisclosureAudience::Parent.into(),
                commitment: vec![7; 32].into(),
                lines: 3,
                withheld: vec![wire::WithheldLines {
                    exemption: "rights_of_others".to_owned(),
                    lines: 1,
                }],
                request_id: fresh(),
                ..Default::default()
            },
        ),
    ]
}
