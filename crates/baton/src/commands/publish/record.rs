//! One record on its way out: where it stands, what it says, whether it stood before.

use std::collections::HashMap;
use std::sync::Arc;

use baton_domain::calendar::AcademicYear;
use baton_domain::route::Point;
use baton_domain::section::{Class, SectionKind};
use baton_wire::contract::Message;
use baton_wire::violation::Violation;
use baton_wire::{submission, twin, v1};
use jiff::civil::Date;
use prost::Message as _;

use super::Refused;

/// What is said once for all records of a run.
pub(super) struct Occasion {
    pub(super) point: Option<Point>,
    pub(super) year: Option<AcademicYear>,
    pub(super) signatory: String,
    /// Kinds taken away with every record.
    pub(super) removes: Vec<SectionKind>,
    pub(super) today: Date,
}

/// Where a record stands in its file.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) record: String,
}

/// One record that was read.
pub(super) struct Record {
    pub(super) place: Place,
    pub(super) submission: Result<v1::ProfileSubmission, Refused>,
}

impl Occasion {
    /// Says for a record what it leaves open.
    pub(super) fn complete(&self, submission: &mut twin::ProfileSubmission) {
        if submission.signatory.is_empty() {
            submission.signatory.clone_from(&self.signatory);
        }
        let removes = self.removes.iter().map(|kind| i32::from(kind.number()));
        submission.removes.extend(removes);
        if !submission.transition.is_empty() {
            return;
        }
        if submission.point == 0 {
            submission.point = self
                .point
                .map_or(0, |point| twin::Point::from(point).into());
        }
        if submission.academic_year == 0 {
            submission.academic_year = self.year.map_or(0, |year| year.first_year().into());
        }
    }

    /// Every problem that can be found without the ledger, so that a file is mended in one go.
    pub(super) fn check(
        &self,
        submission: &twin::ProfileSubmission,
    ) -> Result<v1::ProfileSubmission, Vec<Violation>> {
        submission::read(submission, self.today)?;
        let typed = v1::ProfileSubmission::decode(submission.encode_to_vec().as_slice());
        typed.map_err(|_| {
            vec![Violation::new(
                "content",
                "message.malformed",
                "A message of the contract.",
            )]
        })
    }
}

/// Names the element of a Common Transfer File beside the field it became.
pub(super) fn with_element(mut violation: Violation) -> Violation {
    let element = || {
        let (kind, field) = violation.field.strip_prefix("content.")?.split_once('.')?;
        let message = Message::of(baton_domain::section::SectionKind::parse(kind)?);
        let steps: Vec<&str> = field
            .split('.')
            .map(|step| step.split('[').next().unwrap_or(step))
            .collect();
        let element = message.at_path(&steps.join("."))?.rule.ctf;
        (!element.is_empty()).then_some(element)
    };
    if let Some(element) = element() {
        violation.field = format!("{element} ({})", violation.field);
    }
    violation
}

/// Moves remembered of one run, by every identifier they are named by. A council has some ten
/// thousand a year; the limit bounds the memory.
const MOVES_MAX: usize = 500_000;

/// The moves of a run so far. The same learner twice is a mistake nobody here can decide: the
/// second record would silently stand over what the first says of the same kinds. What is of class R
/// is a contribution of its own, and comes in a record of its own.
#[derive(Default)]
pub(super) struct Seen {
    places: HashMap<String, (Arc<str>, u64)>,
    /// The file that is read now.
    file: Option<Arc<str>>,
}

impl Seen {
    /// The submission, if none for the same move came before it.
    pub(super) fn first_time(
        &mut self,
        file: &str,
        place: &Place,
        submission: v1::ProfileSubmission,
    ) -> Result<v1::ProfileSubmission, Refused> {
        let v1::ProfileSubmission {
            transition,
            learner,
            point,
            academic_year,
            ..
        } = &submission;
        let apart = if is_restricted(&submission) { "R " } else { "" };
        let keys: Vec<String> = if transition.is_empty() {
            let key = |id: &v1::LearnerIdentifier| {
                format!("{apart}{point} {academic_year} {} {}", id.scheme, id.value)
            };
            learner.iter().map(key).collect()
        } else {
            vec![format!("{apart}{transition}")]
        };
        if let Some((file, line)) = keys.iter().find_map(|key| self.places.get(key)) {
            return Err(Refused::by_contract(&[Violation::new(
                if transition.is_empty() {
                    "learner"
                } else {
                    "transition"
                },
                "twice",
                format!("The same move was in {file} line {line}; keep one of the two."),
            )]));
        }
        if self.places.len() + keys.len() > MOVES_MAX {
            return Err(Refused::whole(format!(
                "a run takes {MOVES_MAX} moves at most: publish the rest of the file in another one"
            )));
        }
        let known = self.file.take().filter(|known| **known == *file);
        let file = self.file.insert(known.unwrap_or_else(|| file.into()));
        for key in keys {
            self.places.insert(key, (Arc::clone(file), place.line));
        }
        Ok(submission)
    }
}

/// Whether it is of what a contribution has of class R; of nothing else then.
fn is_restricted(submission: &v1::ProfileSubmission) -> bool {
    let sent = submission.content.as_ref().is_some_and(|content| {
        content.family_and_agencies.is_some() || content.child_protection_note.is_some()
    });
    let restricted = |kind: v1::SectionKind| {
        SectionKind::try_from(kind).is_ok_and(|kind| kind.class() == Class::R)
    };
    sent || submission.removes().any(restricted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upn(value: &str) -> v1::ProfileSubmission {
        let learner = v1::LearnerIdentifier {
            scheme: "upn".to_owned(),
            value: value.to_owned(),
        };
        v1::ProfileSubmission {
            learner: vec![learner],
            ..Default::default()
        }
    }

    #[test]
    fn a_learner_that_comes_twice_is_told_with_the_first_place() {
        let mut seen = Seen::default();
        let place = |line| Place {
            line,
            record: String::new(),
        };
        assert!(seen.first_time("a", &place(1), upn("A")).is_ok());
        assert!(seen.first_time("a", &place(2), upn("B")).is_ok());
        let refused = seen.first_time("b", &place(9), upn("A")).unwrap_err();
        assert!(refused.told("b line 9").contains("a line 1"));
    }

    #[test]
    fn what_is_of_class_r_comes_beside_the_rest_and_once_too() {
        let mut seen = Seen::default();
        let place = Place {
            line: 1,
            record: String::new(),
        };
        let mut noted = upn("A");
        noted.content = Some(Box::new(v1::Sections {
            child_protection_note: Some(v1::ChildProtectionNote::default()),
            ..Default::default()
        }));
        let mut taken = upn("A");
        taken.removes = vec![v1::SectionKind::FamilyAndAgencies.into()];
        assert!(seen.first_time("a", &place, upn("A")).is_ok());
        assert!(seen.first_time("a", &place, noted).is_ok());
        assert!(seen.first_time("a", &place, taken).is_err());
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let mut seen = Seen::default();
        let place = Place {
            line: 1,
            record: String::new(),
        };
        for number in 0..MOVES_MAX {
            assert!(
                seen.first_time("a", &place, upn(&number.to_string()))
                    .is_ok()
            );
        }
        let over = seen.first_time("a", &place, upn("X")).unwrap_err();
        assert!(over.told("a line 1").contains("500000 moves"));
    }

    #[test]
    fn a_field_is_named_by_its_element_where_it_has_one() {
        let wrong = Violation::new("content.characteristics.ethnicity", "code_set.x", "A code.");
        let field = with_element(wrong).field;
        assert!(
            field.contains("Ethnicity (content.characteristics.ethnicity)"),
            "{field}"
        );
        let plain = Violation::new("signatory", "line", "One line.");
        assert_eq!(with_element(plain).field, "signatory");
    }
}
