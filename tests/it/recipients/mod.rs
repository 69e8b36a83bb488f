//! Settings that receive beside the destination: what they get, from when until when, and that none
//! of them learns of another.

use baton_wire::v1::{self, ItemKind, Role};
use prost::Message as _;

use crate::harness::*;

mod answered;
mod caseworker;
mod counted;
mod dual;
mod further;
mod naming;
mod provisional;
mod race;
mod unseen;

/// What a recipient is named for; days may be empty.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    purpose: v1::RecipientPurpose,
    kinds: &'a [v1::SectionKind],
    first: &'a str,
    last: &'a str,
}

pub(crate) const fn further(purpose: v1::RecipientPurpose, kinds: &[v1::SectionKind]) -> Named<'_> {
    Named {
        purpose,
        kinds,
        first: "",
        last: "",
    }
}

/// The same until a day.
pub(crate) const fn until<'a>(
    purpose: v1::RecipientPurpose,
    kinds: &'a [v1::SectionKind],
    last: &'a str,
) -> Named<'a> {
    Named {
        last,
        ..further(purpose, kinds)
    }
}

const fn dual<'a>(first: &'a str, last: &'a str) -> Named<'a> {
    Named {
        purpose: v1::RecipientPurpose::ManagedMove,
        kinds: &[],
        first,
        last,
    }
}

const CONSULTED: Named<'static> = further(v1::RecipientPurpose::PlanConsultation, &[]);

/// The EHC plan, and nothing else.
pub(crate) fn plan() -> v1::Sections {
    let all = v1::Sections::decode(baton_wire::sample::complete(7)).unwrap();
    v1::Sections {
        ehc_plan: all.ehc_plan,
        ..Default::default()
    }
}

impl Named<'_> {
    fn relation(self) -> v1::RecipientRelation {
        match self.purpose {
            v1::RecipientPurpose::PlanConsultation => v1::RecipientRelation::Provisional,
            v1::RecipientPurpose::DualRegistration
            | v1::RecipientPurpose::ManagedMove
            | v1::RecipientPurpose::AlternativeProvision => v1::RecipientRelation::Dual,
            _ => v1::RecipientRelation::Further,
        }
    }

    fn asked(self, who: &Caller, of: &str, setting: &Setting) -> v1::AddRecipientRequest {
        v1::AddRecipientRequest {
            parent: who.setting.clone(),
            name: who.mine(of),
            setting: Some(setting.code.clone()),
            relation: self.relation().into(),
            kinds: self.kinds.iter().map(|kind| (*kind).into()).collect(),
            first_day: self.first.to_owned(),
            last_day: self.last.to_owned(),
            purpose: self.purpose.into(),
            request_id: fresh(),
        }
    }
}

impl Caller {
    /// Has a setting receive beside the destination.
    pub(crate) async fn names(
        &self,
        of: &str,
        setting: &Setting,
        named: Named<'_>,
    ) -> Answer<v1::AddRecipientResponse> {
        let asked = named.asked(self, of, setting);
        Ok(self.transitions().add_recipient(asked).await?.into_inner())
    }

    pub(crate) async fn lets_go(
        &self,
        of: &str,
        setting: &Setting,
    ) -> Answer<v1::EndRecipientResponse> {
        let asked = v1::EndRecipientRequest {
            parent: self.setting.clone(),
            name: self.mine(of),
            setting: Some(setting.code.clone()),
            request_id: fresh(),
        };
        Ok(self.transitions().end_recipient(asked).await?.into_inner())
    }

    pub(crate) async fn plan_council(
        &self,
        of: &str,
        council: &Setting,
    ) -> Answer<v1::SetPlanCouncilResponse> {
        let asked = v1::SetPlanCouncilRequest {
            parent: self.setting.clone(),
            name: self.mine(of),
            council: Some(council.code.clone()),
            request_id: fresh(),
        };
        Ok(self
            .transitions()
            .set_plan_council(asked)
            .await?
            .into_inner())
    }
}

/// Items whose number says that something stands beside them that is kept apart: they are counted without
/// it.
const TOLD_BY_NUMBER: &str = "SELECT count(*) FROM feed AS one WHERE apart = 0 AND item >= \
     (SELECT count(*) FROM feed AS other WHERE other.addressee = one.addressee \
     AND other.position = one.position AND other.apart = 0)";

impl Exchange {
    /// The council as a setting: its virtual school, its caseworkers.
    pub(crate) fn council(&self) -> Setting {
        Setting {
            name: self.officer.setting.clone(),
            code: v1::SettingIdentifier {
                scheme: "baton-local".to_owned(),
                value: "council".to_owned(),
            },
        }
    }

    /// One more setting.
    pub(crate) async fn another(&self, kind: v1::SettingKind, name: &str) -> Setting {
        let code = v1::SettingIdentifier {
            scheme: "baton-local".to_owned(),
            value: name.to_owned(),
        };
        let setting = v1::Setting {
            kind: kind.into(),
            display_name: format!("Sample {name}"),
            council: COUNCIL.to_owned(),
            identifiers: vec![code.clone()],
            ..Default::default()
        };
        let request = v1::ImportSettingsRequest {
            parent: self.officer.setting.clone(),
            settings: vec![setting],
            request_id: fresh(),
            agreement: (kind != v1::SettingKind::Vendor).then(framework),
            ..Default::default()
        };
        let answer = self.officer.settings().import_settings(request).await;
        let made = answer.unwrap().into_inner().settings.remove(0);
        Setting {
            name: made.setting.unwrap().name,
            code,
        }
    }

    /// A move on a route, to nobody yet.
    async fn undecided(&self, route: &str) -> Move {
        let plan = self.without_destination(route);
        let learner = plan.learner.clone();
        let outcome = self.officer.plan(vec![plan]).await.unwrap().remove(0);
        let transition = outcome
            .transition
            .unwrap_or_else(|| panic!("{:?}", outcome.error));
        Move {
            name: transition.name.clone(),
            point: transition.point(),
            from: self.primary.clone(),
            to: self.secondary.clone(),
            learner,
        }
    }

    fn without_destination(&self, route: &str) -> v1::PlannedTransition {
        v1::PlannedTransition {
            route: route.to_owned(),
            to: None,
            offer_date: String::new(),
            acceptance: v1::AcceptanceState::Unspecified.into(),
            ..self.plan_of(v1::Point::PrimaryToSecondary)
        }
    }

    /// The plan of such a move again, with its destination.
    async fn decided(&self, of: &Move, route: &str, to: &Setting, more: v1::PlannedTransition) {
        let plan = v1::PlannedTransition {
            learner: of.learner.clone(),
            to: Some(to.code.clone()),
            start_date: more.start_date,
            plan_names_setting: more.plan_names_setting,
            ..self.without_destination(route)
        };
        let outcome = self.officer.plan(vec![plan]).await.unwrap().remove(0);
        let same = outcome
            .transition
            .unwrap_or_else(|| panic!("{:?}", outcome.error));
        assert_eq!(same.name, of.name, "the same move");
    }

    /// Publishes what a school would send; the name of the contribution.
    pub(crate) async fn sent(&self, of: &Move) -> String {
        let sender = self.person(&of.from, &[Role::Publisher]).await;
        let published = sender.publish(submission(of, typical(2, of.point)));
        published.await.unwrap().name
    }

    /// That the whole ledger holds, and the rows are what its entries make of them.
    pub(crate) async fn holds(&self) {
        let folder = tempfile::tempdir().unwrap();
        let connection = self.officer.connection(&self.door, folder.path());
        let (whole, said) = crate::tamper::verified(&connection).await;
        assert!(whole, "{said}");
        assert_eq!(
            self.home.count(TOLD_BY_NUMBER).await,
            0,
            "items tell of what is kept apart"
        );
    }
}

/// The kinds of what came, in order.
pub(crate) fn what(items: &[v1::Item]) -> Vec<ItemKind> {
    items.iter().map(v1::Item::kind).collect()
}

/// Longest a watch is waited on.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// Waits on an open watch for the next turn that shows something.
pub(crate) async fn next(watch: &mut tonic::Streaming<v1::WatchResponse>) -> v1::Item {
    let coming = async {
        loop {
            let turn = watch.message().await.unwrap().expect("a watch goes on");
            if let [item] = turn.items.as_slice() {
                return item.clone();
            }
            assert_eq!(turn.items, [], "one at a time");
        }
    };
    let came = tokio::time::timeout(PATIENCE, coming).await;
    came.expect("nothing came in 30 s")
}

/// What takes a safeguarding lead, and nothing else.
pub(crate) fn restricted() -> v1::Sections {
    let all = v1::Sections::decode(baton_wire::sample::complete(5)).unwrap();
    v1::Sections {
        family_and_agencies: all.family_and_agencies,
        child_protection_note: all.child_protection_note,
        ..Default::default()
    }
}
