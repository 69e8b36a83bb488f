use baton_wire::v1;

use super::{day, setting, unless_blank};
use crate::ctf::{CtfPupil, FreeMealsPeriod, PersonalIdentity, SchoolAttended, SpokenLanguage};

/// Codes that say nothing about a language beside English: refused, not obtained, not yet
/// classified; and British Sign Language, which is no additional language of a hearing family.
const NO_OTHER_LANGUAGE: [&str; 4] = ["REF", "NOT", "ZZZ", "BSL"];
const ENGLISH: [&str; 2] = ["ENG", "ENB"];

pub(super) fn section(pupil: &CtfPupil) -> v1::Characteristics {
    let basics = &pupil.basics;
    let meals = &pupil.free_meals;
    let care = pupil.looked_after.as_ref();
    v1::Characteristics {
        ethnicity: basics.ethnicity.clone(),
        ethnicity_source: basics.ethnicity_source.clone(),
        former_names: former_name(&pupil.identity).into_iter().collect(),
        school_history: pupil.schools.iter().map(school).collect(),
        disabilities: basics.disabilities.clone(),
        languages: basics.languages.iter().map(language).collect(),
        eal: eal(&basics.languages),
        free_school_meals: meals.eligible,
        fsm_category: meals.category.clone(),
        fsm_periods: meals.periods.iter().map(period).collect(),
        fsm_review_date: day(meals.review),
        in_care: care.map(|care| care.in_care),
        care_authority: care.and_then(|care| care.authority.clone()),
        service_child: basics.service_child.clone(),
        ..v1::Characteristics::default()
    }
}

/// Whether a language other than English was the first or is used at home. Not said where neither
/// is known.
fn eal(languages: &[SpokenLanguage]) -> Option<bool> {
    let counts = |row: &&SpokenLanguage| matches!(row.kind.as_deref(), Some("F" | "M" | "H"));
    let known = |row: &&SpokenLanguage| !NO_OTHER_LANGUAGE.contains(&row.language.as_str());
    let mut rows = languages.iter().filter(counts).filter(known).peekable();
    rows.peek()?;
    Some(rows.any(|row| !ENGLISH.contains(&row.language.as_str())))
}

fn former_name(identity: &PersonalIdentity) -> Option<v1::FormerName> {
    unless_blank(v1::FormerName {
        surname: identity.former_surname.clone(),
        forename: identity.former_forename.clone(),
        ..v1::FormerName::default()
    })
}

fn language(row: &SpokenLanguage) -> v1::LanguageRow {
    v1::LanguageRow {
        kind: row.kind.clone(),
        language: Some(row.language.clone()),
        ..v1::LanguageRow::default()
    }
}

fn school(row: &SchoolAttended) -> v1::SchoolHistoryRow {
    v1::SchoolHistoryRow {
        setting: setting(&row.school),
        entry_date: day(row.entered),
        leaving_date: day(row.left),
        leaving_reason: row.reason.clone(),
        last_school: row.last,
    }
}

fn period(row: &FreeMealsPeriod) -> v1::FsmPeriod {
    let country = row.country.as_deref().map(|country| match country {
        "NIR" => v1::UkCountry::Nir,
        "SCT" => v1::UkCountry::Sct,
        "WLS" => v1::UkCountry::Wls,
        _ => v1::UkCountry::Eng,
    });
    v1::FsmPeriod {
        started_on: day(row.started),
        ended_on: day(row.ended),
        country: country.map(i32::from),
        verified_on: day(row.verified),
        category: row.category.clone(),
    }
}
