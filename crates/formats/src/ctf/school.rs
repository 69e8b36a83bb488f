use baton_domain::ids::GiasUrn;

use super::block::Block;
use crate::{problem::Findings, rule::Rule};

/// A school as a CTF names it: in the header, in attendance, in the history of schools.
///
/// The codes stay text. Besides numbers there are pseudo codes: `XXX`/`XXXX` not known,
/// `MMM`/`MMMM` left the maintained sector, `LLLL` the authority itself, `NAA` the test agency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct School {
    /// `LEA`: three characters.
    pub la: Option<String>,
    /// `Estab`: four characters.
    pub establishment: Option<String>,
    /// URN, since version 18.
    pub urn: Option<GiasUrn>,
    /// Name.
    pub name: Option<String>,
}

impl School {
    pub(super) fn read(block: &mut Block<'_>, findings: &mut Findings) -> Self {
        let school = Self {
            la: block.read("LEA", findings, |value| {
                code(value, 3, "a council code: three digits, XXX, MMM or NAA")
            }),
            establishment: block.read("Estab", findings, |value| {
                code(
                    value,
                    4,
                    "an establishment number: four digits, XXXX, MMMM or LLLL",
                )
            }),
            urn: block.identifier("URN", "URN", GiasUrn::parse, findings),
            name: block.text("SchoolName", 100, findings),
        };
        if school.la.is_some() != school.establishment.is_some() {
            let rule = Rule::Together("needs both LEA and Estab, or neither");
            findings.absence(block.line(), &block.path_of("LEA"), rule);
        }
        school
    }

    /// The seven-digit number of a real school; `None` for pseudo codes.
    pub fn laestab(&self) -> Option<String> {
        let number = format!("{}{}", self.la.as_deref()?, self.establishment.as_deref()?);
        number
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(number)
    }
}

/// All digits, or all the same capital letter, or the test agency.
fn code(value: &str, length: usize, form: &'static str) -> Result<String, Rule> {
    let pseudo = matches!(value, "XXX" | "MMM" | "NAA" | "XXXX" | "MMMM" | "LLLL");
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let right = value.len() == length && (digits || pseudo);
    right.then(|| value.to_owned()).ok_or(Rule::Form(form))
}
