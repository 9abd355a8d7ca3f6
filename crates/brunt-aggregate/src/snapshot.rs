//! Cumulative values of all series at one moment, for outputs that aggregate.

use std::sync::Arc;

use brunt_metrics::SeriesId;
use brunt_metrics::histogram::ExpHistogram;

/// All series that have ever had a sample, as they stood at `time`.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// When it was taken, in nanoseconds since the Unix epoch; fixed, whenever it is delivered.
    pub time: i64,
    /// Whether it is the run's last one.
    pub last: bool,
    /// The series, in the order of their ids.
    pub series: Vec<SeriesPoint>,
}

/// One series of a snapshot.
#[derive(Debug, Clone)]
pub struct SeriesPoint {
    /// Which series.
    pub id: SeriesId,
    /// The time of its first sample, in nanoseconds since the Unix epoch.
    pub first: i64,
    /// The time of its newest sample.
    pub newest: i64,
    /// Its value since the start of the run.
    pub value: SeriesValue,
}

/// A cumulative value.
#[derive(Debug, Clone)]
pub enum SeriesValue {
    /// The sum.
    Counter(f64),
    /// The last value with the smallest and the largest.
    Gauge {
        /// The newest value.
        last: f64,
        /// The smallest one.
        min: f64,
        /// The largest one.
        max: f64,
    },
    /// Non-zero samples and all of them.
    Rate {
        /// Samples that were not zero.
        passes: u64,
        /// All samples.
        total: u64,
    },
    /// The distribution, in base units: seconds for time metrics, else the values as they are.
    Trend(Arc<ExpHistogram>),
}
