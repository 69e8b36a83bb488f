//! Entries whose bytes are gone, held against what the ledger says of them.
//!
//! Bytes are dropped at the end of their retention, the oldest first, and an entry says so before:
//! `bodies_dropped`, with the position below which none is kept. An entry at or above the highest
//! such position that has no bytes was emptied by somebody else. Its leaf hash stays proved; what it
//! said, and the access rows only it could account for, are lost.

use std::ops::Range;

/// Ranges kept apart. One emptied entry is as bad as many, so what comes after these is not told.
const RANGES_MAX: usize = 1_000;

/// What is gone, and what was said of it.
#[derive(Clone, Debug, Default)]
pub struct Dropped {
    gone: Vec<Range<u64>>,
    below: u64,
}

impl Dropped {
    /// The bytes of this entry are gone. Entries come in their order.
    pub fn gone(&mut self, position: u64) {
        let ranges = self.gone.len();
        match self.gone.last_mut() {
            Some(last) if last.end == position => last.end += 1,
            _ if ranges < RANGES_MAX => self.gone.push(position..position + 1),
            _ => {}
        }
    }

    /// An entry says that those below a position are dropped.
    pub fn said(&mut self, below: u64) {
        self.below = self.below.max(below);
    }

    /// The last that is gone.
    pub fn last(&self) -> Option<u64> {
        self.gone.last().map(|last| last.end - 1)
    }

    /// Those that are gone and of which no entry said so. To be asked behind the last entry.
    pub fn emptied(&self) -> impl Iterator<Item = Range<u64>> {
        let clipped = |range: &Range<u64>| range.start.max(self.below)..range.end;
        self.gone.iter().map(clipped).filter(|it| !it.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::Dropped;

    #[test]
    fn what_is_gone_and_was_not_said_to_be_is_emptied() {
        let mut dropped = Dropped::default();
        for position in [0, 1, 2, 5, 9] {
            dropped.gone(position);
        }
        let told = |it: &Dropped| it.emptied().collect::<Vec<_>>();
        assert_eq!(told(&dropped), [0..3, 5..6, 9..10]);
        dropped.said(2);
        assert_eq!(told(&dropped), [2..3, 5..6, 9..10]);
        dropped.said(9);
        dropped.said(4);
        assert_eq!(told(&dropped), vec![9..10; 1], "the highest counts");
        assert_eq!(dropped.last(), Some(9));
    }

    #[test]
    fn many_holes_take_no_more_room() {
        let mut dropped = Dropped::default();
        for position in 0..10_000 {
            dropped.gone(2 * position);
        }
        assert_eq!(dropped.emptied().count(), super::RANGES_MAX);
    }
}
