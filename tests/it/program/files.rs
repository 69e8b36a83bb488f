//! The files people have: a register, cohorts, leavers. All people and schools are invented.

use std::path::Path;

use crate::harness::this_academic_year;

const FILES: [(&str, &str); 10] = [
    ("framework.txt", include_str!("fixtures/framework.txt")),
    ("register.csv", include_str!("fixtures/register.csv")),
    (
        "register-with-errors.csv",
        include_str!("fixtures/register-with-errors.csv"),
    ),
    ("cohort.csv", include_str!("fixtures/cohort.csv")),
    (
        "cohort-with-errors.csv",
        include_str!("fixtures/cohort-with-errors.csv"),
    ),
    ("leavers.ndjson", include_str!("fixtures/leavers.ndjson")),
    (
        "leavers-with-errors.ndjson",
        include_str!("fixtures/leavers-with-errors.ndjson"),
    ),
    ("leavers.json", include_str!("fixtures/leavers.json")),
    ("leavers.xml", include_str!("fixtures/leavers.xml")),
    (
        "leavers-with-errors.xml",
        include_str!("fixtures/leavers-with-errors.xml"),
    ),
];

/// A file as it is this year: the program serves by the machine's clock.
pub(super) fn file(name: &str) -> String {
    let (_, text) = FILES.iter().find(|(file, _)| *file == name).unwrap();
    let year = this_academic_year();
    text.replace("{year}", &year.to_string())
        .replace("{next}", &(year + 1).to_string())
}

/// Puts all of them into a folder.
pub(super) fn lay_out(folder: &Path) {
    for (name, _) in FILES {
        std::fs::write(folder.join(name), file(name)).unwrap();
    }
}
