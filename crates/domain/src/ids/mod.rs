//! Identifiers of learners and settings, each a type of its own.
//!
//! A value of one of these types is well formed; whether the register knows it is
//! another matter. A bare number is never an identity: 1,531 six-digit Ofsted
//! numbers are also school URNs, and a ULN has the shape of an NHS number. So the
//! type, or the scheme beside the value, is always part of it.
//!
//! Identifiers of learners are personal data. Their `Debug` hides the value, and no
//! error repeats what it refused.

mod learner;
mod local;
mod number;
mod opaque;
mod setting;
mod uci;
mod union;
mod upn;

pub use learner::{LearnerIdentifier, LearnerScheme};
pub use local::LocalId;
pub use number::{NhsNumber, Uln};
pub use opaque::{
    Alias, ContentId, CredentialId, DocumentId, LearnerId, LedgerId, ProfileId, SettingId,
    SubscriptionId, TransitionId, WatchId,
};
pub use setting::{
    GiasUrn, LaCode, LaEyUrn, Laestab, OdsCode, OfstedEyUrn, SettingIdentifier, SettingScheme,
    Ukprn,
};
pub use uci::Uci;
pub use upn::Upn;

/// Which rule a value broke. Never the value: it may be personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum IdError {
    /// Too short or too long.
    #[error("has the wrong number of characters")]
    Length,
    /// A character that may not stand where it stands; spaces and lower case too.
    #[error("has a character that is not allowed at its place")]
    Character,
    /// The check letter or digit does not fit the rest: a slip in typing.
    #[error("does not fit its check character")]
    Check,
    /// Digits for which the register has no check digit and issues no number.
    #[error("is a number that is never issued")]
    NeverIssued,
    /// Stands for "not known" in its register. Leave the identifier out instead.
    #[error("is the placeholder for a number that is not known")]
    Placeholder,
    /// Outside the numbers its register gives out.
    #[error("lies outside the range of its register")]
    Range,
    /// Well formed, but of another scheme than stated: a temporary UPN as a
    /// permanent one, or the reverse.
    #[error("belongs to another scheme")]
    OtherScheme,
    /// The scheme is none of the contract's.
    #[error("has a scheme that is not known")]
    UnknownScheme,
}

/// Something unusual about a value that is accepted all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdWarning {
    /// The authority a UPN names as its issuer is in no published list.
    UnknownIssuer,
    /// The issuer of the UPN is kept for tests.
    TestIssuer,
    /// A UKPRN that does not begin with 1, as every one known so far does.
    UnusualFirstDigit,
}

/// Declares an identifier: a newtype over text, with one function that says what
/// the canonical text of a value is or which rule the value breaks.
/// `hidden` keeps the value out of `Debug`; `shown` does not.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $canonical:path, $debug:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier, or the rule it breaks.
            pub fn parse(value: &str) -> Result<Self, $crate::ids::IdError> {
                $canonical(value).map(Self)
            }

            /// The canonical text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::ids::IdError;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Self::parse(value)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::ids::IdError;

            fn try_from(value: String) -> Result<Self, Self::Error> {
                Self::parse(&value)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        identifier!(@debug $name $debug);
    };
    (@debug $name:ident hidden) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
    (@debug $name:ident shown) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.0).finish()
            }
        }
    };
}
use identifier;

/// The values of the digits, if the text is exactly `N` ASCII digits.
fn digits<const N: usize>(value: &str) -> Result<[u32; N], IdError> {
    let bytes: &[u8; N] = value.as_bytes().try_into().map_err(|_| IdError::Length)?;
    if !bytes.iter().all(u8::is_ascii_digit) {
        return Err(IdError::Character);
    }
    Ok(bytes.map(|digit| u32::from(digit - b'0')))
}
