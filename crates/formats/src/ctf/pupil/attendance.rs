use baton_domain::codes;
use jiff::civil::Date;

use crate::{
    ctf::{
        block::{Block, EARLIEST},
        school::School,
    },
    problem::Findings,
    rule::Rule,
};

/// Most sessions a year can have: two on each of 200 days.
const MAX_SESSIONS: u16 = 400;
/// Most academic years taken over.
const MAX_YEARS: usize = 15;
/// Most schools taken over.
const MAX_SCHOOLS: usize = 50;
/// Longest string of attendance marks.
const MAX_MARKS_CHARS: usize = 999;

/// Attendance of one academic year at one school.
#[derive(Clone, PartialEq)]
pub struct AttendanceYear {
    /// `Year`: the first calendar year of the academic year.
    pub year: u16,
    /// The school.
    pub school: School,
    /// `SessionsPossible`.
    pub possible: Option<u16>,
    /// `SessionsAttended`.
    pub attended: Option<u16>,
    /// `SessionsAuthorised`: absent with leave.
    pub authorised: Option<u16>,
    /// `SessionsUnauthorised`: absent without.
    pub unauthorised: Option<u16>,
    /// `AttendanceStartDate`: day of the first mark.
    pub marks_from: Option<Date>,
    /// `AttendanceMarks`: session codes one after the other, two a day. Also codes that are no
    /// longer written: `H` stood for an agreed holiday until 2024.
    pub marks: Option<String>,
}

/// A school the pupil attended.
#[derive(Clone, PartialEq)]
pub struct SchoolAttended {
    /// The school.
    pub school: School,
    /// `EntryDate`.
    pub entered: Option<Date>,
    /// `LeavingDate`.
    pub left: Option<Date>,
    /// `LeavingReason`; absent when its code is historic.
    pub reason: Option<String>,
    /// `LastSchool`.
    pub last: Option<bool>,
}

impl AttendanceYear {
    pub(super) fn read_all(pupil: &mut Block<'_>, f: &mut Findings) -> Vec<Self> {
        let Some(mut attendance) = pupil.block("Attendance", f) else {
            return Vec::new();
        };
        let rows = attendance
            .first_blocks("YearData", MAX_YEARS, f)
            .into_iter();
        let read = rows.filter_map(|row| Self::read(row, f)).collect();
        attendance.finish(f);
        read
    }

    fn read(mut row: Block<'_>, f: &mut Findings) -> Option<Self> {
        let this_year = row.context().today.year().unsigned_abs();
        let year = row.require("Year", f, |row, f| row.number("Year", 1990, this_year, f));
        let school = School::read(&mut row, f);
        let mut sessions = |name| row.number(name, 0, MAX_SESSIONS, f);
        let possible = sessions("SessionsPossible");
        let attended = sessions("SessionsAttended");
        let authorised = sessions("SessionsAuthorised");
        let unauthorised = sessions("SessionsUnauthorised");
        if let (Some(possible), Some(with), Some(without)) = (possible, authorised, unauthorised)
            && with + without > possible
        {
            let rule = Rule::Together("is less than the sessions absent");
            f.absence(row.line(), &row.path_of("SessionsPossible"), rule);
        }
        let counted = [attended, authorised, unauthorised]
            .into_iter()
            .flatten()
            .map(u32::from);
        let counted: u32 = counted.sum();
        // A count of an earlier year is past mending; the sessions themselves still say something.
        let possible = possible.filter(|possible| {
            let holds = u32::from(*possible) >= counted;
            if !holds {
                let path = row.path_of("SessionsPossible");
                let text = "left out: less than the sessions attended and absent";
                f.note(row.line(), &path, text.to_owned());
            }
            holds
        });
        let (marks_from, marks) = match row.block("AttendSessions", f) {
            Some(block) => read_marks(block, f),
            None => (None, None),
        };
        row.finish(f);
        Some(Self {
            year: year?,
            school,
            possible,
            attended,
            authorised,
            unauthorised,
            marks_from,
            marks,
        })
    }
}

fn read_marks(mut block: Block<'_>, f: &mut Findings) -> (Option<Date>, Option<String>) {
    let from = block.past_date("AttendanceStartDate", EARLIEST, f);
    let marks = block.leaf("AttendanceMarks", MAX_MARKS_CHARS, f);
    if let Some(leaf) = marks.as_ref().filter(|leaf| !is_row_of_codes(&leaf.value)) {
        // Without its shape: that would say on which mornings the pupil was there.
        f.absence(
            leaf.line,
            &leaf.path,
            Rule::Form("a row of attendance codes"),
        );
    }
    let marks = marks.map(|leaf| leaf.value);
    if from.is_none() && marks.is_some() {
        f.absence(
            block.line(),
            &block.path_of("AttendanceStartDate"),
            Rule::Missing,
        );
    }
    block.finish(f);
    (from, marks)
}

/// Whether a string consists of session codes. Since 2024 some have two characters; a digit is
/// never a code of its own, so strings of before and after read the same way.
fn is_row_of_codes(marks: &str) -> bool {
    let mut before = None;
    marks.chars().all(|mark| {
        let after_letter = matches!(before.replace(mark), Some('C' | 'J' | 'Y'));
        match mark {
            'A'..='Z' | '/' | '\\' | '#' | '-' => true,
            '0'..='9' => after_letter,
            _ => false,
        }
    })
}

impl SchoolAttended {
    pub(super) fn read_all(pupil: &mut Block<'_>, f: &mut Findings) -> Vec<Self> {
        let Some(mut history) = pupil.block("SchoolHistory", f) else {
            return Vec::new();
        };
        let rows = history.first_blocks("School", MAX_SCHOOLS, f).into_iter();
        let read = rows.map(|row| Self::read(row, f)).collect();
        history.finish(f);
        read
    }

    fn read(mut row: Block<'_>, f: &mut Findings) -> Self {
        let school = School::read(&mut row, f);
        let entered = row.past_date("EntryDate", EARLIEST, f);
        let left = row.date("LeavingDate", f);
        if entered
            .zip(left)
            .is_some_and(|(entered, left)| left < entered)
        {
            f.absence(row.line(), &row.path_of("LeavingDate"), Rule::DatesReversed);
        }
        let reason = leaving_reason(&mut row, f);
        let last = row.flag("LastSchool", f);
        row.finish(f);
        Self {
            school,
            entered,
            left,
            reason,
            last,
        }
    }
}

/// Reasons of earlier years are no longer told apart; a pupil is not refused for one.
fn leaving_reason(row: &mut Block<'_>, f: &mut Findings) -> Option<String> {
    let leaf = row.leaf("LeavingReason", 2, f)?;
    if codes::LEAVING_REASON.contains(&leaf.value) {
        return Some(leaf.value);
    }
    f.note(
        leaf.line,
        &leaf.path,
        "left out: not a leaving reason in use".to_owned(),
    );
    None
}

#[cfg(test)]
mod tests {
    use super::is_row_of_codes;

    #[test]
    fn a_digit_belongs_to_the_letter_before_it() {
        assert!(is_row_of_codes(r"/\C1C2Y7L#-"));
        assert!(is_row_of_codes("CC1C"));
        assert!(!is_row_of_codes("1/"));
        assert!(!is_row_of_codes("/1"));
        assert!(!is_row_of_codes("C11"));
        assert!(!is_row_of_codes("a"));
    }
}
