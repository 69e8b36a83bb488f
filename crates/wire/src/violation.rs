//! What is wrong with a message, field by field. The value itself is never told: a violation ends
//! up in error texts and logs, where personal data has no place.

use tonic_types::FieldViolation;

use crate::{twin, v1};

/// One problem of one field.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Violation {
    /// Path in the contract, e.g. `content.send.need[2].sen_type`.
    pub field: String,
    /// The rule that was broken, e.g. `upn.check_letter`. Lower case, one dot at most.
    pub rule: String,
    /// The shape of the value, e.g. `text of 12 characters`; empty when there is none.
    pub value_shape: String,
    /// What is expected, in a sentence.
    pub description: String,
}

impl Violation {
    /// A violation of a field whose value has no shape worth telling.
    pub fn new(field: impl Into<String>, rule: &str, description: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            rule: rule.to_owned(),
            value_shape: String::new(),
            description: description.into(),
        }
    }

    /// The same, with the shape of the value.
    #[must_use]
    pub fn shaped(mut self, shape: impl Into<String>) -> Self {
        self.value_shape = shape.into();
        self
    }

    /// The same, inside a message that stands at `parent`.
    #[must_use]
    pub fn below(mut self, parent: &str) -> Self {
        self.field = format!("{parent}.{}", self.field);
        self
    }

    /// Stands last in a list that was cut: there is more than is told.
    pub(crate) fn more(description: &str) -> Self {
        Self::new("", MORE, description)
    }
}

/// The rule of the marker that ends a list that was cut.
pub const MORE: &str = "more";

// === google.rpc.BadRequest, which knows a field, a reason in upper case and a text ===

const FOUND: &str = " Found: ";

impl From<&Violation> for FieldViolation {
    fn from(violation: &Violation) -> Self {
        let mut description = violation.description.clone();
        if !violation.value_shape.is_empty() {
            description.push_str(FOUND);
            description.push_str(&violation.value_shape);
        }
        let mut told = Self::new(&violation.field, description);
        told.reason = violation.rule.to_ascii_uppercase().replace('.', "__");
        told
    }
}

impl From<FieldViolation> for Violation {
    fn from(told: FieldViolation) -> Self {
        let (description, value_shape) = told
            .description
            .rsplit_once(FOUND)
            .unwrap_or((&told.description, ""));
        Self {
            rule: told.reason.to_ascii_lowercase().replace("__", "."),
            value_shape: value_shape.to_owned(),
            description: description.to_owned(),
            field: told.field,
        }
    }
}

// === baton.v1.FieldViolation, in the answers of batches and checks ===

impl From<Violation> for v1::FieldViolation {
    fn from(
        Violation {
            field,
            rule,
            value_shape,
            description,
        }: Violation,
    ) -> Self {
        Self {
            field,
            rule,
            value_shape,
            description,
        }
    }
}

impl From<Violation> for twin::FieldViolation {
    fn from(
        Violation {
            field,
            rule,
            value_shape,
            description,
        }: Violation,
    ) -> Self {
        Self {
            field,
            rule,
            value_shape,
            description,
        }
    }
}

impl From<v1::FieldViolation> for Violation {
    fn from(told: v1::FieldViolation) -> Self {
        let v1::FieldViolation {
            field,
            rule,
            value_shape,
            description,
        } = told;
        Self {
            field,
            rule,
            value_shape,
            description,
        }
    }
}
