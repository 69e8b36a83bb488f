//! Of a friend who does not come nothing is there: every answer is, byte for byte, that of a move whose
//! profile never named anybody.

use baton_wire::twin as wire;
use baton_wire::v1::{self, DecisionSaid, Role, SectionKind};
use prost::Message as _;

use super::{Child, local, naming, row, set};
use crate::harness::*;

/// What somebody is answered about a contribution and one kind of it, with everything but what is random:
/// sections byte for byte.
pub(crate) async fn answers(
    who: &Caller,
    (of, profile): (&Move, &str),
    subscription: &str,
    only: SectionKind,
) -> Vec<Vec<u8>> {
    let masked = |mut one: wire::Profile| {
        (one.name, one.transition) = (String::new(), String::new());
        one
    };
    let told = |answer: Answer<Vec<u8>>| match answer {
        Ok(bytes) => bytes,
        Err(status) => format!("{:?}", refused::<()>(Err(status))).into_bytes(),
    };
    let mut all = Vec::new();
    for kinds in [&[][..], &[only]] {
        let get = wire::GetProfileRequest {
            parent: who.setting.clone(),
            name: who.mine(profile),
            kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
        };
        let got = twin::<_, wire::Profile>(who, "ProfileService/GetProfile", &get).await;
        all.push(told(got.map(|one| masked(one).encode_to_vec())));
    }
    let transition = who.transition(&of.name).await.map(|mut one| {
        (one.name, one.learner) = (String::new(), Vec::new());
        one.encode_to_vec()
    });
    all.push(told(transition));
    for inline_content in [false, true] {
        let pull = wire::PullRequest {
            parent: who.setting.clone(),
            subscription: who.mine(subscription),
            inline_content,
            ..Default::default()
        };
        let pulled = twin::<_, wire::PullResponse>(who, "SubscriptionService/Pull", &pull).await;
        let items = pulled.unwrap().items.into_iter().filter_map(|mut item| {
            let shown = item.profile.take();
            let shown = shown.filter(|shown| shown.name == who.mine(profile))?;
            (item.position, item.profile) = (0, Some(masked(shown)));
            Some(item.encode_to_vec())
        });
        all.push(items.collect::<Vec<_>>().concat());
    }
    let documents = who.documents_of(profile).await;
    let documents = documents.map(|all| all.iter().flat_map(v1::Document::encode_to_vec).collect());
    all.push(told(documents));
    all
}

/// Friends none of whom may be shown at the secondary school, each for a reason of its own.
async fn who_do_not_come(exchange: &Exchange, sender: &Caller) -> Vec<v1::PeerRow> {
    let (primary, secondary) = (&exchange.primary, &exchange.secondary);
    let mut rows = Vec::new();
    let child = async |to: Option<&Setting>| {
        let learner = vec![upn(exchange.number())];
        exchange.child(primary, learner, to).await
    };
    rows.push(child(Some(&exchange.academy)).await.named("goes elsewhere"));
    rows.push(child(None).await.named("goes nowhere yet"));
    rows.push(row("is not known", &[upn(exchange.number())]));
    rows.push(row("is not named", &[]));

    let mut late = exchange.plan_of(v1::Point::PrimaryToSecondary);
    late.offer_date.clear();
    late.acceptance = v1::AcceptanceState::Unspecified.into();
    rows.push(row("was not offered yet", &late.learner));
    let mut declined = exchange.plan_of(v1::Point::PrimaryToSecondary);
    declined.acceptance = v1::AcceptanceState::Declined.into();
    rows.push(row("declined", &declined.learner));
    for outcome in exchange.officer.plan(vec![late, declined]).await.unwrap() {
        assert!(outcome.error.is_none(), "{:?}", outcome.error);
    }

    // Another sender has a child by this number, and it does come.
    let another = exchange.another(v1::SettingKind::School, "junior").await;
    let theirs = exchange
        .child(&another, vec![upn(exchange.number())], Some(secondary))
        .await;
    rows.push(theirs.named("is another sender's"));

    // Planned by one number, and by another one since.
    let (old, new) = (upn(exchange.number()), upn(exchange.number()));
    for number in [&old, &new] {
        let learner = vec![number.clone(), local("adopted")];
        exchange.child(primary, learner, Some(secondary)).await;
    }
    rows.push(row("is named by a former number", &[old]));

    let two: [Child; 2] = [
        child(Some(secondary)).await,
        exchange
            .child(primary, vec![local("two")], Some(secondary))
            .await,
    ];
    let both = [two[0].of.learner[0].clone(), two[1].of.learner[0].clone()];
    rows.push(row("is two children", &both));

    for (name, at) in [
        ("was withdrawn", 0),
        ("is restricted", 1),
        ("is erased", 2),
        ("was refused", 3),
    ] {
        let one = child(Some(secondary)).await;
        let profile = sender
            .publish(submission(&one.of, typical(at, one.of.point)))
            .await
            .unwrap()
            .name;
        match at {
            0 => drop(sender.withdraw(&profile).await.unwrap()),
            1 => drop(sender.restrict(&one.of.name).await.unwrap()),
            2 => drop(sender.erase(sender.erasure(&one.of.name)).await.unwrap()),
            _ => {
                let said = (DecisionSaid::Refused, &[SectionKind::Identity][..]);
                crate::decisions::said_by_a_parent(sender, &one.of.name, said).await;
            }
        }
        rows.push(one.named(name));
    }
    rows
}

on_both_engines! {
    async fn of_friends_who_do_not_come_there_is_nothing_as_if_they_had_never_been_named(exchange) {
        let sender = exchange.publisher().await;
        let rows = who_do_not_come(exchange, &sender).await;
        let (of, bare) = (exchange.open_move().await, exchange.open_move().await);
        let mut people = Vec::new();
        for role in [Role::ReceiverLead, Role::Senco, Role::Dsl, Role::DataManager] {
            people.push(exchange.person(&of.to, &[role]).await);
        }
        let said = naming(&of, rows.clone());
        let with = sender.publish(said).await.unwrap().name;
        let without = sender.publish(naming(&bare, Vec::new())).await.unwrap().name;
        assert_eq!(sender.sees(&with).await.len(), rows.len(), "who wrote them has them");
        for (number, who) in people.iter().enumerate() {
            let mut told = Vec::new();
            for (of, profile) in [(&of, &with), (&bare, &without)] {
                let id = format!("s{number}-{}", told.len());
                let subscription = who.subscribe_to(&id, of.point, 0).await.unwrap();
                // The first answers move the own receipt on.
                let of = (of, profile.as_str());
                answers(who, of, &subscription, SectionKind::Relationships).await;
                told.push(answers(who, of, &subscription, SectionKind::Relationships).await);
            }
            for (at, (with, without)) in told[0].iter().zip(&told[1]).enumerate() {
                assert!(with == without, "answer {at} to {number} differs");
            }
            assert!(!told[0][4].is_empty(), "something came");
        }
        exchange.holds().await;
    }

    async fn a_section_of_nobody_but_those_who_go_elsewhere_is_not_there(exchange) {
        let (child, friend) = (exchange.classmate().await, exchange.classmate().await);
        exchange.goes_to(&friend, &exchange.academy).await;
        let mut said = naming(&child.of, vec![friend.named("Ada")]);
        said.content.as_mut().unwrap().relationships.as_mut().unwrap().friendship_group = None;
        let sender = exchange.publisher().await;
        let profile = sender.publish(said).await.unwrap().name;
        let senco = exchange.senco().await;
        let got = senco.get(&profile).await.unwrap();
        assert_eq!(kinds(&got), ["attendance"]);
        assert!(got.content.unwrap().relationships.is_none());
        let only = senco.get_only(&profile, &[SectionKind::Relationships]).await;
        let never = senco.get_only(&profile, &[SectionKind::Health]).await;
        assert_eq!(format!("{:?}", refused(only)), format!("{:?}", refused(never)));
        assert_eq!(kinds(&sender.get(&profile).await.unwrap()), ["attendance", "relationships"]);
        exchange.goes_to(&friend, &exchange.secondary).await;
        assert_eq!(senco.sees(&profile).await, set(&["Ada"]));
        exchange.holds().await;
    }
}
