//! The old identity and the new one do not meet: whatever anybody receives after it was put away names
//! nothing of before, and the new one looks like a child nobody ever knew.

use baton_wire::v1::{self, Role};
use prost::Message as _;

use super::{OLD, local};
use crate::canaries::{Put, Received, Sent};
use crate::harness::*;

/// A profile that speaks of the child by a name.
fn of(name: &str, of: &Move) -> v1::ProfileSubmission {
    let mut content = typical(5, of.point);
    let identity = content.identity.as_mut().unwrap();
    identity.legal_surname = Some(name.to_owned());
    identity.former_upns.clear();
    if let Some(characteristics) = &mut content.characteristics {
        characteristics.former_names.clear();
    }
    submission(of, content)
}

/// Plans a child by number and own id, and publishes under a name.
async fn sent(exchange: &Exchange, number: u32, name: &str) -> Sent {
    let plan = exchange.plan_of(v1::Point::PrimaryToSecondary);
    let learner = vec![upn(number), local("4711")];
    let planned = exchange
        .planned_as(v1::PlannedTransition { learner, ..plan })
        .await;
    let sender = exchange.person(&planned.from, &[Role::Publisher]).await;
    let published = sender.publish(of(name, &planned)).await.unwrap();
    let document = sender
        .add(
            &published.name,
            (v1::SectionKind::Health, "A report"),
            b"of a year",
        )
        .await
        .unwrap();
    Sent {
        of: planned,
        profiles: [published.name.clone(), published.name],
        document,
        put: Put::default(),
        with_friends: false,
    }
}

/// Everybody who can be told of it.
async fn people(exchange: &Exchange) -> Vec<Caller> {
    let (from, to) = (&exchange.primary, &exchange.secondary);
    let mut people = vec![exchange.officer.clone()];
    for role in [Role::Publisher, Role::Dsl, Role::Senco, Role::DataManager] {
        people.push(exchange.person(from, &[role]).await);
    }
    for role in [
        Role::ReceiverLead,
        Role::Senco,
        Role::Dsl,
        Role::DataManager,
    ] {
        people.push(exchange.person(to, &[role]).await);
    }
    people
}

/// The resource's own id.
fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap()
}

on_both_engines! {
    async fn nothing_anybody_receives_names_who_the_child_was(exchange) {
        let before = sent(exchange, 501, OLD[0]).await;
        let people = people(exchange).await;
        let mut known = Received::default();
        for who in &people {
            known.in_general(who).await;
            known.about(who, &before).await;
        }
        let old = [OLD[0], &upn(501).value, id(&before.of.name), id(&before.profiles[0]), id(&before.document)];
        let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|at| at == text.as_bytes());
        for text in old {
            assert!(has(&known.bytes, text), "it was told before: {text}");
        }
        let dsl = exchange.person(&before.of.from, &[Role::Dsl]).await;
        dsl.puts_away(&before.of.name).await.unwrap();
        let from = exchange.size();
        let after = sent(exchange, 502, "Reed").await;
        dsl.guards(&after.of.name, &OLD).await.unwrap();
        for who in &people {
            let mut told = Received::default();
            // Its feed begins before; its items of the old move say that it closed, and are not of the new.
            told.about(who, &after).await;
            for text in old {
                assert!(!has(&told.bytes, text), "{}: {text}", who.setting);
            }
            let list = who.list_transitions().await.unwrap_or_default();
            let list: Vec<u8> = list.iter().flat_map(v1::Transition::encode_to_vec).collect();
            for text in old {
                assert!(!has(&list, text), "{} lists {text}", who.setting);
            }
        }
        // Nor does any entry since, for who reads the ledger.
        let (entries, _) = exchange.officer.entries(from).await;
        for entry in &entries {
            for text in old {
                assert!(!has(&entry.body, text), "an entry names {text}");
            }
        }
        // By the old number nobody is found.
        let asked = v1::WhoSawRequest {
            parent: exchange.officer.setting.clone(),
            learner: Some(upn(501)),
            ..Default::default()
        };
        let absent = v1::WhoSawRequest { learner: Some(upn(503)), ..asked.clone() };
        let found = refused(exchange.officer.audit().who_saw(asked).await.map(drop));
        let unknown = refused(exchange.officer.audit().who_saw(absent).await.map(drop));
        assert_eq!((found.reason, found.violations), (unknown.reason, unknown.violations));
    }

    async fn the_new_identity_looks_like_a_child_nobody_ever_knew(exchange) {
        let before = sent(exchange, 601, OLD[0]).await;
        let dsl = exchange.person(&before.of.from, &[Role::Dsl]).await;
        dsl.puts_away(&before.of.name).await.unwrap();
        let after = sent(exchange, 602, "Reed").await;
        dsl.guards(&after.of.name, &OLD).await.unwrap();
        // Another child, who was never anybody else.
        let plan = exchange.plan_of(v1::Point::PrimaryToSecondary);
        let learner = vec![upn(603), local("4712")];
        let other = exchange.planned_as(v1::PlannedTransition { learner, ..plan }).await;
        let sender = exchange.person(&other.from, &[Role::Publisher]).await;
        let published = sender.publish(of("Reed", &other)).await.unwrap();
        let document = sender.add(&published.name, (v1::SectionKind::Health, "A report"), b"of a year").await.unwrap();
        let never = Sent {
            of: other,
            profiles: [published.name.clone(), published.name],
            document,
            put: Put::default(),
        with_friends: false,
        };
        for who in people(exchange).await {
            let mut told = Vec::new();
            for of in [&after, &never] {
                let transition = who.transition(&of.of.name).await.map(|mut one| {
                    (one.name, one.learner) = (String::new(), Vec::new());
                    one
                });
                let profile = who.get(&of.profiles[0]).await.map(|mut one| {
                    (one.name, one.transition) = (String::new(), String::new());
                    one.publish_time_us = 0;
                    let content = one.content.as_mut();
                    if let Some(identity) = content.and_then(|all| all.identity.as_mut()) {
                        identity.upn = None;
                    }
                    one
                });
                let saw = who.who_saw(&of.of.name).await.map(|all| all.len());
                let plain = |text: Result<String, tonic::Status>| text.unwrap_or_else(|status| format!("{:?}", refused::<()>(Err(status))));
                told.push((
                    plain(transition.map(|one| format!("{one:?}"))),
                    plain(profile.map(|one| format!("{one:?}"))),
                    plain(saw.map(|one| format!("{one}"))),
                ));
            }
            assert_eq!(told[0], told[1], "{}", who.setting);
        }
    }
}
