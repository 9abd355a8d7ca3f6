//! The summary for programs (`--new-machine-readable-summary`): k6's form, made complete.
//!
//! What k6 has keeps its place and meaning. Beyond it: every statistic of `summaryTrendStats`,
//! sub-metrics, thresholds, and the blocks of groups and scenarios. `schemas/summary-1.schema.json`
//! describes the whole; `metadata.brunt_schema` is the number in its name.

use brunt_aggregate::{Report, Totals, Values};
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};

use crate::options::{SummaryOptions, TrendStat};
use crate::part::{self, Check, Part};
use crate::{json_number, shown, values};

/// The form's version in k6.
const VERSION: &str = "1.0.0";

/// The k6 whose form it is.
const K6_VERSION: &str = "2.2.0";

/// The version of what brunt adds.
const SCHEMA: u32 = 1;

/// What the summary tells about the run besides measurements.
#[derive(Debug, Clone, Copy)]
pub struct RunInfo<'a> {
    /// The script's whole text.
    pub script: &'a str,
    /// When the summary was made, as RFC 3339 has it.
    pub generated_at: &'a str,
    /// brunt's version.
    pub brunt_version: &'a str,
}

/// `{version, config, metadata, results}`, as argument of `handleSummary` and for a file.
pub fn value(report: &Report, options: &SummaryOptions, run: RunInfo<'_>) -> Value {
    let whole = part::whole(report);
    let mut results = results(&whole, options);
    let nested =
        |parts: Vec<Part<'_>>| -> Value { parts.iter().map(|part| named(part, options)).collect() };
    results.insert("thresholds".to_owned(), thresholds(report));
    results.insert("groups".to_owned(), nested(part::groups(report)));
    results.insert("scenarios".to_owned(), nested(part::scenarios(report)));
    json!({
        "version": VERSION,
        "config": {
            "duration": json_number(report.duration.as_secs_f64()),
            "execution": "local",
            "script": run.script,
        },
        "metadata": {
            "generated_at": run.generated_at,
            "k6_version": K6_VERSION,
            "brunt_version": run.brunt_version,
            "brunt_schema": SCHEMA,
        },
        "results": results,
    })
}

/// The same as the text of a file, indented by four blanks.
pub fn render(
    report: &Report,
    options: &SummaryOptions,
    run: RunInfo<'_>,
) -> Result<String, serde_json::Error> {
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"    ");
    value(report, options, run).serialize(&mut Serializer::with_formatter(&mut text, formatter))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// A group or scenario with what is in it.
fn named(part: &Part<'_>, options: &SummaryOptions) -> Value {
    let mut all = Map::new();
    all.insert("name".to_owned(), part.name.into());
    all.append(&mut results(part, options));
    let groups = part.groups.iter().map(|group| named(group, options));
    all.insert("groups".to_owned(), groups.collect());
    Value::Object(all)
}

fn results(part: &Part<'_>, options: &SummaryOptions) -> Map<String, Value> {
    let mut metrics = Vec::new();
    for shown in shown::metrics(part.totals) {
        if !shown::is_hidden(&shown.parent.metric.name, options.mode) {
            let all = std::iter::once(shown.parent).chain(shown.subs);
            metrics.extend(all.map(|totals| metric(totals, &options.trend_stats)));
        }
    }
    let mut results = Map::new();
    results.insert("checks".to_owned(), checks(&part.checks));
    results.insert("metrics".to_owned(), Value::Array(metrics));
    results
}

fn checks(checks: &[Check<'_>]) -> Value {
    if checks.is_empty() {
        return json!({ "metrics": [], "results": [] });
    }
    let passes: u64 = checks.iter().map(|check| check.passes).sum();
    let fails: u64 = checks.iter().map(|check| check.fails).sum();
    let all = passes + fails;
    let share = |name: &str, of: u64, rest: u64| {
        let values =
            json!({ "rate": json_number(values::share(of, rest)), "matches": of, "total": all });
        json!({ "name": name, "type": "rate", "contains": "default", "values": values })
    };
    let results: Vec<Value> = checks
        .iter()
        .map(|it| json!({ "name": it.name, "passes": it.passes, "fails": it.fails }))
        .collect();
    json!({
        "metrics": [
            {
                "name": "checks_total", "type": "counter", "contains": "default",
                "values": { "count": all },
            },
            share("checks_succeeded", passes, fails),
            share("checks_failed", fails, passes),
        ],
        "results": results,
    })
}

fn metric(totals: &Totals, stats: &[TrendStat]) -> Value {
    let number = |value: f64| json_number(values::finite(value));
    let values = match &totals.values {
        Values::Counter { count } => json!({ "count": number(*count) }),
        Values::Gauge { value, min, max } => {
            json!({ "value": number(*value), "min": number(*min), "max": number(*max) })
        }
        Values::Rate { passes, fails } => json!({
            "rate": number(values::share(*passes, *fails)),
            "matches": passes,
            "total": passes + fails,
        }),
        Values::Trend(trend) => {
            let always = SummaryOptions::default().trend_stats;
            let mut values = Map::new();
            for stat in always.iter().chain(stats) {
                let value = json_number(values::statistic(trend, stat));
                values.insert(key(stat), value);
            }
            Value::Object(values)
        }
    };
    json!({
        "name": totals.full_name(),
        "type": totals.metric.kind.as_str(),
        "contains": totals.metric.contains.as_str(),
        "values": values,
    })
}

/// `p(99.9)` is `p99.9` here.
fn key(stat: &TrendStat) -> String {
    stat.as_str().replace(['(', ')'], "")
}

fn thresholds(report: &Report) -> Value {
    let mut results = Vec::new();
    for shown in shown::metrics(&report.totals) {
        for totals in std::iter::once(shown.parent).chain(shown.subs) {
            results.extend(totals.thresholds.iter().map(|threshold| {
                json!({
                    "metric": totals.full_name(),
                    "source": threshold.source,
                    "aggregation": threshold.aggregation,
                    "value": json_number(values::finite(threshold.value)),
                    "ok": threshold.ok,
                })
            }));
        }
    }
    Value::Array(results)
}

#[cfg(test)]
mod tests {
    use brunt_aggregate::{CheckNode, GroupNode, ScenarioCheck, Section, SectionTotals};

    use super::*;
    use crate::fixture::{self, crossed};
    use crate::options::Mode;

    const RUN: RunInfo<'_> = RunInfo {
        script: "export default function () {}",
        generated_at: "2026-01-02T03:04:05Z",
        brunt_version: "0.1.0",
    };

    fn report() -> Report {
        let mut took = fixture::time("took", &[1.5, 2.5]);
        took.thresholds = vec![crossed("p(95)<2", "p(95)", 2.45)];
        let mut report = fixture::report(vec![
            fixture::rate("checks", 3, 1),
            took,
            fixture::sub(fixture::time("took", &[2.5]), "leg:b"),
            fixture::bytes("data_sent", 7.0),
            fixture::gauge("depth", 2.0, 1.0, 3.0),
            fixture::rate("fine", 1, 3),
            fixture::time("http_req_waiting", &[1.0]),
        ]);
        report.root.groups = vec![GroupNode {
            name: "cart".to_owned(),
            path: "::cart".to_owned(),
            groups: Vec::new(),
            checks: vec![CheckNode {
                name: "is 200".to_owned(),
                passes: 3,
                fails: 1,
                seen: 0,
                scenarios: vec![ScenarioCheck {
                    scenario: "buy".to_owned(),
                    passes: 3,
                    fails: 1,
                }],
            }],
        }];
        report.sections = [("buy", ""), ("buy", "::cart")]
            .map(|(scenario, group)| SectionTotals {
                section: Section {
                    scenario: scenario.into(),
                    group: group.into(),
                },
                totals: fixture::report(vec![fixture::counter("http_reqs", 2.0)]).totals,
            })
            .into();
        report
    }

    #[test]
    fn it_has_k6s_form_and_more() {
        let options = SummaryOptions {
            trend_stats: ["p(99.9)", "count"]
                .map(|it| it.parse().expect("known"))
                .into(),
            ..SummaryOptions::default()
        };
        let value = value(&report(), &options, RUN);
        let checks = json!({
            "metrics": [
                {"name": "checks_total", "type": "counter", "contains": "default",
                 "values": {"count": 4}},
                {"name": "checks_succeeded", "type": "rate", "contains": "default",
                 "values": {"rate": 0.75, "matches": 3, "total": 4}},
                {"name": "checks_failed", "type": "rate", "contains": "default",
                 "values": {"rate": 0.25, "matches": 1, "total": 4}},
            ],
            "results": [{"name": "is 200", "passes": 3, "fails": 1}],
        });
        let requests = json!([
            {"name": "http_reqs", "type": "counter", "contains": "default", "values": {"count": 2}}
        ]);
        let cart = json!({
            "name": "cart", "checks": checks, "metrics": requests, "groups": [],
        });
        assert_eq!(
            value,
            json!({
                "version": "1.0.0",
                "config": {"duration": 2, "execution": "local", "script": RUN.script},
                "metadata": {
                    "generated_at": "2026-01-02T03:04:05Z", "k6_version": "2.2.0",
                    "brunt_version": "0.1.0", "brunt_schema": 1,
                },
                "results": {
                    "checks": checks,
                    "metrics": [
                        {"name": "data_sent", "type": "counter", "contains": "data",
                         "values": {"count": 7}},
                        {"name": "depth", "type": "gauge", "contains": "default",
                         "values": {"value": 2, "min": 1, "max": 3}},
                        {"name": "fine", "type": "rate", "contains": "default",
                         "values": {"rate": 0.25, "matches": 1, "total": 4}},
                        {"name": "took", "type": "trend", "contains": "time",
                         "values": {"avg": 2, "min": 1.5, "med": 2, "max": 2.5, "p90": 2.4,
                                    "p95": 2.45, "p99.9": 2.499, "count": 2}},
                        {"name": "took{leg:b}", "type": "trend", "contains": "time",
                         "values": {"avg": 2.5, "min": 2.5, "med": 2.5, "max": 2.5, "p90": 2.5,
                                    "p95": 2.5, "p99.9": 2.5, "count": 1}},
                    ],
                    "thresholds": [{"metric": "took", "source": "p(95)<2", "aggregation": "p(95)",
                                    "value": 2.45, "ok": false}],
                    "groups": [],
                    "scenarios": [{"name": "buy", "checks": checks, "metrics": requests,
                                   "groups": [cart]}],
                },
            })
        );
    }

    #[test]
    fn the_phases_of_requests_follow_the_mode() {
        let has = |mode| {
            let options = SummaryOptions {
                mode,
                ..SummaryOptions::default()
            };
            let value = value(&report(), &options, RUN);
            let metrics = value["results"]["metrics"].as_array().cloned();
            metrics.is_some_and(|all| all.iter().any(|it| it["name"] == "http_req_waiting"))
        };
        assert!(has(Mode::Full) && !has(Mode::Compact));
    }

    #[test]
    fn the_schema_describes_it_and_nothing_else() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../schemas/summary-1.schema.json"
        );
        let schema: Value =
            serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("JSON");
        assert!(jsonschema::meta::is_valid(&schema));
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let errors = |value: &Value| -> Vec<String> {
            validator
                .iter_errors(value)
                .map(|it| it.to_string())
                .collect()
        };
        let options = SummaryOptions {
            mode: Mode::Full,
            trend_stats: vec!["p(99.9)".parse().expect("known")],
            ..SummaryOptions::default()
        };
        let good = value(&report(), &options, RUN);
        assert_eq!(errors(&good), Vec::<String>::new());
        let empty = value(&fixture::report(vec![]), &options, RUN);
        assert_eq!(errors(&empty), Vec::<String>::new());
        // Every member that is described is required, and no other is allowed.
        for (pointer, member) in [
            ("", "results"),
            ("/metadata", "brunt_schema"),
            ("/results", "thresholds"),
            ("/results/metrics/0", "values"),
            ("/results/metrics/0/values", "count"),
            ("/results/metrics/2/values", "matches"),
            ("/results/metrics/4/values", "p95"),
            ("/results/checks/results/0", "fails"),
            ("/results/scenarios/0/groups/0", "checks"),
        ] {
            let mut bad = good.clone();
            let object = bad.pointer_mut(pointer).and_then(Value::as_object_mut);
            let object = object.expect(pointer);
            assert!(object.remove(member).is_some(), "{pointer}/{member}");
            assert!(!errors(&bad).is_empty(), "without {pointer}/{member}");
            let mut bad = good.clone();
            let object = bad.pointer_mut(pointer).and_then(Value::as_object_mut);
            object
                .expect(pointer)
                .insert("surprise".to_owned(), json!(1));
            assert!(!errors(&bad).is_empty(), "more in {pointer}");
        }
    }
}
