//! `ErasureService`.

use baton_domain::act::{
    Erase, ErasureReason, Extent, Hold, HoldReason, LiftRestriction, RequestId, Restrict,
    RestrictionReason,
};
use baton_domain::section::SectionKind;
use baton_store::{ErasedProfile, Redirected};
use baton_wire::convert::{optional, required};
use baton_wire::name::{self, ProfileName, TransitionName};
use baton_wire::status::Problem;
use baton_wire::twin::{self, erasure_service_server::ErasureService};
use tonic::{Request, Response, Status};

use super::call::{Asking, Call, Fields, caller, known, under};
use super::{Services, encode};

#[tonic::async_trait]
impl ErasureService for Services {
    async fn erase(
        &self,
        request: Request<twin::EraseRequest>,
    ) -> Result<Response<twin::EraseResponse>, Status> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<TransitionName>(
            "transition",
            &request.transition,
        ));
        let extent = extent(&mut fields, request.extent, request.section_kind);
        let reason = fields.take(required::<twin::ErasureReason, ErasureReason>(
            "reason",
            request.reason,
        ));
        let id = fields.request_id(&request.request_id);
        let ((name, extent), (reason, id)) = fields.all(name.zip(extent).zip(reason.zip(id)))?;
        let asking = under(asking, &call, name.setting);
        let act = Erase {
            transition: name.transition,
            extent,
            reason,
            request: id,
            validate_only: request.validate_only,
        };
        let done = self.act(&asking, act).await?;
        let erased = done.value;
        let move_name = |transition| {
            let setting = asking.acting.clone();
            TransitionName {
                setting,
                transition,
            }
            .to_string()
        };
        let profiles = erased.profiles.into_iter();
        Ok(Response::new(twin::EraseResponse {
            transitions: erased.transitions.into_iter().map(move_name).collect(),
            profiles: profiles.map(|one| profile(&asking, &one)).collect(),
            receivers: erased.receivers.iter().map(encode::setting_name).collect(),
            more: erased.more,
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    async fn set_legal_hold(
        &self,
        request: Request<twin::SetLegalHoldRequest>,
    ) -> Result<Response<twin::SetLegalHoldResponse>, Status> {
        let call = known(&request)?;
        let request = request.into_inner();
        let mut fields = Fields::default();
        let asking = caller(&call, &request.parent)?;
        let reason = fields.take(optional::<twin::HoldReason, HoldReason>(
            "reason",
            request.reason,
        ));
        let of = (request.transition.as_str(), request.request_id.as_str());
        let (asking, name, id, reason) = named(fields, (&call, asking), of, reason)?;
        let act = Hold {
            transition: name.transition,
            reason,
            request: id,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::SetLegalHoldResponse {
            transition: Some(shown(&asking, done.value)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    async fn restrict_processing(
        &self,
        request: Request<twin::RestrictProcessingRequest>,
    ) -> Result<Response<twin::RestrictProcessingResponse>, Status> {
        let call = known(&request)?;
        let request = request.into_inner();
        let mut fields = Fields::default();
        let asking = caller(&call, &request.parent)?;
        let reason = fields.take(required::<twin::RestrictionReason, RestrictionReason>(
            "reason",
            request.reason,
        ));
        let of = (request.transition.as_str(), request.request_id.as_str());
        let (asking, name, id, reason) = named(fields, (&call, asking), of, reason)?;
        let act = Restrict {
            transition: name.transition,
            reason,
            request: id,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::RestrictProcessingResponse {
            transition: Some(shown(&asking, done.value)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    async fn lift_restriction(
        &self,
        request: Request<twin::LiftRestrictionRequest>,
    ) -> Result<Response<twin::LiftRestrictionResponse>, Status> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let of = (request.transition.as_str(), request.request_id.as_str());
        let (asking, name, id, ()) = named(Fields::default(), (&call, asking), of, Some(()))?;
        let act = LiftRestriction {
            transition: name.transition,
            request: id,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::LiftRestrictionResponse {
            transition: Some(shown(&asking, done.value)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }
}

/// Name and request id of a call about a move, with what else it says: all problems at once.
fn named<T>(
    mut fields: Fields,
    (call, asking): (&Call, Asking),
    (transition, id): (&str, &str),
    more: Option<T>,
) -> Result<(Asking, TransitionName, RequestId, T), Problem> {
    let name = fields.take(name::read::<TransitionName>("transition", transition));
    let id = fields.request_id(id);
    let (name, (id, more)) = fields.all(name.zip(id.zip(more)))?;
    let asking = under(asking, call, name.setting.clone());
    Ok((asking, name, id, more))
}

fn extent(fields: &mut Fields, extent: i32, kind: i32) -> Option<Extent> {
    let kind = fields.take(optional::<twin::SectionKind, SectionKind>(
        "section_kind",
        kind,
    ));
    let wanted = twin::ErasureExtent::try_from(extent);
    match (wanted, kind?) {
        (Ok(twin::ErasureExtent::Learner), None) => Some(Extent::Learner),
        (Ok(twin::ErasureExtent::Identity), None) => Some(Extent::Identity),
        (Ok(twin::ErasureExtent::Transition), None) => Some(Extent::Transition),
        (Ok(twin::ErasureExtent::SectionKind), Some(kind)) => Some(Extent::Section(kind)),
        (Ok(twin::ErasureExtent::SectionKind), None) => {
            let say = "Give the kind that goes, or another extent.";
            fields.wrong("section_kind", "required", say);
            None
        }
        (Ok(twin::ErasureExtent::Unspecified) | Err(_), _) => {
            let say = "Say how much goes: LEARNER, TRANSITION, SECTION_KIND or IDENTITY.";
            fields.wrong("extent", "enum.unspecified", say);
            None
        }
        (Ok(_), Some(_)) => {
            let say =
                "Leave it out, or give the extent SECTION_KIND: more than this kind would go.";
            fields.wrong("section_kind", "not_with_extent", say);
            None
        }
    }
}

fn profile(asking: &Asking, one: &ErasedProfile) -> twin::ErasedProfile {
    let name = ProfileName {
        setting: asking.acting.clone(),
        profile: one.profile.clone(),
    };
    twin::ErasedProfile {
        name: name.to_string(),
        version: i32::try_from(one.version).unwrap_or(i32::MAX),
        kinds: encode::kinds(one.kinds()),
    }
}

fn shown(asking: &Asking, marked: Redirected) -> twin::Transition {
    encode::transition(asking, marked.transition)
}
