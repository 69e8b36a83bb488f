//! The real program from end to end: its commands as a person types them, against its own `serve`.
//!
//! Whole outputs are snapshots, once for people and once with `--json`; what differs from run to
//! run (ids, times, ports, positions) is masked by `shown`. Both engines have to say the same.

mod agreements;
mod backup;
mod bad_files;
mod caretaker;
mod classes;
mod configuration;
mod delegations;
mod demo;
mod desk;
mod families;
mod files;
mod friends;
mod keys;
mod kinds;
mod large_files;
mod outside;
mod partly;
mod policy;
mod protect;
mod public_proofs;
mod quiet;
mod readme;
mod recipients;
mod sharing;
mod shown;
mod told;
mod tour;
mod watch;
mod who_saw;
mod witnessed;
