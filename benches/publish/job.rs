//! What the two processes tell each other.

use serde::{Deserialize, Serialize};

/// What the client is to publish, and how.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) url: String,
    /// Certificate the server is known by.
    pub(crate) authority: String,
    /// A connection each, and what proves who it is.
    pub(crate) senders: Vec<Sender>,
    pub(crate) moves: Vec<Move>,
    /// How many of the moves come first, unmeasured.
    pub(crate) warm: usize,
    pub(crate) in_flight: usize,
}

/// A sending school.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sender {
    /// `settings/{setting}`.
    pub(crate) setting: String,
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// A planned move.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Move {
    /// Which of the senders.
    pub(crate) sender: usize,
    /// `settings/{setting}/transitions/{transition}`, as the sender names it.
    pub(crate) transition: String,
    /// Makes the content.
    pub(crate) seed: u64,
}

/// How it went.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) publishes: usize,
    pub(crate) seconds: f64,
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
    /// CPU seconds of the client.
    pub(crate) cpu_seconds: f64,
}

impl Told {
    pub(crate) fn per_second(&self) -> f64 {
        count(self.publishes) / self.seconds
    }
}

/// CPU time of this process so far, all threads.
pub(crate) fn cpu_seconds() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let spent = std::time::Duration::try_from(spent).unwrap_or_default();
    spent.as_secs_f64()
}

/// A count as a factor. Counts here are far below 2^32.
pub(crate) fn count(value: usize) -> f64 {
    u32::try_from(value).map_or(f64::INFINITY, f64::from)
}
