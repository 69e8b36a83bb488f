//! Identifiers without a register.

use super::{IdError, identifier};

identifier! {
    /// What one setting calls a learner, or one ledger a setting, for itself: an
    /// admission number, a row in a spreadsheet. It means something only together
    /// with who gave it.
    ///
    /// 1 to [`LocalId::MAX_CHARS`] visible ASCII characters; spaces within, not at
    /// the ends.
    LocalId, canonical, hidden
}

impl LocalId {
    /// The longest taken, in characters.
    pub const MAX_CHARS: usize = 64;
}

fn canonical(value: &str) -> Result<String, IdError> {
    if value.is_empty() || value.len() > LocalId::MAX_CHARS {
        Err(IdError::Length)
    } else if value.bytes().all(|byte| matches!(byte, b' '..=b'~')) && value.trim() == value {
        Ok(value.to_owned())
    } else {
        Err(IdError::Character)
    }
}
