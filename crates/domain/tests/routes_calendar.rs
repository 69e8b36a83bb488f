//! The days the rules hang on, against published calendars.
#![cfg(test)]

use baton_domain::calendar::{
    AcademicYear, OfferDay, compulsory_school_age_ends, is_bank_holiday, is_working_day,
};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use proptest::prelude::*;

fn year(first: i32) -> AcademicYear {
    AcademicYear::from_first_year(first).unwrap()
}

#[test]
fn secondary_offers_go_out_on_1_march_or_the_next_working_day() {
    // 2026: Sunday. 2025 and 2031: Saturday.
    let days = [
        (2025, 3),
        (2026, 2),
        (2027, 1),
        (2028, 1),
        (2029, 1),
        (2030, 1),
        (2031, 3),
    ];
    for (offers, day) in days {
        assert_eq!(
            OfferDay::Secondary.in_year(year(offers - 1)),
            on(offers, 3, day)
        );
    }
}

#[test]
fn primary_offers_go_out_on_16_april_or_the_next_working_day() {
    // 2022 and 2033: Saturday before Easter. 2028: Easter Sunday itself.
    let days = [
        (2022, 19),
        (2025, 16),
        (2026, 16),
        (2027, 16),
        (2028, 18),
        (2029, 16),
        (2030, 16),
    ];
    for (offers, day) in days {
        assert_eq!(
            OfferDay::Primary.in_year(year(offers - 1)),
            on(offers, 4, day)
        );
    }
    assert_eq!(OfferDay::Primary.in_year(year(2032)), on(2033, 4, 19));
}

#[test]
fn bank_holidays_are_those_the_government_publishes() {
    let published = [
        // gov.uk/bank-holidays, England and Wales.
        "2024-01-01 2024-03-29 2024-04-01 2024-05-06 2024-05-27 2024-08-26 2024-12-25 2024-12-26",
        "2026-01-01 2026-04-03 2026-04-06 2026-05-04 2026-05-25 2026-08-31 2026-12-25 2026-12-28",
        "2027-01-01 2027-03-26 2027-03-29 2027-05-03 2027-05-31 2027-08-30 2027-12-27 2027-12-28",
        // Worked from the Act. 2028: New Year's Day is a Saturday. 2033: so it is again, and
        // Christmas Day is a Sunday.
        "2028-01-03 2028-04-14 2028-04-17 2028-05-01 2028-05-29 2028-08-28 2028-12-25 2028-12-26",
        "2033-01-03 2033-04-15 2033-04-18 2033-05-02 2033-05-30 2033-08-29 2033-12-26 2033-12-27",
    ];
    for of_year in published {
        let expected: Vec<Date> = of_year.split(' ').map(|day| day.parse().unwrap()).collect();
        let computed: Vec<Date> = on(expected[0].year().into(), 1, 1)
            .series(1.day())
            .take_while(|day| day.year() == expected[0].year())
            .filter(|day| is_bank_holiday(*day) && is_working_weekday(*day))
            .collect();
        assert_eq!(computed, expected);
    }
}

#[test]
fn compulsory_school_age_ends_on_the_last_friday_in_june() {
    let cases = [
        ((2009, 9, 1), (2026, 6, 26)),
        ((2010, 8, 31), (2026, 6, 26)),
        ((2010, 9, 1), (2027, 6, 25)),
        ((2008, 2, 29), (2024, 6, 28)),
        ((2012, 1, 15), (2028, 6, 30)),
    ];
    for (born, ends) in cases {
        let born = on(born.0, born.1, born.2);
        assert_eq!(
            compulsory_school_age_ends(born),
            Ok(on(ends.0, ends.1, ends.2))
        );
    }
}

#[test]
fn an_academic_year_runs_from_september_to_august() {
    assert_eq!(AcademicYear::of(on(2026, 8, 31)), Ok(year(2025)));
    assert_eq!(AcademicYear::of(on(2026, 9, 1)), Ok(year(2026)));
    assert_eq!(year(2025).to_string(), "2025/26");
    assert_eq!(year(2099).to_string(), "2099/00");
    assert_eq!(year(2025).closes_on(), on(2026, 12, 31));
    for out in [1949, 2200, -1, i32::MIN, i32::MAX] {
        assert!(AcademicYear::from_first_year(out).is_err());
    }
}

fn on(year: i32, month: i8, day: i8) -> Date {
    date(year.try_into().unwrap(), month, day)
}

fn is_working_weekday(day: Date) -> bool {
    (1..=5).contains(&day.weekday().to_monday_one_offset())
}

proptest! {
    #[test]
    fn offer_days_are_working_days_close_to_the_nominal_day(first in 1950_i32..2200) {
        for (day, month, nominal) in [(OfferDay::Secondary, 3, 1), (OfferDay::Primary, 4, 16)] {
            let offers = day.in_year(year(first));
            let from = on(first + 1, month, nominal);
            prop_assert!(is_working_day(offers));
            prop_assert!(from <= offers && offers <= from.saturating_add(4.days()));
            prop_assert_eq!(AcademicYear::of(offers), Ok(year(first)));
        }
    }

    #[test]
    fn any_date_is_answered_without_a_panic(y in -9999_i16..=9999, m in 1_i8..=12, d in 1_i8..=28) {
        let day = date(y, m, d);
        let _ = (is_working_day(day), compulsory_school_age_ends(day), AcademicYear::of(day));
    }
}
