//! What is left of a section that goes on in part where it is refused: which records of it are left out,
//! and by what it is known whether the rest is another than before. It is part of the row that the entry
//! commits to. Which fields go on is the law's to say, not the store's: see [`beyond`].

use std::ops::Range;

use baton_domain::section::SectionKind;
use baton_domain::sharing::{beyond, goes_on_in_part};

use crate::learner::hex;
use crate::peers::lie_in;
use crate::standing::{DIGEST, digest};

/// Most ranges that are left out: one more than `Identity` has fields that go on.
const RANGES_MAX: usize = 8;

/// What is left of one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remainder {
    /// Keyed digest of it, and who signed the section off.
    pub(crate) digest: [u8; DIGEST],
    /// Records that are left out, as begin and length in bytes, one range behind the other.
    ranges: Vec<(i64, i64)>,
}

impl Remainder {
    /// That of a section, where its kind has one: `keyed` makes the digest of the bytes that are left.
    pub(crate) fn of(
        kind: SectionKind,
        section: &[u8],
        keyed: impl FnOnce(&[u8]) -> [u8; DIGEST],
    ) -> Option<Self> {
        let out = beyond(goes_on_in_part(kind)?, section);
        let (mut left, mut from) = (Vec::with_capacity(section.len()), 0);
        for range in &out {
            left.extend_from_slice(section.get(from..range.start)?);
            from = range.end;
        }
        left.extend_from_slice(section.get(from..)?);
        let number = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
        let ranges = out.iter();
        let ranges = ranges.map(|range| (number(range.start), number(range.len())));
        Some(Self {
            digest: keyed(&left),
            ranges: ranges.collect(),
        })
    }

    /// Length of what is left out.
    pub(crate) fn bytes_left_out(&self) -> i64 {
        self.ranges.iter().map(|(_, bytes)| bytes).sum()
    }

    /// What is left out; none for a range that can be in no section.
    pub(crate) fn left_out(&self) -> impl Iterator<Item = Option<Range<usize>>> {
        self.ranges.iter().map(|(begins, bytes)| {
            let ends = begins.checked_add(*bytes)?;
            Some(usize::try_from(*begins).ok()?..usize::try_from(ends).ok()?)
        })
    }

    /// Whether the ranges lie one behind the other in a section of so many bytes.
    pub(crate) fn lies_in(&self, bytes: i64) -> bool {
        self.ranges.len() <= RANGES_MAX && lie_in(self.ranges.iter().copied(), bytes)
    }

    /// A word of the section's line.
    pub(crate) fn text(&self) -> String {
        let ranges = self.ranges.iter();
        let ranges: Vec<_> = ranges
            .map(|(begins, bytes)| format!("{begins}+{bytes}"))
            .collect();
        format!("{}={}", hex(&self.digest), ranges.join(","))
    }

    /// None for what [`Self::text`] would not write.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (read, ranges) = text.split_once('=')?;
        let range = |range: &str| {
            let (begins, bytes) = range.split_once('+')?;
            Some((begins.parse().ok()?, bytes.parse().ok()?))
        };
        let ranges = ranges.split(',').filter(|range| !range.is_empty());
        Some(Self {
            digest: digest(read)?,
            ranges: ranges.map(range).collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use baton_domain::sharing::goes_on_in_part;

    use super::*;

    #[test]
    fn it_holds_every_way_a_section_can_be_cut_and_is_read_back() {
        let most = SectionKind::ALL
            .into_iter()
            .filter_map(goes_on_in_part)
            .map(|fields| fields.len() + 1)
            .max();
        assert_eq!(most, Some(RANGES_MAX));
        // Each name with something behind it: a record of eight bytes, then one of two.
        let record = |number: u8| [&[number << 3 | 2, 6][..], b"Okafor", &[0x40, 1]].concat();
        let section: Vec<u8> = (1..=7).flat_map(record).collect();
        let whole = [&[0x40, 1][..], &section].concat();
        let found = Remainder::of(SectionKind::Identity, &whole, |left| {
            assert_eq!(left.len(), 7 * 8);
            [0xa5; DIGEST]
        });
        let found = found.unwrap();
        assert_eq!(found.bytes_left_out(), 16);
        let bytes = i64::try_from(whole.len()).unwrap();
        assert!(found.lies_in(bytes) && !found.lies_in(bytes - 1));
        assert_eq!(found.left_out().last(), Some(Some(70..72)));
        assert_eq!(Remainder::parse(&found.text()), Some(found));
        let none = Remainder::of(SectionKind::Send, &whole, |_| [0; DIGEST]);
        assert_eq!(none, None);
    }
}
