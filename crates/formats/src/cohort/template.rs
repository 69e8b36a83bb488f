use std::io::{self, Write};

use super::USED;

/// Cells of the example, in the order of the columns. Invented: no school has this URN.
const EXAMPLE: &str = "gias,199901,E351394824001,,,,,,gias,199902,,primary-secondary,2025,\
                       2026-03-02,yes,,no,6B";

/// Writes an empty cohort list: what the columns are called, and one example behind a `#`.
pub fn write_template(out: &mut impl Write) -> io::Result<()> {
    let names: Vec<&str> = USED.iter().map(|column| column.name).collect();
    writeln!(out, "{}", names.join(","))?;
    writeln!(out, "# {EXAMPLE}")
}
