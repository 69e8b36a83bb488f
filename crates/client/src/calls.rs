//! The methods of the contract's services.

use std::{future::Future, time::Duration};

use baton_wire::v1;
use prost::Message as _;
use tokio::time::timeout;

use crate::{Client, ClientError, client::Kind};

macro_rules! calls {
    ($service:literal:
        $($(#[$doc:meta])* $kind:ident $method:ident = $path:literal($request:ident) -> $answer:ident;)+
    ) => {
        impl Client { $(
            $(#[$doc])*
            pub fn $method(
                &self,
                mut request: v1::$request,
            ) -> impl Future<Output = Result<v1::$answer, ClientError>> + Send {
                self.fill_parent(&mut request.parent);
                let kind = calls!(@$kind request);
                // What is awaited holds the bytes only; see the codec.
                let message = request.encode_to_vec().into();
                async move {
                    self.call(concat!("/baton.v1.", $service, "/", $path), message, kind?).await
                }
            }
        )+ }
    };
    (@read $request:ident) => { Ok::<_, ClientError>(Kind::Read) };
    (@write $request:ident) => { Kind::write(&mut $request.request_id) };
}

impl Client {
    /// Makes the council and its first officer; the connection's API key is the one-time token
    /// that `baton init` printed. It has no request id: on [`ClientError::OutcomeUnknown`] see
    /// whether the token still works.
    pub async fn bootstrap(
        &self,
        request: v1::BootstrapRequest,
    ) -> Result<v1::BootstrapResponse, ClientError> {
        let message = request.encode_to_vec().into();
        self.call("/baton.v1.SettingService/Bootstrap", message, Kind::Once)
            .await
    }
}

calls! { "SettingService":
    /// Adds or updates up to 500 settings, with an answer per item.
    write import_settings = "ImportSettings"(ImportSettingsRequest) -> ImportSettingsResponse;
    /// One page of settings, at most 500.
    read list_settings = "ListSettings"(ListSettingsRequest) -> ListSettingsResponse;
    /// Closes a setting and names who looks after what it left.
    write set_caretaker = "SetCaretaker"(SetCaretakerRequest) -> SetCaretakerResponse;
    /// Issues a credential. A replay does not show the API key again, and a repetition after a
    /// lost answer is a replay: when a key was asked for and is empty, revoke the credential and
    /// issue another.
    write issue_credential = "IssueCredential"(IssueCredentialRequest) -> IssueCredentialResponse;
    /// Lets a vendor act for the setting, or changes what it lets it do.
    write add_delegation = "AddDelegation"(AddDelegationRequest) -> AddDelegationResponse;
    /// Ends that a vendor acts for a setting.
    write end_delegation = "EndDelegation"(EndDelegationRequest) -> EndDelegationResponse;
    /// Whom a setting lets act for it.
    read list_delegations = "ListDelegations"(ListDelegationsRequest) -> ListDelegationsResponse;
    /// Signs the framework agreement for a setting, or records that it was signed on paper.
    write sign_agreement = "SignAgreement"(SignAgreementRequest) -> SignAgreementResponse;
    /// Ends the framework agreement of a setting.
    write end_agreement = "EndAgreement"(EndAgreementRequest) -> EndAgreementResponse;
    /// One page of who has signed and who has not, at most 500.
    read list_agreements = "ListAgreements"(ListAgreementsRequest) -> ListAgreementsResponse;
    /// The credentials of a setting, at most 1,000.
    read list_credentials = "ListCredentials"(ListCredentialsRequest) -> ListCredentialsResponse;
    /// Revokes a credential at once.
    write revoke_credential = "RevokeCredential"(RevokeCredentialRequest) -> RevokeCredentialResponse;
}

calls! { "TransitionService":
    /// Loads up to 500 planned moves, with an answer per item.
    write plan_transitions = "PlanTransitions"(PlanTransitionsRequest) -> PlanTransitionsResponse;
    /// Changes the destination of a move.
    write redirect_transition = "RedirectTransition"(RedirectTransitionRequest) -> RedirectTransitionResponse;
    /// Names a setting that receives beside the destination, or changes what it was named for.
    write add_recipient = "AddRecipient"(AddRecipientRequest) -> AddRecipientResponse;
    /// Ends that a setting receives beside the destination.
    write end_recipient = "EndRecipient"(EndRecipientRequest) -> EndRecipientResponse;
    /// Names the council that keeps the learner's EHC plan, or none.
    write set_plan_council = "SetPlanCouncil"(SetPlanCouncilRequest) -> SetPlanCouncilResponse;
    /// Lets the learner, or somebody for the learner, see the record.
    write add_family_access = "AddFamilyAccess"(AddFamilyAccessRequest) -> AddFamilyAccessResponse;
    /// Ends such an access at once.
    write end_family_access = "EndFamilyAccess"(EndFamilyAccessRequest) -> EndFamilyAccessResponse;
    /// Lists the accesses to a learner's record.
    read list_family_access = "ListFamilyAccess"(ListFamilyAccessRequest) -> ListFamilyAccessResponse;
    /// Records what a learner, or somebody for the learner, decided about sharing.
    write record_sharing_decision = "RecordSharingDecision"(RecordSharingDecisionRequest) -> RecordSharingDecisionResponse;
    /// The decisions of a move, at most 64.
    read list_sharing_decisions = "ListSharingDecisions"(ListSharingDecisionsRequest) -> ListSharingDecisionsResponse;
    /// Says what must not be written of a learner whose identity is protected.
    write guard_identity = "GuardIdentity"(GuardIdentityRequest) -> GuardIdentityResponse;
    /// Has numbers that were retired be used again.
    write readmit_identifiers = "ReadmitIdentifiers"(ReadmitIdentifiersRequest) -> ReadmitIdentifiersResponse;
    /// Sends a move to a receiver without the framework agreement, with a reason.
    write send_without_agreement = "SendWithoutAgreement"(SendWithoutAgreementRequest) -> SendWithoutAgreementResponse;
    /// Takes that back.
    write end_sending_without_agreement = "EndSendingWithoutAgreement"(EndSendingWithoutAgreementRequest) -> EndSendingWithoutAgreementResponse;
    /// Records a fact of a move.
    write record_fact = "RecordFact"(RecordFactRequest) -> RecordFactResponse;
    /// One move and how far it has come.
    read get_transition = "GetTransition"(GetTransitionRequest) -> Transition;
    /// One page of moves, at most 500.
    read list_transitions = "ListTransitions"(ListTransitionsRequest) -> ListTransitionsResponse;
}

calls! { "ProfileService":
    /// Publishes the next version of a contribution, at most 4 MiB. For many, see
    /// [`publish_all`](Client::publish_all).
    write publish_profile = "PublishProfile"(PublishProfileRequest) -> PublishProfileResponse;
    /// Every problem a publish would have; nothing is stored.
    read check_profile = "CheckProfile"(CheckProfileRequest) -> CheckProfileResponse;
    /// The current version as far as the caller may see it.
    read get_profile = "GetProfile"(GetProfileRequest) -> Profile;
    /// Takes a contribution back.
    write withdraw_profile = "WithdrawProfile"(WithdrawProfileRequest) -> WithdrawProfileResponse;
}

calls! { "DocumentService":
    /// Begins to stage a document, or goes on where it was left; see
    /// [`add_document`](Client::add_document).
    read create_document = "CreateDocument"(CreateDocumentRequest) -> CreateDocumentResponse;
    /// Stages one chunk. Sent again it takes the place of the one before.
    read upload_chunk = "UploadChunk"(UploadChunkRequest) -> UploadChunkResponse;
    /// Makes a document of what was staged.
    write finalise_document = "FinaliseDocument"(FinaliseDocumentRequest) -> FinaliseDocumentResponse;
    /// The documents of a contribution, at most 20.
    read list_documents = "ListDocuments"(ListDocumentsRequest) -> ListDocumentsResponse;
    /// Takes a document back.
    write remove_document = "RemoveDocument"(RemoveDocumentRequest) -> RemoveDocumentResponse;
}

impl Client {
    /// Up to 64 publishes in one call, at most 4 MiB, with an answer per item. Items the service
    /// had no room for are answered so and not repeated; [`publish_all`](Client::publish_all)
    /// repeats them.
    pub fn batch_publish_profiles(
        &self,
        mut request: v1::BatchPublishProfilesRequest,
    ) -> impl Future<Output = Result<v1::BatchPublishProfilesResponse, ClientError>> + Send {
        self.fill_parent(&mut request.parent);
        let mut items = request.requests.iter_mut();
        let kind = items.try_for_each(|item| Kind::write(&mut item.request_id).map(drop));
        let message = request.encode_to_vec().into();
        async move {
            let kind = kind.map(|()| Kind::Write(None))?;
            self.call(
                "/baton.v1.ProfileService/BatchPublishProfiles",
                message,
                kind,
            )
            .await
        }
    }
}

calls! { "SubscriptionService":
    /// Makes a named subscription; see [`Subscription`](crate::Subscription).
    write create_subscription = "CreateSubscription"(CreateSubscriptionRequest) -> Subscription;
    /// The receiver has taken an item over.
    write acknowledge = "Acknowledge"(AcknowledgeRequest) -> AcknowledgeResponse;
    /// The receiver sends an item back.
    write reject = "Reject"(RejectRequest) -> RejectResponse;
}

impl Client {
    /// One turn of a subscription. The time it may wait for a first item comes on top of the
    /// deadline. See [`Subscription::pull`](crate::Subscription::pull), which keeps the token.
    pub async fn pull(
        &self,
        mut request: v1::PullRequest,
    ) -> Result<v1::PullResponse, ClientError> {
        self.fill_parent(&mut request.parent);
        let wait = Duration::from_millis(u64::try_from(request.wait_ms).unwrap_or(0));
        let patient = self.with_deadline(self.deadline().saturating_add(wait));
        let message = request.encode_to_vec().into();
        patient
            .call("/baton.v1.SubscriptionService/Pull", message, Kind::Read)
            .await
    }

    /// Turns without end, as one stream that ends when the connection does. See
    /// [`Subscription::watch`](crate::Subscription::watch), which comes back and keeps the token.
    pub async fn watch(
        &self,
        mut request: v1::WatchRequest,
    ) -> Result<tonic::Streaming<v1::WatchResponse>, ClientError> {
        self.fill_parent(&mut request.parent);
        let mut stub = self.connection.subscriptions();
        // A stream has no deadline, but its beginning has.
        match timeout(
            self.deadline(),
            stub.watch(self.connection.request(request)),
        )
        .await
        {
            Ok(turns) => Ok(turns?.into_inner()),
            Err(_) => Err(ClientError::Deadline),
        }
    }
}

impl Client {
    /// Makes a backup on the machine of the service; turns tell how far it is, and the last one what
    /// was made. Role: operator.
    pub async fn back_up(
        &self,
        mut request: v1::BackUpRequest,
    ) -> Result<tonic::Streaming<v1::BackUpResponse>, ClientError> {
        self.fill_parent(&mut request.parent);
        let mut stub = self.connection.backups();
        // A backup has no deadline, but its beginning has.
        match timeout(
            self.deadline(),
            stub.back_up(self.connection.request(request)),
        )
        .await
        {
            Ok(turns) => Ok(turns?.into_inner()),
            Err(_) => Err(ClientError::Deadline),
        }
    }
}

calls! { "KeyService":
    /// Opens the next key epoch. Role: operator.
    write rotate_keys = "RotateKeys"(RotateKeysRequest) -> RotateKeysResponse;
    /// Has another key sign checkpoints from now on. Role: operator.
    write rotate_log_key = "RotateLogKey"(RotateLogKeyRequest) -> RotateLogKeyResponse;
    /// Has the ring of keys sealed under another master key. Role: operator.
    read rotate_master_key = "RotateMasterKey"(RotateMasterKeyRequest) -> RotateMasterKeyResponse;
    /// The key epochs, oldest first.
    read list_epochs = "ListEpochs"(ListEpochsRequest) -> ListEpochsResponse;
}

calls! { "PolicyService":
    /// The policy set in force, at most 256 KiB.
    read get_policy_in_force = "GetPolicyInForce"(GetPolicyInForceRequest) -> GetPolicyInForceResponse;
    /// Puts another policy set into force, or says what it would change. It takes seconds. Role:
    /// council administrator.
    write replace_policy_set = "ReplacePolicySet"(ReplacePolicySetRequest) -> ReplacePolicySetResponse;
    /// When, by whom and why policy sets were replaced, at most 100. Roles: council administrator,
    /// auditor.
    read list_policy_changes = "ListPolicyChanges"(ListPolicyChangesRequest) -> ListPolicyChangesResponse;
}

calls! { "ErasureService":
    /// Erases a learner, or one section kind of the own contribution.
    write erase = "Erase"(EraseRequest) -> EraseResponse;
    /// Puts a learner under a legal hold, or takes the hold away.
    write set_legal_hold = "SetLegalHold"(SetLegalHoldRequest) -> SetLegalHoldResponse;
    /// Restricts the processing of a learner's data.
    write restrict_processing = "RestrictProcessing"(RestrictProcessingRequest) -> RestrictProcessingResponse;
    /// Lifts that restriction.
    write lift_restriction = "LiftRestriction"(LiftRestrictionRequest) -> LiftRestrictionResponse;
}

calls! { "AuditService":
    /// The newest signed checkpoint and the key it verifies with.
    read get_checkpoint = "GetCheckpoint"(GetCheckpointRequest) -> GetCheckpointResponse;
    /// Entry bytes from a position on, at most 512 and 3 MiB. Role: auditor.
    read list_entries = "ListEntries"(ListEntriesRequest) -> ListEntriesResponse;
    /// Inclusion proof of one entry.
    read get_inclusion_proof = "GetInclusionProof"(GetInclusionProofRequest) -> GetInclusionProofResponse;
    /// Consistency proof between two sizes.
    read get_consistency_proof = "GetConsistencyProof"(GetConsistencyProofRequest) -> GetConsistencyProofResponse;
    /// A tile of hashes by its C2SP path.
    read get_tile = "GetTile"(GetTileRequest) -> GetTileResponse;
    /// The policies of a hash, at most 256 KiB. Role: auditor.
    read get_policy_set = "GetPolicySet"(GetPolicySetRequest) -> GetPolicySetResponse;
    /// Commitments of the access rows, at most 5,000 a page. Role: auditor.
    read list_access_rows = "ListAccessRows"(ListAccessRowsRequest) -> ListAccessRowsResponse;
    /// Who was shown what of one learner's moves.
    read who_saw = "WhoSaw"(WhoSawRequest) -> WhoSawResponse;
    /// Records that an account of who saw was given out.
    write record_disclosure = "RecordDisclosure"(RecordDisclosureRequest) -> RecordDisclosureResponse;
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    #[test]
    fn every_call_of_the_contract_has_a_method_of_its_name() {
        let source = include_str!("calls.rs");
        let files = prost_types::FileDescriptorSet::decode(baton_wire::DESCRIPTOR_SET).unwrap();
        let mut calls = 0;
        for service in files.file.iter().flat_map(|file| &file.service) {
            for method in &service.method {
                let (service, method) = (service.name(), method.name());
                let listed = source
                    .split_once(&format!("calls! {{ \"{service}\":"))
                    .and_then(|(_, rest)| rest.split_once("\n}\n"))
                    .is_some_and(|(list, _)| list.contains(&format!(" = \"{method}\"(")));
                let spelled = source.contains(&format!("/baton.v1.{service}/{method}\""));
                let stub = [
                    ("SubscriptionService", "Watch"),
                    ("BackupService", "BackUp"),
                    ("DocumentService", "DownloadDocument"),
                ]
                .contains(&(service, method));
                assert!(listed || spelled || stub, "{service}/{method}");
                calls += 1;
            }
        }
        assert!(calls > 20, "{calls}");
    }
}
