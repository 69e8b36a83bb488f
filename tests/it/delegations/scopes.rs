//! What each scope lets a vendor do, and nobody else by it.

use baton_wire::status::Reason;
use baton_wire::v1::{self, DelegationScope as Scope, Role, SectionKind};

use super::{ALL, Mandate};
use crate::harness::*;

/// What was done of all that was tried, a letter each; the rest was denied.
async fn tried(who: &Caller, exchange: &Exchange, of: &Move, profile: &str) -> String {
    let plan = v1::PlannedTransition {
        offer_date: String::new(),
        acceptance: v1::AcceptanceState::Unspecified.into(),
        ..exchange.plan_of(of.point)
    };
    let said = submission(of, typical(7, of.point));
    let elsewhere = &exchange.elsewhere;
    let planned = who.plan(vec![plan]).await.unwrap().remove(0);
    let answers = [
        ('s', who.transition(&of.name).await.map(drop)),
        ('r', who.get(profile).await.map(drop)),
        ('p', who.publish(said).await.map(drop)),
        (
            'x',
            who.redirect(&of.name, elsewhere, "2026-03-09")
                .await
                .map(drop),
        ),
        ('e', who.erase(who.erasure(&of.name)).await.map(drop)),
        ('w', who.who_saw(&of.name).await.map(drop)),
    ];
    let mut done = String::new();
    for (letter, answer) in answers {
        match answer {
            Ok(()) => done.push(letter),
            refusal => assert_eq!(
                refused(refusal).reason,
                Reason::PermissionDenied,
                "{letter}"
            ),
        }
    }
    match planned.error {
        None => done.push('l'),
        Some(error) => assert_eq!(error.reason, "PERMISSION_DENIED"),
    }
    done
}

on_both_engines! {
    async fn a_vendor_does_what_its_scopes_say_and_others_do_nothing_by_them(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = head.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let vendor = exchange.vendor("example-mis").await;
        let client = exchange.client(&vendor, &of.from).await;
        let other = exchange.vendor("another-mis").await;
        let strange = exchange.client(&other, &of.from).await;
        let got = async |who: &Caller| tried(who, exchange, &of, &profile).await;
        assert_eq!(got(&client).await, "", "before anything was handed over");
        for (scope, letters) in [
            (Scope::Status, "s"),
            (Scope::Read, "r"),
            (Scope::Publish, "p"),
            (Scope::Plan, "l"),
        ] {
            head.lets(&vendor, Mandate { scopes: &[scope], ..ALL }).await.unwrap();
            assert_eq!(got(&client).await, letters, "{scope:?}");
        }
        head.lets(&vendor, ALL).await.unwrap();
        assert_eq!(got(&client).await, "srpl", "all of them");
        // One vendor's is none of another's, nor of the vendor's own or of anybody else's setting.
        assert_eq!(got(&strange).await, "");
        let credential = client.credential.clone();
        for setting in [&vendor, &of.to, &exchange.elsewhere] {
            let elsewhere = client.clone().of(&setting.name, &credential);
            assert_eq!(got(&elsewhere).await, "", "{setting:?}");
        }
        let stranger = exchange.person(&exchange.elsewhere, &[Role::Publisher, Role::Dsl]).await;
        let stranger = stranger.clone().of(&of.from.name, &stranger.credential);
        assert_eq!(got(&stranger).await, "", "a school is no vendor");
        exchange.holds().await;
    }

    async fn a_vendor_is_told_no_more_of_a_move_than_its_scopes_say(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        exchange.sent(&of).await;
        head.hold(&of.name, v1::HoldReason::LegalClaim).await.unwrap();
        assert!(head.transition(&of.name).await.unwrap().legal_hold);
        let vendor = exchange.vendor("example-mis").await;
        let client = exchange.client(&vendor, &of.from).await;
        head.lets(&vendor, ALL).await.unwrap();
        let told = client.transition(&of.name).await.unwrap();
        assert_eq!((told.legal_hold, told.published_count), (false, 1), "a hold is in no scope");
        let plans = Mandate { scopes: &[Scope::Plan], ..ALL };
        head.lets(&vendor, plans).await.unwrap();
        let again = v1::PlannedTransition {
            learner: of.learner.clone(),
            offer_date: String::new(),
            acceptance: v1::AcceptanceState::Unspecified.into(),
            ..exchange.plan_of(of.point)
        };
        let told = client.plan(vec![again]).await.unwrap().remove(0).transition.unwrap();
        assert_eq!((told.name.as_str(), told.published_count), (&*client.mine(&of.name), 0));
        assert_eq!((told.state(), told.kept_until.as_str()), (v1::TransitionState::Planned, ""));
    }

    async fn how_far_moves_are_is_told_to_who_was_handed_nothing_but_that(exchange) {
        let of = exchange.open_move().await;
        exchange.sent(&of).await;
        let head = exchange.person(&of.to, &[Role::Publisher]).await;
        let vendor = exchange.vendor("example-mis").await;
        let client = exchange.client(&vendor, &of.to).await;
        let status = Mandate { scopes: &[Scope::Status], ..ALL };
        head.lets(&vendor, status).await.unwrap();
        let told = client.transition(&of.name).await.unwrap();
        assert_eq!((told.state(), told.published_count), (v1::TransitionState::Published, 1));
        // Who was handed the reading of some kinds counts by those.
        let health = Mandate {
            scopes: &[Scope::Status, Scope::Read],
            kinds: &[SectionKind::EhcPlan],
            ..ALL
        };
        head.lets(&vendor, health).await.unwrap();
        let told = client.transition(&of.name).await.unwrap();
        assert_eq!((told.state(), told.published_count), (v1::TransitionState::Planned, 0));
    }

    async fn its_rights_are_those_both_its_credential_and_the_delegation_have(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.to, &[Role::Publisher]).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let name = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let whole = kinds(&lead.get(&name).await.unwrap());
        let vendor = exchange.vendor("example-mis").await;
        let client = exchange.client(&vendor, &of.to).await;

        // Of its roles those that were given, and of the kinds those that were.
        let lead_only = Mandate { roles: &[Role::ReceiverLead], ..ALL };
        head.lets(&vendor, lead_only).await.unwrap();
        let seen = client.get(&name).await.unwrap();
        assert_eq!(kinds(&seen), whole, "as the lead of the school");
        assert!(seen.content == lead.get(&name).await.unwrap().content);
        let two = [SectionKind::Identity, SectionKind::Attainment];
        head.lets(&vendor, Mandate { kinds: &two, ..lead_only }).await.unwrap();
        assert_eq!(kinds(&client.get(&name).await.unwrap()), ["identity", "attainment"]);
        head.lets(&vendor, Mandate { roles: &[Role::Publisher], ..ALL }).await.unwrap();
        assert_eq!(refused(client.get(&name).await).reason, Reason::PermissionDenied);
        // Of what was given what its credential has.
        head.lets(&vendor, ALL).await.unwrap();
        let weak = exchange.person(&vendor, &[Role::DataManager]).await;
        let weak = weak.clone().of(&of.to.name, &weak.credential);
        let manager = exchange.person(&of.to, &[Role::DataManager]).await;
        let theirs = kinds(&manager.get(&name).await.unwrap());
        assert_eq!(kinds(&weak.get(&name).await.unwrap()), theirs);
        assert_ne!(theirs, whole);
        // It takes over what came, in the setting's name.
        client.acknowledge(&name, 1).await.unwrap();
        let progress = sender.transition(&of.name).await.unwrap();
        assert_eq!(progress.state().as_str_name(), "TRANSITION_STATE_ACCEPTED");
        exchange.holds().await;
    }

    async fn a_contributors_kinds_and_a_leads_rights_are_no_vendors(exchange) {
        let vendor = exchange.vendor("example-mis").await;
        for roles in [
            &[Role::Dsl][..],
            &[Role::Senco],
            &[Role::Contributor],
            &[Role::CouncilAdministrator],
            &[Role::Auditor],
            &[Role::Publisher, Role::Dsl],
        ] {
            let papers = Papers::new();
            let issued = exchange.officer.issue(&vendor.name, roles, &papers.spki, 0).await;
            assert_eq!(refused(issued).reason, Reason::RoleNotOfVendor, "{roles:?}");
        }
    }
}
