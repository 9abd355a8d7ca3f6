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
    use super::*;

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
