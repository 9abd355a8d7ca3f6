//! The argument of a script's `handleSummary(data)`.

use brunt_aggregate::{Report, Totals};
use serde_json::{Map, Value, json};

use crate::options::{SummaryOptions, TimeUnit, TrendStat};
use crate::{json_number, shown, tree, values};

/// What `handleSummary` is told besides the measurements.
#[derive(Debug, Clone, Copy, Default)]
pub struct HandleState<'a> {
    /// Whether the standard output is a terminal.
    pub stdout_is_tty: bool,
    /// Whether the standard error output is one.
    pub stderr_is_tty: bool,
    /// What `setup()` returned.
    pub setup_data: Option<&'a Value>,
}

/// `{root_group, options, state, metrics, setup_data?}`. The run's duration in `state` is in
/// milliseconds; `noColor` is the opposite of [`SummaryOptions::colour`].
pub fn data(report: &Report, options: &SummaryOptions, state: HandleState<'_>) -> Value {
    let stats: Vec<&str> = options.trend_stats.iter().map(TrendStat::as_str).collect();
    let mut metrics = Map::new();
    for shown in shown::metrics(&report.totals) {
        for totals in std::iter::once(shown.parent).chain(shown.subs) {
            metrics.insert(
                totals.full_name(),
                metric(totals, report, &options.trend_stats),
            );
        }
    }
    let mut data = json!({
        "root_group": tree::as_lists(&report.root),
        "options": {
            "summaryTrendStats": stats,
            "summaryTimeUnit": options.time_unit.map_or("", TimeUnit::as_str),
            "noColor": !options.colour,
        },
        "state": {
            "isStdOutTTY": state.stdout_is_tty,
            "isStdErrTTY": state.stderr_is_tty,
            "testRunDurationMs": json_number(report.duration.as_secs_f64() * 1000.0),
        },
        "metrics": metrics,
    });
    if let (Some(setup), Value::Object(data)) = (state.setup_data, &mut data) {
        data.insert("setup_data".to_owned(), setup.clone());
    }
    data
}

fn metric(totals: &Totals, report: &Report, stats: &[TrendStat]) -> Value {
    let values: Map<String, Value> = values::of(totals, report.duration, stats)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json_number(value)))
        .collect();
    let mut metric = json!({
        "type": totals.metric.kind.as_str(),
        "contains": totals.metric.contains.as_str(),
        "values": values,
    });
    if !totals.thresholds.is_empty() {
        let results: Map<String, Value> = totals
            .thresholds
            .iter()
            .map(|t| (t.source.clone(), json!({ "ok": t.ok })))
            .collect();
        metric["thresholds"] = Value::Object(results);
    }
    metric
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, crossed};

    #[test]
    fn the_argument_has_k6s_form() {
        let mut checks = fixture::rate("checks", 5, 1);
        checks.thresholds = vec![crossed("rate>0.9", "rate", 5.0 / 6.0)];
        let report = fixture::report(vec![checks, fixture::time("took", &[1.5, 2.5])]);
        let options = SummaryOptions {
            trend_stats: vec![TrendStat::Avg, TrendStat::Max],
            time_unit: Some(TimeUnit::Seconds),
            ..SummaryOptions::default()
        };
        let setup = json!([1]);
        let state = HandleState {
            stdout_is_tty: true,
            setup_data: Some(&setup),
            ..HandleState::default()
        };
        let id = "d41d8cd98f00b204e9800998ecf8427e";
        assert_eq!(
            data(&report, &options, state),
            json!({
                "root_group": {"name": "", "path": "", "id": id, "groups": [], "checks": []},
                "options": {
                    "summaryTrendStats": ["avg", "max"], "summaryTimeUnit": "s", "noColor": true
                },
                "state": {"isStdOutTTY": true, "isStdErrTTY": false, "testRunDurationMs": 2000},
                "metrics": {
                    "checks": {
                        "type": "rate", "contains": "default",
                        "values": {"rate": 5.0 / 6.0, "passes": 5, "fails": 1},
                        "thresholds": {"rate>0.9": {"ok": false}},
                    },
                    "took": {
                        "type": "trend", "contains": "time", "values": {"avg": 2, "max": 2.5}
                    },
                },
                "setup_data": [1],
            })
        );
    }
}
