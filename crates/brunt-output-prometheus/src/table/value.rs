//! The value of a group: its series' values added up.

use std::sync::Arc;

use brunt_aggregate::SeriesValue;
use brunt_metrics::histogram::ExpHistogram;

/// A cumulative value.
#[derive(Debug, Clone, Default)]
pub(crate) enum Value {
    /// No series of the group is in the snapshot.
    #[default]
    Nothing,
    Counter(f64),
    Gauge {
        last: f64,
        newest: i64,
    },
    Rate {
        passes: u64,
        total: u64,
    },
    /// Merged only when they are sent, because most of the time nothing has changed.
    Trend(Vec<Arc<ExpHistogram>>),
}

/// What tells a value from another one of the same group: cumulative counts only grow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mark {
    Nothing,
    Number(f64),
    Counts(u64, u64),
}

impl Value {
    /// Adds a series; `newest` is the time of its newest sample.
    pub(crate) fn add(&mut self, value: &SeriesValue, newest: i64) {
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

    pub(crate) fn mark(&self) -> Mark {
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
    pub(crate) fn histogram(&self) -> Option<Arc<ExpHistogram>> {
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
