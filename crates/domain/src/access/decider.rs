//! Policies with a memory. The policy set and what it answered are one value, so
//! that a new set never meets an old answer: the store swaps the whole value.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use super::policy_set::PolicySet;
use super::tuple::Tuple;
use super::verdict::Verdict;

/// Enough that readers on every core rarely meet in one lock.
const SHARDS: usize = 16;

/// Answers tuples by one policy set and remembers what it answered. Facts are never
/// remembered: whoever asks brings the facts of this moment.
#[derive(Debug)]
pub struct Decider {
    policies: Arc<PolicySet>,
    shards: [RwLock<HashMap<u64, Verdict>>; SHARDS],
    /// The same few lists of policies decide nearly everything: kept once each.
    reasons: RwLock<HashSet<Arc<[String]>>>,
}

impl Decider {
    /// How many answers are kept at most: tens of megabytes. A council's year uses a
    /// few thousand; beyond the limit answers are worked out anew each time.
    pub const MAX_REMEMBERED: usize = 262_144;

    /// A decider that remembers nothing yet.
    pub fn new(policies: Arc<PolicySet>) -> Self {
        Self {
            policies,
            shards: std::array::from_fn(|_| RwLock::default()),
            reasons: RwLock::default(),
        }
    }

    /// The policy set that answers.
    pub const fn policies(&self) -> &Arc<PolicySet> {
        &self.policies
    }

    /// The answer: the one [`PolicySet::decide`] gives.
    pub fn decide(&self, tuple: &Tuple) -> Verdict {
        let key = tuple.key();
        let shard = &self.shards[shard_of(key)];
        if let Some(known) = shard
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return known.clone();
        }
        let mut verdict = self.policies.decide(tuple);
        let mut answers = shard.write().unwrap_or_else(PoisonError::into_inner);
        if answers.len() < Self::MAX_REMEMBERED / SHARDS {
            verdict.policies = self.shared(verdict.policies);
            answers.insert(key, verdict.clone());
        }
        verdict
    }

    /// How many answers it remembers.
    pub fn remembered(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.read().unwrap_or_else(PoisonError::into_inner).len())
            .sum()
    }

    fn shared(&self, reasons: Arc<[String]>) -> Arc<[String]> {
        let mut known = self.reasons.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = known.get(&reasons) {
            return Arc::clone(same);
        }
        known.insert(Arc::clone(&reasons));
        reasons
    }
}

/// Spreads keys that differ in a few low bits over the shards (Fibonacci hashing).
const fn shard_of(key: u64) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60) as usize
}
