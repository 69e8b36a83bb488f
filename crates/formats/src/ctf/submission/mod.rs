//! A pupil as sections of the contract. What a Common Transfer File does not say stays blank: a
//! blank is no answer, and no answer is made up here.

mod attainment;
mod attendance;
mod characteristics;
mod contacts;
mod identity;
mod send;

use baton_domain::{calendar::AcademicYear, ids::LearnerIdentifier, route::Point};
use baton_wire::v1;
use jiff::civil::Date;

use super::{CtfPupil, School};

/// What a submission says and a file does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// The point of the move.
    pub point: Point,
    /// Academic year the pupil leaves in; usually that of the [`Header`](super::Header).
    pub academic_year: AcademicYear,
    /// How much the profile answers; unspecified leaves what stands.
    pub level: v1::Level,
    /// Role and name of who signed the profile off.
    pub signatory: String,
}

impl CtfPupil {
    /// The profile of the pupil as it can be published. The former UPN is part of the content but
    /// does not identify: a protected pupil must not be found by it.
    pub fn to_submission(&self, occasion: &Occasion) -> v1::ProfileSubmission {
        let identity = &self.identity;
        let upn = identity.upn.clone().map(LearnerIdentifier::from);
        let uln = identity.uln.clone().map(LearnerIdentifier::Uln);
        let uci = identity.uci.clone().map(LearnerIdentifier::Uci);
        let identifier = |id: LearnerIdentifier| v1::LearnerIdentifier {
            scheme: id.scheme().name().to_owned(),
            value: id.value().to_owned(),
        };
        v1::ProfileSubmission {
            transition: String::new(),
            learner: [upn, uln, uci]
                .into_iter()
                .flatten()
                .map(identifier)
                .collect(),
            point: i32::from(occasion.point.number()),
            academic_year: occasion.academic_year.first_year().into(),
            level: occasion.level.into(),
            content: Some(Box::new(self.to_sections())),
            signatory: occasion.signatory.clone(),
            // A file says what a pupil has, not what is to go.
            removes: Vec::new(),
        }
    }

    /// The sections the file says anything for.
    pub fn to_sections(&self) -> v1::Sections {
        v1::Sections {
            identity: Some(identity::section(self)),
            contacts_and_responsibility: unless_blank(contacts::section(self)),
            attainment: unless_blank(attainment::section(self)),
            attendance: unless_blank(attendance::section(self)),
            characteristics: unless_blank(characteristics::section(self)),
            send: unless_blank(send::section(self)),
            health: self.basics.medical_flag.map(|flag| v1::Health {
                has_medical_need: Some(flag),
                ..v1::Health::default()
            }),
            ..v1::Sections::default()
        }
    }
}

fn unless_blank<S: Default + PartialEq>(section: S) -> Option<S> {
    (section != S::default()).then_some(section)
}

/// A date as the contract writes it.
fn day(date: Option<Date>) -> Option<String> {
    date.map(|date| date.to_string())
}

/// A school as a named setting; pseudo codes for "not known" say nothing.
fn setting(school: &School) -> Option<v1::SettingRef> {
    unless_blank(v1::SettingRef {
        name: school.name.clone(),
        urn: school.urn.as_ref().map(ToString::to_string),
        laestab: school.laestab(),
        ..v1::SettingRef::default()
    })
}
