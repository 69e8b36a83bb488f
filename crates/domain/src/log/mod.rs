//! The arithmetic of the ledger: the tree over its entries, proofs, checkpoints, tiles and the
//! canonical form of entry bodies.
//!
//! Everything an outsider needs to check a ledger is defined by public documents, named where
//! they apply: RFC 6962 and RFC 9162 for the tree and its proofs, C2SP signed-note,
//! tlog-checkpoint and tlog-tiles for what is signed and served, RFC 8785 for entry bodies. So a
//! verifier that shares no code with this one is a weekend's work, and the tests hold this one
//! against such.
//!
//! - Appending: [`Frontier`] is the right edge of the tree, kept in the head row; [`leaf_hash`]
//!   stands beside each entry, and [`Frontier::push`] says which [`Node`]s to store besides.
//! - Proving: a [`Plan`] says what to fetch and builds the proof from it.
//! - Checking: [`verify_inclusion`], [`verify_consistency`], and [`verify::Verifier`] for a whole
//!   ledger, [`Dropped`] for entries without bytes; a [`PortableProof`] is a file for one entry.
//! - Laying out: [`Growth`] cuts the tree into the [`tile`]s others serve and keep.
//! - Signing: [`Checkpoint`] is what the ledger's key says about size and root, as a [`note`];
//!   [`handover`] is how one key names the next.
//! - Witnessing: [`note::cosignatures`] are what others say of a checkpoint; [`submission`] is how
//!   they are asked, and how they judge.

pub mod canonical;
pub mod checkpoint;
pub mod dropped;
pub mod frontier;
pub mod growth;
pub mod handover;
pub mod note;
pub mod plan;
pub mod portable;
pub mod proof;
pub mod submission;
pub mod tile;
pub mod tree;
pub mod verify;

pub use canonical::Json;
pub use checkpoint::Checkpoint;
pub use dropped::Dropped;
pub use frontier::Frontier;
pub use growth::{Growth, Tile};
pub use handover::Handover;
pub use plan::Plan;
pub use portable::PortableProof;
pub use proof::{verify_consistency, verify_inclusion};
pub use submission::Submission;
pub use tree::{EMPTY_ROOT, Hash, MAX_SIZE, Node, leaf_hash, node_hash};
