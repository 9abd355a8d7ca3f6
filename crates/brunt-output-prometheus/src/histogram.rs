//! The exponential histogram as a native histogram of Prometheus.
//!
//! The buckets are the same: `(base^i, base^(i+1)]` with `base = 2^(2^-scale)` is bucket `i + 1` in
//! Prometheus, which names a bucket by its upper bound (remote write protocol, native histograms;
//! OTLP to Prometheus conversion). Only the scale may have to come down to what both allow.

use brunt_metrics::histogram::{ExpHistogram, SERIES_BUCKETS, ZERO_THRESHOLD};

use crate::proto::{BucketSpan, Histogram, ResetHint};

const SCHEMAS: std::ops::RangeInclusive<i32> = -4..=8;

/// The histogram at a time in milliseconds; `None` if its values span more than the coarsest schema
/// holds in 160 buckets.
pub(crate) fn encode(histogram: &ExpHistogram, timestamp: i64) -> Option<Histogram> {
    let coarse;
    let buckets = histogram.positive().count() + histogram.negative().count();
    let histogram = if histogram.scale() > *SCHEMAS.end() || buckets > SERIES_BUCKETS {
        coarse = histogram.downscaled(*SCHEMAS.end(), SERIES_BUCKETS);
        &coarse
    } else {
        histogram
    };
    if !SCHEMAS.contains(&histogram.scale()) {
        return None;
    }
    let (positive_spans, positive_deltas) = spans(histogram.positive());
    let (negative_spans, negative_deltas) = spans(histogram.negative());
    Some(Histogram {
        count: Some(histogram.count()),
        sum: histogram.sum(),
        schema: histogram.scale(),
        zero_threshold: ZERO_THRESHOLD,
        zero_count: Some(histogram.zero_count()),
        negative_spans,
        negative_deltas,
        positive_spans,
        positive_deltas,
        reset_hint: ResetHint::Unknown as i32,
        timestamp,
        start_timestamp: 0,
    })
}

/// A histogram without values, or with another sum: the beginning or the end of a series.
pub(crate) fn empty(schema: i32, sum: f64, timestamp: i64) -> Histogram {
    Histogram {
        count: Some(0),
        sum,
        schema,
        zero_threshold: ZERO_THRESHOLD,
        zero_count: Some(0),
        timestamp,
        ..Histogram::default()
    }
}

fn spans(buckets: impl Iterator<Item = (i32, u64)>) -> (Vec<BucketSpan>, Vec<i64>) {
    let mut spans: Vec<BucketSpan> = Vec::new();
    let mut deltas = Vec::new();
    let mut next = 0;
    let mut before = 0_i64;
    for (index, count) in buckets {
        let index = index + 1;
        match spans.last_mut() {
            Some(span) if index == next => span.length += 1,
            _ => spans.push(BucketSpan {
                offset: index - next,
                length: 1,
            }),
        }
        next = index + 1;
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        deltas.push(count - before);
        before = count;
    }
    (spans, deltas)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Buckets by Prometheus' rules: index, count.
    fn read(spans: &[BucketSpan], deltas: &[i64]) -> Vec<(i32, u64)> {
        let (mut index, mut count, mut deltas) = (0, 0, deltas.iter());
        let mut buckets = Vec::new();
        for span in spans {
            index += span.offset;
            for _ in 0..span.length {
                count += deltas.next().unwrap();
                buckets.push((index, u64::try_from(count).unwrap()));
                index += 1;
            }
        }
        assert_eq!(deltas.next(), None);
        buckets
    }

    #[test]
    fn a_value_is_in_the_bucket_whose_upper_bound_holds_it() {
        let mut histogram = ExpHistogram::for_series();
        histogram.record_n(1.0, 3);
        histogram.record(0.0);
        histogram.record(-4.0);
        let encoded = encode(&histogram, 7).unwrap();
        assert_eq!(
            (encoded.schema, encoded.count, encoded.zero_count),
            (8, Some(5), Some(1))
        );
        // Bucket 0 is (base^-1, 1] in Prometheus; 4 is 2^(512/256).
        assert_eq!(
            read(&encoded.positive_spans, &encoded.positive_deltas),
            [(0, 3)]
        );
        assert_eq!(
            read(&encoded.negative_spans, &encoded.negative_deltas),
            [(512, 1)]
        );
        assert_eq!(encoded.timestamp, 7);
    }

    #[test]
    fn a_finer_or_larger_histogram_is_made_coarser() {
        let mut histogram = ExpHistogram::for_metric();
        for value in 1..=10_000 {
            histogram.record(f64::from(value) / 1_000.0);
        }
        let encoded = encode(&histogram, 0).unwrap();
        assert!(encoded.schema <= 8);
        assert!(encoded.positive_deltas.len() <= 160 && encoded.positive_deltas.len() > 40);
        let buckets = read(&encoded.positive_spans, &encoded.positive_deltas);
        assert_eq!(buckets.iter().map(|(_, count)| count).sum::<u64>(), 10_000);
    }

    proptest! {
        #[test]
        fn every_value_is_within_the_bounds_of_its_bucket(
            values in prop::collection::vec(prop_oneof![-1e6..1e6_f64, 1e-9..1e-3_f64, Just(0.0)], 1..300)
        ) {
            let mut histogram = ExpHistogram::for_series();
            for value in &values {
                histogram.record(*value);
            }
            let encoded = encode(&histogram, 0).unwrap();
            let base = 2_f64.powf(2_f64.powi(-encoded.schema));
            let positive = read(&encoded.positive_spans, &encoded.positive_deltas);
            let negative = read(&encoded.negative_spans, &encoded.negative_deltas);
            prop_assert!(positive.len() + negative.len() <= 160);
            let total: u64 = positive.iter().chain(&negative).map(|(_, count)| count).sum();
            prop_assert_eq!(total + encoded.zero_count.unwrap(), values.len() as u64);
            for (buckets, sign) in [(positive, 1.0), (negative, -1.0)] {
                for (index, count) in buckets {
                    let (low, high) = (base.powi(index - 1), base.powi(index));
                    let slack = 1e-9;
                    let inside = values.iter().map(|value| value * sign).filter(|value| {
                        *value > low * (1.0 - slack) && *value <= high * (1.0 + slack)
                    });
                    prop_assert!(inside.count() as u64 >= count);
                }
            }
        }
    }
}
