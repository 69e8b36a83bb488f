//! Records out of a file, whatever it is.

use baton_domain::calendar::AcademicYear;
use baton_formats::ctf::{self, CtfPupil, CtfReader};
use baton_formats::detect::Format;
use baton_formats::records::{self, Records};
use baton_formats::{Note, Problem, Refusal};
use baton_wire::violation::Violation;
use baton_wire::{json, twin, v1};
use prost::Message as _;
use serde_json::Value;

use super::record::{Occasion, Place, Record, with_element};
use super::{Refused, fitting};
use crate::commands::source::{Input, Source};

/// A file being read.
pub(super) struct Reader<'a> {
    records: Kind,
    occasion: &'a Occasion,
    notes: Vec<Note>,
}

enum Kind {
    Json(Box<Records<Input>>),
    Ctf(Box<CtfReader<Input>>, ctf::Occasion),
}

/// Most notes kept for the end of a file.
const NOTES_MAX: usize = 1_000;

impl<'a> Reader<'a> {
    /// Reads up to the first record.
    pub(super) fn open(source: Source, occasion: &'a Occasion) -> Result<Self, Refused> {
        let whole = |refusal| match refusal {
            Refusal::UnknownTable { .. } => Refused::whole(
                "this is neither contract records in JSON nor a Common Transfer File",
            ),
            refusal => Refused::whole(refusal.to_string()),
        };
        let records = match source.format.map_err(whole)? {
            Format::Records => Kind::Json(Box::new(Records::open(source.input).map_err(whole)?)),
            Format::Ctf => {
                let reader = CtfReader::open(source.input, occasion.today).map_err(whole)?;
                let about = of_ctf(&reader, occasion)?;
                Kind::Ctf(Box::new(reader), about)
            }
            Format::Register => {
                return Err(Refused::whole(
                    "this is the schools register; `baton settings import --gias` reads it",
                ));
            }
            Format::Cohort => {
                return Err(Refused::whole(
                    "this is a cohort list; `baton cohort import` reads it",
                ));
            }
        };
        let notes = match &records {
            Kind::Json(_) => Vec::new(),
            Kind::Ctf(reader, _) => reader.header().notes.clone(),
        };
        Ok(Self {
            records,
            occasion,
            notes,
        })
    }

    /// The next record; none at the end.
    pub(super) fn next(&mut self) -> Option<Record> {
        let record = match &mut self.records {
            Kind::Json(records) => match records.next()? {
                Ok(record) => self.occasion.json(&record),
                Err(problem) => unreadable(problem),
            },
            Kind::Ctf(reader, about) => match reader.next()? {
                Ok(pupil) => {
                    let room = NOTES_MAX.saturating_sub(self.notes.len());
                    self.notes.extend(pupil.notes.iter().take(room).cloned());
                    self.occasion.ctf(&pupil, about)
                }
                Err(problem) => unreadable(problem),
            },
        };
        Some(record)
    }

    /// What of the file was taken over in another form or not at all, a line each.
    pub(super) fn left_out(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.notes.iter().map(ToString::to_string).collect();
        if let Kind::Ctf(reader, _) = &self.records {
            let ignored = reader.ignored();
            lines.extend(ignored.paths.iter().map(|(path, times)| match times {
                1 => format!("{path} is not taken over"),
                times => format!("{path} is not taken over, {times} times"),
            }));
            if ignored.others > 0 {
                lines.push(format!(
                    "{} other elements are not taken over",
                    ignored.others
                ));
            }
        }
        lines
    }
}

/// What a Common Transfer File does not say of the move has to be said on the command line.
fn of_ctf(reader: &CtfReader<Input>, occasion: &Occasion) -> Result<ctf::Occasion, Refused> {
    let point = occasion.point.ok_or_else(|| {
        Refused::whole(
            "a Common Transfer File does not say which move it is for: add --point, e.g. \
             --point primary-to-secondary",
        )
    })?;
    let written = reader.header().academic_year.map(i32::from);
    let year = occasion
        .year
        .or_else(|| AcademicYear::from_first_year(written?).ok())
        .ok_or_else(|| {
            Refused::whole("the header of the file names no academic year: add --year")
        })?;
    Ok(ctf::Occasion {
        point,
        academic_year: year,
        level: v1::Level::Unspecified,
        signatory: occasion.signatory.clone(),
    })
}

impl Occasion {
    fn value(&self, value: &Value) -> Result<v1::ProfileSubmission, Vec<Violation>> {
        let mut read = json::read::<twin::ProfileSubmission>(value)?;
        self.complete(&mut read);
        self.check(&read)
    }

    fn json(&self, record: &records::Record) -> Record {
        let read = self.value(&record.value).map_err(|mut found| {
            let rest = fitting::without(&record.value, &found);
            if let Some(Err(more)) = rest.map(|rest| self.value(&rest)) {
                let more = more.into_iter();
                let more: Vec<_> = more.filter(|it| fitting::is_new(it, &found)).collect();
                found.extend(more);
            }
            found
        });
        Record {
            place: Place {
                line: record.line,
                record: format!("record {}", record.index),
            },
            submission: read.map_err(|found| Refused::by_contract(&found)),
        }
    }

    fn ctf(&self, pupil: &CtfPupil, about: &ctf::Occasion) -> Record {
        let encoded = pupil.to_submission(about).encode_to_vec();
        let mut read = twin::ProfileSubmission::decode(encoded.as_slice()).unwrap_or_default();
        self.complete(&mut read);
        let read = self.check(&read).map_err(|found| {
            let found: Vec<_> = found.into_iter().map(with_element).collect();
            Refused::by_contract(&found)
        });
        Record {
            place: Place {
                line: pupil.line,
                record: format!("Pupil[{}]", pupil.index),
            },
            submission: read,
        }
    }
}

fn unreadable(problem: Problem) -> Record {
    let refused = Refused::by_reader(&problem);
    Record {
        place: Place {
            line: problem.line,
            record: problem.record,
        },
        submission: Err(refused),
    }
}
