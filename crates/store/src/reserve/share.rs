//! What one caller may use of the reserve.
//!
//! What takes rights away passes when the disk runs low, and every such act leaves an entry:
//! refused, without effect, or there and back again. Without a bound one caller could fill the
//! room that is kept for all. The bound is each credential's own, so that nobody uses up another
//! one's (ADR 0012).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use baton_domain::ids::CredentialId;

/// Acts that take rights away one credential may ask for at once when the reserve is reached.
pub const TAKING_BURST: u32 = 60;
/// How long after that one more is let in.
const TAKING_REFILL: Duration = Duration::from_mins(1);
/// Credentials whose use is remembered. One more is refused until one of them is as new.
const CALLERS_MAX: usize = 4_096;

/// Who used how much of the reserve. It is not forgotten when there is room again: a disk that is
/// full on and off gives nobody more.
#[derive(Debug, Default)]
pub(super) struct Shares {
    /// When the last act of a credential is forgotten.
    clean_at: HashMap<CredentialId, Instant>,
}

impl Shares {
    /// Whether the credential has something left of its share; if so it has used one act of it.
    pub(super) fn take(&mut self, by: &CredentialId, now: Instant) -> bool {
        if self.clean_at.len() >= CALLERS_MAX && !self.clean_at.contains_key(by) {
            self.clean_at.retain(|_, clean_at| *clean_at > now);
            if self.clean_at.len() >= CALLERS_MAX {
                return false;
            }
        }
        let used_until = self.clean_at.get(by).map_or(now, |known| now.max(*known));
        let clean_at = used_until + TAKING_REFILL;
        let fits = clean_at <= now + TAKING_REFILL * TAKING_BURST;
        if fits {
            self.clean_at.insert(by.clone(), clean_at);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(number: usize) -> CredentialId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        CredentialId::from_bytes(bytes)
    }

    #[test]
    fn each_credential_has_its_own_burst_and_one_more_a_minute() {
        let (mut shares, start) = (Shares::default(), Instant::now());
        let (hostile, rightful) = (credential(1), credential(2));
        for _ in 0..TAKING_BURST {
            assert!(shares.take(&hostile, start));
        }
        assert!(!shares.take(&hostile, start));
        assert!(!shares.take(&hostile, start + TAKING_REFILL * 9 / 10));
        assert!(shares.take(&rightful, start), "its own share");
        let later = start + TAKING_REFILL;
        assert!(shares.take(&hostile, later) && !shares.take(&hostile, later));
    }

    #[test]
    fn who_is_remembered_is_bounded_and_forgotten_when_as_new() {
        let (mut shares, start) = (Shares::default(), Instant::now());
        for number in 0..CALLERS_MAX {
            assert!(shares.take(&credential(number), start));
        }
        assert!(
            !shares.take(&credential(CALLERS_MAX), start),
            "full is an answer"
        );
        assert!(shares.take(&credential(0), start), "who is known goes on");
        assert!(shares.take(&credential(CALLERS_MAX), start + TAKING_REFILL));
    }
}
