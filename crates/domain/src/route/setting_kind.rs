//! What a setting is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a setting is. Numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum SettingKind {
    /// Nursery or pre-school on the Ofsted register.
    Nursery = 1,
    /// Childminder.
    Childminder = 2,
    /// School, of any type and phase.
    School = 3,
    /// Further education or sixth-form college, special post-16 institution.
    College = 4,
    /// Training provider or employer.
    TrainingProvider = 5,
    /// Local authority.
    Council = 6,
    /// Adult social care service.
    AdultSocialCare = 7,
    /// NHS or other health service.
    HealthService = 8,
    /// Maker of software that acts for settings by their delegation; it neither sends nor receives.
    Vendor = 9,
}

impl SettingKind {
    /// Every kind, in the order of the numbers.
    pub const ALL: [Self; 9] = [
        Self::Nursery,
        Self::Childminder,
        Self::School,
        Self::College,
        Self::TrainingProvider,
        Self::Council,
        Self::AdultSocialCare,
        Self::HealthService,
        Self::Vendor,
    ];

    /// The number in the contract: 1 to 9.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The kind of that number, if there is one.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| u32::from(kind.number()) == number)
    }

    /// The name in contract, policies and entries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nursery => "nursery",
            Self::Childminder => "childminder",
            Self::School => "school",
            Self::College => "college",
            Self::TrainingProvider => "training_provider",
            Self::Council => "council",
            Self::AdultSocialCare => "adult_social_care",
            Self::HealthService => "health_service",
            Self::Vendor => "vendor",
        }
    }

    /// The kind of that exact name, if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for SettingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
