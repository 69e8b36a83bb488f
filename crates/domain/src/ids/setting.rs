//! Identifiers of a setting. They are public, and they change: an academy gets a
//! new URN, a reorganised council new numbers. Baton's own
//! [`SettingId`](super::SettingId) stays.

use super::union::identifier_union;
use super::{IdError, IdWarning, LocalId, digits, identifier};
use crate::codes;

identifier! {
    /// A URN of Get Information About Schools: 6 digits, the first 1 to 9; never
    /// used twice, without a check digit.
    GiasUrn, gias_urn, shown
}

identifier! {
    /// A URN of Ofsted's early years register: 6 or 7 digits, or `EY`, `VC` or `CA`
    /// and 6 digits, as counted in the register of 31 August 2021. `RP` and 6 digits
    /// is a registered person, not a setting, and refused.
    OfstedEyUrn, ofsted_ey_urn, shown
}

identifier! {
    /// A URN a council gave an early years setting for the census: 500000 to 799999
    /// (gov.uk, Complete the early years census).
    LaEyUrn, la_ey_urn, shown
}

identifier! {
    /// A DfE number: 3 digits of the local authority, 4 of the establishment.
    /// `351/3948` and `351-3948` are taken too; the canonical text is the 7 digits,
    /// never a number. Says little about the type of a school: academies keep theirs.
    Laestab, laestab, shown
}

identifier! {
    /// A code of a local authority: 3 digits. Whether there is or was such an
    /// authority: [`LaCode::name`].
    LaCode, la_code, shown
}

identifier! {
    /// A UK provider reference number: 8 digits.
    Ukprn, ukprn, shown
}

identifier! {
    /// A code of the NHS Organisation Data Service: 3 to 10 upper-case letters and
    /// digits (NHS Data Model and Dictionary, ORGANISATION IDENTIFIER).
    OdsCode, ods_code, shown
}

identifier_union! {
    /// One identifier of a setting, with its scheme.
    SettingIdentifier,
    /// The registers a setting may be known in.
    SettingScheme {
        /// Get Information About Schools.
        Gias(GiasUrn) = "gias", GiasUrn::parse;
        /// Ofsted's early years register.
        OfstedEy(OfstedEyUrn) = "ofsted-ey", OfstedEyUrn::parse;
        /// A council's early years census.
        LaEy(LaEyUrn) = "la-ey", LaEyUrn::parse;
        /// Authority and establishment number.
        Laestab(Laestab) = "laestab", Laestab::parse;
        /// UK register of learning providers.
        Ukprn(Ukprn) = "ukprn", Ukprn::parse;
        /// NHS Organisation Data Service.
        Ods(OdsCode) = "ods", OdsCode::parse;
        /// What this ledger calls a setting that is in no register.
        BatonLocal(LocalId) = "baton-local", LocalId::parse;
    }
}

impl SettingIdentifier {
    /// What is unusual about it, if anything.
    pub fn warning(&self) -> Option<IdWarning> {
        match self {
            Self::Ukprn(ukprn) => ukprn.warning(),
            _ => None,
        }
    }
}

impl Laestab {
    /// The 3 digits of the authority.
    pub fn la(&self) -> &str {
        &self.as_str()[..3]
    }

    /// The 4 digits of the establishment.
    pub fn establishment(&self) -> &str {
        &self.as_str()[3..]
    }
}

impl LaCode {
    /// The name of the authority, current or ended, if there is one.
    pub fn name(&self) -> Option<&'static str> {
        codes::LA.meaning(self.as_str())
    }
}

impl Ukprn {
    /// Whether it begins otherwise than every one known so far.
    pub fn warning(&self) -> Option<IdWarning> {
        (!self.as_str().starts_with('1')).then_some(IdWarning::UnusualFirstDigit)
    }
}

fn gias_urn(value: &str) -> Result<String, IdError> {
    let number: [u32; 6] = digits(value)?;
    if number[0] == 0 {
        Err(IdError::Range)
    } else {
        Ok(value.to_owned())
    }
}

fn ofsted_ey_urn(value: &str) -> Result<String, IdError> {
    match ["EY", "VC", "CA"]
        .iter()
        .find_map(|prefix| value.strip_prefix(prefix))
    {
        Some(number) => digits::<6>(number).map(drop),
        None if value.len() == 7 => digits::<7>(value).map(drop),
        None => digits::<6>(value).map(drop),
    }?;
    Ok(value.to_owned())
}

fn la_ey_urn(value: &str) -> Result<String, IdError> {
    let number: [u32; 6] = digits(value)?;
    if (5..=7).contains(&number[0]) {
        Ok(value.to_owned())
    } else {
        Err(IdError::Range)
    }
}

fn laestab(value: &str) -> Result<String, IdError> {
    let number = match value.split_once(['/', '-']) {
        Some((la, establishment)) if la.len() == 3 => format!("{la}{establishment}"),
        Some(_) => return Err(IdError::Character),
        None => value.to_owned(),
    };
    digits::<7>(&number)?;
    Ok(number)
}

fn la_code(value: &str) -> Result<String, IdError> {
    digits::<3>(value).map(|_| value.to_owned())
}

fn ukprn(value: &str) -> Result<String, IdError> {
    digits::<8>(value).map(|_| value.to_owned())
}

fn ods_code(value: &str) -> Result<String, IdError> {
    if !(3..=10).contains(&value.len()) {
        Err(IdError::Length)
    } else if value
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    {
        Ok(value.to_owned())
    } else {
        Err(IdError::Character)
    }
}
