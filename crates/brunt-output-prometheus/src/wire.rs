//! Loads as bytes: the requests of both versions of remote write.
//!
//! The frames are written by hand: a request has thousands of labels that are borrowed from the
//! table, and messages that own their texts would copy each of them.

mod one;
mod two;

use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

use crate::load::{Load, Points, Series};
use crate::proto::Sample;

/// The version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// `prometheus.WriteRequest`
    One,
    /// `io.prometheus.write.v2.Request`
    Two,
}

impl Version {
    /// The header `Content-Type`.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::One => "application/x-protobuf",
            Self::Two => "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        }
    }

    /// The header `X-Prometheus-Remote-Write-Version`.
    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::One => "0.1.0",
            Self::Two => "2.0.0",
        }
    }
}

/// The body of a request: protobuf, compressed as a snappy block.
pub(crate) fn body(load: &Load, version: Version) -> Vec<u8> {
    let message = match version {
        Version::One => one::message(load),
        Version::Two => two::message(load),
    };
    // This fails for more than 4 GiB only, which a load never has.
    snap::raw::Encoder::new()
        .compress_vec(&message)
        .unwrap_or_default()
}

/// Begins a length-delimited field.
fn frame(out: &mut Vec<u8>, field: u32, length: usize) {
    encode_key(field, WireType::LengthDelimited, out);
    encode_varint(length as u64, out);
}

/// A text, which is left out when it is empty.
fn text(out: &mut Vec<u8>, field: u32, value: &str) {
    if !value.is_empty() {
        frame(out, field, value.len());
        out.extend_from_slice(value.as_bytes());
    }
}

fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    if value != 0 {
        encode_key(field, WireType::Varint, out);
        encode_varint(value, out);
    }
}

/// The bytes of a length-delimited field whose number is below 16.
fn framed(length: usize) -> usize {
    1 + encoded_len_varint(length as u64) + length
}

/// All labels of a series, sorted, its name among them.
fn labels(series: &Series) -> impl Iterator<Item = (&str, &str)> {
    const NAME: &str = "__name__";
    let at = series.labels.partition_point(|(label, _)| **label < *NAME);
    let (before, after) = series.labels.split_at(at);
    before
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .chain([(NAME, series.column.name.as_str())])
        .chain(after.iter().map(|(name, value)| (&**name, &**value)))
}

/// Appends the samples of a series under these field numbers.
fn points(out: &mut Vec<u8>, points: &Points, floats: u32, histograms: u32, starts: bool) {
    match points {
        Points::Floats(samples) => {
            for sample in samples {
                let start = if starts { sample.start_timestamp } else { 0 };
                let sample = Sample {
                    start_timestamp: start,
                    ..*sample
                };
                frame(out, floats, sample.encoded_len());
                sample.encode_raw(out);
            }
        }
        Points::Histograms(all) => {
            for histogram in all {
                let mut histogram = std::borrow::Cow::Borrowed(histogram);
                if !starts {
                    histogram.to_mut().start_timestamp = 0;
                }
                frame(out, histograms, histogram.encoded_len());
                histogram.encode_raw(out);
            }
        }
    }
}
