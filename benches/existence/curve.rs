//! The area under the curve of the best single threshold: 0.5 is guessing, 1 is knowing.

use baton_benches::job::count;

/// How often a time of one is longer than a time of the other, taken over all pairs, ties as halves
/// (Mann and Whitney's U over its greatest value); or the other way about, whichever tells more.
pub(crate) fn area(ones: &[f64], others: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = ones.iter().map(|time| (*time, true)).collect();
    all.extend(others.iter().map(|time| (*time, false)));
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    // Equal times share the mean of their ranks.
    let mut ranks = 0.0;
    let mut from = 0;
    while from < all.len() {
        let same = all[from..]
            .iter()
            .take_while(|it| it.0.total_cmp(&all[from].0).is_eq())
            .count();
        let rank = count(from) + f64::midpoint(count(same), 1.0);
        ranks += rank * count(all[from..from + same].iter().filter(|it| it.1).count());
        from += same;
    }
    let (n, m) = (count(ones.len()), count(others.len()));
    let area = (ranks - n * (n + 1.0) / 2.0) / (n * m);
    area.max(1.0 - area)
}
