//! Everyone who knocks, and what they knock for.

use baton_wire::v1::{self, Role};

use super::rows::{Targets, content};
use crate::harness::*;
use crate::master_key::handed;

/// Everyone of the table.
pub(super) struct People {
    pub(super) nobody: Caller,
    pub(super) unknown: Caller,
    pub(super) revoked: Caller,
    pub(super) stranger: Caller,
    pub(super) former: Caller,
    pub(super) named: Vec<(&'static str, Caller)>,
}

impl People {
    pub(super) fn named(&self, name: &str) -> &Caller {
        &self
            .named
            .iter()
            .find(|(known, _)| *known == name)
            .unwrap_or_else(|| panic!("{name}"))
            .1
    }
}

/// Every role that has to do with moves.
const MANY: [Role; 8] = [
    Role::Publisher,
    Role::ReceiverLead,
    Role::Senco,
    Role::Dsl,
    Role::DataManager,
    Role::CouncilAdministrator,
    Role::AdmissionsOfficer,
    Role::TransitionOfficer,
];

/// What one person of a small council does.
const OFFICER: [Role; 3] = [
    Role::CouncilAdministrator,
    Role::AdmissionsOfficer,
    Role::TransitionOfficer,
];

pub(super) async fn scene(exchange: &Exchange) -> (People, Targets) {
    let of = exchange.open_move().await;
    let council = Setting {
        name: exchange.officer.setting.clone(),
        ..of.to.clone()
    };
    // The move was another's first: that one is the former receiver.
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    let former = exchange.person(&of.to, &MANY).await;
    let published = sender.publish(v1::ProfileSubmission {
        transition: of.name.clone(),
        content: Some(Box::new(content())),
        signatory: "Head of year".to_owned(),
        ..Default::default()
    });
    let profile = published.await.unwrap().name;
    let theirs = former.subscribe().await.unwrap();
    former.await_item(&theirs, "").await.unwrap();
    exchange
        .officer
        .redirect(&of.name, &exchange.academy, "2026-03-09")
        .await
        .unwrap();
    let to = &exchange.academy;
    let receiver = exchange.person(to, &[Role::Dsl]).await;
    let subscription = receiver.subscribe().await.unwrap();
    receiver.await_item(&subscription, "").await.unwrap();
    let of_other = exchange.open_move().await;
    let other = sender.publish(submission(&of_other, typical(1, of_other.point)));
    let other = other.await.unwrap().name;
    let mut staged = Vec::new();
    for (profile, title) in [
        (&profile, "stands"),
        (&profile, "is staged"),
        (&other, "other"),
    ] {
        let file = b"a report";
        let of = (v1::SectionKind::Identity, title);
        let begun = sender.begin(sender.announce(profile, of, file)).await;
        let name = begun.unwrap().name;
        sender.send_chunk(&name, 0, file).await.unwrap();
        staged.push(name);
    }
    sender.finalise(&staged[0]).await.unwrap();
    let family = exchange.parent(&sender, &of.name).await.credential;
    let spare = exchange.person(&of.from, &[Role::Contributor]).await;
    let revoked = exchange.person(&of.from, &MANY).await;
    exchange.officer.revoke(&revoked.credential).await.unwrap();
    let unknown = Caller::with_papers(&exchange.door, &Papers::new()).of(&of.from.name, "");
    let token = Caller::with_key(&exchange.door, &exchange.token);
    let people = People {
        nobody: Caller::nobody(&exchange.door).of(&of.from.name, ""),
        unknown,
        revoked,
        stranger: exchange.person(&exchange.elsewhere, &MANY).await,
        former,
        named: vec![
            ("the used token", token),
            ("officer", exchange.person(&council, &OFFICER).await),
            ("auditor", exchange.person(&council, &[Role::Auditor]).await),
            (
                "operator",
                exchange.person(&council, &[Role::Operator]).await,
            ),
            ("sender", sender),
            (
                "sender's senco",
                exchange.person(&of.from, &[Role::Senco]).await,
            ),
            (
                "data manager",
                exchange.person(&of.from, &[Role::DataManager]).await,
            ),
            (
                "receiver's publisher",
                exchange.person(to, &[Role::Publisher]).await,
            ),
            ("receiver", receiver),
        ],
    };
    let targets = Targets {
        transition: of.name.clone(),
        profile,
        other: staged.remove(2),
        document: staged.remove(0),
        staged: staged.remove(0),
        subscription,
        credential: spare.credential,
        family,
        handed: handed(&exchange.home, "doors.key").await.0,
        closing: exchange.adult_care.name.clone(),
        sender: of.from.clone(),
        vendor: exchange.vendor("doors-mis").await.name,
        beside: exchange.college.clone(),
        next: exchange.secondary.clone(),
        plan: exchange.plan_of(v1::Point::PrimaryToSecondary),
    };
    (people, targets)
}
