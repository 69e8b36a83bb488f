//! What the exchange promises, asked through gRPC over TLS on both engines.
//!
//! Every test has a ledger, a server and a clock of its own, and people with credentials of their
//! own; nobody waits for a time to pass, only for something to come. Files are named after what
//! they show. `scripts/pg run -- cargo test -p baton-tests` runs them on both engines; without a
//! cluster PostgreSQL is left out.
#![cfg(test)]
#![expect(
    clippy::large_futures,
    reason = "typed sections are large; harness::run gives every test a stack with room for them"
)]

mod bad_input;
mod batch;
mod campaign;
mod credentials;
mod crossing;
mod doors;
mod harness;
mod idempotency;
mod killed;
mod ledger;
mod nodes;
mod outcome;
mod redirect;
mod refusals;
mod roles;
mod rollback;
#[path = "../../crates/store/tests/conformance/severed.rs"]
mod severed;
mod slow_reader;
mod stopping;
mod subscription;
mod tamper;
mod windows;
