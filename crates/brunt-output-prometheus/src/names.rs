//! The series that a metric becomes, named as k6 names them.

use brunt_metrics::{Metric, MetricKind, ValueType};

use crate::config::Shape;
use crate::proto::MetricType;
use crate::trend_stats::TrendStat;

/// What a series of a metric shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// The sum of a counter.
    Sum,
    /// The newest value of a gauge.
    Last,
    /// The share of non-zero samples: k6's own form of a rate, which cannot be added up.
    Share,
    /// The non-zero samples of a rate, as a counter.
    Passes,
    /// The zero samples of a rate, as a counter.
    Fails,
    /// A statistic of a trend.
    Stat(TrendStat),
    /// The distribution of a trend.
    Native,
}

/// A series' name and what it shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) what: What,
    /// One sentence about it, for the receiver's metadata.
    pub(crate) help: String,
    /// `seconds`, `bytes`, or empty.
    pub(crate) unit: &'static str,
}

impl Column {
    pub(crate) fn new(
        name: String,
        what: What,
        help: impl Into<String>,
        unit: &'static str,
    ) -> Self {
        Self {
            name,
            what,
            help: help.into(),
            unit,
        }
    }

    /// How the receiver is to understand it.
    pub(crate) fn kind(&self) -> MetricType {
        match self.what {
            What::Sum | What::Passes | What::Fails => MetricType::Counter,
            What::Last | What::Share | What::Stat(_) => MetricType::Gauge,
            What::Native => MetricType::Histogram,
        }
    }
}

/// Every series of a metric.
pub(crate) fn columns(metric: &Metric, shape: &Shape) -> Vec<Column> {
    let base = format!("{}{}", shape.prefix, metric.name);
    let name = &*metric.name;
    let column = |suffix: &str, what, help: String, unit| {
        Column::new(format!("{base}{suffix}"), what, help, unit)
    };
    match metric.kind {
        MetricKind::Counter => vec![column(
            "_total",
            What::Sum,
            format!("The sum of the counter {name}."),
            if metric.contains == ValueType::Data {
                "bytes"
            } else {
                ""
            },
        )],
        MetricKind::Gauge => vec![column(
            "",
            What::Last,
            format!("The newest value of the gauge {name}."),
            "",
        )],
        MetricKind::Rate => vec![
            column(
                "_rate",
                What::Share,
                format!("The share of samples of {name} that are not zero, since the start."),
                "",
            ),
            column(
                "_passes_total",
                What::Passes,
                format!("Samples of {name} that are not zero."),
                "",
            ),
            column(
                "_fails_total",
                What::Fails,
                format!("Samples of {name} that are zero."),
                "",
            ),
        ],
        MetricKind::Trend => {
            let (suffix, unit) = match metric.contains {
                ValueType::Time => ("_seconds", "seconds"),
                ValueType::Data => ("_bytes", "bytes"),
                ValueType::Default => ("", ""),
            };
            let stat = |stat: &TrendStat| {
                let help = format!("{} of {name} since the start.", stat.text());
                let unit = if *stat == TrendStat::Count { "" } else { unit };
                column(
                    &format!("_{}", stat.suffix()),
                    What::Stat(stat.clone()),
                    help,
                    unit,
                )
            };
            let native = shape.native.then(|| {
                let help = format!("The distribution of {name}.");
                column(suffix, What::Native, help, unit)
            });
            shape.stats.iter().map(stat).chain(native).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use brunt_metrics::Registry;

    use super::*;

    #[test]
    fn series_are_named_as_k6_names_them() {
        let registry = Registry::new();
        registry
            .register("order_size", MetricKind::Trend, ValueType::Data)
            .unwrap();
        registry
            .register("plain", MetricKind::Trend, ValueType::Default)
            .unwrap();
        let shape = Shape {
            prefix: "k6_".to_owned(),
            stats: vec![TrendStat::Min, TrendStat::parse("p(99.9)").unwrap()],
            native: true,
            ..Shape::default()
        };
        let table: &[(&str, &[&str])] = &[
            ("http_reqs", &["k6_http_reqs_total"]),
            ("vus", &["k6_vus"]),
            (
                "http_req_failed",
                &[
                    "k6_http_req_failed_rate",
                    "k6_http_req_failed_passes_total",
                    "k6_http_req_failed_fails_total",
                ],
            ),
            (
                "http_req_duration",
                &[
                    "k6_http_req_duration_min",
                    "k6_http_req_duration_p999",
                    "k6_http_req_duration_seconds",
                ],
            ),
            (
                "order_size",
                &[
                    "k6_order_size_min",
                    "k6_order_size_p999",
                    "k6_order_size_bytes",
                ],
            ),
            ("plain", &["k6_plain_min", "k6_plain_p999", "k6_plain"]),
        ];
        for (metric, expected) in table {
            let columns = columns(&registry.get(metric).unwrap(), &shape);
            let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
            assert_eq!(&names, expected);
        }
    }
}
