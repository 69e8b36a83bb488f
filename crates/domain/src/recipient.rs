//! Settings that receive beside the destination: in what relation, why, and from when until when.
//!
//! Like [`crate::opening`], nothing here decides *who* may read, only *whether it is time*.

use jiff::civil::Date;

use crate::opening::{self, OpeningFacts, OpeningRule, Window};

/// How a setting that is named for a move stands to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecipientRelation {
    /// Gets a named subset of the section kinds: school nursing, virtual school, adult services.
    Further,
    /// One of several settings the EHC plan may still name: SEND sections only.
    Provisional,
    /// The learner is registered with it as well, or is there on trial.
    Dual,
}

impl RecipientRelation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Further, Self::Provisional, Self::Dual];

    /// The word in entries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Further => "further",
            Self::Provisional => "provisional",
            Self::Dual => "dual",
        }
    }

    /// Whether a move by this rule can have such a recipient: only an EHC plan names one of
    /// several.
    pub const fn fits(self, rule: OpeningRule) -> bool {
        !matches!(self, Self::Provisional) || matches!(rule, OpeningRule::EhcPlan)
    }
}

macro_rules! purposes {
    ($($(#[$doc:meta])* $purpose:ident = $number:literal $name:literal $relation:ident,)+) => {
        /// Why a setting receives. A closed list: a line of text would be about the child.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum RecipientPurpose { $($(#[$doc])* $purpose = $number),+ }

        impl RecipientPurpose {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$purpose),+];

            /// The word on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$purpose => $name),+ }
            }

            /// The relation it is a reason for.
            pub const fn relation(self) -> RecipientRelation {
                match self { $(Self::$purpose => RecipientRelation::$relation),+ }
            }

            /// The number in the contract and in rows.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// The purpose of that number, if there is one.
            pub fn from_number(number: i64) -> Option<Self> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|purpose| i64::from(purpose.number()) == number)
            }
        }
    };
}

purposes! {
    /// The council looks after the child, and its virtual school follows the education (Children
    /// Act 1989 s22).
    LookedAfter = 1 "looked_after" Further,
    /// School nursing or health visiting.
    HealthCare = 2 "health_care" Further,
    /// Advice to an early years setting.
    EarlyYearsAdvice = 3 "early_years_advice" Further,
    /// Advisory teachers and other support for special educational needs.
    SendSupport = 4 "send_support" Further,
    /// Adult services that plan with the young person (Care Act 2014 s58).
    AdultServices = 5 "adult_services" Further,
    /// Tracking and support into education, employment or training.
    Participation = 6 "participation" Further,
    /// Harm to the child is looked into or prevented.
    Safeguarding = 7 "safeguarding" Further,
    /// The council consults it for the EHC plan (Children and Families Act 2014 s39).
    PlanConsultation = 8 "plan_consultation" Provisional,
    /// Registered with both (School Attendance (Pupil Registration) Regulations 2024).
    DualRegistration = 9 "dual_registration" Dual,
    /// On trial, before the move is made or ends.
    ManagedMove = 10 "managed_move" Dual,
    /// Part of the time in alternative provision.
    AlternativeProvision = 11 "alternative_provision" Dual,
}

/// The days a recipient was named for, both of them included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// The first; none: from the opening rule on.
    pub first: Option<Date>,
    /// The last; none: as long as the destination.
    pub last: Option<Date>,
}

impl Days {
    /// Whether the last one is over.
    pub fn are_over(self, today: Date) -> bool {
        self.last.is_some_and(|last| today > last)
    }

    /// Whether each of these days is one of the others.
    pub fn are_within(self, others: Self) -> bool {
        let from = self.first.unwrap_or(Date::MIN) >= others.first.unwrap_or(Date::MIN);
        from && self.last.unwrap_or(Date::MAX) <= others.last.unwrap_or(Date::MAX)
    }

    fn have_begun(self, today: Date) -> bool {
        self.first.is_none_or(|first| today >= first)
    }
}

/// Where a recipient stands on the civil date `today` (Europe/London). It is never earlier than the
/// route's own rule would have it, with one exception that is none: where two heads agree a start,
/// the first day of a second registration is what they agreed.
pub fn window(
    relation: RecipientRelation,
    days: Days,
    (rule, facts): (OpeningRule, &OpeningFacts),
    today: Date,
) -> Window {
    let facts = OpeningFacts {
        provisional: false,
        ..*facts
    };
    let destination = opening::window(rule, &facts, today);
    if days.are_over(today) || destination == Window::Closed {
        return Window::Closed;
    }
    let window = match (relation, rule) {
        // Once the plan names a setting it is that one's alone.
        (RecipientRelation::Provisional, OpeningRule::EhcPlan)
            if !facts.final_plan_names_setting =>
        {
            Window::Provisional
        }
        (RecipientRelation::Provisional, _) => Window::Closed,
        (RecipientRelation::Dual, OpeningRule::AgreedStart) if days.first.is_some() => Window::Open,
        (RecipientRelation::Dual | RecipientRelation::Further, _) => destination,
    };
    if days.have_begun(today) || window == Window::Closed {
        window
    } else {
        Window::NotOpen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{AcademicYear, OfferDay};
    use jiff::civil::date;
    use proptest::prelude::*;

    const RULES: [OpeningRule; 5] = [
        OpeningRule::Coordinated(OfferDay::Secondary),
        OpeningRule::EhcPlan,
        OpeningRule::AcceptedOffer,
        OpeningRule::AgreedStart,
        OpeningRule::Release,
    ];

    fn of_2026() -> OpeningFacts {
        OpeningFacts::of_year(AcademicYear::from_first_year(2025).expect("a year"))
    }

    #[test]
    fn a_second_registration_opens_on_its_first_day_and_closes_after_its_last() {
        let days = Days {
            first: Some(date(2026, 3, 16)),
            last: Some(date(2026, 4, 30)),
        };
        let facts = of_2026();
        let at = |day| {
            let by = (OpeningRule::AgreedStart, &facts);
            window(RecipientRelation::Dual, days, by, day)
        };
        assert_eq!(at(date(2026, 3, 15)), Window::NotOpen);
        assert_eq!(at(date(2026, 3, 16)), Window::Open);
        assert_eq!(at(date(2026, 4, 30)), Window::Open);
        assert_eq!(at(date(2026, 5, 1)), Window::Closed);
    }

    #[test]
    fn a_provisional_school_is_closed_by_the_plan_that_names_another() {
        let mut facts = of_2026();
        let at = |facts: &OpeningFacts| {
            let by = (OpeningRule::EhcPlan, facts);
            let days = Days::default();
            window(RecipientRelation::Provisional, days, by, date(2026, 2, 1))
        };
        assert_eq!(at(&facts), Window::Provisional);
        facts.final_plan_names_setting = true;
        assert_eq!(at(&facts), Window::Closed);
    }

    proptest! {
        #[test]
        fn nobody_sees_more_or_earlier_than_the_destination_but_by_agreement(
            rule in 0..RULES.len(), relation in 0..3_usize, bits in 0..128_u32,
            first in proptest::option::of(0..500_i64), last in proptest::option::of(0..500_i64),
            today in 0..700_i64, offered in proptest::option::of(0..500_i64),
        ) {
            let day = |n: i64| date(2025, 9, 1).saturating_add(jiff::Span::new().days(n));
            let (rule, relation) = (RULES[rule], RecipientRelation::ALL[relation]);
            let has = |bit: u32| bits & (1 << bit) != 0;
            let facts = OpeningFacts {
                offer_date: offered.map(day),
                offer_accepted: has(0).then(|| has(1)),
                acceptance_recorded_by_council: has(2),
                final_plan_names_setting: has(3),
                start_date_agreed_by_sender: has(4).then(|| day(10)),
                start_date_agreed_by_receiver: has(4).then(|| day(10)),
                person_released: has(5),
                closed: has(6),
                ..of_2026()
            };
            let days = Days { first: first.map(day), last: last.map(day) };
            let today = day(today);
            let destination = opening::window(rule, &facts, today);
            let got = window(relation, days, (rule, &facts), today);
            if destination == Window::Closed || days.last.is_some_and(|last| today > last) {
                prop_assert_eq!(got, Window::Closed);
            }
            if days.first.is_some_and(|first| today < first) {
                prop_assert!(matches!(got, Window::NotOpen | Window::Closed));
            }
            let agreed = relation == RecipientRelation::Dual && rule == OpeningRule::AgreedStart;
            if got == Window::Open && !agreed {
                prop_assert_eq!(destination, Window::Open);
            }
            if got == Window::Provisional {
                prop_assert!(relation == RecipientRelation::Provisional);
                prop_assert!(!facts.final_plan_names_setting);
            }
            if relation == RecipientRelation::Provisional {
                prop_assert!(got != Window::Open);
            }
        }
    }
}
