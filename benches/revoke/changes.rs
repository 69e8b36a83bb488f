//! How rights go.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use baton_benches::content;
use baton_benches::exchange::{Exchange, SCHOOLS};
use baton_client::Client;
use baton_server::Running;
use baton_wire::v1;

use crate::streams::Streams;

const OFFERED: &str = "2026-03-09";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    RoleLost,
    Redirect,
    LastDayOver,
    Withdrawal,
    Erasure,
}

pub(crate) const CHANGES: [Change; 5] = [
    Change::RoleLost,
    Change::Redirect,
    Change::LastDayOver,
    Change::Withdrawal,
    Change::Erasure,
];

impl Change {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RoleLost => "role lost",
            Self::Redirect => "redirect",
            Self::LastDayOver => "last day over",
            Self::Withdrawal => "withdrawal",
            Self::Erasure => "erasure",
        }
    }
}

/// An exchange, its open streams, and a school that sends.
pub(crate) struct Scene<'a> {
    exchange: &'a Exchange,
    second: &'a Running,
    streams: Streams,
    sender: Client,
    /// Moves so far.
    moves: usize,
}

/// A profile that the streams of a school have.
struct Sent {
    transition: String,
    profile: String,
    to: usize,
}

impl<'a> Scene<'a> {
    pub(crate) async fn new(
        exchange: &'a Exchange,
        second: &'a Running,
        streams: Streams,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            sender: exchange.sender(0).await?,
            exchange,
            second,
            streams,
            moves: 0,
        })
    }

    /// Something is sent to a school and the right to it taken away: how long it was from the call
    /// until each stream had the item, and until each knew that it may not have it any more.
    pub(crate) async fn round(
        &mut self,
        change: Change,
    ) -> anyhow::Result<(Vec<Duration>, Vec<Duration>)> {
        let (sent, came) = self.send().await?;
        let gone = match change {
            Change::RoleLost => self.role_lost(&sent).await?,
            Change::LastDayOver => self.last_day_over(&sent).await?,
            _ => {
                let began = Instant::now();
                let position = self.take(change, &sent).await.context(change.name())?;
                self.told(sent.to, position, began).await?
            }
        };
        Ok((came, gone))
    }

    async fn send(&mut self) -> anyhow::Result<(Sent, Vec<Duration>)> {
        let number = self.moves;
        self.moves += 1;
        let planned = self.exchange.plan(number..number + 1, 1).await?.remove(0);
        let began = Instant::now();
        let request = content::request(&planned.transition, planned.seed);
        let published = self.sender.publish_profile(request).await?;
        let position = published.receipt.context("no receipt")?.position;
        let sent = Sent {
            transition: planned.transition,
            profile: published.name,
            to: number % SCHOOLS,
        };
        let came = self.told(sent.to, position, began).await?;
        Ok((sent, came))
    }

    async fn told(
        &mut self,
        school: usize,
        position: i64,
        since: Instant,
    ) -> anyhow::Result<Vec<Duration>> {
        let to = self.streams.of(school);
        let times = self.streams.given(to, position).await?;
        Ok(times
            .into_iter()
            .map(|at| at.duration_since(since))
            .collect())
    }

    /// Somebody's credential is revoked; another takes their place.
    async fn role_lost(&mut self, sent: &Sent) -> anyhow::Result<Vec<Duration>> {
        let of = self.streams.of(sent.to);
        let stream = *of.first().context("nobody watches")?;
        let request = v1::RevokeCredentialRequest {
            name: self.streams.credential(stream).to_owned(),
            ..Default::default()
        };
        let began = Instant::now();
        self.exchange.officer().revoke_credential(request).await?;
        let took = self.streams.ended(stream).await?.duration_since(began);
        self.streams
            .add(self.exchange, self.second, sent.to)
            .await?;
        Ok(vec![took])
    }

    /// The next school gets it as well, until today; then comes tomorrow.
    async fn last_day_over(&mut self, sent: &Sent) -> anyhow::Result<Vec<Duration>> {
        let school = (sent.to + 1) % SCHOOLS;
        let request = v1::AddRecipientRequest {
            name: sent.transition.clone(),
            setting: Some(self.exchange.receiver(school)?.1),
            relation: v1::RecipientRelation::Dual.into(),
            first_day: self.exchange.today(),
            last_day: self.exchange.today(),
            purpose: v1::RecipientPurpose::DualRegistration.into(),
            ..Default::default()
        };
        let added = self.sender.add_recipient(request).await?;
        let position = added.receipt.context("no receipt")?.position;
        self.told(school, position, Instant::now()).await?;
        let size = self.exchange.size()?;
        let began = Instant::now();
        self.exchange.next_day();
        self.told(school, size, began).await
    }

    async fn take(&self, change: Change, sent: &Sent) -> anyhow::Result<i64> {
        let receipt = match change {
            // The council's, which has the other offer.
            Change::Redirect => {
                let officer = self.exchange.officer();
                let council = officer.parent().context("no council")?;
                let (_, id) = sent.transition.rsplit_once('/').context("no id")?;
                let request = v1::RedirectTransitionRequest {
                    name: format!("{council}/transitions/{id}"),
                    to: Some(self.exchange.receiver((sent.to + 1) % SCHOOLS)?.1),
                    offer_date: OFFERED.to_owned(),
                    acceptance: v1::AcceptanceState::Accepted.into(),
                    ..Default::default()
                };
                officer.redirect_transition(request).await?.receipt
            }
            Change::Withdrawal => {
                let request = v1::WithdrawProfileRequest {
                    name: sent.profile.clone(),
                    ..Default::default()
                };
                self.sender.withdraw_profile(request).await?.receipt
            }
            _ => {
                let request = v1::EraseRequest {
                    transition: sent.transition.clone(),
                    extent: v1::ErasureExtent::Learner.into(),
                    reason: v1::ErasureReason::Objection.into(),
                    ..Default::default()
                };
                self.sender.erase(request).await?.receipt
            }
        };
        Ok(receipt.context("no receipt")?.position)
    }
}
