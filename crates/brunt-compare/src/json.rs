//! A comparison for machines.

use brunt_metrics::MetricKind;
use serde_json::{Value, json};

use crate::comparison::{Comparison, Effect, Row};

/// An object: `a` and `b` with their `name` and `seconds`, `confidence`, `rows`, and how many `regressions` there are.
/// Values are in the samples' unit, milliseconds for time; changes are shares, of rates differences.
pub fn json(comparison: &Comparison, names: [&str; 2]) -> Value {
    let run = |at: usize| {
        let seconds = comparison.durations[at].as_secs_f64();
        json!({ "name": names[at], "seconds": seconds })
    };
    json!({
        "a": run(0),
        "b": run(1),
        "confidence": comparison.confidence,
        "rows": comparison.rows.iter().map(row).collect::<Vec<_>>(),
        "regressions": comparison.regressions().count(),
    })
}

fn row(row: &Row) -> Value {
    let interval = row.change.and_then(|change| change.interval);
    json!({
        "metric": row.metric,
        "stat": row.stat,
        "a": row.values[0],
        "b": row.values[1],
        "change": row.change.map(|change| change.by),
        "unit": if row.kind == MetricKind::Rate { "difference" } else { "share" },
        "low": interval.map(|(low, _)| low),
        "high": interval.map(|(_, high)| high),
        "effect": match row.effect {
            Effect::Unclear => "unclear",
            Effect::Better => "better",
            Effect::Worse => "worse",
            Effect::Higher => "higher",
            Effect::Lower => "lower",
            Effect::Untold => "untold",
        },
        "limit": row.limit,
        "regression": row.is_regression,
    })
}
