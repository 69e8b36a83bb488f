//! A friend who comes later, who leaves, and who comes back: gone at once, and never missed.

use std::collections::BTreeSet;

use baton_wire::v1::{self, DecisionSaid, ItemKind, Role, SectionKind};

use super::{Child, names, naming, row, set};
use crate::decisions::said_by_a_parent;
use crate::harness::*;
use crate::recipients::next;

/// A child of whom a friend is named, and somebody at the school who was told of it.
struct Followed {
    sender: Caller,
    senco: Caller,
    subscription: String,
    child: Child,
    friend: Child,
    profile: String,
    /// Behind what came so far.
    token: String,
}

impl Followed {
    async fn new(exchange: &Exchange) -> Self {
        let (child, friend) = (exchange.classmate().await, exchange.classmate().await);
        let (sender, senco) = (exchange.publisher().await, exchange.senco().await);
        let subscription = senco.subscribe().await.unwrap();
        let profile = sender
            .names_friends(&child.of, vec![friend.named("Ada")])
            .await;
        let mut one = Self {
            sender,
            senco,
            subscription,
            child,
            friend,
            profile,
            token: String::new(),
        };
        assert_eq!(one.came().await, 1);
        one
    }

    async fn sees(&self) -> BTreeSet<String> {
        self.senco.sees(&self.profile).await
    }

    /// Waits for the next that comes; how many items of the child's profile it has.
    async fn came(&mut self) -> usize {
        let turn = self
            .senco
            .await_item(&self.subscription, &self.token)
            .await
            .unwrap();
        self.token = turn.token;
        let of_it = turn.items.iter().filter_map(|item| item.profile.as_ref());
        of_it
            .filter(|shown| shown.name == self.senco.mine(&self.profile))
            .count()
    }

    /// Items of the child's profile that come until one does.
    async fn comes_again(&mut self) {
        while self.came().await == 0 {}
        assert_eq!(self.sees().await, set(&["Ada"]));
    }
}

on_both_engines! {
    async fn a_friend_who_goes_elsewhere_is_gone_at_once_and_told_of_when_back(exchange) {
        let mut one = Followed::new(exchange).await;
        assert_eq!(one.sees().await, set(&["Ada"]));
        exchange.goes_to(&one.friend, &exchange.academy).await;
        assert_eq!(one.sees().await, set(&[]));
        let size = exchange.size();
        exchange.goes_to(&one.friend, &exchange.secondary).await;
        exchange.grown_to(size + 2).await;
        let lines = exchange.lines(size).await;
        let released = lines.iter().find(|line| line.said() == ("released", "done")).unwrap();
        assert!(one.profile.ends_with(released.text("detail/profile")));
        one.comes_again().await;
        exchange.holds().await;
    }

    async fn one_who_is_named_in_the_place_of_another_is_told_of_when_they_come(exchange) {
        let mut one = Followed::new(exchange).await;
        exchange.goes_to(&one.friend, &exchange.secondary).await;
        let next = exchange.classmate().await;
        exchange.goes_to(&next, &exchange.academy).await;
        // A section of nothing else: first with somebody who comes, then with somebody who does not yet.
        let alone = |peer| {
            let relationships = Some(v1::Relationships { peers: vec![peer], ..Default::default() });
            submission(&one.child.of, v1::Sections { relationships, ..Default::default() })
        };
        for peer in [one.friend.named("Ada"), next.named("Bo")] {
            one.sender.publish(alone(peer)).await.unwrap();
        }
        while one.came().await == 0 {}
        assert_eq!(one.sees().await, set(&[]));
        one.token = one.senco.pull(&one.subscription, &one.token).await.unwrap().token;
        exchange.goes_to(&next, &exchange.secondary).await;
        while one.came().await == 0 {}
        assert_eq!(one.sees().await, set(&["Bo"]));
    }

    async fn a_friend_is_gone_from_an_open_stream_with_the_act_that_takes_it_away(exchange) {
        let (child, friend) = (exchange.classmate().await, exchange.classmate().await);
        let (sender, senco) = (exchange.publisher().await, exchange.senco().await);
        let subscription = senco.subscribe().await.unwrap();
        let request = v1::WatchRequest {
            parent: senco.setting.clone(),
            subscription: senco.mine(&subscription),
            inline_content: true,
            ..Default::default()
        };
        let mut watch = senco.subscriptions().watch(request).await.unwrap().into_inner();
        sender.names_friends(&child.of, vec![friend.named("Ada")]).await;
        let item = next(&mut watch).await;
        assert_eq!(names(&item.profile.unwrap()), set(&["Ada"]));
        exchange.goes_to(&friend, &exchange.academy).await;
        let more = v1::Sections { attainment: typical(3, child.of.point).attainment, ..Default::default() };
        sender.publish(submission(&child.of, more.clone())).await.unwrap();
        let item = next(&mut watch).await;
        assert_eq!((item.kind(), names(&item.profile.unwrap())), (ItemKind::Profile, set(&[])));
        // Back again: the next thing that comes says so.
        exchange.goes_to(&friend, &exchange.secondary).await;
        let item = next(&mut watch).await;
        assert_eq!((item.kind(), names(&item.profile.unwrap())), (ItemKind::Profile, set(&["Ada"])));
    }

    async fn what_is_taken_back_of_a_friend_takes_the_friend_away_until_it_is_there_again(exchange) {
        let mut one = Followed::new(exchange).await;
        let of = one.friend.of.clone();
        let said = submission(&of, typical(3, of.point));
        let profile = one.sender.publish(said.clone()).await.unwrap().name;
        assert_eq!(one.sees().await, set(&["Ada"]));

        one.sender.withdraw(&profile).await.unwrap();
        assert_eq!(one.sees().await, set(&[]), "withdrawn");
        one.sender.publish(said).await.unwrap();
        one.comes_again().await;

        one.sender.restrict(&of.name).await.unwrap();
        assert_eq!(one.sees().await, set(&[]), "restricted");
        one.sender.lift(&of.name).await.unwrap();
        one.comes_again().await;

        let kinds = &[SectionKind::Relationships][..];
        said_by_a_parent(&one.sender, &of.name, (DecisionSaid::Refused, kinds)).await;
        assert_eq!(one.sees().await, set(&[]), "refused");
        said_by_a_parent(&one.sender, &of.name, (DecisionSaid::Withdrawn, kinds)).await;
        one.comes_again().await;

        one.sender.erase(one.sender.erasure(&of.name)).await.unwrap();
        assert_eq!(one.sees().await, set(&[]), "erased");
        assert_eq!(one.sender.sees(&one.profile).await, set(&["Ada"]), "it is the child's own data");
        // Planned anew it is somebody else, until the profile is sent again.
        exchange.child(&exchange.primary, of.learner.clone(), Some(&exchange.secondary)).await;
        assert_eq!(one.sees().await, set(&[]));
        let again = naming(&one.child.of, vec![one.friend.named("Ada")]);
        let said = one.sender.publish(again).await.unwrap();
        assert_eq!((said.changed, said.version, said.notices), (false, 1, Vec::new()));
        one.comes_again().await;
        assert_eq!(exchange.home.count("SELECT count(*) FROM friend").await, 1);
        exchange.holds().await;
    }

    async fn a_friend_whose_day_comes_is_told_of_on_that_day(exchange) {
        let (sender, senco) = (exchange.publisher().await, exchange.senco().await);
        // Offered already, and told on the primary offer day.
        let friend = exchange.planned_as(v1::PlannedTransition {
            route: "infant-junior".to_owned(),
            ..exchange.plan_of(v1::Point::PrimaryToSecondary)
        })
        .await;
        let child = exchange.classmate().await;
        let subscription = senco.subscribe().await.unwrap();
        let rows = vec![row("Ada", &friend.learner)];
        let profile = sender.names_friends(&child.of, rows).await;
        let first = senco.await_item(&subscription, "").await.unwrap();
        assert_eq!(senco.sees(&profile).await, set(&[]));
        exchange.hand.send_replace(at("2026-04-16T09:00:00Z"));
        let again = senco.await_item(&subscription, &first.token).await.unwrap();
        assert_eq!(the_profile(&again.items).name, senco.mine(&profile));
        assert_eq!(senco.sees(&profile).await, set(&["Ada"]));
    }

    async fn a_class_that_is_placed_at_once_is_told_of_each_with_all_its_friends(exchange) {
        let sender = exchange.publisher().await;
        let senco = exchange.senco().await;
        let subscription = senco.subscribe().await.unwrap();
        let mut class = Vec::new();
        for _ in 0..6 {
            let learner = vec![upn(exchange.number())];
            class.push(exchange.child(&exchange.primary, learner, None).await);
        }
        let mut profiles = Vec::new();
        for (at, child) in class.iter().enumerate() {
            let others = class.iter().enumerate().filter(|(other, _)| *other != at);
            let rows = others.map(|(other, child)| child.named(&format!("child {other}")));
            profiles.push(sender.names_friends(&child.of, rows.collect()).await);
        }
        let plans = class.iter().map(|child| v1::PlannedTransition {
            learner: child.of.learner.clone(),
            ..exchange.plan_of(v1::Point::PrimaryToSecondary)
        });
        for outcome in exchange.officer.plan(plans.collect()).await.unwrap() {
            assert!(outcome.error.is_none(), "{:?}", outcome.error);
        }
        // Whoever follows the feed ends up with all of them, whatever came in between.
        let (mut token, mut known) = (String::new(), std::collections::BTreeMap::new());
        while known.len() < 6 || known.values().any(|friends: &BTreeSet<String>| friends.len() < 5) {
            let turn = senco.await_item(&subscription, &token).await.unwrap();
            token = turn.token;
            for shown in turn.items.into_iter().filter_map(|item| item.profile) {
                known.insert(shown.name.clone(), senco.sees(&shown.name).await);
            }
        }
        exchange.holds().await;
    }

    async fn a_link_changed_in_the_database_is_found(exchange) {
        let (child, friend) = (exchange.classmate().await, exchange.classmate().await);
        let away = exchange.child(&exchange.primary, vec![upn(exchange.number())], Some(&exchange.academy)).await;
        let sender = exchange.publisher().await;
        let profile = sender.names_friends(&child.of, vec![away.named("Ada")]).await;
        sender.names_friends(&friend.of, Vec::new()).await;
        exchange.holds().await;
        // The row of somebody who goes elsewhere is made to lead to one who comes.
        let of = |child: &Child| {
            let id = child.of.name.rsplit('/').next().unwrap().to_owned();
            format!("(SELECT learner_id FROM transition WHERE id = '{id}')")
        };
        let sql = format!(
            "UPDATE profile SET sections = replace(sections, {}, {})", of(&away), of(&friend)
        );
        exchange.home.tamper(&sql).await;
        let folder = tempfile::tempdir().unwrap();
        let connection = exchange.officer.connection(&exchange.door, folder.path());
        let (whole, told) = crate::tamper::verified(&connection).await;
        assert!(!whole && told.contains("row_changed"), "{told}");
        // Places that are not in the section open nothing of it.
        exchange.home.tamper("UPDATE profile SET sections = replace(sections, '+', '9999+')").await;
        let senco = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        refused(senco.get(&profile).await);
    }
}
