//! Who goes where: said by the sender and by the council, never by the receiver.

use baton_domain::access::Role;
use baton_domain::act::{Offer, Plan, Redirect, ShowTransition};
use baton_domain::ids::LearnerIdentifier;
use baton_domain::opening::Window;
use baton_domain::route::{Route, SettingKind};
use baton_store::Refusal;
use jiff::civil::date;

use crate::engine::on_both_engines;
use crate::values::{code, local, setting, upn};
use crate::world::World;

on_both_engines! {
    async fn a_plan_is_new_then_unchanged_then_changed(home) {
        let world = World::new(home).await;
        let plan = world.plan(upn(1));
        let new = world.planned(&world.officer, plan.clone()).await.unwrap();
        assert!(new.changed);
        assert_eq!(new.transition.window, Window::Open);
        assert_eq!(new.transition.learner, vec![upn(1)]);
        let again = Plan { request: world.request(), ..plan.clone() };
        let same = world.planned(&world.officer, again).await.unwrap();
        assert!(!same.changed);
        assert_eq!(same.transition, new.transition);
        let to = Some(code("gias:100004"));
        let other = Plan { to, request: world.request(), ..plan };
        let other = world.planned(&world.officer, other).await.unwrap();
        assert!(other.changed);
        assert_eq!(other.transition.id, new.transition.id);
        assert_eq!(other.transition.to, Some(world.academy.id.clone()));
    }

    async fn sender_and_council_plan_and_the_receiver_never(home) {
        let world = World::new(home).await;
        for (setting, roles, allowed) in [
            (&world.primary, Role::Publisher, true),
            (&world.primary, Role::DataManager, true),
            (&world.primary, Role::Senco, false),
            (&world.secondary, Role::Publisher, false),
            (&world.academy, Role::Publisher, false),
        ] {
            let caller = world.caller(&setting.id, &[roles]).await;
            let plan = world.plan(upn(world.number()));
            let answer = world.planned(&caller, plan).await;
            assert_eq!(answer.is_ok(), allowed, "{roles:?} of {}", setting.name);
            if !allowed {
                assert_eq!(answer, Err(Refusal::Denied));
            }
        }
    }

    async fn another_council_plans_nothing(home) {
        let world = World::new(home).await;
        let draft = setting(SettingKind::Council, "Havering", &["baton-local:havering"]);
        let other = world.import(baton_domain::act::SettingDraft { council: "311".into(), ..draft });
        let officer = world.caller(&other.await.id, &[Role::AdmissionsOfficer]).await;
        let answer = world.planned(&officer, world.plan(upn(1))).await;
        assert_eq!(answer, Err(Refusal::Denied));
    }

    async fn what_a_plan_leaves_unsaid_stays(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::DataManager]).await;
        let loaded = world.planned(&world.officer, world.plan(upn(1))).await.unwrap().transition;
        let vague = Plan { to: None, offer: Offer::default(), ..world.plan(upn(1)) };
        let again = world.planned(&sender, vague).await.unwrap();
        assert!(!again.changed);
        assert_eq!(again.transition, loaded);
    }

    async fn a_data_manager_cannot_move_a_child_elsewhere_by_planning_again(home) {
        let world = World::new(home).await;
        let manager = world.caller(&world.primary.id, &[Role::DataManager]).await;
        let head = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let plan = Plan { offer: Offer::default(), ..world.plan(upn(1)) };
        world.planned(&manager, plan.clone()).await.unwrap();
        let to = Some(code("gias:100004"));
        let elsewhere = Plan { to, request: world.request(), ..plan };
        let refused = world.planned(&manager, elsewhere.clone()).await;
        assert_eq!(refused, Err(Refusal::Denied));
        assert!(world.planned(&head, elsewhere).await.unwrap().changed);
    }

    async fn what_the_council_recorded_of_an_offer_the_sender_may_only_repeat(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let offer = Offer { date: Some(date(2026, 3, 2)), accepted: Some(false) };
        let declined = Plan { offer, ..world.plan(upn(1)) };
        let planned = world.planned(&world.officer, declined.clone()).await.unwrap().transition;
        assert_eq!(planned.window, Window::Closed);
        let repeated = Plan { request: world.request(), ..declined };
        assert!(!world.planned(&sender, repeated).await.unwrap().changed);
        let accepted = world.planned(&sender, world.plan(upn(1))).await;
        assert_eq!(accepted, Err(Refusal::Denied));
        let round_about = Redirect {
            transition: planned.id,
            to: Some(code("gias:100004")),
            offer: Offer { accepted: Some(true), ..offer },
            request: world.request(),
        };
        let round_about = world.ledger.act(&sender, round_about).await;
        assert_eq!(round_about.map(|done| done.value), Err(Refusal::Denied));
    }

    async fn no_other_route_leads_the_sender_round_what_the_council_loaded(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let in_year = |upn| Plan {
            route: Route::find("in-year").unwrap(),
            offer: Offer::default(),
            start_date: Some(date(2026, 4, 20)),
            ..world.plan(upn)
        };
        let day = Some(date(2026, 3, 2));
        let loaded = [
            Offer { date: day, accepted: Some(false) },
            Offer { date: day, accepted: None },
            Offer { date: None, accepted: Some(false) },
        ];
        for (learner, offer) in (1..).zip(loaded) {
            let plan = Plan { offer, ..world.plan(upn(learner)) };
            let planned = world.planned(&world.officer, plan).await.unwrap().transition;
            assert_eq!(world.planned(&sender, in_year(upn(learner))).await, Err(Refusal::Denied));
            let show = ShowTransition { transition: planned.id };
            let shown = world.ledger.act(&world.officer, show).await.unwrap().value;
            assert_eq!((shown.route, shown.window), (planned.route, planned.window));
            let by_the_council = world.planned(&world.officer, in_year(upn(learner))).await;
            assert_eq!(by_the_council.unwrap().transition.window, Window::Open);
        }
        // What nobody but the sender has said anything about is the sender's.
        let own = Plan { offer: Offer::default(), ..world.plan(upn(9)) };
        world.planned(&sender, own).await.unwrap();
        assert!(world.planned(&sender, in_year(upn(9))).await.unwrap().changed);
    }

    async fn who_may_only_plan_does_not_name_again_what_was_taken_away_or_loaded(home) {
        let world = World::new(home).await;
        let clerk = world.caller(&world.primary.id, &[Role::DataManager]).await;
        let head = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let own = |learner| Plan { offer: Offer::default(), ..world.plan(upn(learner)) };
        let nowhere = |learner| Plan { to: None, ..own(learner) };

        let planned = world.planned(&head, own(1)).await.unwrap().transition;
        let (to, offer, request) = (None, Offer::default(), world.request());
        let away = Redirect { transition: planned.id, to, offer, request };
        world.ledger.act(&head, away).await.unwrap();
        assert_eq!(world.planned(&clerk, own(1)).await, Err(Refusal::Denied));
        assert!(world.planned(&clerk, nowhere(1)).await.is_ok(), "without a destination it may");
        assert!(world.planned(&head, own(1)).await.unwrap().changed);

        let offer = Offer { date: Some(date(2026, 3, 2)), accepted: Some(true) };
        world.planned(&world.officer, Plan { offer, ..nowhere(2) }).await.unwrap();
        assert_eq!(world.planned(&clerk, own(2)).await, Err(Refusal::Denied));

        world.planned(&clerk, nowhere(3)).await.unwrap();
        assert!(world.planned(&clerk, own(3)).await.unwrap().changed, "the first time it may");
    }

    async fn an_agreed_start_is_no_agreement_with_the_next_school(home) {
        let world = World::new(home).await;
        let plan = Plan {
            route: Route::find("in-year").unwrap(),
            offer: Offer::default(),
            start_date: Some(date(2026, 4, 20)),
            ..world.plan(upn(1))
        };
        let planned = world.planned(&world.officer, plan).await.unwrap().transition;
        assert_eq!(planned.window, Window::Open);
        let act = Redirect {
            transition: planned.id,
            to: Some(code("gias:100004")),
            offer: Offer::default(),
            request: world.request(),
        };
        let redirected = world.ledger.act(&world.officer, act).await.unwrap().value;
        assert_eq!(redirected.transition.window, Window::NotOpen);
    }

    async fn an_answer_tells_nothing_of_what_another_sender_knows(home) {
        let world = World::new(home).await;
        let nhs = LearnerIdentifier::parse("nhs", "9434765919").unwrap();
        let first = Plan { learner: vec![upn(1), nhs], ..world.plan(upn(1)) };
        let first = world.planned(&world.officer, first).await.unwrap().transition;
        assert_eq!(first.learner.len(), 2);

        let nursery = world.caller(&world.nursery.id, &[Role::Publisher]).await;
        let own = Plan { from: code("ofsted-ey:EY100001"), ..world.plan(upn(1)) };
        let own = Plan { to: Some(code("gias:100002")), ..own };
        let own = Plan { route: Route::find("ey-reception").unwrap(), ..own };
        let second = world.planned(&nursery, own).await.unwrap();
        assert!(second.changed);
        assert_eq!(second.transition.learner, vec![upn(1)], "only what it brought itself");
        let foreign = world.ledger.act(&nursery, ShowTransition { transition: first.id }).await;
        assert_eq!(foreign.map(|done| done.value), Err(Refusal::Denied));
    }

    async fn a_learner_is_found_again_by_any_identifier_but_a_former_upn(home) {
        let world = World::new(home).await;
        let LearnerIdentifier::Upn(past) = upn(7) else { unreachable!() };
        let former = LearnerIdentifier::FormerUpn(past);
        let learner = vec![upn(1), local("17"), former.clone()];
        let plan = Plan { learner, ..world.plan(upn(1)) };
        let planned = world.planned(&world.officer, plan).await.unwrap().transition;
        assert!(!planned.learner.contains(&former), "it is not kept");
        let found = world.planned(&world.officer, world.plan(local("17"))).await.unwrap();
        assert_eq!(found.transition.id, planned.id);
        let other = world.planned(&world.officer, world.plan(upn(7))).await.unwrap();
        assert_ne!(other.transition.id, planned.id);
        let nobody = world.planned(&world.officer, world.plan(former)).await;
        assert_eq!(nobody, Err(Refusal::Failed("NO_IDENTIFIER")));
    }

    async fn a_destination_must_be_known_and_of_the_route(home) {
        let world = World::new(home).await;
        let unknown = Plan { to: Some(code("gias:199999")), ..world.plan(upn(1)) };
        let unknown = world.planned(&world.officer, unknown).await;
        assert_eq!(unknown, Err(Refusal::Failed("UNKNOWN_SETTING")));
        let nursery = Plan { to: Some(code("ofsted-ey:EY100001")), ..world.plan(upn(1)) };
        let nursery = world.planned(&world.officer, nursery).await;
        assert_eq!(nursery, Err(Refusal::Failed("DESTINATION_NOT_OF_ROUTE")));
        let nowhere = Plan { from: code("gias:199999"), ..world.plan(upn(1)) };
        assert_eq!(world.planned(&world.officer, nowhere).await, Err(Refusal::Denied));
    }
}
