//! Other children that a section names, as access decides about them: where the record of each lies
//! in the section's bytes, and which learner of the same sender it leads to. It is part of the row
//! that the entry commits to; the names lie sealed with the section.

use std::ops::Range;

use baton_domain::friends::PEERS_MAX;
use baton_domain::ids::LearnerId;

/// One other child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Where its record begins in the section.
    pub(crate) begins: i64,
    /// Bytes of the record.
    pub(crate) bytes: i64,
    /// Whom it leads to; nobody is shown one that leads nowhere but who wrote it.
    pub(crate) learner: Option<LearnerId>,
}

impl Peer {
    pub(crate) const fn ends(&self) -> i64 {
        self.begins.saturating_add(self.bytes)
    }

    /// Its place in the section; none for one that can be in none.
    pub(crate) fn record(&self) -> Option<Range<usize>> {
        Some(usize::try_from(self.begins).ok()?..usize::try_from(self.ends()).ok()?)
    }

    /// A word of the section's line; a dash stands for nobody.
    pub(crate) fn text(&self) -> String {
        let learner = self.learner.as_ref().map_or("-", LearnerId::as_str);
        format!("{}+{}:{learner}", self.begins, self.bytes)
    }

    /// None for what [`Self::text`] would not write.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (begins, rest) = text.split_once('+')?;
        let (bytes, learner) = rest.split_once(':')?;
        let learner = (learner != "-").then(|| LearnerId::parse(learner));
        Some(Self {
            begins: begins.parse().ok()?,
            bytes: bytes.parse().ok()?,
            learner: learner.transpose().ok()?,
        })
    }
}

/// Whether there may be so many, and their records lie one behind the other in a section of so many
/// bytes.
pub(crate) fn fit(peers: &[Peer], bytes: i64) -> bool {
    let records = peers.iter().map(|peer| (peer.begins, peer.bytes));
    peers.len() <= PEERS_MAX && lie_in(records, bytes)
}

/// Whether records, by begin and length, lie one behind the other in a section of so many bytes.
pub(crate) fn lie_in(records: impl IntoIterator<Item = (i64, i64)>, bytes: i64) -> bool {
    let mut free_from = 0_i64;
    records.into_iter().all(|(begins, length)| {
        let behind = begins >= free_from && length > 0;
        free_from = begins.saturating_add(length);
        behind && free_from <= bytes
    })
}

/// Some of the children a section names, by their places in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Places(u32);

impl Places {
    pub(crate) const NONE: Self = Self(0);

    /// Bits of a column. What is beyond is of a newer version and none.
    pub(crate) fn of_bits(bits: i64) -> Self {
        Self(u32::try_from(bits).unwrap_or_default())
    }

    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn contains(self, place: usize) -> bool {
        place < PEERS_MAX && self.0 & (1 << place) != 0
    }

    pub(crate) const fn is_subset(self, of: Self) -> bool {
        self.0 & !of.0 == 0
    }

    pub(crate) const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl FromIterator<usize> for Places {
    fn from_iter<I: IntoIterator<Item = usize>>(places: I) -> Self {
        let within = places.into_iter().filter(|place| *place < PEERS_MAX);
        Self(within.fold(0, |bits, place| bits | 1 << place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(begins: i64, bytes: i64) -> Peer {
        Peer {
            begins,
            bytes,
            learner: (begins > 0).then(|| LearnerId::from_bytes([9; 16])),
        }
    }

    #[test]
    fn one_is_read_back_as_it_was_written() {
        for one in [peer(0, 5), peer(70, 1)] {
            assert_eq!(Peer::parse(&one.text()), Some(one));
        }
        for bad in ["", "1", "1+2", "1+:-", "+2:-", "1+2:lrn", "a+2:-"] {
            assert_eq!(Peer::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn records_overlap_nowhere_and_end_with_the_section() {
        assert!(fit(&[], 0));
        assert!(fit(&[peer(0, 5), peer(5, 5), peer(20, 1)], 21));
        for bad in [
            vec![peer(0, 5), peer(4, 5)],
            vec![peer(5, 5), peer(0, 5)],
            vec![peer(20, 2)],
            vec![peer(0, 0)],
            vec![peer(-1, 5)],
            vec![peer(5, i64::MAX)],
        ] {
            assert!(!fit(&bad, 21), "{bad:?}");
        }
        let many: Vec<Peer> = (0..31).map(|at| peer(at, 1)).collect();
        assert!(fit(&many[..30], 31) && !fit(&many, 31));
    }

    #[test]
    fn places_are_a_set() {
        let some: Places = [0, 3, 29, 30, 64].into_iter().collect();
        assert_eq!(Places::of_bits(some.bits().into()), some);
        let held: Vec<usize> = (0..70).filter(|place| some.contains(*place)).collect();
        assert_eq!(held, [0, 3, 29]);
        let one: Places = [3].into_iter().collect();
        assert!(one.is_subset(some) && !some.is_subset(one));
        assert_eq!(some.intersection(one), one);
        assert!(Places::NONE.is_subset(one) && Places::NONE.is_empty());
        assert_eq!(Places::of_bits(-1), Places::NONE);
    }
}
