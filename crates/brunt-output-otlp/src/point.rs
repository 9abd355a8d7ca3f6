//! A group of series as encoded data points.

use brunt_metrics::histogram::{EXPLICIT_BOUNDS, ZERO_THRESHOLD};
use brunt_output::Merged;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1 as otlp;
use otlp::exponential_histogram_data_point::Buckets;
use otlp::number_data_point::Value;

use crate::attributes::attribute;
use crate::difference::Distribution;
use crate::frame::field;
use crate::stream::{Data, Stream, Temporality};
use crate::table::Group;

/// A series begins this much before its first sample, in nanoseconds: a start time is outside of the
/// interval that a point tells of (OTLP, `start_time_unix_nano`).
const BEFORE: i64 = 1_000_000;

/// The field of data points in every kind of metric data.
const DATA_POINTS: u32 = 1;

/// The time of a group's next point: the snapshot's, or just after the group's last one should the
/// clock have gone back.
pub(crate) fn time(group: &Group, time: i64) -> i64 {
    match &group.known {
        Some(known) => time.max(known.time + 1),
        None => time,
    }
}

/// Where a group begins to count.
pub(crate) fn start(group: &Group, time: i64) -> i64 {
    match &group.known {
        Some(known) => known.start,
        None => (group.first - BEFORE).min(time - 1),
    }
}

/// Appends the data points of a group, as the field that `Sum`, `Gauge` and the histograms have for
/// them; nothing if the value is of another kind than its metric.
pub(crate) fn write(
    out: &mut Vec<u8>,
    stream: &Stream,
    temporality: Temporality,
    group: &Group,
    snapshot_time: i64,
) {
    let time_unix_nano = unsigned(time(group, snapshot_time));
    let known = group
        .known
        .as_ref()
        .filter(|_| temporality == Temporality::Delta);
    // The interval of a difference begins where the one before ended.
    let start = known.map_or_else(|| start(group, snapshot_time), |known| known.time);
    let start_time_unix_nano = unsigned(start);
    let before = known.map(|known| &known.value);
    let attributes = || -> Vec<KeyValue> {
        let pairs = group.attributes.iter();
        pairs.map(|(name, value)| attribute(name, value)).collect()
    };
    let number = |attributes, value| otlp::NumberDataPoint {
        attributes,
        start_time_unix_nano,
        time_unix_nano,
        value: Some(value),
        ..otlp::NumberDataPoint::default()
    };
    let distribution = || {
        let histogram = group.histogram.as_ref()?;
        Some(match known.and_then(|known| known.histogram.as_ref()) {
            Some(before) => Distribution::since(histogram, before),
            None => Distribution::whole(histogram),
        })
    };
    match (stream.data, &group.value) {
        (Data::Sum, Merged::Counter(sum)) => {
            let base = match before {
                Some(Merged::Counter(base)) => *base,
                _ => 0.0,
            };
            let point = number(attributes(), Value::AsDouble(sum - base));
            field(out, DATA_POINTS, &point);
        }
        (Data::Gauge, Merged::Gauge { last, .. }) => {
            let mut point = number(attributes(), Value::AsDouble(*last));
            point.start_time_unix_nano = 0;
            field(out, DATA_POINTS, &point);
        }
        (Data::Conditions, Merged::Rate { passes, total }) => {
            let (base, base_total) = match before {
                Some(Merged::Rate { passes, total }) => (*passes, *total),
                _ => (0, 0),
            };
            let fails = total.saturating_sub(*passes);
            let base_fails = base_total.saturating_sub(base);
            for (condition, count, base) in
                [("nonzero", *passes, base), ("zero", fails, base_fails)]
            {
                // A condition that has not occurred is no series yet, as in k6.
                let unchanged = temporality == Temporality::Delta && count == base;
                if count == 0 || unchanged {
                    continue;
                }
                let mut attributes = attributes();
                attributes.retain(|attribute| attribute.key != "condition");
                attributes.push(attribute("condition", condition));
                let value = i64::try_from(count - base.min(count)).unwrap_or(i64::MAX);
                field(out, DATA_POINTS, &number(attributes, Value::AsInt(value)));
            }
        }
        (Data::Exponential, Merged::Trend(_)) => {
            let Some(content) = distribution() else {
                return;
            };
            let point = otlp::ExponentialHistogramDataPoint {
                attributes: attributes(),
                start_time_unix_nano,
                time_unix_nano,
                count: content.count,
                // A sum makes no sense where values may be negative (OTLP, `sum`).
                sum: content.negative.is_empty().then_some(content.sum),
                scale: content.scale,
                zero_count: content.zero_count,
                positive: buckets(&content.positive),
                negative: buckets(&content.negative),
                min: content.min,
                max: content.max,
                zero_threshold: ZERO_THRESHOLD,
                ..otlp::ExponentialHistogramDataPoint::default()
            };
            field(out, DATA_POINTS, &point);
        }
        (Data::Explicit, Merged::Trend(_)) => {
            let Some(content) = distribution() else {
                return;
            };
            let explicit_bounds = if content.explicit.is_empty() {
                Vec::new()
            } else {
                EXPLICIT_BOUNDS.to_vec()
            };
            let in_unit = |value: f64| value * stream.per_base;
            let point = otlp::HistogramDataPoint {
                attributes: attributes(),
                start_time_unix_nano,
                time_unix_nano,
                count: content.count,
                sum: content.negative.is_empty().then_some(in_unit(content.sum)),
                bucket_counts: content.explicit,
                explicit_bounds,
                min: content.min.map(in_unit),
                max: content.max.map(in_unit),
                ..otlp::HistogramDataPoint::default()
            };
            field(out, DATA_POINTS, &point);
        }
        _ => {}
    }
}

/// Buckets without gaps, from the first to the last that is not empty.
fn buckets(all: &[(i32, u64)]) -> Option<Buckets> {
    let (first, last) = (all.first()?.0, all.last()?.0);
    let mut bucket_counts = vec![0; (last - first) as usize + 1];
    for (index, count) in all {
        bucket_counts[(index - first) as usize] = *count;
    }
    Some(Buckets {
        offset: first,
        bucket_counts,
    })
}

fn unsigned(time: i64) -> u64 {
    u64::try_from(time).unwrap_or(0)
}
