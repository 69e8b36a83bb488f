//! The routes, as data.

use super::{Point, Route, SettingKind};
use crate::calendar::OfferDay::{Primary, Secondary};
use crate::opening::OpeningRule::{
    self, AcceptedOffer, AgreedStart, Coordinated, EhcPlan, Release,
};

const fn route(
    code: &'static str,
    point: Point,
    rule: OpeningRule,
    receivers: &'static [SettingKind],
    label: &'static str,
) -> Route {
    Route {
        code,
        point,
        rule,
        receivers,
        label,
    }
}

const EARLY_YEARS: Point = Point::EarlyYearsToPrimary;
const SCHOOL_AGE: Point = Point::PrimaryToSecondary;
const POST_16: Point = Point::SecondaryToPost16;
const ADULT: Point = Point::Post16ToAdult;

const SCHOOL: &[SettingKind] = &[SettingKind::School];
const EY_PLACES: &[SettingKind] = &[
    SettingKind::Nursery,
    SettingKind::Childminder,
    SettingKind::School,
];
const POST_16_PLACES: &[SettingKind] = &[
    SettingKind::School,
    SettingKind::College,
    SettingKind::TrainingProvider,
];

/// Every route.
///
/// Middle schools make their offers on the primary day, 16 April, upper schools on
/// the secondary one (coordinated schemes of Dorset and of Central Bedfordshire).
pub static ROUTES: [Route; 20] = [
    route(
        "ey-reception",
        EARLY_YEARS,
        Coordinated(Primary),
        SCHOOL,
        "Early years to reception",
    ),
    route(
        "ey-move",
        EARLY_YEARS,
        AgreedStart,
        EY_PLACES,
        "Between early years settings",
    ),
    route(
        "ehc-ey-reception",
        EARLY_YEARS,
        EhcPlan,
        SCHOOL,
        "Early years to reception, EHC plan",
    ),
    route(
        "infant-junior",
        SCHOOL_AGE,
        Coordinated(Primary),
        SCHOOL,
        "Infant to junior school",
    ),
    route(
        "first-middle",
        SCHOOL_AGE,
        Coordinated(Secondary),
        SCHOOL,
        "First to middle school",
    ),
    route(
        "primary-secondary",
        SCHOOL_AGE,
        Coordinated(Secondary),
        SCHOOL,
        "Year 6 to Year 7",
    ),
    route(
        "middle-secondary",
        SCHOOL_AGE,
        Coordinated(Secondary),
        SCHOOL,
        "Middle to upper school",
    ),
    route(
        "ehc-phase-transfer",
        SCHOOL_AGE,
        EhcPlan,
        SCHOOL,
        "Change of school phase, EHC plan",
    ),
    route(
        "special-school",
        SCHOOL_AGE,
        EhcPlan,
        SCHOOL,
        "To a special school",
    ),
    route(
        "alternative-provision",
        SCHOOL_AGE,
        AgreedStart,
        POST_16_PLACES,
        "Alternative provision",
    ),
    route(
        "in-year",
        SCHOOL_AGE,
        AgreedStart,
        SCHOOL,
        "Change of school during the year",
    ),
    route(
        "managed-move",
        SCHOOL_AGE,
        AgreedStart,
        SCHOOL,
        "Managed move, on trial",
    ),
    route(
        "y11-post16",
        POST_16,
        AcceptedOffer,
        POST_16_PLACES,
        "Year 11 to post-16",
    ),
    route(
        "post16-post16",
        POST_16,
        AcceptedOffer,
        POST_16_PLACES,
        "Between post-16 places",
    ),
    route(
        "ehc-y11-post16",
        POST_16,
        EhcPlan,
        POST_16_PLACES,
        "Year 11 to post-16, EHC plan",
    ),
    route(
        "ehc-post16-post16",
        POST_16,
        EhcPlan,
        POST_16_PLACES,
        "Between post-16 places, EHC plan",
    ),
    route(
        "post16-adult-social-care",
        ADULT,
        Release,
        &[SettingKind::AdultSocialCare, SettingKind::Council],
        "To adult social care",
    ),
    route(
        "post16-health",
        ADULT,
        Release,
        &[SettingKind::HealthService],
        "To an adult NHS service",
    ),
    route(
        "post16-employer",
        ADULT,
        Release,
        &[SettingKind::TrainingProvider],
        "To an employer or training provider",
    ),
    route(
        "post16-person",
        ADULT,
        Release,
        &[],
        "To the young person alone",
    ),
];
