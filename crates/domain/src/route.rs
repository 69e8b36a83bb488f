//! The routes a learner can move by. The four points are templates of what is
//! asked; a route says between what kinds of setting, and what must hold before
//! the receiver may read. A new kind of move is a new row of
//! [`crate::route::ROUTES`], not code.

mod setting_kind;
mod table;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::opening::OpeningRule;

pub use setting_kind::SettingKind;
pub use table::ROUTES;

/// A transition point: the template of a move. Numbers and names are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[repr(u8)]
pub enum Point {
    /// From a nursery, pre-school or childminder to reception.
    EarlyYearsToPrimary = 1,
    /// From Year 6 to Year 7, and every other move between schools.
    PrimaryToSecondary = 2,
    /// From Year 11 to sixth form, college or training.
    #[serde(rename = "SECONDARY_TO_POST_16")]
    SecondaryToPost16 = 3,
    /// From college or Year 14 to adult life.
    #[serde(rename = "POST_16_TO_ADULT")]
    Post16ToAdult = 4,
}

impl Point {
    /// Every point, in order of age.
    pub const ALL: [Self; 4] = [
        Self::EarlyYearsToPrimary,
        Self::PrimaryToSecondary,
        Self::SecondaryToPost16,
        Self::Post16ToAdult,
    ];

    /// The number in the contract: 1 to 4.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The point of that number, if there is one.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|point| u32::from(point.number()) == number)
    }

    /// The name in the contract, without the prefix of its enum.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EarlyYearsToPrimary => "EARLY_YEARS_TO_PRIMARY",
            Self::PrimaryToSecondary => "PRIMARY_TO_SECONDARY",
            Self::SecondaryToPost16 => "SECONDARY_TO_POST_16",
            Self::Post16ToAdult => "POST_16_TO_ADULT",
        }
    }

    /// The point of that exact name, if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| point.name() == name)
    }

    /// The route meant when a caller names the point alone. None for adult life:
    /// there the routes differ in who releases what to whom, so one must be named.
    pub fn ordinary_route(self) -> Option<&'static Route> {
        match self {
            Self::EarlyYearsToPrimary => Route::find("ey-reception"),
            Self::PrimaryToSecondary => Route::find("primary-secondary"),
            Self::SecondaryToPost16 => Route::find("y11-post16"),
            Self::Post16ToAdult => None,
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One way to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The code in contract, imports and entries. Fixed once used.
    pub code: &'static str,
    /// The template of what is asked.
    pub point: Point,
    /// What must hold before the receiver may read.
    pub rule: OpeningRule,
    /// The kinds of setting that may receive. Empty: nobody but the person.
    pub receivers: &'static [SettingKind],
    /// What people call it.
    pub label: &'static str,
}

impl Route {
    /// The route of that exact code, if there is one.
    pub fn find(code: &str) -> Option<&'static Self> {
        ROUTES.iter().find(|route| route.code == code)
    }

    /// Whether a setting of that kind may receive by this route.
    pub fn admits(&self, receiver: SettingKind) -> bool {
        self.receivers.contains(&receiver)
    }
}
