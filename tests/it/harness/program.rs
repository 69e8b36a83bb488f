//! The real program.

use std::path::PathBuf;

/// Where it was built.
pub(crate) fn program() -> PathBuf {
    let deps = std::env::current_exe().unwrap();
    let program = deps.parent().unwrap().parent().unwrap().join("baton");
    assert!(
        program.exists(),
        "build the program first: cargo build -p baton"
    );
    program
}

/// The program knows no other day than today's.
#[expect(
    clippy::disallowed_methods,
    reason = "the program serves by the machine's clock"
)]
pub(crate) fn this_academic_year() -> i32 {
    let today = jiff::Zoned::now().date();
    i32::from(today.year()) - i32::from(today.month() < 9)
}
