//! `ExportMetricsServiceRequest` as far as a sender of metrics may use it; any other field is an error.

use std::collections::BTreeMap;

use crate::wire::{Field, Fields, WireError};

/// Attributes by name; values are texts.
pub type Attributes = BTreeMap<String, String>;

/// One metric of a request, with what stands around it.
#[derive(Debug, Clone, Default)]
pub(super) struct Metric {
    pub(super) resource: Attributes,
    pub(super) scope: (String, String),
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) kind: Kind,
    pub(super) points: Vec<Point>,
    /// An attribute that came twice in one place.
    pub(super) twice: Option<String>,
}

/// What a metric's data are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// There are no data.
    #[default]
    None,
    /// Values as they stand.
    Gauge,
    /// Values that add up.
    Sum {
        /// 1 delta, 2 cumulative.
        temporality: u64,
        /// Whether they only grow.
        monotonic: bool,
    },
    /// Distributions over given bounds.
    Histogram {
        /// 1 delta, 2 cumulative.
        temporality: u64,
    },
    /// Distributions over base-2 exponential buckets.
    Exponential {
        /// 1 delta, 2 cumulative.
        temporality: u64,
    },
}

impl Kind {
    /// The temporality, where the kind has one.
    pub fn temporality(self) -> Option<u64> {
        match self {
            Self::None | Self::Gauge => None,
            Self::Sum { temporality, .. }
            | Self::Histogram { temporality }
            | Self::Exponential { temporality } => Some(temporality),
        }
    }
}

/// A data point of any kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Point {
    pub(super) attributes: Attributes,
    pub(super) start: u64,
    pub(super) time: u64,
    /// Of a gauge or sum.
    pub(super) value: Option<f64>,
    pub(super) integer: bool,
    /// Of a histogram.
    pub(super) count: u64,
    pub(super) sum: Option<f64>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) bounds: Vec<f64>,
    /// Of a histogram, or the positive ones.
    pub(super) buckets: Vec<u64>,
    pub(super) offset: i64,
    pub(super) negative: Vec<u64>,
    pub(super) negative_offset: i64,
    pub(super) scale: i64,
    pub(super) zero_count: u64,
    pub(super) zero_threshold: f64,
}

/// Every metric of a request.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Metric>, WireError> {
    let mut metrics = Vec::new();
    let mut request = Fields::new("ExportMetricsServiceRequest", bytes);
    while let Some(field) = request.next()? {
        match field.number {
            1 => resource_metrics(field.bytes()?, &mut metrics)?,
            _ => return Err(field.unknown()),
        }
    }
    Ok(metrics)
}

fn resource_metrics(bytes: &[u8], metrics: &mut Vec<Metric>) -> Result<(), WireError> {
    let mut around = Metric::default();
    let mut scopes = Vec::new();
    let mut fields = Fields::new("ResourceMetrics", bytes);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => {
                let mut resource = Fields::new("Resource", field.bytes()?);
                while let Some(field) = resource.next()? {
                    match field.number {
                        1 => attribute(&field, &mut around.resource, &mut around.twice)?,
                        _ => return Err(field.unknown()),
                    }
                }
            }
            2 => scopes.push(field.bytes()?),
            _ => return Err(field.unknown()),
        }
    }
    for scope in scopes {
        scope_metrics(scope, &around, metrics)?;
    }
    Ok(())
}

fn scope_metrics(bytes: &[u8], around: &Metric, all: &mut Vec<Metric>) -> Result<(), WireError> {
    let mut around = around.clone();
    let mut metrics = Vec::new();
    let mut fields = Fields::new("ScopeMetrics", bytes);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => {
                let mut scope = Fields::new("InstrumentationScope", field.bytes()?);
                while let Some(field) = scope.next()? {
                    match field.number {
                        1 => around.scope.0 = field.string()?,
                        2 => around.scope.1 = field.string()?,
                        _ => return Err(field.unknown()),
                    }
                }
            }
            2 => metrics.push(field.bytes()?),
            _ => return Err(field.unknown()),
        }
    }
    for bytes in metrics {
        all.push(metric(bytes, around.clone())?);
    }
    Ok(())
}

fn metric(bytes: &[u8], mut metric: Metric) -> Result<Metric, WireError> {
    let mut fields = Fields::new("Metric", bytes);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => metric.name = field.string()?,
            2 => {
                field.string()?;
            }
            3 => metric.unit = field.string()?,
            5 | 7 | 9 | 10 => data(&field, &mut metric)?,
            _ => return Err(field.unknown()),
        }
    }
    Ok(metric)
}

fn data(field: &Field<'_>, metric: &mut Metric) -> Result<(), WireError> {
    let which = field.number;
    let message = match which {
        5 => "Gauge",
        7 => "Sum",
        9 => "Histogram",
        _ => "ExponentialHistogram",
    };
    let (mut temporality, mut monotonic) = (0, false);
    let mut fields = Fields::new(message, field.bytes()?);
    while let Some(field) = fields.next()? {
        match (field.number, which) {
            (1, 5 | 7) => metric
                .points
                .push(number(field.bytes()?, &mut metric.twice)?),
            (1, 9) => metric
                .points
                .push(explicit(field.bytes()?, &mut metric.twice)?),
            (1, _) => metric
                .points
                .push(exponential(field.bytes()?, &mut metric.twice)?),
            (2, 7 | 9 | 10) => temporality = field.uint64()?,
            (3, 7) => monotonic = field.uint64()? != 0,
            _ => return Err(field.unknown()),
        }
    }
    metric.kind = match which {
        5 => Kind::Gauge,
        7 => Kind::Sum {
            temporality,
            monotonic,
        },
        9 => Kind::Histogram { temporality },
        _ => Kind::Exponential { temporality },
    };
    Ok(())
}

fn number(bytes: &[u8], twice: &mut Option<String>) -> Result<Point, WireError> {
    let mut point = Point::default();
    let mut fields = Fields::new("NumberDataPoint", bytes);
    while let Some(field) = fields.next()? {
        match field.number {
            7 => attribute(&field, &mut point.attributes, twice)?,
            2 => point.start = field.fixed64()?,
            3 => point.time = field.fixed64()?,
            4 => point.value = Some(field.double()?),
            6 => {
                point.value = Some(field.fixed64()?.cast_signed() as f64);
                point.integer = true;
            }
            _ => return Err(field.unknown()),
        }
    }
    Ok(point)
}

fn explicit(bytes: &[u8], twice: &mut Option<String>) -> Result<Point, WireError> {
    let mut point = Point::default();
    let mut fields = Fields::new("HistogramDataPoint", bytes);
    while let Some(field) = fields.next()? {
        match field.number {
            9 => attribute(&field, &mut point.attributes, twice)?,
            2 => point.start = field.fixed64()?,
            3 => point.time = field.fixed64()?,
            4 => point.count = field.fixed64()?,
            5 => point.sum = Some(field.double()?),
            6 => field.fixed64s(&mut point.buckets)?,
            7 => field.doubles(&mut point.bounds)?,
            11 => point.min = Some(field.double()?),
            12 => point.max = Some(field.double()?),
            _ => return Err(field.unknown()),
        }
    }
    Ok(point)
}

fn exponential(bytes: &[u8], twice: &mut Option<String>) -> Result<Point, WireError> {
    let mut point = Point::default();
    let mut fields = Fields::new("ExponentialHistogramDataPoint", bytes);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => attribute(&field, &mut point.attributes, twice)?,
            2 => point.start = field.fixed64()?,
            3 => point.time = field.fixed64()?,
            4 => point.count = field.fixed64()?,
            5 => point.sum = Some(field.double()?),
            6 => point.scale = field.sint32()?.into(),
            7 => point.zero_count = field.fixed64()?,
            8 => (point.offset, point.buckets) = buckets(field.bytes()?)?,
            9 => (point.negative_offset, point.negative) = buckets(field.bytes()?)?,
            12 => point.min = Some(field.double()?),
            13 => point.max = Some(field.double()?),
            14 => point.zero_threshold = field.double()?,
            _ => return Err(field.unknown()),
        }
    }
    Ok(point)
}

fn buckets(bytes: &[u8]) -> Result<(i64, Vec<u64>), WireError> {
    let (mut offset, mut counts) = (0, Vec::new());
    let mut fields = Fields::new("Buckets", bytes);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => offset = field.sint32()?.into(),
            2 => field.uint64s(&mut counts)?,
            _ => return Err(field.unknown()),
        }
    }
    Ok((offset, counts))
}

fn attribute(
    field: &Field<'_>,
    into: &mut Attributes,
    twice: &mut Option<String>,
) -> Result<(), WireError> {
    let (mut key, mut text) = (String::new(), String::new());
    let mut fields = Fields::new("KeyValue", field.bytes()?);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => key = field.string()?,
            2 => {
                let mut value = Fields::new("AnyValue", field.bytes()?);
                while let Some(field) = value.next()? {
                    match field.number {
                        1 => text = field.string()?,
                        _ => return Err(field.unknown()),
                    }
                }
            }
            _ => return Err(field.unknown()),
        }
    }
    if into.insert(key.clone(), text).is_some() {
        *twice = Some(key);
    }
    Ok(())
}
