//! Who may sign, end and record; everything that is wrong with a request at once; and a request that is
//! sent again.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role, SendingReason};

use crate::harness::*;

on_both_engines! {
    async fn the_head_and_the_council_sign_and_nobody_else_is_told_apart_from_nobody(exchange) {
        let of = exchange.open_move().await;
        let council = Setting { name: exchange.officer.setting.clone(), ..of.from.clone() };
        let other = other_council(exchange).await;
        let vendor = exchange.vendor("example-mis").await;
        let head = exchange.person(&of.to, &[Role::Publisher]).await;
        let mandate = crate::delegations::ALL;
        head.lets(&vendor, mandate).await.unwrap();
        let refusing = [
            ("a key", exchange.key_holder(&of.to, &[Role::Publisher]).await.0),
            ("a key of the council", exchange.key_holder(&council, &[Role::CouncilAdministrator]).await.0),
            ("a vendor", exchange.client(&vendor, &of.to).await),
            ("a lead", exchange.person(&of.to, &[Role::Senco, Role::Dsl, Role::ReceiverLead]).await),
            ("a stranger", exchange.person(&exchange.elsewhere, &[Role::Publisher]).await),
            ("another council", other),
            ("admissions", exchange.person(&council, &[Role::AdmissionsOfficer]).await),
        ];
        let nowhere = "settings/stg_00000000000000000000000000";
        for (who, caller) in &refusing {
            let size = exchange.size();
            for setting in [of.to.name.as_str(), nowhere] {
                let told = refused(caller.signs(setting, framework()).await);
                assert_eq!(told.reason, Reason::PermissionDenied, "{who} signs");
                let told = refused(caller.signs_no_more(setting).await);
                assert_eq!(told.reason, Reason::PermissionDenied, "{who} ends");
            }
            assert_eq!(exchange.size(), size + 4, "{who}: every refusal is an entry");
        }
        let absent = refused(exchange.officer.signs(nowhere, framework()).await);
        assert_eq!(absent.reason, Reason::PermissionDenied);
        assert!(!head.signs("", framework()).await.unwrap().agreement.unwrap().recorded);
        let admin = exchange.person(&council, &[Role::CouncilAdministrator]).await;
        let operator = exchange.person(&council, &[Role::Operator]).await;
        for who in [&admin, &operator] {
            let signed = who.signs(&of.to.name, framework()).await.unwrap();
            assert!(signed.agreement.unwrap().recorded);
            who.signs_no_more(&of.to.name).await.unwrap();
        }
        let own = admin.signs("", framework()).await.unwrap().agreement.unwrap();
        assert!(own.recorded && own.setting == council.name, "{own:?}");
        let nothing = admin.signs(&vendor.name, framework()).await;
        assert_eq!(refused(nothing).reason, Reason::VendorTakesNoPart);
        exchange.holds().await;
    }

    async fn only_the_sending_head_sends_without(exchange) {
        let of = exchange.unsigned_move().await;
        let vendor = exchange.vendor("example-mis").await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        head.lets(&vendor, crate::delegations::ALL).await.unwrap();
        let refusing = [
            ("a key", exchange.key_holder(&of.from, &[Role::Publisher]).await.0),
            ("a vendor", exchange.client(&vendor, &of.from).await),
            ("others of the sender", exchange.person(&of.from, &[Role::Senco, Role::Dsl, Role::DataManager]).await),
            ("the receiver", exchange.person(&of.to, &[Role::Publisher, Role::ReceiverLead]).await),
            ("a stranger", exchange.person(&exchange.elsewhere, &[Role::Publisher]).await),
            ("the council", exchange.officer.clone()),
        ];
        for (who, caller) in &refusing {
            let sent = caller.sends_without(&of.name, &of.to, SendingReason::Other).await;
            assert_eq!(refused(sent).reason, Reason::PermissionDenied, "{who}");
            let ended = caller.sends_without_no_more(&of.name, &of.to).await;
            assert_eq!(refused(ended).reason, Reason::PermissionDenied, "{who}");
        }
        head.sends_without(&of.name, &of.to, SendingReason::Other).await.unwrap();
    }

    async fn everything_wrong_is_told_at_once(exchange) {
        let head = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let asked = v1::SignAgreementRequest {
            parent: head.setting.clone(),
            setting: "no name".to_owned(),
            agreement: Some(v1::SignedAgreement {
                version: "a b".to_owned(),
                text_sha256: vec![7; 31].into(),
                first_day: "2027-09-01".to_owned(),
                last_day: "2026-01-01".to_owned(),
            }),
            request_id: String::new(),
        };
        let told = refused(head.settings().sign_agreement(asked).await);
        let mut rules = told.rules();
        rules.sort_unstable();
        let expected = [
            ("agreement.first_day", "lifetime"),
            ("agreement.last_day", "date.order"),
            ("agreement.text_sha256", "sha256"),
            ("agreement.version", "version"),
        ];
        for wrong in expected {
            assert!(rules.contains(&wrong), "{rules:?}");
        }
        assert_eq!(rules.len(), 6, "setting and request id too: {rules:?}");
        let over = v1::SignedAgreement { last_day: "2026-03-09".to_owned(), ..framework() };
        let told = refused(head.signs("", over).await);
        assert_eq!(told.rules(), [("agreement.last_day", "date.over")]);
        let none = v1::SignAgreementRequest {
            parent: head.setting.clone(),
            request_id: fresh(),
            ..Default::default()
        };
        let told = refused(head.settings().sign_agreement(none).await);
        assert_eq!(told.rules(), [("agreement", "required")]);
        let nothing = v1::SendWithoutAgreementRequest {
            parent: head.setting.clone(),
            ..Default::default()
        };
        let told = refused(head.transitions().send_without_agreement(nothing).await);
        let fields: Vec<_> = told.rules().iter().map(|(field, _)| *field).collect();
        for field in ["name", "reason", "request_id"] {
            assert!(fields.contains(&field), "{fields:?}");
        }
        assert!(fields.iter().any(|field| field.starts_with("setting")), "{fields:?}");
        let alone = v1::ListAgreementsRequest {
            setting: head.setting.clone(),
            council: "3O1".to_owned(),
            without_agreement_only: true,
            page_size: 5,
            ..Default::default()
        };
        let told = refused(head.agreements(alone).await);
        let fields: Vec<_> = told.rules().iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["council", "council", "without_agreement_only", "page_size"]);
    }

    async fn a_request_sent_again_is_answered_again_and_signs_nothing(exchange) {
        let head = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let asked = v1::SignAgreementRequest {
            parent: head.setting.clone(),
            setting: String::new(),
            agreement: Some(framework()),
            request_id: fresh(),
        };
        let sign = async || head.settings().sign_agreement(asked.clone()).await;
        let first = sign().await.unwrap().into_inner();
        head.signs_no_more("").await.unwrap();
        let size = exchange.size();
        let again = sign().await.unwrap().into_inner();
        assert_eq!((again.agreement, exchange.size()), (first.agreement, size));
        let shown = v1::ListAgreementsRequest {
            setting: head.setting.clone(),
            ..Default::default()
        };
        let shown = head.agreements(shown).await.unwrap().agreements;
        assert!(shown[0].ended, "it stands ended");
        let other = v1::SignAgreementRequest {
            agreement: Some(v1::SignedAgreement { version: "2".to_owned(), ..framework() }),
            ..asked.clone()
        };
        let other = head.settings().sign_agreement(other).await;
        assert_eq!(refused(other).reason, Reason::RequestIdConflict);
    }
}

/// Somebody who manages the settings of another council.
async fn other_council(exchange: &Exchange) -> Caller {
    let setting = v1::Setting {
        kind: v1::SettingKind::Council.into(),
        display_name: "Another council".to_owned(),
        council: "302".to_owned(),
        identifiers: vec![v1::SettingIdentifier {
            scheme: "baton-local".to_owned(),
            value: "council-302".to_owned(),
        }],
        ..Default::default()
    };
    let request = v1::ImportSettingsRequest {
        parent: exchange.officer.setting.clone(),
        settings: vec![setting],
        request_id: fresh(),
        agreement: Some(framework()),
        ..Default::default()
    };
    let made = exchange.officer.settings().import_settings(request).await;
    let made = made.unwrap().into_inner().settings.remove(0);
    let council = Setting {
        name: made.setting.unwrap().name,
        ..exchange.primary.clone()
    };
    exchange
        .person(&council, &[Role::CouncilAdministrator])
        .await
}
