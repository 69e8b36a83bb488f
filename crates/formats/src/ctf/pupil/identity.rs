use baton_domain::{
    codes,
    ids::{IdError, IdWarning, Uci, Uln, Upn},
};
use jiff::{ToSpan, civil::Date};

use crate::{ctf::block::Block, problem::Findings, rule::Rule};

/// Names have 35 characters in every CTF item.
pub(super) const NAME_CHARS: usize = 35;
/// Nobody in a CTF is older: special schools and EHC plans end with the year of 25.
const OLDEST_PUPIL_YEARS: i32 = 30;

/// Who the pupil is.
#[derive(Clone, PartialEq)]
pub struct PersonalIdentity {
    /// `UPN`, permanent or temporary.
    pub upn: Option<Upn>,
    /// `FormerUPN`.
    pub former_upn: Option<Upn>,
    /// `UniqueLearnerNumber`.
    pub uln: Option<Uln>,
    /// `UCI`.
    pub uci: Option<Uci>,
    /// `Surname`: the legal one.
    pub surname: String,
    /// `Forename`: the legal one.
    pub forename: String,
    /// `MiddleNames`.
    pub middle_names: Option<String>,
    /// `PreferredSurname`.
    pub preferred_surname: Option<String>,
    /// `PreferredForename`.
    pub preferred_forename: Option<String>,
    /// `FormerSurname`.
    pub former_surname: Option<String>,
    /// `FormerForename`.
    pub former_forename: Option<String>,
    /// `DOB`.
    pub date_of_birth: Date,
    /// `Sex`, up to version 24 `Gender`.
    pub sex: Option<String>,
}

impl PersonalIdentity {
    pub(super) fn read(
        pupil: &mut Block<'_>,
        mut details: Option<&mut Block<'_>>,
        f: &mut Findings,
    ) -> Option<Self> {
        let line = pupil.line();
        let sound = f.violations.len();
        let upn = pupil.identifier("UPN", "UPN", Upn::parse, f);
        if let Some(warning) = upn.as_ref().and_then(Upn::warning) {
            f.note(line, "UPN", words(warning).to_owned());
        }
        let uln = uln(pupil, f);
        let uci = pupil.identifier("UCI", "UCI", Uci::parse, f);
        if upn.is_none() && uln.is_none() && uci.is_none() && f.violations.len() == sound {
            let rule = Rule::MissingIdentifier("UPN, UniqueLearnerNumber, UCI");
            f.absence(line, "UPN", rule);
        }
        let surname = pupil.require("Surname", f, |p, f| p.text("Surname", NAME_CHARS, f));
        let forename = pupil.require("Forename", f, |p, f| p.text("Forename", NAME_CHARS, f));
        let oldest = pupil
            .context()
            .today
            .saturating_sub(OLDEST_PUPIL_YEARS.years());
        let date_of_birth = pupil.require("DOB", f, |p, f| p.past_date("DOB", oldest, f));
        let sex = sex(pupil, f);
        let mut detail = |name| details.as_mut()?.text(name, NAME_CHARS, f);
        let names = ["MiddleNames", "PreferredSurname", "PreferredForename"].map(&mut detail);
        let [middle_names, preferred_surname, preferred_forename] = names;
        let [former_surname, former_forename] = ["FormerSurname", "FormerForename"].map(detail);
        let former_upn =
            details.and_then(|details| details.identifier("FormerUPN", "UPN", Upn::parse, f));
        Some(Self {
            upn,
            former_upn,
            uln,
            uci,
            surname: surname?,
            forename: forename?,
            middle_names,
            preferred_surname,
            preferred_forename,
            former_surname,
            former_forename,
            date_of_birth: date_of_birth?,
            sex,
        })
    }
}

/// The number, unless it is the one that says "not known".
fn uln(pupil: &mut Block<'_>, f: &mut Findings) -> Option<Uln> {
    let leaf = pupil.leaf("UniqueLearnerNumber", 35, f)?;
    match Uln::parse(&leaf.value) {
        Ok(uln) => Some(uln),
        Err(why @ IdError::Placeholder) => {
            f.note(leaf.line, &leaf.path, format!("left out: it {why}"));
            None
        }
        Err(why) => {
            let rule = Rule::Identifier { scheme: "ULN", why };
            f.violation(leaf.line, &leaf.path, rule, &leaf.value);
            None
        }
    }
}

/// `Gender` is read where the version still has it; elsewhere it stays an unknown element.
fn sex(pupil: &mut Block<'_>, f: &mut Findings) -> Option<String> {
    let sex = pupil.code("Sex", &codes::SEX, f);
    if sex.is_some() || !pupil.context().gender_is_sex {
        return sex;
    }
    pupil.code("Gender", &codes::SEX, f)
}

fn words(warning: IdWarning) -> &'static str {
    match warning {
        IdWarning::TestIssuer => "issued by 999, which is for tests",
        IdWarning::UnknownIssuer => "issued by an authority that is in no published list",
        IdWarning::UnusualFirstDigit => "begins with an unusual digit",
    }
}
