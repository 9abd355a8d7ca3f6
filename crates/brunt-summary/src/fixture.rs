//! Reports for tests.

use std::sync::Arc;
use std::time::Duration;

use brunt_aggregate::{GroupNode, Report, ThresholdResult, Totals, TrendTotals, Values};
use brunt_metrics::histogram::ExpHistogram;
use brunt_metrics::{Metric, MetricId, MetricKind, TagSet, ValueType};

/// A report of two seconds.
pub(crate) fn report(mut totals: Vec<Totals>) -> Report {
    let mut names: Vec<Arc<str>> = Vec::new();
    for totals in &mut totals {
        let name = &totals.metric.name;
        let at = names
            .iter()
            .position(|known| known == name)
            .unwrap_or_else(|| {
                names.push(Arc::clone(name));
                names.len() - 1
            });
        let id = MetricId(u32::try_from(at).expect("few metrics"));
        totals.metric = Arc::new(Metric {
            id,
            ..(*totals.metric).clone()
        });
    }
    Report {
        duration: Duration::from_secs(2),
        totals,
        root: GroupNode::default(),
        sections: Vec::new(),
        sections_left_out: false,
    }
}

fn totals(name: &str, contains: ValueType, values: Values) -> Totals {
    let kind = match values {
        Values::Counter { .. } => MetricKind::Counter,
        Values::Gauge { .. } => MetricKind::Gauge,
        Values::Rate { .. } => MetricKind::Rate,
        Values::Trend(_) => MetricKind::Trend,
    };
    let metric = Metric {
        id: MetricId(0),
        name: name.into(),
        kind,
        contains,
    };
    let metric = Arc::new(metric);
    Totals {
        metric,
        submetric: None,
        seen: true,
        values,
        thresholds: Vec::new(),
    }
}

pub(crate) fn counter(name: &str, count: f64) -> Totals {
    totals(name, ValueType::Default, Values::Counter { count })
}

pub(crate) fn bytes(name: &str, count: f64) -> Totals {
    totals(name, ValueType::Data, Values::Counter { count })
}

pub(crate) fn gauge(name: &str, value: f64, min: f64, max: f64) -> Totals {
    totals(name, ValueType::Default, Values::Gauge { value, min, max })
}

pub(crate) fn rate(name: &str, passes: u64, fails: u64) -> Totals {
    totals(name, ValueType::Default, Values::Rate { passes, fails })
}

pub(crate) fn trend(name: &str, values: &[f64]) -> Totals {
    distribution(name, ValueType::Default, 1.0, values)
}

pub(crate) fn time(name: &str, millis: &[f64]) -> Totals {
    distribution(name, ValueType::Time, 1000.0, millis)
}

fn distribution(name: &str, contains: ValueType, per_base: f64, values: &[f64]) -> Totals {
    let mut histogram = ExpHistogram::for_metric();
    for value in values {
        histogram.record(value / per_base);
    }
    let mut exact = values.to_vec();
    exact.sort_by(f64::total_cmp);
    let trend = TrendTotals {
        exact: Some(exact),
        histogram,
        per_base,
    };
    totals(name, contains, Values::Trend(trend))
}

/// Makes a sub-metric of a metric.
pub(crate) fn sub(totals: Totals, suffix: &str) -> Totals {
    let tags: TagSet = suffix
        .split(',')
        .filter_map(|pair| pair.split_once(':'))
        .collect();
    Totals {
        submetric: Some((suffix.to_owned(), tags)),
        ..totals
    }
}

pub(crate) fn kept(source: &str, aggregation: &str, value: f64) -> ThresholdResult {
    ThresholdResult {
        source: source.to_owned(),
        aggregation: aggregation.to_owned(),
        value,
        ok: true,
    }
}

pub(crate) fn crossed(source: &str, aggregation: &str, value: f64) -> ThresholdResult {
    ThresholdResult {
        ok: false,
        ..kept(source, aggregation, value)
    }
}
