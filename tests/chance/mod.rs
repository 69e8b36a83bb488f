//! Search by chance: sound inputs damaged in many ways and held against a law. Every crate that
//! reads bytes from outside takes this file into its tests (`#[path]`), so that one way of damaging
//! serves all and each law stands beside the reader it is of.
//!
//! The short form is a fixed number of inputs from a fixed seed. `docs/campaigns.md` says how
//! `BATON_CAMPAIGN`, `BATON_SEED` and `BATON_MINUTES` make the long one.

use std::time::Duration;

#[allow(dead_code, reason = "the front door has a law of its own")]
pub(crate) mod law;
#[allow(dead_code, reason = "not every crate reads protobuf messages")]
pub(crate) mod message;

/// Where the short form begins.
const SEED: u64 = 20_261_122;
/// Longest input; what is damaged may grow, but not for ever.
const BYTES_MAX: usize = 6 << 20;

/// Chance that can be repeated (`SplitMix64`).
pub(crate) struct Dice(u64);

impl Dice {
    /// The chance of one input of a search.
    pub(crate) const fn of(seed: u64, round: u64) -> Self {
        Self(seed ^ round.wrapping_mul(0xd134_2543_de82_ef95))
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 when there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or(0)
    }

    pub(crate) fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Where this search begins: the seed of the campaign, or the short form's own.
pub(crate) fn seed() -> u64 {
    let seed = std::env::var("BATON_SEED");
    seed.ok().and_then(|text| text.parse().ok()).unwrap_or(SEED)
}

/// How long a campaign may search; none for the short form.
pub(crate) fn time() -> Option<Duration> {
    if std::env::var("BATON_CAMPAIGN").as_deref() != Ok("1") {
        return None;
    }
    let minutes = std::env::var("BATON_MINUTES");
    let minutes = minutes.ok().and_then(|text| text.parse().ok());
    Some(Duration::from_secs(60 * minutes.unwrap_or(5)))
}

// === damage ===

/// What no reader expects anywhere.
const ODD: [&[u8]; 12] = [
    b"\0",
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
    "\u{2028}".as_bytes(),
    "\u{202e}".as_bytes(),
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"18446744073709551616",
    b"-1",
];

/// One of the sound inputs, damaged in one to six ways. `words` are what the format itself is made
/// of: in a wrong place they go further than random bytes.
pub(crate) fn damaged(dice: &mut Dice, sound: &[Vec<u8>], words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = dice.pick(sound).clone();
    for _ in 0..=dice.below(6) {
        damage(dice, &mut bytes, sound, words);
        bytes.truncate(BYTES_MAX);
    }
    bytes
}

/// One way of damaging.
pub(crate) fn damage(dice: &mut Dice, bytes: &mut Vec<u8>, sound: &[Vec<u8>], words: &[&[u8]]) {
    let at = dice.below(bytes.len() + 1);
    let rest = bytes.len() - at;
    match dice.below(10) {
        0 if rest > 0 => bytes[at] ^= 1 << dice.below(8),
        1 if rest > 0 => bytes[at] = dice.next().to_be_bytes()[0],
        2 => {
            let few: Vec<u8> = (0..=dice.below(8))
                .map(|_| dice.next().to_be_bytes()[0])
                .collect();
            bytes.splice(at..at, few);
        }
        3 => drop(bytes.drain(at..at + short(dice, rest))),
        4 if dice.one_in(4) => bytes.truncate(at),
        5 => {
            let piece = bytes[at..at + short(dice, rest)].to_vec();
            bytes.splice(at..at, piece);
        }
        6 => {
            let other = dice.pick(sound);
            let from = dice.below(other.len() + 1);
            let piece = &other[from..from + short(dice, other.len() - from)];
            bytes.splice(at..at, piece.iter().copied());
        }
        7 if !words.is_empty() => {
            let word = *dice.pick(words);
            let over = if dice.one_in(2) {
                word.len().min(rest)
            } else {
                0
            };
            bytes.splice(at..at + over, word.iter().copied());
        }
        8 if dice.one_in(4) => {
            // The same again and again: what opens opens deeply, what is long gets longer.
            let piece = bytes[at..at + dice.below(rest.min(12) + 1)].to_vec();
            bytes.splice(at..at, piece.repeat(1 << dice.below(12)));
        }
        _ => {
            let odd = *dice.pick(&ODD);
            bytes.splice(at..at, odd.iter().copied());
        }
    }
}

/// A length up to `most`, mostly a short one.
fn short(dice: &mut Dice, most: usize) -> usize {
    let reach = if dice.one_in(8) { most } else { most.min(24) };
    dice.below(reach + 1)
}
