//! What is said: the contract's generated code, and every conversion and check at the edge.
//!
//! The contract is `proto/baton/v1`. The build script generates it twice, because the two ends of a
//! call need different things of the same bytes: a client wants typed sections ([`v1`]), the server
//! must keep, seal and commit to the bytes it received ([`twin`]). The rules declared with each
//! field become static tables ([`contract`]); [`walk`] holds received bytes against them, [`json`]
//! does so for files, and forms and references are drawn from them.
//!
//! Inside the server values are of the domain: [`submission`], [`field`], [`name`] and [`convert`]
//! make them, collecting every violation ([`violation`]); [`peers`] finds the other children that a
//! profile names. What goes wrong leaves as a [`status`].

mod answers;
pub mod contract;
pub mod convert;
pub mod core_questions;
pub mod facts;
pub mod field;
mod findings;
mod format;
mod generated;
pub mod json;
pub mod methods;
pub mod name;
pub mod peers;
#[cfg(feature = "sample")]
pub mod sample;
pub mod status;
pub mod submission;
mod text;
mod together;
pub mod violation;
pub mod walk;

use baton_domain::raw;
pub use findings::VIOLATIONS_MAX;
pub use generated::{DESCRIPTOR_SET, twin, v1};
