//! Attendance codes since 19 August 2024.

use super::{Code, CodeSet};

use AttendanceClass::{
    Administrative, Attending, Authorised, NotPossible, OtherPlace, Unauthorised,
};

/// What a session with such a code counts as (School Attendance (Pupil Registration)
/// (England) Regulations 2024, SI 2024/208, reg 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttendanceClass {
    /// In school.
    Attending,
    /// At another place the school or council arranged. Counts as present.
    OtherPlace,
    /// Absent with leave or for an accepted reason.
    Authorised,
    /// Absent without.
    Unauthorised,
    /// The learner could not have attended. Not a possible session.
    NotPossible,
    /// The school was closed or the learner not on its roll. Not a session.
    Administrative,
}

impl AttendanceClass {
    /// Whether the session counts among the possible ones.
    pub const fn possible(self) -> bool {
        !matches!(self, NotPossible | Administrative)
    }

    /// Whether the session counts as present.
    pub const fn present(self) -> bool {
        matches!(self, Attending | OtherPlace)
    }
}

/// The class of a code in use, if it is one.
pub fn attendance_class(code: &str) -> Option<AttendanceClass> {
    MARKS
        .iter()
        .find(|(known, ..)| *known == code)
        .map(|(_, class, _)| *class)
}

/// Attendance codes. H, J, Y and F were withdrawn in or before August 2024.
pub static ATTENDANCE: CodeSet = CodeSet::table(
    "attendance",
    "si-2024-208",
    "School Attendance (Pupil Registration) (England) Regulations 2024, SI 2024/208, reg 10",
    &MEANINGS,
);

const MARKS: [(&str, AttendanceClass, &str); 34] = [
    ("/", Attending, "Present in the morning"),
    ("\\", Attending, "Present in the afternoon"),
    ("L", Attending, "Late, before the register closed"),
    ("K", OtherPlace, "Education arranged by the local authority"),
    ("V", OtherPlace, "Educational visit or trip"),
    ("P", OtherPlace, "Approved sporting activity"),
    ("W", OtherPlace, "Work experience"),
    ("B", OtherPlace, "Other approved education off site"),
    ("C", Authorised, "Leave in other exceptional circumstances"),
    (
        "C1",
        Authorised,
        "Regulated performance or employment abroad",
    ),
    ("C2", Authorised, "Part-time timetable"),
    ("E", Authorised, "Suspended or excluded"),
    ("I", Authorised, "Illness"),
    (
        "J1",
        Authorised,
        "Interview for a job or a place in education",
    ),
    ("M", Authorised, "Medical or dental appointment"),
    ("R", Authorised, "Religious observance"),
    ("S", Authorised, "Study leave"),
    ("T", Authorised, "Traveller parent working away"),
    ("G", Unauthorised, "Holiday without leave"),
    ("N", Unauthorised, "Reason not yet given"),
    ("O", Unauthorised, "Other or unknown reason"),
    ("U", Unauthorised, "Late, after the register closed"),
    ("D", NotPossible, "Dual registered, at the other school"),
    (
        "X",
        NotPossible,
        "Not of compulsory school age and not required to attend",
    ),
    ("Q", NotPossible, "No access arrangements by the council"),
    (
        "Y1",
        NotPossible,
        "Transport normally provided was not available",
    ),
    ("Y2", NotPossible, "Widespread disruption to travel"),
    ("Y3", NotPossible, "Part of the premises closed"),
    ("Y4", NotPossible, "Whole site unexpectedly closed"),
    ("Y5", NotPossible, "Detained in the criminal justice system"),
    ("Y6", NotPossible, "Public health guidance or law"),
    ("Y7", NotPossible, "Other unavoidable cause"),
    ("Z", Administrative, "Not yet on the register"),
    ("#", Administrative, "Planned closure"),
];

const MEANINGS: [Code; MARKS.len()] = {
    let mut codes = [("", ""); MARKS.len()];
    let mut at = 0;
    while at < MARKS.len() {
        codes[at] = (MARKS[at].0, MARKS[at].2);
        at += 1;
    }
    codes
};
