//! Settings that receive beside the destination: `TransitionService`'s calls about them.

use baton_domain::act::{AddRecipient, EndRecipient, SetPlanCouncil};
use baton_domain::recipient::{Days, RecipientPurpose, RecipientRelation};
use baton_domain::section::{KindSet, SectionKind};
use baton_store::london_date;
use baton_wire::convert::required;
use baton_wire::field;
use baton_wire::name::{self, TransitionName};
use baton_wire::status::Problem;
use baton_wire::twin;
use jiff::civil::Date;
use tonic::{Request, Response};

use super::call::{Fields, caller, each, known, under};
use super::{Services, encode};

/// What stands in the request of the relation, its kinds, days and purpose; they have to agree.
fn named(
    fields: &mut Fields,
    request: &twin::AddRecipientRequest,
    today: Date,
) -> Option<(RecipientRelation, KindSet, Days, RecipientPurpose)> {
    let relation = fields.take(required::<twin::RecipientRelation, RecipientRelation>(
        "relation",
        request.relation,
    ));
    let purpose = fields.take(required::<twin::RecipientPurpose, RecipientPurpose>(
        "purpose",
        request.purpose,
    ));
    let kinds = kinds(fields, &request.kinds);
    let first = fields.take(field::date("first_day", &request.first_day));
    let last = fields.take(field::date("last_day", &request.last_day));
    let further = relation == Some(RecipientRelation::Further);
    if further && request.kinds.is_empty() {
        fields.wrong("kinds", "required", "Name what a further recipient gets.");
    }
    if relation.is_some() && !further && !request.kinds.is_empty() {
        let say = "Only a further recipient gets named kinds; leave them out.";
        fields.wrong("kinds", "kinds.relation", say);
    }
    if relation
        .zip(purpose)
        .is_some_and(|(is, why)| why.relation() != is)
    {
        let say = "Give a reason for this relation; docs/recipients.md lists them.";
        fields.wrong("purpose", "purpose.relation", say);
    }
    if relation == Some(RecipientRelation::Dual) {
        let say = "A second registration has a first and a last day.";
        for (name, text) in [
            ("first_day", &request.first_day),
            ("last_day", &request.last_day),
        ] {
            if text.is_empty() {
                fields.wrong(name, "required", say);
            }
        }
    }
    let days = first.zip(last).map(|(first, last)| Days { first, last });
    if let Some(Days {
        last: Some(last),
        first,
    }) = days
    {
        if first.is_some_and(|first| last < first) {
            fields.wrong("last_day", "date.order", "Not before the first day.");
        }
        if last < today {
            fields.wrong("last_day", "date.over", "Today or a day that is to come.");
        }
    }
    Some((relation?, kinds?, days?, purpose?))
}

pub(super) fn kinds(fields: &mut Fields, numbers: &[i32]) -> Option<KindSet> {
    each(numbers, |index, number| {
        let at = format!("kinds[{index}]");
        fields.take(required::<twin::SectionKind, SectionKind>(&at, *number))
    })
}

impl Services {
    pub(super) async fn name_recipient(
        &self,
        request: Request<twin::AddRecipientRequest>,
    ) -> Result<Response<twin::AddRecipientResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let today = london_date(self.ledger.now_us());
        let mut fields = Fields::default();
        let name = fields.take(name::read::<TransitionName>("name", &request.name));
        let code = request.setting.clone().unwrap_or_default();
        let setting = fields.code("setting", &code);
        let named = named(&mut fields, &request, today);
        let id = fields.request_id(&request.request_id);
        let ((name, setting), (named, id)) = fields.all(name.zip(setting).zip(named.zip(id)))?;
        let asking = under(asking, &call, name.setting);
        let (relation, kinds, days, purpose) = named;
        let act = AddRecipient {
            transition: name.transition,
            setting,
            relation,
            kinds,
            days,
            purpose,
            request: id,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::AddRecipientResponse {
            transition: Some(encode::transition(&asking, done.value.transition)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    pub(super) async fn let_recipient_go(
        &self,
        request: Request<twin::EndRecipientRequest>,
    ) -> Result<Response<twin::EndRecipientResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<TransitionName>("name", &request.name));
        let setting = fields.code("setting", &request.setting.unwrap_or_default());
        let id = fields.request_id(&request.request_id);
        let (name, (setting, id)) = fields.all(name.zip(setting.zip(id)))?;
        let asking = under(asking, &call, name.setting);
        let act = EndRecipient {
            transition: name.transition,
            setting,
            request: id,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::EndRecipientResponse {
            transition: Some(encode::transition(&asking, done.value.transition)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    pub(super) async fn name_plan_council(
        &self,
        request: Request<twin::SetPlanCouncilRequest>,
    ) -> Result<Response<twin::SetPlanCouncilResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<TransitionName>("name", &request.name));
        let council = fields.some_code("council", request.council.as_ref());
        let id = fields.request_id(&request.request_id);
        let (name, (council, id)) = fields.all(name.zip(council.zip(id)))?;
        let asking = under(asking, &call, name.setting);
        let act = SetPlanCouncil {
            transition: name.transition,
            council,
            request: id,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::SetPlanCouncilResponse {
            transition: Some(encode::transition(&asking, done.value.transition)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }
}
