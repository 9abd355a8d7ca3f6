//! The messages of remote write 1.0, decoded: `prometheus.WriteRequest` and what it holds.
//!
//! Field numbers are those of Prometheus' `prompb/remote.proto` and `prompb/types.proto` as the
//! remote write 1.0 specification and its de-facto extensions (exemplars, histograms, metadata)
//! give them. Fields that do not exist there are refused: a sender that makes them up is wrong.

use super::wire::{Field, Fields, WireError};

/// A whole request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteRequest {
    /// Field 1.
    pub series: Vec<TimeSeries>,
    /// Field 3: metric families described.
    pub metadata: Vec<Metadata>,
}

/// Labels with samples or histograms.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TimeSeries {
    /// Field 1: names and values as sent, in the order sent.
    pub labels: Vec<(String, String)>,
    /// Field 2.
    pub samples: Vec<Sample>,
    /// Field 3.
    pub exemplars: Vec<Exemplar>,
    /// Field 4.
    pub histograms: Vec<Histogram>,
}

/// A float at a time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sample {
    /// Field 1.
    pub value: f64,
    /// Field 2: milliseconds since 1970.
    pub timestamp: i64,
    /// Field 3 of 2.0: when the counting began, in milliseconds since 1970; 0 for unknown.
    pub start_timestamp: i64,
}

/// An example of an observation, with labels that lead to a trace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Exemplar {
    /// Field 1.
    pub labels: Vec<(String, String)>,
    /// Field 2.
    pub value: f64,
    /// Field 3: milliseconds since 1970.
    pub timestamp: i64,
}

/// Buckets of one sign, as sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Buckets {
    /// Fields 8 and 11: offset (the first from bucket 0, later ones from the previous span's end)
    /// and length.
    pub spans: Vec<(i32, u32)>,
    /// Fields 9 and 12: counts of an integer histogram, each as difference from the one before.
    pub deltas: Vec<i64>,
    /// Fields 10 and 13: counts of a float histogram.
    pub counts: Vec<f64>,
}

/// A native histogram, as sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram {
    /// Field 1: observations of an integer histogram.
    pub count_int: Option<u64>,
    /// Field 2: observations of a float histogram.
    pub count_float: Option<f64>,
    /// Field 3: sum of the observations; the stale marker here ends the series.
    pub sum: f64,
    /// Field 4: bucket bounds grow by the factor 2^(2^-schema).
    pub schema: i32,
    /// Field 5: the zero bucket holds what is between minus and plus this.
    pub zero_threshold: f64,
    /// Field 6.
    pub zero_count_int: Option<u64>,
    /// Field 7.
    pub zero_count_float: Option<f64>,
    /// Fields 8 to 10.
    pub negative: Buckets,
    /// Fields 11 to 13.
    pub positive: Buckets,
    /// Field 14: 0 unknown, 1 yes, 2 no, 3 gauge.
    pub reset_hint: u64,
    /// Field 15: milliseconds since 1970.
    pub timestamp: i64,
    /// Field 17 of 2.0: when the counting began; 0 for unknown.
    pub start_timestamp: i64,
    /// Field 16: bounds of custom buckets (schema -53), not part of remote write 1.0.
    pub custom_values: Vec<f64>,
}

/// What a metric family is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// Field 1: 0 unknown, 1 counter, 2 gauge, 3 histogram, 4 gauge histogram, 5 summary, 6 info,
    /// 7 state set.
    pub kind: u64,
    /// Field 2.
    pub family: String,
    /// Field 4.
    pub help: String,
    /// Field 5.
    pub unit: String,
}

impl WriteRequest {
    /// Reads a request; strict: an unknown field is an error.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut request = Self::default();
        each("WriteRequest", bytes, |field| {
            match field.number {
                1 => request.series.push(time_series(field.bytes()?)?),
                3 => request.metadata.push(metadata(field.bytes()?)?),
                _ => return Err(field.unknown()),
            }
            Ok(())
        })?;
        Ok(request)
    }
}

pub(super) fn each<'a>(
    message: &'static str,
    bytes: &'a [u8],
    mut take: impl FnMut(Field<'a>) -> Result<(), WireError>,
) -> Result<(), WireError> {
    let mut fields = Fields::new(message, bytes);
    while let Some(field) = fields.next()? {
        take(field)?;
    }
    Ok(())
}

fn time_series(bytes: &[u8]) -> Result<TimeSeries, WireError> {
    let mut series = TimeSeries::default();
    each("TimeSeries", bytes, |field| {
        match field.number {
            1 => series.labels.push(label(field.bytes()?)?),
            2 => series.samples.push(sample(field.bytes()?, false)?),
            3 => series.exemplars.push(exemplar(field.bytes()?)?),
            4 => series.histograms.push(histogram(field.bytes()?, false)?),
            _ => return Err(field.unknown()),
        }
        Ok(())
    })?;
    Ok(series)
}

fn label(bytes: &[u8]) -> Result<(String, String), WireError> {
    let mut label = (String::new(), String::new());
    each("Label", bytes, |field| {
        match field.number {
            1 => label.0 = field.string()?,
            2 => label.1 = field.string()?,
            _ => return Err(field.unknown()),
        }
        Ok(())
    })?;
    Ok(label)
}

pub(super) fn sample(bytes: &[u8], starts: bool) -> Result<Sample, WireError> {
    let mut sample = Sample::default();
    each("Sample", bytes, |field| {
        match field.number {
            1 => sample.value = field.double()?,
            2 => sample.timestamp = field.int64()?,
            3 if starts => sample.start_timestamp = field.int64()?,
            _ => return Err(field.unknown()),
        }
        Ok(())
    })?;
    Ok(sample)
}

fn exemplar(bytes: &[u8]) -> Result<Exemplar, WireError> {
    let mut exemplar = Exemplar::default();
    each("Exemplar", bytes, |field| {
        match field.number {
            1 => exemplar.labels.push(label(field.bytes()?)?),
            2 => exemplar.value = field.double()?,
            3 => exemplar.timestamp = field.int64()?,
            _ => return Err(field.unknown()),
        }
        Ok(())
    })?;
    Ok(exemplar)
}

pub(super) fn histogram(bytes: &[u8], starts: bool) -> Result<Histogram, WireError> {
    let mut h = Histogram::default();
    each("Histogram", bytes, |field| {
        match field.number {
            1 => h.count_int = Some(field.uint64()?),
            2 => h.count_float = Some(field.double()?),
            3 => h.sum = field.double()?,
            4 => h.schema = field.sint32()?,
            5 => h.zero_threshold = field.double()?,
            6 => h.zero_count_int = Some(field.uint64()?),
            7 => h.zero_count_float = Some(field.double()?),
            8 => h.negative.spans.push(span(field.bytes()?)?),
            9 => field.sint64s(&mut h.negative.deltas)?,
            10 => field.doubles(&mut h.negative.counts)?,
            11 => h.positive.spans.push(span(field.bytes()?)?),
            12 => field.sint64s(&mut h.positive.deltas)?,
            13 => field.doubles(&mut h.positive.counts)?,
            14 => h.reset_hint = field.uint64()?,
            15 => h.timestamp = field.int64()?,
            16 => field.doubles(&mut h.custom_values)?,
            17 if starts => h.start_timestamp = field.int64()?,
            _ => return Err(field.unknown()),
        }
        Ok(())
    })?;
    Ok(h)
}

fn span(bytes: &[u8]) -> Result<(i32, u32), WireError> {
    let mut span = (0, 0);
    each("BucketSpan", bytes, |field| {
        match field.number {
            1 => span.0 = field.sint32()?,
            2 => span.1 = field.uint32()?,
            _ => return Err(field.unknown()),
        }
        Ok(())
    })?;
    Ok(span)
}

fn metadata(bytes: &[u8]) -> Result<Metadata, WireError> {
    let mut metadata = Metadata::default();
    each("MetricMetadata", bytes, |field| {
        match field.number {
            1 => metadata.kind = field.uint64()?,
            2 => metadata.family = field.string()?,
            4 => metadata.help = field.string()?,
            5 => metadata.unit = field.string()?,
            _ => return Err(field.unknown()),
        }
        Ok(())
    })?;
    Ok(metadata)
}
