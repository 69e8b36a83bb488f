//! A refused section is not there for who is refused it: every answer is, byte for byte, that of a
//! move of which the section was never sent.

use baton_wire::status::Reason;
use baton_wire::v1::{self, DecisionSaid, DecisionToward, ItemKind, Role, SectionKind};
use prost::Message as _;

use super::{parent, position};
use crate::harness::*;
use crate::recipients::next;

const REFUSED: &[SectionKind] = &[SectionKind::PastoralAndBehaviour];

/// A part of what a school would send, with and without what is refused.
fn part(with: bool) -> v1::Sections {
    let all = typical(2, v1::Point::PrimaryToSecondary);
    v1::Sections {
        attendance: all.attendance,
        attainment: all.attainment,
        pastoral_and_behaviour: all.pastoral_and_behaviour.filter(|_| with),
        ..Default::default()
    }
}

/// What somebody is answered about a contribution, with everything of it but what is random.
pub(crate) async fn answers(
    who: &Caller,
    (of, profile): (&Move, &str),
    subscription: &str,
    only: &[SectionKind],
) -> Vec<Vec<u8>> {
    let masked = |mut one: v1::Profile| {
        (one.name, one.transition) = (String::new(), String::new());
        one
    };
    let told = |answer: Answer<Vec<u8>>| match answer {
        Ok(bytes) => bytes,
        Err(status) => format!("{:?}", refused::<()>(Err(status))).into_bytes(),
    };
    let transition = who.transition(&of.name).await.map(|mut one| {
        (one.name, one.learner) = (String::new(), Vec::new());
        one.encode_to_vec()
    });
    let turn = who.pull(subscription, "").await.unwrap();
    let items = turn.items.into_iter().filter_map(|mut item| {
        let shown = item
            .profile
            .take()
            .filter(|shown| shown.name == who.mine(profile))?;
        (item.position, item.profile) = (0, Some(masked(shown)));
        Some(item.encode_to_vec())
    });
    let items: Vec<_> = items.collect();
    let documents = who.documents_of(profile).await;
    let only = who.get_only(profile, only).await;
    vec![
        told(transition),
        told(
            who.get(profile)
                .await
                .map(|one| masked(one).encode_to_vec()),
        ),
        told(only.map(|one| masked(one).encode_to_vec())),
        items.concat(),
        told(documents.map(|all| all.iter().flat_map(v1::Document::encode_to_vec).collect())),
    ]
}

on_both_engines! {
    async fn a_refused_section_is_not_there_as_if_it_had_never_been_sent(exchange) {
        let (of, bare) = (exchange.open_move().await, exchange.open_move().await);
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let mut people = Vec::new();
        for role in [Role::ReceiverLead, Role::Senco, Role::Dsl] {
            people.push(exchange.person(&of.to, &[role]).await);
        }
        let refusal = parent(DecisionToward::Education, DecisionSaid::Refused, REFUSED);
        let done = sender.records(&of.name, &refusal).await.unwrap();
        assert_eq!(done.not_stopped, [], "nothing of it goes on");
        let with = sender.publish(submission(&of, part(true))).await.unwrap().name;
        let without = sender.publish(submission(&bare, part(false))).await.unwrap().name;
        sender.add(&with, (REFUSED[0], "a report"), b"of a quarrel").await.unwrap();
        let own = sender.get(&with).await.unwrap();
        assert_eq!(own.kinds.len(), 3, "who sent it has it");
        for who in &people {
            let mut told = Vec::new();
            for (of, profile) in [(&of, &with), (&bare, &without)] {
                let point = of.point;
                let subscription = who.subscribe_to(&format!("s{}", told.len()), point, 0).await.unwrap();
                // The first answers move the own receipt on.
                let of = (of, profile.as_str());
                answers(who, of, &subscription, REFUSED).await;
                told.push(answers(who, of, &subscription, REFUSED).await);
            }
            let [with, without] = [&told[0], &told[1]];
            for (at, (with, without)) in with.iter().zip(without).enumerate() {
                assert!(with == without, "answer {at} differs");
            }
            assert!(!with[3].is_empty(), "something came");
        }
        exchange.holds().await;
    }

    async fn a_refusal_closes_what_is_open_and_lifting_it_is_told_at_its_position(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Dsl]).await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let mut watch = lead.watch(&subscription, "").await.unwrap();
        let sent = v1::Sections { attainment: part(false).attainment, ..Default::default() };
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = head.publish(submission(&of, sent)).await.unwrap().name;
        assert_eq!(next(&mut watch).await.kind(), ItemKind::Profile);
        let away = lead.subscribe_to("away", of.point, 0).await.unwrap();
        let before = lead.pull(&away, "").await.unwrap().token;

        let all = parent(DecisionToward::Education, DecisionSaid::Refused, &[]);
        let refused_at = sender.records(&of.name, &all).await.unwrap();
        let goes_on: Vec<_> = refused_at.not_stopped.iter().map(v1::NotStopped::kind).collect();
        assert_eq!(goes_on, [SectionKind::Health, SectionKind::ChildProtectionNote]);
        assert!(refused_at.not_stopped.iter().all(|one| one.law.contains("s100") || one.law.contains("s11")));
        let closed = next(&mut watch).await;
        assert_eq!((closed.kind(), closed.position), (ItemKind::Closed, position(&refused_at)));
        assert_eq!(refused(lead.get(&profile).await).reason, Reason::PermissionDenied);

        let back = parent(DecisionToward::Education, DecisionSaid::Withdrawn, &[]);
        let lifted = sender.records(&of.name, &back).await.unwrap();
        let again = next(&mut watch).await;
        assert_eq!((again.kind(), again.position), (ItemKind::Profile, position(&lifted)));
        drop(watch);
        // Who was away in between misses nothing.
        let turn = lead.pull(&away, &before).await.unwrap();
        let came: Vec<_> = turn.items.iter().map(|item| (item.kind(), item.position)).collect();
        let expected = [
            (ItemKind::Closed, position(&refused_at)),
            (ItemKind::Profile, position(&lifted)),
        ];
        assert_eq!(came, expected);
        lead.get(&profile).await.unwrap();
        exchange.holds().await;
    }
}
