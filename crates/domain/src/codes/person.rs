//! Who the learner is, and who stands by.

use super::{CodeSet, lines};

/// Sex. Schools record no third value; `U` and `W` from exports are refused.
pub static SEX: CodeSet = CodeSet::table(
    "sex",
    "cbds-2012",
    "CBDS D00001; element Sex of the common transfer file since version 25",
    &[("F", "Female"), ("M", "Male")],
);

/// Ethnicity, main categories. Extended ones are mapped by
/// [`import::ethnicity`](super::import::ethnicity).
pub static ETHNICITY: CodeSet = CodeSet::file(
    "ethnicity",
    "cbds-2026",
    "CBDS May 2026, main ethnicity categories",
    || lines(include_str!("../../data/ethnicity_cbds_2026.csv")).collect(),
);

/// Who stated the ethnicity.
pub static ETHNICITY_SOURCE: CodeSet = CodeSet::table(
    "ethnicity_source",
    "cbds-2012",
    "CBDS, ethnicity source (item 100023)",
    &[
        ("C", "Child"),
        ("P", "Parent"),
        ("S", "Current school"),
        ("T", "Previous school"),
        ("O", "Other"),
    ],
);

/// Language, 3 letters. Four-letter ones are mapped by
/// [`import::language`](super::import::language).
pub static LANGUAGE: CodeSet =
    CodeSet::file("language", "cbds-2026", "CBDS May 2026, languages", || {
        lines(include_str!("../../data/languages_cbds_2026.csv")).collect()
    });

/// What the language is to the learner.
pub static LANGUAGE_TYPE: CodeSet = CodeSet::table(
    "language_type",
    "cbds-2012",
    "CBDS D00207",
    &[
        ("F", "First language"),
        ("M", "One of several first languages"),
        ("H", "Home language"),
        ("S", "Second language"),
        ("T", "Language of tuition"),
        ("U", "Language of tuition in a UK school"),
        ("V", "Language of tuition in the community"),
        ("W", "Language of tuition outside the UK"),
        ("C", "Language for correspondence"),
    ],
);

/// How well a learner with English as an additional language uses it.
pub static ENGLISH_PROFICIENCY: CodeSet = CodeSet::table(
    "english_proficiency",
    "cbds-2026",
    "CBDS May 2026, CS089",
    &[
        ("A", "New to English"),
        ("B", "Early acquisition"),
        ("C", "Developing competence"),
        ("D", "Competent"),
        ("E", "Fluent"),
        ("N", "Not yet assessed"),
    ],
);

/// What a contact is to the learner.
pub static RELATIONSHIP: CodeSet = CodeSet::table(
    "relationship",
    "cbds-2026",
    "CBDS 2012 and May 2026, relationship of contact",
    &[
        ("PAM", "Mother"),
        ("PAF", "Father"),
        ("STM", "Step mother"),
        ("STF", "Step father"),
        ("FOM", "Foster mother"),
        ("FOF", "Foster father"),
        ("CAR", "Carer"),
        ("FAM", "Other family member"),
        ("REL", "Other relative"),
        ("CHM", "Childminder"),
        ("SWR", "Social worker"),
        ("DOC", "Doctor"),
        ("TCH", "Teacher"),
        ("HTC", "Head teacher"),
        ("RLG", "Religious contact"),
        ("OTH", "Other contact"),
    ],
);

/// What a telephone number is.
pub static TELEPHONE_TYPE: CodeSet = CodeSet::table(
    "telephone_type",
    "cbds-2026",
    "CBDS 2012 and May 2026, telephone type",
    &[
        ("M", "Mobile"),
        ("H", "Home"),
        ("A", "Alternative home"),
        ("W", "Work"),
        ("D", "Minicom"),
        ("F", "Fax"),
    ],
);

/// Why no UPN is known.
pub static UPN_UNKNOWN_REASON: CodeSet = CodeSet::table(
    "upn_unknown_reason",
    "cbds-2026",
    "CBDS May 2026, CS051",
    &[
        ("UN1", "Under 6 and not given one yet"),
        ("UN2", "Never in a maintained school"),
        ("UN3", "Educated outside England"),
        ("UN4", "Newly in need, and not known yet"),
        ("UN5", "Sources disagree on name or date of birth"),
        ("UN6", "Not looked after, and the council cannot obtain it"),
        ("UN7", "Referred, no further action"),
        ("UN8", "New to the council, and not known yet"),
        (
            "UN9",
            "Never in a maintained school or further education setting",
        ),
        (
            "UN10",
            "Request for an assessment ended before it was known",
        ),
    ],
);
