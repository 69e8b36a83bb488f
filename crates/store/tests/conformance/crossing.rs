//! A profile crosses from one setting to the next.

use std::time::Duration;

use baton_domain::access::Role;
use baton_domain::act::{
    Acknowledge, Fact, Lease, Offer, Plan, Publish, Pull, RecordFact, Redirect, Reject,
    ShowTransition, Withdraw,
};
use baton_domain::ids::ProfileId;
use baton_domain::route::Route;
use baton_domain::section::{KindSet, SectionKind};
use baton_store::{Progress, PulledWhat, Refusal};
use jiff::civil::date;

use crate::engine::on_both_engines;
use crate::values::{at, code, local, section, upn};
use crate::world::World;

const KINDS: [SectionKind; 3] = [
    SectionKind::Identity,
    SectionKind::Send,
    SectionKind::SupportStrategies,
];

/// What does not come within this does not come.
async fn within<T>(arrival: impl Future<Output = T>) -> T {
    let arrived = tokio::time::timeout(Duration::from_secs(20), arrival).await;
    arrived.expect("it did not come")
}

on_both_engines! {
    async fn a_publish_crosses_and_every_step_shows_in_its_progress(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let subscription = world.subscription(&receiver).await;
        let transition = world.open_move(1).await;
        assert_eq!(world.summary(&sender, &transition).await.progress, Progress::Planned);

        let published = world.published(&sender, world.publish(&transition, &KINDS, "A")).await;
        assert_eq!((published.value.version, published.value.changed), (1, true));
        assert_eq!(world.summary(&sender, &transition).await.progress, Progress::Published);

        let pulled = world.pull(&receiver, &subscription, 0).await.unwrap().value;
        let [item] = pulled.items.as_slice() else { panic!("{pulled:?}") };
        assert_eq!(item.position, published.receipt.unwrap().position);
        let PulledWhat::Profile(shown) = &item.what else { panic!("{item:?}") };
        assert_eq!(shown.profile, published.value.profile);
        assert_eq!(shown.kinds, KindSet::of(&KINDS));
        assert!(shown.sections.is_empty(), "named, not given");
        assert_eq!(world.summary(&sender, &transition).await.progress, Progress::Delivered);

        let fetched = world.fetch(&receiver, &published.value.profile).await.unwrap();
        let given: Vec<_> = fetched.sections.iter().map(|s| (s.kind, s.bytes.clone())).collect();
        let expected: Vec<_> = KINDS.iter().map(|kind| (*kind, section(*kind, "A"))).collect();
        let sorted = |mut sections: Vec<_>| { sections.sort(); sections };
        assert_eq!(sorted(given), sorted(expected), "the bytes that were sent");
        assert_eq!(fetched.signatory, "signed by A");
        assert_eq!(world.summary(&sender, &transition).await.progress, Progress::Opened);

        let request = world.request();
        let accept = Acknowledge { profile: fetched.profile, version: 1, request };
        world.ledger.act(&receiver, accept).await.unwrap();
        assert_eq!(world.summary(&sender, &transition).await.progress, Progress::Accepted);
    }

    async fn an_inline_pull_gives_the_sections_and_counts_as_opened(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let subscription = world.subscription(&receiver).await;
        let mut transitions = Vec::new();
        for learner in 0..3 {
            let transition = world.open_move(learner).await;
            let marker = format!("learner {learner}");
            world.published(&sender, world.publish(&transition, &KINDS, &marker)).await;
            transitions.push(transition);
        }
        let act = Pull { subscription, from: 0.into(), limit: 2, inline: true, lease: Lease::Break };
        let first = world.ledger.act(&receiver, act.clone()).await.unwrap().value;
        assert_eq!(first.items.len(), 2, "no more than was asked for");
        let act = Pull { from: first.next, ..act };
        let second = world.ledger.act(&receiver, act).await.unwrap().value;
        assert_eq!(second.next, (world.size() - 1).into(), "up to the entry of the turn itself");
        let items = first.items.iter().chain(&second.items);
        for (learner, item) in items.enumerate() {
            let PulledWhat::Profile(shown) = &item.what else { panic!("{item:?}") };
            assert_eq!(shown.transition, transitions[learner]);
            let given: Vec<_> = shown.sections.iter().map(|s| s.bytes.clone()).collect();
            let marker = format!("learner {learner}");
            assert_eq!(given, KINDS.map(|kind| section(kind, &marker)));
            let progress = world.summary(&sender, &shown.transition).await.progress;
            assert_eq!(progress, Progress::Opened);
        }
    }

    async fn a_turn_with_content_holds_three_mebibytes_and_a_profile_of_as_much_comes_alone(home) {
        const MIB: usize = 1024 * 1024;
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let subscription = world.subscription(&receiver).await;
        for (learner, size) in (0..).zip([MIB, MIB, 2 * MIB, 3 * MIB - 1024, MIB, MIB]) {
            let transition = world.open_move(learner).await;
            let long = "x".repeat(size);
            world.published(&sender, world.publish(&transition, &KINDS[..1], &long)).await;
        }
        let mut act = Pull { subscription, from: 0.into(), limit: 64, inline: true, lease: Lease::Break };
        let mut turns = Vec::new();
        loop {
            let pulled = world.ledger.act(&receiver, act.clone()).await.unwrap().value;
            if pulled.items.is_empty() {
                break;
            }
            turns.push(pulled.items.len());
            act.from = pulled.next;
        }
        assert_eq!(turns, [2, 1, 1, 2]);
        let names = Pull { from: 0.into(), inline: false, ..act };
        let all = world.ledger.act(&receiver, names).await.unwrap().value;
        assert_eq!(all.items.len(), 6, "without content there is room");
    }

    async fn what_is_published_before_the_window_arrives_when_the_clock_opens_it(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.nursery.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.primary.id, &[Role::ReceiverLead]).await;
        let subscription = world.subscription(&receiver).await;
        let plan = Plan {
            from: code("ofsted-ey:EY100001"),
            to: Some(code("gias:100002")),
            route: Route::find("ey-reception").unwrap(),
            offer: Offer { date: Some(date(2026, 4, 1)), accepted: None },
            ..world.plan(local("acorn-1"))
        };
        let transition = world.planned(&world.officer, plan).await.unwrap().transition.id;
        let kinds = [SectionKind::Identity, SectionKind::LearningAndDevelopment];
        let published = world.published(&sender, world.publish(&transition, &kinds, "acorn")).await;
        let nothing = world.pull(&receiver, &subscription, 0).await.unwrap();
        assert_eq!((nothing.value.items.len(), nothing.receipt), (0, None));
        let early = world.fetch(&receiver, &published.value.profile).await;
        assert_eq!(early, Err(Refusal::Denied), "not even by its name");

        // Offers of reception classes come out on 16 April, a Thursday in 2026; a minute before
        // midnight in London it is still the 15th, and in Greenwich too late by an hour.
        world.hand.send(at("2026-04-15T22:59:00Z")).unwrap();
        let nothing = world.pull(&receiver, &subscription, 0).await.unwrap().value;
        assert!(nothing.items.is_empty());
        world.hand.send(at("2026-04-15T23:00:00Z")).unwrap();
        let arrived = world.arrival(&receiver, &subscription, nothing.next).await;
        let [item] = arrived.items.as_slice() else { panic!("{arrived:?}") };
        assert!(item.position >= nothing.next.position, "the resumed position gets it");
        assert!(matches!(&item.what, PulledWhat::Profile(shown) if shown.kinds == KindSet::of(&kinds)));
        let released = &world.entries(item.position).await[0];
        assert_eq!((released.kind(), released.verdict()), ("released", "done"));
        assert_eq!(released.get("caller"), None, "the service itself");
        assert_eq!(released.text("detail/to/0"), world.primary.id.as_str());
    }

    async fn an_offer_loaded_late_releases_what_waited(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let subscription = world.subscription(&receiver).await;
        let plan = world.plan(upn(1));
        let offer = plan.offer;
        let no_offer = Plan { offer: Offer::default(), ..plan.clone() };
        let transition = world.planned(&sender, no_offer).await.unwrap().transition.id;
        world.published(&sender, world.publish(&transition, &KINDS, "A")).await;
        let nothing = world.pull(&receiver, &subscription, 0).await.unwrap().value;
        assert!(nothing.items.is_empty());
        let plan = Plan { offer, request: world.request(), ..plan };
        assert!(world.planned(&world.officer, plan).await.unwrap().changed);
        let arrived = world.arrival(&receiver, &subscription, nothing.next).await;
        assert_eq!(arrived.items.len(), 1);
    }

    async fn a_redirect_closes_the_old_receiver_and_opens_the_new_one(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let old = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let new = world.caller(&world.academy.id, &[Role::Senco]).await;
        let (old_feed, new_feed) = (world.subscription(&old).await, world.subscription(&new).await);
        let transition = world.open_move(1).await;
        let published = world.published(&sender, world.publish(&transition, &KINDS, "A")).await;
        let profile = published.value.profile;
        let seen = world.pull(&old, &old_feed, 0).await.unwrap().value;
        assert_eq!(seen.items.len(), 1);
        assert!(world.pull(&new, &new_feed, 0).await.unwrap().value.items.is_empty());

        let act = Redirect {
            transition: transition.clone(),
            to: Some(code("gias:100004")),
            offer: Offer { date: Some(date(2026, 3, 9)), accepted: Some(true) },
            request: world.request(),
        };
        let redirected = world.ledger.act(&world.officer, act).await.unwrap().value;
        assert_eq!(redirected.transition.to, Some(world.academy.id.clone()));
        assert_eq!(world.fetch(&old, &profile).await, Err(Refusal::Denied), "at once");
        let closed = world.arrival(&old, &old_feed, seen.next).await;
        assert!(matches!(&closed.items[0].what, PulledWhat::Closed(of) if *of == profile));
        let again = world.pull(&old, &old_feed, 0).await.unwrap().value;
        assert_eq!(again.items[0].what, PulledWhat::NotAvailable, "what it had seen is gone too");
        let arrived = world.arrival(&new, &new_feed, 0).await;
        assert!(matches!(&arrived.items[0].what, PulledWhat::Profile(_)));
        assert_eq!(world.fetch(&new, &profile).await.unwrap().sections.len(), KINDS.len());
        let says = Acknowledge { profile: profile.clone(), version: 1, request: world.request() };
        world.ledger.act(&old, says).await.expect("the old receiver says what became of its copy");

        // And back again: the first one has it before it a second time.
        let act = Redirect {
            transition,
            to: Some(code("gias:100003")),
            offer: Offer { date: Some(date(2026, 3, 10)), accepted: Some(true) },
            request: world.request(),
        };
        world.ledger.act(&world.officer, act).await.unwrap();
        let back = world.arrival(&old, &old_feed, closed.next).await;
        assert!(matches!(&back.items[0].what, PulledWhat::Profile(_)));
        assert_eq!(world.fetch(&new, &profile).await, Err(Refusal::Denied));
    }

    async fn who_was_never_told_of_a_learner_is_no_former_receiver(home) {
        let world = World::new(home).await;
        let old = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let transition = world.open_move(1).await;
        let (to, offer) = (None, Offer::default());
        let act = Redirect { transition: transition.clone(), to, offer, request: world.request() };
        world.ledger.act(&world.officer, act).await.unwrap();
        let shown = world.ledger.act(&old, ShowTransition { transition }).await;
        assert_eq!(shown.map(|done| done.value), Err(Refusal::Denied));
    }

    async fn a_withdrawn_profile_is_gone_at_once_and_comes_back_as_the_next_version(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let subscription = world.subscription(&receiver).await;
        let transition = world.open_move(1).await;
        let published = world.published(&sender, world.publish(&transition, &KINDS, "A")).await;
        let profile = published.value.profile;
        let seen = world.pull(&receiver, &subscription, 0).await.unwrap().value;

        let act = Withdraw { profile: profile.clone(), request: world.request() };
        let foreign = world.ledger.act(&receiver, act.clone()).await;
        assert_eq!(foreign.map(|done| done.value), Err(Refusal::Denied));
        world.ledger.act(&sender, act).await.unwrap();
        assert_eq!(world.fetch(&receiver, &profile).await, Err(Refusal::Denied));
        let closed = world.pull(&receiver, &subscription, seen.next).await.unwrap().value;
        assert!(matches!(&closed.items[0].what, PulledWhat::Closed(of) if *of == profile));
        assert_eq!(world.summary(&sender, &transition).await.progress, Progress::Withdrawn);
        let twice = Withdraw { profile: profile.clone(), request: world.request() };
        let twice = world.ledger.act(&sender, twice).await.map(|done| done.value);
        assert_eq!(twice, Err(Refusal::Failed("WITHDRAWN_ALREADY")));

        let again = world.published(&sender, world.publish(&transition, &KINDS, "A")).await.value;
        assert_eq!((again.profile, again.version, again.changed), (profile.clone(), 2, true));
        let back = world.pull(&receiver, &subscription, closed.next).await.unwrap().value;
        assert!(matches!(&back.items[0].what, PulledWhat::Profile(shown) if shown.version == 2));
        assert_eq!(world.fetch(&receiver, &profile).await.unwrap().version, 2);
    }

    async fn what_was_not_available_when_it_was_pulled_comes_again_when_it_is(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let subscription = world.subscription(&receiver).await;
        let transition = world.open_move(1).await;
        let accept = |accepted| Redirect {
            transition: transition.clone(),
            to: Some(code("gias:100003")),
            offer: Offer { date: None, accepted: Some(accepted) },
            request: world.request(),
        };
        world.published(&sender, world.publish(&transition, &KINDS, "A")).await;
        world.ledger.act(&world.officer, accept(false)).await.unwrap();
        let hidden = world.pull(&receiver, &subscription, 0).await.unwrap().value;
        assert_eq!(hidden.items[0].what, PulledWhat::NotAvailable);
        world.ledger.act(&world.officer, accept(true)).await.unwrap();
        let back = within(world.arrival(&receiver, &subscription, hidden.next)).await;
        assert!(matches!(&back.items[0].what, PulledWhat::Profile(_)), "{back:?}");

        // Hidden again, and then the move goes elsewhere: what it was once shown is closed.
        world.ledger.act(&world.officer, accept(false)).await.unwrap();
        let hidden = world.pull(&receiver, &subscription, 0).await.unwrap().value;
        let redirect = Redirect { to: Some(code("gias:100004")), ..accept(true) };
        world.ledger.act(&world.officer, redirect).await.unwrap();
        let closed = within(world.arrival(&receiver, &subscription, hidden.next)).await;
        assert!(matches!(&closed.items[0].what, PulledWhat::Closed(_)), "{closed:?}");
    }

    async fn an_enrolment_taken_back_opens_the_learners_other_moves(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.secondary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.college.id, &[Role::Senco]).await;
        let subscription = world.subscription(&receiver).await;
        let plan = |route, to| Plan {
            from: code("gias:100003"),
            to: Some(code(to)),
            route: Route::find(route).unwrap(),
            ..world.plan(upn(1))
        };
        let planned = async |plan| world.planned(&world.officer, plan).await.unwrap().transition.id;
        let enrolled = planned(plan("in-year", "gias:100004")).await;
        let waiting = planned(plan("y11-post16", "ukprn:10000005")).await;
        let (transition, fact) = (enrolled.clone(), Fact::Enrolled);
        let act = RecordFact { transition, fact, request: world.request() };
        world.ledger.act(&world.officer, act).await.unwrap();
        world.published(&sender, world.publish(&waiting, &KINDS, "A")).await;
        let nothing = world.pull(&receiver, &subscription, 0).await.unwrap().value;
        assert!(nothing.items.is_empty(), "enrolled elsewhere");
        let (to, offer) = (None, Offer::default());
        let act = Redirect { transition: enrolled, to, offer, request: world.request() };
        world.ledger.act(&world.officer, act).await.unwrap();
        let arrived = within(world.arrival(&receiver, &subscription, nothing.next)).await;
        assert!(matches!(&arrived.items[0].what, PulledWhat::Profile(_)), "{arrived:?}");
    }

    async fn every_contribution_a_redirect_closes_is_told_once_whatever_the_page(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let subscription = world.subscription(&receiver).await;
        let transition = world.open_move(1).await;
        let first = world.published(&sender, world.publish(&transition, &KINDS, "A")).await.value;
        // Contributions of others to the same move, as caseworkers will make them.
        let others = [1, 2].map(|number| ProfileId::from_bytes([number; 16]));
        for other in &others {
            let (setting, other) = (&world.officer.acting, other.as_str());
            home.tamper(&format!(
                "INSERT INTO profile SELECT '{other}', transition_id, '{setting}', apart, version, \
                 state, level, kinds, content_id, sections, bytes, position, published_us \
                 FROM profile WHERE id = '{0}'; \
                 INSERT INTO released SELECT '{other}', setting_id, position, peers, short \
                 FROM released WHERE profile_id = '{0}';",
                first.profile
            )).await;
        }
        let seen = world.pull(&receiver, &subscription, 0).await.unwrap().value;
        let (to, offer) = (Some(code("gias:100004")), Offer::default());
        let act = Redirect { transition, to, offer, request: world.request() };
        let closed_at = world.ledger.act(&sender, act).await.unwrap().receipt.unwrap().position;
        let mut expected = [&others[..], &[first.profile]].concat();
        expected.sort();
        for limit in [1, 2, 3, 64] {
            let (mut from, mut closed) = (seen.next, Vec::new());
            loop {
                let subscription = subscription.clone();
                let act = Pull { subscription, from, limit, inline: true, lease: Lease::Break };
                let turn = world.ledger.act(&receiver, act).await.unwrap().value;
                if turn.items.is_empty() {
                    break;
                }
                assert!(turn.items.len() <= limit);
                from = turn.next;
                closed.extend(turn.items.into_iter().map(|item| match item.what {
                    PulledWhat::Closed(of) => { assert_eq!(item.position, closed_at); of }
                    other => panic!("{other:?}"),
                }));
            }
            assert_eq!(closed, expected, "pages of {limit}");
        }
    }

    async fn publishing_what_stands_already_makes_an_entry_and_no_version(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let subscription = world.subscription(&receiver).await;
        let transition = world.open_move(1).await;
        world.published(&sender, world.publish(&transition, &KINDS, "A")).await;
        let seen = world.pull(&receiver, &subscription, 0).await.unwrap().value;
        let mut same = world.publish(&transition, &KINDS, "A");
        same.sections.reverse();
        let content = home.count("SELECT count(*) FROM content").await;
        let unchanged = world.published(&sender, same).await;
        assert_eq!((unchanged.value.version, unchanged.value.changed), (1, false));
        let entry = &world.entries(unchanged.receipt.unwrap().position).await[0];
        assert_eq!((entry.kind(), entry.verdict()), ("unchanged", "done"));
        let more = world.pull(&receiver, &subscription, seen.next).await.unwrap().value;
        assert!(more.items.is_empty(), "no feed item");
        assert_eq!(home.count("SELECT count(*) FROM content").await, content, "nothing is kept");
        assert_eq!(home.count("SELECT count(*) FROM version").await, 1);
    }

    async fn a_version_that_is_not_the_current_one_cannot_be_answered(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
        let transition = world.open_move(1).await;
        world.published(&sender, world.publish(&transition, &KINDS, "A")).await;
        let second = world.published(&sender, world.publish(&transition, &KINDS, "B")).await.value;
        let reject = |version| Reject {
            profile: second.profile.clone(),
            version,
            reason: 2,
            request: world.request(),
        };
        let old = world.ledger.act(&receiver, reject(1)).await.map(|done| done.value);
        assert_eq!(old, Err(Refusal::Failed("VERSION_CHANGED")));
        world.ledger.act(&receiver, reject(2)).await.unwrap();
        assert_eq!(world.summary(&sender, &transition).await.progress, Progress::Rejected);
    }

    async fn a_publish_of_nothing_or_of_a_kind_twice_is_refused(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let transition = world.open_move(1).await;
        let nothing = world.publish(&transition, &[], "A");
        let nothing = world.ledger.act(&sender, nothing).await.map(|done| done.value);
        assert_eq!(nothing, Err(Refusal::Denied), "nobody has the right to publish nothing");
        let mut twice = world.publish(&transition, &KINDS, "A");
        twice.sections.push((SectionKind::Send, section(SectionKind::Send, "B")));
        let twice = world.ledger.act(&sender, twice).await.map(|done| done.value);
        assert_eq!(twice, Err(Refusal::Failed("SECTION_TWICE")));
        assert_eq!(home.count("SELECT count(*) FROM content").await, 0, "nothing is kept");
    }

    async fn a_profile_is_released_to_an_adult_service_by_the_young_person(home) {
        let world = World::new(home).await;
        let roles = [Role::Publisher, Role::Dsl];
        let sender = world.caller(&world.college.id, &roles).await;
        let receiver = world.caller(&world.adult_care.id, &[Role::ReceiverLead]).await;
        let subscription = world.subscription(&receiver).await;
        let plan = Plan {
            from: code("ukprn:10000005"),
            to: Some(code("baton-local:adult-care")),
            route: Route::find("post16-adult-social-care").unwrap(),
            offer: Offer::default(),
            ..world.plan(upn(9))
        };
        let transition = world.planned(&sender, plan).await.unwrap().transition.id;
        let kinds = [SectionKind::Identity, SectionKind::SupportStrategies, SectionKind::EhcPlan];
        let born = Some(date(2007, 5, 1));
        let publish = Publish { born, ..world.publish(&transition, &kinds, "A") };
        world.published(&sender, publish).await;
        assert!(world.pull(&receiver, &subscription, 0).await.unwrap().value.items.is_empty());
        let release =
            RecordFact { transition, fact: Fact::PersonReleased, request: world.request() };
        world.ledger.act(&sender, release).await.unwrap();
        let arrived = world.arrival(&receiver, &subscription, 0).await;
        let PulledWhat::Profile(shown) = &arrived.items[0].what else { panic!("{arrived:?}") };
        let without_plan = KindSet::of(&kinds[..2]);
        assert_eq!(shown.kinds, without_plan, "an EHC plan does not go to adult services");
    }
}
