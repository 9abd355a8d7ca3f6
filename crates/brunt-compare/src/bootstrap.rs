//! Drawing blocks: how much a statistic would differ had the run gone otherwise.
//!
//! The block bootstrap of H. R. Künsch, "The Jackknife and the Bootstrap for General Stationary Observations", Annals
//! of Statistics 17 (1989), with blocks that do not overlap: what follows upon each other within a block stays
//! together. The interval is the percentile interval.

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

/// How often blocks are drawn. The ends of a 95 % interval are then the 25th of either side.
const DRAWS: usize = 1000;

/// With fewer blocks an interval says little, and mostly too much.
pub(crate) const FEWEST: usize = 10;

/// The values of every draw, statistic by statistic: `of` is given how often each block was drawn, and says what the
/// statistics are then. The same seed draws the same blocks.
pub(crate) fn draws(
    blocks: usize,
    seed: u64,
    mut of: impl FnMut(&[f64]) -> Vec<f64>,
) -> Vec<Vec<f64>> {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut weights = vec![0.0; blocks];
    let mut all: Vec<Vec<f64>> = Vec::new();
    for _ in 0..DRAWS {
        weights.fill(0.0);
        for _ in 0..blocks {
            weights[random.random_range(0..blocks)] += 1.0;
        }
        let values = of(&weights);
        all.resize_with(values.len(), Vec::new);
        for (all, value) in all.iter_mut().zip(values) {
            all.push(value);
        }
    }
    all
}

/// The ends of the interval that holds this share of the values, as much missing on either side; `None` if there is
/// none that is a number.
pub(crate) fn interval(mut values: Vec<f64>, confidence: f64) -> Option<(f64, f64)> {
    values.retain(|value| value.is_finite());
    // Draws without a value, as of a metric that has few, say nothing: half of them have to.
    if values.len() * 2 < DRAWS {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len() - 1;
    let outside = (1.0 - confidence) / 2.0;
    let low = (outside * last as f64).floor() as usize;
    Some((values[low], values[last - low]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of blocks that hold one value each.
    fn mean(values: &[f64], seed: u64) -> Vec<f64> {
        let mut all = draws(values.len(), seed, |weights| {
            let sum: f64 = weights.iter().zip(values).map(|(w, v)| w * v).sum();
            vec![sum / values.len() as f64]
        });
        all.remove(0)
    }

    #[test]
    fn the_interval_of_a_mean_has_the_width_that_theory_gives() {
        // Uniform in 0..1: the mean of n has the standard deviation sqrt(1/12/n).
        let mut random = SmallRng::seed_from_u64(7);
        let values: Vec<f64> = (0..400).map(|_| random.random()).collect();
        let (low, high) = interval(mean(&values, 1), 0.95).unwrap();
        let expected = 2.0 * 1.96 * (1.0_f64 / 12.0 / 400.0).sqrt();
        assert!(((high - low) / expected - 1.0).abs() < 0.15, "{low} {high}");
        assert!(low < 0.5 && 0.5 < high, "{low} {high}");
    }

    #[test]
    fn nineteen_of_twenty_intervals_hold_the_truth() {
        let mut random = SmallRng::seed_from_u64(3);
        let held = (0..300)
            .filter(|seed| {
                let values: Vec<f64> = (0..60).map(|_| random.random()).collect();
                let (low, high) = interval(mean(&values, *seed), 0.95).unwrap();
                low < 0.5 && 0.5 < high
            })
            .count();
        assert!((270..=295).contains(&held), "{held} of 300");
    }

    #[test]
    fn values_that_are_no_numbers_give_no_interval() {
        assert_eq!(interval(vec![f64::NAN; 1000], 0.95), None);
        let constant = interval(vec![2.0; 1000], 0.95);
        assert_eq!(constant, Some((2.0, 2.0)));
    }
}
