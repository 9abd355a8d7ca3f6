//! The series that a metric becomes, named as k6 names them.

use brunt_metrics::{Metric, MetricKind, ValueType};

use crate::config::Shape;
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
}

/// Every series of a metric.
pub(crate) fn columns(metric: &Metric, shape: &Shape) -> Vec<Column> {
    let base = format!("{}{}", shape.prefix, metric.name);
    let column = |suffix: &str, what| Column {
        name: format!("{base}{suffix}"),
        what,
    };
    match metric.kind {
        MetricKind::Counter => vec![column("_total", What::Sum)],
        MetricKind::Gauge => vec![column("", What::Last)],
        MetricKind::Rate => vec![
            column("_rate", What::Share),
            column("_passes_total", What::Passes),
            column("_fails_total", What::Fails),
        ],
        MetricKind::Trend => {
            let unit = match metric.contains {
                ValueType::Time => "_seconds",
                ValueType::Data => "_bytes",
                ValueType::Default => "",
            };
            let stat =
                |stat: &TrendStat| column(&format!("_{}", stat.suffix()), What::Stat(stat.clone()));
            let native = shape.native.then(|| column(unit, What::Native));
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
