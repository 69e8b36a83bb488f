//! Who sees what. The table is the default matrix of design §6, written down a second time.

use baton_domain::access::Role;
use baton_domain::act::{Fetch, Lease, ListCredentials, ListTransitions, Offer, Plan, Pull};
use baton_domain::log::Json;
use baton_domain::section::{Class, KindSet, SectionKind};
use baton_store::{PulledWhat, Refusal, SettingView};

use crate::engine::on_both_engines;
use crate::values::{ASSIGNED, grantable, publishable, restricted, upn, year};
use crate::world::World;

const BY_DATA_MANAGERS: [SectionKind; 5] = [
    SectionKind::Identity,
    SectionKind::ContactsAndResponsibility,
    SectionKind::Attainment,
    SectionKind::Attendance,
    SectionKind::Characteristics,
];
const BY_LEADS_THOUGH_HIGH: [SectionKind; 5] = [
    SectionKind::Characteristics,
    SectionKind::Send,
    SectionKind::Health,
    SectionKind::PastoralAndBehaviour,
    SectionKind::Relationships,
];

const BY_CAREERS_ADVISERS: [SectionKind; 2] =
    [SectionKind::Identity, SectionKind::DestinationAndCareers];
const BY_NURSES: [SectionKind; 4] = [
    SectionKind::Identity,
    SectionKind::ContactsAndResponsibility,
    SectionKind::LearningAndDevelopment,
    SectionKind::Health,
];

/// What a role at the destination sees of a whole profile.
fn at_destination(role: Role) -> KindSet {
    let of =
        |sees: &dyn Fn(&SectionKind) -> bool| publishable(true).into_iter().filter(sees).collect();
    match role {
        Role::ReceiverLead => of(&|k| k.class() <= Class::M || BY_LEADS_THOUGH_HIGH.contains(k)),
        Role::Senco => of(&|k| k.class() <= Class::H),
        Role::Dsl => of(&|_| true),
        Role::DataManager => KindSet::of(&BY_DATA_MANAGERS),
        Role::SubjectTeacher => KindSet::of(&[SectionKind::SupportStrategies]),
        Role::CareersAdviser => KindSet::of(&BY_CAREERS_ADVISERS),
        Role::HealthProfessional => KindSet::of(&BY_NURSES),
        _ => KindSet::EMPTY,
    }
}

/// What a role sees of its own setting's contribution.
fn at_source(role: Role) -> KindSet {
    match role {
        Role::Publisher => publishable(false).into_iter().collect(),
        Role::Contributor => KindSet::of(&ASSIGNED),
        Role::Dsl => publishable(true).into_iter().collect(),
        Role::DataManager => KindSet::of(&BY_DATA_MANAGERS),
        Role::CareersAdviser => KindSet::of(&BY_CAREERS_ADVISERS),
        Role::HealthProfessional => KindSet::of(&[SectionKind::Health]),
        _ => KindSet::EMPTY,
    }
}

on_both_engines! {
    async fn each_role_gets_exactly_its_kinds_and_nobody_elses(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher, Role::Dsl]).await;
        let transition = world.open_move(1).await;
        let mut contributions = Vec::new();
        for kinds in [publishable(false), restricted()] {
            let part = world.publish(&transition, &kinds, "A");
            let profile = world.published(&sender, part).await.value.profile;
            contributions.push((profile, kinds.into_iter().collect::<KindSet>()));
        }
        assert_ne!(contributions[0].0, contributions[1].0, "class R is a contribution of its own");
        let council = SettingView { id: world.officer.acting.clone(), ..world.primary.clone() };
        let nothing = |_| KindSet::EMPTY;
        let sides: [(&SettingView, &dyn Fn(Role) -> KindSet); 4] = [
            (&world.secondary, &at_destination),
            (&world.primary, &at_source),
            (&world.academy, &nothing),
            (&council, &nothing),
        ];
        for (setting, expected) in sides {
            for role in grantable() {
                let caller = world.caller(&setting.id, &[role]).await;
                for (profile, kinds) in &contributions {
                    let expected = expected(role).intersection(*kinds);
                    match world.fetch(&caller, profile).await {
                        Ok(fetched) => {
                            let given: KindSet = fetched.sections.iter().map(|s| s.kind).collect();
                            assert_eq!(given, expected, "{role:?} of {}", setting.name);
                            assert_eq!(fetched.kinds, expected, "{role:?} of {}", setting.name);
                        }
                        Err(refusal) => {
                            assert_eq!(refusal, Refusal::Denied);
                            assert!(expected.is_empty(), "{role:?} of {}", setting.name);
                        }
                    }
                }
            }
        }
    }

    async fn a_contributor_publishes_the_kinds_it_is_assigned_and_no_other(home) {
        let world = World::new(home).await;
        let key_person = world.caller(&world.primary.id, &[Role::Contributor]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let transition = world.open_move(1).await;
        for kind in publishable(true) {
            let before = world.size();
            let publish = world.publish(&transition, &[kind], "A");
            let answer = world.ledger.act(&key_person, publish).await;
            assert_eq!(answer.is_ok(), ASSIGNED.contains(&kind), "{kind}: {answer:?}");
            let entry = &world.entries(before).await[0];
            let verdict = if answer.is_ok() { "done" } else { "denied" };
            assert_eq!((entry.kind(), entry.verdict()), ("published", verdict), "{kind}");
        }
        // One of its own beside one that is not: nothing of it stands.
        let mixed = world.publish(&transition, &[SectionKind::Send, SectionKind::Identity], "B");
        let answer = world.ledger.act(&key_person, mixed).await.map(|done| done.value);
        assert_eq!(answer, Err(Refusal::Denied));
        let both = world.publish(&transition, &ASSIGNED, "C");
        let profile = world.published(&key_person, both).await.value.profile;
        let read = world.fetch(&receiver, &profile).await.unwrap();
        assert_eq!(read.kinds, KindSet::of(&ASSIGNED));
    }

    async fn what_a_contributor_is_assigned_is_shown_entered_and_folded(home) {
        let world = World::new(home).await;
        let before = world.size();
        let key_person = world.caller(&world.primary.id, &[Role::Contributor]).await;
        let entry = &world.entries(before).await[0];
        assert_eq!(entry.kind(), "credential_issued");
        let kinds = ASSIGNED.map(|kind| Json::from(kind.name()));
        assert_eq!(entry.array("detail/kinds"), kinds);
        let list = ListCredentials { setting: world.primary.id.clone() };
        let shown = world.ledger.act(&world.officer, list).await.unwrap().value;
        let own = shown.iter().find(|c| c.id == key_person.credential).unwrap();
        assert_eq!(own.kinds, KindSet::of(&ASSIGNED));
        assert_eq!(world.access_rows(500).await, world.fold().await);
        // Whoever assigns itself more behind the ledger's back is found.
        home.tamper("UPDATE credential SET kinds = kinds | 2 WHERE kinds <> 0").await;
        assert_ne!(world.access_rows(500).await, world.fold().await);
    }

    async fn a_pull_gives_each_role_what_a_fetch_would(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher, Role::Dsl]).await;
        let transition = world.open_move(1).await;
        world.published(&sender, world.publish(&transition, &restricted(), "R")).await;
        world.published(&sender, world.publish(&transition, &publishable(false), "A")).await;
        for role in [Role::ReceiverLead, Role::Senco, Role::Dsl, Role::DataManager] {
            let caller = world.caller(&world.secondary.id, &[role]).await;
            let subscription = world.subscription(&caller).await;
            let act = Pull { subscription, from: 0.into(), limit: 64, inline: true, lease: Lease::Break };
            let pulled = world.ledger.act(&caller, act).await.unwrap().value;
            let mut all = KindSet::EMPTY;
            for item in &pulled.items {
                let PulledWhat::Profile(shown) = &item.what else { panic!("{pulled:?}") };
                let given: KindSet = shown.sections.iter().map(|s| s.kind).collect();
                assert_eq!(given, shown.kinds);
                all = all.union(given);
            }
            assert_eq!(all, at_destination(role));
            let items = if role == Role::Dsl { 2 } else { 1 };
            assert_eq!(pulled.items.len(), items, "what is of class R has not arrived for {role:?}");
        }
    }

    async fn asking_for_a_kind_one_may_not_see_is_like_asking_for_one_that_is_not_there(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher, Role::Dsl]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::DataManager]).await;
        let transition = world.open_move(1).await;
        let kinds = [SectionKind::Identity, SectionKind::Health];
        let profile = world.published(&sender, world.publish(&transition, &kinds, "A")).await;
        for kind in [SectionKind::Health, SectionKind::Send] {
            let act = Fetch { profile: profile.value.profile.clone(), kinds: KindSet::of(&[kind]) };
            let answer = world.ledger.act(&receiver, act).await.map(|done| done.value);
            assert_eq!(answer, Err(Refusal::Denied), "{kind}");
        }
    }

    async fn before_its_window_a_receiver_is_told_of_no_move_not_even_by_a_next_page(home) {
        let world = World::new(home).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        for learner in 0..5 {
            let plan = Plan { offer: Offer::default(), ..world.plan(upn(learner)) };
            world.planned(&world.officer, plan).await.unwrap();
        }
        let list = |limit| ListTransitions {
            after: None,
            limit,
            point: None,
            academic_year: Some(year()),
            no_destination: false,
        };
        let page = world.ledger.act(&receiver, list(2)).await.unwrap().value;
        assert_eq!((page.transitions, page.next), (Vec::new(), None));

        let council = world.ledger.act(&world.officer, list(2)).await.unwrap().value;
        assert_eq!(council.transitions.len(), 2);
        let rest = ListTransitions { after: council.next, ..list(64) };
        let rest = world.ledger.act(&world.officer, rest).await.unwrap().value;
        assert_eq!((rest.transitions.len(), rest.next), (3, None));
        assert_eq!(rest.transitions[0].learner.len(), 1, "the council knows who it is");

        let open = world.open_move(9).await;
        let page = world.ledger.act(&receiver, list(2)).await.unwrap().value;
        let [shown] = page.transitions.as_slice() else { panic!("{page:?}") };
        assert_eq!((&shown.id, shown.learner.len(), page.next), (&open, 0, None));
    }
}
