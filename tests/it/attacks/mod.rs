//! Attacks somebody could think of who has a credential in order: other settings' names, requests
//! that say two things, what others sent before, and what lies beside a request. Those that the table
//! of all calls tries already stand in `doors`.

mod beside;
mod names;
mod requests;
mod stale;

use baton_wire::v1::{self, Role};

use crate::harness::*;

/// A profile that was sent and taken over, by whom, and somebody who wants it.
struct Scene {
    of: Move,
    profile: String,
    sent: Option<Box<v1::Sections>>,
    sender: Caller,
    receiver: Caller,
    /// Of a school that has to do with other children, in every role a school has.
    attacker: Caller,
    /// What the attacker may send: a move of their own.
    own: Move,
}

const EVERY: [Role; 7] = [
    Role::Publisher,
    Role::ReceiverLead,
    Role::Senco,
    Role::Dsl,
    Role::DataManager,
    Role::Contributor,
    Role::CareersAdviser,
];

impl Scene {
    async fn of(exchange: &Exchange) -> Self {
        let of = exchange.open_move().await;
        let own = exchange.planned(v1::Point::EarlyYearsToPrimary).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let said = submission(&of, typical(1, of.point));
        let sent = said.content.clone();
        Self {
            profile: sender.publish(said).await.unwrap().name,
            sent,
            sender,
            receiver: exchange.person(&of.to, &[Role::Senco]).await,
            attacker: exchange.person(&own.from, &EVERY).await,
            own,
            of,
        }
    }

    /// Nothing of what was tried changed anything: the receiver has what was sent, in one version.
    async fn stands(&self, exchange: &Exchange) {
        let got = self.receiver.get(&self.profile).await.unwrap();
        assert_eq!(got.version, 1);
        assert!(got.content == self.sent, "other content");
        exchange.is_verified().await;
    }
}
