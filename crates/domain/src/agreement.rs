//! The framework agreement: what every setting signs once, when it counts, and for which reasons a
//! head may send without it.
//!
//! The agreement says who does what between those who share; it is no legal basis of sharing (ICO, Data
//! sharing code of practice, "Data sharing agreements"). Hence [`needs_none`]: health and child
//! protection go without it.

use jiff::civil::Date;

use crate::recipient::Days;
use crate::section::{KindSet, SectionKind};

/// Farthest ahead the first day may be, in days: 13 months.
pub const AHEAD_DAYS_MAX: i32 = 396;

/// Kinds that go without an agreement.
pub const fn needs_none() -> KindSet {
    KindSet::of(&[SectionKind::Health, SectionKind::ChildProtectionNote])
}

/// Which text was signed, e.g. `2026.1`: 1 to 40 letters, digits, dots, dashes and underscores, the first
/// a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextVersion(String);

impl TextVersion {
    /// Greatest length in bytes.
    pub const BYTES_MAX: usize = 40;

    /// The label, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let begins = text
            .bytes()
            .next()
            .is_some_and(|it| it.is_ascii_alphanumeric());
        let fits = begins && text.len() <= Self::BYTES_MAX && text.bytes().all(inner);
        fits.then(|| Self(text.to_owned()))
    }

    /// As given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What was signed, and for which days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Which text.
    pub version: TextVersion,
    /// SHA-256 of it.
    pub text: [u8; 32],
    /// First day, in London.
    pub first: Date,
    /// Last day, included; none: until it is ended.
    pub last: Option<Date>,
}

/// What is wrong with the days of an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayFault {
    /// The last is before the first.
    Order,
    /// The last is over: it would never count.
    Over,
    /// The first is more than [`AHEAD_DAYS_MAX`] days ahead.
    FarAhead,
}

/// Everything that is wrong with these days, on the civil date `today`.
pub fn day_faults(first: Date, last: Option<Date>, today: Date) -> Vec<DayFault> {
    let mut faults = Vec::new();
    match last {
        Some(last) if last < first => faults.push(DayFault::Order),
        Some(last) if last < today => faults.push(DayFault::Over),
        _ => {}
    }
    let ahead = first.since(today).map_or(i32::MAX, |span| span.get_days());
    if ahead > AHEAD_DAYS_MAX {
        faults.push(DayFault::FarAhead);
    }
    faults
}

/// Whether an agreement counts on the civil date `today` (Europe/London): nobody ended it, and the day is
/// one of its own.
pub fn in_force(days: Days, ended: bool, today: Date) -> bool {
    let begun = days.first.is_some_and(|first| first <= today);
    !ended && begun && !days.are_over(today)
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident = $number:literal $name:literal $words:literal,)+) => {
        /// Why a head sends to a setting without an agreement. A closed list: a line of text would be
        /// about the child, and an entry could not keep it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum SendingReason { $($(#[$doc])* $reason = $number),+ }

        impl SendingReason {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$reason),+];

            /// The word in entries and on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$reason => $name),+ }
            }

            /// What an account says.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$reason => $words),+ }
            }

            /// The number in the contract and in rows.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// The reason of that number, if there is one.
            pub fn from_number(number: i64) -> Option<Self> {
                let mut all = Self::ALL.iter().copied();
                all.find(|reason| i64::from(reason.number()) == number)
            }

            /// The reason of that word, if there is one.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.name() == name)
            }
        }
    };
}

reasons! {
    /// Whoever has not signed is about to.
    JoiningUnderWay = 1 "joining_under_way" "joining is under way",
    /// The receiver is of an area whose settings sign another agreement.
    OutsideArea = 2 "outside_area" "the receiver is outside the area",
    /// The child needs it before anybody could sign.
    UrgentNeed = 3 "urgent_need" "urgent need",
    /// Another one, which the head keeps in writing elsewhere.
    Other = 4 "other" "another reason",
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_label_is_of_a_narrow_set() {
        for good in ["1", "2026.1", "v2-final_b", &"a".repeat(40)] {
            assert!(TextVersion::parse(good).is_some(), "{good}");
        }
        for bad in ["", ".1", "-", "a b", "ä", "1/2", "1\n", &"a".repeat(41)] {
            assert!(TextVersion::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn it_counts_from_the_first_day_to_the_last_both_included() {
        let days = Days {
            first: Some(date(2026, 3, 10)),
            last: Some(date(2026, 3, 12)),
        };
        let counts = |day| in_force(days, false, date(2026, 3, day));
        assert_eq!([9, 10, 12, 13].map(counts), [false, true, true, false]);
        assert!(!in_force(days, true, date(2026, 3, 11)), "ended");
        let open = Days { last: None, ..days };
        assert!(in_force(open, false, date(2099, 1, 1)));
        let none = Days::default();
        assert!(!in_force(none, false, date(2026, 3, 11)), "no first day");
    }

    #[test]
    fn all_that_is_wrong_with_the_days_is_told() {
        let today = date(2026, 3, 10);
        let faults = |first, last| day_faults(first, last, today);
        assert_eq!(faults(today, None), []);
        assert_eq!(
            faults(date(2020, 1, 1), Some(today)),
            [],
            "signed on paper long ago"
        );
        assert_eq!(
            faults(date(2020, 1, 1), Some(date(2026, 3, 9))),
            [DayFault::Over]
        );
        let far = date(2030, 1, 1);
        let wrong = [DayFault::Order, DayFault::FarAhead];
        assert_eq!(faults(far, Some(date(2029, 1, 1))), wrong);
        assert_eq!(faults(date(2027, 4, 10), None), []);
        assert_eq!(faults(date(2027, 4, 11), None), [DayFault::FarAhead]);
    }
}
