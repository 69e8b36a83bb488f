use baton_domain::ids::IdError;
use jiff::civil::Date;

/// The rule a record breaks. [`code`](Rule::code) is stable and meant for machines, the sentence
/// for the person who mends the file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Rule {
    /// A value that has to be there is not.
    #[error("is missing")]
    Missing,
    /// None of the identifiers a learner or setting can be found by is there.
    #[error("is missing: at least one of {0} is needed")]
    MissingIdentifier(&'static str),
    /// An element or key that can stand once stands more often; one of its values would be lost.
    #[error("stands more than once")]
    Repeated,
    /// The same learner, or the same move, was in the file already.
    #[error("was in the file before, on line {first_line}")]
    Twice {
        /// Where it stood first.
        first_line: u64,
    },
    /// An identifier breaks the rules of its scheme.
    #[error("is not a valid {scheme}: it {why}")]
    Identifier {
        /// The scheme, as people call it.
        scheme: &'static str,
        /// Which of its rules.
        why: IdError,
    },
    /// Not a date in the form the format asks for.
    #[error("is not a date {form}")]
    Date {
        /// The form, e.g. `CCYY-MM-DD`.
        form: &'static str,
    },
    /// A date of something that has happened lies after today.
    #[error("lies in the future")]
    DateInFuture,
    /// A date that cannot be of a living learner or an existing setting.
    #[error("lies before {earliest}")]
    DateTooEarly {
        /// The first date accepted.
        earliest: Date,
    },
    /// A period ends before it begins.
    #[error("ends before it begins")]
    DatesReversed,
    /// A code that is not in its set.
    #[error("is not in the code set {set}")]
    Code {
        /// Name of the set.
        set: &'static str,
    },
    /// Not a whole number, or outside its bounds.
    #[error("is not a whole number from {least} to {most}")]
    Number {
        /// Least value.
        least: u64,
        /// Greatest value.
        most: u64,
    },
    /// Not one of the two words for yes and no.
    #[error("is neither {yes} nor {no}")]
    Flag {
        /// The word for yes.
        yes: &'static str,
        /// The word for no.
        no: &'static str,
    },
    /// A value in a form of its own, said in words.
    #[error("is not {0}")]
    Form(&'static str),
    /// Two values that need each other, or exclude each other.
    #[error("{0}")]
    Together(&'static str),
    /// A text longer than its field takes.
    #[error("is longer than {most} characters")]
    TooLong {
        /// Greatest length in characters.
        most: usize,
    },
    /// A limit of the reader that keeps memory bounded.
    #[error("is over the limit of {most} {unit}")]
    Limit {
        /// What is counted.
        unit: &'static str,
        /// The limit.
        most: u64,
    },
    /// U+0000 or another control character.
    #[error("holds the control character U+{0:04X}")]
    ControlCharacter(u32),
    /// Bytes that are not text in the encoding of the file.
    #[error("holds bytes that are not valid {0}")]
    Encoding(&'static str),
    /// A reference to an entity that XML does not predefine. Entities of a file are never resolved.
    #[error("holds a reference to an entity that is not predefined")]
    Entity,
    /// More or fewer cells than the header.
    #[error("has {found} cells where the header has {expected}")]
    Cells {
        /// Cells of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// The syntax is broken.
    #[error("is malformed: {0}")]
    Malformed(String),
    /// It ends before it is complete.
    #[error("is cut off: it ends before it is complete")]
    CutOff,
    /// The operating system refused to read on.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::ErrorKind),
}

impl Rule {
    /// Stable name of the rule, `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::MissingIdentifier(_) => "missing_identifier",
            Self::Repeated => "repeated",
            Self::Twice { .. } => "twice",
            Self::Identifier { .. } => "identifier",
            Self::Date { .. } => "date",
            Self::DateInFuture => "date_in_future",
            Self::DateTooEarly { .. } => "date_too_early",
            Self::DatesReversed => "dates_reversed",
            Self::Code { .. } => "code",
            Self::Number { .. } => "number",
            Self::Flag { .. } => "flag",
            Self::Form(_) => "form",
            Self::Together(_) => "together",
            Self::TooLong { .. } => "too_long",
            Self::Limit { .. } => "limit",
            Self::ControlCharacter(_) => "control_character",
            Self::Encoding(_) => "encoding",
            Self::Entity => "entity",
            Self::Cells { .. } => "cells",
            Self::Malformed(_) => "malformed",
            Self::CutOff => "cut_off",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

/// The first control character of `text`, as a rule it breaks. Tabs and line breaks are text.
pub(crate) fn control_character(text: &str) -> Option<Rule> {
    let control = |c: &char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    text.chars()
        .find(control)
        .map(|c| Rule::ControlCharacter(c.into()))
}
