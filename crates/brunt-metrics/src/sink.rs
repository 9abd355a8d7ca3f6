//! Sinks: what one worker has seen of a metric or a series since its last flush.
//!
//! They are deltas: a flush takes what is in them and leaves them empty, so nothing is shared
//! between workers. Values that are not finite never get here; the histogram would count them
//! apart, but a sum could not. [`Sink::add`] turns them away.

use crate::histogram::{ExpHistogram, METRIC_BUCKETS, saturating_add};
use crate::kind::{MetricKind, ValueType};

/// Up to how many values a trend keeps exactly, beside the histogram.
pub const EXACT_LIMIT: usize = 10_000;

/// How many of them the trend of a summary's section keeps: there are many sections.
pub const SECTION_EXACT_LIMIT: usize = 2_000;

/// The scale of the histograms of sections: 64 doublings in a quarter of a metric's memory.
const SECTION_SCALE: i32 = 7;

/// The delta of a metric or series.
// A box around the histogram would cost every sample a look-up.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all sinks are trends, and a box would cost a look-up for each sample"
)]
pub enum Sink {
    /// Of a counter.
    Counter(CounterSink),
    /// Of a gauge.
    Gauge(GaugeSink),
    /// Of a rate.
    Rate(RateSink),
    /// Of a trend.
    Trend(TrendSink),
}

/// A sum.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CounterSink {
    /// The sum of the values; stays finite.
    pub sum: f64,
    /// How many values there were.
    pub samples: u64,
}

/// The newest value and the ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaugeSink {
    /// The newest value; of several at the same time the one that came last.
    pub last: f64,
    /// The newest value's time, in nanoseconds since the Unix epoch.
    pub time: i64,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
}

/// Hits and all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateSink {
    /// Values that were not zero.
    pub passes: u64,
    /// All values.
    pub total: u64,
}

/// A distribution.
#[derive(Debug, Clone)]
pub struct TrendSink {
    /// The values in base units: seconds for time, else as they are.
    pub histogram: ExpHistogram,
    /// How many of the samples' units make a base unit: 1000 for time, else 1.
    pub per_base: f64,
    /// The values as they came, in the samples' unit, while the sink has seen at most
    /// [`EXACT_LIMIT`] in its whole life; `None` for good from then on.
    pub exact: Option<Vec<f64>>,
    /// Whether the histogram's explicit buckets are counted as well.
    pub explicit: bool,
    seen: usize,
}

impl Sink {
    /// An empty sink for a metric or sub-metric: trends keep exact values while they are few.
    pub fn for_metric(kind: MetricKind, contains: ValueType) -> Self {
        Self::new(kind, || TrendSink::for_metric(contains))
    }

    /// An empty sink for a series, whose trends are histograms of at most 160 buckets.
    pub fn for_series(kind: MetricKind, contains: ValueType) -> Self {
        Self::new(kind, || TrendSink::for_series(contains))
    }

    /// An empty sink for a metric in one slot of time: buckets as wide as those of a section, and no exact values.
    pub fn for_slot(kind: MetricKind, contains: ValueType) -> Self {
        Self::new(kind, || TrendSink {
            exact: None,
            ..TrendSink::for_section(contains)
        })
    }

    /// An empty sink for a metric in one section of the summary: fewer exact values, wider buckets.
    pub fn for_section(kind: MetricKind, contains: ValueType) -> Self {
        Self::new(kind, || TrendSink::for_section(contains))
    }

    fn new(kind: MetricKind, trend: impl FnOnce() -> TrendSink) -> Self {
        match kind {
            MetricKind::Counter => Self::Counter(CounterSink::default()),
            MetricKind::Gauge => Self::Gauge(GaugeSink::default()),
            MetricKind::Rate => Self::Rate(RateSink::default()),
            MetricKind::Trend => Self::Trend(trend()),
        }
    }

    /// Takes a value in; false if it is NaN or infinite, which changes nothing.
    #[inline]
    pub fn add(&mut self, time: i64, value: f64) -> bool {
        if !value.is_finite() {
            return false;
        }
        match self {
            Self::Counter(sink) => sink.add(value),
            Self::Gauge(sink) => sink.add(time, value),
            Self::Rate(sink) => sink.add(value),
            Self::Trend(sink) => sink.add(value),
        }
        true
    }

    /// Adds what another sink of the same kind saw; one of another kind changes nothing. Exact values are lost where
    /// one of two trends has none.
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Counter(sink), Self::Counter(other)) => sink.merge(other),
            (Self::Gauge(sink), Self::Gauge(other)) => sink.merge(other),
            (Self::Rate(sink), Self::Rate(other)) => sink.merge(other),
            (Self::Trend(sink), Self::Trend(other)) => sink.merge(other),
            _ => {}
        }
    }

    /// Whether nothing came since the last reset.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Counter(sink) => sink.samples == 0,
            Self::Gauge(sink) => sink.is_empty(),
            Self::Rate(sink) => sink.total == 0,
            Self::Trend(sink) => sink.histogram.count() == 0,
        }
    }

    /// Empties the sink; what memory it has stays.
    pub fn reset(&mut self) {
        match self {
            Self::Counter(sink) => *sink = CounterSink::default(),
            Self::Gauge(sink) => *sink = GaugeSink::default(),
            Self::Rate(sink) => *sink = RateSink::default(),
            Self::Trend(sink) => sink.reset(),
        }
    }
}

impl CounterSink {
    /// Adds a finite value.
    #[inline]
    pub fn add(&mut self, value: f64) {
        self.sum = saturating_add(self.sum, value);
        self.samples += 1;
    }

    /// Adds what another sink saw.
    pub fn merge(&mut self, other: &Self) {
        self.sum = saturating_add(self.sum, other.sum);
        self.samples += other.samples;
    }
}

impl Default for GaugeSink {
    fn default() -> Self {
        Self {
            last: 0.0,
            time: i64::MIN,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

impl GaugeSink {
    /// Whether there was no value.
    pub fn is_empty(&self) -> bool {
        self.min > self.max
    }

    /// Takes a finite value in.
    #[inline]
    pub fn add(&mut self, time: i64, value: f64) {
        self.merge(&Self {
            last: value,
            time,
            min: value,
            max: value,
        });
    }

    /// Takes in what another sink saw; the newer value wins, whichever came first.
    pub fn merge(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        if other.time >= self.time {
            (self.last, self.time) = (other.last, other.time);
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

impl RateSink {
    /// Takes a finite value in: anything but zero is a hit.
    #[inline]
    pub fn add(&mut self, value: f64) {
        self.passes += u64::from(value != 0.0);
        self.total += 1;
    }

    /// Adds what another sink saw.
    pub fn merge(&mut self, other: &Self) {
        self.passes += other.passes;
        self.total += other.total;
    }
}

impl TrendSink {
    /// An empty sink for a metric or sub-metric.
    pub fn for_metric(contains: ValueType) -> Self {
        Self {
            exact: Some(Vec::new()),
            histogram: ExpHistogram::for_metric(),
            ..Self::for_series(contains)
        }
    }

    /// An empty sink for a series, without exact values.
    pub fn for_series(contains: ValueType) -> Self {
        let histogram = ExpHistogram::for_series();
        Self {
            histogram,
            per_base: per_base(contains),
            exact: None,
            explicit: false,
            seen: 0,
        }
    }

    /// An empty sink for a section of the summary: at most [`SECTION_EXACT_LIMIT`] exact values, then
    /// buckets of scale 7, whose middle is at most 0.27 % off.
    pub fn for_section(contains: ValueType) -> Self {
        Self {
            exact: Some(Vec::new()),
            histogram: ExpHistogram::new(SECTION_SCALE, METRIC_BUCKETS >> 2),
            // The rest of the limit counts as used up.
            seen: EXACT_LIMIT - SECTION_EXACT_LIMIT,
            ..Self::for_series(contains)
        }
    }

    /// Takes a finite value in, in the samples' unit.
    #[inline]
    pub fn add(&mut self, value: f64) {
        self.histogram.record(value / self.per_base);
        if self.explicit {
            self.histogram.record_explicit(value);
        }
        if let Some(exact) = &mut self.exact {
            if self.seen < EXACT_LIMIT {
                self.seen += 1;
                exact.push(value);
            } else {
                self.exact = None;
            }
        }
    }

    /// Adds what another sink saw.
    pub fn merge(&mut self, other: &Self) {
        self.histogram.merge(&other.histogram);
        self.exact = match (self.exact.take(), &other.exact) {
            (Some(mut own), Some(values)) if self.seen + other.seen <= EXACT_LIMIT => {
                own.extend_from_slice(values);
                Some(own)
            }
            _ => None,
        };
        self.seen = self.seen.saturating_add(other.seen);
    }

    /// Empties the sink; that too many values were seen is not forgotten.
    pub fn reset(&mut self) {
        self.histogram.reset();
        if let Some(exact) = &mut self.exact {
            exact.clear();
        }
    }
}

/// How many of a metric's units make the base unit that histograms count in: 1000 for time, which
/// is measured in milliseconds and exported in seconds, else 1.
pub fn per_base(contains: ValueType) -> f64 {
    if contains == ValueType::Time {
        1000.0
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(kind: MetricKind, values: &[f64]) -> Sink {
        let mut sink = Sink::for_metric(kind, ValueType::Time);
        for (time, &value) in values.iter().enumerate() {
            sink.add(time as i64, value);
        }
        sink
    }

    #[test]
    fn each_kind_adds_up_as_it_should() {
        let Sink::Counter(counter) = filled(MetricKind::Counter, &[1.0, 2.5, -0.5]) else {
            panic!()
        };
        assert_eq!(
            counter,
            CounterSink {
                sum: 3.0,
                samples: 3
            }
        );
        let Sink::Gauge(gauge) = filled(MetricKind::Gauge, &[-3.0, 7.0, 5.0]) else {
            panic!()
        };
        assert_eq!(
            gauge,
            GaugeSink {
                last: 5.0,
                time: 2,
                min: -3.0,
                max: 7.0
            }
        );
        let Sink::Rate(rate) = filled(MetricKind::Rate, &[1.0, 0.0, -2.0, -0.0]) else {
            panic!()
        };
        assert_eq!(
            rate,
            RateSink {
                passes: 2,
                total: 4
            }
        );
        let Sink::Trend(trend) = filled(MetricKind::Trend, &[250.0, 500.0]) else {
            panic!()
        };
        assert_eq!(
            (trend.histogram.sum(), trend.exact),
            (0.75, Some(vec![250.0, 500.0]))
        );
    }

    #[test]
    fn a_section_keeps_fewer_values_and_stays_close() {
        let mut sink = TrendSink::for_section(ValueType::Time);
        for value in 1..=SECTION_EXACT_LIMIT {
            sink.add(value as f64);
        }
        assert_eq!(sink.exact.as_ref().map(Vec::len), Some(SECTION_EXACT_LIMIT));
        sink.add(1.0);
        assert_eq!(sink.exact, None);
        let median = sink.histogram.quantile(0.5) * 1000.0;
        assert!((median / 1000.0 - 1.0).abs() < 0.003, "{median}");
    }

    #[test]
    fn no_kind_takes_what_is_no_number() {
        for kind in [
            MetricKind::Counter,
            MetricKind::Gauge,
            MetricKind::Rate,
            MetricKind::Trend,
        ] {
            let sink = filled(kind, &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
            assert!(sink.is_empty(), "{kind}");
            assert!(!filled(kind, &[1.0]).is_empty(), "{kind}");
        }
    }

    #[test]
    fn a_late_older_gauge_value_only_moves_the_ends() {
        let mut gauge = GaugeSink::default();
        gauge.add(10, 2.0);
        gauge.add(5, 9.0);
        assert_eq!(
            gauge,
            GaugeSink {
                last: 2.0,
                time: 10,
                min: 2.0,
                max: 9.0
            }
        );
        gauge.merge(&GaugeSink::default());
        assert_eq!(gauge.last, 2.0);
    }

    #[test]
    fn exact_values_end_for_good_with_the_first_value_too_many() {
        let mut trend = TrendSink::for_metric(ValueType::Default);
        for value in 0..EXACT_LIMIT {
            trend.add(value as f64);
        }
        assert_eq!(trend.exact.as_ref().map(Vec::len), Some(EXACT_LIMIT));
        trend.reset();
        assert_eq!(trend.exact.as_deref(), Some(&[][..]));
        trend.add(1.0);
        assert_eq!(trend.exact, None);
        trend.reset();
        assert_eq!(trend.exact, None);
        assert_eq!(trend.histogram.count(), 0);
    }
}
