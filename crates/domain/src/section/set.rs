//! Sets of section kinds.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Class, SectionKind, UnknownKind};

/// A set of kinds, kept as bits: kind *n* is bit *n*; bit 0 is never set.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(into = "u32", try_from = "u32")]
pub struct KindSet(u32);

impl KindSet {
    /// No kind at all.
    pub const EMPTY: Self = Self(0);
    /// Every kind, reserved and derived ones too.
    pub const ALL: Self = Self::of(&SectionKind::ALL);

    /// The set of exactly these.
    pub const fn of(kinds: &[SectionKind]) -> Self {
        let mut set = Self::EMPTY;
        let mut at = 0;
        while at < kinds.len() {
            set.insert(kinds[at]);
            at += 1;
        }
        set
    }

    /// The bits, for a column or an entry.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether the kind is in the set.
    pub const fn contains(self, kind: SectionKind) -> bool {
        self.0 & (1 << kind.number()) != 0
    }

    /// Whether every kind of this set is in the other.
    pub const fn is_subset(self, of: Self) -> bool {
        self.0 & !of.0 == 0
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many kinds: 0 to 24.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Adds one kind.
    pub const fn insert(&mut self, kind: SectionKind) {
        self.0 |= 1 << kind.number();
    }

    /// Takes one kind out.
    pub const fn remove(&mut self, kind: SectionKind) {
        self.0 &= !(1 << kind.number());
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The kinds, in the order of the numbers.
    pub fn iter(self) -> impl Iterator<Item = SectionKind> {
        SectionKind::ALL
            .into_iter()
            .filter(move |kind| self.contains(*kind))
    }

    /// The most sensitive class in the set; `None` for the empty set.
    pub fn highest_class(self) -> Option<Class> {
        self.iter().map(SectionKind::class).max()
    }
}

impl FromIterator<SectionKind> for KindSet {
    fn from_iter<I: IntoIterator<Item = SectionKind>>(kinds: I) -> Self {
        let mut set = Self::EMPTY;
        for kind in kinds {
            set.insert(kind);
        }
        set
    }
}

impl From<KindSet> for u32 {
    fn from(set: KindSet) -> Self {
        set.bits()
    }
}

impl TryFrom<u32> for KindSet {
    type Error = UnknownKind;

    /// Refuses a bit that stands for no kind.
    fn try_from(bits: u32) -> Result<Self, UnknownKind> {
        let set = Self(bits);
        if set.is_subset(Self::ALL) {
            Ok(set)
        } else {
            Err(UnknownKind)
        }
    }
}

/// Names with commas, in the order of the numbers.
impl fmt::Display for KindSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, kind) in self.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            f.write_str(kind.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_with_an_unknown_bit_is_refused() {
        assert_eq!(KindSet::try_from(0x01ff_fffe), Ok(KindSet::ALL));
        assert_eq!(KindSet::try_from(1), Err(UnknownKind));
        assert_eq!(KindSet::try_from(1 << 25), Err(UnknownKind));
    }

    #[test]
    fn a_set_lists_its_kinds_in_order() {
        let set = KindSet::of(&[SectionKind::Health, SectionKind::Identity]);
        assert_eq!(set.to_string(), "identity,health");
        assert_eq!(set.highest_class(), Some(Class::H));
        assert_eq!(KindSet::EMPTY.to_string(), "");
    }
}
