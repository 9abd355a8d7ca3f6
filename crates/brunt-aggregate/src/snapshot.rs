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
    /// What brunt tells of itself: of its outputs, its engine, and with the last snapshot of the run.
    pub own: Vec<OwnPoint>,
}

/// A value of brunt's own, which is no metric of the test: it is sent under its own name, without
/// the prefix of the test's metrics, with its own labels and those that all series of an output have.
#[derive(Debug, Clone)]
pub struct OwnPoint {
    /// Such as `brunt_output_delivered`; counters without `_total`.
    pub name: Arc<str>,
    /// One sentence.
    pub help: Arc<str>,
    /// Its labels, each name once.
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    /// Cumulative, as all values of a snapshot.
    pub value: SeriesValue,
}

impl OwnPoint {
    /// A number that only grows.
    pub fn counter(name: &str, help: &str, labels: &[(&str, &str)], value: f64) -> Self {
        Self::new(name, help, labels, SeriesValue::Counter(value))
    }

    /// A number as it stands.
    pub fn gauge(name: &str, help: &str, labels: &[(&str, &str)], value: f64) -> Self {
        let value = SeriesValue::Gauge {
            last: value,
            min: value,
            max: value,
        };
        Self::new(name, help, labels, value)
    }

    fn new(name: &str, help: &str, labels: &[(&str, &str)], value: SeriesValue) -> Self {
        let labels = labels
            .iter()
            .map(|&(label, value)| (Arc::from(label), Arc::from(value)))
            .collect();
        Self {
            name: Arc::from(name),
            help: Arc::from(help),
            labels,
            value,
        }
    }
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
