//! `/v1/metrics`: every metric and sub-metric that had a sample, as it stands.

use brunt_aggregate::{Report, Totals, Values};
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::subject::Subject;

/// All metrics.
pub(super) async fn list(subject: &Subject) -> Answer {
    let Some(report) = subject.report().await else {
        return Answer::gone();
    };
    let metrics = observed(&report).map(|totals| metric(totals, &report));
    Answer::data(&Value::Array(metrics.collect()))
}

/// One metric by its name, with the braces for a sub-metric.
pub(super) async fn one(subject: &Subject, name: &str) -> Answer {
    let Some(report) = subject.report().await else {
        return Answer::gone();
    };
    let found = observed(&report).find(|totals| totals.full_name() == name);
    found.map_or_else(
        || Answer::missing("metric", name),
        |totals| Answer::data(&metric(totals, &report)),
    )
}

fn observed(report: &Report) -> impl Iterator<Item = &Totals> {
    report
        .totals
        .iter()
        .filter(|totals| totals.seen || !totals.thresholds.is_empty())
}

fn metric(totals: &Totals, report: &Report) -> Value {
    let thresholds = &totals.thresholds;
    let tainted = (!thresholds.is_empty()).then(|| thresholds.iter().any(|one| !one.ok));
    json!({
        "type": "metrics",
        "id": totals.full_name(),
        "attributes": {
            "type": totals.metric.kind.as_str(),
            "contains": totals.metric.contains.as_str(),
            "tainted": tainted,
            "sample": sample(totals, report),
        },
    })
}

/// The statistics that k6 shows here, whatever the summary shows.
fn sample(totals: &Totals, report: &Report) -> Value {
    let values: Vec<(&str, f64)> = match &totals.values {
        Values::Counter { count } => {
            let seconds = report.duration.as_secs_f64();
            vec![("count", *count), ("rate", count / seconds)]
        }
        Values::Gauge { value, .. } => vec![("value", *value)],
        Values::Rate { passes, fails } => {
            vec![("rate", *passes as f64 / (passes + fails) as f64)]
        }
        Values::Trend(trend) => vec![
            ("avg", trend.avg()),
            ("max", trend.max()),
            ("med", trend.percentile(50.0)),
            ("min", trend.min()),
            ("p(90)", trend.percentile(90.0)),
            ("p(95)", trend.percentile(95.0)),
        ],
    };
    let entries = values.into_iter().map(|(name, value)| {
        // Nothing by nothing, before the first sample or the first second.
        let value = if value.is_finite() { value } else { 0.0 };
        (name.to_owned(), Value::from(value))
    });
    Value::Object(entries.collect::<Map<_, _>>())
}
