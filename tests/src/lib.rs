//! Acceptance tests live in `it/`.
