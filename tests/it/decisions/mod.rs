//! What people decided about sharing: in force at once, taken back, by whom, and what it cannot stop.

use baton_wire::v1::{
    self, DecisionBasis, DecisionGiver, DecisionSaid, DecisionToward, Role, SectionKind,
};

use crate::harness::*;

pub(crate) mod absent;
mod ages;
mod consent;
mod council;
mod giver;
mod in_part;
mod lifted;

/// A decision as it is recorded; said the day before.
#[derive(Clone)]
pub(crate) struct Said<'a> {
    pub(crate) giver: DecisionGiver,
    pub(crate) basis: DecisionBasis,
    pub(crate) toward: DecisionToward,
    pub(crate) setting: Option<&'a Setting>,
    pub(crate) kinds: &'a [SectionKind],
    pub(crate) said: DecisionSaid,
    pub(crate) on: &'a str,
    pub(crate) assessed: &'a str,
}

/// What a parent says of a child under 16.
pub(crate) const fn parent(
    toward: DecisionToward,
    said: DecisionSaid,
    kinds: &[SectionKind],
) -> Said<'_> {
    Said {
        giver: DecisionGiver::Parent,
        basis: DecisionBasis::ParentalResponsibility,
        toward,
        setting: None,
        kinds,
        said,
        on: "2026-03-09",
        assessed: "",
    }
}

/// What a child under 16 says who understands it.
pub(crate) const fn by_the_child(
    toward: DecisionToward,
    said: DecisionSaid,
    kinds: &[SectionKind],
) -> Said<'_> {
    Said {
        giver: DecisionGiver::Learner,
        basis: DecisionBasis::CompetentChild,
        ..parent(toward, said, kinds)
    }
}

/// What a learner of 16 or more says.
pub(crate) const fn by_the_learner(
    toward: DecisionToward,
    said: DecisionSaid,
    kinds: &[SectionKind],
) -> Said<'_> {
    Said {
        basis: DecisionBasis::OwnDecision,
        ..by_the_child(toward, said, kinds)
    }
}

/// Has a parent say something of these kinds to schools and colleges.
pub(crate) async fn said_by_a_parent(
    sender: &Caller,
    of: &str,
    (said, kinds): (DecisionSaid, &[SectionKind]),
) {
    let said = parent(DecisionToward::Education, said, kinds);
    sender.records(of, &said).await.unwrap();
}

/// Moves about which a parent said something.
pub(crate) async fn with_decisions(exchange: &Exchange) {
    for said in [DecisionSaid::Refused, DecisionSaid::Allowed] {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let said = parent(DecisionToward::Education, said, &[SectionKind::Send]);
        sender.records(&of.name, &said).await.unwrap();
    }
}

impl Said<'_> {
    fn asked(&self, who: &Caller, of: &str) -> v1::RecordSharingDecisionRequest {
        v1::RecordSharingDecisionRequest {
            parent: who.setting.clone(),
            name: who.mine(of),
            giver: self.giver.into(),
            basis: self.basis.into(),
            toward: self.toward.into(),
            setting: self.setting.map(|setting| setting.code.clone()),
            kinds: self.kinds.iter().map(|kind| (*kind).into()).collect(),
            said: self.said.into(),
            said_on: self.on.to_owned(),
            assessed_on: self.assessed.to_owned(),
            request_id: fresh(),
        }
    }
}

impl Caller {
    /// Records a decision of a move.
    pub(crate) async fn records(
        &self,
        of: &str,
        said: &Said<'_>,
    ) -> Answer<v1::RecordSharingDecisionResponse> {
        let asked = said.asked(self, of);
        let answer = self.transitions().record_sharing_decision(asked).await?;
        Ok(answer.into_inner())
    }

    async fn decisions(&self, of: &str) -> Answer<Vec<v1::RecordedDecision>> {
        let asked = v1::ListSharingDecisionsRequest {
            parent: self.setting.clone(),
            name: self.mine(of),
        };
        let answer = self.transitions().list_sharing_decisions(asked).await?;
        Ok(answer.into_inner().decisions)
    }
}

/// The position of an answer's entry.
fn position(done: &v1::RecordSharingDecisionResponse) -> i64 {
    done.receipt.as_ref().unwrap().position
}
