use jiff::civil::{Date, DateTime};

use super::{
    block::{Block, Context},
    element::Element,
    school::School,
};
use crate::{Note, Problem, problem::Findings, rule::Rule};

/// Month in which a version begins to be valid. Some products switch a month earlier.
const CHANGEOVER_MONTH: i8 = 9;
/// Up to this version the element `Sex` was called `Gender`.
const LAST_VERSION_WITH_GENDER: u16 = 24;

/// Who wrote the file, for whom, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `CTFversion` as written, e.g. `25.0`.
    pub version: String,
    /// `DateTime`: when it was written, by the clock of the sender; a zone is not kept.
    pub written: Option<DateTime>,
    /// `DocumentQualifier`.
    pub extent: Option<Extent>,
    /// `DataQualifier`: which part a partial file carries.
    pub part: Option<String>,
    /// `DataDescriptor`: free words of the sender.
    pub descriptor: Option<String>,
    /// `SupplierID`: the product that wrote it.
    pub supplier: Option<String>,
    /// `SourceSchool`.
    pub source: School,
    /// `AcademicYear`, by its first calendar year.
    pub academic_year: Option<u16>,
    /// `DestSchool`.
    pub destination: School,
    /// Peculiarities, e.g. an unexpected version.
    pub notes: Vec<Note>,
}

/// Whether a file carries everything about its pupils.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// `full`.
    Full,
    /// `partial`.
    Partial,
}

impl Header {
    pub(super) fn read(
        element: Element,
        today: Date,
        mut findings: Findings,
    ) -> Result<(Self, Vec<String>), Problem> {
        let line = element.line;
        let context = Context {
            today,
            gender_is_sex: false,
        };
        let f = &mut findings;
        let mut block = Block::root(element, &context);
        let version = block.leaf("CTFversion", 10, f);
        if version.is_none() {
            f.absence(line, "CTFversion", Rule::Missing);
        }
        let version = version.map_or_else(String::new, |leaf| {
            expect_version(leaf.line, &leaf.value, today, f);
            leaf.value
        });
        // Always the same words; read over.
        block.text("DocumentName", 100, f);
        let mut source = block.block("SourceSchool", f);
        if source.is_none() {
            f.absence(line, "SourceSchool", Rule::Missing);
        }
        let mut destination = block.block("DestSchool", f);
        let header = Self {
            version,
            written: block.read("DateTime", f, |value| {
                // Some products say that it is UTC; nothing depends on the hour.
                let value = value.strip_suffix('Z').unwrap_or(value);
                value.parse().map_err(|_| Rule::Date {
                    form: "CCYY-MM-DDThh:mm:ss",
                })
            }),
            extent: block.read("DocumentQualifier", f, |value| {
                match value.to_ascii_lowercase().as_str() {
                    "full" => Ok(Extent::Full),
                    "partial" => Ok(Extent::Partial),
                    _ => Err(Rule::Form("full or partial")),
                }
            }),
            part: block.text("DataQualifier", 3, f),
            descriptor: block.text("DataDescriptor", 255, f),
            supplier: block.text("SupplierID", 100, f),
            source: source
                .as_mut()
                .map(|school| School::read(school, f))
                .unwrap_or_default(),
            academic_year: source
                .as_mut()
                .and_then(|school| school.number("AcademicYear", 1990, 2100, f)),
            destination: destination
                .as_mut()
                .map(|school| School::read(school, f))
                .unwrap_or_default(),
            notes: std::mem::take(&mut f.notes),
        };
        [source, destination]
            .into_iter()
            .flatten()
            .for_each(|school| school.finish(f));
        block.finish(f);
        let Findings {
            violations,
            ignored,
            ..
        } = findings;
        if violations.is_empty() {
            return Ok((header, ignored));
        }
        Err(Problem {
            line,
            record: "Header".to_owned(),
            violations,
            fatal: false,
        })
    }

    /// The number before the dot of the version.
    pub fn version_number(&self) -> Option<u16> {
        version_number(&self.version)
    }

    /// Whether `Gender` stands for `Sex` in this file. In a version we cannot read it may.
    pub(super) fn has_gender(&self) -> bool {
        self.version_number()
            .is_none_or(|number| number <= LAST_VERSION_WITH_GENDER)
    }
}

/// Notes a version that is neither the current nor the previous one. It is read all the same: what
/// differs between versions is mostly what they add.
fn expect_version(line: u64, version: &str, today: Date, findings: &mut Findings) {
    let year = today.year().unsigned_abs() % 100;
    let current = if today.month() >= CHANGEOVER_MONTH {
        year
    } else {
        year.saturating_sub(1)
    };
    // In the month before the changeover the next version is met already.
    let newest = if today.month() == CHANGEOVER_MONTH - 1 {
        current + 1
    } else {
        current
    };
    let expected = current.saturating_sub(1)..=newest;
    if version_number(version).is_some_and(|number| expected.contains(&number)) {
        return;
    }
    let text = format!(
        "version {version} is not expected; current is {current}.0, previous {}.0",
        expected.start()
    );
    findings.note(line, "Header/CTFversion", text);
}

fn version_number(version: &str) -> Option<u16> {
    version.split('.').next()?.parse().ok()
}
