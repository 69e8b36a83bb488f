//! Days the rules hang on: academic years, offer days, the end of compulsory
//! school age, working days in England. Civil dates in Europe/London throughout;
//! nothing here knows today's date.
//!
//! School days (the clocks for sending files on) are not computed: they need the
//! term calendar of the setting.

use std::fmt;

use jiff::Span;
use jiff::civil::{Date, Weekday, date};
use serde::{Deserialize, Serialize};

/// An academic year in England, 1 September to 31 August, named by the calendar
/// year it begins in: 2025 is 2025/26.
///
/// Of a move it is always the year the learner **leaves** in: 2025 for a Year 6
/// child who starts Year 7 in September 2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "i16", try_from = "i32")]
pub struct AcademicYear(i16);

/// The year lies outside [`AcademicYear::FIRST`] to [`AcademicYear::LAST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("academic year out of range")]
pub struct YearOutOfRange;

impl AcademicYear {
    /// The earliest taken: older than anyone in education.
    pub const FIRST: Self = Self(1950);
    /// The latest taken. Far off; there so that no date computed from a year can
    /// leave the calendar.
    pub const LAST: Self = Self(2199);

    /// The year that begins in September of that calendar year.
    pub fn from_first_year(year: i32) -> Result<Self, YearOutOfRange> {
        match i16::try_from(year) {
            Ok(year) if (Self::FIRST.0..=Self::LAST.0).contains(&year) => Ok(Self(year)),
            _ => Err(YearOutOfRange),
        }
    }

    /// The year a date lies in.
    pub fn of(day: Date) -> Result<Self, YearOutOfRange> {
        let begun = i32::from(day.month() >= 9);
        Self::from_first_year(i32::from(day.year()) - 1 + begun)
    }

    /// The calendar year it begins in.
    pub const fn first_year(self) -> i16 {
        self.0
    }

    /// 1 September.
    pub const fn first_day(self) -> Date {
        date(self.0, 9, 1)
    }

    /// 31 August.
    pub const fn last_day(self) -> Date {
        date(self.0 + 1, 8, 31)
    }

    /// The last day on which a move of a learner who leaves in this year may still
    /// be read: 31 December after the September of the move. One day for all moves
    /// of the year, in-year ones too. Content usually goes earlier, once the
    /// receiver says it is filed.
    pub const fn closes_on(self) -> Date {
        date(self.0 + 1, 12, 31)
    }

    /// The last day content of such a move is kept once the receiver has taken it over: 20
    /// December, by when the autumn term has ended everywhere. A date of each school's own is not
    /// known here.
    pub const fn filed_until(self) -> Date {
        date(self.0 + 1, 12, 20)
    }
}

/// As people write it: `2025/26`.
impl fmt::Display for AcademicYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:02}", self.0, (self.0 + 1) % 100)
    }
}

impl From<AcademicYear> for i16 {
    fn from(year: AcademicYear) -> Self {
        year.0
    }
}

impl TryFrom<i32> for AcademicYear {
    type Error = YearOutOfRange;

    fn try_from(year: i32) -> Result<Self, YearOutOfRange> {
        Self::from_first_year(year)
    }
}

/// The national day on which councils send out offers of school places (School
/// Admissions Code for England).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OfferDay {
    /// 16 April: reception, junior and middle schools.
    Primary,
    /// 1 March: Year 7 and upper schools.
    Secondary,
}

impl OfferDay {
    /// The day for learners who leave in `year`; the next working day if it is none.
    pub fn in_year(self, year: AcademicYear) -> Date {
        let (month, day) = match self {
            Self::Primary => (4, 16),
            Self::Secondary => (3, 1),
        };
        working_day_from(date(year.0 + 1, month, day))
    }
}

/// The day compulsory school age ends: the last Friday in June of the school year
/// of the 16th birthday (Education Act 1996 s8; School Leaving Date Order 1997).
/// From then on SEND decisions are the young person's own (Children and Families
/// Act 2014 s83).
pub fn compulsory_school_age_ends(date_of_birth: Date) -> Result<Date, YearOutOfRange> {
    let born = AcademicYear::of(date_of_birth)?;
    let turns_16 = AcademicYear::from_first_year(i32::from(born.0) + 16)?;
    Ok(latest(Weekday::Friday, date(turns_16.0 + 1, 6, 30)))
}

/// Whether offices are open in England: neither weekend nor bank holiday.
pub fn is_working_day(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_bank_holiday(day)
}

/// Whether it is a regular bank holiday in England (Banking and Financial Dealings
/// Act 1971 sch 1 and the yearly proclamations), substitute days included.
/// Holidays proclaimed once, as for a coronation, are not known here.
pub fn is_bank_holiday(day: Date) -> bool {
    let since_easter = day.duration_since(easter_sunday(day.year())).as_hours() / 24;
    let weekday = day.weekday();
    let monday = weekday == Weekday::Monday;
    match (day.month(), day.day()) {
        _ if matches!(since_easter, -2 | 1) => true,
        (1, 1) | (12, 25 | 26) => !matches!(weekday, Weekday::Saturday | Weekday::Sunday),
        // The day after a New Year's Day on a weekend; early May, spring and summer
        // holidays.
        (1, 2..=3) | (5, 1..=7 | 25..=31) | (8, 25..=31) => monday,
        // Christmas Day or Boxing Day fell on the weekend: Monday, or Monday and Tuesday.
        (12, 27 | 28) => monday || weekday == Weekday::Tuesday,
        _ => false,
    }
}

/// That day, or the first working day after it.
fn working_day_from(day: Date) -> Date {
    // No run of days off in England is longer than four (Good Friday to Easter Monday).
    (0..=4)
        .map(|days| day.saturating_add(Span::new().days(days)))
        .find(|day| is_working_day(*day))
        .unwrap_or(day)
}

/// The last such weekday on or before `day`.
fn latest(weekday: Weekday, day: Date) -> Date {
    day.saturating_sub(Span::new().days(day.weekday().since(weekday)))
}

/// Easter Sunday in the Gregorian calendar, by the anonymous algorithm of 1876
/// (J. Meeus, Astronomical Algorithms, ch. 8), whose letters it keeps.
#[expect(
    clippy::many_single_char_names,
    reason = "the letters of the published algorithm"
)]
fn easter_sunday(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y.rem_euclid(19), y.div_euclid(100), y.rem_euclid(100));
    let (d, e) = (b.div_euclid(4), b.rem_euclid(4));
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - d - g + 15).rem_euclid(30);
    let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4).rem_euclid(7);
    let m = (a + 11 * h + 22 * l) / 451;
    // Counted from 22 March, the earliest Easter there can be.
    date(year, 3, 22).saturating_add(Span::new().days(h + l - 7 * m))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_falls_as_in_the_prayer_book() {
        let known = [
            (1961, 4, 2),
            (2008, 3, 23),
            (2011, 4, 24),
            (2022, 4, 17),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2028, 4, 16),
            (2029, 4, 1),
            (2030, 4, 21),
            (2038, 4, 25),
            (2049, 4, 18),
            (2076, 4, 19),
            (2285, 3, 22),
        ];
        for (year, month, day) in known {
            assert_eq!(easter_sunday(year), date(year, month, day));
        }
    }
}
