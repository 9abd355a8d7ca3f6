//! Native histograms as numbers: checked, absolute counts, with merging and quantiles.
//!
//! The rules are those of Prometheus' native histogram specification ("Native Histograms", sections
//! Schema, Buckets, Zero bucket, and the validation that its write path does).

use std::collections::BTreeMap;

use super::message;

/// How many buckets a histogram may have: beyond, Prometheus and Mimir refuse or scale down.
pub const MAX_BUCKETS: usize = 160;

/// A checked native histogram at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct NativeHistogram {
    schema: i32,
    zero_threshold: f64,
    zero_count: f64,
    count: f64,
    sum: f64,
    positive: BTreeMap<i32, f64>,
    negative: BTreeMap<i32, f64>,
}

impl NativeHistogram {
    /// Checks a histogram as sent; the error says what is inconsistent in it.
    pub fn from_wire(wire: &message::Histogram) -> Result<Self, String> {
        if !(-4..=8).contains(&wire.schema) {
            return Err(format!("schema {} is not in -4..=8", wire.schema));
        }
        if !wire.custom_values.is_empty() {
            return Err("custom bucket bounds are not part of remote write 1.0".to_owned());
        }
        if !(wire.zero_threshold >= 0.0 && wire.zero_threshold.is_finite()) {
            return Err(format!("zero threshold {}", wire.zero_threshold));
        }
        if wire.reset_hint > 3 {
            return Err(format!("reset hint {} is not in 0..=3", wire.reset_hint));
        }
        let buckets = |b: &message::Buckets| b.deltas.len().max(b.counts.len());
        let total = buckets(&wire.positive) + buckets(&wire.negative);
        if total > MAX_BUCKETS {
            return Err(format!(
                "{total} buckets, at most {MAX_BUCKETS} are accepted"
            ));
        }
        let float = wire.count_float.is_some() || wire.zero_count_float.is_some();
        if float && (wire.count_int.is_some() || wire.zero_count_int.is_some()) {
            return Err("integer and float counts in one histogram".to_owned());
        }
        let histogram = Self {
            schema: wire.schema,
            zero_threshold: wire.zero_threshold,
            zero_count: wire
                .zero_count_float
                .unwrap_or(wire.zero_count_int.unwrap_or(0) as f64),
            count: wire
                .count_float
                .unwrap_or(wire.count_int.unwrap_or(0) as f64),
            sum: wire.sum,
            positive: absolute("positive", &wire.positive, float)?,
            negative: absolute("negative", &wire.negative, float)?,
        };
        histogram.check_counts(float)?;
        Ok(histogram)
    }

    fn check_counts(&self, float: bool) -> Result<(), String> {
        for (what, value) in [("count", self.count), ("zero count", self.zero_count)] {
            if value.is_nan() || value < 0.0 {
                return Err(format!("{what} {value}"));
            }
        }
        let inside = self.zero_count
            + self.positive.values().sum::<f64>()
            + self.negative.values().sum::<f64>();
        // NaN observations count, make the sum NaN, and are in no bucket. Float counts are rounded.
        let tolerance = if float { self.count.abs() * 1e-9 } else { 0.0 };
        let fits = if self.sum.is_nan() {
            inside <= self.count + tolerance
        } else {
            (inside - self.count).abs() <= tolerance
        };
        if fits {
            Ok(())
        } else {
            Err(format!(
                "count is {}, the buckets hold {inside}",
                self.count
            ))
        }
    }

    /// How many observations there are.
    pub fn count(&self) -> f64 {
        self.count
    }

    /// The sum of the observations.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// How fine the buckets are: bounds grow by the factor 2^(2^-schema).
    pub fn schema(&self) -> i32 {
        self.schema
    }

    /// How many buckets it has, the zero bucket apart.
    pub fn buckets(&self) -> usize {
        self.positive.len() + self.negative.len()
    }

    /// The factor from a bucket's lower to its upper bound: how wrong a quantile can be.
    pub fn growth(&self) -> f64 {
        (-f64::from(self.schema)).exp2().exp2()
    }

    /// Buckets with observations in ascending order: lower bound, upper bound, count.
    pub fn bounds(&self) -> Vec<(f64, f64, f64)> {
        let bound = |index: i32| (f64::from(index) * (-f64::from(self.schema)).exp2()).exp2();
        let mut out = Vec::with_capacity(self.buckets() + 1);
        for (&index, &count) in self.negative.iter().rev() {
            out.push((-bound(index), -bound(index.saturating_sub(1)), count));
        }
        out.push((-self.zero_threshold, self.zero_threshold, self.zero_count));
        for (&index, &count) in &self.positive {
            out.push((bound(index.saturating_sub(1)), bound(index), count));
        }
        out.retain(|bucket| bucket.2 > 0.0);
        out
    }

    /// The value below which the share `q` of the observations lies; NaN when there are none.
    ///
    /// Interpolated inside the bucket, geometrically except in the zero bucket.
    pub fn quantile(&self, q: f64) -> f64 {
        let bounds = self.bounds();
        let inside: f64 = bounds.iter().map(|bucket| bucket.2).sum();
        if inside == 0.0 || !(0.0..=1.0).contains(&q) {
            return f64::NAN;
        }
        let rank = q * inside;
        let mut seen = 0.0;
        for (lower, upper, count) in &bounds {
            if seen + count >= rank {
                let share = ((rank - seen) / count).clamp(0.0, 1.0);
                return if lower * upper > 0.0 {
                    lower * (upper / lower).powf(share)
                } else {
                    lower + (upper - lower) * share
                };
            }
            seen += count;
        }
        bounds.last().map_or(f64::NAN, |bucket| bucket.1)
    }

    /// Adds another histogram; the result has the coarser resolution of the two.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let schema = self.schema.min(other.schema);
        let mut sum = self.scaled_down(schema);
        let other = other.scaled_down(schema);
        sum.zero_threshold = sum.zero_threshold.max(other.zero_threshold);
        sum.zero_count += other.zero_count;
        sum.count += other.count;
        sum.sum += other.sum;
        for (index, count) in other.positive {
            *sum.positive.entry(index).or_default() += count;
        }
        for (index, count) in other.negative {
            *sum.negative.entry(index).or_default() += count;
        }
        sum
    }

    fn scaled_down(&self, schema: i32) -> Self {
        // Bucket i of the finer schema lies in bucket ceil(i / 2^steps) of the coarser one.
        let steps = (self.schema - schema).clamp(0, 12);
        let scale = |buckets: &BTreeMap<i32, f64>| {
            let mut scaled = BTreeMap::new();
            for (&index, &count) in buckets {
                let index = index
                    .saturating_sub(1)
                    .checked_shr(steps as u32)
                    .unwrap_or(0)
                    + 1;
                *scaled.entry(index).or_insert(0.0) += count;
            }
            scaled
        };
        Self {
            schema: self.schema.min(schema),
            positive: scale(&self.positive),
            negative: scale(&self.negative),
            ..*self
        }
    }
}

fn absolute(
    sign: &str,
    buckets: &message::Buckets,
    float: bool,
) -> Result<BTreeMap<i32, f64>, String> {
    let (sent, forbidden) = if float {
        (buckets.counts.len(), buckets.deltas.len())
    } else {
        (buckets.deltas.len(), buckets.counts.len())
    };
    if forbidden > 0 {
        return Err(format!(
            "{sign} bucket counts are not of the kind of the histogram's count"
        ));
    }
    let spanned: u64 = buckets.spans.iter().map(|span| u64::from(span.1)).sum();
    if spanned != sent as u64 {
        return Err(format!(
            "{sign} spans cover {spanned} buckets, {sent} counts were sent"
        ));
    }
    let mut out = BTreeMap::new();
    let mut index = 0_i32;
    let mut running = 0_i64;
    let mut at = 0;
    for (number, &(offset, length)) in buckets.spans.iter().enumerate() {
        if number > 0 && offset < 0 {
            return Err(format!("{sign} span {number} goes back by {offset}"));
        }
        let far = || format!("{sign} span {number} leaves the range of bucket numbers");
        index = index.checked_add(offset).ok_or_else(far)?;
        for _ in 0..length {
            let count = if float {
                buckets.counts[at]
            } else {
                running = running.checked_add(buckets.deltas[at]).ok_or_else(far)?;
                running as f64
            };
            if count.is_nan() || count < 0.0 {
                return Err(format!("{sign} bucket {index} holds {count} observations"));
            }
            out.insert(index, count);
            at += 1;
            index = index.checked_add(1).ok_or_else(far)?;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(spans: &[(i32, u32)], deltas: &[i64], count: u64) -> message::Histogram {
        message::Histogram {
            count_int: Some(count),
            sum: 1.0,
            schema: 3,
            positive: message::Buckets {
                spans: spans.to_vec(),
                deltas: deltas.to_vec(),
                counts: Vec::new(),
            },
            ..message::Histogram::default()
        }
    }

    #[test]
    fn spans_and_deltas_become_bounds() {
        // Counts 1, 3, then a gap of two buckets, 2; schema 0: bounds are powers of two.
        let mut sent = wire(&[(0, 2), (2, 1)], &[1, 2, -1], 7);
        sent.schema = 0;
        sent.zero_count_int = Some(1);
        sent.zero_threshold = 0.001;
        let histogram = NativeHistogram::from_wire(&sent).unwrap();
        let expected = vec![
            (-0.001, 0.001, 1.0),
            (0.5, 1.0, 1.0),
            (1.0, 2.0, 3.0),
            (8.0, 16.0, 2.0),
        ];
        assert_eq!(histogram.bounds(), expected);
        assert_eq!(histogram.quantile(1.0), 16.0);
        assert!((histogram.quantile(5.0 / 7.0) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn merging_adds_at_the_coarser_schema() {
        let fine = NativeHistogram::from_wire(&wire(&[(1, 8)], &[1, 0, 0, 0, 0, 0, 0, 0], 8));
        let mut coarse = wire(&[(1, 1)], &[2], 2);
        coarse.schema = 0;
        let both = fine
            .unwrap()
            .merged(&NativeHistogram::from_wire(&coarse).unwrap());
        assert_eq!((both.schema(), both.count(), both.sum()), (0, 10.0, 2.0));
        // Buckets 1 to 8 of schema 3 are exactly bucket 1 of schema 0: from 1 to 2.
        assert_eq!(both.bounds(), vec![(1.0, 2.0, 10.0)]);
    }

    #[test]
    fn inconsistent_histograms_are_refused() {
        let cases: [(message::Histogram, &str); 9] = [
            (wire(&[(0, 2)], &[1], 1), "spans cover 2 buckets, 1"),
            (wire(&[(0, 2)], &[1, -2], 0), "holds -1"),
            (wire(&[(0, 1), (-1, 1)], &[1, 0], 2), "goes back"),
            (wire(&[(0, 1)], &[1], 2), "count is 2, the buckets hold 1"),
            (wire(&[(i32::MAX, 1)], &[1], 1), "leaves the range"),
            (wire(&[(0, 161)], &[0; 161], 0), "161 buckets"),
            (
                message::Histogram {
                    schema: 9,
                    ..wire(&[], &[], 0)
                },
                "schema 9",
            ),
            (
                message::Histogram {
                    zero_threshold: -1.0,
                    ..wire(&[], &[], 0)
                },
                "zero threshold",
            ),
            (
                message::Histogram {
                    count_float: Some(1.0),
                    ..wire(&[], &[], 1)
                },
                "integer and",
            ),
        ];
        for (sent, reason) in cases {
            let error = NativeHistogram::from_wire(&sent).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
