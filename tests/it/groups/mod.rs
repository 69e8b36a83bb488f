//! A class teacher or key person works on the own class or group, and of other learners of the same
//! setting is told what a stranger is told.

use baton_wire::v1::{self, Point, Role, SectionKind};

use crate::harness::*;

mod given;
mod own;
mod seen;

impl Exchange {
    /// A contributor of these groups.
    pub(crate) async fn teacher(&self, of: &Setting, groups: &[&str]) -> Caller {
        let papers = Papers::new();
        let issued = self
            .officer
            .issues_for(of, &[Role::Contributor], (groups, &papers.spki));
        let credential = issued.await.unwrap().credential.unwrap().name;
        Caller::with_papers(&self.door, &papers).of(&of.name, &credential)
    }

    /// A move out of the primary whose window is open, of a learner in this group.
    pub(crate) async fn move_of_group(&self, group: &str) -> Move {
        self.planned_as(v1::PlannedTransition {
            group: group.to_owned(),
            ..self.plan_of(Point::PrimaryToSecondary)
        })
        .await
    }

    /// The learner goes to another group; nothing else is stated.
    pub(crate) async fn changes_group(&self, head: &Caller, of: &Move, group: &str) {
        let plan = v1::PlannedTransition {
            from: Some(of.from.code.clone()),
            learner: of.learner.clone(),
            point: of.point.into(),
            academic_year: YEAR,
            group: group.to_owned(),
            ..Default::default()
        };
        let outcome = head.plan(vec![plan]).await.unwrap().remove(0);
        assert!(outcome.changed, "{:?}", outcome.error);
    }
}

impl Caller {
    /// Asks for a credential of these roles and groups.
    pub(crate) async fn issues_for(
        &self,
        of: &Setting,
        roles: &[Role],
        (groups, spki): (&[&str], &[u8]),
    ) -> Answer<v1::IssueCredentialResponse> {
        let more = v1::IssueCredentialRequest {
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            ..Default::default()
        };
        self.issue_with(&of.name, roles, spki, more).await
    }
}

/// What a teacher fills: the kinds that contributors of the tests are assigned.
fn filled(of: &Move, seed: u64) -> v1::ProfileSubmission {
    let typical = typical(seed, of.point);
    let content = v1::Sections {
        send: typical.send,
        health: typical.health,
        ..Default::default()
    };
    assert!(ASSIGNED.contains(&SectionKind::Send) && content.send.is_some());
    submission(of, content)
}

/// A submission that names its learner by UPN instead of the move.
fn by_number(of: &Move, learner: &[v1::LearnerIdentifier], seed: u64) -> v1::ProfileSubmission {
    v1::ProfileSubmission {
        transition: String::new(),
        learner: learner.to_vec(),
        point: of.point.into(),
        academic_year: YEAR,
        ..filled(of, seed)
    }
}
