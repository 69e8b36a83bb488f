//! Settings, their people, and who acts for them.

use baton_wire::{twin as wire, v1::Role};

use super::*;

pub(super) fn settings(of: &Things) -> Vec<Call> {
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

pub(super) fn vendors(of: &Things) -> Vec<Call> {
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
