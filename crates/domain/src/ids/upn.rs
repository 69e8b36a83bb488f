//! Unique Pupil Numbers.

use super::{IdError, IdWarning, identifier};

identifier! {
    /// A unique pupil number, permanent or temporary: 13 characters.
    ///
    /// Check letter; local authority of issue (3 digits); establishment (4); year of
    /// issue (2); serial (3). The last character of a temporary one is a letter.
    /// With weights 2 to 13 on characters 2 to 13, a letter counting as its place in
    /// the alphabet of 23, the sum modulo 23 is the place of the check letter (DfE
    /// CBDS item 100001). Every single wrong character is caught but a digit and a
    /// letter of equal value in the last place.
    ///
    /// A learner may have several in turn: temporary, permanent, former. A protected
    /// learner's former one is never kept.
    Upn, canonical, hidden
}

/// I, O and S are left out: they look like digits.
const ALPHABET: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";

/// Authorities that issued UPNs since April 1998, as first and last of each run:
/// the list of school census error 1530, and those made since (838, 839 in 2019;
/// 940, 941 in 2021; 942, 943 in 2023). Authorities that ended stay: their
/// numbers live on.
const ISSUERS: [(u16, u16); 35] = [
    (1, 5),
    (201, 213),
    (301, 320),
    (330, 336),
    (340, 344),
    (350, 359),
    (370, 373),
    (380, 384),
    (390, 394),
    (420, 420),
    (660, 681),
    (701, 708),
    (800, 803),
    (805, 808),
    (810, 813),
    (815, 816),
    (820, 823),
    (825, 826),
    (830, 831),
    (835, 841),
    (845, 846),
    (850, 852),
    (855, 857),
    (860, 861),
    (865, 896),
    (908, 909),
    (916, 916),
    (919, 919),
    (921, 921),
    (925, 926),
    (928, 929),
    (931, 931),
    (933, 933),
    (935, 938),
    (940, 943),
];

/// Appears in dummy data only.
const TEST_ISSUER: u16 = 999;

fn canonical(value: &str) -> Result<String, IdError> {
    let chars: &[u8; 13] = value.as_bytes().try_into().map_err(|_| IdError::Length)?;
    let [check, body @ .., last] = chars;
    let mut sum = 0;
    for (weight, digit) in (2..).zip(body) {
        if !digit.is_ascii_digit() {
            return Err(IdError::Character);
        }
        sum += weight * usize::from(digit - b'0');
    }
    sum += 13
        * if last.is_ascii_digit() {
            usize::from(last - b'0')
        } else {
            place(*last)?
        };
    if place(*check)? == sum % ALPHABET.len() {
        Ok(value.to_owned())
    } else {
        Err(IdError::Check)
    }
}

fn place(letter: u8) -> Result<usize, IdError> {
    ALPHABET
        .iter()
        .position(|known| *known == letter)
        .ok_or(IdError::Character)
}

impl Upn {
    /// Whether it is a temporary number, to be replaced by a permanent one.
    pub fn is_temporary(&self) -> bool {
        self.as_str()
            .ends_with(|last: char| last.is_ascii_uppercase())
    }

    /// The three digits of the authority that issued it. Not where the learner is
    /// now.
    pub fn issuing_la(&self) -> &str {
        &self.as_str()[1..4]
    }

    /// Whether the issuer is unusual. Published lists lag behind new authorities, so
    /// this is no reason to refuse a number.
    pub fn warning(&self) -> Option<IdWarning> {
        match self.issuing_la().parse() {
            Ok(TEST_ISSUER) => Some(IdWarning::TestIssuer),
            Ok(la) if ISSUERS.iter().any(|run| (run.0..=run.1).contains(&la)) => None,
            _ => Some(IdWarning::UnknownIssuer),
        }
    }
}
