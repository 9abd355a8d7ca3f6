//! What a worker sends to the aggregator every 50 ms: the sinks that changed, and no samples.
//!
//! All exact values and buckets of a delta share three vectors, so that it costs a handful of
//! allocations however many series changed.

use std::ops::Range;

use brunt_metrics::SeriesId;
use brunt_metrics::histogram::HistogramParts;
use brunt_metrics::sink::{CounterSink, GaugeSink, RateSink, Sink, TrendSink};

use crate::plan::AggregateId;

/// The sinks of one worker that changed since its last delta.
#[derive(Debug, Clone, Default)]
pub struct Delta {
    /// Of metrics and sub-metrics.
    pub aggregates: Vec<(AggregateId, DeltaValue)>,
    /// Of series; empty if no output wants snapshots.
    pub series: Vec<SeriesDelta>,
    exact: Vec<f64>,
    buckets: Vec<(i32, u64)>,
    explicit: Vec<u64>,
}

/// What came to one series.
#[derive(Debug, Clone)]
pub struct SeriesDelta {
    /// Which series.
    pub id: SeriesId,
    /// The time of its first sample in the delta, in nanoseconds since the Unix epoch.
    pub first: i64,
    /// The time of its newest sample.
    pub newest: i64,
    /// The value.
    pub value: DeltaValue,
}

/// A sink's content.
#[derive(Debug, Clone)]
pub enum DeltaValue {
    /// Of a counter.
    Counter(CounterSink),
    /// Of a gauge.
    Gauge(GaugeSink),
    /// Of a rate.
    Rate(RateSink),
    /// Of a trend.
    Trend(TrendDelta),
}

/// A trend's content: totals, and where its values and buckets are in the delta.
#[derive(Debug, Clone)]
pub struct TrendDelta {
    totals: HistogramParts<'static>,
    exact: Option<Range<usize>>,
    positive: Range<usize>,
    negative: Range<usize>,
    explicit: Range<usize>,
}

impl Delta {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.aggregates.is_empty() && self.series.is_empty()
    }

    /// Copies a metric's or sub-metric's sink in and empties it; an empty one is left out.
    pub fn take_aggregate(&mut self, id: AggregateId, sink: &mut Sink) {
        if !sink.is_empty() {
            let value = self.take(sink);
            self.aggregates.push((id, value));
        }
    }

    /// Copies a series' sink in and empties it; an empty one is left out.
    pub fn take_series(&mut self, id: SeriesId, first: i64, newest: i64, sink: &mut Sink) {
        if !sink.is_empty() {
            let value = self.take(sink);
            self.series.push(SeriesDelta {
                id,
                first,
                newest,
                value,
            });
        }
    }

    /// The values of a trend in the samples' unit, if the worker still keeps them.
    pub fn exact(&self, trend: &TrendDelta) -> Option<&[f64]> {
        trend
            .exact
            .as_ref()
            .and_then(|range| self.exact.get(range.clone()))
    }

    /// The histogram of a trend, in base units.
    pub fn histogram(&self, trend: &TrendDelta) -> HistogramParts<'_> {
        let buckets = |range: &Range<usize>| self.buckets.get(range.clone()).unwrap_or_default();
        HistogramParts {
            positive: buckets(&trend.positive),
            negative: buckets(&trend.negative),
            explicit: self
                .explicit
                .get(trend.explicit.clone())
                .unwrap_or_default(),
            ..trend.totals
        }
    }

    fn take(&mut self, sink: &mut Sink) -> DeltaValue {
        let value = match &*sink {
            Sink::Counter(counter) => DeltaValue::Counter(*counter),
            Sink::Gauge(gauge) => DeltaValue::Gauge(*gauge),
            Sink::Rate(rate) => DeltaValue::Rate(*rate),
            Sink::Trend(trend) => DeltaValue::Trend(self.take_trend(trend)),
        };
        sink.reset();
        value
    }

    fn take_trend(&mut self, trend: &TrendSink) -> TrendDelta {
        let exact = trend.exact.as_ref().map(|values| {
            let start = self.exact.len();
            self.exact.extend_from_slice(values);
            start..self.exact.len()
        });
        let start = self.buckets.len();
        self.buckets.extend(trend.histogram.positive());
        let middle = self.buckets.len();
        self.buckets.extend(trend.histogram.negative());
        let explicit = self.explicit.len();
        self.explicit.extend_from_slice(trend.histogram.explicit());
        TrendDelta {
            totals: trend.histogram.parts(&[], &[]),
            exact,
            positive: start..middle,
            negative: middle..self.buckets.len(),
            explicit: explicit..self.explicit.len(),
        }
    }
}
