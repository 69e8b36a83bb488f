//! From when until when a receiver may read.
//!
//! Outside its window a receiver sees nothing, not even a name or a count. The
//! rule comes from the route, the facts from those who may state them, the day
//! from the caller; nothing here decides *who* may read, only *whether it is time*.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::calendar::{AcademicYear, OfferDay};
use crate::section::{KindSet, SectionKind};

/// What must hold before the receiver may read. Each route has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpeningRule {
    /// Coordinated admissions: an offer is loaded, its date and the national offer
    /// day have come, and, where the council records acceptances, the place is
    /// accepted. Opens on offer day itself, when families are told.
    Coordinated(OfferDay),
    /// The final EHC plan names the setting. Before that, a setting the plan may
    /// still name sees [`provisional_kinds`].
    EhcPlan,
    /// The learner accepted the offer, be it conditional. Several may stand side by
    /// side until the learner enrols with one of them.
    AcceptedOffer,
    /// Both heads agreed one and the same start date. Opens with the agreement, so
    /// that the receiver can prepare; the date itself may lie ahead.
    AgreedStart,
    /// The person released the profile, or a best-interests decision stands in for
    /// that (Mental Capacity Act 2005 s4).
    Release,
}

/// What is recorded about one move to one receiver. [`Self::of_year`] is a move nobody
/// has said anything about: never open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one recorded fact, and they are independent"
)]
pub struct OpeningFacts {
    /// The academic year the learner leaves in.
    pub academic_year: AcademicYear,
    /// The date of the offer, once one is loaded.
    pub offer_date: Option<Date>,
    /// Whether the place was accepted (`true`) or declined (`false`), once known.
    pub offer_accepted: Option<bool>,
    /// Whether the council records acceptances for this admission round.
    pub acceptance_recorded_by_council: bool,
    /// Whether the final EHC plan names this receiver in section I.
    pub final_plan_names_setting: bool,
    /// Whether the EHC plan may still name this receiver.
    pub provisional: bool,
    /// Whether the learner enrolled with another receiver.
    pub enrolled_elsewhere: bool,
    /// The start date the head of the sending setting agreed to.
    pub start_date_agreed_by_sender: Option<Date>,
    /// The start date the head of the receiving setting agreed to.
    pub start_date_agreed_by_receiver: Option<Date>,
    /// Whether the person released the profile to this receiver.
    pub person_released: bool,
    /// Whether a best-interests decision for this receiver is recorded.
    pub best_interests: bool,
    /// Whether the move was withdrawn, redirected, restricted or erased.
    pub closed: bool,
}

impl OpeningFacts {
    /// A move out of that year about which nothing is recorded yet.
    pub const fn of_year(academic_year: AcademicYear) -> Self {
        Self {
            academic_year,
            offer_date: None,
            offer_accepted: None,
            acceptance_recorded_by_council: false,
            final_plan_names_setting: false,
            provisional: false,
            enrolled_elsewhere: false,
            start_date_agreed_by_sender: None,
            start_date_agreed_by_receiver: None,
            person_released: false,
            best_interests: false,
            closed: false,
        }
    }
}

/// Where a receiver stands in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The rule does not hold yet.
    NotOpen,
    /// Only [`provisional_kinds`], labelled provisional.
    Provisional,
    /// Open.
    Open,
    /// Over: withdrawn, declined, enrolled elsewhere, or past its last day.
    Closed,
}

impl Window {
    /// Every window, in the order a move goes through them.
    pub const ALL: [Self; 4] = [Self::NotOpen, Self::Provisional, Self::Open, Self::Closed];

    /// The name in policies and entries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotOpen => "not_open",
            Self::Provisional => "provisional",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// Where the receiver stands on the civil date `today` (Europe/London).
pub fn window(rule: OpeningRule, facts: &OpeningFacts, today: Date) -> Window {
    if ended(rule, facts) || today > facts.academic_year.closes_on() {
        Window::Closed
    } else if opens_on(rule, facts).is_some_and(|day| day <= today) {
        Window::Open
    } else if rule == OpeningRule::EhcPlan && facts.provisional {
        Window::Provisional
    } else {
        Window::NotOpen
    }
}

/// The day from which these facts open the window, if they do: [`Date::MIN`] where
/// no date has a say. A sweeper finds here what the clock alone will open.
pub fn opens_on(rule: OpeningRule, facts: &OpeningFacts) -> Option<Date> {
    let accepted = facts.offer_accepted == Some(true);
    match rule {
        OpeningRule::Coordinated(day) => facts
            .offer_date
            .filter(|_| accepted || !facts.acceptance_recorded_by_council)
            .map(|offer| offer.max(day.in_year(facts.academic_year))),
        OpeningRule::EhcPlan => facts.final_plan_names_setting.then_some(Date::MIN),
        // Whoever accepted was offered, dated or not; a date ahead still holds it back.
        OpeningRule::AcceptedOffer => accepted.then_some(facts.offer_date.unwrap_or(Date::MIN)),
        OpeningRule::AgreedStart => {
            let agreed = facts.start_date_agreed_by_sender.is_some()
                && facts.start_date_agreed_by_sender == facts.start_date_agreed_by_receiver;
            agreed.then_some(Date::MIN)
        }
        OpeningRule::Release => {
            (facts.person_released || facts.best_interests).then_some(Date::MIN)
        }
    }
}

/// The day from which the learner and the family are told where a move goes. In coordinated admissions
/// that is offer day, whether or not the place is accepted; else when the window would open.
pub fn family_told_on(rule: OpeningRule, facts: &OpeningFacts) -> Option<Date> {
    match rule {
        OpeningRule::Coordinated(day) => {
            let year = facts.academic_year;
            facts.offer_date.map(|offer| offer.max(day.in_year(year)))
        }
        _ => opens_on(rule, facts),
    }
}

/// Whether a fact closed the window for good, whatever the day. Enrolment elsewhere
/// counts only among post-16 offers: in an in-year move the old school is
/// "elsewhere" too, and adult services do not exclude one another.
fn ended(rule: OpeningRule, facts: &OpeningFacts) -> bool {
    facts.closed
        || match rule {
            OpeningRule::Coordinated(_) => facts.offer_accepted == Some(false),
            OpeningRule::AcceptedOffer => {
                facts.offer_accepted == Some(false) || facts.enrolled_elsewhere
            }
            OpeningRule::EhcPlan | OpeningRule::AgreedStart | OpeningRule::Release => false,
        }
}

/// What a provisional receiver may be shown at most: SEND alone, so that it can
/// say whether it can meet the needs.
pub const fn provisional_kinds() -> KindSet {
    KindSet::of(&[SectionKind::Send, SectionKind::EhcPlan])
}

/// What a move under this rule takes to nobody: an EHC plan does not go to adult services. So none is
/// told of one by an item of which it can see nothing.
pub const fn not_carried(rule: OpeningRule) -> KindSet {
    match rule {
        OpeningRule::Release => KindSet::of(&[SectionKind::EhcPlan]),
        _ => KindSet::EMPTY,
    }
}
