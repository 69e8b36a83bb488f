//! Baton's own identifiers: a prefix that says what it names, and 128 random bits
//! that say nothing. `stg_` and 26 characters of Crockford's base 32 in lower case.

use super::{IdError, identifier};

/// Digits of Crockford's base 32, without i, l, o and u.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters that hold 128 bits, 5 bits each; the first holds only 3.
const CHARS: usize = 26;

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident, $check:ident = $prefix:literal;)+) => {
        $(
            identifier! { $(#[$doc])* $name, $check, shown }

            impl $name {
                /// What every one begins with, without the underscore.
                pub const PREFIX: &'static str = $prefix;

                /// The identifier of these 16 bytes. They must be random: whoever can
                /// guess one can ask for it.
                pub fn from_bytes(bytes: [u8; 16]) -> Self {
                    Self(spelled($prefix, bytes))
                }
            }

            fn $check(value: &str) -> Result<String, IdError> {
                canonical($prefix, value)
            }
        )+
    };
}

opaque! {
    /// A ledger: one hub of a council or region, across restarts and restores.
    LedgerId, ledger = "ldg";
    /// A setting, whatever its codes and its name become.
    SettingId, setting = "stg";
    /// A learner, in names of the interface. Entries use the [`Alias`].
    LearnerId, learner = "lrn";
    /// One learner's move.
    TransitionId, transition = "trn";
    /// What one setting sends about one learner.
    ProfileId, profile = "prf";
    /// A file that goes with a contribution.
    DocumentId, document = "doc";
    /// A named subscription.
    SubscriptionId, subscription = "sub";
    /// One watch of a subscription, from its start to its end.
    WatchId, watch = "wch";
    /// A certificate, key or delegation.
    CredentialId, credential = "crd";
    /// A piece of sealed content.
    ContentId, content = "cnt";
    /// A learner in entries: drawn apart from the [`LearnerId`], tied to it only by an
    /// erasable row.
    Alias, alias = "als";
}

fn spelled(prefix: &str, bytes: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(bytes);
    let mut text = String::with_capacity(prefix.len() + 1 + CHARS);
    text.push_str(prefix);
    text.push('_');
    for place in (0..CHARS).rev() {
        let digit = (bits >> (5 * place)) & 31;
        text.push(char::from(DIGITS[digit as usize]));
    }
    text
}

/// Takes only what [`spelled`] writes, so that one identifier has one spelling.
fn canonical(prefix: &str, value: &str) -> Result<String, IdError> {
    let random = value
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(IdError::OtherScheme)?;
    if random.len() != CHARS {
        return Err(IdError::Length);
    }
    if !random.bytes().all(|byte| DIGITS.contains(&byte)) {
        return Err(IdError::Character);
    }
    // Above 7 the first character would hold bits 16 bytes do not have.
    if random.as_bytes()[0] > b'7' {
        Err(IdError::Range)
    } else {
        Ok(value.to_owned())
    }
}
