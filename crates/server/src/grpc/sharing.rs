//! What people decided about sharing: `TransitionService`'s calls about it.

use baton_domain::act::{ListSharing, RecordSharing};
use baton_domain::sharing::{Basis, Decision, Fault, Giver, NotStopped, Said, Toward, not_stopped};
use baton_store::{DecisionSummary, SharingRecorded};
use baton_wire::contract::Message;
use baton_wire::convert::required;
use baton_wire::field;
use baton_wire::name::{self, TransitionName};
use baton_wire::status::Problem;
use baton_wire::twin;
use baton_wire::violation::Violation;
use tonic::{Request, Response};

use super::call::{Fields, caller, known, under};
use super::recipients::kinds;
use super::{Services, encode};

/// The decision as the request says it.
fn said(fields: &mut Fields, request: &twin::RecordSharingDecisionRequest) -> Option<Decision> {
    let giver = required::<twin::DecisionGiver, Giver>("giver", request.giver);
    let basis = required::<twin::DecisionBasis, Basis>("basis", request.basis);
    let toward = required::<twin::DecisionToward, Toward>("toward", request.toward);
    let said = required::<twin::DecisionSaid, Said>("said", request.said);
    let (giver, basis) = (fields.take(giver), fields.take(basis));
    let (toward, said) = (fields.take(toward), fields.take(said));
    let kinds = kinds(fields, &request.kinds);
    let said_on = fields.take(field::date("said_on", &request.said_on));
    if said_on == Some(None) {
        fields.wrong("said_on", "required", "Give the day it was said.");
    }
    let assessed_on = fields.take(field::date("assessed_on", &request.assessed_on));
    Some(Decision {
        giver: giver?,
        basis: basis?,
        toward: toward?,
        kinds: kinds?,
        said: said?,
        said_on: said_on??,
        assessed_on: assessed_on?,
    })
}

impl Services {
    pub(super) async fn record_sharing(
        &self,
        request: Request<twin::RecordSharingDecisionRequest>,
    ) -> Result<Response<twin::RecordSharingDecisionResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<TransitionName>("name", &request.name));
        let decision = said(&mut fields, &request);
        let setting = fields.some_code("setting", request.setting.as_ref());
        let id = fields.request_id(&request.request_id);
        let (name, (decision, (setting, id))) =
            fields.all(name.zip(decision.zip(setting.zip(id))))?;
        let asking = under(asking, &call, name.setting);
        let act = RecordSharing {
            transition: name.transition,
            decision,
            setting,
            request: id,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::RecordSharingDecisionResponse {
            not_stopped: going_on(&done.value),
            decision: Some(shown(&done.value.decision)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    pub(super) async fn list_sharing(
        &self,
        request: Request<twin::ListSharingDecisionsRequest>,
    ) -> Result<Response<twin::ListSharingDecisionsResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let name = name::read::<TransitionName>("name", &request.name)?;
        let asking = under(asking, &call, name.setting);
        let act = ListSharing {
            transition: name.transition,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::ListSharingDecisionsResponse {
            decisions: done.value.iter().map(shown).collect(),
        }))
    }
}

fn shown(one: &DecisionSummary) -> twin::RecordedDecision {
    let day = |day: Option<jiff::civil::Date>| day.map_or(String::new(), |day| day.to_string());
    let kinds = one.kinds().iter();
    twin::RecordedDecision {
        giver: one
            .giver()
            .map_or(0, |it| twin::DecisionGiver::from(it).into()),
        basis: one
            .basis()
            .map_or(0, |it| twin::DecisionBasis::from(it).into()),
        toward: one
            .toward()
            .map_or(0, |it| twin::DecisionToward::from(it).into()),
        said: one
            .said()
            .map_or(0, |it| twin::DecisionSaid::from(it).into()),
        kinds: kinds
            .map(|kind| twin::SectionKind::from(kind).into())
            .collect(),
        said_on: day(Some(one.said_on)),
        assessed_on: day(one.assessed_on),
        position: one.position,
        setting: one
            .setting
            .as_ref()
            .map_or(String::new(), encode::setting_name),
    }
}

fn going_on(done: &SharingRecorded) -> Vec<twin::NotStopped> {
    let Some(toward) = done.decision.toward() else {
        return Vec::new();
    };
    let laws = done
        .not_stopped()
        .iter()
        .filter_map(|kind| not_stopped(toward, kind));
    laws.map(|one| twin::NotStopped {
        kind: twin::SectionKind::from(one.kind).into(),
        law: one.law.to_owned(),
        fields: names(one),
    })
    .collect()
}

/// Names of the fields that go on of a kind; none: all of it does.
fn names(one: NotStopped) -> Vec<String> {
    let section = Message::of(one.kind);
    let fields = one.fields.unwrap_or_default().iter();
    let fields = fields.filter_map(|number| section.field(*number));
    fields.map(|(_, field)| field.name.to_owned()).collect()
}

/// What is wrong with a decision, and whose it would be.
pub(super) fn violation(fault: Fault) -> Violation {
    let (field, rule, expected) = match fault {
        Fault::NotSaidYet => (
            "said_on",
            "said_on.future",
            "A day that has come, in London.",
        ),
        Fault::BasisOfAnother => (
            "basis",
            "basis.giver",
            "OWN_DECISION or COMPETENT_CHILD of a learner, PARENTAL_RESPONSIBILITY of a parent, \
             DEPUTY_OR_ATTORNEY or BEST_INTERESTS of a representative.",
        ),
        Fault::AssessmentMissing => (
            "assessed_on",
            "assessed_on.required",
            "The day capacity for this decision was assessed (Mental Capacity Act 2005 s2 and s3).",
        ),
        Fault::AssessmentUnasked => (
            "assessed_on",
            "assessed_on.giver",
            "Of a representative only; leave it out.",
        ),
        Fault::AssessmentLater => (
            "assessed_on",
            "assessed_on.order",
            "Not after the decision it is the basis of.",
        ),
        _ => return whose(fault),
    };
    Violation::new(field, rule, expected)
}

fn whose(fault: Fault) -> Violation {
    let (field, rule, expected) = match fault {
        Fault::CouncilBefore16 => (
            "giver",
            "giver.council_under_16",
            "Until the 16th birthday a parent says what the council is given (Education and Skills \
             Act 2008 s14).",
        ),
        Fault::CouncilFrom16 => (
            "giver",
            "giver.council_from_16",
            "From the 16th birthday the young person says what the council is given (Education and \
             Skills Act 2008 s14).",
        ),
        Fault::SendBeforeJune => (
            "giver",
            "giver.send_under_age",
            "Until the last Friday in June of the school year of the 16th birthday a parent decides \
             about SEND (Children and Families Act 2014 s83; Education Act 1996 s8).",
        ),
        Fault::SendFromJune => (
            "giver",
            "giver.send_of_age",
            "After the last Friday in June of the school year of the 16th birthday the young person \
             decides about SEND (Children and Families Act 2014 s83).",
        ),
        Fault::ParentFrom16 => (
            "giver",
            "giver.from_16",
            "From the 16th birthday it is the young person's own decision, or their \
             representative's (Mental Capacity Act 2005 s1 and s2).",
        ),
        Fault::CompetentFrom16 => (
            "basis",
            "basis.from_16",
            "From the 16th birthday it is an OWN_DECISION.",
        ),
        Fault::OwnBefore16 => (
            "basis",
            "basis.under_16",
            "Before the 16th birthday a child decides alone as a COMPETENT_CHILD. Whose date of \
             birth is not known counts as under 16: publish the identity section first.",
        ),
        Fault::RepresentativeBefore16 => (
            "giver",
            "giver.representative_under_16",
            "The Mental Capacity Act begins at 16: before that a parent decides, or a competent child.",
        ),
        Fault::FamilyByParent => (
            "giver",
            "giver.family",
            "What parents are shown of the record is the learner's to say, or their representative's: \
             end a parent's access instead (EndFamilyAccess).",
        ),
        Fault::UnknownSetting => (
            "setting",
            "setting.unknown",
            "No setting has this code: check it, or leave it out.",
        ),
        Fault::OtherSetting => (
            "setting",
            "setting.toward",
            "It is not of this class of receivers: give its own in `toward`. A vendor is of none.",
        ),
        _ => (
            "name",
            "decisions.count",
            "The move has 64 decisions: what was said last counts.",
        ),
    };
    Violation::new(field, rule, expected)
}
