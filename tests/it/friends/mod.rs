//! Other children whom a profile names: shown where both go to one setting, to nobody else, and no
//! longer than that.

use std::collections::BTreeSet;

use baton_wire::v1::{self, Role};

use crate::harness::*;

pub(crate) mod absent;
mod apart;
mod chance;
mod leads_to;
mod moving;
mod race;
mod shown;
mod turns;
mod unsigned;

/// The day the offers of the tests were made.
const OFFERED: &str = "2026-03-02";

/// A child of the primary school, unless said otherwise, and where its move leads.
pub(crate) struct Child {
    pub(crate) of: Move,
}

/// What a setting calls a child for itself.
fn local(text: &str) -> v1::LearnerIdentifier {
    v1::LearnerIdentifier {
        scheme: "local".to_owned(),
        value: text.to_owned(),
    }
}

/// A row about another child, by what it is named.
pub(crate) fn row(name: &str, by: &[v1::LearnerIdentifier]) -> v1::PeerRow {
    let of = |scheme: &str| {
        let found = by.iter().find(|id| id.scheme == scheme)?;
        Some(found.value.clone())
    };
    v1::PeerRow {
        name: Some(name.to_owned()),
        upn: of("upn"),
        local_id: of("local"),
        relation: Some(v1::PeerRelation::Friend.into()),
        wish: Some(v1::PeerWish::With.into()),
        reason: Some(format!("Sits with {name}.")),
        ..Default::default()
    }
}

/// A profile of a section that names these.
fn naming(of: &Move, peers: Vec<v1::PeerRow>) -> v1::ProfileSubmission {
    let relationships = v1::Relationships {
        peers,
        friendship_group: Some("Likes to be with one or two others.".to_owned()),
        ..Default::default()
    };
    let sections = v1::Sections {
        relationships: Some(relationships),
        attendance: typical(2, of.point).attendance,
        ..Default::default()
    };
    submission(of, sections)
}

/// Names of those that somebody is shown.
pub(crate) fn names(profile: &v1::Profile) -> BTreeSet<String> {
    let content = profile.content.as_ref();
    let section = content.and_then(|content| content.relationships.as_ref());
    let peers = section.map_or(&[][..], |section| &section.peers);
    peers.iter().filter_map(|peer| peer.name.clone()).collect()
}

pub(crate) fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Twins who name each other, one of them somebody who goes elsewhere too.
pub(crate) async fn with_classmates(exchange: &Exchange) {
    let [one, other] = [exchange.classmate().await, exchange.classmate().await];
    let learner = vec![upn(exchange.number())];
    let away = exchange
        .child(&exchange.primary, learner, Some(&exchange.academy))
        .await;
    let sender = exchange.publisher().await;
    let rows = vec![other.named("Ada"), away.named("Ben")];
    sender.names_friends(&one.of, rows).await;
    sender
        .names_friends(&other.of, vec![one.named("Cleo")])
        .await;
}

impl Caller {
    async fn sees(&self, profile: &str) -> BTreeSet<String> {
        names(&self.get(profile).await.unwrap())
    }

    /// Publishes a profile that names these; its name.
    pub(crate) async fn names_friends(&self, of: &Move, peers: Vec<v1::PeerRow>) -> String {
        self.publish(naming(of, peers)).await.unwrap().name
    }
}

impl Exchange {
    /// A child of a sender, with a move to somewhere or nowhere yet.
    async fn child(
        &self,
        from: &Setting,
        learner: Vec<v1::LearnerIdentifier>,
        to: Option<&Setting>,
    ) -> Child {
        let mut plan = self.plan_of(v1::Point::PrimaryToSecondary);
        plan.from = Some(from.code.clone());
        plan.learner.clone_from(&learner);
        plan.to = to.map(|to| to.code.clone());
        if to.is_none() {
            plan.offer_date.clear();
            plan.acceptance = v1::AcceptanceState::Unspecified.into();
        }
        let outcome = self.officer.plan(vec![plan]).await.unwrap().remove(0);
        let transition = outcome
            .transition
            .unwrap_or_else(|| panic!("{:?}", outcome.error));
        Child {
            of: Move {
                name: transition.name.clone(),
                point: transition.point(),
                from: from.clone(),
                to: to.unwrap_or(&self.secondary).clone(),
                learner,
            },
        }
    }

    /// One of the primary school who goes to the secondary school.
    pub(crate) async fn classmate(&self) -> Child {
        let learner = vec![upn(self.number())];
        self.child(&self.primary, learner, Some(&self.secondary))
            .await
    }

    pub(crate) async fn goes_to(&self, child: &Child, to: &Setting) {
        self.officer
            .redirect(&child.of.name, to, OFFERED)
            .await
            .unwrap();
    }

    async fn publisher(&self) -> Caller {
        self.person(&self.primary, &[Role::Publisher]).await
    }

    async fn senco(&self) -> Caller {
        self.person(&self.secondary, &[Role::Senco]).await
    }
}

impl Child {
    /// A row that names it.
    pub(crate) fn named(&self, name: &str) -> v1::PeerRow {
        row(name, &self.of.learner)
    }
}
