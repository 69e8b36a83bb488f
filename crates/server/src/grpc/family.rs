//! The learner, or who has parental responsibility, sees the own record: `TransitionService`'s calls
//! about it.

use baton_domain::act::{AddFamilyAccess, EndFamilyAccess, ListFamilyAccess};
use baton_domain::disclosure::Exemption;
use baton_domain::family::{LeftOut, Reader, audience, can_be_left_out};
use baton_domain::section::SectionKind;
use baton_domain::sharing::{Basis, Fault, Giver};
use baton_store::{FamilyAccessView, london_date};
use baton_wire::convert::required;
use baton_wire::field;
use baton_wire::name::{self, CredentialName, TransitionName};
use baton_wire::status::Problem;
use baton_wire::twin;
use baton_wire::violation::Violation;
use tonic::{Request, Response};

use super::call::{Fields, caller, known, under};
use super::settings::{Lifetime, proof};
use super::status::internal;
use super::{Services, encode, sharing};
use crate::api_key::ApiKey;

/// Who it is for, as the request says it.
fn reader(fields: &mut Fields, request: &twin::AddFamilyAccessRequest) -> Option<Reader> {
    let who = required::<twin::DecisionGiver, Giver>("who", request.who);
    let basis = required::<twin::DecisionBasis, Basis>("basis", request.basis);
    let (who, basis) = (fields.take(who), fields.take(basis));
    let assessed_on = fields.take(field::date("assessed_on", &request.assessed_on));
    Some(Reader {
        who: who?,
        basis: basis?,
        assessed_on: assessed_on?,
    })
}

/// What is withheld, every problem told.
fn left_out(
    fields: &mut Fields,
    withheld: &[twin::WithheldSection],
    who: Option<Giver>,
) -> Option<LeftOut> {
    let mut left_out = LeftOut::default();
    let mut sound = true;
    for (index, one) in withheld.iter().enumerate() {
        let at = format!("withheld[{index}]");
        let kind = required::<twin::SectionKind, SectionKind>(&format!("{at}.kind"), one.kind);
        let kind = fields.take(kind);
        let by = Exemption::find(&one.exemption);
        if by.is_none() {
            let say = "Give a code of docs/who-saw.md.";
            fields.wrong(&format!("{at}.exemption"), "exemption", say);
        }
        let binds = |by: &&Exemption| who.is_none_or(|who| by.binds(audience(who)));
        if by.is_some_and(|by| !binds(&by)) {
            let say =
                "This exemption holds only against somebody who asks by parental responsibility.";
            fields.wrong(&format!("{at}.exemption"), "exemption.audience", say);
        }
        if kind.is_some_and(|kind| !can_be_left_out(kind)) {
            let say = "This kind is shown to no family; leave it out of the list.";
            fields.wrong(&format!("{at}.kind"), "withheld.never_shown", say);
        }
        match kind.zip(by) {
            Some((kind, by)) if !left_out.add(kind, by) => {
                fields.wrong(&format!("{at}.kind"), "items.twice", "Give each kind once.");
            }
            Some(_) => {}
            None => sound = false,
        }
    }
    sound.then_some(left_out)
}

/// The label, which names nobody.
fn label(fields: &mut Fields, given: &str, who: Option<Giver>) -> Option<String> {
    if !given.is_empty() {
        return fields.take(field::line("label", given));
    }
    let word = match who? {
        Giver::Learner => "Learner",
        Giver::Parent => "Parent",
        Giver::Representative => "Representative",
    };
    Some(word.to_owned())
}

/// What is wrong with who is to see a record.
pub(super) fn violation(fault: Fault) -> Violation {
    match fault {
        Fault::RepresentativeBefore16 => Violation::new(
            "who",
            "who.representative_under_16",
            "The Mental Capacity Act begins at 16: before that a parent looks, or a competent child.",
        ),
        other => sharing::violation(other),
    }
}

fn shown(view: FamilyAccessView) -> Result<twin::FamilyAccess, Problem> {
    let left_out = view.left_out();
    let left_out = left_out.ok_or_else(|| internal("family access"))?;
    let withheld = left_out.iter().map(|(kind, by)| twin::WithheldSection {
        kind: twin::SectionKind::from(kind).into(),
        exemption: by.code.to_owned(),
    });
    Ok(twin::FamilyAccess {
        withheld: withheld.collect(),
        who: view
            .who()
            .map_or(0, |who| twin::DecisionGiver::from(who).into()),
        credential: Some(encode::credential(view.credential)),
    })
}

impl Services {
    pub(super) async fn give_family_access(
        &self,
        request: Request<twin::AddFamilyAccessRequest>,
    ) -> Result<Response<twin::AddFamilyAccessResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<TransitionName>("name", &request.name));
        let reader = reader(&mut fields, &request);
        let who = Giver::from_number(request.who.into());
        let left_out = left_out(&mut fields, &request.withheld, who);
        let label = label(&mut fields, &request.label, who);
        let proof = proof(&mut fields, &request.certificate_spki_sha256);
        let lifetime = Lifetime {
            days: request.lifetime_days,
            first: &request.first_day,
            last: &request.last_day,
        };
        let lifetime = lifetime.read(&mut fields, london_date(self.ledger.now_us()));
        let id = fields.request_id(&request.request_id);
        let act = name.and_then(|name| {
            let (days, lifetime_days) = lifetime?;
            let act = AddFamilyAccess {
                transition: name.transition,
                reader: reader?,
                left_out: left_out?,
                label: label?,
                proof: proof?,
                days,
                lifetime_days,
                request: id?,
            };
            Some((name.setting, act))
        });
        let (setting, act) = fields.all(act)?;
        let asking = under(asking, &call, setting);
        let done = self.act(&asking, act).await?;
        let given = done.value;
        let key = given
            .secret
            .map(|secret| ApiKey::print(&self.environment, &given.access.credential.id, &secret));
        Ok(Response::new(twin::AddFamilyAccessResponse {
            access: Some(shown(given.access)?),
            api_key: key.unwrap_or_default(),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    pub(super) async fn take_family_access(
        &self,
        request: Request<twin::EndFamilyAccessRequest>,
    ) -> Result<Response<twin::EndFamilyAccessResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<TransitionName>("name", &request.name));
        let credential = name::read::<CredentialName>("credential", &request.credential);
        let credential = fields.take(credential);
        let id = fields.request_id(&request.request_id);
        let (name, (credential, id)) = fields.all(name.zip(credential.zip(id)))?;
        let asking = under(asking, &call, name.setting);
        // One of another setting is asked for under that one, where it is none of the learner's.
        let asking = under(asking, &call, credential.setting);
        let act = EndFamilyAccess {
            transition: name.transition,
            credential: credential.credential,
            request: id,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::EndFamilyAccessResponse {
            access: Some(shown(done.value)?),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    pub(super) async fn list_family(
        &self,
        request: Request<twin::ListFamilyAccessRequest>,
    ) -> Result<Response<twin::ListFamilyAccessResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let name = name::read::<TransitionName>("name", &request.name)?;
        let asking = under(asking, &call, name.setting);
        let act = ListFamilyAccess {
            transition: name.transition,
        };
        let done = self.act(&asking, act).await?;
        let accesses = done.value.into_iter().map(shown);
        let accesses = accesses.collect::<Result<_, _>>()?;
        Ok(Response::new(twin::ListFamilyAccessResponse { accesses }))
    }
}
