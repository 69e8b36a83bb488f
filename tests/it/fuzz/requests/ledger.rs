//! The ledger itself: keys, backups, policies, entries.

use baton_wire::twin as wire;

use super::*;

pub(super) fn keeping(of: &Things) -> Vec<Call> {
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

pub(super) fn audit(of: &Things) -> Vec<Call> {
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
