//! Common Transfer Files: what schools in England send each other about pupils, as XML of the
//! yearly versions the Department for Education defines.
//!
//! Read as a stream, one pupil in memory at a time. Elements may come in any order and namespace,
//! as long as the header comes before the pupils. What is not read is reported, never dropped in
//! silence. No document type is accepted, so no entity of a file is ever expanded.
//!
//! ```text
//! Source   bytes → UTF-8, lines counted, size of one event bounded
//! Xml      → tokens: names, texts, ends
//! Element  → one pupil as a tree, bounded in depth, number and size
//! Block    → values taken out of it by name, violations collected
//! CtfPupil → typed; to_submission makes the contract's sections of it
//! ```

mod block;
mod element;
mod header;
mod pupil;
mod reader;
mod school;
mod source;
mod submission;
mod xml;

pub use element::{MAX_DEPTH, MAX_ELEMENTS, MAX_PUPIL_BYTES, MAX_TEXT_BYTES};
pub use header::{Extent, Header};
pub use pupil::{
    Address, Assessment, AttendanceYear, BasicDetails, Contact, CtfPupil, FreeMeals,
    FreeMealsPeriod, LookedAfter, PersonalIdentity, SchoolAttended, Sen, SenNeed, SenProvision,
    SpokenLanguage, Telephone,
};
pub(crate) use reader::expect_root;
pub use reader::{CtfReader, Ignored, MAX_PUPILS};
pub use school::School;
pub use source::MAX_EVENT_BYTES;
pub use submission::Occasion;
