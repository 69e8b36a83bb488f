//! Files other systems write: the schools register, Common Transfer Files, contract records, cohort
//! lists.
//!
//! Every reader takes any input, answers record after record in bounded memory, and goes on after
//! a record it cannot use: the [`Problem`] lists everything wrong with that one. Only what breaks
//! the file itself ends the reading, as a [`Refusal`] before the first record or a
//! [`fatal`](field@Problem::fatal) problem after it. No report repeats what a file says of a
//! person, only its [`Shape`]. Nothing here opens a file or asks for the time: today's date is a
//! parameter.

pub mod cohort;
pub mod ctf;
pub mod detect;
pub mod gias;
pub mod records;

mod problem;
mod refusal;
mod rule;
mod shape;
mod table;

pub use problem::{MAX_VIOLATIONS, Note, Problem, Violation};
pub use refusal::Refusal;
pub use rule::Rule;
pub use shape::Shape;
pub use table::{HeaderReport, MAX_CELL_CHARS, MAX_ROW_BYTES};
