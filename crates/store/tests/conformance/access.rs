//! Who sees what. The table is the default matrix of design §6, written down a second time.

use baton_domain::access::Role;
use baton_domain::act::{Fetch, ListTransitions, Offer, Plan, Pull};
use baton_domain::section::{Class, KindSet, SectionKind};
use baton_store::{PulledWhat, Refusal, SettingView};

use crate::engine::on_both_engines;
use crate::values::{publishable, upn, year};
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

/// What a role at the destination sees of a whole profile.
fn at_destination(role: Role) -> KindSet {
    let of =
        |sees: &dyn Fn(&SectionKind) -> bool| publishable(true).into_iter().filter(sees).collect();
    match role {
        Role::ReceiverLead => of(&|k| k.class() <= Class::M || BY_LEADS_THOUGH_HIGH.contains(k)),
        Role::Senco => of(&|k| k.class() <= Class::H),
        Role::Dsl => of(&|_| true),
        Role::DataManager => KindSet::of(&BY_DATA_MANAGERS),
        _ => KindSet::EMPTY,
    }
}

/// What a role sees of its own setting's contribution.
fn at_source(role: Role) -> KindSet {
    match role {
        Role::Publisher => publishable(false).into_iter().collect(),
        Role::Dsl => publishable(true).into_iter().collect(),
        Role::DataManager => KindSet::of(&BY_DATA_MANAGERS),
        _ => KindSet::EMPTY,
    }
}

on_both_engines! {
    async fn each_role_gets_exactly_its_kinds_and_nobody_elses(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher, Role::Dsl]).await;
        let transition = world.open_move(1).await;
        let whole = world.publish(&transition, &publishable(true), "A");
        let profile = world.published(&sender, whole).await.value.profile;
        let council = SettingView { id: world.officer.acting.clone(), ..world.primary.clone() };
        let nothing = |_| KindSet::EMPTY;
        let sides: [(&SettingView, &dyn Fn(Role) -> KindSet); 4] = [
            (&world.secondary, &at_destination),
            (&world.primary, &at_source),
            (&world.academy, &nothing),
            (&council, &nothing),
        ];
        for (setting, expected) in sides {
            for role in Role::ALL.iter().copied() {
                // The sweeper is no caller, and which kinds are assigned to a contributor is not
                // recorded yet.
                if matches!(role, Role::Sweeper | Role::Contributor) {
                    continue;
                }
                let caller = world.caller(&setting.id, &[role]).await;
                let expected = expected(role);
                match world.fetch(&caller, &profile).await {
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

    async fn a_pull_gives_each_role_what_a_fetch_would(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher, Role::Dsl]).await;
        let transition = world.open_move(1).await;
        world.published(&sender, world.publish(&transition, &publishable(true), "A")).await;
        for role in [Role::ReceiverLead, Role::Senco, Role::Dsl, Role::DataManager] {
            let caller = world.caller(&world.secondary.id, &[role]).await;
            let subscription = world.subscription(&caller).await;
            let act = Pull { subscription, from: 0, limit: 64, inline: true };
            let pulled = world.ledger.act(&caller, act).await.unwrap().value;
            let PulledWhat::Profile(shown) = &pulled.items[0].what else { panic!("{pulled:?}") };
            let given: KindSet = shown.sections.iter().map(|s| s.kind).collect();
            assert_eq!((given, shown.kinds), (at_destination(role), at_destination(role)));
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
