//! What came of the calls: how many of each were answered, how long they took, and every one that
//! failed, with its reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;
use tonic_types::StatusExt as _;

use crate::harness::*;

#[derive(Default)]
pub(super) struct Tally {
    took: Mutex<BTreeMap<&'static str, Vec<Duration>>>,
    /// By method and reason.
    failed: Mutex<BTreeMap<(&'static str, String), usize>>,
}

impl Tally {
    /// Makes a call and counts it. Nothing that is no answer is forgiven, and nothing is tried again.
    pub(super) async fn of<T>(
        &self,
        method: &'static str,
        call: impl Future<Output = Answer<T>>,
    ) -> Option<T> {
        let began = Instant::now();
        match call.await {
            Ok(answer) => {
                let mut took = self.took.lock().unwrap();
                took.entry(method).or_default().push(began.elapsed());
                Some(answer)
            }
            Err(status) => {
                let details = status.get_error_details();
                let reason = details
                    .error_info()
                    .map_or("no reason", |info| &info.reason);
                let after = began.elapsed().as_millis();
                let said = format!("{:?} {reason}: {}", status.code(), status.message());
                println!("failed after {after} ms: {method}: {said}");
                self.wrong(method, said);
                None
            }
        }
    }

    /// An answer that is not what it has to be.
    pub(super) fn wrong(&self, method: &'static str, what: impl Into<String>) {
        let mut failed = self.failed.lock().unwrap();
        *failed.entry((method, what.into())).or_default() += 1;
    }

    pub(super) fn failed(&self) -> usize {
        self.failed.lock().unwrap().values().sum()
    }

    pub(super) fn is_clean(&self, seed: u64) {
        let failed = self.failed.lock().unwrap();
        assert!(failed.is_empty(), "seed {seed}: {failed:#?}");
    }

    pub(super) fn calls(&self) -> usize {
        self.took.lock().unwrap().values().map(Vec::len).sum()
    }

    /// Calls of each method, and in milliseconds what half of them took at most, 99 of 100, all.
    pub(super) fn latencies(&self) -> String {
        let mut told = String::new();
        for (method, took) in &mut *self.took.lock().unwrap() {
            took.sort_unstable();
            let part = |hundredths: usize| took[(took.len() - 1) * hundredths / 100].as_millis();
            let (half, most, all) = (part(50), part(99), part(100));
            let _ = write!(told, " {method}={}@{half}/{most}/{all}ms", took.len());
        }
        told
    }
}
