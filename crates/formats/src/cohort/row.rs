use std::collections::HashMap;

use baton_domain::{
    calendar::AcademicYear,
    group::GroupCode,
    ids::{IdError, LearnerIdentifier, SettingIdentifier, SettingScheme, Upn},
    route::{Point, Route},
};
use baton_wire::v1;
use jiff::civil::Date;

use super::{COLUMNS, PlannedRow};
use crate::{Problem, rule::Rule, table::Row};

// Places of the columns in `USED`.
const SENDER_SCHEME: usize = 0;
const SENDER: usize = 1;
const UPN: usize = 2;
const FORMER_UPN: usize = 3;
const ULN: usize = 4;
const NHS: usize = 5;
const UCI: usize = 6;
const LOCAL_ID: usize = 7;
const RECEIVER_SCHEME: usize = 8;
const RECEIVER: usize = 9;
const POINT: usize = 10;
const ROUTE: usize = 11;
const ACADEMIC_YEAR: usize = 12;
const OFFER_DATE: usize = 13;
const ACCEPTED: usize = 14;
const START_DATE: usize = 15;
const PLAN_NAMES_SETTING: usize = 16;
const GROUP: usize = 17;

/// The columns of identifiers and their schemes. The UPN column takes temporary numbers too.
const IDENTIFIERS: [(usize, &str, &str); 5] = [
    (FORMER_UPN, "former_upn", "UPN"),
    (ULN, "uln", "ULN"),
    (NHS, "nhs", "NHS number"),
    (UCI, "uci", "UCI"),
    (LOCAL_ID, "local", "local identifier"),
];

/// Reads a row; `lines` remembers the moves met so far.
pub(super) fn read(
    mut row: Row<COLUMNS>,
    today: Date,
    lines: &mut HashMap<String, u64>,
) -> Result<PlannedRow, Problem> {
    let from = setting(&mut row, SENDER_SCHEME, SENDER, true);
    let to = setting(&mut row, RECEIVER_SCHEME, RECEIVER, false);
    let learner = learner(&mut row);
    let way = way(&mut row);
    let academic_year = row.required(ACADEMIC_YEAR, academic_year);
    let offer_date = row.optional(OFFER_DATE, |cell| date(cell, today));
    let accepted = row.optional(ACCEPTED, flag);
    let start_date = row.optional(START_DATE, |cell| date(cell, Date::MAX));
    let plan_names_setting = row.optional(PLAN_NAMES_SETTING, flag);
    let group = row.optional(GROUP, group);
    let line = row.line;
    let Some((point, route)) = way.filter(|_| row.is_sound()) else {
        return Err(row.into_problem("cohort row".to_owned()));
    };
    let acceptance = match accepted {
        None => v1::AcceptanceState::Unspecified,
        Some(true) => v1::AcceptanceState::Accepted,
        Some(false) => v1::AcceptanceState::Declined,
    };
    let transition = v1::PlannedTransition {
        from: from.as_ref().map(wire_setting),
        learner: learner.iter().map(wire_learner).collect(),
        to: to.as_ref().map(wire_setting),
        route: route.map_or_else(String::new, |route| route.code.to_owned()),
        point: point.into(),
        academic_year: academic_year.map_or(0, |year| year.first_year().into()),
        offer_date: offer_date.map_or_else(String::new, |date| date.to_string()),
        acceptance: acceptance.into(),
        start_date: start_date.map_or_else(String::new, |date| date.to_string()),
        plan_names_setting: plan_names_setting.unwrap_or(false),
        group: group.map_or_else(String::new, |group| group.as_str().to_owned()),
    };
    let key = key(&transition);
    if let Some(first_line) = lines.get(&key) {
        let rule = Rule::Twice {
            first_line: *first_line,
        };
        return Err(Problem::whole(line, "cohort row".to_owned(), rule));
    }
    lines.insert(key, line);
    Ok(PlannedRow { line, transition })
}

/// A setting by scheme and value: both, or, where none is known, neither.
fn setting(
    row: &mut Row<COLUMNS>,
    scheme: usize,
    value: usize,
    needed: bool,
) -> Option<SettingIdentifier> {
    if !needed && row.text(scheme).is_none() && row.text(value).is_none() {
        return None;
    }
    let scheme = row.required(scheme, |cell| {
        let name = cell.to_ascii_lowercase();
        SettingScheme::parse(&name).ok_or(Rule::Code {
            set: "schemes of settings",
        })
    });
    row.required(value, |cell| match scheme {
        Some(scheme) => SettingIdentifier::parse(scheme.name(), cell)
            .map(Some)
            .map_err(|why| Rule::Identifier {
                scheme: scheme.name(),
                why,
            }),
        // Without its scheme a code is no identifier; that violation stands already.
        None => Ok(None),
    })?
}

fn learner(row: &mut Row<COLUMNS>) -> Vec<LearnerIdentifier> {
    let upn = row.optional(UPN, |cell| {
        Upn::parse(cell).map_err(|why| Rule::Identifier { scheme: "UPN", why })
    });
    let mut found: Vec<LearnerIdentifier> = upn.map(LearnerIdentifier::from).into_iter().collect();
    for (column, scheme, name) in IDENTIFIERS {
        found.extend(row.optional(column, |cell| identifier(scheme, name, cell)));
    }
    let blank = |column: usize| row.text(column).is_none();
    if blank(UPN) && IDENTIFIERS.iter().all(|(column, ..)| blank(*column)) {
        let rule = Rule::MissingIdentifier("upn, former_upn, uln, nhs, uci, local_id");
        row.broken(Some(UPN), rule);
    }
    found
}

fn identifier(
    scheme: &'static str,
    name: &'static str,
    cell: &str,
) -> Result<LearnerIdentifier, Rule> {
    // NHS numbers are printed in groups of 3, 3 and 4.
    let printed: String = cell
        .chars()
        .filter(|c| scheme != "nhs" || *c != ' ')
        .collect();
    let parsed = LearnerIdentifier::parse(scheme, &printed);
    parsed.map_err(|why: IdError| Rule::Identifier { scheme: name, why })
}

/// Point and route. One of them is enough, and where both stand they have to agree.
fn way(row: &mut Row<COLUMNS>) -> Option<(v1::Point, Option<&'static Route>)> {
    if row.text(POINT).is_none() && row.text(ROUTE).is_none() {
        row.broken(Some(POINT), Rule::MissingIdentifier("point, route"));
        return None;
    }
    let point = row.optional(POINT, |cell| {
        let name = cell.to_ascii_uppercase().replace([' ', '-'], "_");
        let name = name.strip_prefix("POINT_").unwrap_or(&name);
        Point::parse(name).ok_or(Rule::Code { set: "points" })
    });
    let route = row.optional(ROUTE, |cell| {
        Route::find(&cell.to_ascii_lowercase()).ok_or(Rule::Code { set: "routes" })
    });
    let wire = |point: Point| v1::Point::try_from(i32::from(point.number())).ok();
    match (point, route) {
        (Some(point), Some(route)) if point != route.point => {
            row.broken(Some(POINT), Rule::Together("is not the point of the route"));
            None
        }
        (Some(point), None) if point.ordinary_route().is_none() => {
            let rule = Rule::Together("is missing: this point has no ordinary route");
            row.broken(Some(ROUTE), rule);
            None
        }
        (point, route) => Some((wire(point.or(route.map(|route| route.point))?)?, route)),
    }
}

/// `2025`, `2025/26` or `2025-26`.
fn academic_year(cell: &str) -> Result<AcademicYear, Rule> {
    let form = || Rule::Form("an academic year, such as 2025 or 2025/26");
    let (first, second) = match cell.split_once(['/', '-']) {
        Some((first, second)) => (first, Some(second)),
        None => (cell, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if first.len() != 4 || !digits(first) {
        return Err(form());
    }
    let year: i32 = first.parse().map_err(|_| form())?;
    let next = format!("{:02}", (year + 1) % 100);
    if second.is_some_and(|second| second != next && second != (year + 1).to_string()) {
        return Err(form());
    }
    AcademicYear::from_first_year(year).map_err(|_| form())
}

fn date(cell: &str, latest: Date) -> Result<Date, Rule> {
    let shaped = cell.len() == 10 && cell.bytes().filter(u8::is_ascii_digit).count() == 8;
    let date: Option<Date> = cell.parse().ok().filter(|_| shaped);
    match date.ok_or(Rule::Date { form: "CCYY-MM-DD" })? {
        late if late > latest => Err(Rule::DateInFuture),
        date => Ok(date),
    }
}

fn group(cell: &str) -> Result<GroupCode, Rule> {
    let form = "a class or group: 1 to 16 letters, digits, spaces and -./&'()";
    GroupCode::parse(cell).map_err(|_| Rule::Form(form))
}

fn flag(cell: &str) -> Result<bool, Rule> {
    match cell.to_ascii_lowercase().as_str() {
        "yes" | "y" => Ok(true),
        "no" | "n" => Ok(false),
        _ => Err(Rule::Flag {
            yes: "yes",
            no: "no",
        }),
    }
}

fn wire_setting(setting: &SettingIdentifier) -> v1::SettingIdentifier {
    let (scheme, value) = (
        setting.scheme().name().to_owned(),
        setting.value().to_owned(),
    );
    v1::SettingIdentifier { scheme, value }
}

fn wire_learner(learner: &LearnerIdentifier) -> v1::LearnerIdentifier {
    let (scheme, value) = (
        learner.scheme().name().to_owned(),
        learner.value().to_owned(),
    );
    v1::LearnerIdentifier { scheme, value }
}

/// What makes two rows the same move. The receiver is part of it: after 16 a learner may hold
/// several offers at once.
fn key(row: &v1::PlannedTransition) -> String {
    let learner = row
        .learner
        .first()
        .map(|id| (id.scheme.as_str(), id.value.as_str()));
    let to = row
        .to
        .as_ref()
        .map(|id| (id.scheme.as_str(), id.value.as_str()));
    format!(
        "{learner:?} {to:?} {} {} {}",
        row.route, row.point, row.academic_year
    )
}
