use baton_domain::codes;
use jiff::civil::Date;

use crate::{
    ctf::block::{Block, EARLIEST},
    problem::Findings,
    rule::Rule,
};

/// Most periods of eligibility taken over.
const MAX_PERIODS: usize = 20;

/// Free school meals. An open period is only an indication: the receiving school has to check
/// whether the pupil is eligible.
#[derive(Clone, Default, PartialEq)]
pub struct FreeMeals {
    /// Whether a period goes on today; absent without any period.
    pub eligible: Option<bool>,
    /// The category of the period that goes on.
    pub category: Option<String>,
    /// `FSMreviewDate`.
    pub review: Option<Date>,
    /// `FSMinstance`.
    pub periods: Vec<FreeMealsPeriod>,
}

/// A period of eligibility.
#[derive(Clone, PartialEq)]
pub struct FreeMealsPeriod {
    /// `FSMstartDate`.
    pub started: Option<Date>,
    /// `FSMendDate`; absent while it goes on.
    pub ended: Option<Date>,
    /// `UKcountry`: `ENG`, `NIR`, `SCT`, `WLS`.
    pub country: Option<String>,
    /// `FSMEligibilityVerificationDate`, since version 26.
    pub verified: Option<Date>,
    /// `FSMCategory`, since version 26.
    pub category: Option<String>,
}

/// Care by a council.
#[derive(Clone, PartialEq)]
pub struct LookedAfter {
    /// `InCare`.
    pub in_care: bool,
    /// `CareAuthority`.
    pub authority: Option<String>,
}

impl FreeMeals {
    pub(super) fn read(pupil: &mut Block<'_>, f: &mut Findings) -> Self {
        let Some(mut history) = pupil.block("FSMhistory", f) else {
            return Self::default();
        };
        let review = history.date("FSMreviewDate", f);
        let rows = history
            .first_blocks("FSMinstance", MAX_PERIODS, f)
            .into_iter();
        let periods: Vec<_> = rows.map(|row| FreeMealsPeriod::read(row, f)).collect();
        let today = history.context().today;
        history.finish(f);
        let current = periods
            .iter()
            .find(|period| period.ended.is_none_or(|end| end >= today));
        Self {
            eligible: (!periods.is_empty()).then_some(current.is_some()),
            category: current.and_then(|period| period.category.clone()),
            review,
            periods,
        }
    }
}

impl FreeMealsPeriod {
    fn read(mut row: Block<'_>, f: &mut Findings) -> Self {
        let period = Self {
            started: row.past_date("FSMstartDate", EARLIEST, f),
            ended: row.date("FSMendDate", f),
            country: row.read("UKcountry", f, |value| {
                let known = matches!(value, "ENG" | "NIR" | "SCT" | "WLS");
                known
                    .then(|| value.to_owned())
                    .ok_or(Rule::Form("ENG, NIR, SCT or WLS"))
            }),
            verified: row.past_date("FSMEligibilityVerificationDate", EARLIEST, f),
            category: row.code("FSMCategory", &codes::FSM_CATEGORY, f),
        };
        if period
            .started
            .zip(period.ended)
            .is_some_and(|(start, end)| end < start)
        {
            f.absence(row.line(), &row.path_of("FSMendDate"), Rule::DatesReversed);
        }
        row.finish(f);
        period
    }
}

impl LookedAfter {
    pub(super) fn read(pupil: &mut Block<'_>, f: &mut Findings) -> Option<Self> {
        let mut block = pupil.block("LookedAfter", f)?;
        let in_care = block.flag("InCare", f);
        let authority = block.code("CareAuthority", &codes::LA, f);
        block.finish(f);
        Some(Self {
            in_care: in_care?,
            authority,
        })
    }
}
