//! What is said of one item that was refused: by the reader of its file, or by the service. Every
//! problem with its place and its rule, never with the value.
//!
//! In JSON: `{"reason": "INVALID_REQUEST", "message": "…", "problems": [{"field": "…", "rule": "…",
//! "message": "…", "shape": "…", "line": 12}]}`. `reason` is one of the contract, or
//! `UNREADABLE` when the reader of the file refused; `shape` may be absent, and `line` is there only
//! where it is not that of the record.

use std::fmt::Write as _;

use baton_client::ClientError;
use baton_formats::Problem;
use baton_wire::violation::Violation;
use serde::Serialize;

/// `reason` of what did not get as far as the service.
const UNREADABLE: &str = "UNREADABLE";

/// Why an item was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Refused {
    reason: &'static str,
    message: String,
    problems: Vec<Flaw>,
}

/// One problem of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Flaw {
    field: String,
    rule: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    shape: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
}

impl Refused {
    /// What the service said. `at` is where the item stood in the call, e.g. `profile.` or
    /// `settings[].`: in its file it stands alone, and its number in the call says nothing, since
    /// what is sent again is counted anew.
    pub(crate) fn by_service(error: &ClientError, at: &str) -> Self {
        let violations = error.violations().iter();
        Self {
            reason: error
                .reason()
                .map_or("NO_ANSWER", baton_wire::status::Reason::name),
            message: match (error, error.reason()) {
                (ClientError::RateLimited { .. }, Some(reason)) => reason.message().to_owned(),
                _ => error.to_string(),
            },
            problems: violations.map(|it| Flaw::of(it, at)).collect(),
        }
    }

    /// What was found before the item was sent.
    pub(crate) fn by_contract(violations: &[Violation]) -> Self {
        Self {
            reason: baton_wire::status::Reason::InvalidRequest.name(),
            message: counted(violations.len()),
            problems: violations.iter().map(|it| Flaw::of(it, "")).collect(),
        }
    }

    /// What the reader of the file said.
    pub(crate) fn by_reader(problem: &Problem) -> Self {
        let problems: Vec<Flaw> = problem
            .violations
            .iter()
            .map(|it| Flaw {
                field: it.field.clone(),
                rule: it.rule.code().to_owned(),
                message: it.rule.to_string(),
                shape: it.shape.as_ref().map(ToString::to_string),
                line: (it.line != problem.line).then_some(it.line),
            })
            .collect();
        let mut message = counted(problems.len());
        if problem.fatal {
            message.push_str("; nothing of the file can be read after it");
        }
        Self {
            reason: UNREADABLE,
            message,
            problems,
        }
    }

    /// What is wrong with a file as a whole, in words.
    pub(crate) fn whole(message: impl Into<String>) -> Self {
        Self {
            reason: UNREADABLE,
            message: message.into(),
            problems: Vec::new(),
        }
    }

    /// A problem a line, under a line that says where.
    pub(crate) fn told(&self, place: &str) -> String {
        let mut text = format!("{place}: {}", self.message);
        for flaw in &self.problems {
            text.push_str("\n  ");
            if let Some(line) = flaw.line {
                let _ = write!(text, "line {line}: ");
            }
            let field = if flaw.field.is_empty() {
                "the record"
            } else {
                &flaw.field
            };
            let _ = write!(text, "{field}: ");
            let _ = write!(
                text,
                "{} [{}]",
                flaw.message.trim_end_matches('.'),
                flaw.rule
            );
            if let Some(shape) = &flaw.shape {
                let _ = write!(text, " ({shape})");
            }
        }
        text
    }
}

impl Flaw {
    fn of(violation: &Violation, at: &str) -> Self {
        let field = &violation.field;
        Self {
            field: within(field, at).unwrap_or(field).to_owned(),
            rule: violation.rule.clone(),
            message: violation.description.clone(),
            shape: Some(violation.value_shape.clone()).filter(|shape| !shape.is_empty()),
            line: None,
        }
    }
}

/// The rest of a path behind `at`, in which `[]` stands for any item.
fn within<'a>(path: &'a str, at: &str) -> Option<&'a str> {
    match at.split_once("[]") {
        None => path.strip_prefix(at),
        Some((list, rest)) => {
            let (_, path) = path
                .strip_prefix(list)?
                .strip_prefix('[')?
                .split_once(']')?;
            path.strip_prefix(rest)
        }
    }
}

fn counted(problems: usize) -> String {
    match problems {
        1 => "refused for 1 problem".to_owned(),
        n => format!("refused for {n} problems"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_was_sent_again_is_told_without_its_number() {
        let violation = Violation::new("transitions[3].learner[0].value", "upn.form", "A UPN.");
        let refused = Refused::by_service(&ClientError::Invalid(vec![violation]), "transitions[].");
        let told = refused.told("line 40");
        assert!(told.contains("\n  learner[0].value: A UPN"), "{told}");
    }

    #[test]
    fn a_field_is_named_as_it_stands_in_its_own_file() {
        let violations = vec![
            Violation::new(
                "profile.content.send.sen_type",
                "code_set.sen",
                "A code of the set.",
            )
            .shaped("text of 4 characters"),
            Violation::new(
                "profile.learner",
                "learner_identifiers.count",
                "Give 1 to 6.",
            ),
        ];
        let refused = Refused::by_service(&ClientError::Invalid(violations), "profile.");
        assert_eq!(
            refused.told("leavers.ndjson line 3"),
            "leavers.ndjson line 3: 2 fields are not valid\n  \
             content.send.sen_type: A code of the set [code_set.sen] (text of 4 characters)\n  \
             learner: Give 1 to 6 [learner_identifiers.count]"
        );
    }
}
