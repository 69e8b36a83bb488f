//! Single fields of requests, read into values of the domain. Each tells its own violation, so that
//! a request can collect all of them before it answers.

use baton_domain::{
    act::RequestId,
    calendar::AcademicYear,
    group::GroupCode,
    ids::{IdError, LearnerIdentifier, SettingIdentifier},
};
use jiff::civil::Date;

use crate::{format, v1::Format, violation::Violation};

/// Characters of a single line.
pub const LINE_CHARACTERS: usize = 200;

/// An identifier of a learner; `field` is the path of the message that holds scheme and value.
pub fn learner(field: &str, scheme: &str, value: &str) -> Result<LearnerIdentifier, Violation> {
    LearnerIdentifier::parse(scheme, value)
        .map_err(|broken| identifier(field, scheme, value, broken))
}

/// An identifier of a setting; `field` as with [`learner`].
pub fn setting(field: &str, scheme: &str, value: &str) -> Result<SettingIdentifier, Violation> {
    SettingIdentifier::parse(scheme, value)
        .map_err(|broken| identifier(field, scheme, value, broken))
}

fn identifier(field: &str, scheme: &str, value: &str, broken: IdError) -> Violation {
    if broken == IdError::UnknownScheme {
        let expected = "Give one of the schemes of the contract.";
        return Violation::new(format!("{field}.scheme"), "scheme.unknown", expected)
            .shaped(shape(scheme));
    }
    let part = if broken == IdError::Check {
        "check"
    } else {
        "form"
    };
    let rule = format!("{}.{part}", scheme.replace('-', "_"));
    // The text of the error says which rule was broken and never what broke it.
    let expected = format!("The value {broken}.");
    Violation::new(format!("{field}.value"), &rule, expected).shaped(shape(value))
}

/// An idempotency key.
pub fn request_id(field: &str, text: &str) -> Result<RequestId, Violation> {
    RequestId::parse(text).ok_or_else(|| {
        Violation::new(
            field,
            "request_id.form",
            "Give 1 to 64 visible ASCII characters, as a UUID; others for each request.",
        )
        .shaped(shape(text))
    })
}

/// An academic year by its first calendar year.
pub fn academic_year(field: &str, year: i32) -> Result<AcademicYear, Violation> {
    AcademicYear::from_first_year(year).map_err(|_| {
        let expected = "Give the first calendar year of an academic year, as 2026 for 2026/27.";
        Violation::new(field, "academic_year.range", expected).shaped("number")
    })
}

/// A date, `CCYY-MM-DD`; `None` when the field is blank.
pub fn date(field: &str, text: &str) -> Result<Option<Date>, Violation> {
    if text.is_empty() {
        return Ok(None);
    }
    format::date(text)
        .map(Some)
        .map_err(|wrong| Violation::new(field, wrong.rule, wrong.expected).shaped(shape(text)))
}

/// A date that is not after today; `None` when the field is blank.
pub fn past_date(field: &str, text: &str, today: Date) -> Result<Option<Date>, Violation> {
    match date(field, text)? {
        Some(day) if day > today => {
            Err(Violation::new(field, "date.future", "A date that has come.").shaped(shape(text)))
        }
        day => Ok(day),
    }
}

/// A class, form or key group; `None` when the field is blank.
pub fn group(field: &str, text: &str) -> Result<Option<GroupCode>, Violation> {
    if text.is_empty() {
        return Ok(None);
    }
    GroupCode::parse(text).map(Some).map_err(|_| {
        let expected = "Give 1 to 16 letters, digits, spaces and -./&'(), as 6B.";
        Violation::new(field, "group.form", expected).shaped(shape(text))
    })
}

/// A single line that must be there.
pub fn line(field: &str, text: &str) -> Result<String, Violation> {
    let broken =
        |rule: &str, expected: &str| Err(Violation::new(field, rule, expected).shaped(shape(text)));
    if text.trim().is_empty() {
        return broken("required", "Give it.");
    }
    if text.chars().count() > LINE_CHARACTERS {
        return broken("text.too_long", "At most 200 characters.");
    }
    match format::check(Format::Line, text, Date::MAX) {
        Ok(()) => Ok(text.to_owned()),
        Err(wrong) => broken(wrong.rule, wrong.expected),
    }
}

fn shape(text: &str) -> String {
    format!("text of {} characters", text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_tells_scheme_and_rule_and_not_the_value() {
        let broken = learner("learner[0]", "upn", "Z000000000000").expect_err("check letter");
        assert_eq!(
            (broken.field.as_str(), broken.rule.as_str()),
            ("learner[0].value", "upn.check")
        );
        assert!(!format!("{broken:?}").contains("Z000000000000"));
        let broken = setting("from", "ofsted-ey", "RP123456").expect_err("a person");
        assert_eq!(
            (broken.field.as_str(), broken.rule.as_str()),
            ("from.value", "ofsted_ey.form")
        );
        let broken = setting("from", "urn", "105554").expect_err("a bare number");
        assert_eq!(
            (broken.field.as_str(), broken.rule.as_str()),
            ("from.scheme", "scheme.unknown")
        );
    }

    #[test]
    fn lines_and_dates_are_told_by_rule() {
        let rule = |read: Result<String, Violation>| read.map_err(|it| it.rule);
        assert_eq!(
            rule(line("signatory", "Head, Ada Testcroft")),
            Ok("Head, Ada Testcroft".into())
        );
        assert_eq!(rule(line("signatory", " ")), Err("required".into()));
        assert_eq!(rule(line("signatory", "a\nb")), Err("line.break".into()));
        assert_eq!(
            rule(line("signatory", &"x".repeat(201))),
            Err("text.too_long".into())
        );
        assert_eq!(date("offer_date", ""), Ok(None));
        let today = Date::constant(2026, 3, 1);
        let future = past_date("offer_date", "2026-03-02", today).expect_err("tomorrow");
        assert_eq!(future.rule, "date.future");
    }
}
