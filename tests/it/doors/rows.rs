//! Every call of the contract once, with who may make it and who may not.

use baton_domain::access::PolicyText;
use baton_store::MasterHandover;
use baton_wire::status::Problem;
use baton_wire::v1::{self, Role};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::harness::*;

/// What the calls are about.
#[derive(Clone)]
pub(super) struct Targets {
    pub(super) transition: String,
    pub(super) profile: String,
    /// A document that stands, one that is staged, and one of another move.
    pub(super) document: String,
    pub(super) staged: String,
    pub(super) other: String,
    pub(super) subscription: String,
    /// A credential of the sender nobody uses.
    pub(super) credential: String,
    /// That of a parent.
    pub(super) family: String,
    pub(super) sender: Setting,
    /// A vendor that acts for nobody.
    pub(super) vendor: String,
    /// A setting that nobody needs any more.
    pub(super) closing: String,
    /// A setting that can receive beside the destination.
    pub(super) beside: Setting,
    /// Where the move can go next.
    pub(super) next: Setting,
    pub(super) plan: v1::PlannedTransition,
    /// Another master key, sealed under the one in force.
    pub(super) handed: MasterHandover,
}

pub(super) type Call = fn(Caller, Targets) -> BoxFuture<'static, Answer<()>>;

/// A call, who may make it, and somebody with a credential but not the role.
pub(super) struct Row {
    pub(super) rpc: &'static str,
    pub(super) right: &'static str,
    pub(super) wrong: &'static str,
    pub(super) call: Call,
}

macro_rules! rows {
    ($($service:ident $stub:ident { $($method:ident $call:ident $right:literal $wrong:literal
        |$who:ident, $to:ident| $request:expr;)+ })+) => {
        &[$($(Row {
            rpc: concat!(stringify!($service), "/", stringify!($method)),
            right: $right,
            wrong: $wrong,
            call: |$who, $to| async move {
                let _ = &$to;
                $who.$stub().$call($request).await.map(drop)
            }.boxed(),
        }),+),+]
    };
}

/// In this order; what ends something stands after what needs it.
pub(super) const ROWS: &[Row] = rows! {
    SettingService settings {
        Bootstrap bootstrap "the used token" "receiver" |who, to| v1::BootstrapRequest::default();
        ListSettings list_settings "sender" "auditor" |who, to| v1::ListSettingsRequest {
            parent: who.setting.clone(), ..Default::default()
        };
        ListCredentials list_credentials "officer" "sender" |who, to| v1::ListCredentialsRequest {
            parent: who.setting.clone(), setting: to.sender.name,
        };
        SetCaretaker set_caretaker "officer" "sender" |who, to| v1::SetCaretakerRequest {
            parent: who.setting.clone(), setting: to.closing, caretaker: to.next.name,
            request_id: fresh(), still_open: true,
        };
        IssueCredential issue_credential "officer" "sender" |who, to| v1::IssueCredentialRequest {
            parent: who.setting.clone(),
            setting: to.sender.name,
            label: "one more".to_owned(),
            roles: vec![Role::Dsl.into()],
            request_id: fresh(),
            ..Default::default()
        };
        RevokeCredential revoke_credential "officer" "sender" |who, to| v1::RevokeCredentialRequest {
            parent: who.setting.clone(), name: to.credential, request_id: fresh(),
        };
        AddDelegation add_delegation "sender" "sender's senco" |who, to| v1::AddDelegationRequest {
            parent: who.setting.clone(),
            vendor: to.vendor,
            roles: vec![Role::Publisher.into()],
            scopes: vec![v1::DelegationScope::Status.into()],
            last_day: "2026-12-31".to_owned(),
            request_id: fresh(),
            ..Default::default()
        };
        SignAgreement sign_agreement "officer" "receiver" |who, to| v1::SignAgreementRequest {
            parent: who.setting.clone(),
            setting: to.beside.name,
            agreement: Some(framework()),
            request_id: fresh(),
        };
        ListAgreements list_agreements "officer" "receiver" |who, to| v1::ListAgreementsRequest {
            parent: who.setting.clone(), setting: to.beside.name, ..Default::default()
        };
        EndAgreement end_agreement "officer" "receiver" |who, to| v1::EndAgreementRequest {
            parent: who.setting.clone(), setting: to.beside.name, request_id: fresh(),
        };
        ListDelegations list_delegations "officer" "receiver" |who, to| v1::ListDelegationsRequest {
            parent: who.setting.clone(), setting: to.sender.name,
        };
        EndDelegation end_delegation "officer" "receiver" |who, to| v1::EndDelegationRequest {
            parent: who.setting.clone(),
            setting: to.sender.name,
            vendor: to.vendor,
            request_id: fresh(),
        };
    }
    AuditService audit {
        GetCheckpoint get_checkpoint "sender" "operator" |who, to| v1::GetCheckpointRequest {
            parent: who.setting.clone(),
        };
        GetInclusionProof get_inclusion_proof "sender" "operator" |who, to| v1::GetInclusionProofRequest {
            parent: who.setting.clone(), position: 1, tree_size: 0,
        };
        GetConsistencyProof get_consistency_proof "sender" "operator"
            |who, to| v1::GetConsistencyProofRequest {
            parent: who.setting.clone(), old_size: 1, new_size: 0,
        };
        ListEntries list_entries "auditor" "sender" |who, to| v1::ListEntriesRequest {
            parent: who.setting.clone(), ..Default::default()
        };
        GetTile get_tile "sender" "operator" |who, to| v1::GetTileRequest {
            parent: who.setting.clone(), path: "tile/0/000.p/5".to_owned(),
        };
        GetPolicySet get_policy_set "auditor" "sender" |who, to| v1::GetPolicySetRequest {
            parent: who.setting.clone(), hash: PolicyText::shipped().hash(),
        };
        ListAccessRows list_access_rows "auditor" "sender" |who, to| v1::ListAccessRowsRequest {
            parent: who.setting.clone(), ..Default::default()
        };
        WhoSaw who_saw "sender" "data manager" |who, to| v1::WhoSawRequest {
            parent: who.setting.clone(), transition: who.mine(&to.transition), ..Default::default() };
        RecordDisclosure record_disclosure "sender" "data manager" |who, to| v1::RecordDisclosureRequest {
            parent: who.setting.clone(),
            transition: who.mine(&to.transition),
            audience: v1::DisclosureAudience::Parent.into(),
            commitment: vec![7; 32].into(),
            lines: 3,
            request_id: fresh(),
            ..Default::default()
        };
    }
    KeyService keys {
        RotateKeys rotate_keys "operator" "sender" |who, to| v1::RotateKeysRequest {
            parent: who.setting.clone(), request_id: fresh(),
        };
        RotateLogKey rotate_log_key "operator" "sender" |who, to| v1::RotateLogKeyRequest {
            parent: who.setting.clone(), request_id: fresh(),
        };
        RotateMasterKey rotate_master_key "operator" "sender" |who, to| v1::RotateMasterKeyRequest {
            parent: who.setting.clone(),
            sealed_key: to.handed.sealed.into(),
            fingerprint: to.handed.new,
            ..Default::default()
        };
        ListEpochs list_epochs "sender" "operator" |who, to| v1::ListEpochsRequest {
            parent: who.setting.clone(),
        };
    }
    PolicyService policies {
        GetPolicyInForce get_policy_in_force "sender" "operator" |who, to| v1::GetPolicyInForceRequest {
            parent: who.setting.clone(),
        };
        ReplacePolicySet replace_policy_set "officer" "operator" |who, to| v1::ReplacePolicySetRequest {
            parent: who.setting.clone(),
            text: PolicyText::shipped().canonical(),
            expected_hash: PolicyText::shipped().hash(),
            reason: "the same again".to_owned(),
            request_id: fresh(),
            ..Default::default()
        };
        ListPolicyChanges list_policy_changes "officer" "sender" |who, to| v1::ListPolicyChangesRequest {
            parent: who.setting.clone(), ..Default::default()
        };
    }
    ErasureService erasure_calls {
        SetLegalHold set_legal_hold "sender" "sender's senco" |who, to| v1::SetLegalHoldRequest {
            parent: who.setting.clone(),
            transition: who.mine(&to.transition),
            request_id: fresh(),
            ..Default::default()
        };
        LiftRestriction lift_restriction "sender" "sender's senco" |who, to| v1::LiftRestrictionRequest {
            parent: who.setting.clone(),
            transition: who.mine(&to.transition),
            request_id: fresh(),
        };
        Erase erase "sender" "sender's senco" |who, to| v1::EraseRequest {
            validate_only: true, ..who.erasure(&to.transition)
        };
    }
    TransitionService transitions {
        GetTransition get_transition "sender" "auditor" |who, to| v1::GetTransitionRequest {
            parent: who.setting.clone(), name: who.mine(&to.transition),
        };
        ListTransitions list_transitions "sender" "auditor" |who, to| v1::ListTransitionsRequest {
            parent: who.setting.clone(), ..Default::default()
        };
        AddRecipient add_recipient "sender" "sender's senco" |who, to| v1::AddRecipientRequest {
            parent: who.setting.clone(),
            name: who.mine(&to.transition),
            setting: Some(to.beside.code),
            relation: v1::RecipientRelation::Further.into(),
            kinds: vec![v1::SectionKind::Identity.into()],
            purpose: v1::RecipientPurpose::Participation.into(),
            request_id: fresh(),
            ..Default::default()
        };
        SendWithoutAgreement send_without_agreement "sender" "receiver" |who, to| v1::SendWithoutAgreementRequest {
            parent: who.setting.clone(),
            name: who.mine(&to.transition),
            setting: Some(to.beside.code),
            reason: v1::SendingReason::UrgentNeed.into(),
            request_id: fresh(),
        };
        EndSendingWithoutAgreement end_sending_without_agreement "sender" "receiver" |who, to| v1::EndSendingWithoutAgreementRequest {
            parent: who.setting.clone(),
            name: who.mine(&to.transition),
            setting: Some(to.beside.code),
            request_id: fresh(),
        };
        EndRecipient end_recipient "sender" "sender's senco" |who, to| v1::EndRecipientRequest {
            parent: who.setting.clone(),
            name: who.mine(&to.transition),
            setting: Some(to.beside.code),
            request_id: fresh(),
        };
        SetPlanCouncil set_plan_council "officer" "sender's senco" |who, to| v1::SetPlanCouncilRequest {
            parent: who.setting.clone(), name: who.mine(&to.transition), request_id: fresh(),
            ..Default::default()
        };
        RecordSharingDecision record_sharing_decision "sender's senco" "data manager" |who, to| v1::RecordSharingDecisionRequest {
            parent: who.setting.clone(),
            name: who.mine(&to.transition),
            giver: v1::DecisionGiver::Parent.into(),
            basis: v1::DecisionBasis::ParentalResponsibility.into(),
            toward: v1::DecisionToward::Health.into(),
            said: v1::DecisionSaid::Refused.into(),
            said_on: "2026-03-09".to_owned(),
            request_id: fresh(),
            ..Default::default()
        };
        ListSharingDecisions list_sharing_decisions "sender" "receiver" |who, to| v1::ListSharingDecisionsRequest {
            parent: who.setting.clone(), name: who.mine(&to.transition),
        };
        AddFamilyAccess add_family_access "sender" "sender's senco" |who, to| v1::AddFamilyAccessRequest {
            parent: who.setting.clone(),
            name: who.mine(&to.transition),
            who: v1::DecisionGiver::Parent.into(),
            basis: v1::DecisionBasis::ParentalResponsibility.into(),
            request_id: fresh(),
            ..Default::default()
        };
        ListFamilyAccess list_family_access "sender" "receiver" |who, to| v1::ListFamilyAccessRequest {
            parent: who.setting.clone(), name: who.mine(&to.transition),
        };
        EndFamilyAccess end_family_access "sender" "sender's senco" |who, to| v1::EndFamilyAccessRequest {
            parent: who.setting.clone(),
            name: who.mine(&to.transition),
            credential: to.family,
            request_id: fresh(),
        };
        GuardIdentity guard_identity "sender" "sender's senco" |who, to| v1::GuardIdentityRequest {
            parent: who.setting.clone(),
            name: who.mine(&to.transition),
            phrases: vec!["Ashdown".to_owned()],
            request_id: fresh(),
        };
        ReadmitIdentifiers readmit_identifiers "sender" "sender's senco" |who, _to| v1::ReadmitIdentifiersRequest {
            parent: who.setting.clone(),
            identifiers: vec![upn(1)],
            request_id: fresh(),
        };
        RecordFact record_fact "sender" "sender's senco" |who, to| v1::RecordFactRequest {
            parent: who.setting.clone(),
            name: who.mine(&to.transition),
            fact: v1::TransitionFact::Enrolled.into(),
            request_id: fresh(),
        };
    }
    ProfileService profiles {
        CheckProfile check_profile "sender" "receiver" |who, to| v1::CheckProfileRequest {
            parent: who.setting.clone(), profile: Some(small(&who, &to)),
        };
        PublishProfile publish_profile "sender" "sender's senco" |who, to| v1::PublishProfileRequest {
            parent: who.setting.clone(), profile: Some(small(&who, &to)), request_id: fresh(),
        };
        GetProfile get_profile "receiver" "sender's senco" |who, to| v1::GetProfileRequest {
            parent: who.setting.clone(), name: who.mine(&to.profile), kinds: Vec::new(),
        };
    }
    DocumentService documents {
        CreateDocument create_document "sender" "sender's senco" |who, to| {
            let of = (v1::SectionKind::Identity, "another");
            who.announce(&to.profile, of, b"another report")
        };
        UploadChunk upload_chunk "sender" "sender's senco" |who, to| v1::UploadChunkRequest {
            parent: who.setting.clone(),
            name: who.mine(&to.staged),
            index: 0,
            data: b"a report".to_vec().into(),
        };
        FinaliseDocument finalise_document "sender" "sender's senco" |who, to| {
            v1::FinaliseDocumentRequest {
                parent: who.setting.clone(), name: who.mine(&to.staged), request_id: fresh(),
            }
        };
        ListDocuments list_documents "receiver" "sender's senco" |who, to| v1::ListDocumentsRequest {
            parent: who.setting.clone(), profile: who.mine(&to.profile),
        };
        DownloadDocument download_document "receiver" "sender's senco" |who, to| {
            v1::DownloadDocumentRequest {
                parent: who.setting.clone(), name: who.mine(&to.document), from_chunk: 0,
            }
        };
    }
    SubscriptionService subscriptions {
        CreateSubscription create_subscription "receiver" "sender" |who, to| v1::CreateSubscriptionRequest {
            parent: who.setting.clone(),
            subscription: Some(v1::Subscription {
                subscription_id: "mine".to_owned(), ..Default::default()
            }),
            request_id: fresh(),
        };
        Pull pull "receiver" "receiver's publisher" |who, to| v1::PullRequest {
            parent: who.setting.clone(), subscription: who.mine(&to.subscription), ..Default::default()
        };
        Acknowledge acknowledge "receiver" "receiver's publisher" |who, to| v1::AcknowledgeRequest {
            parent: who.setting.clone(), profile: who.mine(&to.profile), version: 1, request_id: fresh(),
        };
        Reject reject "receiver" "receiver's publisher" |who, to| v1::RejectRequest {
            parent: who.setting.clone(),
            profile: who.mine(&to.profile),
            version: 1,
            reason: v1::RejectReason::Moved.into(),
            request_id: fresh(),
        };
    }
};

/// The one item of a batch, as if it had been asked for alone.
fn item<T>(error: Option<v1::ItemError>, done: T) -> Answer<T> {
    match error {
        Some(error) => Err(Problem::of_item(error)
            .expect("a reason of the contract")
            .into()),
        None => Ok(done),
    }
}

/// Calls whose shape is their own: batches answer item by item, a stream is refused in its first
/// turn, and two calls end what the others are about.
pub(super) const LAST: &[Row] = &[
    Row {
        rpc: "SettingService/ImportSettings",
        right: "officer",
        wrong: "sender",
        call: |who, _| {
            let setting = v1::Setting {
                kind: v1::SettingKind::School.into(),
                display_name: "A new school".to_owned(),
                council: "301".to_owned(),
                identifiers: vec![v1::SettingIdentifier {
                    scheme: "gias".to_owned(),
                    value: "100077".to_owned(),
                }],
                ..Default::default()
            };
            let request = v1::ImportSettingsRequest {
                parent: who.setting.clone(),
                settings: vec![setting],
                request_id: fresh(),
                agreement: Some(framework()),
                ..Default::default()
            };
            async move {
                let answer = who.settings().import_settings(request).await?.into_inner();
                let one = answer.settings.into_iter().next().unwrap();
                item(one.error, ())
            }
            .boxed()
        },
    },
    Row {
        rpc: "TransitionService/PlanTransitions",
        right: "officer",
        wrong: "sender's senco",
        call: |who, to| {
            async move {
                let one = who.plan(vec![to.plan]).await?.remove(0);
                item(one.error, ())
            }
            .boxed()
        },
    },
    Row {
        rpc: "ProfileService/BatchPublishProfiles",
        right: "sender",
        wrong: "sender's senco",
        call: |who, to| {
            let publish = v1::PublishProfileRequest {
                profile: Some(small(&who, &to)),
                request_id: fresh(),
                ..Default::default()
            };
            let request = v1::BatchPublishProfilesRequest {
                parent: who.setting.clone(),
                requests: vec![publish],
            };
            async move {
                let answer = who
                    .profiles()
                    .batch_publish_profiles(request)
                    .await?
                    .into_inner();
                let one = answer.items.into_iter().next().unwrap();
                item(one.error, ())
            }
            .boxed()
        },
    },
    Row {
        rpc: "SubscriptionService/Watch",
        right: "receiver",
        wrong: "receiver's publisher",
        call: |who, to| {
            async move {
                let mut turns = who.watch(&to.subscription, "").await?;
                turns.message().await.map(drop)
            }
            .boxed()
        },
    },
    Row {
        rpc: "BackupService/BackUp",
        right: "operator",
        wrong: "sender",
        call: |who, _| {
            let request = v1::BackUpRequest {
                parent: who.setting.clone(),
                ..Default::default()
            };
            async move {
                let mut turns = who.backups().back_up(request).await?.into_inner();
                while turns.message().await?.is_some() {}
                Ok(())
            }
            .boxed()
        },
    },
    Row {
        rpc: "TransitionService/RedirectTransition",
        right: "sender",
        wrong: "sender's senco",
        call: |who, to| {
            let request = v1::RedirectTransitionRequest {
                parent: who.setting.clone(),
                name: who.mine(&to.transition),
                to: Some(to.next.code),
                request_id: fresh(),
                ..Default::default()
            };
            async move {
                who.transitions()
                    .redirect_transition(request)
                    .await
                    .map(drop)
            }
            .boxed()
        },
    },
    Row {
        rpc: "ProfileService/WithdrawProfile",
        right: "sender",
        wrong: "sender's senco",
        call: |who, to| async move { who.withdraw(&to.profile).await.map(drop) }.boxed(),
    },
    Row {
        rpc: "ErasureService/RestrictProcessing",
        right: "sender",
        wrong: "sender's senco",
        call: |who, to| async move { who.restrict(&to.transition).await.map(drop) }.boxed(),
    },
    // After it the files are cleared, which is an entry of the service's own.
    Row {
        rpc: "DocumentService/RemoveDocument",
        right: "sender",
        wrong: "sender's senco",
        call: |who, to| async move { who.remove_document(&to.other).await.map(drop) }.boxed(),
    },
];

/// The smallest publish there is, of the version that stands.
fn small(who: &Caller, to: &Targets) -> v1::ProfileSubmission {
    v1::ProfileSubmission {
        transition: who.mine(&to.transition),
        content: Some(Box::new(content())),
        signatory: "Head of year".to_owned(),
        ..Default::default()
    }
}

pub(super) fn content() -> v1::Sections {
    let identity = v1::Identity {
        legal_surname: Some("Testcroft".to_owned()),
        legal_forename: Some("Ada".to_owned()),
        ..Default::default()
    };
    v1::Sections {
        identity: Some(identity),
        ..Default::default()
    }
}
