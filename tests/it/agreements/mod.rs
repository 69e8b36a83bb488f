//! The framework agreement: what goes without it, who signs, and what a head sends all the same.

use baton_wire::v1::{self, Role};
use futures::future::BoxFuture;
use prost::Message as _;

use crate::harness::*;

mod absent;
mod caretaker;
mod ended;
mod listed;
mod party;
mod rights;
mod signed;
mod without;

/// What is signed, for these days; either may be empty.
fn days(first: &str, last: &str) -> v1::SignedAgreement {
    v1::SignedAgreement {
        first_day: first.to_owned(),
        last_day: last.to_owned(),
        ..framework()
    }
}

impl Caller {
    /// Signs for a setting, or records that it signed; empty: the own.
    pub(crate) async fn signs(
        &self,
        setting: &str,
        agreement: v1::SignedAgreement,
    ) -> Answer<v1::SignAgreementResponse> {
        let asked = v1::SignAgreementRequest {
            parent: self.setting.clone(),
            setting: setting.to_owned(),
            agreement: Some(agreement),
            request_id: fresh(),
        };
        Ok(self.settings().sign_agreement(asked).await?.into_inner())
    }

    pub(crate) async fn signs_no_more(&self, setting: &str) -> Answer<v1::EndAgreementResponse> {
        let asked = v1::EndAgreementRequest {
            parent: self.setting.clone(),
            setting: setting.to_owned(),
            request_id: fresh(),
        };
        Ok(self.settings().end_agreement(asked).await?.into_inner())
    }

    pub(crate) async fn sends_without(
        &self,
        of: &str,
        to: &Setting,
        reason: v1::SendingReason,
    ) -> Answer<v1::SendWithoutAgreementResponse> {
        let asked = v1::SendWithoutAgreementRequest {
            parent: self.setting.clone(),
            name: self.mine(of),
            setting: Some(to.code.clone()),
            reason: reason.into(),
            request_id: fresh(),
        };
        let answer = self.transitions().send_without_agreement(asked).await?;
        Ok(answer.into_inner())
    }

    pub(crate) async fn sends_without_no_more(
        &self,
        of: &str,
        to: &Setting,
    ) -> Answer<v1::EndSendingWithoutAgreementResponse> {
        let asked = v1::EndSendingWithoutAgreementRequest {
            parent: self.setting.clone(),
            name: self.mine(of),
            setting: Some(to.code.clone()),
            request_id: fresh(),
        };
        let mut moves = self.transitions();
        let answer = moves.end_sending_without_agreement(asked).await?;
        Ok(answer.into_inner())
    }

    async fn agreements(
        &self,
        asked: v1::ListAgreementsRequest,
    ) -> Answer<v1::ListAgreementsResponse> {
        let asked = v1::ListAgreementsRequest {
            parent: self.setting.clone(),
            ..asked
        };
        Ok(self.settings().list_agreements(asked).await?.into_inner())
    }

    /// Kinds of a contribution that are there for the caller.
    async fn kinds_seen(&self, profile: &str) -> Answer<Vec<String>> {
        Ok(kinds(&self.get(profile).await?))
    }
}

impl Exchange {
    /// A move whose window is open, and whose receiver has no agreement any more.
    pub(crate) async fn unsigned_move(&self) -> Move {
        let of = self.open_move().await;
        self.officer.signs_no_more(&of.to.name).await.unwrap();
        of
    }

    /// Publishes these sections as the head.
    pub(super) fn head_sends<'a>(
        &'a self,
        of: &'a Move,
        sections: v1::Sections,
    ) -> BoxFuture<'a, v1::PublishProfileResponse> {
        let sections = Box::new(sections);
        Box::pin(async move {
            let head = self.person(&of.from, &[Role::Publisher]).await;
            head.publish(submission(of, *sections)).await.unwrap()
        })
    }
}

/// Who signed for other days than the rest, one who signed no more, and reasons that a head recorded for
/// two receivers of a move.
pub(crate) async fn with_agreements(exchange: &Exchange) {
    let of = exchange.open_move().await;
    let head = exchange.person(&of.from, &[Role::Publisher]).await;
    let reasons = [
        v1::SendingReason::UrgentNeed,
        v1::SendingReason::OutsideArea,
    ];
    for (to, reason) in [&exchange.academy, &of.to].into_iter().zip(reasons) {
        let offered = "2026-03-02";
        exchange
            .officer
            .redirect(&of.name, to, offered)
            .await
            .unwrap();
        exchange.officer.signs_no_more(&to.name).await.unwrap();
        head.sends_without(&of.name, to, reason).await.unwrap();
        let signed = days("2026-03-01", "2030-08-31");
        exchange.officer.signs(&to.name, signed).await.unwrap();
    }
    let ended = &exchange.college.name;
    exchange.officer.signs_no_more(ended).await.unwrap();
}

/// Health alone, and something of attendance.
pub(crate) fn part(health: bool, attendance: bool) -> v1::Sections {
    let all = typical(2, v1::Point::PrimaryToSecondary);
    v1::Sections {
        health: all.health.filter(|_| health),
        attendance: all.attendance.filter(|_| attendance),
        ..Default::default()
    }
}

/// Health that is not what [`part`] has.
fn other_health() -> v1::Sections {
    let all = v1::Sections::decode(baton_wire::sample::complete(5)).unwrap();
    v1::Sections {
        health: all.health,
        ..Default::default()
    }
}

/// What takes a safeguarding lead: the note, and if so what is not vital.
fn apart_sections(family: bool) -> v1::Sections {
    let all = v1::Sections::decode(baton_wire::sample::complete(5)).unwrap();
    v1::Sections {
        family_and_agencies: all.family_and_agencies.filter(|_| family),
        child_protection_note: all.child_protection_note,
        ..Default::default()
    }
}
