//! The running total of a metric, sub-metric or series, to which deltas are added.

use std::sync::Arc;

use brunt_metrics::histogram::ExpHistogram;
use brunt_metrics::sink::{CounterSink, EXACT_LIMIT, Sink};

use crate::delta::{Delta, DeltaValue, SeriesDelta};
use crate::snapshot::{SeriesPoint, SeriesValue};
use crate::totals::{TrendTotals, Values};

/// Adds what a delta holds for a metric or sub-metric; a value of another kind is left out.
pub(crate) fn merge(total: &mut Sink, delta: &Delta, value: &DeltaValue) {
    match (total, value) {
        (Sink::Counter(total), DeltaValue::Counter(value)) => total.merge(value),
        (Sink::Gauge(total), DeltaValue::Gauge(value)) => total.merge(value),
        (Sink::Rate(total), DeltaValue::Rate(value)) => total.merge(value),
        (Sink::Trend(total), DeltaValue::Trend(value)) => {
            total.histogram.merge_parts(&delta.histogram(value));
            // Once any value is missing, the exact ones are of no use any more.
            total.exact = match (total.exact.take(), delta.exact(value)) {
                (Some(mut kept), Some(new)) if kept.len() + new.len() <= EXACT_LIMIT => {
                    kept.extend_from_slice(new);
                    Some(kept)
                }
                _ => None,
            };
        }
        _ => {}
    }
}

/// The values of a metric or sub-metric, all zero where there was no sample.
pub(crate) fn values(total: &Sink) -> Values {
    match total {
        Sink::Counter(total) => Values::Counter { count: total.sum },
        Sink::Gauge(total) if total.is_empty() => Values::Gauge {
            value: 0.0,
            min: 0.0,
            max: 0.0,
        },
        Sink::Gauge(total) => Values::Gauge {
            value: total.last,
            min: total.min,
            max: total.max,
        },
        Sink::Rate(total) => Values::Rate {
            passes: total.passes,
            fails: total.total - total.passes,
        },
        Sink::Trend(total) => Values::Trend(TrendTotals::of(total)),
    }
}

/// A series' point when its first delta comes.
pub(crate) fn new_point(delta: &Delta, new: &SeriesDelta) -> SeriesPoint {
    let value = match &new.value {
        DeltaValue::Counter(value) => SeriesValue::Counter(value.sum),
        DeltaValue::Gauge(value) => SeriesValue::Gauge {
            last: value.last,
            min: value.min,
            max: value.max,
        },
        DeltaValue::Rate(value) => SeriesValue::Rate {
            passes: value.passes,
            total: value.total,
        },
        DeltaValue::Trend(value) => {
            let mut histogram = ExpHistogram::for_series();
            histogram.merge_parts(&delta.histogram(value));
            SeriesValue::Trend(Arc::new(histogram))
        }
    };
    SeriesPoint {
        id: new.id,
        first: new.first,
        newest: new.newest,
        value,
    }
}

/// Adds a delta to a series' point; a value of another kind is left out.
pub(crate) fn merge_point(point: &mut SeriesPoint, delta: &Delta, new: &SeriesDelta) {
    match (&mut point.value, &new.value) {
        (SeriesValue::Counter(sum), DeltaValue::Counter(value)) => {
            let mut total = CounterSink {
                sum: *sum,
                samples: 0,
            };
            total.merge(value);
            *sum = total.sum;
        }
        (SeriesValue::Gauge { last, min, max }, DeltaValue::Gauge(value)) => {
            if new.newest >= point.newest {
                *last = value.last;
            }
            (*min, *max) = (min.min(value.min), max.max(value.max));
        }
        (SeriesValue::Rate { passes, total }, DeltaValue::Rate(value)) => {
            *passes += value.passes;
            *total += value.total;
        }
        // Copies the histogram only while an output still holds the last snapshot.
        (SeriesValue::Trend(histogram), DeltaValue::Trend(value)) => {
            Arc::make_mut(histogram).merge_parts(&delta.histogram(value));
        }
        _ => return,
    }
    point.first = point.first.min(new.first);
    point.newest = point.newest.max(new.newest);
}
