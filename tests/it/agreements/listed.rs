//! A council knows who has not signed; a setting how it stands itself; and what was signed at joining is
//! recorded once.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};

use super::days;
use crate::harness::*;

/// Everybody on a list, page by page.
async fn listed(who: &Caller, asked: v1::ListAgreementsRequest) -> Vec<v1::Agreement> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let asked = v1::ListAgreementsRequest {
            page_token,
            ..asked.clone()
        };
        let page = who.agreements(asked).await.unwrap();
        all.extend(page.agreements);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

on_both_engines! {
    async fn a_council_sees_who_has_not_signed_page_by_page(exchange) {
        let officer = &exchange.officer;
        exchange.vendor("example-mis").await;
        let two = v1::ListAgreementsRequest { page_size: 2, ..Default::default() };
        let all = listed(officer, two.clone()).await;
        assert_eq!(all.len(), 8, "seven settings and the council, and no vendor");
        assert!(all.iter().all(|one| one.in_force && one.recorded), "{all:?}");
        officer.signs_no_more(&exchange.college.name).await.unwrap();
        let later = days("2026-09-01", "");
        officer.signs(&exchange.nursery.name, later).await.unwrap();
        let over = days("2026-03-01", "2026-03-11");
        officer.signs(&exchange.academy.name, over).await.unwrap();
        exchange.hand.send_replace(at("2026-03-12T00:00:00Z"));
        let unsigned = v1::ListAgreementsRequest {
            page_size: 1,
            without_agreement_only: true,
            ..Default::default()
        };
        let mut names: Vec<String> =
            listed(officer, unsigned.clone()).await.into_iter().map(|one| one.setting).collect();
        names.sort();
        let mut expected =
            [&exchange.college, &exchange.nursery, &exchange.academy].map(|it| it.name.clone());
        expected.sort();
        assert_eq!(names, expected);
        let nobody = v1::ListAgreementsRequest { council: "999".to_owned(), ..Default::default() };
        assert_eq!(listed(officer, nobody).await, []);
        let head = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        assert_eq!(refused(head.agreements(two).await).reason, Reason::PermissionDenied);
        // A token is of its list.
        let first = officer.agreements(unsigned.clone()).await.unwrap();
        let stolen = v1::ListAgreementsRequest {
            page_token: first.next_page_token,
            without_agreement_only: false,
            ..unsigned
        };
        let told = refused(officer.agreements(stolen).await);
        assert_eq!(told.rules(), [("page_token", "page_token")]);
    }

    async fn the_own_people_see_how_their_setting_stands_and_others_do_not(exchange) {
        let of = |setting: &Setting| v1::ListAgreementsRequest {
            setting: setting.name.clone(),
            ..Default::default()
        };
        let (desk, _) = exchange.key_holder(&exchange.primary, &[Role::DataManager]).await;
        let own = desk.agreements(of(&exchange.primary)).await.unwrap().agreements;
        let expected = v1::Agreement {
            setting: exchange.primary.name.clone(),
            version: "2025.1".to_owned(),
            text_sha256: vec![7; 32].into(),
            first_day: "2025-09-01".to_owned(),
            recorded: true,
            in_force: true,
            ..Default::default()
        };
        assert_eq!(own, [expected]);
        let size = exchange.size();
        let other = desk.agreements(of(&exchange.secondary)).await;
        assert_eq!(refused(other).reason, Reason::PermissionDenied);
        let nobody = v1::ListAgreementsRequest {
            setting: "settings/stg_00000000000000000000000000".to_owned(),
            ..Default::default()
        };
        for who in [&desk, &exchange.officer] {
            assert_eq!(refused(who.agreements(nobody.clone()).await).reason, Reason::PermissionDenied);
        }
        assert_eq!(exchange.size(), size + 3);
        exchange.officer.agreements(of(&exchange.secondary)).await.unwrap();
    }

    async fn what_is_imported_again_brings_nothing_back(exchange) {
        let officer = &exchange.officer;
        let setting = v1::Setting {
            kind: v1::SettingKind::School.into(),
            display_name: "Late to join".to_owned(),
            council: COUNCIL.to_owned(),
            identifiers: vec![v1::SettingIdentifier {
                scheme: "gias".to_owned(),
                value: "100020".to_owned(),
            }],
            ..Default::default()
        };
        let import = async |agreement, validate_only| {
            let request = v1::ImportSettingsRequest {
                parent: officer.setting.clone(),
                settings: vec![setting.clone()],
                request_id: fresh(),
                validate_only,
                agreement,
            };
            let answer = officer.settings().import_settings(request).await.unwrap();
            let one = answer.into_inner().settings.remove(0);
            (one.outcome(), one.setting.unwrap().name)
        };
        let (made, name) = import(None, false).await;
        assert_eq!(made, v1::ImportOutcome::Created);
        let stands = async || {
            let of = v1::ListAgreementsRequest { setting: name.clone(), ..Default::default() };
            officer.agreements(of).await.unwrap().agreements.remove(0)
        };
        let bare = v1::Agreement { setting: name.clone(), ..Default::default() };
        assert_eq!(stands().await, bare, "none ever");
        assert_eq!(import(Some(framework()), true).await.0, v1::ImportOutcome::Updated);
        assert_eq!(stands().await, bare, "only asked");
        let size = exchange.size();
        assert_eq!(import(Some(framework()), false).await.0, v1::ImportOutcome::Updated);
        assert_eq!(exchange.one_since(size).await.said().0, "setting_imported");
        assert!(stands().await.in_force);
        officer.signs_no_more(&name).await.unwrap();
        assert_eq!(import(Some(framework()), false).await.0, v1::ImportOutcome::Unchanged);
        assert!(stands().await.ended, "what was ended stays so");
        // Who may load settings by a key may not say that they signed.
        let council = Setting { name: officer.setting.clone(), ..exchange.primary.clone() };
        let (key, _) = exchange.key_holder(&council, &[Role::CouncilAdministrator]).await;
        let request = v1::ImportSettingsRequest {
            parent: officer.setting.clone(),
            settings: vec![setting.clone()],
            request_id: fresh(),
            agreement: Some(framework()),
            ..Default::default()
        };
        let told = key.settings().import_settings(request).await.unwrap().into_inner();
        let error = told.settings[0].error.clone().unwrap();
        assert_eq!(error.reason, Reason::PermissionDenied.name());
        exchange.holds().await;
    }
}
