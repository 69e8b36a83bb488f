use baton_domain::codes::{self, import};

use crate::{ctf::block::Block, problem::Findings, rule::Rule};

/// Most disabilities taken over.
const MAX_DISABILITIES: usize = 10;
/// Most languages taken over.
const MAX_LANGUAGES: usize = 8;

/// Circumstances of the pupil.
#[derive(Clone, Default, PartialEq)]
pub struct BasicDetails {
    /// `NCyearActual`.
    pub nc_year: Option<String>,
    /// `Ethnicity`, main category.
    pub ethnicity: Option<String>,
    /// `EthnicitySource`.
    pub ethnicity_source: Option<String>,
    /// `Languages`.
    pub languages: Vec<SpokenLanguage>,
    /// `ServiceChild`.
    pub service_child: Option<String>,
    /// `MedicalFlag`.
    pub medical_flag: Option<bool>,
    /// `Disabilities`.
    pub disabilities: Vec<String>,
    /// `EnrolStatus`.
    pub enrol_status: Option<String>,
}

/// A language and what it is to the pupil.
#[derive(Clone, PartialEq)]
pub struct SpokenLanguage {
    /// `LanguageType`, e.g. `F`: first language.
    pub kind: Option<String>,
    /// `Language`, three letters.
    pub language: String,
}

impl BasicDetails {
    pub(super) fn read(mut details: Block<'_>, f: &mut Findings) -> Self {
        let ethnicity = details.imported("Ethnicity", &codes::ETHNICITY, import::ethnicity, f);
        let basics = Self {
            nc_year: details.code("NCyearActual", &codes::NC_YEAR, f),
            ethnicity,
            ethnicity_source: details.code("EthnicitySource", &codes::ETHNICITY_SOURCE, f),
            languages: languages(&mut details, f),
            service_child: details.code("ServiceChild", &codes::SERVICE_CHILD, f),
            medical_flag: details.flag("MedicalFlag", f),
            disabilities: disabilities(&mut details, f),
            enrol_status: details.code("EnrolStatus", &codes::ENROL_STATUS, f),
        };
        details.finish(f);
        basics
    }
}

fn languages(details: &mut Block<'_>, f: &mut Findings) -> Vec<SpokenLanguage> {
    let Some(mut languages) = details.block("Languages", f) else {
        return Vec::new();
    };
    let blocks = languages.first_blocks("Type", MAX_LANGUAGES, f);
    let read = |mut row: Block<'_>| {
        let kind = row.code("LanguageType", &codes::LANGUAGE_TYPE, f);
        let language = row.require("Language", f, |row, f| {
            row.imported("Language", &codes::LANGUAGE, import::language, f)
        });
        row.finish(f);
        Some(SpokenLanguage {
            kind,
            language: language?,
        })
    };
    let rows = blocks.into_iter().filter_map(read).collect();
    languages.finish(f);
    rows
}

fn disabilities(details: &mut Block<'_>, f: &mut Findings) -> Vec<String> {
    let Some(mut all) = details.block("Disabilities", f) else {
        return Vec::new();
    };
    let set = &codes::DISABILITY;
    let mut found = Vec::new();
    for leaf in all.leaves("Disability", 4, f) {
        if set.contains(&leaf.value) {
            found.push(leaf.value);
        } else {
            f.violation(
                leaf.line,
                &leaf.path,
                Rule::Code { set: set.name },
                &leaf.value,
            );
        }
    }
    if found.len() > MAX_DISABILITIES {
        let text = format!("only the first {MAX_DISABILITIES} are taken over");
        f.note(all.line(), &all.path_of("Disability"), text);
        found.truncate(MAX_DISABILITIES);
    }
    all.finish(f);
    found
}
