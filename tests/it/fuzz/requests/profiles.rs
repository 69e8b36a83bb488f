//! Profiles and their documents.

use baton_wire::twin as wire;

use super::*;

pub(super) fn profiles(of: &Things) -> Vec<Call> {
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

pub(super) fn documents(of: &Things) -> Vec<Call> {
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
