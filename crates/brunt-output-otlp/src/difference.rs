//! What came to a cumulative value since the receiver acknowledged it last.

use std::sync::Arc;

use brunt_metrics::histogram::ExpHistogram;

/// A histogram's content as it is sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Distribution {
    pub(crate) scale: i32,
    pub(crate) count: u64,
    pub(crate) zero_count: u64,
    pub(crate) sum: f64,
    /// The ends, where they are known.
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    /// Index and count, ascending, none of them empty.
    pub(crate) positive: Vec<(i32, u64)>,
    pub(crate) negative: Vec<(i32, u64)>,
    /// Explicit buckets; empty where they were not counted.
    pub(crate) explicit: Vec<u64>,
}

impl Distribution {
    /// All of a histogram.
    pub(crate) fn whole(histogram: &ExpHistogram) -> Self {
        Self {
            scale: histogram.scale(),
            count: histogram.count(),
            zero_count: histogram.zero_count(),
            sum: histogram.sum(),
            min: histogram.min(),
            max: histogram.max(),
            positive: histogram.positive().collect(),
            negative: histogram.negative().collect(),
            explicit: histogram.explicit().to_vec(),
        }
    }

    /// What a histogram holds beside what it held before.
    ///
    /// Scales only fall while a histogram grows, so what was before is made as coarse as what is now.
    /// The ends since then are known only if they are new ones.
    pub(crate) fn since(now: &Arc<ExpHistogram>, before: &Arc<ExpHistogram>) -> Self {
        // A series that joins can never make the histogram finer; should it ever, nothing is lost.
        let fitted;
        let now: &ExpHistogram = if now.scale() > before.scale() {
            fitted = now.downscaled(before.scale(), usize::MAX);
            &fitted
        } else {
            now
        };
        let by = (before.scale() - now.scale()).clamp(0, 31) as u32;
        let new_end = |end: Option<f64>, old: Option<f64>| end.filter(|_| end != old);
        Self {
            scale: now.scale(),
            count: now.count().saturating_sub(before.count()),
            zero_count: now.zero_count().saturating_sub(before.zero_count()),
            sum: now.sum() - before.sum(),
            min: new_end(now.min(), before.min()),
            max: new_end(now.max(), before.max()),
            positive: subtract(now.positive(), before.positive(), by),
            negative: subtract(now.negative(), before.negative(), by),
            explicit: now
                .explicit()
                .iter()
                .enumerate()
                .map(|(at, count)| {
                    count.saturating_sub(before.explicit().get(at).copied().unwrap_or(0))
                })
                .collect(),
        }
    }
}

/// Buckets without those of before, whose indices are `by` scales finer.
fn subtract(
    now: impl Iterator<Item = (i32, u64)>,
    before: impl Iterator<Item = (i32, u64)>,
    by: u32,
) -> Vec<(i32, u64)> {
    let mut before = before.map(|(index, count)| (index >> by, count)).peekable();
    now.filter_map(|(index, count)| {
        let mut left = count;
        while let Some((_, known)) = before.next_if(|(at, _)| *at <= index) {
            left = left.saturating_sub(known);
        }
        (left > 0).then_some((index, left))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(values: &[f64]) -> Arc<ExpHistogram> {
        let mut histogram = ExpHistogram::for_series();
        for value in values {
            histogram.record(*value);
            histogram.record_explicit(*value);
        }
        Arc::new(histogram)
    }

    #[test]
    fn ends_are_told_only_where_they_are_new() {
        let before = filled(&[1.0, 2.0]);
        let grown = Distribution::since(&filled(&[1.0, 2.0, 1.5]), &before);
        assert_eq!((grown.count, grown.sum), (1, 1.5));
        assert_eq!((grown.min, grown.max), (None, None));
        let wider = Distribution::since(&filled(&[1.0, 2.0, 0.5]), &before);
        assert_eq!((wider.min, wider.max), (Some(0.5), None));
    }

    proptest! {
        #[test]
        fn what_came_is_what_a_histogram_of_it_alone_holds(
            first in prop::collection::vec(prop_oneof![-1e3..1e3_f64, 1e-6..1e-3_f64, Just(0.0)], 0..80),
            second in prop::collection::vec(prop_oneof![-1e6..1e6_f64, 1e-9..1e-3_f64, Just(0.0)], 0..80),
        ) {
            let before = filled(&first);
            let mut all = ExpHistogram::clone(&before);
            let mut alone = ExpHistogram::for_series();
            for value in &second {
                all.record(*value);
                all.record_explicit(*value);
                alone.record(*value);
                alone.record_explicit(*value);
            }
            let got = Distribution::since(&Arc::new(all), &before);
            let mut fitted = ExpHistogram::new(got.scale, usize::MAX);
            fitted.merge(&alone);
            let expected = Distribution::whole(&fitted);
            prop_assert_eq!(fitted.scale(), got.scale);
            prop_assert_eq!(got.count, second.len() as u64);
            prop_assert_eq!(got.zero_count, expected.zero_count);
            prop_assert_eq!(&got.positive, &expected.positive);
            prop_assert_eq!(&got.negative, &expected.negative);
            if !first.is_empty() || !second.is_empty() {
                prop_assert_eq!(got.explicit.iter().sum::<u64>(), got.count);
            }
            if !second.is_empty() {
                prop_assert_eq!(&got.explicit, &expected.explicit);
            }
            let total: u64 = got.positive.iter().chain(&got.negative).map(|(_, n)| n).sum();
            prop_assert_eq!(total + got.zero_count, got.count);
        }
    }
}
