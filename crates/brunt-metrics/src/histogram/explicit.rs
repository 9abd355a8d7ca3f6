//! k6's explicit buckets, counted beside the exponential ones where an output asks for them.
//!
//! They cannot be made of the exponential ones: a bucket that holds a bound would have to be divided.

/// The bounds of OpenTelemetry's default histogram, which k6 uses, in the metric's own unit
/// (milliseconds for time). Bucket `i` holds the values up to bound `i`, the last one all others.
pub const EXPLICIT_BOUNDS: [f64; 15] = [
    0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0,
    10000.0,
];

/// How many buckets there are.
pub const EXPLICIT_BUCKETS: usize = EXPLICIT_BOUNDS.len() + 1;

/// The bucket of a value.
#[inline]
pub(super) fn bucket(value: f64) -> usize {
    EXPLICIT_BOUNDS.partition_point(|bound| *bound < value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::histogram::ExpHistogram;

    fn counted(values: &[f64]) -> ExpHistogram {
        let mut histogram = ExpHistogram::for_series();
        for value in values {
            histogram.record_explicit(*value);
        }
        histogram
    }

    proptest! {
        #[test]
        fn merged_buckets_count_what_lies_between_their_bounds(
            values in prop::collection::vec(
                prop_oneof![
                    -10.0..20_000.0_f64,
                    prop::sample::select(EXPLICIT_BOUNDS.to_vec()),
                    Just(f64::NAN),
                ],
                0..200,
            ),
            cut in 0.0..=1.0_f64,
        ) {
            let (one, other) = values.split_at((values.len() as f64 * cut) as usize);
            let mut both = counted(one);
            both.merge(&counted(other));
            let below = |bound: f64| values.iter().filter(|value| **value <= bound).count() as u64;
            let numbers = values.iter().filter(|value| !value.is_nan()).count() as u64;
            for (at, bound) in EXPLICIT_BOUNDS.iter().enumerate().take(both.explicit().len()) {
                prop_assert_eq!(both.explicit()[..=at].iter().sum::<u64>(), below(*bound));
            }
            prop_assert_eq!(both.explicit().iter().sum::<u64>(), numbers);
        }
    }

    #[test]
    fn a_bound_belongs_to_the_bucket_below_it() {
        let table = [
            (-1.0, 0),
            (0.0, 0),
            (f64::MIN_POSITIVE, 1),
            (5.0, 1),
            (5.000_000_000_000_001, 2),
            (10_000.0, 14),
            (10_000.1, 15),
        ];
        for (value, expected) in table {
            assert_eq!(bucket(value), expected, "{value}");
        }
    }
}
