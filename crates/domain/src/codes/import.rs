//! Codes that still arrive and are no longer written: what each becomes, with a note
//! for the person who checks the import. The original is kept beside it by whoever
//! imports.

use std::fmt;

use super::{Code, CodeSet, ETHNICITY, LANGUAGE, SEN_NEED, SEN_PROVISION, lines};

/// What an incoming code became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// The code of the set in use.
    pub code: &'static str,
    /// What the person who checks the import should know; nothing if the code came
    /// as it is.
    pub note: Option<Note>,
}

/// Why a code is not the one that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// Provision of the code of practice before 2014.
    SenBefore2014,
    /// BESD. SEMH is the nearest need and not the same: ask the SENCO.
    NotTheSameNeed,
    /// An extended ethnicity, mapped to its main category.
    ExtendedEthnicity,
    /// A four-letter language, cut to its main language.
    ExtendedLanguage,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SenBefore2014 => "provision from before 2014, mapped to the one in use",
            Self::NotTheSameNeed => "BESD became SEMH, which is not the same: please check",
            Self::ExtendedEthnicity => "extended ethnicity, mapped to its main category",
            Self::ExtendedLanguage => "extended language, mapped to its main language",
        })
    }
}

/// SEN provision. School action (A), school action plus (P) and that with assessment
/// under way (Q) become SEN support; a statement (S) becomes an EHC plan.
pub fn sen_provision(code: &str) -> Option<Mapped> {
    match code {
        "A" | "P" | "Q" => mapped(&SEN_PROVISION, "K", Note::SenBefore2014),
        "S" => mapped(&SEN_PROVISION, "E", Note::SenBefore2014),
        _ => as_it_is(&SEN_PROVISION, code),
    }
}

/// Type of need. Behavioural, emotional and social difficulty (BESD) becomes SEMH.
pub fn sen_need(code: &str) -> Option<Mapped> {
    match code {
        "BESD" => mapped(&SEN_NEED, "SEMH", Note::NotTheSameNeed),
        _ => as_it_is(&SEN_NEED, code),
    }
}

/// Ethnicity, extended or main (CBDS 2012, extended ethnicity categories).
pub fn ethnicity(code: &str) -> Option<Mapped> {
    as_it_is(&ETHNICITY, code).or_else(|| {
        let (_, main) = extended_ethnicities().find(|(extended, _)| *extended == code)?;
        mapped(&ETHNICITY, main, Note::ExtendedEthnicity)
    })
}

/// Language: 3 letters, or 4 of which the first 3 are a language (CBDS D00011).
pub fn language(code: &str) -> Option<Mapped> {
    as_it_is(&LANGUAGE, code).or_else(|| {
        let extended = code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        extended.then(|| mapped(&LANGUAGE, &code[..3], Note::ExtendedLanguage))?
    })
}

fn as_it_is(set: &CodeSet, code: &str) -> Option<Mapped> {
    set.find(code).map(|(code, _)| Mapped { code, note: None })
}

fn mapped(set: &CodeSet, code: &str, note: Note) -> Option<Mapped> {
    set.find(code).map(|(code, _)| Mapped {
        code,
        note: Some(note),
    })
}

/// Extended category and main one. The meaning between them may hold commas.
fn extended_ethnicities() -> impl Iterator<Item = Code> {
    lines(include_str!(
        "../../data/ethnicity_extended_to_main_cbds_2012.csv"
    ))
    .filter_map(|(extended, rest)| Some((extended, rest.rsplit_once(',')?.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_extended_ethnicity_leads_to_one_main_category() {
        let mut codes: Vec<_> = extended_ethnicities().map(|(code, _)| code).collect();
        assert_eq!(codes.len(), 99);
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), 99);
        for (extended, main) in extended_ethnicities() {
            assert_eq!(
                ethnicity(extended).map(|to| to.code),
                Some(main),
                "{extended}"
            );
        }
    }
}
