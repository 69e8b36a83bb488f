//! A learner who does not exist.

use baton_domain::{ids::LearnerIdentifier, route::Point};
use jiff::civil::Date;

use super::{dice::Dice, value, words};

/// Who a typical profile is about.
#[derive(Clone, Debug)]
pub struct Learner {
    /// Surname in law.
    pub surname: String,
    /// Forename in law.
    pub forename: String,
    /// Date of birth.
    pub date_of_birth: Date,
    /// A code of the set `sex`.
    pub sex: &'static str,
    /// A pupil number of the issuer kept for tests; none in early years.
    pub upn: Option<LearnerIdentifier>,
}

impl Learner {
    /// A learner of the right age to move at that point at the end of that academic year, named by
    /// its first calendar year.
    pub fn synthetic(seed: u64, point: Point, academic_year: i16) -> Self {
        let mut dice = Dice::new(seed);
        let first_day = Date::new(academic_year - years_before(point), 9, 1).unwrap_or(Date::MIN);
        let days = i64::try_from(dice.between(0, 364)).unwrap_or(0);
        let upn = match point {
            Point::EarlyYearsToPrimary => None,
            _ => LearnerIdentifier::parse("upn", &value::upn(false, &mut dice)).ok(),
        };
        Self {
            surname: dice.pick(words::SURNAMES).to_owned(),
            forename: dice.pick(words::FORENAMES).to_owned(),
            date_of_birth: first_day
                .checked_add(jiff::Span::new().days(days))
                .unwrap_or(first_day),
            sex: dice.pick(&["F", "M"]),
            upn,
        }
    }

    /// The academic year somebody of that age leaves in at that point.
    pub(super) fn leaves_in(&self, point: Point) -> i16 {
        let born = self.date_of_birth;
        let born_in = if born.month() >= 9 {
            born.year()
        } else {
            born.year() - 1
        };
        born_in + years_before(point)
    }
}

/// Academic years between the one somebody is born in and the one they leave in.
const fn years_before(point: Point) -> i16 {
    match point {
        Point::EarlyYearsToPrimary => 4,
        Point::PrimaryToSecondary => 11,
        Point::SecondaryToPost16 => 16,
        Point::Post16ToAdult => 19,
    }
}
