//! Each role gets exactly its kinds. The tables are written here a second time, by hand, from the
//! matrix in the design: a change of the policies alone fails.

use baton_wire::status::Reason;
use baton_wire::twin as wire;
use baton_wire::v1::{self, Role};
use prost::Message as _;

use crate::harness::*;

const LOW_AND_MEDIUM: &[&str] = &[
    "identity",
    "setting_context",
    "learning_and_development",
    "attainment",
    "attendance",
    "learner_voice",
    "family_voice",
    "support_strategies",
    "enhanced_transition",
    "local_questions",
];
const HIGH: &[&str] = &[
    "contacts_and_responsibility",
    "characteristics",
    "send",
    "ehc_plan",
    "pastoral_and_behaviour",
    "relationships",
    "health",
    "access_arrangements",
    "destination_and_careers",
    "preparation_for_adulthood",
];
const RESTRICTED: &[&str] = &["family_and_agencies", "child_protection_note"];
const OF_THE_LEAD: &[&str] = &[
    "characteristics",
    "send",
    "pastoral_and_behaviour",
    "relationships",
    "health",
];
const OF_THE_DATA_MANAGER: &[&str] = &[
    "identity",
    "contacts_and_responsibility",
    "attainment",
    "attendance",
    "characteristics",
];

const OF_THE_CAREERS_ADVISER: &[&str] = &["identity", "destination_and_careers"];
const OF_THE_NURSE: &[&str] = &[
    "identity",
    "contacts_and_responsibility",
    "learning_and_development",
    "health",
];

/// As the harness assigns them.
const OF_THE_CONTRIBUTOR: &[&str] = &["send", "health"];

pub(crate) fn receiving(role: Role) -> Vec<&'static [&'static str]> {
    match role {
        Role::ReceiverLead => vec![LOW_AND_MEDIUM, OF_THE_LEAD],
        Role::Senco => vec![LOW_AND_MEDIUM, HIGH],
        Role::Dsl => vec![LOW_AND_MEDIUM, HIGH, RESTRICTED],
        Role::DataManager => vec![OF_THE_DATA_MANAGER],
        Role::SubjectTeacher => vec![&["support_strategies"]],
        Role::CareersAdviser => vec![OF_THE_CAREERS_ADVISER],
        Role::HealthProfessional => vec![OF_THE_NURSE],
        _ => Vec::new(),
    }
}

pub(crate) fn sending(role: Role) -> Vec<&'static [&'static str]> {
    match role {
        Role::Publisher => vec![LOW_AND_MEDIUM, HIGH],
        Role::Contributor => vec![OF_THE_CONTRIBUTOR],
        Role::Dsl => vec![LOW_AND_MEDIUM, HIGH, RESTRICTED],
        Role::DataManager => vec![OF_THE_DATA_MANAGER],
        Role::CareersAdviser => vec![OF_THE_CAREERS_ADVISER],
        Role::HealthProfessional => vec![&["health"]],
        _ => Vec::new(),
    }
}

pub(crate) const ROLES: [Role; 18] = [
    Role::Publisher,
    Role::Contributor,
    Role::ReceiverLead,
    Role::Senco,
    Role::Dsl,
    Role::DataManager,
    Role::SubjectTeacher,
    Role::CareersAdviser,
    Role::HealthProfessional,
    Role::AdultServiceWorker,
    Role::CouncilAdministrator,
    Role::AdmissionsOfficer,
    Role::TransitionOfficer,
    Role::EarlyYearsAdviser,
    Role::VirtualSchoolOfficer,
    Role::SendCaseworker,
    Role::Auditor,
    Role::Operator,
];

fn sorted<'a>(names: impl IntoIterator<Item = &'a &'static str>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().map(|name| (*name).to_owned()).collect();
    names.sort();
    names
}

/// Profiles with every section: the ordinary one and that of class R; their names.
async fn everything_published(exchange: &Exchange, of: &Move) -> [String; 2] {
    let sender = exchange
        .person(&of.from, &[Role::Publisher, Role::Dsl])
        .await;
    let mut names = [String::new(), String::new()];
    for (name, part) in names.iter_mut().zip(apart(&complete(5, &of.learner))) {
        let publish = frame(&sender, &of.name, part);
        let published: wire::PublishProfileResponse =
            twin(&sender, "ProfileService/PublishProfile", &publish)
                .await
                .unwrap();
        *name = published.name;
    }
    names
}

/// Reads as every role of a setting and compares with a table.
async fn each_role_reads(
    exchange: &Exchange,
    (of, profiles): (&Setting, &[String; 2]),
    table: impl Fn(Role) -> Vec<&'static [&'static str]>,
) {
    for (role, apart) in ROLES
        .iter()
        .flat_map(|role| [(*role, false), (*role, true)])
    {
        let person = exchange.person(of, &[role]).await;
        let profile = &profiles[usize::from(apart)];
        let expected = table(role).into_iter().flatten();
        let expected = sorted(expected.filter(|kind| RESTRICTED.contains(kind) == apart));
        let before = exchange.size();
        let answer = person.get(profile).await;
        if expected.is_empty() {
            assert_eq!(refused(answer).reason, Reason::PermissionDenied, "{role:?}");
            let entry = exchange.one_since(before).await;
            assert_eq!(entry.said(), ("fetched", "denied"), "{role:?}");
            continue;
        }
        let read = answer.unwrap_or_else(|status| panic!("{role:?} is refused: {status:?}"));
        let mut shown = kinds(&read);
        shown.sort();
        assert_eq!(shown, expected, "{role:?} of {}", of.code.value);
        let content = cut(&read.content.unwrap().encode_to_vec().into());
        assert_eq!(
            content.keys().copied().collect::<Vec<_>>(),
            numbers(&read.kinds),
            "{role:?} is given what it is named, and nothing else"
        );
        let entry = exchange.one_since(before).await;
        assert_eq!(entry.said(), ("fetched", "done"), "{role:?}");
        let bits: i64 = read.kinds.iter().map(|kind| 1_i64 << kind).sum();
        assert_eq!(
            entry.get("detail/kinds"),
            Some(&baton_domain::log::Json::Int(bits)),
            "the entry of {role:?} names exactly what left"
        );
    }
}

on_both_engines! {
    async fn at_the_receiver_each_role_reads_exactly_its_kinds(exchange) {
        let of = exchange.open_move().await;
        let profiles = everything_published(exchange, &of).await;
        each_role_reads(exchange, (&of.to, &profiles), receiving).await;
    }

    async fn at_the_sender_each_role_reads_exactly_its_kinds(exchange) {
        let of = exchange.open_move().await;
        let profiles = everything_published(exchange, &of).await;
        each_role_reads(exchange, (&of.from, &profiles), sending).await;
    }

    async fn elsewhere_and_at_the_council_no_role_reads_anything(exchange) {
        let of = exchange.open_move().await;
        let profiles = everything_published(exchange, &of).await;
        each_role_reads(exchange, (&exchange.elsewhere, &profiles), |_| Vec::new()).await;
        let council = Setting { name: exchange.officer.setting.clone(), ..of.to.clone() };
        each_role_reads(exchange, (&council, &profiles), |_| Vec::new()).await;
    }

    async fn who_loads_offers_for_the_council_learns_no_progress_by_it(exchange) {
        let of = exchange.open_move().await;
        let [profile, _] = everything_published(exchange, &of).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        receiver.get(&profile).await.unwrap();
        receiver.acknowledge(&profile, 1).await.unwrap();
        let council = Setting { name: exchange.officer.setting.clone(), ..of.to.clone() };
        let both = [Role::AdmissionsOfficer, Role::TransitionOfficer];
        for (roles, state) in [
            (&both[..1], v1::TransitionState::Planned),
            (&both[..], v1::TransitionState::Accepted),
        ] {
            let officer = exchange.person(&council, roles).await;
            let request = v1::RedirectTransitionRequest {
                parent: officer.setting.clone(),
                name: officer.mine(&of.name),
                to: Some(of.to.code.clone()),
                request_id: fresh(),
                ..Default::default()
            };
            let told = officer.transitions().redirect_transition(request).await.unwrap();
            let told = told.into_inner().transition.unwrap();
            assert_eq!(told.state(), state, "{roles:?}");
            assert_eq!(told.kept_until.is_empty(), roles.len() == 1);
            assert_eq!(officer.transition(&of.name).await.is_ok(), roles.len() == 2);
        }
    }

    async fn several_roles_of_one_person_give_the_union(exchange) {
        let of = exchange.open_move().await;
        let [profile, _] = everything_published(exchange, &of).await;
        let both = exchange.person(&of.to, &[Role::ReceiverLead, Role::DataManager]).await;
        let mut shown = kinds(&both.get(&profile).await.unwrap());
        shown.sort();
        let mut expected = sorted([LOW_AND_MEDIUM, OF_THE_LEAD, OF_THE_DATA_MANAGER].concat().iter());
        expected.dedup();
        assert_eq!(shown, expected);
    }

    async fn a_section_asked_for_by_a_role_that_may_not_see_it_looks_like_none(exchange) {
        let of = exchange.open_move().await;
        let [profile, _] = everything_published(exchange, &of).await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let family = [v1::SectionKind::FamilyAndAgencies];
        let hidden = refused(lead.get_only(&profile, &family).await);
        let id = baton_domain::ids::ProfileId::from_bytes([9; 16]);
        let nobodys = format!("{}/profiles/{id}", lead.setting);
        let absent = refused(lead.get_only(&nobodys, &family).await);
        assert_eq!(hidden, absent, "absent and forbidden look the same");
        let one = lead.get_only(&profile, &[v1::SectionKind::Send]).await.unwrap();
        assert_eq!(kinds(&one), ["send"]);
    }

    async fn a_publisher_without_the_safeguarding_role_publishes_nothing_restricted(exchange) {
        let of = exchange.open_move().await;
        let publisher = exchange.person(&of.from, &[Role::Publisher]).await;
        let before = exchange.size();
        let [_, restricted] = apart(&complete(6, &of.learner));
        let publish = frame(&publisher, &of.name, restricted);
        let answer: Answer<wire::PublishProfileResponse> =
            twin(&publisher, "ProfileService/PublishProfile", &publish).await;
        assert_eq!(refused(answer).reason, Reason::PermissionDenied);
        let entry = exchange.one_since(before).await;
        assert_eq!(entry.said(), ("published", "denied"));
    }

    async fn what_says_more_than_a_role_needs_is_not_shown(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let name = head.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        for (role, level) in [
            (Role::ReceiverLead, v1::Level::Universal),
            (Role::SubjectTeacher, v1::Level::Unspecified),
        ] {
            let reader = exchange.person(&of.to, &[role]).await;
            assert_eq!(reader.get(&name).await.unwrap().level(), level, "{role:?}");
        }
        head.hold(&of.name, v1::HoldReason::Investigation).await.unwrap();
        head.restrict(&of.name).await.unwrap();
        for (role, told) in [
            (Role::Publisher, true),
            (Role::Dsl, true),
            (Role::Senco, false),
            (Role::Contributor, false),
            (Role::DataManager, false),
        ] {
            let who = exchange.person(&of.from, &[role]).await;
            let shown = who.transition(&of.name).await.unwrap();
            assert_eq!((shown.legal_hold, shown.restricted), (told, told), "{role:?}");
        }
    }

    async fn a_released_note_is_seen_by_the_senco_too(exchange) {
        let of = exchange.open_move().await;
        let [_, profile] = everything_published(exchange, &of).await;
        let senco = exchange.person(&of.to, &[Role::Senco]).await;
        let lead = exchange.person(&of.to, &[Role::Dsl]).await;
        let note = async |who: &Caller, profile: &str| {
            who.get(profile).await.is_ok_and(|profile| {
                assert_eq!(kinds(&profile), ["child_protection_note"], "and nothing else of class R");
                true
            })
        };
        assert!(!note(&senco, &profile).await);
        let fact = v1::TransitionFact::ChildProtectionNoteReleased;
        assert_eq!(refused(senco.record(&of.name, fact).await).reason, Reason::PermissionDenied);
        let (sending, own_senco) = (
            exchange.person(&of.from, &[Role::Dsl]).await,
            exchange.person(&of.from, &[Role::Senco]).await,
        );
        sending.record(&of.name, fact).await.unwrap();
        assert!(note(&own_senco, &profile).await, "the sending DSL released it there");
        assert!(!note(&senco, &profile).await, "and at no other setting");
        lead.record(&of.name, fact).await.unwrap();
        assert!(note(&senco, &profile).await, "after the own DSL released it");

        let of = exchange.open_move().await;
        let [_, profile] = everything_published(exchange, &of).await;
        let lead = exchange.person(&of.to, &[Role::Dsl]).await;
        lead.record(&of.name, fact).await.unwrap();
        let own_senco = exchange.person(&of.from, &[Role::Senco]).await;
        assert!(!note(&own_senco, &profile).await, "nor the other way round");
    }
}
