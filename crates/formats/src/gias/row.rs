use baton_domain::{
    codes::{self, LaKind},
    ids::{GiasUrn, IdError, LaCode, Laestab, Ukprn},
    route::SettingKind,
};
use jiff::civil::Date;

use super::{
    COLUMNS,
    kind::{self, Status},
};
use crate::{Problem, rule::Rule, table::Row};

// Places of the columns in `USED`.
const URN: usize = 0;
const LA: usize = 1;
const NUMBER: usize = 2;
const NAME: usize = 3;
const TYPE: usize = 4;
const GROUP: usize = 5;
const STATUS: usize = 6;
const PHASE: usize = 7;
const LOW_AGE: usize = 8;
const HIGH_AGE: usize = 9;
const TOWN: usize = 10;
const POSTCODE: usize = 11;
const UKPRN: usize = 12;
const OPENED: usize = 13;
const CLOSED: usize = 14;

const FORM: &str = "DD-MM-YYYY";
/// The register writes 99 where a code is not known.
const NOT_KNOWN: u16 = 99;

/// One establishment of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterRow {
    /// Line of the file.
    pub line: u64,
    /// Its number in this register.
    pub urn: GiasUrn,
    /// The council it lies in; also Welsh and offshore codes, see [`council`](Self::council).
    pub la: LaCode,
    /// Its number within the council, four digits.
    pub establishment_number: Option<String>,
    /// Name.
    pub name: String,
    /// `TypeOfEstablishment (code)`. A number, since some years write `02` and others `2`.
    pub type_code: u16,
    /// `EstablishmentTypeGroup (code)`.
    pub group_code: Option<u16>,
    /// `EstablishmentStatus (code)`.
    pub status: Status,
    /// `PhaseOfEducation (code)`: 0 for colleges and special schools.
    pub phase_code: Option<u16>,
    /// Youngest age it admits.
    pub low_age: Option<u16>,
    /// Oldest age it admits.
    pub high_age: Option<u16>,
    /// Town.
    pub town: Option<String>,
    /// Postcode as the register prints it.
    pub postcode: Option<String>,
    /// Number as a learning provider.
    pub ukprn: Option<Ukprn>,
    /// Day it opened, or is to open; often not known.
    pub opened: Option<Date>,
    /// Day it closed, or is to close.
    pub closed: Option<Date>,
}

impl RegisterRow {
    /// What it is for us; `None` for a type that is newer than this program.
    pub fn kind(&self) -> Option<SettingKind> {
        kind::of_type(self.type_code)
    }

    /// The English council it belongs to. The register lists Welsh, offshore and overseas
    /// establishments too; they have none.
    pub fn council(&self) -> Option<&LaCode> {
        // A code in no list is a council newer than this program.
        let kind = codes::la_kind(self.la.as_str());
        let abroad = matches!(
            kind,
            Some(LaKind::Wales | LaKind::Offshore | LaKind::Pseudo)
        );
        (!abroad && !kind::is_abroad(self.type_code)).then_some(&self.la)
    }

    /// Council and establishment number together.
    pub fn laestab(&self) -> Option<Laestab> {
        let establishment = self.establishment_number.as_deref()?;
        Laestab::parse(&format!("{}{establishment}", self.la)).ok()
    }

    pub(super) fn read(mut row: Row<COLUMNS>) -> Result<Self, Problem> {
        let urn = row.required(URN, |cell| identifier("URN", GiasUrn::parse(cell)));
        let la = row.required(LA, |cell| identifier("council code", LaCode::parse(cell)));
        let name = row.required(NAME, |cell| Ok(cell.to_owned()));
        let type_code = row.required(TYPE, code);
        let status = row.required(STATUS, |cell| {
            let unknown = Rule::Code {
                set: "EstablishmentStatus",
            };
            Status::from_code(code(cell)?).ok_or(unknown)
        });
        let known = |code: &u16| *code != NOT_KNOWN;
        let establishment_number = row.optional(NUMBER, four_digits);
        let group_code = row.optional(GROUP, code).filter(known);
        let phase_code = row.optional(PHASE, code).filter(known);
        let low_age = row.optional(LOW_AGE, age);
        let high_age = row.optional(HIGH_AGE, age);
        let ukprn = row.optional(UKPRN, |cell| identifier("UKPRN", Ukprn::parse(cell)));
        let opened = row.optional(OPENED, date);
        let closed = row.optional(CLOSED, date);
        match (urn, la, name, type_code, status) {
            (Some(urn), Some(la), Some(name), Some(type_code), Some(status)) if row.is_sound() => {
                let (town, postcode) = (row.text(TOWN), row.text(POSTCODE));
                Ok(Self {
                    line: row.line,
                    urn,
                    la,
                    establishment_number,
                    name,
                    type_code,
                    group_code,
                    status,
                    phase_code,
                    low_age,
                    high_age,
                    town: town.map(str::to_owned),
                    postcode: postcode.map(str::to_owned),
                    ukprn,
                    opened,
                    closed,
                })
            }
            // The register is public: its own number may be named, and finds the row in any editor.
            (Some(urn), ..) => Err(row.into_problem(format!("URN {urn}"))),
            _ => Err(row.into_problem("register row".to_owned())),
        }
    }
}

fn identifier<T>(scheme: &'static str, parsed: Result<T, IdError>) -> Result<T, Rule> {
    parsed.map_err(|why| Rule::Identifier { scheme, why })
}

fn four_digits(cell: &str) -> Result<String, Rule> {
    let right = cell.len() == 4 && cell.bytes().all(|byte| byte.is_ascii_digit());
    right
        .then(|| cell.to_owned())
        .ok_or(Rule::Form("four digits"))
}

fn code(cell: &str) -> Result<u16, Rule> {
    number(cell, 999)
}

fn age(cell: &str) -> Result<u16, Rule> {
    number(cell, 120)
}

fn number(cell: &str, most: u16) -> Result<u16, Rule> {
    let digits = cell.bytes().all(|byte| byte.is_ascii_digit());
    let value = cell.parse().ok().filter(|value| digits && *value <= most);
    value.ok_or(Rule::Number {
        least: 0,
        most: most.into(),
    })
}

fn date(cell: &str) -> Result<Date, Rule> {
    let parts: Vec<&str> = cell.split('-').collect();
    let [day, month, year] = parts.as_slice() else {
        return Err(Rule::Date { form: FORM });
    };
    let shaped = [(day, 2), (month, 2), (year, 4)]
        .into_iter()
        .all(|(part, length)| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
        });
    let date = format!("{year}-{month}-{day}")
        .parse()
        .ok()
        .filter(|_| shaped);
    date.ok_or(Rule::Date { form: FORM })
}
