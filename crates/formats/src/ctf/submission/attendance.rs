use baton_wire::v1;

use super::{day, setting};
use crate::ctf::{AttendanceYear, CtfPupil};

pub(super) fn section(pupil: &CtfPupil) -> v1::Attendance {
    let years = pupil.attendance.iter().map(year).collect();
    v1::Attendance {
        years,
        ..v1::Attendance::default()
    }
}

fn year(year: &AttendanceYear) -> v1::AttendanceYear {
    v1::AttendanceYear {
        year: Some(year.year.to_string()),
        setting: setting(&year.school),
        sessions_possible: year.possible.map(u32::from),
        sessions_attended: year.attended.map(u32::from),
        sessions_authorised: year.authorised.map(u32::from),
        sessions_unauthorised: year.unauthorised.map(u32::from),
        marks_from: day(year.marks_from),
        marks: year.marks.clone(),
        ..v1::AttendanceYear::default()
    }
}
