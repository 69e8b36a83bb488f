//! A profile crosses from one setting to the next.

use std::collections::BTreeMap;

use baton_wire::status::Reason;
use baton_wire::twin as wire;
use baton_wire::v1::{self, Point, Role, TransitionState};
use prost::Message as _;

use crate::harness::*;

/// After all offer days of 2026.
const LATE_APRIL: &str = "2026-04-20T12:00:00Z";

/// Plans, publishes, pulls, reads and acknowledges, and looks at the progress after each step.
async fn crosses(exchange: &Exchange, point: Point) {
    exchange.hand.send_replace(at(LATE_APRIL));
    let of = exchange.planned(point).await;
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    let receiver = exchange.person(&of.to, &[Role::Senco]).await;
    let subscription = receiver.subscribe().await.unwrap();
    let state = async || sender.transition(&of.name).await.unwrap().state();
    assert_eq!(state().await, TransitionState::Planned);

    let said = submission(&of, typical(7, point));
    let sent = said.content.clone().unwrap();
    let published = sender.publish(said).await.unwrap();
    assert_eq!((published.version, published.changed), (1, true));
    if point == Point::Post16ToAdult {
        // Nothing goes to an adult service before the young person says so.
        let early = receiver.pull(&subscription, "").await.unwrap();
        assert_eq!(early.items, [], "before the release");
        sender
            .record(&of.name, v1::TransitionFact::PersonReleased)
            .await
            .unwrap();
    }
    assert_eq!(state().await, TransitionState::Published);

    let pulled = receiver.await_item(&subscription, "").await.unwrap();
    let shown = the_profile(&pulled.items);
    assert_eq!(
        (shown.version, shown.content.as_ref()),
        (1, None),
        "named, not given"
    );
    assert_eq!(pulled.items[0].point(), point);
    assert_eq!(state().await, TransitionState::Delivered);

    let read = receiver.get(&shown.name).await.unwrap();
    let mut visible = sent;
    if point == Point::Post16ToAdult {
        visible.ehc_plan = None;
    }
    assert_eq!(
        read.content,
        Some(visible),
        "what is read is what was published"
    );
    assert_eq!(read.signatory, "Head of year, A. Testcroft");
    assert_eq!(read.contributor, of.from.name);
    assert_eq!(state().await, TransitionState::Opened);

    receiver.acknowledge(&shown.name, 1).await.unwrap();
    assert_eq!(state().await, TransitionState::Accepted);
}

on_both_engines! {
    async fn early_years_to_primary_crosses(exchange) {
        crosses(exchange, Point::EarlyYearsToPrimary).await;
    }

    async fn primary_to_secondary_crosses(exchange) {
        crosses(exchange, Point::PrimaryToSecondary).await;
    }

    async fn secondary_to_post_16_crosses(exchange) {
        crosses(exchange, Point::SecondaryToPost16).await;
    }

    async fn post_16_to_adult_crosses(exchange) {
        crosses(exchange, Point::Post16ToAdult).await;
    }

    async fn every_field_of_every_section_is_read_back_byte_for_byte_at_each_point(exchange) {
        exchange.hand.send_replace(at(LATE_APRIL));
        let points = [
            Point::EarlyYearsToPrimary,
            Point::PrimaryToSecondary,
            Point::SecondaryToPost16,
            Point::Post16ToAdult,
        ];
        for (seed, point) in (41..).zip(points) {
            let of = exchange.planned(point).await;
            let sender = exchange.person(&of.from, &[Role::Publisher, Role::Dsl]).await;
            let receiver = exchange.person(&of.to, &[Role::Dsl]).await;
            let content = adult(&complete(seed, &of.learner));
            let sent = cut(&content);
            assert_eq!(sent.len(), 22, "all kinds that can be published");
            let friends = exchange.with_friends(&of, &content).await;

            let mut names = Vec::new();
            for part in apart(&content) {
                let publish = frame(&sender, &of.name, part);
                let published: wire::PublishProfileResponse =
                    twin(&sender, "ProfileService/PublishProfile", &publish).await.unwrap();
                names.push(receiver.mine(&published.name));
            }
            if point == Point::Post16ToAdult {
                // Nobody under 16 is released to an adult service.
                for friend in &friends {
                    let identity = v1::Sections::decode(content.clone()).unwrap().identity;
                    let said = v1::Sections { identity, ..Default::default() };
                    sender.publish(submission(friend, said)).await.unwrap();
                }
                for of in friends.iter().chain([&of]) {
                    sender.record(&of.name, v1::TransitionFact::PersonReleased).await.unwrap();
                }
            }
            let mut expected = sent;
            if point == Point::Post16ToAdult {
                expected.remove(&9).expect("an EHC plan, which no adult service gets");
            }
            let mut read_back = BTreeMap::new();
            for name in names.clone() {
                let (parent, kinds) = (receiver.setting.clone(), Vec::new());
                let get = wire::GetProfileRequest { parent, name, kinds };
                let read: wire::Profile =
                    twin(&receiver, "ProfileService/GetProfile", &get).await.unwrap();
                let part = cut(&read.content);
                assert_eq!(numbers(&read.kinds), part.keys().copied().collect::<Vec<_>>());
                read_back.extend(part);
            }
            assert_eq!(read_back, expected, "{point:?}");

            let subscription = receiver.subscribe().await.unwrap();
            let mut pull = wire::PullRequest {
                parent: receiver.setting.clone(),
                subscription,
                inline_content: true,
                wait_ms: 20_000,
                ..Default::default()
            };
            // What the friends sent comes there as well, in turns of its own or not.
            let (mut inlined, mut waited_for) = (BTreeMap::new(), names);
            while !waited_for.is_empty() {
                let pulled: wire::PullResponse =
                    twin(&receiver, "SubscriptionService/Pull", &pull).await.unwrap();
                assert!(!pulled.items.is_empty(), "it came");
                for profile in pulled.items.iter().filter_map(|item| item.profile.as_ref()) {
                    if waited_for.contains(&profile.name) {
                        waited_for.retain(|name| *name != profile.name);
                        inlined.extend(cut(&profile.content));
                    }
                }
                pull.token = pulled.token;
            }
            assert_eq!(inlined, expected, "{point:?}, given with the items");
        }
    }

    async fn a_question_that_is_not_answered_crosses_as_such(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let mut sections = typical(3, of.point);
        let send = v1::NotAnswered {
            field: Some("needs".to_owned()),
            reason: Some(v1::NotAnsweredReason::DiscussionRequested.into()),
            by: Some("SENCO".to_owned()),
            why: None,
        };
        sections.send = Some(v1::SpecialEducationalNeeds {
            not_answered: vec![send.clone()],
            ..Default::default()
        });
        let published = sender.publish(submission(&of, sections)).await.unwrap();
        let read = receiver.get(&published.name).await.unwrap().content.unwrap();
        assert_eq!(read.send.unwrap().not_answered, [send]);
    }

    async fn an_open_watch_gets_what_is_published_then(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let mut watch = receiver.watch(&subscription, "").await.unwrap();
        let first = watch.message().await.unwrap().unwrap();
        assert_eq!((first.items.len(), first.ledger_changed), (0, false), "an empty snapshot");

        for version in 1..=3 {
            let content = submission(&of, typical(version, of.point));
            let published = sender.publish(content).await.unwrap();
            let turn = loop {
                let turn = watch.message().await.unwrap().unwrap();
                if !turn.items.is_empty() {
                    break turn;
                }
            };
            assert_eq!(the_profile(&turn.items).version, published.version);
            assert_eq!(turn.items[0].position, published.receipt.unwrap().position);
        }
    }

    async fn a_learner_is_found_by_identifiers_alone(exchange) {
        let plan = exchange.plan_of(Point::PrimaryToSecondary);
        let learner = plan.learner.clone();
        let of = exchange.planned_as(plan).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        // The profile names the pupil it is published for, or nobody.
        let of_learner = |learner: v1::LearnerIdentifier, stated: Option<String>| {
            let mut said = v1::ProfileSubmission {
                transition: String::new(),
                learner: vec![learner],
                point: of.point.into(),
                academic_year: 2025,
                ..submission(&of, typical(5, of.point))
            };
            said.content.get_or_insert_default().identity.get_or_insert_default().upn = stated;
            said
        };
        let upn_of = |learner: &v1::LearnerIdentifier| Some(learner.value.clone());
        let planned = learner[0].clone();
        let stated = of_learner(planned.clone(), upn_of(&planned));
        assert_eq!(sender.publish(stated).await.unwrap().version, 1);

        let unplanned = of_learner(upn(999_999), upn_of(&upn(999_999)));
        let told = refused(sender.publish(unplanned).await);
        assert_eq!(told.reason, Reason::NoPlannedTransition);

        let another_child = of_learner(planned, upn_of(&upn(999_999)));
        let told = refused(sender.publish(another_child).await);
        assert_eq!(told.reason, Reason::InvalidRequest);
    }

    async fn a_profile_with_another_childs_number_is_not_published_under_a_moves_name(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let stating = |stated: v1::LearnerIdentifier| {
            let mut said = submission(&of, typical(5, of.point));
            said.content.get_or_insert_default().identity.get_or_insert_default().upn = Some(stated.value);
            said
        };
        let classmate = exchange.plan_of(Point::PrimaryToSecondary).learner[0].clone();
        exchange.officer.plan(vec![v1::PlannedTransition {
            learner: vec![classmate.clone()],
            ..exchange.plan_of(Point::PrimaryToSecondary)
        }]).await.unwrap();
        for another in [classmate, upn(999_999)] {
            let before = exchange.size();
            let told = refused(sender.publish(stating(another)).await);
            let expected = (tonic::Code::FailedPrecondition, Reason::AnotherLearner);
            assert_eq!((told.code, told.reason), expected);
            let entry = exchange.one_since(before).await;
            assert_eq!(entry.said(), ("published", "failed"));
        }
        let subscription = receiver.subscribe().await.unwrap();
        assert_eq!(receiver.pull(&subscription, "").await.unwrap().items, []);
        sender.publish(stating(of.learner[0].clone())).await.unwrap();
    }
}
