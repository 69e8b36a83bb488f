//! Unique Candidate Identifiers of the exam boards.

use super::{IdError, identifier};

identifier! {
    /// A unique candidate identifier: 13 characters, kept for life.
    ///
    /// Centre that issued it, not the current one (5 digits); 0, or a letter for a
    /// board or abroad; year (2); candidate (4); check letter. With weights 16 down
    /// to 5, the sum modulo 17 is the place of the check letter (JCQ, Unique
    /// Candidate Identifiers).
    Uci, canonical, hidden
}

const CHECK_LETTERS: &[u8; 17] = b"ABCDEFGHKLMRTVWXY";

/// What A to Z count in the sixth place: A to P are 1 to 16, then it goes on from
/// 10 twice. Some software uses another table, which fails the published examples.
const LETTER_VALUES: [usize; 26] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 10, 11, 12, 13, 14, 15, 16, 10, 11, 12,
];

fn canonical(value: &str) -> Result<String, IdError> {
    let chars: &[u8; 13] = value.as_bytes().try_into().map_err(|_| IdError::Length)?;
    let (body, check) = (&chars[..12], chars[12]);
    let mut sum = 0;
    for (place, char) in body.iter().enumerate() {
        let counts = match (place, char) {
            (5, b'0') => 0,
            (5, b'A'..=b'Z') => LETTER_VALUES[usize::from(char - b'A')],
            (5, _) => return Err(IdError::Character),
            (_, b'0'..=b'9') => usize::from(char - b'0'),
            _ => return Err(IdError::Character),
        };
        sum += (16 - place) * counts;
    }
    if !CHECK_LETTERS.contains(&check) {
        Err(IdError::Character)
    } else if CHECK_LETTERS[sum % CHECK_LETTERS.len()] == check {
        Ok(value.to_owned())
    } else {
        Err(IdError::Check)
    }
}
