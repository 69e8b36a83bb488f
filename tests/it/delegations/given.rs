//! Who hands over, to whom, and what is told of what is wrong.

use std::num::NonZeroU32;

use baton_server::Rates;
use baton_wire::status::Reason;
use baton_wire::v1::{self, DelegationScope as Scope, Role, SectionKind};
use std::time::Duration;

use super::{ALL, Mandate};
use crate::harness::*;

impl Exchange {
    /// The register says that a vendor has closed.
    pub(super) async fn closes(&self, vendor: &Setting) {
        let setting = v1::Setting {
            kind: v1::SettingKind::Vendor.into(),
            display_name: "Closed".to_owned(),
            council: COUNCIL.to_owned(),
            identifiers: vec![vendor.code.clone()],
            state: v1::SettingState::Closed.into(),
            ..Default::default()
        };
        assert_eq!(self.imported(setting).await, None);
    }

    /// Why a setting was not imported.
    async fn imported(&self, setting: v1::Setting) -> Option<String> {
        let request = v1::ImportSettingsRequest {
            parent: self.officer.setting.clone(),
            settings: vec![setting],
            request_id: fresh(),
            ..Default::default()
        };
        let answer = self.officer.settings().import_settings(request).await;
        let error = answer.unwrap().into_inner().settings.remove(0).error;
        error.map(|error| error.reason)
    }
}

on_both_engines! {
    async fn a_head_hands_over_and_the_council_ends(exchange) {
        let vendor = exchange.vendor("example-mis").await;
        let of = exchange.primary.clone();
        let head = exchange.person(&of, &[Role::Publisher]).await;
        let made = head.lets(&vendor, Mandate { kinds: &[SectionKind::Send], ..ALL }).await.unwrap();
        let made = made.delegation.unwrap();
        assert_eq!((made.setting.as_str(), made.vendor.as_str()), (of.name.as_str(), vendor.name.as_str()));
        assert_eq!((made.first_day.as_str(), made.last_day.as_str()), ("2026-03-10", "2026-12-31"));
        assert_eq!(made.kinds().collect::<Vec<_>>(), [SectionKind::Send]);
        assert_eq!(head.delegations("").await.unwrap(), std::slice::from_ref(&made));
        assert_eq!(exchange.officer.delegations(&of.name).await.unwrap(), [made]);

        // Nobody else hands over, and nobody for another setting.
        let (key, _) = exchange.key_holder(&of, &[Role::Publisher]).await;
        let client = exchange.client(&vendor, &of).await;
        let senco = exchange.person(&of, &[Role::Senco, Role::Dsl, Role::DataManager]).await;
        let council = exchange.person(&exchange.council(), &[Role::CouncilAdministrator]).await;
        let stranger = exchange.person(&exchange.elsewhere, &[Role::Publisher]).await;
        let posing = stranger.clone().of(&of.name, &stranger.credential);
        for who in [&key, &client, &senco, &council, &posing, &council.clone().of(&of.name, "")] {
            let told = refused(who.lets(&vendor, ALL).await);
            assert_eq!(told.reason, Reason::PermissionDenied, "{}", who.credential);
        }
        for who in [&key, &client, &senco, &stranger] {
            let told = refused(who.delegations(&of.name).await);
            assert_eq!(told.reason, Reason::PermissionDenied, "{}", who.credential);
            let told = refused(who.lets_no_more(&of.name, &vendor).await);
            assert_eq!(told.reason, Reason::PermissionDenied, "{}", who.credential);
        }
        council.lets_no_more(&of.name, &vendor).await.unwrap();
        let listed = head.delegations("").await.unwrap();
        assert!(listed[0].ended && listed.len() == 1);
        let told = refused(head.lets_no_more("", &vendor).await);
        assert_eq!(told.reason, Reason::NotDelegated);
        head.lets(&vendor, ALL).await.unwrap();
        assert!(!head.delegations("").await.unwrap()[0].ended, "given again");
        exchange.holds().await;
    }

    async fn everything_that_is_wrong_is_told_at_once(exchange) {
        let vendor = exchange.vendor("example-mis").await;
        let head = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let before = exchange.size();
        let wrong = v1::AddDelegationRequest {
            parent: head.setting.clone(),
            vendor: "settings/nobody".to_owned(),
            roles: vec![Role::Dsl.into()],
            scopes: vec![],
            kinds: vec![0, SectionKind::ChildProtectionNote.into()],
            first_day: "2026-04-01".to_owned(),
            last_day: "2026-03-31".to_owned(),
            request_id: String::new(),
        };
        let told = refused(head.settings().add_delegation(wrong).await);
        assert_eq!(told.rules(), [
            ("vendor", "resource_name"),
            ("roles", "roles.vendor"),
            ("scopes", "required"),
            ("kinds[0]", "enum.unspecified"),
            ("kinds[1]", "kinds.restricted"),
            ("last_day", "date.order"),
            ("request_id", "request_id.form"),
        ]);
        for (first, last, rule) in [
            ("", "", "required"),
            ("2026-01-01", "2026-03-09", "date.over"),
            ("", "2027-04-10", "lifetime"),
            ("2026-09-01", "2027-10-02", "lifetime"),
        ] {
            let told = refused(head.lets(&vendor, Mandate { first, last, ..ALL }).await);
            assert_eq!(told.rules(), [("last_day", rule)], "{first} to {last}");
        }
        assert_eq!(exchange.size(), before, "none of them reached the ledger");
        // The longest there is.
        head.lets(&vendor, Mandate { last: "2027-04-09", ..ALL }).await.unwrap();
    }

    async fn only_a_vendor_that_is_open_acts_and_it_takes_no_part_of_its_own(exchange) {
        let vendor = exchange.vendor("example-mis").await;
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let nobody = Setting { name: of.name.split("/transitions").next().unwrap().to_owned(), ..vendor.clone() };
        for no in [&exchange.college, &exchange.council(), &nobody, &of.from] {
            assert_eq!(refused(head.lets(no, ALL).await).reason, Reason::NotAVendor, "{no:?}");
        }
        let gone = exchange.vendor("gone-mis").await;
        exchange.closes(&gone).await;
        assert_eq!(refused(head.lets(&gone, ALL).await).reason, Reason::NotAVendor);
        // Neither does it send or look after anything, nor is it anything else.
        let own = exchange.person(&vendor, &[Role::Publisher]).await;
        let plan = v1::PlannedTransition { from: Some(vendor.code.clone()), ..exchange.plan_of(of.point) };
        let planned = own.plan(vec![plan]).await.unwrap().remove(0);
        assert_eq!(planned.error.unwrap().reason, "VENDOR_TAKES_NO_PART");
        let asked = v1::SetCaretakerRequest {
            parent: exchange.officer.setting.clone(),
            setting: exchange.elsewhere.name.clone(),
            caretaker: vendor.name.clone(),
            request_id: fresh(),
            still_open: true,
        };
        let told = refused(exchange.officer.settings().set_caretaker(asked).await);
        assert_eq!(told.reason, Reason::VendorTakesNoPart);
        for (kind, code) in [
            (v1::SettingKind::School, &vendor.code),
            (v1::SettingKind::Vendor, &exchange.elsewhere.code),
        ] {
            let turned = v1::Setting {
                kind: kind.into(),
                display_name: "Turned".to_owned(),
                council: COUNCIL.to_owned(),
                identifiers: vec![code.clone()],
                ..Default::default()
            };
            assert_eq!(exchange.imported(turned).await.as_deref(), Some("NOT_A_VENDOR"));
        }
    }

    async fn a_setting_has_eight_at_a_time(exchange) {
        let head = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let mut vendors = Vec::new();
        for number in 0..9 {
            vendors.push(exchange.vendor(&format!("mis-{number}")).await);
        }
        for vendor in &vendors[..8] {
            head.lets(vendor, ALL).await.unwrap();
        }
        let told = refused(head.lets(&vendors[8], ALL).await);
        assert_eq!(told.reason, Reason::TooManyDelegations);
        head.lets(&vendors[0], Mandate { scopes: &[Scope::Read], ..ALL }).await.expect("it is there");
        head.lets_no_more("", &vendors[3]).await.unwrap();
        head.lets(&vendors[8], ALL).await.unwrap();
    }
}

#[test]
fn what_a_vendor_asks_for_one_setting_leaves_room_for_others() {
    run(async || {
        let few = NonZeroU32::new(1).unwrap();
        let rates = Rates {
            delegated_per_second: few,
            ..generous()
        };
        let exchange = Exchange::limited(Home::sqlite(), rates, Duration::from_secs(30)).await;
        let vendor = exchange.vendor("example-mis").await;
        let of = exchange.open_move().await;
        let mut clients = Vec::new();
        for side in [&of.from, &of.to] {
            let head = exchange.person(side, &[Role::Publisher]).await;
            head.lets(&vendor, ALL).await.unwrap();
            clients.push(exchange.client(&vendor, side).await);
        }
        let mut reasons = Vec::new();
        for _ in 0..40 {
            let asked = clients[0].transition(&of.name).await;
            reasons.extend(asked.err().map(|status| refused::<()>(Err(status)).reason));
        }
        assert!(reasons.contains(&Reason::RateLimited), "{reasons:?}");
        clients[1]
            .list_transitions()
            .await
            .expect("for another setting");
        let person = exchange.person(&of.from, &[Role::Publisher]).await;
        for _ in 0..40 {
            person.transition(&of.name).await.expect("its own people");
        }
        exchange.end().await;
    });
}
