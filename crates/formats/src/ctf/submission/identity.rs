use baton_domain::ids::Upn;
use baton_wire::v1;

use crate::ctf::CtfPupil;

pub(super) fn section(pupil: &CtfPupil) -> v1::Identity {
    let identity = &pupil.identity;
    let upn = |temporary: bool| {
        let upn = identity
            .upn
            .as_ref()
            .filter(|upn| upn.is_temporary() == temporary);
        upn.map(Upn::to_string)
    };
    v1::Identity {
        legal_surname: Some(identity.surname.clone()),
        legal_forename: Some(identity.forename.clone()),
        middle_names: identity.middle_names.clone(),
        preferred_surname: identity.preferred_surname.clone(),
        preferred_forename: identity.preferred_forename.clone(),
        date_of_birth: Some(identity.date_of_birth.to_string()),
        sex: identity.sex.clone(),
        nc_year: pupil.basics.nc_year.clone(),
        enrol_status: pupil.basics.enrol_status.clone(),
        upn: upn(false),
        temporary_upn: upn(true),
        former_upns: identity.former_upn.iter().map(Upn::to_string).collect(),
        uln: identity.uln.as_ref().map(ToString::to_string),
        uci: identity.uci.as_ref().map(ToString::to_string),
        ..v1::Identity::default()
    }
}
