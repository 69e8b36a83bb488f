//! Chance that can be repeated.

/// A generator of numbers that depend on nothing but the seed (`SplitMix64`, Steele et al. 2014).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` to `greatest`, both included.
    pub(super) const fn between(&mut self, least: u64, greatest: u64) -> u64 {
        match greatest.saturating_sub(least).checked_add(1) {
            Some(width) => least + self.next() % width,
            None => self.next(),
        }
    }

    /// One of the choices; the empty text of none.
    pub(super) fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let last = u64::try_from(choices.len()).unwrap_or(1).saturating_sub(1);
        let place = usize::try_from(self.between(0, last)).unwrap_or(0);
        choices.get(place).copied().unwrap_or_default()
    }

    /// That many digits.
    pub(super) fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + u8::try_from(self.between(0, 9)).unwrap_or(0)))
            .collect()
    }
}
