//! Who gives access, to whom, and everything that is wrong with it at once.

use std::num::NonZeroU32;
use std::time::Duration;

use baton_server::Rates;
use baton_wire::status::Reason;
use baton_wire::v1::{self, DecisionBasis, DecisionGiver, Role, SectionKind};

use super::{CHILD, LEARNER, PARENT, Reader};
use crate::harness::*;

const AT_ONCE_MAX: usize = 8;
const KEPT_MAX: usize = 12;

on_both_engines! {
    async fn the_sending_head_or_safeguarding_lead_gives_it_and_nobody_else(exchange) {
        let of = exchange.open_move().await;
        exchange.sent(&of).await;
        let council = exchange.council();
        let (key, _) = exchange.key_holder(&of.from, &[Role::Publisher]).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let parent = exchange.parent(&head, &of.name).await;
        for who in [
            &exchange.person(&of.to, &[Role::Publisher, Role::Dsl, Role::ReceiverLead]).await,
            &exchange.person(&exchange.elsewhere, &[Role::Publisher, Role::Dsl]).await,
            &exchange.person(&council, &[Role::AdmissionsOfficer, Role::CouncilAdministrator]).await,
            &exchange.person(&of.from, &[Role::Senco, Role::DataManager, Role::Contributor]).await,
            &key,
            &parent,
        ] {
            let size = exchange.size();
            let asked = PARENT.asked(who, &of.name, &Papers::new().spki);
            assert_eq!(refused(who.gives(asked).await).reason, Reason::PermissionDenied);
            let line = exchange.one_since(size).await;
            assert_eq!(line.said(), ("family_access_added", "denied"));
            assert_eq!(refused(who.readers(&of.name).await).reason, Reason::PermissionDenied);
            let ends = who.takes_from(&parent, &of.name).await;
            assert_eq!(refused(ends).reason, Reason::PermissionDenied);
        }
        let lead = exchange.person(&of.from, &[Role::Dsl]).await;
        exchange.reader(&lead, &of.name, CHILD).await;
        let all = head.readers(&of.name).await.unwrap();
        let who: Vec<_> = all.iter().map(v1::FamilyAccess::who).collect();
        assert_eq!(all.len(), 2);
        assert!(who.contains(&DecisionGiver::Parent) && who.contains(&DecisionGiver::Learner));
        for one in &all {
            let credential = one.credential.as_ref().unwrap();
            assert_eq!(credential.roles, [i32::from(Role::Person)]);
            assert!(["Parent", "Learner"].contains(&credential.label.as_str()));
        }
        exchange.holds().await;
    }

    async fn the_role_is_given_in_no_other_way(exchange) {
        let of = exchange.open_move().await;
        let papers = Papers::new();
        for roles in [&[Role::Person][..], &[Role::Person, Role::Senco]] {
            let issued = exchange.officer.issue(&of.from.name, roles, &papers.spki, 0).await;
            assert_eq!(refused(issued).reason, Reason::RoleNotGrantable);
        }
    }

    async fn everything_that_is_wrong_is_told_at_once(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let withheld = |kind: SectionKind, by: &str| v1::WithheldSection {
            kind: kind.into(),
            exemption: by.to_owned(),
        };
        let asked = v1::AddFamilyAccessRequest {
            withheld: vec![
                withheld(SectionKind::Send, "crime"),
                withheld(SectionKind::Send, "whim"),
                withheld(SectionKind::Relationships, "rights_of_others"),
                withheld(SectionKind::Unspecified, "crime"),
                withheld(SectionKind::Send, "adoption"),
                withheld(SectionKind::Health, "child_abuse"),
            ],
            certificate_spki_sha256: vec![1; 31].into(),
            label: "two\nlines".to_owned(),
            lifetime_days: 400,
            assessed_on: "yesterday".to_owned(),
            ..LEARNER.asked(&head, &of.name, &[])
        };
        let told = refused(head.gives(asked).await);
        assert_eq!(told.reason, Reason::InvalidRequest);
        let mut fields: Vec<_> = told.violations.iter().map(|one| one.field.as_str()).collect();
        fields.sort_unstable();
        let expected = [
            "assessed_on",
            "certificate_spki_sha256",
            "label",
            "lifetime_days",
            "withheld[1].exemption",
            "withheld[2].kind",
            "withheld[3].kind",
            "withheld[4].kind",
            "withheld[5].exemption",
        ];
        assert_eq!(fields, expected);

        let wrong = Reader {
            who: DecisionGiver::Representative,
            basis: DecisionBasis::OwnDecision,
            ..LEARNER
        };
        let told = refused(head.gives(wrong.asked(&head, &of.name, &[])).await);
        assert_eq!(told.reason, Reason::FamilyAccessUnfit);
        let rules: Vec<_> = told.violations.iter().map(|one| one.rule.as_str()).collect();
        let expected = ["basis.giver", "assessed_on.required", "who.representative_under_16"];
        assert_eq!(rules, expected);
        // Whose birth is not known counts as under 16.
        let told = refused(head.gives(LEARNER.asked(&head, &of.name, &[])).await);
        assert_eq!(told.violations[0].rule, "basis.under_16");
        assert_eq!(head.readers(&of.name).await.unwrap(), []);
        exchange.holds().await;
    }

    async fn a_replay_gives_the_same_access_and_no_key(exchange) {
        let of = exchange.open_move().await;
        exchange.sent(&of).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let asked = PARENT.asked(&head, &of.name, &[]);
        let first = head.gives(asked.clone()).await.unwrap();
        let again = head.gives(asked).await.unwrap();
        assert!(first.api_key.starts_with("baton_test_") && again.api_key.is_empty());
        assert_eq!(first.access, again.access);
        assert_eq!(head.readers(&of.name).await.unwrap().len(), 1);
        let parent = Caller::with_key(&exchange.door, &first.api_key).of(&of.from.name, "");
        assert_eq!(parent.list_transitions().await.unwrap().len(), 1);
    }

    async fn as_many_as_a_family_has_and_no_more(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let mut all = Vec::new();
        for _ in 0..AT_ONCE_MAX {
            all.push(exchange.parent(&head, &of.name).await);
        }
        let more = PARENT.asked(&head, &of.name, &[]);
        let told = refused(head.gives(more).await);
        assert_eq!(told.reason, Reason::TooManyFamilyAccesses);
        head.takes_from(&all[0], &of.name).await.unwrap();
        exchange.parent(&head, &of.name).await;
        // Of another child it counts for nothing.
        let other = exchange.open_move().await;
        exchange.parent(&head, &other.name).await;
        let wrong = head.takes_from(&all[1], &other.name).await;
        assert_eq!(refused(wrong).reason, Reason::PermissionDenied, "of another child");
        assert_eq!(head.readers(&of.name).await.unwrap().len(), AT_ONCE_MAX + 1);
        exchange.holds().await;
    }

    async fn who_had_it_years_ago_keeps_nobody_out(exchange) {
        let of = exchange.open_move().await;
        exchange.sent(&of).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let papers = Papers::new();
        let given = head.gives(PARENT.asked(&head, &of.name, &papers.spki)).await.unwrap();
        let name = given.access.unwrap().credential.unwrap().name;
        let stays = Caller::with_papers(&exchange.door, &papers).of(&of.from.name, &name);
        let mut ended = Vec::new();
        for _ in 0..=KEPT_MAX {
            let one = exchange.parent(&head, &of.name).await;
            head.takes_from(&one, &of.name).await.unwrap();
            ended.push(one);
        }
        let kept = head.readers(&of.name).await.unwrap();
        assert_eq!(kept.len(), KEPT_MAX);
        let names: Vec<_> = kept.iter().map(|one| &one.credential.as_ref().unwrap().name).collect();
        assert!(names.contains(&&stays.credential), "what works is not forgotten");
        assert_eq!(stays.list_transitions().await.unwrap().len(), 1);
        let forgotten = ended.iter().filter(|one| !names.contains(&&one.credential));
        let forgotten: Vec<_> = forgotten.collect();
        assert_eq!(forgotten.len(), 2);
        // Whose certificate is another's is given none, and nobody is forgotten for it.
        let in_use = head.gives(PARENT.asked(&head, &of.name, &papers.spki)).await;
        assert_eq!(refused(in_use).reason, Reason::CertificateInUse);
        assert_eq!(head.readers(&of.name).await.unwrap(), kept);
        for one in forgotten {
            assert_eq!(refused(one.list_transitions().await).reason, Reason::Unauthenticated);
            let again = head.takes_from(one, &of.name).await;
            assert_eq!(refused(again).reason, Reason::PermissionDenied, "it is nobody's");
        }
        head.erase(head.erasure(&of.name)).await.unwrap();
        exchange.holds().await;
    }
}

#[test]
fn what_a_family_asks_leaves_room_for_the_school() {
    run(async || {
        let rate = |number| NonZeroU32::new(number).unwrap();
        let rates = Rates {
            setting_per_second: rate(5),
            family_per_second: rate(1),
            ..generous()
        };
        let exchange = Exchange::limited(Home::sqlite(), rates, Duration::from_secs(30)).await;
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let parent = exchange.parent(&head, &of.name).await;
        let mut reasons = Vec::new();
        for _ in 0..100 {
            let asked = parent.transition(&of.name).await;
            reasons.extend(asked.err().map(|status| refused::<()>(Err(status)).reason));
        }
        assert!(reasons.contains(&Reason::RateLimited), "{reasons:?}");
        head.takes_from(&parent, &of.name)
            .await
            .expect("the school is not slowed down");
        exchange.end().await;
    });
}
