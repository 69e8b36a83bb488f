//! What measurements of a running exchange have in common; each lives beside this in a folder of its
//! own, see `docs/benchmarks.md`.

pub mod content;
pub mod exchange;
pub mod job;
