use baton_domain::{
    codes::{CodeSet, import::Mapped},
    ids::IdError,
};
use jiff::civil::Date;

use super::element::Element;
use crate::{
    problem::Findings,
    rule::{Rule, control_character},
};

/// The earliest date a file of a child or young person can speak of.
pub(super) const EARLIEST: Date = Date::constant(1900, 1, 1);

/// An element being read. What was asked for is taken out; what is left at the end is unknown.
///
/// A broken value is reported and then answered as absent, so that one pass finds every violation.
pub(super) struct Block<'a> {
    element: Element,
    path: String,
    context: &'a Context,
}

/// What reading a value depends on besides the value.
pub(super) struct Context {
    pub(super) today: Date,
    /// `Gender` stands for `Sex`: up to version 24.
    pub(super) gender_is_sex: bool,
}

/// A value with its place.
pub(super) struct Leaf {
    pub(super) line: u64,
    pub(super) path: String,
    pub(super) value: String,
}

impl<'a> Block<'a> {
    /// The record itself; paths are told from here.
    pub(super) fn root(element: Element, context: &'a Context) -> Self {
        Self {
            element,
            path: String::new(),
            context,
        }
    }

    pub(super) fn line(&self) -> u64 {
        self.element.line
    }

    pub(super) fn context(&self) -> &'a Context {
        self.context
    }

    /// Path of a child, or of a child that is not there.
    pub(super) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", self.path)
        }
    }

    /// All children of a name, numbered from 1 in their paths.
    pub(super) fn blocks(&mut self, name: &str) -> Vec<Block<'a>> {
        let taken: Vec<Element> = self
            .element
            .children
            .extract_if(.., |child| child.name == name)
            .collect();
        let block = |(n, element)| {
            let path = format!("{}[{}]", self.path_of(name), n + 1);
            Block {
                element,
                path,
                context: self.context,
            }
        };
        taken.into_iter().enumerate().map(block).collect()
    }

    /// As [`blocks`](Self::blocks), but no more than the contract takes; the rest is left out with
    /// a note.
    pub(super) fn first_blocks(
        &mut self,
        name: &str,
        most: usize,
        findings: &mut Findings,
    ) -> Vec<Block<'a>> {
        let mut blocks = self.blocks(name);
        if blocks.len() > most {
            let left_out = blocks.len() - most;
            let text = format!("{left_out} left out: at most {most} are taken over");
            findings.note(blocks[most].line(), &blocks[most].path, text);
            blocks.truncate(most);
        }
        blocks
    }

    /// The one child of a name that holds others.
    pub(super) fn block(&mut self, name: &str, findings: &mut Findings) -> Option<Block<'a>> {
        let element = self.only(name, findings)?;
        Some(Block {
            element,
            path: self.path_of(name),
            context: self.context,
        })
    }

    /// The value of the one child of a name, at most `most` characters. Blank is absent.
    pub(super) fn leaf(
        &mut self,
        name: &str,
        most: usize,
        findings: &mut Findings,
    ) -> Option<Leaf> {
        let element = self.only(name, findings)?;
        value(&element, self.path_of(name), most, findings)
    }

    pub(super) fn text(
        &mut self,
        name: &str,
        most: usize,
        findings: &mut Findings,
    ) -> Option<String> {
        self.leaf(name, most, findings).map(|leaf| leaf.value)
    }

    /// A value read by `read`, which answers the rule it breaks.
    pub(super) fn read<T>(
        &mut self,
        name: &str,
        findings: &mut Findings,
        read: impl FnOnce(&str) -> Result<T, Rule>,
    ) -> Option<T> {
        let leaf = self.leaf(name, super::element::MAX_TEXT_BYTES, findings)?;
        match read(&leaf.value) {
            Ok(value) => Some(value),
            Err(rule) => {
                findings.violation(leaf.line, &leaf.path, rule, &leaf.value);
                None
            }
        }
    }

    /// The values of all children of a name, at most `most` characters each.
    pub(super) fn leaves(&mut self, name: &str, most: usize, findings: &mut Findings) -> Vec<Leaf> {
        let blocks = self.blocks(name);
        blocks
            .into_iter()
            .filter_map(|block| value(&block.element, block.path, most, findings))
            .collect()
    }

    /// A code of a set.
    pub(super) fn code(
        &mut self,
        name: &str,
        set: &'static CodeSet,
        findings: &mut Findings,
    ) -> Option<String> {
        self.read(name, findings, |value| {
            let rule = Rule::Code { set: set.name };
            set.contains(value).then(|| value.to_owned()).ok_or(rule)
        })
    }

    /// A code that may come in a form no longer written; then with a note.
    pub(super) fn imported(
        &mut self,
        name: &str,
        set: &'static CodeSet,
        import: impl FnOnce(&str) -> Option<Mapped>,
        findings: &mut Findings,
    ) -> Option<String> {
        let leaf = self.leaf(name, super::element::MAX_TEXT_BYTES, findings)?;
        let Some(mapped) = import(&leaf.value) else {
            let rule = Rule::Code { set: set.name };
            findings.violation(leaf.line, &leaf.path, rule, &leaf.value);
            return None;
        };
        if let Some(note) = mapped.note {
            findings.note(leaf.line, &leaf.path, note.to_string());
        }
        Some(mapped.code.to_owned())
    }

    /// An identifier of a scheme.
    pub(super) fn identifier<T>(
        &mut self,
        name: &str,
        scheme: &'static str,
        parse: impl FnOnce(&str) -> Result<T, IdError>,
        findings: &mut Findings,
    ) -> Option<T> {
        self.read(name, findings, |value| {
            parse(value).map_err(|why| Rule::Identifier { scheme, why })
        })
    }

    /// A date of any time, `CCYY-MM-DD`.
    pub(super) fn date(&mut self, name: &str, findings: &mut Findings) -> Option<Date> {
        self.read(name, findings, |value| date(value, EARLIEST, Date::MAX))
    }

    /// A date of something that has happened, not before `earliest`.
    pub(super) fn past_date(
        &mut self,
        name: &str,
        earliest: Date,
        findings: &mut Findings,
    ) -> Option<Date> {
        let today = self.context.today;
        self.read(name, findings, |value| date(value, earliest, today))
    }

    /// `true`, `false`, `1`, `0`.
    pub(super) fn flag(&mut self, name: &str, findings: &mut Findings) -> Option<bool> {
        self.read(name, findings, |value| match value {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(Rule::Flag {
                yes: "true",
                no: "false",
            }),
        })
    }

    pub(super) fn number(
        &mut self,
        name: &str,
        least: u16,
        most: u16,
        findings: &mut Findings,
    ) -> Option<u16> {
        let rule = Rule::Number {
            least: least.into(),
            most: most.into(),
        };
        self.read(name, findings, |value| {
            let digits = value.bytes().all(|byte| byte.is_ascii_digit());
            let number = value
                .parse()
                .ok()
                .filter(|n| digits && (least..=most).contains(n));
            number.ok_or(rule)
        })
    }

    /// Reports as missing what `value` should have held, unless it was there and broken.
    pub(super) fn require<T>(
        &mut self,
        name: &str,
        findings: &mut Findings,
        read: impl FnOnce(&mut Self, &mut Findings) -> Option<T>,
    ) -> Option<T> {
        let before = findings.violations.len();
        let spoilt = self
            .element
            .children
            .iter()
            .any(|child| child.name == name && child.spoilt);
        let value = read(self, findings);
        if value.is_none() && !spoilt && findings.violations.len() == before {
            findings.absence(self.line(), &self.path_of(name), Rule::Missing);
        }
        value
    }

    /// Reports what was not asked for.
    pub(super) fn finish(self, findings: &mut Findings) {
        for child in &self.element.children {
            ignored(findings, child, &self.path);
        }
        if !self.element.text.trim().is_empty() {
            findings.ignore(self.path_of("text()"));
        }
    }

    fn only(&mut self, name: &str, findings: &mut Findings) -> Option<Element> {
        let mut all = self
            .element
            .children
            .extract_if(.., |child| child.name == name);
        let first = all.next()?;
        let again = all.last();
        if let Some(again) = again {
            findings.absence(again.line, &self.path_of(name), Rule::Repeated);
        }
        Some(first)
    }
}

/// The value of an element that holds no others.
fn value(element: &Element, path: String, most: usize, findings: &mut Findings) -> Option<Leaf> {
    for child in &element.children {
        ignored(findings, child, &path);
    }
    if element.spoilt {
        return None;
    }
    // Every item is a single line; what breaks it is the layout of the file.
    let value = element
        .text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if value.is_empty() {
        return None;
    }
    let long = value.chars().count() > most;
    let too_long = long.then_some(Rule::TooLong { most });
    if let Some(rule) = control_character(&value).or(too_long) {
        findings.violation(element.line, &path, rule, &value);
        return None;
    }
    Some(Leaf {
        line: element.line,
        path,
        value,
    })
}

/// A civil date in the one form a CTF has; the calendar library reads many more.
fn date(value: &str, earliest: Date, latest: Date) -> Result<Date, Rule> {
    let shaped = value.len() == 10
        && value.bytes().enumerate().all(|(n, byte)| match n {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let date: Option<Date> = value.parse().ok().filter(|_| shaped);
    match date.ok_or(Rule::Date { form: "CCYY-MM-DD" })? {
        early if early < earliest => Err(Rule::DateTooEarly { earliest }),
        late if late > latest => Err(Rule::DateInFuture),
        date => Ok(date),
    }
}

fn ignored(findings: &mut Findings, element: &Element, parent: &str) {
    let name = &element.name;
    let path = if parent.is_empty() {
        name.clone()
    } else {
        format!("{parent}/{name}")
    };
    findings.ignore(path);
}
