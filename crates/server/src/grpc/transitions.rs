//! `TransitionService`.

use baton_domain::act::{
    Fact, ListTransitions, Offer, Plan, RecordFact, Redirect, RequestId, ShowTransition,
};
use baton_domain::ids::TransitionId;
use baton_domain::route::Route;
use baton_store::{Done, Planned, london_date};
use baton_wire::convert::{acceptance, required};
use baton_wire::field;
use baton_wire::name::{self, TransitionName};
use baton_wire::status::Problem;
use baton_wire::twin::{self, transition_service_server::TransitionService};
use jiff::civil::Date;
use tonic::{Request, Response, Status};

use super::call::{Asking, Fields, caller, known, under};
use super::page::{self, Binding};
use super::{Services, encode};

const PLAN_MAX: usize = 500;
const PAGE: usize = 100;
const PAGE_MAX: usize = 500;

fn plan(
    at: &str,
    planned: &twin::PlannedTransition,
    request: RequestId,
    today: Date,
) -> Result<Plan, Problem> {
    let path = |name: &str| format!("{at}.{name}");
    let mut fields = Fields::default();
    let from = planned.from.clone().unwrap_or_default();
    let from = fields.code(&path("from"), &from);
    let to = fields.some_code(&path("to"), planned.to.as_ref());
    let learner = fields.learner(&path("learner"), &planned.learner);
    let year = field::academic_year(&path("academic_year"), planned.academic_year);
    let year = fields.take(year);
    let date = fields.take(field::past_date(
        &path("offer_date"),
        &planned.offer_date,
        today,
    ));
    // A start date is agreed ahead of time.
    let start = fields.take(field::date(&path("start_date"), &planned.start_date));
    let accepted = fields.take(acceptance(&path("acceptance"), planned.acceptance));
    let route = route(&mut fields, at, planned);
    let group = fields.take(field::group(&path("group"), &planned.group));
    let act = || {
        Some(Plan {
            from: from?,
            learner: learner?,
            to: to?,
            route: route?,
            academic_year: year?,
            offer: Offer {
                date: date?,
                accepted: accepted?,
            },
            start_date: start?,
            final_plan_names_receiver: planned.plan_names_setting,
            group: group?,
            request,
        })
    };
    let act = act();
    fields.all(act)
}

/// The route by its code, or the ordinary one of the point.
fn route(
    fields: &mut Fields,
    at: &str,
    planned: &twin::PlannedTransition,
) -> Option<&'static Route> {
    let point = fields.point(&format!("{at}.point"), planned.point)?;
    if planned.route.is_empty() {
        let ordinary = point.and_then(baton_domain::route::Point::ordinary_route);
        if ordinary.is_none() {
            let say =
                "Give a route; docs/routes.md lists them. Only three points have an ordinary one.";
            fields.wrong(&format!("{at}.route"), "route.needed", say);
        }
        return ordinary;
    }
    let route = Route::find(&planned.route);
    match route {
        None => fields.wrong(
            &format!("{at}.route"),
            "route",
            "Give a route of docs/routes.md.",
        ),
        Some(route) if point.is_some_and(|point| point != route.point) => {
            fields.wrong(
                &format!("{at}.point"),
                "route.point",
                "The route is of another point.",
            );
        }
        Some(_) => {}
    }
    route
}

impl Services {
    async fn plan_one(
        &self,
        caller: &Asking,
        (index, planned): (usize, &twin::PlannedTransition),
        request: &RequestId,
    ) -> Result<Done<Planned>, Problem> {
        let today = london_date(self.ledger.now_us());
        let at = format!("transitions[{index}]");
        self.act(caller, plan(&at, planned, request.item(index), today)?)
            .await
    }
}

#[tonic::async_trait]
impl TransitionService for Services {
    async fn plan_transitions(
        &self,
        request: Request<twin::PlanTransitionsRequest>,
    ) -> Result<Response<twin::PlanTransitionsResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let id = fields.request_id(&request.request_id);
        if request.transitions.len() > PLAN_MAX {
            fields.wrong("transitions", "items.count", "Give at most 500 moves.");
        }
        let id = fields.all(id)?;
        let items = request.transitions.iter().enumerate();
        let plans = items.map(|item| self.plan_one(&caller, item, &id));
        let outcomes = futures::future::join_all(plans)
            .await
            .into_iter()
            .map(|done| match done {
                Ok(done) => twin::PlannedTransitionOutcome {
                    transition: Some(encode::transition(&caller, done.value.transition)),
                    changed: done.value.changed,
                    error: None,
                    receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
                },
                Err(problem) => twin::PlannedTransitionOutcome {
                    error: Some(problem.into()),
                    ..Default::default()
                },
            });
        let transitions = outcomes.collect();
        Ok(Response::new(twin::PlanTransitionsResponse { transitions }))
    }

    async fn redirect_transition(
        &self,
        request: Request<twin::RedirectTransitionRequest>,
    ) -> Result<Response<twin::RedirectTransitionResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let today = london_date(self.ledger.now_us());
        let mut fields = Fields::default();
        let name = fields.take(name::read::<TransitionName>("name", &request.name));
        let to = fields.some_code("to", request.to.as_ref());
        let date = fields.take(field::past_date("offer_date", &request.offer_date, today));
        let accepted = fields.take(acceptance("acceptance", request.acceptance));
        let id = fields.request_id(&request.request_id);
        let offer = date
            .zip(accepted)
            .map(|(date, accepted)| Offer { date, accepted });
        let ((name, to), (offer, id)) = fields.all(name.zip(to).zip(offer.zip(id)))?;
        let caller = under(caller, &known, name.setting);
        let act = Redirect {
            transition: name.transition,
            to,
            offer,
            request: id,
        };
        let done = self.act(&caller, act).await?;
        Ok(Response::new(twin::RedirectTransitionResponse {
            transition: Some(encode::transition(&caller, done.value.transition)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    async fn add_recipient(
        &self,
        request: Request<twin::AddRecipientRequest>,
    ) -> Result<Response<twin::AddRecipientResponse>, Status> {
        Ok(self.name_recipient(request).await?)
    }

    async fn end_recipient(
        &self,
        request: Request<twin::EndRecipientRequest>,
    ) -> Result<Response<twin::EndRecipientResponse>, Status> {
        Ok(self.let_recipient_go(request).await?)
    }

    async fn set_plan_council(
        &self,
        request: Request<twin::SetPlanCouncilRequest>,
    ) -> Result<Response<twin::SetPlanCouncilResponse>, Status> {
        Ok(self.name_plan_council(request).await?)
    }

    async fn record_sharing_decision(
        &self,
        request: Request<twin::RecordSharingDecisionRequest>,
    ) -> Result<Response<twin::RecordSharingDecisionResponse>, Status> {
        Ok(self.record_sharing(request).await?)
    }

    async fn list_sharing_decisions(
        &self,
        request: Request<twin::ListSharingDecisionsRequest>,
    ) -> Result<Response<twin::ListSharingDecisionsResponse>, Status> {
        Ok(self.list_sharing(request).await?)
    }

    async fn add_family_access(
        &self,
        request: Request<twin::AddFamilyAccessRequest>,
    ) -> Result<Response<twin::AddFamilyAccessResponse>, Status> {
        Ok(self.give_family_access(request).await?)
    }

    async fn end_family_access(
        &self,
        request: Request<twin::EndFamilyAccessRequest>,
    ) -> Result<Response<twin::EndFamilyAccessResponse>, Status> {
        Ok(self.take_family_access(request).await?)
    }

    async fn list_family_access(
        &self,
        request: Request<twin::ListFamilyAccessRequest>,
    ) -> Result<Response<twin::ListFamilyAccessResponse>, Status> {
        Ok(self.list_family(request).await?)
    }

    async fn guard_identity(
        &self,
        request: Request<twin::GuardIdentityRequest>,
    ) -> Result<Response<twin::GuardIdentityResponse>, Status> {
        Ok(self.guard(request).await?)
    }

    async fn readmit_identifiers(
        &self,
        request: Request<twin::ReadmitIdentifiersRequest>,
    ) -> Result<Response<twin::ReadmitIdentifiersResponse>, Status> {
        Ok(self.readmit(request).await?)
    }

    async fn send_without_agreement(
        &self,
        request: Request<twin::SendWithoutAgreementRequest>,
    ) -> Result<Response<twin::SendWithoutAgreementResponse>, Status> {
        Ok(self.send_without(request).await?)
    }

    async fn end_sending_without_agreement(
        &self,
        request: Request<twin::EndSendingWithoutAgreementRequest>,
    ) -> Result<Response<twin::EndSendingWithoutAgreementResponse>, Status> {
        Ok(self.send_without_no_more(request).await?)
    }

    async fn record_fact(
        &self,
        request: Request<twin::RecordFactRequest>,
    ) -> Result<Response<twin::RecordFactResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<TransitionName>("name", &request.name));
        let fact = fields.take(required::<twin::TransitionFact, Fact>("fact", request.fact));
        let id = fields.request_id(&request.request_id);
        let (name, (fact, id)) = fields.all(name.zip(fact.zip(id)))?;
        let caller = under(caller, &known, name.setting);
        let act = RecordFact {
            transition: name.transition,
            fact,
            request: id,
        };
        let done = self.act(&caller, act).await?;
        Ok(Response::new(twin::RecordFactResponse {
            transition: Some(encode::transition(&caller, done.value.transition)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    async fn get_transition(
        &self,
        request: Request<twin::GetTransitionRequest>,
    ) -> Result<Response<twin::Transition>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let name = name::read::<TransitionName>("name", &request.name).map_err(Problem::from)?;
        let caller = under(caller, &known, name.setting);
        let act = ShowTransition {
            transition: name.transition,
        };
        let done = self.act(&caller, act).await?;
        Ok(Response::new(encode::transition(&caller, done.value)))
    }

    async fn list_transitions(
        &self,
        request: Request<twin::ListTransitionsRequest>,
    ) -> Result<Response<twin::ListTransitionsResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let binding = Binding {
            ledger: &self.ledger,
            caller: &caller,
            arguments: format!(
                "transitions {} {} {}",
                request.point, request.academic_year, request.no_destination_only
            ),
        };
        let mut fields = Fields::default();
        let point = fields.point("point", request.point);
        let year = fields.some_year("academic_year", request.academic_year);
        let after = fields.take(binding.open(&request.page_token));
        let limit = fields.take(page::size(request.page_size, PAGE, PAGE_MAX));
        let ((point, year), (after, limit)) = fields.all(point.zip(year).zip(after.zip(limit)))?;
        let act = ListTransitions {
            after: after.and_then(|id| TransitionId::parse(&id).ok()),
            limit,
            point,
            academic_year: year,
            no_destination: request.no_destination_only,
        };
        let page = self.act(&caller, act).await?.value;
        let shown = page
            .transitions
            .into_iter()
            .map(|row| encode::transition(&caller, row));
        Ok(Response::new(twin::ListTransitionsResponse {
            transitions: shown.collect(),
            next_page_token: binding.seal(page.next.as_ref().map(TransitionId::as_str))?,
        }))
    }
}
