//! Groups to protobuf: which of their series are sent, with which samples.

use std::sync::Arc;

use brunt_output::{Mark, Merged};
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

use crate::batch::Batch;
use crate::histogram;
use crate::names::What;
use crate::proto::{Histogram, Sample};
use crate::table::{Group, Sent};

/// Series that do not change are sent again after this, in milliseconds, so that they are not taken
/// for ended (Prometheus looks back five minutes) and gaps stay small.
const RESEND: i64 = 15_000;

/// A push may come a little early.
const SLACK: i64 = 500;

/// The value that marks the end of a series, and nothing else (remote write 1.0, stale markers).
const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// When a snapshot was taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// In milliseconds since the Unix epoch.
    pub(crate) time: i64,
    /// Whether all series are sent, changed or not.
    pub(crate) all: bool,
}

/// The samples of a series that go into a request: floats or histograms, never both.
enum Points {
    Floats(Vec<Sample>),
    Histograms(Vec<Histogram>),
}

impl Group {
    /// Writes the group's series into a batch if they have changed, or it is time again. Returns how
    /// many samples could not be expressed.
    pub(crate) fn write(&mut self, moment: Moment, batch: &mut Batch) -> u64 {
        let mark = self.value.mark();
        if mark == Mark::Nothing {
            return 0;
        }
        // A series' times ascend strictly, whatever the clock does.
        let time = self
            .sent
            .as_ref()
            .map_or(moment.time, |sent| moment.time.max(sent.time + 1));
        if let Some(sent) = &self.sent
            && !moment.all
            && sent.mark == mark
            && time - sent.time + SLACK < RESEND
        {
            return 0;
        }
        // A counter begins with zero just before its first sample, so that `increase()` sees it.
        let zero = (self.first.div_euclid(1_000_000) - 1).min(time - 1);
        let zero = self.sent.is_none().then_some(zero);
        let trend = self.value.histogram();
        if trend.is_none() && matches!(self.value, Merged::Trend(_)) {
            return 0;
        }
        let mut schema = self.sent.as_ref().and_then(|sent| sent.schema);
        let mut lost = 0;
        for column in &*self.columns {
            let counter = |value| {
                let begin = zero.map(|timestamp| Sample {
                    value: 0.0,
                    timestamp,
                });
                floats(begin.into_iter().chain([Sample {
                    value,
                    timestamp: time,
                }]))
            };
            let gauge = |value| {
                floats([Sample {
                    value,
                    timestamp: time,
                }])
            };
            let points = match (&column.what, &self.value, &trend) {
                (What::Sum, Merged::Counter(sum), _) => counter(*sum),
                (What::Last, Merged::Gauge { last, .. }, _) => gauge(*last),
                (What::Share, Merged::Rate { passes, total }, _) => {
                    gauge(*passes as f64 / (*total).max(1) as f64)
                }
                (What::Passes, Merged::Rate { passes, .. }, _) => counter(*passes as f64),
                (What::Fails, Merged::Rate { passes, total }, _) => {
                    counter(total.saturating_sub(*passes) as f64)
                }
                (What::Stat(stat), _, Some(trend)) => gauge(stat.of(trend)),
                (What::Native, _, Some(trend)) => histogram::encode(trend, time).map(|native| {
                    schema = Some(native.schema);
                    let begin = zero.map(|time| histogram::empty(native.schema, 0.0, time));
                    Points::Histograms(begin.into_iter().chain([native]).collect())
                }),
                _ => continue,
            };
            match points {
                Some(points) => batch.add(|out| write_series(out, &column.name, self, &points)),
                None => lost += 1,
            }
        }
        self.sent = Some(Sent { time, mark, schema });
        lost
    }

    /// Writes the end of every series that was sent.
    pub(crate) fn write_end(&mut self, batch: &mut Batch) {
        let Some(sent) = self.sent.take() else { return };
        let timestamp = sent.time + 1;
        for column in &*self.columns {
            let points = match (&column.what, sent.schema) {
                (What::Native, None) => continue,
                (What::Native, Some(schema)) => {
                    Points::Histograms(vec![histogram::empty(schema, STALE, timestamp)])
                }
                _ => Points::Floats(vec![Sample {
                    value: STALE,
                    timestamp,
                }]),
            };
            batch.add(|out| write_series(out, &column.name, self, &points));
        }
    }
}

/// Floats that can be sent; NaN would be taken for something else.
fn floats(samples: impl IntoIterator<Item = Sample>) -> Option<Points> {
    let samples: Vec<_> = samples.into_iter().collect();
    samples
        .iter()
        .all(|sample| !sample.value.is_nan())
        .then_some(Points::Floats(samples))
}

/// Appends one `TimeSeries` as field 1 of a `WriteRequest`; returns its samples.
fn write_series(out: &mut Vec<u8>, name: &str, group: &Group, points: &Points) -> u64 {
    const NAME: &str = "__name__";
    let at = group.labels.partition_point(|(label, _)| **label < *NAME);
    let (before, after) = group.labels.split_at(at);
    let labels = || {
        before
            .iter()
            .map(text)
            .chain([(NAME, name)])
            .chain(after.iter().map(text))
    };
    let message = |length: usize| 1 + encoded_len_varint(length as u64) + length;
    let label_length = |(name, value): (&str, &str)| message(name.len()) + message(value.len());
    let mut length: usize = labels().map(|pair| message(label_length(pair))).sum();
    length += match points {
        Points::Floats(samples) => samples
            .iter()
            .map(|s| message(s.encoded_len()))
            .sum::<usize>(),
        Points::Histograms(all) => all.iter().map(|h| message(h.encoded_len())).sum(),
    };
    frame(out, 1, length);
    for pair in labels() {
        frame(out, 1, label_length(pair));
        for (field, value) in [(1, pair.0), (2, pair.1)] {
            frame(out, field, value.len());
            out.extend_from_slice(value.as_bytes());
        }
    }
    match points {
        Points::Floats(samples) => {
            for sample in samples {
                frame(out, 2, sample.encoded_len());
                sample.encode_raw(out);
            }
            samples.len() as u64
        }
        Points::Histograms(histograms) => {
            for histogram in histograms {
                frame(out, 4, histogram.encoded_len());
                histogram.encode_raw(out);
            }
            histograms.len() as u64
        }
    }
}

fn text((name, value): &(Arc<str>, Arc<str>)) -> (&str, &str) {
    (name, value)
}

fn frame(out: &mut Vec<u8>, field: u32, length: usize) {
    encode_key(field, WireType::LengthDelimited, out);
    encode_varint(length as u64, out);
}
