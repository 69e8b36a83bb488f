//! What a setting lets a vendor do in its place: `SettingService`'s calls about it.

use baton_domain::act::{AddDelegation, EndDelegation, ListDelegations};
use baton_domain::delegation::{Mandate, Scope, ScopeSet, Term};
use baton_domain::ids::SettingId;
use baton_domain::section::{KindSet, SectionKind};
use baton_store::london_date;
use baton_wire::convert::required;
use baton_wire::field;
use baton_wire::status::Problem;
use baton_wire::twin;
use jiff::civil::Date;
use tonic::{Request, Response};

use super::call::{Asking, Fields, caller, each, known};
use super::settings::role_set;
use super::{Services, encode};

/// What is handed over, every problem told.
fn mandate(fields: &mut Fields, request: &twin::AddDelegationRequest) -> Option<Mandate> {
    let roles = role_set(fields, &request.roles);
    if roles.is_some_and(|roles| !Mandate::allows(roles)) {
        let say = "A vendor is publisher, receiver lead or data manager; leave out the others.";
        fields.wrong("roles", "roles.vendor", say);
    }
    if request.scopes.is_empty() {
        fields.wrong("scopes", "required", "Give at least one scope.");
    }
    let scopes: Option<ScopeSet> = each(&request.scopes, |index, number| {
        let at = format!("scopes[{index}]");
        fields.take(required::<twin::DelegationScope, Scope>(&at, *number))
    });
    let kinds = if request.kinds.is_empty() {
        Some(Mandate::all_kinds())
    } else {
        kinds(fields, &request.kinds)
    };
    Some(Mandate {
        roles: roles?,
        scopes: scopes?,
        kinds: kinds?,
    })
}

fn kinds(fields: &mut Fields, numbers: &[i32]) -> Option<KindSet> {
    each(numbers, |index, number| {
        let at = format!("kinds[{index}]");
        let kind = fields.take(required::<twin::SectionKind, SectionKind>(&at, *number))?;
        if !Mandate::can_have(kind) {
            let say = "No vendor has a kind of class R; leave it out.";
            fields.wrong(&at, "kinds.restricted", say);
        }
        Some(kind)
    })
}

fn term(fields: &mut Fields, request: &twin::AddDelegationRequest, today: Date) -> Option<Term> {
    let first = fields.take(field::date("first_day", &request.first_day));
    let last = fields.take(field::date("last_day", &request.last_day));
    if request.last_day.is_empty() {
        fields.wrong("last_day", "required", "A delegation has a last day.");
    }
    let (first, last) = (first?.unwrap_or(today), last??);
    if last < first {
        fields.wrong("last_day", "date.order", "Not before the first day.");
    } else if last < today {
        fields.wrong("last_day", "date.over", "Today or a day that is to come.");
    } else if !(Term { first, last }).is_fit() {
        let say = "At most 396 days (13 months) from the first to the last.";
        fields.wrong("last_day", "lifetime", say);
    }
    Some(Term { first, last })
}

/// The setting a call is about: the acting one where none is named.
fn of(fields: &mut Fields, named: &str, asking: &Asking) -> Option<SettingId> {
    if named.is_empty() {
        Some(asking.acting.clone())
    } else {
        fields.setting("setting", named)
    }
}

impl Services {
    pub(super) async fn let_act(
        &self,
        request: Request<twin::AddDelegationRequest>,
    ) -> Result<Response<twin::AddDelegationResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let today = london_date(self.ledger.now_us());
        let mut fields = Fields::default();
        let vendor = fields.setting("vendor", &request.vendor);
        let mandate = mandate(&mut fields, &request);
        let term = term(&mut fields, &request, today);
        let id = fields.request_id(&request.request_id);
        let ((vendor, mandate), (term, id)) = fields.all(vendor.zip(mandate).zip(term.zip(id)))?;
        let act = AddDelegation {
            vendor,
            mandate,
            term,
            request: id,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::AddDelegationResponse {
            delegation: Some(encode::delegation(done.value)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    pub(super) async fn let_act_no_more(
        &self,
        request: Request<twin::EndDelegationRequest>,
    ) -> Result<Response<twin::EndDelegationResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let mut fields = Fields::default();
        let setting = of(&mut fields, &request.setting, &asking);
        let vendor = fields.setting("vendor", &request.vendor);
        let id = fields.request_id(&request.request_id);
        let (setting, (vendor, id)) = fields.all(setting.zip(vendor.zip(id)))?;
        let act = EndDelegation {
            setting,
            vendor,
            request: id,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::EndDelegationResponse {
            delegation: Some(encode::delegation(done.value)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    pub(super) async fn who_may_act(
        &self,
        request: Request<twin::ListDelegationsRequest>,
    ) -> Result<Response<twin::ListDelegationsResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let mut fields = Fields::default();
        let setting = of(&mut fields, &request.setting, &asking);
        let setting = fields.all(setting)?;
        let done = self.act(&asking, ListDelegations { setting }).await?;
        let delegations = done.value.into_iter().map(encode::delegation).collect();
        Ok(Response::new(twin::ListDelegationsResponse { delegations }))
    }
}
