//! Resource names: `settings/{setting}` and what lies below it. Every name begins with a setting,
//! the one whose view of the resource it is.

use std::{fmt, str::FromStr};

use baton_domain::ids::{
    CredentialId, DocumentId, ProfileId, SettingId, SubscriptionId, TransitionId,
};

use crate::violation::Violation;

const SETTINGS: &str = "settings";

/// A text that is not a resource name of the kind asked for. What it held is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be `{0}`")]
pub struct NotAName(&'static str);

impl NotAName {
    /// The same as a violation of the field the text stood in.
    pub fn at(self, field: &str) -> Violation {
        Violation::new(
            field,
            "resource_name",
            format!("Give a name of the form `{}`.", self.0),
        )
    }
}

/// A setting: `settings/{setting}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SettingName {
    /// The setting.
    pub setting: SettingId,
}

impl FromStr for SettingName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        text.strip_prefix("settings/")
            .and_then(|id| SettingId::parse(id).ok())
            .map(Self::from)
            .ok_or(NotAName("settings/{setting}"))
    }
}

impl fmt::Display for SettingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SETTINGS}/{}", self.setting)
    }
}

impl From<SettingId> for SettingName {
    fn from(setting: SettingId) -> Self {
        Self { setting }
    }
}

macro_rules! below_a_setting {
    ($($(#[$doc:meta])* $name:ident, $collection:literal, $part:ident: $id:ty;)+) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name {
            /// Whose view.
            pub setting: SettingId,
            /// What is viewed.
            pub $part: $id,
        }

        impl FromStr for $name {
            type Err = NotAName;

            fn from_str(text: &str) -> Result<Self, NotAName> {
                children(text, $collection)
                    .and_then(|(setting, id)| {
                        let setting = SettingId::parse(setting).ok()?;
                        Some(Self { setting, $part: <$id>::parse(id).ok()? })
                    })
                    .ok_or(NotAName(concat!(
                        "settings/{setting}/", $collection, "/{", stringify!($part), "}"
                    )))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{SETTINGS}/{}/{}/{}", self.setting, $collection, self.$part)
            }
        }
    )+ };
}

below_a_setting! {
    /// A move: `settings/{setting}/transitions/{transition}`.
    TransitionName, "transitions", transition: TransitionId;
    /// A contribution to a move: `settings/{setting}/profiles/{profile}`.
    ProfileName, "profiles", profile: ProfileId;
    /// A file of a contribution: `settings/{setting}/documents/{document}`.
    DocumentName, "documents", document: DocumentId;
    /// A credential: `settings/{setting}/credentials/{credential}`.
    CredentialName, "credentials", credential: CredentialId;
    /// A subscription: `settings/{setting}/subscriptions/{subscription}`.
    SubscriptionName, "subscriptions", subscription: SubscriptionId;
}

/// The two ids of `settings/{}/{collection}/{}`.
fn children<'a>(text: &'a str, collection: &str) -> Option<(&'a str, &'a str)> {
    let (setting, rest) = text.strip_prefix("settings/")?.split_once('/')?;
    let id = rest.strip_prefix(collection)?.strip_prefix('/')?;
    Some((setting, id))
}

/// Reads the name that stands in a field.
pub fn read<N: FromStr<Err = NotAName>>(field: &str, text: &str) -> Result<N, Violation> {
    text.parse().map_err(|wrong: NotAName| wrong.at(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_printed_as_it_is_read() {
        let setting = SettingId::from_bytes([7; 16]);
        let profile = ProfileName {
            setting: setting.clone(),
            profile: ProfileId::from_bytes([9; 16]),
        };
        assert_eq!(profile.to_string().parse(), Ok(profile));
        let setting = SettingName::from(setting);
        assert_eq!(setting.to_string().parse(), Ok(setting));
    }

    #[test]
    fn a_name_of_another_kind_is_refused_with_the_form_wanted() {
        let setting = SettingId::from_bytes([7; 16]);
        let other = TransitionId::from_bytes([1; 16]);
        for text in [
            String::new(),
            format!("settings/{setting}"),
            format!("settings/{setting}/transitions/{other}"),
            format!("settings/{setting}/profiles/{other}"),
            format!("/settings/{setting}/profiles/{other}"),
            format!("settings/{setting}/profiles/"),
        ] {
            let wrong = read::<ProfileName>("name", &text).expect_err("it is no profile");
            assert_eq!(wrong.rule, "resource_name");
            assert_eq!(
                wrong.description,
                "Give a name of the form `settings/{setting}/profiles/{profile}`."
            );
        }
    }
}
