//! Where violations are collected, and how the place of each is told.

use std::fmt;

use crate::violation::Violation;

/// Violations reported at most; one more stands for the rest.
pub const VIOLATIONS_MAX: usize = 200;

/// The violations found so far.
#[derive(Default)]
pub(crate) struct Findings {
    list: Vec<Violation>,
}

impl Findings {
    pub(crate) fn add(&mut self, violation: Violation) {
        if self.list.len() < VIOLATIONS_MAX {
            self.list.push(violation);
        } else if self.list.len() == VIOLATIONS_MAX {
            self.list.push(Violation::more(
                "There are more violations; mend these first.",
            ));
        }
    }

    /// Whether looking further would change nothing.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() > VIOLATIONS_MAX
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn into_list(self) -> Vec<Violation> {
        self.list
    }
}

/// The place of a field, kept as links on the stack and only spelled when something is wrong there.
#[derive(Clone, Copy)]
pub(crate) struct Path<'a> {
    above: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    Item(&'a str, usize),
    Number(u32),
}

impl Path<'static> {
    /// Where sections stand in a submission.
    pub(crate) const CONTENT: Self = Self {
        above: None,
        step: Step::Name("content"),
    };
}

impl<'a> Path<'a> {
    /// A field of the message that is checked itself.
    pub(crate) const fn root(name: &'a str) -> Self {
        Self {
            above: None,
            step: Step::Name(name),
        }
    }

    /// An item of a repeated field of that message.
    pub(crate) const fn root_item(name: &'a str, index: usize) -> Self {
        Self {
            above: None,
            step: Step::Item(name, index),
        }
    }

    /// A field of a message.
    pub(crate) const fn field(&'a self, name: &'a str) -> Self {
        Self {
            above: Some(self),
            step: Step::Name(name),
        }
    }

    /// An item of a repeated field, counted from 0.
    pub(crate) const fn item(&'a self, name: &'a str, index: usize) -> Self {
        Self {
            above: Some(self),
            step: Step::Item(name, index),
        }
    }

    /// A field nobody knows the name of.
    pub(crate) const fn number(&'a self, number: u32) -> Self {
        Self {
            above: Some(self),
            step: Step::Number(number),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            write!(f, "{above}.")?;
        }
        match self.step {
            Step::Name(name) => f.write_str(name),
            Step::Item(name, index) => write!(f, "{name}[{index}]"),
            Step::Number(number) => write!(f, "#{number}"),
        }
    }
}
