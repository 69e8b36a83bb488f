use baton_wire::v1;

use crate::ctf::{Address, Contact, CtfPupil, Telephone};

pub(super) fn section(pupil: &CtfPupil) -> v1::ContactsAndResponsibility {
    v1::ContactsAndResponsibility {
        address: pupil.address.as_ref().map(address),
        phones: pupil.phones.iter().map(phone).collect(),
        email: pupil.email.clone(),
        contacts: pupil.contacts.iter().map(contact).collect(),
        ..v1::ContactsAndResponsibility::default()
    }
}

fn address(from: &Address) -> v1::Address {
    v1::Address {
        saon: from.saon.clone(),
        paon: from.paon.clone(),
        street: from.street.clone(),
        locality: from.locality.clone(),
        town: from.town.clone(),
        administrative_area: from.administrative_area.clone(),
        post_town: from.post_town.clone(),
        uprn: from.uprn.clone(),
        lines: from.lines.clone(),
        county: from.county.clone(),
        postcode: from.postcode.clone(),
        country: from.country.clone(),
    }
}

fn phone(from: &Telephone) -> v1::Telephone {
    v1::Telephone {
        kind: from.kind.clone(),
        number: Some(from.number.clone()),
    }
}

fn contact(from: &Contact) -> v1::ContactRow {
    v1::ContactRow {
        order: from.order.map(u32::from),
        title: from.title.clone(),
        surname: from.surname.clone(),
        forename: from.forename.clone(),
        middle_names: from.middle_names.clone(),
        sex: from.sex.clone(),
        relationship: from.relationship.clone(),
        parental_responsibility: from.responsibility,
        // The file says it or says nothing; another address is no proof of living elsewhere.
        lives_with_learner: from.lives_with_pupil,
        address: from.address.as_ref().map(address),
        phones: from.phones.iter().map(phone).collect(),
        email: from.email.clone(),
        ..v1::ContactRow::default()
    }
}
