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
