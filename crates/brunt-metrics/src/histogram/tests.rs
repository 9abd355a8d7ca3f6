//! What a histogram promises, over arbitrary values.

use proptest::prelude::*;

use super::*;

/// Finite numbers of every size, with the awkward ones well represented.
fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 1e-6..1e4f64,
        2 => -1e4..1e4f64,
        1 => Just(0.0),
        1 => (-40i32..40).prop_map(|e| f64::from(e).exp2()),
        1 => any::<f64>().prop_filter("finite", |v| v.is_finite()),
    ]
}

fn filled(values: &[f64], mut histogram: ExpHistogram) -> ExpHistogram {
    for &value in values {
        histogram.record(value);
    }
    histogram
}

type Side = Vec<(i32, u64)>;

/// Scale, positive and negative buckets, zeros.
fn buckets(histogram: &ExpHistogram) -> (i32, Side, Side, u64) {
    let (positive, negative) = (
        histogram.positive().collect(),
        histogram.negative().collect(),
    );
    (
        histogram.scale(),
        positive,
        negative,
        histogram.zero_count(),
    )
}

/// Linear interpolation at `q * (n - 1)`, the definition.
fn exact_quantile(sorted: &[f64], q: f64) -> f64 {
    let rank = q * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
    low * (1.0 - (rank - rank.floor())) + high * (rank - rank.floor())
}

proptest! {
    #[test]
    fn quantiles_keep_the_error_bound(
        mut values in prop::collection::vec(1e-7..1e5f64, 1..400),
        q in 0.0..=1.0f64,
        coarse in any::<bool>(),
    ) {
        let histogram = filled(&values, if coarse { ExpHistogram::for_series() } else { ExpHistogram::default() });
        values.sort_by(f64::total_cmp);
        let bound = f64::from(-(histogram.scale() + 1)).exp2().exp2() - 1.0;
        let (truth, got) = (exact_quantile(&values, q), histogram.quantile(q));
        prop_assert!((got - truth).abs() <= truth * (bound + 1e-12), "{got} for {truth}, bound {bound}");
        prop_assert_eq!(histogram.quantile(0.0), values[0]);
        prop_assert_eq!(histogram.quantile(1.0), values[values.len() - 1]);
    }

    #[test]
    fn quantiles_rise_and_stay_between_the_ends(values in prop::collection::vec(any_value(), 1..100)) {
        let histogram = filled(&values, ExpHistogram::for_series());
        let mut last = f64::NEG_INFINITY;
        for step in 0..=50 {
            let value = histogram.quantile(f64::from(step) / 50.0);
            // Interpolating between equal neighbours may round the last bit down.
            prop_assert!(value >= last - last.abs() * 1e-15);
            prop_assert!(value >= histogram.min.next_down() && value <= histogram.max.next_up());
            last = value;
        }
    }

    #[test]
    fn nothing_is_lost_and_the_bound_on_buckets_holds(
        values in prop::collection::vec(any_value(), 0..300),
        max in 2usize..200,
    ) {
        let histogram = filled(&values, ExpHistogram::new(9, max));
        let (_, positive, negative, zero) = buckets(&histogram);
        let total = |side: &[(i32, u64)]| side.iter().map(|(_, n)| n).sum::<u64>();
        prop_assert_eq!(total(&positive) + total(&negative) + zero, values.len() as u64);
        prop_assert_eq!(histogram.count(), values.len() as u64);
        prop_assert!(histogram.sum().is_finite());
        for side in [&positive, &negative] {
            prop_assert!(side.is_sorted_by(|a, b| a.0 < b.0));
            if let (Some(first), Some(last)) = (side.first(), side.last()) {
                prop_assert!((last.0 - first.0) < max as i32);
            }
        }
    }

    #[test]
    fn merging_parts_in_any_order_is_recording_everything(
        a in prop::collection::vec(any_value(), 0..100),
        b in prop::collection::vec(any_value(), 0..100),
        limits in prop::sample::select(vec![(9, METRIC_BUCKETS), (8, 160), (3, 20)]),
    ) {
        let new = || ExpHistogram::new(limits.0, limits.1);
        let all: Vec<f64> = a.iter().chain(&b).copied().collect();
        let whole = filled(&all, new());
        let mut ab = filled(&a, new());
        ab.merge(&filled(&b, new()));
        let mut ba = filled(&b, new());
        let other = filled(&a, new());
        let (positive, negative): (Vec<_>, Vec<_>) = (other.positive().collect(), other.negative().collect());
        ba.merge_parts(&other.parts(&positive, &negative));
        for merged in [&ab, &ba] {
            prop_assert_eq!(buckets(merged), buckets(&whole));
            prop_assert_eq!((merged.count(), merged.min(), merged.max()), (whole.count(), whole.min(), whole.max()));
        }
    }

    #[test]
    fn a_coarser_copy_is_what_the_coarser_histogram_counts(
        values in prop::collection::vec(any_value(), 0..200),
        scale in -4..9i32,
        max in 10usize..160,
    ) {
        let copy = filled(&values, ExpHistogram::for_metric()).downscaled(scale, max);
        prop_assert_eq!(buckets(&copy), buckets(&filled(&values, ExpHistogram::new(scale, max))));
    }

    #[test]
    fn a_reset_histogram_is_like_new(
        before in prop::collection::vec(any_value(), 0..100),
        after in prop::collection::vec(any_value(), 0..100),
    ) {
        let mut reused = filled(&before, ExpHistogram::for_series());
        reused.reset();
        prop_assert_eq!((reused.count(), reused.min(), reused.sum()), (0, None, 0.0));
        let (reused, new) = (filled(&after, reused), filled(&after, ExpHistogram::for_series()));
        prop_assert_eq!(buckets(&reused), buckets(&new));
        prop_assert_eq!(reused.sum(), new.sum());
    }

    #[test]
    fn a_value_lies_in_its_bucket(value in 1e-30..1e30f64, scale in -5..=9i32) {
        let histogram = filled(&[value], ExpHistogram::new(scale, 160));
        let (index, n) = histogram.positive().next().unwrap();
        let bound = |i: i32| (f64::from(i) * f64::from(-scale).exp2()).exp2();
        prop_assert_eq!(n, 1);
        prop_assert!(bound(index) * (1.0 - 1e-12) <= value && value <= bound(index + 1) * (1.0 + 1e-12));
    }
}

#[test]
fn what_is_no_number_is_counted_apart_and_poisons_nothing() {
    let histogram = filled(
        &[1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 3.0],
        ExpHistogram::default(),
    );
    assert_eq!((histogram.count(), histogram.rejected()), (2, 3));
    assert_eq!(
        (histogram.sum(), histogram.min(), histogram.max()),
        (4.0, Some(1.0), Some(3.0))
    );
    assert!((histogram.quantile(0.5) - 2.0).abs() < 1e-12);
    assert_eq!(histogram.quantile(f64::NAN), 1.0);
}

#[test]
fn the_largest_numbers_do_not_overflow_the_sum() {
    let histogram = filled(&[f64::MAX, f64::MAX, f64::MIN], ExpHistogram::for_series());
    assert!(histogram.sum().is_finite());
    assert_eq!(histogram.quantile(1.0), f64::MAX);
    assert!(histogram.quantile(0.5).is_finite());
}

#[test]
fn tiny_numbers_count_as_zero_but_keep_their_sum() {
    let histogram = filled(
        &[0.0, -0.0, f64::MIN_POSITIVE, 5e-324, ZERO_THRESHOLD],
        ExpHistogram::default(),
    );
    assert_eq!((histogram.zero_count(), histogram.count()), (5, 5));
    assert_eq!(histogram.max(), Some(ZERO_THRESHOLD));
    let above = filled(&[ZERO_THRESHOLD.next_up()], ExpHistogram::default());
    assert_eq!(above.positive().collect::<Vec<_>>(), [(-128 * 512, 1)]);
}

#[test]
fn an_empty_histogram_has_no_ends_and_quantile_zero() {
    let histogram = ExpHistogram::default();
    assert_eq!(
        (histogram.min(), histogram.max(), histogram.quantile(0.95)),
        (None, None, 0.0)
    );
}

#[test]
fn negative_zero_and_positive_values_are_ranked_in_order() {
    let histogram = filled(&[-4.0, -1.0, 0.0, 1.0, 4.0], ExpHistogram::default());
    let quartiles: Vec<f64> = (0..5)
        .map(|i| histogram.quantile(f64::from(i) / 4.0))
        .collect();
    for (got, truth) in quartiles.iter().zip([-4.0, -1.0, 0.0, 1.0, 4.0]) {
        assert!((got - truth).abs() < 0.001, "{got} for {truth}");
    }
}

#[test]
fn the_scale_falls_only_as_far_as_the_bound_needs() {
    // Three values over 10 doublings: 160 buckets fit at 2^4 per doubling, plus the end.
    let histogram = filled(&[1.5, 40.0, 1500.0], ExpHistogram::for_series());
    assert_eq!(histogram.scale(), 4);
    // 64 doublings at scale 9 are what a metric's bound allows.
    let histogram = filled(&[1e-9, 1e9], ExpHistogram::for_metric());
    assert_eq!(histogram.scale(), 9);
}
