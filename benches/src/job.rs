//! What the two processes tell each other.

use serde::{Deserialize, Serialize};

/// What the client is to publish, and how.
#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    /// Where the service is.
    pub url: String,
    /// Certificate the server is known by.
    pub authority: String,
    /// A connection each, and what proves who it is.
    pub senders: Vec<Sender>,
    /// What is published, in this order.
    pub moves: Vec<Move>,
    /// How many of the moves come first, unmeasured.
    pub warm: usize,
    /// Calls under way at once.
    pub in_flight: usize,
}

/// A sending school.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sender {
    /// `settings/{setting}`.
    pub setting: String,
    /// PEM.
    pub certificate: String,
    /// PEM.
    pub key: String,
}

/// A planned move.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Move {
    /// Which of the senders.
    pub sender: usize,
    /// `settings/{setting}/transitions/{transition}`, as the sender names it.
    pub transition: String,
    /// Makes the content.
    pub seed: u64,
}

/// How it went.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Told {
    /// Publishes measured.
    pub publishes: usize,
    /// From the first call to the last answer.
    pub seconds: f64,
    /// Median of the times of calls, microseconds.
    pub p50_us: u64,
    /// Of 100 calls 99 took no longer, microseconds.
    pub p99_us: u64,
    /// CPU seconds of the client.
    pub cpu_seconds: f64,
}

impl Told {
    /// Publishes in a second.
    pub fn per_second(&self) -> f64 {
        count(self.publishes) / self.seconds
    }
}

/// CPU time of this process so far, all threads.
pub fn cpu_seconds() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let spent = std::time::Duration::try_from(spent).unwrap_or_default();
    spent.as_secs_f64()
}

/// A count as a factor. Counts here are far below 2^32.
pub fn count(value: usize) -> f64 {
    u32::try_from(value).map_or(f64::INFINITY, f64::from)
}
