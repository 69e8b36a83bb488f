//! What the readers say about input they cannot use.
//!
//! A [`Refusal`](crate::Refusal) is about a whole file, a [`Problem`] about one record of it and
//! lists everything wrong with that record, a [`Note`] about a value that was taken over in another
//! form. None of them holds what a file says of a person: only places, rules and
//! [shapes](Shape).

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{rule::Rule, shape::Shape};

/// Most violations listed for one record. A record that breaks more is not mended one by one.
pub const MAX_VIOLATIONS: usize = 100;

/// One record of a file that cannot be used as it stands. The records after it still come, unless
/// it is [`fatal`](field@Problem::fatal).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// Line the record starts on, from 1.
    pub line: u64,
    /// Which record, e.g. `Pupil[3]`, `URN 100000`, `record 4`.
    pub record: String,
    /// Everything wrong with it, at most [`MAX_VIOLATIONS`].
    pub violations: Vec<Violation>,
    /// Nothing can be read after it: the file itself is broken here.
    pub fatal: bool,
}

/// One rule a record breaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Line of the value, from 1.
    pub line: u64,
    /// Column, element path or JSON path; empty when it is about the record as a whole.
    pub field: String,
    /// The rule.
    pub rule: Rule,
    /// What the value looks like; absent where no value is meant.
    pub shape: Option<Shape>,
}

/// A value that was taken over in another form, or a peculiarity of the file worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Line of the value, from 1.
    pub line: u64,
    /// Column or element path.
    pub field: String,
    /// What was done and why.
    pub text: String,
}

impl Problem {
    /// A record that breaks one rule as a whole.
    pub(crate) fn whole(line: u64, record: String, rule: Rule) -> Self {
        let violations = vec![Violation::whole(line, rule)];
        Self {
            line,
            record,
            violations,
            fatal: false,
        }
    }

    /// As [`whole`](Self::whole), and the rest of the file cannot be read.
    pub(crate) fn fatal(line: u64, record: String, rule: Rule) -> Self {
        Self {
            fatal: true,
            ..Self::whole(line, record, rule)
        }
    }
}

impl Violation {
    pub(crate) fn whole(line: u64, rule: Rule) -> Self {
        Self {
            line,
            field: String::new(),
            rule,
            shape: None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, {}", self.line, self.record)?;
        if self.fatal {
            f.write_str(", nothing can be read after it")?;
        }
        for violation in &self.violations {
            write!(f, "\n  {violation}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if !self.field.is_empty() {
            write!(f, "{} ", self.field)?;
        }
        write!(f, "{}", self.rule)?;
        match &self.shape {
            Some(shape) => write!(f, " ({shape})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.field, self.text)
    }
}

/// Machine readable: the stable code of the rule beside its sentence.
impl Serialize for Violation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Violation", 5)?;
        out.serialize_field("line", &self.line)?;
        out.serialize_field("field", &self.field)?;
        out.serialize_field("rule", self.rule.code())?;
        out.serialize_field("message", &self.rule.to_string())?;
        out.serialize_field("shape", &self.shape.as_ref().map(ToString::to_string))?;
        out.end()
    }
}

/// Collects what is found in one record, up to [`MAX_VIOLATIONS`] of each sort.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) violations: Vec<Violation>,
    pub(crate) notes: Vec<Note>,
    /// Paths of elements nobody reads, at most [`MAX_VIOLATIONS`].
    pub(crate) ignored: Vec<String>,
}

impl Findings {
    /// A rule broken by a value.
    pub(crate) fn violation(&mut self, line: u64, field: &str, rule: Rule, value: &str) {
        self.push(line, field, rule, Some(Shape::of(value)));
    }

    /// A rule broken by the absence, or the number, of values.
    pub(crate) fn absence(&mut self, line: u64, field: &str, rule: Rule) {
        self.push(line, field, rule, None);
    }

    pub(crate) fn note(&mut self, line: u64, field: &str, text: String) {
        if self.notes.len() < MAX_VIOLATIONS {
            self.notes.push(Note {
                line,
                field: field.to_owned(),
                text,
            });
        }
    }

    pub(crate) fn ignore(&mut self, path: String) {
        if self.ignored.len() < MAX_VIOLATIONS {
            self.ignored.push(path);
        }
    }

    fn push(&mut self, line: u64, field: &str, rule: Rule, shape: Option<Shape>) {
        if self.violations.len() < MAX_VIOLATIONS {
            self.violations.push(Violation {
                line,
                field: field.to_owned(),
                rule,
                shape,
            });
        }
    }
}
