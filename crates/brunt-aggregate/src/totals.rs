//! What a run came to: the totals of each metric and sub-metric, with their thresholds.

use std::sync::Arc;
use std::time::Duration;

use brunt_metrics::histogram::ExpHistogram;
use brunt_metrics::{Metric, TagSet, TrendSink};

use crate::groups::GroupNode;
use crate::sections::Section;

/// Everything that summaries and thresholds say about a run.
#[derive(Debug, Clone)]
pub struct Report {
    /// From the first scenario's start to the last one's end: the divisor of every rate.
    pub duration: Duration,
    /// Each metric and sub-metric that has samples or thresholds, or is declared by the script;
    /// sub-metrics follow their metric. Metrics are in the order of their ids.
    pub totals: Vec<Totals>,
    /// Groups and checks in the order in which they were first seen.
    pub root: GroupNode,
    /// The totals of each scenario and group, in the order in which they were first seen; empty if
    /// the plan has no sections.
    pub sections: Vec<SectionTotals>,
    /// Whether there were more sections than are kept.
    pub sections_left_out: bool,
}

/// The metrics and sub-metrics with samples of one section. They have no thresholds.
#[derive(Debug, Clone)]
pub struct SectionTotals {
    /// Which samples.
    pub section: Section,
    /// As [`Report::totals`].
    pub totals: Vec<Totals>,
}

/// One metric or sub-metric.
#[derive(Debug, Clone)]
pub struct Totals {
    /// The metric.
    pub metric: Arc<Metric>,
    /// For a sub-metric the text between the braces and the tags it means.
    pub submetric: Option<(String, TagSet)>,
    /// Whether a sample was seen.
    pub seen: bool,
    /// The values.
    pub values: Values,
    /// The thresholds on it, in the user's order.
    pub thresholds: Vec<ThresholdResult>,
}

impl Totals {
    /// `name` or `name{suffix}`.
    pub fn full_name(&self) -> String {
        match &self.submetric {
            None => self.metric.name.to_string(),
            Some((suffix, _)) => format!("{}{{{suffix}}}", self.metric.name),
        }
    }
}

/// A threshold and how it went.
#[derive(Debug, Clone, PartialEq)]
pub struct ThresholdResult {
    /// The expression as the user wrote it.
    pub source: String,
    /// Its aggregation, normalised: `p(95)`, `rate`.
    pub aggregation: String,
    /// The value it judged, in the metric's own unit.
    pub value: f64,
    /// Whether it was kept.
    pub ok: bool,
}

/// The values of a metric, in the units of its samples (milliseconds for time).
// There is one for each metric of a report.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone)]
pub enum Values {
    /// Sum of a counter.
    Counter {
        /// The sum.
        count: f64,
    },
    /// A gauge.
    Gauge {
        /// The newest value.
        value: f64,
        /// The smallest one.
        min: f64,
        /// The largest one.
        max: f64,
    },
    /// A rate.
    Rate {
        /// Samples that were not zero.
        passes: u64,
        /// Samples that were zero.
        fails: u64,
    },
    /// A trend.
    Trend(TrendTotals),
}

/// A distribution: exact while there are few values, then to 0.07 % (the histogram at scale 9).
#[derive(Debug, Clone)]
pub struct TrendTotals {
    /// Sorted values, in the samples' unit, while there are at most 10 000 of them.
    pub exact: Option<Vec<f64>>,
    /// The histogram in base units (seconds for time).
    pub histogram: ExpHistogram,
    /// How many of the samples' units make a base unit: 1000 for time, else 1.
    pub per_base: f64,
}

impl TrendTotals {
    /// What a sink has seen.
    pub fn of(sink: &TrendSink) -> Self {
        let mut exact = sink.exact.clone();
        if let Some(values) = &mut exact {
            values.sort_unstable_by(f64::total_cmp);
        }
        Self {
            exact,
            histogram: sink.histogram.clone(),
            per_base: sink.per_base,
        }
    }

    /// How many values there were.
    pub fn count(&self) -> u64 {
        self.histogram.count()
    }

    /// The smallest value, 0 without any.
    pub fn min(&self) -> f64 {
        match &self.exact {
            Some(values) => values.first().copied().unwrap_or(0.0),
            None => self.histogram.min().unwrap_or(0.0) * self.per_base,
        }
    }

    /// The largest value, 0 without any.
    pub fn max(&self) -> f64 {
        match &self.exact {
            Some(values) => values.last().copied().unwrap_or(0.0),
            None => self.histogram.max().unwrap_or(0.0) * self.per_base,
        }
    }

    /// The mean, 0 without any value.
    pub fn avg(&self) -> f64 {
        match (&self.exact, self.count()) {
            (_, 0) => 0.0,
            (Some(values), count) => values.iter().sum::<f64>() / count as f64,
            (None, count) => self.histogram.sum() * self.per_base / count as f64,
        }
    }

    /// The percentile `p` in 0..=100, 0 without any value: linear interpolation between the two
    /// closest ranks at index `p/100 * (n - 1)`, as k6 does it.
    pub fn percentile(&self, p: f64) -> f64 {
        let Some(values) = &self.exact else {
            return self.histogram.quantile(p / 100.0) * self.per_base;
        };
        let Some(last) = values.len().checked_sub(1) else {
            return 0.0;
        };
        let rank = p / 100.0 * last as f64;
        let (low, high) = (
            values[rank.floor() as usize],
            values[(rank.ceil() as usize).min(last)],
        );
        low + (high - low) * (rank - rank.floor())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trend(values: &[f64], exact: bool) -> TrendTotals {
        let mut histogram = ExpHistogram::for_metric();
        for value in values {
            histogram.record(value / 1000.0);
        }
        TrendTotals {
            exact: exact.then(|| values.to_vec()),
            histogram,
            per_base: 1000.0,
        }
    }

    #[test]
    fn few_values_give_the_percentiles_that_k6_gives() {
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        let trend = trend(&values, true);
        let of = [0.0, 50.0, 90.0, 95.0, 100.0].map(|p| trend.percentile(p));
        assert_eq!(of, [1.0, 5.5, 9.1, 9.549_999_999_999_999, 10.0]);
        assert_eq!(
            (trend.min(), trend.avg(), trend.max(), trend.count()),
            (1.0, 5.5, 10.0, 10)
        );
    }

    #[test]
    fn the_histogram_speaks_the_samples_unit() {
        let values: Vec<f64> = (1..=1000).map(f64::from).collect();
        let (exact, counted) = (trend(&values, true), trend(&values, false));
        for p in [0.0, 10.0, 50.0, 99.9, 100.0] {
            let (truth, got) = (exact.percentile(p), counted.percentile(p));
            assert!(
                (got / truth - 1.0).abs() < 0.0007,
                "p({p}): {got} for {truth}"
            );
        }
        assert!((counted.avg() - 500.5).abs() < 1e-9);
        assert!((counted.max() - 1000.0).abs() < 1e-9 && (counted.min() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn no_values_are_zero_either_way() {
        for exact in [true, false] {
            let trend = trend(&[], exact);
            let all = [
                trend.min(),
                trend.avg(),
                trend.max(),
                trend.percentile(95.0),
            ];
            assert_eq!(all, [0.0; 4]);
        }
    }
}
