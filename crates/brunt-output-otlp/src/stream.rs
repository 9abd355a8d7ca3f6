//! What a metric is called and how its values are to be read, as OTLP says it: everything of a
//! `Metric` but its data points.

use brunt_metrics::{Metric, MetricKind, ValueType};
use opentelemetry_proto::tonic::metrics::v1 as otlp;
use otlp::AggregationTemporality;
use prost::Message as _;

use crate::frame::frame;

/// Whether values count from the start or from the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Temporality {
    /// Since the start of the series.
    #[default]
    Cumulative,
    /// Since what the receiver acknowledged last.
    Delta,
}

/// How trends are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Histogram {
    /// In seconds, with base-2 exponential buckets.
    #[default]
    Exponential,
    /// In milliseconds, with k6's bounds.
    Explicit,
}

/// Which kind of data points a metric has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Data {
    Sum,
    Gauge,
    /// A rate: two integer sums, told apart by the attribute `condition`.
    Conditions,
    Exponential,
    Explicit,
}

/// A metric as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stream {
    pub(crate) data: Data,
    /// How many of the metric's units make one of those that histograms count in.
    pub(crate) per_base: f64,
    /// The encoded fields of `Metric` that are before its data.
    head: Vec<u8>,
    /// The encoded fields of `Sum`, `Gauge` and so on beside the data points.
    shape: Vec<u8>,
}

impl Stream {
    /// A metric of the test, named as k6 names it.
    pub(crate) fn of(
        metric: &Metric,
        prefix: &str,
        temporality: Temporality,
        histogram: Histogram,
    ) -> Self {
        let (data, suffix) = match (metric.kind, histogram) {
            (MetricKind::Counter, _) => (Data::Sum, ""),
            (MetricKind::Gauge, _) => (Data::Gauge, ""),
            (MetricKind::Rate, _) => (Data::Conditions, ".total"),
            (MetricKind::Trend, Histogram::Exponential) => (Data::Exponential, ""),
            (MetricKind::Trend, Histogram::Explicit) => (Data::Explicit, ""),
        };
        let unit = match (metric.contains, data) {
            // Rates count samples, whatever the samples measure.
            (_, Data::Conditions) | (ValueType::Default, _) => "",
            (ValueType::Time, Data::Exponential) => "s",
            (ValueType::Time, _) => "ms",
            (ValueType::Data, _) => "By",
        };
        let name = format!("{prefix}{}{suffix}", metric.name);
        Self {
            per_base: brunt_metrics::sink::per_base(metric.contains),
            ..Self::new(name, "", unit, data, temporality)
        }
    }

    /// A metric of brunt's own.
    pub(crate) fn own(name: &str, help: &str, data: Data, temporality: Temporality) -> Self {
        let unit = if name.ends_with("_seconds") { "s" } else { "" };
        Self::new(name.to_owned(), help, unit, data, temporality)
    }

    fn new(
        name: String,
        description: &str,
        unit: &str,
        data: Data,
        temporality: Temporality,
    ) -> Self {
        let head = otlp::Metric {
            name,
            description: description.to_owned(),
            unit: unit.to_owned(),
            ..otlp::Metric::default()
        };
        let aggregation_temporality = match temporality {
            Temporality::Cumulative => AggregationTemporality::Cumulative,
            Temporality::Delta => AggregationTemporality::Delta,
        } as i32;
        let data_points = Vec::new();
        let shape = match data {
            Data::Gauge => Vec::new(),
            Data::Sum | Data::Conditions => otlp::Sum {
                data_points,
                aggregation_temporality,
                is_monotonic: true,
            }
            .encode_to_vec(),
            Data::Exponential => otlp::ExponentialHistogram {
                data_points: Vec::new(),
                aggregation_temporality,
            }
            .encode_to_vec(),
            Data::Explicit => otlp::Histogram {
                data_points: Vec::new(),
                aggregation_temporality,
            }
            .encode_to_vec(),
        };
        Self {
            data,
            per_base: 1.0,
            head: head.encode_to_vec(),
            shape,
        }
    }

    /// About how many bytes the metric takes beside its data points; never too few.
    pub(crate) fn overhead(&self) -> usize {
        // Four frames around it, of at most eleven bytes each.
        self.head.len() + self.shape.len() + 44
    }

    /// Appends the metric with data points that are encoded already, as field 2 of `ScopeMetrics`.
    pub(crate) fn write<'a>(
        &self,
        out: &mut Vec<u8>,
        points: impl Iterator<Item = &'a [u8]> + Clone,
    ) {
        // Fields of `Metric`: gauge 5, sum 7, histogram 9, exponential histogram 10.
        let field = match self.data {
            Data::Gauge => 5,
            Data::Sum | Data::Conditions => 7,
            Data::Explicit => 9,
            Data::Exponential => 10,
        };
        let length = self.shape.len() + points.clone().map(<[u8]>::len).sum::<usize>();
        let mut inner = Vec::with_capacity(self.head.len() + 11);
        inner.extend_from_slice(&self.head);
        frame(&mut inner, field, length);
        frame(out, 2, inner.len() + length);
        out.extend_from_slice(&inner);
        out.extend_from_slice(&self.shape);
        for point in points {
            out.extend_from_slice(point);
        }
    }
}
