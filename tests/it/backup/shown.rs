//! What receivers see of friends, and with or without an agreement, and what a family sees, is the same before
//! a backup and after its restore; and what becomes visible later still finds who was told less.

use baton_wire::v1::{self, Role, SendingReason};

use super::{Files, backed_up};
use crate::family::PARENT_WITHOUT_HEALTH;
use crate::friends::{Child, names, set};
use crate::harness::*;

/// Two children who name each other and one who goes elsewhere; two moves to a school that signed no more,
/// one of which is sent there all the same.
struct Scene {
    away: Child,
    named: [String; 2],
    moves: [Move; 2],
    sent: [String; 2],
}

async fn scene(exchange: &Exchange) -> Scene {
    let head = exchange.person(&exchange.primary, &[Role::Publisher]).await;
    let [one, other] = [exchange.classmate().await, exchange.classmate().await];
    let away = exchange.classmate().await;
    exchange.goes_to(&away, &exchange.academy).await;
    let rows = vec![other.named("Ada"), away.named("Ben")];
    let named = [
        head.names_friends(&one.of, rows).await,
        head.names_friends(&other.of, vec![one.named("Cleo")]).await,
    ];
    let mut moves = Vec::new();
    let mut sent = Vec::new();
    for seed in [2, 3] {
        let plan = v1::PlannedTransition {
            to: Some(exchange.academy.code.clone()),
            ..exchange.plan_of(v1::Point::PrimaryToSecondary)
        };
        let of = exchange.planned_as(plan).await;
        let said = submission(&of, typical(seed, of.point));
        sent.push(head.publish(said).await.unwrap().name);
        moves.push(of);
    }
    let school = &exchange.academy;
    exchange.officer.signs_no_more(&school.name).await.unwrap();
    let why = SendingReason::UrgentNeed;
    head.sends_without(&moves[1].name, school, why)
        .await
        .unwrap();
    Scene {
        away,
        named,
        moves: moves.try_into().expect("two"),
        sent: sent.try_into().expect("two"),
    }
}

/// Everything people at both ends are told of it.
#[derive(Debug, PartialEq)]
struct Seen {
    profiles: Vec<v1::Profile>,
    moves: Vec<v1::Transition>,
}

/// Who reads, of the sender and of both schools.
struct People {
    head: Caller,
    here: Caller,
    there: Caller,
    /// Of the first child.
    parent: Caller,
}

impl People {
    fn at(&self, door: &Door) -> Self {
        Self {
            head: self.head.at(door),
            here: self.here.at(door),
            there: self.there.at(door),
            parent: self.parent.at(door),
        }
    }

    async fn see(&self, of: &Scene) -> Seen {
        let (mut profiles, mut moves) = (Vec::new(), Vec::new());
        for profile in &of.named {
            profiles.push(self.here.get(profile).await.unwrap());
            profiles.push(self.head.get(profile).await.unwrap());
        }
        for (profile, of) in of.sent.iter().zip(&of.moves) {
            profiles.push(self.there.get(profile).await.unwrap());
            moves.append(&mut self.parent.list_transitions().await.unwrap());
            moves.push(self.there.transition(&of.name).await.unwrap());
            moves.push(self.head.transition(&of.name).await.unwrap());
        }
        profiles.push(self.parent.get(&of.sent[0]).await.unwrap());
        Seen { profiles, moves }
    }
}

on_both_engines! {
    async fn who_sees_which_friend_and_what_goes_without_an_agreement_is_restored(exchange) {
        let of = scene(exchange).await;
        let head = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let parent = exchange.reader(&head, &of.moves[0].name, PARENT_WITHOUT_HEALTH).await;
        let people = People {
            parent,
            head,
            here: exchange.person(&exchange.secondary, &[Role::Senco]).await,
            there: exchange.person(&exchange.academy, &[Role::Senco]).await,
        };
        let (at_here, at_there) = (people.here.subscribe().await.unwrap(), people.there.subscribe().await.unwrap());
        people.there.pull(&at_there, "").await.unwrap();
        // What states they are in moves on by reading: the first reading is not the one that is kept.
        people.see(&of).await;
        let before = people.see(&of).await;
        let seen: Vec<_> = before.profiles.iter().map(names).collect();
        assert_eq!(seen[..4], [set(&["Ada"]), set(&["Ada", "Ben"]), set(&["Cleo"]), set(&["Cleo"])]);
        assert_eq!(kinds(&before.profiles[4]), ["health"], "without an agreement");
        assert!(kinds(&before.profiles[5]).len() > 5, "sent all the same");
        let reasons = before.moves.iter().flat_map(|one| &one.missing_agreements);
        let reasons: Vec<_> = reasons.map(v1::MissingAgreement::reason).collect();
        assert_eq!(reasons, [SendingReason::Unspecified, SendingReason::UrgentNeed]);

        let files = Files::of(&backed_up(&exchange.officer).await.unwrap());
        exchange.stop().await;
        let master = exchange.home.lose_everything().await;
        exchange.restore(&files, (true, Some(&master))).await.unwrap();
        exchange.start(false).await.unwrap();
        let people = people.at(&exchange.door);
        assert_eq!(people.see(&of).await, before);
        exchange.is_verified().await;

        // A friend who comes is found by whom it is named, a school that signs by what it was told less of.
        let snapshot = people.here.pull(&at_here, "").await.unwrap();
        assert_eq!(snapshot.items.len(), 2);
        exchange.goes_to(&of.away, &exchange.secondary).await;
        let told = people.here.await_item(&at_here, &snapshot.token).await.unwrap();
        assert_eq!(the_profile(&told.items).name, people.here.mine(&of.named[0]));
        let shown = people.here.get(&of.named[0]).await.unwrap();
        assert_eq!(names(&shown), set(&["Ada", "Ben"]));
        let snapshot = people.there.pull(&at_there, "").await.unwrap();
        exchange.officer.signs(&exchange.academy.name, framework()).await.unwrap();
        let told = people.there.await_item(&at_there, &snapshot.token).await.unwrap();
        assert_eq!(the_profile(&told.items).name, people.there.mine(&of.sent[0]));
        assert!(kinds(&people.there.get(&of.sent[0]).await.unwrap()).len() > 5);
        exchange.is_verified().await;
    }
}
