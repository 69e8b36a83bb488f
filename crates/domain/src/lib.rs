//! What is true: the words of the trade and their rules. No IO, no async, no clock, no randomness:
//! what day it is and what is random are parameters, so that the same rule runs in the server, in
//! an offline verifier and in a property test.
//!
//! - Nouns: [`ids`] and [`codes`], [`route`], [`section`] and [`document`], [`act`] for what can be
//!   asked.
//! - Time: [`calendar`] for the days rules hang on, [`opening`] for when a receiver may read,
//!   [`recipient`] for those named beside the destination.
//! - Parties: [`agreement`] that every setting signs, [`delegation`] of what a vendor does for one.
//! - People: [`sharing`], what a learner or a family decided, and which of it counts; [`friends`], when
//!   another child is named to a receiver.
//! - Who must not be found again under an old name: [`guarded`], over the bytes of a section as
//!   [`raw`] reads them.
//! - Rules: [`access`], the finite question and the policies that answer it.
//! - Accounts to families: [`disclosure`], who may ask and what may be left out.
//! - Evidence: [`entry`] for the bytes of a ledger entry, [`log`] for tree, proofs, checkpoints.

pub mod access;
pub mod act;
pub mod agreement;
pub mod calendar;
pub mod codes;
pub mod delegation;
pub mod disclosure;
pub mod document;
pub mod entry;
pub mod family;
pub mod friends;
pub mod group;
pub mod guarded;
pub mod ids;
pub mod log;
pub mod opening;
pub mod raw;
pub mod recipient;
pub mod route;
pub mod section;
pub mod sharing;
