//! The file of `--summary-export`: k6's older JSON form, which scripts in pipelines still read.
//!
//! A threshold is `true` there when it was **crossed**: k6 has it that way, and readers rely on it.

use brunt_aggregate::{Report, Totals, Values};
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};

use crate::options::{SummaryOptions, TrendStat};
use crate::{json_number, shown, tree, values};

/// The file's text, indented by four blanks. `setup_data` is what `setup()` returned.
pub fn render(
    report: &Report,
    options: &SummaryOptions,
    setup_data: Option<&Value>,
) -> Result<String, serde_json::Error> {
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"    ");
    let value = value(report, options, setup_data);
    value.serialize(&mut Serializer::with_formatter(&mut text, formatter))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The file's content: `{root_group, metrics, setup_data?}` with groups and checks by name, the
/// values of a metric beside its thresholds, and the share of a rate as `value`.
pub fn value(report: &Report, options: &SummaryOptions, setup_data: Option<&Value>) -> Value {
    let mut metrics = Map::new();
    for shown in shown::metrics(&report.totals) {
        for totals in std::iter::once(shown.parent).chain(shown.subs) {
            metrics.insert(
                totals.full_name(),
                metric(totals, report, &options.trend_stats),
            );
        }
    }
    let mut export = json!({ "root_group": tree::as_maps(&report.root), "metrics": metrics });
    if let (Some(data), Value::Object(export)) = (setup_data, &mut export) {
        export.insert("setup_data".to_owned(), data.clone());
    }
    export
}

fn metric(totals: &Totals, report: &Report, stats: &[TrendStat]) -> Value {
    let is_rate = matches!(totals.values, Values::Rate { .. });
    let mut metric: Map<String, Value> = values::of(totals, report.duration, stats)
        .into_iter()
        .map(|(name, value)| {
            let name = if is_rate && name == "rate" {
                "value"
            } else {
                name
            };
            (name.to_owned(), json_number(value))
        })
        .collect();
    if !totals.thresholds.is_empty() {
        let crossed: Map<String, Value> = totals
            .thresholds
            .iter()
            .map(|t| (t.source.clone(), Value::Bool(!t.ok)))
            .collect();
        metric.insert("thresholds".to_owned(), Value::Object(crossed));
    }
    Value::Object(metric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, crossed, kept};

    #[test]
    fn the_export_has_k6s_form() {
        let mut apples = fixture::counter("apples", 8.0);
        apples.thresholds = vec![kept("count>=8", "count", 8.0)];
        let wait = fixture::trend("wait", &[120.0, 2500.0]);
        let mut first = fixture::sub(fixture::trend("wait", &[120.0]), "leg:first");
        first.thresholds = vec![
            crossed("p(95)<10", "p(95)", 120.0),
            kept("avg<200", "avg", 120.0),
        ];
        let good = fixture::rate("good_ones", 3, 1);
        let report = fixture::report(vec![apples, good, wait, first]);
        let options = SummaryOptions::default();
        let export = value(&report, &options, None);
        let all = |n: i32| json!({"avg": n, "min": n, "med": n, "max": n, "p(90)": n, "p(95)": n});
        let mut submetric = all(120);
        submetric["thresholds"] = json!({"p(95)<10": true, "avg<200": false});
        assert_eq!(
            export["metrics"],
            json!({
                "apples": {"count": 8, "rate": 4, "thresholds": {"count>=8": false}},
                "good_ones": {"value": 0.75, "passes": 3, "fails": 1},
                "wait": {
                    "avg": 1310, "min": 120, "med": 1310, "max": 2500, "p(90)": 2262, "p(95)": 2381
                },
                "wait{leg:first}": submetric,
            })
        );
        assert_eq!(export.get("setup_data"), None);
    }

    #[test]
    fn the_file_is_indented_by_four_and_holds_the_setup_data() {
        let report = fixture::report(vec![fixture::counter("apples", 8.0)]);
        let setup = json!({"from": "setup"});
        let text = render(&report, &SummaryOptions::default(), Some(&setup)).expect("JSON");
        assert!(
            text.starts_with("{\n    \"root_group\": {\n        \"name\": \"\","),
            "{text}"
        );
        assert!(
            text.contains("\n        \"apples\": {\n            \"count\": 8,\n"),
            "{text}"
        );
        let back: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(back["setup_data"], setup);
    }
}
