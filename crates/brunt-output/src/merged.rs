//! Several series of a snapshot as one: what an output that leaves out tags makes of them.
//!
//! Sent as they are, series that only differed in a tag that is left out would be duplicates, of
//! which a receiver keeps any one or refuses all. So counters and rates are summed, histograms
//! merged, and of gauges the newest value counts.

use std::sync::Arc;

use brunt_aggregate::SeriesValue;
use brunt_metrics::histogram::ExpHistogram;

/// A cumulative value.
#[derive(Debug, Clone, Default)]
pub enum Merged {
    /// No series of the group is in the snapshot.
    #[default]
    Nothing,
    /// The sum.
    Counter(f64),
    /// The newest value.
    Gauge {
        /// The value.
        last: f64,
        /// Its time, in nanoseconds since the Unix epoch.
        newest: i64,
    },
    /// Non-zero samples and all of them.
    Rate {
        /// Samples that were not zero.
        passes: u64,
        /// All samples.
        total: u64,
    },
    /// Distributions in base units. Merged only when they are sent, because most of the time nothing has changed.
    Trend(Vec<Arc<ExpHistogram>>),
}

/// What tells a value from another one of the same group: cumulative counts only grow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mark {
    /// There is no value.
    Nothing,
    /// Of a counter or gauge.
    Number(f64),
    /// Of a rate: hits and all; of a trend: values and series.
    Counts(u64, u64),
}

impl Merged {
    /// Adds a series; `newest` is the time of its newest sample.
    pub fn add(&mut self, value: &SeriesValue, newest: i64) {
        match (&mut *self, value) {
            (Self::Nothing, SeriesValue::Counter(sum)) => *self = Self::Counter(*sum),
            (Self::Nothing, SeriesValue::Gauge { last, .. }) => {
                *self = Self::Gauge {
                    last: *last,
                    newest,
                };
            }
            (Self::Nothing, &SeriesValue::Rate { passes, total }) => {
                *self = Self::Rate { passes, total };
            }
            (Self::Nothing, SeriesValue::Trend(trend)) => {
                *self = Self::Trend(vec![Arc::clone(trend)]);
            }
            (Self::Counter(all), SeriesValue::Counter(sum)) => *all += sum,
            (
                Self::Gauge {
                    last: known,
                    newest: time,
                },
                SeriesValue::Gauge { last, .. },
            ) if newest >= *time => {
                (*known, *time) = (*last, newest);
            }
            (
                Self::Rate { passes, total },
                SeriesValue::Rate {
                    passes: p,
                    total: t,
                },
            ) => {
                *passes += p;
                *total += t;
            }
            (Self::Trend(all), SeriesValue::Trend(trend)) => all.push(Arc::clone(trend)),
            // Groups are of one metric, and a metric is of one kind.
            _ => {}
        }
    }

    /// What tells this value from an earlier one.
    pub fn mark(&self) -> Mark {
        match self {
            Self::Nothing => Mark::Nothing,
            Self::Counter(number) | Self::Gauge { last: number, .. } => Mark::Number(*number),
            Self::Rate { passes, total } => Mark::Counts(*passes, *total),
            Self::Trend(trends) => Mark::Counts(
                trends.iter().map(|trend| trend.count()).sum(),
                trends.len() as u64,
            ),
        }
    }

    /// The merged histogram of a trend.
    pub fn histogram(&self) -> Option<Arc<ExpHistogram>> {
        let Self::Trend(trends) = self else {
            return None;
        };
        let (first, rest) = trends.split_first()?;
        let mut merged = Arc::clone(first);
        for trend in rest {
            Arc::make_mut(&mut merged).merge(trend);
        }
        (merged.count() > 0).then_some(merged)
    }
}
