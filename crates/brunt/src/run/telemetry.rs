//! What brunt tells outputs of itself: how outputs and engine are doing while a test runs, and how
//! the run went at its end.
//!
//! It travels with the snapshots (`Snapshot::own`), under names of brunt's own, so that a dashboard
//! shows whether a result can be trusted beside the result.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use brunt_aggregate::{OwnPoint, Report, Totals, Values};
use brunt_engine::TestState;
use brunt_metrics::{TagSet, ValueType};
use brunt_output::Account;
use brunt_output::account::METRICS;

/// The statistics of a trend that the run's summary has as a series.
const PERCENTILES: [(&str, f64); 4] = [
    ("med", 50.0),
    ("p(90)", 90.0),
    ("p(95)", 95.0),
    ("p(99)", 99.0),
];

/// The test's own tag `testid`, where it has one, becomes a label as it is one of all its series.
fn named(mut points: Vec<OwnPoint>, tags: &TagSet) -> Vec<OwnPoint> {
    if let Some(testid) = tags.get("testid") {
        let label = (Arc::from("testid"), Arc::from(testid));
        for point in &mut points {
            point.labels.push(label.clone());
        }
    }
    points
}

/// How outputs and engine are doing.
pub(crate) fn now(accounts: &[(String, Account)], state: &TestState) -> Vec<OwnPoint> {
    let mut points = Vec::with_capacity(accounts.len() * METRICS.len() + 8);
    for (output, account) in accounts {
        let counts = account.counts();
        let labels = [("output", output.as_str())];
        points.extend(METRICS.iter().map(|metric| {
            let make = if metric.counter {
                OwnPoint::counter
            } else {
                OwnPoint::gauge
            };
            make(metric.name, metric.help, &labels, (metric.value)(&counts))
        }));
    }
    let read = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64;
    let counters = [
        (
            "brunt_engine_iterations_completed",
            "Iterations that ran to their end.",
            &state.iterations_completed,
        ),
        (
            "brunt_engine_iterations_interrupted",
            "Iterations that were interrupted.",
            &state.iterations_interrupted,
        ),
        (
            "brunt_engine_iterations_dropped",
            "Iterations that were never started.",
            &state.iterations_dropped,
        ),
    ];
    for (name, help, count) in counters {
        points.push(OwnPoint::counter(name, help, &[], read(count)));
    }
    // What is read is gone: the next snapshot tells of the time since this one.
    let lag = state.worker_lag.swap(0, Ordering::Relaxed) as f64 / 1e9;
    points.push(OwnPoint::gauge(
        "brunt_engine_worker_lag_seconds",
        "How late a worker came to its own timer at most since the last time.",
        &[],
        lag,
    ));
    points
}

/// What is told of a run beside its metrics.
pub(crate) struct RunFacts<'a> {
    /// As the user named it.
    pub(crate) script: &'a str,
    /// `passed`, `failed` (thresholds) or `aborted`.
    pub(crate) verdict: &'a str,
    pub(crate) exit_code: u8,
    /// Of the whole run.
    pub(crate) tags: &'a TagSet,
    /// When the scenarios started, in nanoseconds since the Unix epoch.
    pub(crate) started: Option<i64>,
}

/// How the run went: one point for each statistic of each metric, each threshold, and the run.
pub(crate) fn of_run(report: &Report, facts: &RunFacts<'_>) -> Vec<OwnPoint> {
    let mut points = Vec::new();
    for totals in report.totals.iter().filter(|totals| totals.seen) {
        let name = totals.full_name();
        for (stat, value) in statistics(totals, report) {
            if value.is_finite() {
                points.push(OwnPoint::gauge(
                    "brunt_summary",
                    "A statistic of a metric over the whole run, times in seconds.",
                    &[("metric", &name), ("stat", stat)],
                    value,
                ));
            }
        }
    }
    for totals in &report.totals {
        let name = totals.full_name();
        for threshold in &totals.thresholds {
            points.push(OwnPoint::gauge(
                "brunt_threshold",
                "Whether a threshold was kept: 1 or 0.",
                &[("metric", &name), ("threshold", &threshold.source)],
                f64::from(u8::from(threshold.ok)),
            ));
        }
    }
    let exit_code = facts.exit_code.to_string();
    let labels = [
        ("script", facts.script),
        ("version", env!("CARGO_PKG_VERSION")),
        ("verdict", facts.verdict),
        ("exit_code", &exit_code),
    ];
    points.push(OwnPoint::gauge(
        "brunt_run_info",
        "The run: how long its scenarios took, in seconds.",
        &labels,
        report.duration.as_secs_f64(),
    ));
    if let Some(started) = facts.started {
        points.push(OwnPoint::gauge(
            "brunt_run_started_seconds",
            "When the scenarios started, in seconds since the Unix epoch.",
            &[],
            started as f64 / 1e9,
        ));
    }
    named(points, facts.tags)
}

fn statistics(totals: &Totals, report: &Report) -> Vec<(&'static str, f64)> {
    // Base units, as everywhere in Prometheus.
    let scale = if totals.metric.contains == ValueType::Time {
        1e-3
    } else {
        1.0
    };
    match &totals.values {
        Values::Counter { count } => {
            let seconds = report.duration.as_secs_f64();
            let mut values = vec![("count", *count * scale)];
            if seconds > 0.0 {
                values.push(("rate", *count * scale / seconds));
            }
            values
        }
        Values::Gauge { value, min, max } => vec![
            ("value", value * scale),
            ("min", min * scale),
            ("max", max * scale),
        ],
        Values::Rate { passes, fails } => {
            let all = (*passes + *fails).max(1) as f64;
            vec![
                ("rate", *passes as f64 / all),
                ("passes", *passes as f64),
                ("fails", *fails as f64),
            ]
        }
        Values::Trend(trend) => {
            let mut values = vec![
                ("count", trend.count() as f64),
                ("avg", trend.avg() * scale),
                ("min", trend.min() * scale),
                ("max", trend.max() * scale),
            ];
            values.extend(PERCENTILES.map(|(stat, p)| (stat, trend.percentile(p) * scale)));
            values
        }
    }
}

/// The values that each snapshot carries.
pub(crate) fn source(
    accounts: Vec<(String, Account)>,
    state: Arc<TestState>,
    tags: TagSet,
) -> Arc<dyn Fn() -> Vec<OwnPoint> + Send + Sync> {
    Arc::new(move || named(now(&accounts, &state), &tags))
}
