//! What the exchange promises, asked through gRPC over TLS on both engines.
//!
//! Every test has a ledger, a server and a clock of its own, and people with credentials of their
//! own; nobody waits for a time to pass, only for something to come. Files are named after what
//! they show. `scripts/pg run -- cargo test -p baton-tests` runs them on both engines; without a
//! cluster PostgreSQL is left out.
#![cfg(test)]

mod aged;
mod agreements;
mod apart;
mod attacks;
mod backup;
mod bad_input;
mod batch;
mod campaign;
mod canaries;
mod caretaker;
#[path = "../chance/mod.rs"]
mod chance;
mod credentials;
mod crossing;
mod decisions;
mod delegations;
mod disk_reserve;
mod documents;
mod doors;
mod erasure;
mod erasure_scan;
mod expiry;
mod export;
mod family;
mod folder;
mod forked;
mod friends;
mod fuzz;
mod groups;
mod harness;
mod idempotency;
mod killed;
mod lease;
mod ledger;
mod limits;
mod load;
mod log_key;
mod master_key;
mod metrics;
mod nodes;
mod outcome;
mod policies;
mod program;
mod protected;
mod raced;
mod recipients;
mod redirect;
mod refusals;
mod roles;
mod rollback;
#[path = "../../crates/store/tests/conformance/severed.rs"]
mod severed;
mod slow_reader;
mod static_proofs;
mod stopping;
mod strangers;
mod subscription;
mod tamper;
mod tampering;
mod tls;
mod watching;
mod who_saw;
mod windows;
mod witness;
mod witnesses;
