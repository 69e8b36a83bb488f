//! Under construction.

/// Who may do what: the finite question, the policies that answer it, the laws they keep.
pub mod access;
/// What can be asked of the ledger, as values.
pub mod act;
/// Academic years, offer days and other days the rules hang on.
pub mod calendar;
/// Which codes a field may hold, and what they mean.
pub mod codes;
/// The bytes of a ledger entry.
pub mod entry;
/// Identifiers of learners and settings, each a type of its own.
pub mod ids;
pub mod log;
/// From when until when a receiver may read.
pub mod opening;
/// The transition points, the routes between settings, and what a setting is.
pub mod route;
/// The kinds of section a profile is made of, and sets of them.
pub mod section;
