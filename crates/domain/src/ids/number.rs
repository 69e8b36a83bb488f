//! The two ten-digit numbers. They have the same weights and different finishes,
//! so that no number is both.

use super::{IdError, digits, identifier};

identifier! {
    /// A unique learner number: 10 digits, the first 1 to 9. Given from age 14.
    ///
    /// With weights 10 down to 2, r is the sum modulo 11; the last digit is 10 − r,
    /// and no number is issued where r is 0 (DfE CBDS item 100016; ILR rule `ULN_04`).
    /// Not the ISBN rule.
    Uln, uln, hidden
}

identifier! {
    /// An NHS number: 10 digits, without the spaces it is printed with.
    ///
    /// With weights 10 down to 2, r is the sum modulo 11; the last digit is 11 − r,
    /// 0 where that is 11, and no number is issued where it is 10 (NHS Data Model and
    /// Dictionary, NHS NUMBER). Numbers that begin 999 are for tests.
    NhsNumber, nhs_number, hidden
}

/// "Not known" in the individualised learner record.
const ULN_NOT_KNOWN: &str = "9999999999";

fn uln(value: &str) -> Result<String, IdError> {
    let number: [u32; 10] = digits(value)?;
    if value == ULN_NOT_KNOWN {
        return Err(IdError::Placeholder);
    }
    if number[0] == 0 {
        return Err(IdError::Range);
    }
    match remainder(&number) {
        0 => Err(IdError::NeverIssued),
        r if number[9] == 10 - r => Ok(value.to_owned()),
        _ => Err(IdError::Check),
    }
}

fn nhs_number(value: &str) -> Result<String, IdError> {
    let number: [u32; 10] = digits(value)?;
    match remainder(&number) {
        1 => Err(IdError::NeverIssued),
        r if number[9] == (11 - r) % 11 => Ok(value.to_owned()),
        _ => Err(IdError::Check),
    }
}

/// The first nine digits times 10 down to 2, modulo 11.
fn remainder(number: &[u32; 10]) -> u32 {
    let weights = (2..=10).rev();
    number
        .iter()
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum::<u32>()
        % 11
}
