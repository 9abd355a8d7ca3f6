//! A snapshot as bytes: protobuf, with a dictionary that grows within a segment.
//!
//! `schemas/spool-1.proto` describes the messages. Metrics and series are written out where a segment
//! has them for the first time; of the series only those are written that changed since the segment's
//! snapshot before. So each segment can be read without the others, and an hour of outage with
//! thousands of idle series takes little space.

use std::collections::BTreeMap;
use std::sync::Arc;

use brunt_aggregate::{OwnPoint, SeriesPoint, SeriesValue, Snapshot};
use brunt_metrics::histogram::{EXPLICIT_BUCKETS, ExpHistogram, HistogramParts};
use brunt_metrics::{Interner, MetricId, MetricKind, Registry, SeriesId, TagSet, ValueType};
use prost::Message as _;
use rustc_hash::{FxHashMap, FxHashSet};

/// The finest and the coarsest scale that a histogram can have been written with.
const SCALES: std::ops::RangeInclusive<i32> = -16..=20;

/// Where a spool comes from: the first frame of every segment.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Origin {
    /// The output's name, such as `mimir`.
    #[prost(string, tag = "1")]
    pub output: String,
    /// Where it was sent to, without credentials.
    #[prost(string, tag = "2")]
    pub target: String,
    /// The generator's instance label.
    #[prost(string, tag = "3")]
    pub instance: String,
    /// The version of brunt that wrote it.
    #[prost(string, tag = "4")]
    pub version: String,
    /// Whether the snapshot that arrived last is in it, as [`Consumer::needs_ground`] asks for; set by
    /// [`consume`].
    ///
    /// [`Consumer::needs_ground`]: crate::Consumer::needs_ground
    /// [`consume`]: crate::consume
    #[prost(bool, tag = "5")]
    pub grounded: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Pair {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct MetricEntry {
    #[prost(uint32, tag = "1")]
    id: u32,
    #[prost(string, tag = "2")]
    name: String,
    /// The place in [`KINDS`].
    #[prost(uint32, tag = "3")]
    kind: u32,
    /// The place in [`CONTENTS`].
    #[prost(uint32, tag = "4")]
    contains: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SeriesEntry {
    #[prost(uint32, tag = "1")]
    id: u32,
    #[prost(uint32, tag = "2")]
    metric: u32,
    #[prost(message, repeated, tag = "3")]
    tags: Vec<Pair>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Gauge {
    #[prost(double, tag = "1")]
    last: f64,
    #[prost(double, tag = "2")]
    min: f64,
    #[prost(double, tag = "3")]
    max: f64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Rate {
    #[prost(uint64, tag = "1")]
    passes: u64,
    #[prost(uint64, tag = "2")]
    total: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Trend {
    #[prost(sint32, tag = "1")]
    scale: i32,
    #[prost(uint64, tag = "2")]
    count: u64,
    #[prost(uint64, tag = "3")]
    zero_count: u64,
    #[prost(uint64, tag = "4")]
    rejected: u64,
    #[prost(double, tag = "5")]
    sum: f64,
    #[prost(double, tag = "6")]
    min: f64,
    #[prost(double, tag = "7")]
    max: f64,
    #[prost(sint32, repeated, tag = "8")]
    positive_indices: Vec<i32>,
    #[prost(uint64, repeated, tag = "9")]
    positive_counts: Vec<u64>,
    #[prost(sint32, repeated, tag = "10")]
    negative_indices: Vec<i32>,
    #[prost(uint64, repeated, tag = "11")]
    negative_counts: Vec<u64>,
    #[prost(uint64, repeated, tag = "12")]
    explicit: Vec<u64>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Value {
    #[prost(double, tag = "4")]
    Counter(f64),
    #[prost(message, tag = "5")]
    Gauge(Gauge),
    #[prost(message, tag = "6")]
    Rate(Rate),
    #[prost(message, tag = "7")]
    Trend(Trend),
}

#[derive(Clone, PartialEq, prost::Message)]
struct Point {
    #[prost(uint32, tag = "1")]
    series: u32,
    #[prost(sfixed64, tag = "2")]
    first: i64,
    #[prost(sfixed64, tag = "3")]
    newest: i64,
    #[prost(oneof = "Value", tags = "4, 5, 6, 7")]
    value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Own {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    help: String,
    #[prost(message, repeated, tag = "3")]
    labels: Vec<Pair>,
    #[prost(oneof = "Value", tags = "4, 5, 6, 7")]
    value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Record {
    #[prost(sfixed64, tag = "1")]
    time: i64,
    #[prost(bool, tag = "2")]
    last: bool,
    #[prost(message, repeated, tag = "3")]
    metrics: Vec<MetricEntry>,
    #[prost(message, repeated, tag = "4")]
    series: Vec<SeriesEntry>,
    #[prost(message, repeated, tag = "5")]
    points: Vec<Point>,
    #[prost(message, repeated, tag = "6")]
    own: Vec<Own>,
}

const KINDS: [MetricKind; 4] = [
    MetricKind::Counter,
    MetricKind::Gauge,
    MetricKind::Rate,
    MetricKind::Trend,
];

const CONTENTS: [ValueType; 3] = [ValueType::Default, ValueType::Time, ValueType::Data];

/// Writes the snapshots of one segment.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    metrics: FxHashSet<MetricId>,
    /// What was written of a series last.
    series: FxHashMap<SeriesId, (i64, Mark)>,
}

/// Tells a value from another one of the same series: cumulative counts only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark(u64, u64);

impl Encoder {
    pub(super) fn encode(
        &mut self,
        snapshot: &Snapshot,
        registry: &Registry,
        interner: &Interner,
    ) -> Vec<u8> {
        let mut record = Record {
            time: snapshot.time,
            last: snapshot.last,
            ..Record::default()
        };
        for point in &snapshot.series {
            let mark = (point.newest, mark(&point.value));
            match self.series.insert(point.id, mark) {
                Some(before) if before == mark => continue,
                Some(_) => {}
                None => {
                    let Some(series) = interner.resolve(point.id) else {
                        continue;
                    };
                    if (series.metric.0 as usize) >= registry.len() {
                        continue;
                    }
                    if self.metrics.insert(series.metric) {
                        record.metrics.push(metric_entry(registry, series.metric));
                    }
                    record.series.push(SeriesEntry {
                        id: point.id.0,
                        metric: series.metric.0,
                        tags: pairs(series.tags.iter()),
                    });
                }
            }
            record.points.push(Point {
                series: point.id.0,
                first: point.first,
                newest: point.newest,
                value: Some(value_of(&point.value)),
            });
        }
        record.own = snapshot
            .own
            .iter()
            .map(|own| Own {
                name: own.name.to_string(),
                help: own.help.to_string(),
                labels: pairs(own.labels.iter().map(|(name, value)| (&**name, &**value))),
                value: Some(value_of(&own.value)),
            })
            .collect();
        record.encode_to_vec()
    }
}

/// Reads the snapshots of one segment, in their order.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    metrics: FxHashMap<u32, MetricId>,
    series: FxHashMap<u32, SeriesId>,
    /// All series as they stand, by their number in the segment.
    points: BTreeMap<u32, SeriesPoint>,
}

impl Decoder {
    /// The next snapshot, with the numbers of this process; `None` if the bytes are no record.
    pub(super) fn decode(
        &mut self,
        bytes: &[u8],
        registry: &Registry,
        interner: &Interner,
    ) -> Option<Snapshot> {
        let record = Record::decode(bytes).ok()?;
        for entry in record.metrics {
            let kind = *KINDS.get(entry.kind as usize)?;
            let contains = *CONTENTS.get(entry.contains as usize)?;
            let metric = registry.register(&entry.name, kind, contains).ok()?;
            self.metrics.insert(entry.id, metric.id);
        }
        for entry in record.series {
            let metric = *self.metrics.get(&entry.metric)?;
            let tags: TagSet = entry
                .tags
                .into_iter()
                .map(|pair| (pair.name, pair.value))
                .collect();
            let id = interner
                .tag_set(&tags)
                .and_then(|tags| interner.series(metric, tags))
                .unwrap_or_else(|| interner.overflow_series(metric));
            self.series.insert(entry.id, id);
        }
        for point in record.points {
            let id = *self.series.get(&point.series)?;
            let metric = registry.metric(interner.resolve(id)?.metric);
            let value = value_from(point.value?)?;
            if kind_of(&value) != metric.kind {
                return None;
            }
            let read = SeriesPoint {
                id,
                first: point.first,
                newest: point.newest,
                value,
            };
            self.points.insert(point.series, read);
        }
        let own = record.own.into_iter().map(|own| {
            let labels = own.labels.into_iter();
            Some(OwnPoint {
                name: own.name.into(),
                help: own.help.into(),
                labels: labels
                    .map(|pair| (pair.name.into(), pair.value.into()))
                    .collect(),
                value: value_from(own.value?)?,
            })
        });
        Some(Snapshot {
            time: record.time,
            last: record.last,
            series: self.points.values().cloned().collect(),
            own: own.collect::<Option<_>>()?,
        })
    }
}

fn metric_entry(registry: &Registry, id: MetricId) -> MetricEntry {
    let metric = registry.metric(id);
    let place = |at: Option<usize>| at.unwrap_or_default() as u32;
    MetricEntry {
        id: id.0,
        name: metric.name.to_string(),
        kind: place(KINDS.iter().position(|kind| *kind == metric.kind)),
        contains: place(CONTENTS.iter().position(|it| *it == metric.contains)),
    }
}

fn pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Pair> {
    pairs
        .map(|(name, value)| Pair {
            name: name.to_owned(),
            value: value.to_owned(),
        })
        .collect()
}

fn mark(value: &SeriesValue) -> Mark {
    match value {
        SeriesValue::Counter(sum) => Mark(sum.to_bits(), 0),
        SeriesValue::Gauge { last, .. } => Mark(last.to_bits(), 0),
        SeriesValue::Rate { passes, total } => Mark(*passes, *total),
        SeriesValue::Trend(trend) => Mark(trend.count(), 0),
    }
}

fn kind_of(value: &SeriesValue) -> MetricKind {
    match value {
        SeriesValue::Counter(_) => MetricKind::Counter,
        SeriesValue::Gauge { .. } => MetricKind::Gauge,
        SeriesValue::Rate { .. } => MetricKind::Rate,
        SeriesValue::Trend(_) => MetricKind::Trend,
    }
}

fn value_of(value: &SeriesValue) -> Value {
    match value {
        SeriesValue::Counter(sum) => Value::Counter(*sum),
        &SeriesValue::Gauge { last, min, max } => Value::Gauge(Gauge { last, min, max }),
        &SeriesValue::Rate { passes, total } => Value::Rate(Rate { passes, total }),
        SeriesValue::Trend(trend) => {
            let (positive_indices, positive_counts) = trend.positive().unzip();
            let (negative_indices, negative_counts) = trend.negative().unzip();
            Value::Trend(Trend {
                scale: trend.scale(),
                count: trend.count(),
                zero_count: trend.zero_count(),
                rejected: trend.rejected(),
                sum: trend.sum(),
                min: trend.min().unwrap_or(f64::INFINITY),
                max: trend.max().unwrap_or(f64::NEG_INFINITY),
                positive_indices,
                positive_counts,
                negative_indices,
                negative_counts,
                explicit: trend.explicit().to_vec(),
            })
        }
    }
}

/// `None` for what no histogram can hold.
fn value_from(value: Value) -> Option<SeriesValue> {
    Some(match value {
        Value::Counter(sum) => SeriesValue::Counter(sum),
        Value::Gauge(Gauge { last, min, max }) => SeriesValue::Gauge { last, min, max },
        Value::Rate(Rate { passes, total }) if passes <= total => {
            SeriesValue::Rate { passes, total }
        }
        Value::Rate(_) => return None,
        Value::Trend(trend) => SeriesValue::Trend(Arc::new(histogram(&trend)?)),
    })
}

fn histogram(trend: &Trend) -> Option<ExpHistogram> {
    if !SCALES.contains(&trend.scale) {
        return None;
    }
    let positive = buckets(&trend.positive_indices, &trend.positive_counts, trend.scale)?;
    let negative = buckets(&trend.negative_indices, &trend.negative_counts, trend.scale)?;
    let mut counted = trend.zero_count;
    for (_, count) in positive.iter().chain(&negative) {
        counted = counted.checked_add(*count)?;
    }
    let explicit = &trend.explicit;
    let all = explicit
        .iter()
        .try_fold(0_u64, |all, count| all.checked_add(*count))?;
    if !explicit.is_empty() && (explicit.len() != EXPLICIT_BUCKETS || all != trend.count) {
        return None;
    }
    if counted != trend.count || trend.sum.is_nan() || trend.min.is_nan() || trend.max.is_nan() {
        return None;
    }
    let mut histogram = ExpHistogram::for_series();
    histogram.merge_parts(&HistogramParts {
        scale: trend.scale,
        count: trend.count,
        zero_count: trend.zero_count,
        rejected: trend.rejected,
        sum: trend.sum,
        min: trend.min,
        max: trend.max,
        positive: &positive,
        negative: &negative,
        explicit: &trend.explicit,
    });
    Some(histogram)
}

/// Buckets whose indices belong to finite numbers of 64 bits.
fn buckets(indices: &[i32], counts: &[u64], scale: i32) -> Option<Vec<(i32, u64)>> {
    // 2^-1074 to 2^1024, in buckets of this scale, and one more on either side.
    let doublings: i64 = 1_076;
    let most = if scale >= 0 {
        doublings << scale
    } else {
        (doublings >> -scale) + 1
    };
    if indices.len() != counts.len() {
        return None;
    }
    let pairs = indices.iter().copied().zip(counts.iter().copied());
    pairs
        .map(|(index, count)| (i64::from(index).abs() <= most).then_some((index, count)))
        .collect()
}

#[cfg(test)]
mod tests {
    use brunt_output::kit::Fixture;

    use super::*;

    fn trend(values: &[f64]) -> SeriesValue {
        let mut histogram = ExpHistogram::for_series();
        for value in values {
            histogram.record(*value);
            histogram.record_explicit(*value * 1000.0);
        }
        SeriesValue::Trend(Arc::new(histogram))
    }

    fn point(id: SeriesId, newest: i64, value: SeriesValue) -> SeriesPoint {
        SeriesPoint {
            id,
            first: 1,
            newest,
            value,
        }
    }

    fn snapshot(time: i64, series: Vec<SeriesPoint>) -> Snapshot {
        Snapshot {
            time,
            last: false,
            series,
            own: vec![OwnPoint::gauge("brunt_x", "Help.", &[("a", "b")], 1.5)],
        }
    }

    /// Debug text has every field, and the same series have the same numbers in one process.
    fn text(snapshot: &Snapshot) -> String {
        format!("{snapshot:?}")
    }

    #[test]
    fn snapshots_come_back_whole_though_only_changes_are_written() {
        let fixture = Fixture::new();
        let (registry, interner) = (&fixture.context().registry, &fixture.context().interner);
        let reqs = fixture.series("http_reqs", &[("name", "ü"), ("status", "200")]);
        let checks = fixture.series("checks", &[]);
        let vus = fixture.series("vus", &[]);
        let wait = fixture.series("http_req_waiting", &[]);
        let gauge = SeriesValue::Gauge {
            last: 3.0,
            min: -1.0,
            max: 9.0,
        };
        let all = [
            snapshot(
                10,
                vec![
                    point(reqs, 9, SeriesValue::Counter(4.0)),
                    point(wait, 9, trend(&[0.0, 1e-6, 10.0, -3.0])),
                ],
            ),
            snapshot(
                20,
                vec![
                    point(reqs, 19, SeriesValue::Counter(5.0)),
                    point(
                        checks,
                        19,
                        SeriesValue::Rate {
                            passes: 1,
                            total: 2,
                        },
                    ),
                    point(vus, 19, gauge),
                    point(wait, 9, trend(&[0.0, 1e-6, 10.0, -3.0])),
                ],
            ),
        ];
        let mut encoder = Encoder::default();
        let bytes: Vec<Vec<u8>> = all
            .iter()
            .map(|one| encoder.encode(one, registry, interner))
            .collect();
        let mut decoder = Decoder::default();
        for (bytes, snapshot) in bytes.iter().zip(&all) {
            let mut read = decoder.decode(bytes, registry, interner).unwrap();
            let mut expected = snapshot.clone();
            read.series.sort_by_key(|point| point.id);
            expected.series.sort_by_key(|point| point.id);
            assert_eq!(text(&read), text(&expected));
        }
        // Elsewhere the numbers differ and the names do not.
        let other = Fixture::new();
        other.series("data_sent", &[]);
        let (registry, interner) = (&other.context().registry, &other.context().interner);
        let read = Decoder::default()
            .decode(&bytes[0], registry, interner)
            .unwrap();
        let series = interner.resolve(read.series[0].id).unwrap();
        assert_eq!(series.tags.get("name"), Some("ü"));
        assert_eq!(&*registry.metric(series.metric).name, "http_reqs");
    }

    #[test]
    fn what_no_histogram_can_hold_is_no_record() {
        let trend = |change: &dyn Fn(&mut Trend)| {
            let mut trend = Trend {
                scale: 3,
                count: 3,
                zero_count: 1,
                sum: 2.0,
                min: 0.0,
                max: 1.0,
                positive_indices: vec![-1],
                positive_counts: vec![2],
                ..Trend::default()
            };
            change(&mut trend);
            histogram(&trend)
        };
        assert!(trend(&|_| {}).is_some());
        assert!(trend(&|it| it.count = 9).is_none());
        assert!(trend(&|it| it.scale = 99).is_none());
        assert!(trend(&|it| it.sum = f64::NAN).is_none());
        assert!(trend(&|it| it.positive_counts.clear()).is_none());
        assert!(trend(&|it| it.positive_indices[0] = i32::MAX).is_none());
        assert!(trend(&|it| it.positive_counts[0] = u64::MAX).is_none());
    }
}
