//! Years, places, comings and goings.

use super::{Code, CodeSet, lines};

/// National curriculum year. Age on 31 August at the start of the year is the year
/// plus 4: reception 4, `N2` 3, `N1` 2.
pub static NC_YEAR: CodeSet = CodeSet::table(
    "nc_year",
    "cbds-2012",
    "CBDS, actual national curriculum year group (item 100068)",
    &[
        ("E1", "Early years, first"),
        ("E2", "Early years, second"),
        ("N1", "Nursery, first year"),
        ("N2", "Nursery, second year"),
        ("R", "Reception"),
        ("1", "Year 1"),
        ("2", "Year 2"),
        ("3", "Year 3"),
        ("4", "Year 4"),
        ("5", "Year 5"),
        ("6", "Year 6"),
        ("7", "Year 7"),
        ("8", "Year 8"),
        ("9", "Year 9"),
        ("10", "Year 10"),
        ("11", "Year 11"),
        ("12", "Year 12"),
        ("13", "Year 13"),
        ("14", "Year 14"),
        ("M", "Mixed year groups"),
        ("X", "National curriculum not followed"),
    ],
);

/// How the learner is registered.
pub static ENROL_STATUS: CodeSet = CodeSet::table(
    "enrol_status",
    "cbds-2026",
    "CBDS 2012 and May 2026, enrolment status (item 100060)",
    &[
        ("C", "Current, only here"),
        ("M", "Current, here and elsewhere, mainly here"),
        ("S", "Current, here and elsewhere, mainly elsewhere"),
        ("G", "Guest"),
        ("P", "Previous"),
        ("F", "Further education college"),
        ("O", "Other provider"),
    ],
);

/// Why the learner left. The historic codes of CBDS D00206 are not here.
pub static LEAVING_REASON: CodeSet = CodeSet::table(
    "leaving_reason",
    "cbds-2012",
    "CBDS D00206, codes in use",
    &[
        ("PM", "End of phase, to a maintained school"),
        ("PI", "End of phase, to an independent school"),
        (
            "PF",
            "End of phase, to further education or sixth-form college",
        ),
        ("IM", "During a phase, to a maintained school"),
        ("II", "During a phase, to an independent school"),
        (
            "IF",
            "During a phase, to further education or sixth-form college",
        ),
        ("NH", "At the normal leaving age, to higher education"),
        ("NT", "At the normal leaving age, to training"),
        ("NE", "At the normal leaving age, to employment"),
        ("NU", "At the normal leaving age, unemployed"),
        ("EL", "Elective home education"),
        ("PE", "Permanent exclusion"),
        ("LC", "Left the country"),
        ("DD", "Deceased"),
        ("MI", "Missing"),
        ("OR", "Other"),
        ("UK", "Unknown"),
    ],
);

/// Suspension or exclusion.
pub static SUSPENSION_TYPE: CodeSet = CodeSet::table(
    "suspension_type",
    "cbds-2026",
    "CBDS May 2026, exclusion category",
    &[
        ("SUSP", "Suspension"),
        ("LNCH", "Suspension at lunchtime"),
        ("PERM", "Permanent exclusion"),
    ],
);

/// Why a learner was suspended or excluded. Up to three stand together.
pub static EXCLUSION_REASON: CodeSet = CodeSet::table(
    "exclusion_reason",
    "cbds-2026",
    "CBDS May 2026, exclusion reason",
    &[
        ("PP", "Physical assault against a pupil"),
        ("PA", "Physical assault against an adult"),
        (
            "VP",
            "Verbal abuse or threatening behaviour against a pupil",
        ),
        (
            "VA",
            "Verbal abuse or threatening behaviour against an adult",
        ),
        ("OW", "Use or threat of use of an offensive weapon"),
        ("BW", "Brought a weapon"),
        ("BU", "Bullying"),
        ("TB", "Cyber-bullying"),
        ("RA", "Racist abuse"),
        ("LG", "Abuse against sexual orientation or gender identity"),
        ("DS", "Abuse relating to disability"),
        ("MB", "Misogynistic behaviour"),
        ("AB", "Misandrist behaviour"),
        ("SM", "Sexual misconduct"),
        ("SB", "Harmful sexual behaviour"),
        ("DA", "Drug and alcohol related"),
        ("DR", "Drug related"),
        ("AR", "Alcohol related"),
        ("SR", "Smoking related"),
        ("VR", "Vape related"),
        ("DM", "Damage"),
        ("TH", "Theft"),
        ("DB", "Persistent or general disruptive behaviour"),
        ("LD", "Low-level disruption"),
        ("CB", "Challenging behaviour"),
        ("MT", "Inappropriate use of social media or technology"),
        ("MP", "Mobile phone"),
        ("PH", "Wilful and repeated breach of public health measures"),
        ("OS", "Outside school"),
    ],
);

/// Who reviewed an exclusion.
pub static EXCLUSION_REVIEW: CodeSet = CodeSet::table(
    "exclusion_review",
    "cbds-2026",
    "CBDS May 2026, CS137",
    &[
        ("GB", "Governing board"),
        ("IRP", "Independent review panel"),
    ],
);

const LA_CSV: &str = include_str!("../../data/la_codes.csv");

/// Local authorities, ended ones too: old numbers name them. For what one is:
/// [`la_kind`].
pub static LA: CodeSet = CodeSet::file(
    "la",
    "2023",
    "Department for Education, Multiplication Tables Check service, public source code; 820 and \
     875 from CBDS",
    || authorities().map(|(code, name, _)| (code, name)).collect(),
);

/// What a code of a local authority stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LaKind {
    /// A council in England today.
    England,
    /// A council in England that was reorganised away.
    EnglandEnded,
    /// A council in Wales.
    Wales,
    /// Schools outside England and Wales: islands, forces overseas.
    Offshore,
    /// No authority: "does not apply" and test.
    Pseudo,
}

/// What the code stands for, if there is or was such an authority.
pub fn la_kind(code: &str) -> Option<LaKind> {
    let (_, _, kind) = authorities().find(|(known, ..)| *known == code)?;
    Some(match kind {
        "england-current" => LaKind::England,
        "england-ended" => LaKind::EnglandEnded,
        "wales" => LaKind::Wales,
        "offshore" => LaKind::Offshore,
        _ => LaKind::Pseudo,
    })
}

/// Code, name, kind. A name with a comma stands in quotes; none has a quote in it.
fn authorities() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    lines(LA_CSV).filter_map(|(code, rest): Code| {
        let (name, kind) = rest.rsplit_once(',')?;
        Some((code, name.trim_matches('"'), kind))
    })
}
