//! The contract and the edge, from outside.
#![cfg(test)]

mod answers;
mod build_rules;
mod campaign_fuzz;
#[path = "../../../../tests/chance/mod.rs"]
mod chance;
mod contract;
mod hostile;
mod in_part;
mod json;
mod peers;
mod references;
mod samples;
mod submissions;
mod together;
mod twin;
mod violations;

use jiff::civil::Date;

/// The day all tests publish on.
const TODAY: Date = Date::constant(2026, 6, 1);
