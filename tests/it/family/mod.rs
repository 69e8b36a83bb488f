//! The learner, or who has parental responsibility, sees the own record: as much of it as the sending
//! setting wrote and the rules leave, and nothing of anybody else.

use baton_domain::section::{Class, SectionKind as Kind};
use baton_wire::v1::{self, DecisionBasis, DecisionGiver, SectionKind};

use crate::harness::*;

mod decided;
mod ended;
mod given;
mod moves;
mod race;
mod seen;

/// Whom access is given to, and by which right.
#[derive(Clone, Copy)]
pub(crate) struct Reader {
    who: DecisionGiver,
    basis: DecisionBasis,
    assessed: &'static str,
    withheld: &'static [(SectionKind, &'static str)],
}

pub(crate) const PARENT: Reader = Reader {
    who: DecisionGiver::Parent,
    basis: DecisionBasis::ParentalResponsibility,
    assessed: "",
    withheld: &[],
};

pub(crate) const PARENT_WITHOUT_HEALTH: Reader = Reader {
    withheld: &[(SectionKind::Health, "serious_harm_health")],
    ..PARENT
};

/// Of 16 or more.
pub(crate) const LEARNER: Reader = Reader {
    who: DecisionGiver::Learner,
    basis: DecisionBasis::OwnDecision,
    ..PARENT
};

pub(crate) const CHILD: Reader = Reader {
    basis: DecisionBasis::CompetentChild,
    ..LEARNER
};

impl Reader {
    fn asked(&self, by: &Caller, of: &str, spki: &[u8]) -> v1::AddFamilyAccessRequest {
        let withheld = self.withheld.iter().map(|(kind, by)| v1::WithheldSection {
            kind: (*kind).into(),
            exemption: (*by).to_owned(),
        });
        v1::AddFamilyAccessRequest {
            parent: by.setting.clone(),
            name: by.mine(of),
            who: self.who.into(),
            basis: self.basis.into(),
            assessed_on: self.assessed.to_owned(),
            withheld: withheld.collect(),
            certificate_spki_sha256: spki.to_vec().into(),
            request_id: fresh(),
            ..Default::default()
        }
    }
}

impl Exchange {
    /// Somebody of the family, to whom the sender gave access.
    pub(crate) async fn reader(&self, sender: &Caller, of: &str, reader: Reader) -> Caller {
        let papers = Papers::new();
        let asked = reader.asked(sender, of, &papers.spki);
        let given = sender.gives(asked).await.unwrap();
        let credential = given.access.unwrap().credential.unwrap().name;
        Caller::with_papers(&self.door, &papers).of(&sender.setting, &credential)
    }

    /// A parent who may look, under a label of the sender's.
    pub(crate) async fn labelled(&self, sender: &Caller, of: &str, label: &str) -> String {
        let asked = v1::AddFamilyAccessRequest {
            label: label.to_owned(),
            ..PARENT.asked(sender, of, &Papers::new().spki)
        };
        let given = sender.gives(asked).await.unwrap();
        given.access.unwrap().credential.unwrap().name
    }

    /// A parent of the learner.
    pub(crate) async fn parent(&self, sender: &Caller, of: &str) -> Caller {
        self.reader(sender, of, PARENT).await
    }
}

/// A parent and a child who may look, one of them not at everything.
pub(crate) async fn with_families(exchange: &Exchange) {
    let of = exchange.open_move().await;
    let head = exchange.person(&of.from, &[v1::Role::Publisher]).await;
    for reader in [PARENT_WITHOUT_HEALTH, CHILD] {
        exchange.reader(&head, &of.name, reader).await;
    }
}

impl Caller {
    async fn gives(
        &self,
        asked: v1::AddFamilyAccessRequest,
    ) -> Answer<v1::AddFamilyAccessResponse> {
        let answer = self.transitions().add_family_access(asked).await?;
        Ok(answer.into_inner())
    }

    /// Ends the access of somebody of a family.
    pub(crate) async fn takes_from(&self, reader: &Caller, of: &str) -> Answer<v1::Receipt> {
        let asked = v1::EndFamilyAccessRequest {
            parent: self.setting.clone(),
            name: self.mine(of),
            credential: reader.credential.clone(),
            request_id: fresh(),
        };
        let answer = self.transitions().end_family_access(asked).await?;
        let ended = answer.into_inner();
        assert!(ended.access.unwrap().credential.unwrap().revoked);
        Ok(ended.receipt.unwrap())
    }

    async fn readers(&self, of: &str) -> Answer<Vec<v1::FamilyAccess>> {
        let asked = v1::ListFamilyAccessRequest {
            parent: self.setting.clone(),
            name: self.mine(of),
        };
        let answer = self.transitions().list_family_access(asked).await?;
        Ok(answer.into_inner().accesses)
    }
}

/// Kinds that families are shown at all: not what is written for somebody's safety, and not other
/// children.
pub(crate) fn shown_to_families() -> Vec<&'static str> {
    let shown = |kind: &Kind| kind.class() != Class::R && *kind != Kind::Relationships;
    let all = Kind::ALL.into_iter().filter(shown);
    all.map(Kind::name).collect()
}

/// A submission of a learner who was born on a day.
fn born(of: &Move, day: &str) -> v1::ProfileSubmission {
    let mut content = typical(5, of.point);
    let identity = content.identity.as_mut().expect("an identity");
    identity.date_of_birth = Some(day.to_owned());
    submission(of, content)
}
