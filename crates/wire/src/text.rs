//! What a text value has to keep to: the encoding, its length, its format, its code set.

use baton_domain::codes;
use jiff::civil::Date;

use crate::{contract::Field, format, v1::Format};

/// A rule a text breaks, and the shape of the text. Never the text.
pub(crate) struct Broken {
    pub(crate) rule: String,
    pub(crate) expected: String,
    pub(crate) shape: String,
}

impl Broken {
    fn new(rule: impl Into<String>, expected: impl Into<String>, shape: String) -> Self {
        Self {
            rule: rule.into(),
            expected: expected.into(),
            shape,
        }
    }
}

/// Checks the bytes of a text against the rule of its field.
pub(crate) fn check(field: &Field, bytes: &[u8], today: Date) -> Result<(), Broken> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(Broken::new(
            "text.utf8",
            "UTF-8.",
            format!("{} bytes", bytes.len()),
        ));
    };
    let characters = text.chars().count();
    let shape = || format!("text of {characters} characters");
    // PostgreSQL cannot keep U+0000, and nobody means it.
    if bytes.contains(&0) {
        return Err(Broken::new("text.nul", "A text without U+0000.", shape()));
    }
    if text.trim_start().is_empty() {
        let expected = "Leave the field out when there is nothing to write.";
        return Err(Broken::new("text.blank", expected, shape()));
    }
    if field.rule.format != Format::Unspecified {
        format::check(field.rule.format, text, today)
            .map_err(|wrong| Broken::new(wrong.rule, wrong.expected, shape()))?;
    }
    let max = field.max_length();
    if characters > usize::try_from(max).unwrap_or(usize::MAX) {
        let expected = format!("At most {max} characters.");
        return Err(Broken::new("text.too_long", expected, shape()));
    }
    let set = field.rule.code_set;
    if !set.is_empty() && !codes::find(set).is_some_and(|set| set.contains(text)) {
        let expected = format!("A code of the set `{set}`.");
        return Err(Broken::new(format!("code_set.{set}"), expected, shape()));
    }
    Ok(())
}
