//! Code sets: which codes a field may hold, and what they mean.
//!
//! Contract fields name a set by its name. Codes change yearly, so they are strings
//! checked here and not enums of the contract, and a profile says by which version it
//! was written. Codes that are no longer written but still arrive are mapped by
//! [`crate::codes::import`], never accepted in place.
//!
//! "CBDS" is the Common Basic Data Set of the Department for Education: 2026 as
//! carried by public code that says it is the May 2026 edition, 2012 from the
//! Department's own workbook of 2012/13.

mod attainment;
mod attendance;
mod grade;
pub mod import;
mod needs;
mod person;
mod post16;
mod schooling;
mod support;

use std::sync::LazyLock;

pub use attainment::{
    ASSESSMENT_STAGE, EYFS_GOAL, EYFS_RESULT, KS2_READING_MATHS_TA, KS2_SCIENCE_TA,
    KS2_TEST_OUTCOME, KS2_WRITING_TA, MTC_RESULT, PHONICS_OUTCOME, RESULT_QUALIFIER, RESULT_STATUS,
};
pub use attendance::{ATTENDANCE, AttendanceClass, attendance_class};
pub use grade::{
    A_LEVEL_GRADE, AS_GRADE, BTEC_GRADE, COMBINED_SCIENCE_GRADE, FUNCTIONAL_SKILLS_GRADE,
    GCSE_GRADE, POST16_GRADE, T_LEVEL_GRADE,
};
pub use needs::{
    ACCESS_ARRANGEMENT, DISABILITY, EHC_SECTION, SEN_NEED, SEN_PROVISION, SEN2_CEASE_REASON,
};
pub use person::{
    ENGLISH_PROFICIENCY, ETHNICITY, ETHNICITY_SOURCE, LANGUAGE, LANGUAGE_TYPE, RELATIONSHIP, SEX,
    TELEPHONE_TYPE, UPN_UNKNOWN_REASON,
};
pub use post16::{NCCIS_ACTIVITY, NCCIS_CIRCUMSTANCE};
pub use schooling::{
    ENROL_STATUS, EXCLUSION_REASON, EXCLUSION_REVIEW, LA, LEAVING_REASON, LaKind, NC_YEAR,
    SUSPENSION_TYPE, la_kind,
};
pub use support::{
    BOARDER, FSM_CATEGORY, KINSHIP, POST_LOOKED_AFTER, PUPIL_PREMIUM, SERVICE_CHILD, YOUNG_CARER,
};

/// A code and its meaning.
pub type Code = (&'static str, &'static str);

/// A closed set of codes.
pub struct CodeSet {
    /// The name contract fields call it by.
    pub name: &'static str,
    /// The edition the codes are from; `baton-1` where the source names none.
    pub version: &'static str,
    /// Where they are published.
    pub source: &'static str,
    codes: Codes,
}

enum Codes {
    Table(&'static [Code]),
    File(LazyLock<Vec<Code>>),
}

impl CodeSet {
    const fn table(
        name: &'static str,
        version: &'static str,
        source: &'static str,
        codes: &'static [Code],
    ) -> Self {
        Self {
            name,
            version,
            source,
            codes: Codes::Table(codes),
        }
    }

    const fn file(
        name: &'static str,
        version: &'static str,
        source: &'static str,
        read: fn() -> Vec<Code>,
    ) -> Self {
        Self {
            name,
            version,
            source,
            codes: Codes::File(LazyLock::new(read)),
        }
    }

    /// Every code with its meaning, in the order a form lists them: as published.
    pub fn codes(&self) -> &[Code] {
        match &self.codes {
            Codes::Table(codes) => codes,
            Codes::File(codes) => codes,
        }
    }

    /// Whether the set has exactly this code; case counts.
    pub fn contains(&self, code: &str) -> bool {
        self.find(code).is_some()
    }

    /// What the code means, if the set has it.
    pub fn meaning(&self, code: &str) -> Option<&'static str> {
        self.find(code).map(|(_, meaning)| meaning)
    }

    /// The longest set has 255 codes, so a walk in order is quick enough.
    fn find(&self, code: &str) -> Option<Code> {
        self.codes()
            .iter()
            .find(|(known, _)| *known == code)
            .copied()
    }
}

impl std::fmt::Debug for CodeSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CodeSet({} {})", self.name, self.version)
    }
}

/// The set of that name, if there is one.
pub fn find(name: &str) -> Option<&'static CodeSet> {
    ALL.iter().copied().find(|set| set.name == name)
}

/// Every set, by subject.
pub static ALL: &[&CodeSet] = &[
    &SEX,
    &ETHNICITY,
    &ETHNICITY_SOURCE,
    &LANGUAGE,
    &LANGUAGE_TYPE,
    &ENGLISH_PROFICIENCY,
    &RELATIONSHIP,
    &TELEPHONE_TYPE,
    &UPN_UNKNOWN_REASON,
    &SEN_PROVISION,
    &SEN_NEED,
    &EHC_SECTION,
    &SEN2_CEASE_REASON,
    &DISABILITY,
    &ACCESS_ARRANGEMENT,
    &FSM_CATEGORY,
    &PUPIL_PREMIUM,
    &SERVICE_CHILD,
    &POST_LOOKED_AFTER,
    &YOUNG_CARER,
    &KINSHIP,
    &BOARDER,
    &NC_YEAR,
    &ENROL_STATUS,
    &LEAVING_REASON,
    &SUSPENSION_TYPE,
    &EXCLUSION_REASON,
    &EXCLUSION_REVIEW,
    &LA,
    &ATTENDANCE,
    &ASSESSMENT_STAGE,
    &RESULT_STATUS,
    &RESULT_QUALIFIER,
    &EYFS_GOAL,
    &EYFS_RESULT,
    &PHONICS_OUTCOME,
    &MTC_RESULT,
    &KS2_TEST_OUTCOME,
    &KS2_WRITING_TA,
    &KS2_SCIENCE_TA,
    &KS2_READING_MATHS_TA,
    &GCSE_GRADE,
    &COMBINED_SCIENCE_GRADE,
    &A_LEVEL_GRADE,
    &AS_GRADE,
    &T_LEVEL_GRADE,
    &BTEC_GRADE,
    &FUNCTIONAL_SKILLS_GRADE,
    &POST16_GRADE,
    &NCCIS_ACTIVITY,
    &NCCIS_CIRCUMSTANCE,
];

/// The rows of a file of ours below its heading: a code without a comma, and the
/// rest of the line.
fn lines(csv: &'static str) -> impl Iterator<Item = Code> {
    csv.lines().skip(1).filter_map(|line| line.split_once(','))
}

#[cfg(test)]
mod tests;
