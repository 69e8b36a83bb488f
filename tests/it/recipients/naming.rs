//! Who may name whom, and every problem of it at once.

use baton_wire::status::Reason;
use baton_wire::v1::{self, RecipientPurpose, Role, SectionKind};

use super::{CONSULTED, dual, further, restricted};
use crate::harness::*;

const RESTRICTED: &[SectionKind] = &[
    SectionKind::FamilyAndAgencies,
    SectionKind::ChildProtectionNote,
];
const PART: &[SectionKind] = &[SectionKind::Identity];

fn support(kinds: &[SectionKind]) -> super::Named<'_> {
    further(RecipientPurpose::SendSupport, kinds)
}

on_both_engines! {
    async fn each_may_name_what_is_theirs_to_share(exchange) {
        let of = exchange.open_move().await;
        let council = exchange.council();
        let third = &exchange.college;
        let person = async |of: &Setting, role| exchange.person(of, &[role]).await;
        let publisher = person(&of.from, Role::Publisher).await;
        let lead = person(&of.from, Role::Dsl).await;
        let admissions = person(&council, Role::AdmissionsOfficer).await;
        let others = [
            person(&of.from, Role::Contributor).await,
            person(&of.from, Role::Senco).await,
            person(&of.from, Role::DataManager).await,
            person(&of.to, Role::Publisher).await,
            person(&of.to, Role::ReceiverLead).await,
            person(&of.to, Role::Dsl).await,
            person(third, Role::Dsl).await,
            person(&council, Role::TransitionOfficer).await,
            person(&council, Role::CouncilAdministrator).await,
            person(&council, Role::VirtualSchoolOfficer).await,
            person(&council, Role::SendCaseworker).await,
        ];
        let two = dual("2026-03-10", "2026-07-31");
        let safeguarding = further(RecipientPurpose::Safeguarding, RESTRICTED);
        for (who, named, may) in [
            (&publisher, support(PART), true),
            (&publisher, safeguarding, false),
            (&publisher, support(&[SectionKind::Identity, SectionKind::ChildProtectionNote]), false),
            (&lead, safeguarding, true),
            (&admissions, support(PART), false),
            (&lead, two, false),
            (&admissions, dual("2026-03-10", "2026-07-31"), true),
        ] {
            // A college is no school of this route, so a second school is another one.
            let to = if named.kinds.is_empty() { &exchange.academy } else { third };
            let before = exchange.size();
            let answer = who.names(&of.name, to, named).await;
            assert_eq!(answer.is_ok(), may, "{:?}", named.purpose);
            let verdict = if may { "done" } else { "denied" };
            assert_eq!(exchange.one_since(before).await.said(), ("recipient_added", verdict));
        }
        let nobodys = format!(
            "{}/transitions/{}",
            publisher.setting,
            baton_domain::ids::TransitionId::from_bytes([9; 16])
        );
        let absent = refused(publisher.names(&nobodys, third, support(PART)).await);
        for who in &others {
            for named in [support(PART), two, CONSULTED] {
                let answer = who.names(&of.name, third, named).await;
                assert_eq!(refused(answer), absent, "absent and forbidden look the same");
            }
            let answer = who.lets_go(&of.name, third).await;
            assert_eq!(refused(answer).reason, Reason::PermissionDenied);
            let answer = who.plan_council(&of.name, &council).await;
            assert_eq!(refused(answer).reason, Reason::PermissionDenied);
        }
        admissions.lets_go(&of.name, &exchange.academy).await.expect("the council ends what it named");
    }

    async fn every_problem_is_told_at_once(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let asked = v1::AddRecipientRequest {
            kinds: vec![1, 99],
            first_day: "2026-03-10".to_owned(),
            last_day: "2026-03-08".to_owned(),
            ..dual("", "").asked(&sender, &of.name, &of.to)
        };
        let asked = v1::AddRecipientRequest { purpose: RecipientPurpose::LookedAfter.into(), ..asked };
        let told = refused(sender.transitions().add_recipient(asked).await);
        let rules = [
            ("kinds[1]", "enum.unknown"), ("kinds", "kinds.relation"),
            ("purpose", "purpose.relation"), ("last_day", "date.order"), ("last_day", "date.over"),
        ];
        assert_eq!(told.rules(), rules);
        let told = refused(sender.names(&of.name, &of.to, dual("", "")).await);
        assert_eq!(told.rules(), [("first_day", "required"), ("last_day", "required")]);
        let told = refused(sender.names(&of.name, &of.to, support(&[])).await);
        assert_eq!(told.rules(), [("kinds", "required")]);
        let nothing = v1::AddRecipientRequest {
            parent: sender.setting.clone(), ..Default::default()
        };
        let told = refused(sender.transitions().add_recipient(nothing).await);
        let fields = told.rules();
        let fields: Vec<&str> = fields.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["name", "setting.scheme", "relation", "purpose", "request_id"]);

        let unfit = async |to: &Setting, named| {
            let told = refused(sender.names(&of.name, to, named).await);
            assert_eq!(told.reason, Reason::RecipientUnfit);
            let rules = told.rules().into_iter();
            rules.map(|(field, rule)| format!("{field} {rule}")).collect::<Vec<_>>()
        };
        assert_eq!(unfit(&of.to, support(PART)).await, ["setting setting.destination"]);
        assert_eq!(unfit(&of.from, support(PART)).await, ["setting setting.source"]);
        let college = ["setting setting.route", "relation relation.route"];
        assert_eq!(unfit(&exchange.college, CONSULTED).await, college);
        let mut nobody = of.to.clone();
        nobody.code.value = "199999".to_owned();
        assert_eq!(unfit(&nobody, support(PART)).await, ["setting setting.unknown"]);
        let not_named = refused(sender.lets_go(&of.name, &exchange.college).await);
        assert_eq!(not_named.rules(), [("setting", "setting.not_named")]);
        let no_council = refused(sender.plan_council(&of.name, &exchange.college).await);
        assert_eq!(no_council.rules(), [("council", "setting.council")]);
        let itself = refused(
            exchange.officer.names(&of.name, &exchange.council(), dual("2026-03-10", "2026-07-31")).await,
        );
        assert_eq!(itself.rules(), [("setting", "setting.itself"), ("setting", "setting.route")]);
    }

    async fn a_move_has_twelve_recipients_and_no_more(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        for number in 0..12 {
            let name = format!("service-{number}");
            let service = exchange.another(v1::SettingKind::HealthService, &name).await;
            sender.names(&of.name, &service, support(PART)).await.unwrap();
        }
        let told = refused(sender.names(&of.name, &exchange.college, support(PART)).await);
        assert_eq!(told.rules(), [("setting", "recipients.count")]);
        let shown = sender.transition(&of.name).await.unwrap();
        assert_eq!(shown.recipients.len(), 12);
    }

    async fn a_request_id_names_once(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let asked = support(PART).asked(&sender, &of.name, &exchange.college);
        let first = sender.transitions().add_recipient(asked.clone()).await.unwrap().into_inner();
        sender.lets_go(&of.name, &exchange.college).await.unwrap();
        let again = sender.transitions().add_recipient(asked.clone()).await.unwrap().into_inner();
        let (first, again) = (first.receipt.unwrap(), again.receipt.unwrap());
        assert_eq!((first.position, true), (again.position, again.replayed));
        assert_eq!(sender.transition(&of.name).await.unwrap().recipients, []);
        let other = v1::AddRecipientRequest { kinds: vec![1, 8], ..asked };
        let told = refused(sender.transitions().add_recipient(other).await);
        assert_eq!(told.reason, Reason::RequestIdConflict);
    }

    async fn who_has_what_is_kept_apart_is_in_no_warning_that_others_read_of(exchange) {
        let of = exchange.open_move().await;
        let service = exchange.another(v1::SettingKind::Council, "social-care").await;
        let publisher = exchange.person(&of.from, &[Role::Publisher]).await;
        let lead = exchange.person(&of.from, &[Role::Publisher, Role::Dsl]).await;
        exchange.sent(&of).await;
        lead.publish(submission(&of, restricted())).await.unwrap();
        let safeguarding = further(RecipientPurpose::Safeguarding, RESTRICTED);
        lead.names(&of.name, &service, safeguarding).await.unwrap();
        let size = exchange.size();
        exchange.hand.send_replace(at("2026-12-03T00:30:00Z"));
        exchange.entered("expiry_announced", size, 2).await;
        let warned = async |who: &Caller| {
            let saw = who.who_saw(&of.name).await.unwrap();
            let warnings = saw.into_iter().filter(|one| one.act == "expiry_announced");
            let to = warnings.flat_map(|one| one.concerned);
            to.map(|one| one.setting).collect::<std::collections::BTreeSet<_>>()
        };
        assert!(warned(&lead).await.contains(&service.name));
        assert_eq!(warned(&publisher).await, [of.to.name.clone()].into());
        exchange.holds().await;
    }

    async fn what_a_safeguarding_lead_shared_nobody_else_sees_or_takes_along(exchange) {
        let of = exchange.open_move().await;
        let service = exchange.another(v1::SettingKind::Council, "social-care").await;
        let publisher = exchange.person(&of.from, &[Role::Publisher]).await;
        let lead = exchange.person(&of.from, &[Role::Dsl]).await;
        let there = exchange.person(&service, &[Role::Dsl]).await;
        let published = lead.publish(submission(&of, restricted())).await.unwrap();
        let before = publisher.transition(&of.name).await.unwrap();
        let safeguarding = further(RecipientPurpose::Safeguarding, RESTRICTED);
        lead.names(&of.name, &service, safeguarding).await.unwrap();
        assert_eq!(kinds(&there.get(&published.name).await.unwrap()).len(), 2);
        let one = |told: &v1::Transition| {
            let [one] = told.recipients.as_slice() else { panic!("{:?}", told.recipients) };
            (one.kinds.len(), one.purpose())
        };
        let known = lead.transition(&of.name).await.unwrap();
        assert_eq!(one(&known), (2, RecipientPurpose::Safeguarding));
        assert_eq!(publisher.transition(&of.name).await.unwrap(), before, "as if there were none");
        let council = exchange.officer.transition(&of.name).await.unwrap();
        assert_eq!(council.recipients, []);
        let told = refused(publisher.lets_go(&of.name, &service).await);
        assert_eq!(told.rules(), [("setting", "setting.not_named")]);

        let named = publisher.names(&of.name, &service, support(PART)).await.unwrap();
        assert_eq!(one(&named.transition.unwrap()), (1, RecipientPurpose::SendSupport));
        assert_eq!(kinds(&there.get(&published.name).await.unwrap()).len(), 2, "that stays");
        assert_eq!(one(&lead.transition(&of.name).await.unwrap()).0, 3);
        let officer = exchange.officer.transition(&of.name).await.unwrap();
        assert_eq!(one(&officer), (0, RecipientPurpose::Unspecified), "that there is one, no more");
    }

    async fn a_caretaker_ends_and_names_nobody(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.names(&of.name, &exchange.college, support(PART)).await.unwrap();
        let lead = exchange.person(&of.from, &[Role::Dsl]).await;
        let safeguarding = further(RecipientPurpose::Safeguarding, RESTRICTED);
        lead.names(&of.name, &exchange.academy, safeguarding).await.unwrap();
        let request = v1::SetCaretakerRequest {
            parent: exchange.officer.setting.clone(),
            setting: of.from.name.clone(),
            caretaker: exchange.elsewhere.name.clone(),
            request_id: fresh(),
            still_open: true,
        };
        exchange.officer.settings().set_caretaker(request).await.unwrap();
        let carer = exchange.person(&exchange.elsewhere, &[Role::Publisher]).await;
        let lead = exchange.person(&exchange.elsewhere, &[Role::Dsl]).await;
        assert_eq!(lead.transition(&of.name).await.unwrap().recipients.len(), 2);
        lead.lets_go(&of.name, &exchange.academy).await.expect("what a DSL shared, a DSL ends");
        let answer = carer.names(&of.name, &exchange.academy, support(PART)).await;
        assert_eq!(refused(answer).reason, Reason::PermissionDenied);
        assert_eq!(carer.transition(&of.name).await.unwrap().recipients.len(), 1);
        let left = carer.lets_go(&of.name, &exchange.college).await.unwrap();
        assert_eq!(left.transition.unwrap().recipients, []);
        let closed = exchange.officer.names(&of.name, &of.from, dual("2026-03-10", "2026-07-31")).await;
        assert_eq!(refused(closed).rules(), [("setting", "setting.closed"), ("setting", "setting.source")]);
    }
}
