//! Lines over time, as the page's script draws them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answer::Series;
use crate::client::selector;
use crate::fields::{Field, Fields, css};
use crate::time::Range;

/// More lines than this nobody tells apart.
const MAX_LINES: usize = 60;

/// A query's answer with what its lines are called.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) letter: String,
    /// `{{label}}` stands for a label's value; empty or `__auto` for all labels.
    pub(crate) legend: String,
    pub(crate) series: Vec<Series>,
}

impl Answered {
    /// What a series is called.
    pub(crate) fn name(&self, labels: &BTreeMap<String, String>) -> String {
        if self.legend.is_empty() || self.legend == "__auto" {
            let name = selector(labels);
            return if name.is_empty() {
                "Value".to_owned()
            } else {
                name
            };
        }
        let mut name = String::new();
        let mut rest = self.legend.as_str();
        while let Some((before, (label, after))) = rest
            .split_once("{{")
            .and_then(|(before, rest)| Some((before, rest.split_once("}}")?)))
        {
            name.push_str(before);
            name.push_str(labels.get(label.trim()).map_or("", String::as_str));
            rest = after;
        }
        name.push_str(rest);
        if name.trim().is_empty() {
            "Value".to_owned()
        } else {
            name
        }
    }
}

/// Answers with each of their series and its name.
pub(crate) fn named(answers: &[Answered]) -> impl Iterator<Item = (&Answered, &Series, String)> {
    answers.iter().flat_map(|it| {
        it.series
            .iter()
            .map(move |one| (it, one, it.name(&one.labels)))
    })
}

/// A chart in the form of `brunt-page`, as high as given; and what it leaves out.
pub(crate) fn lines(
    panel: &Value,
    answers: &[Answered],
    range: Range,
    step: f64,
    height: i64,
) -> (Value, Option<String>) {
    let fields = Fields::of(panel);
    let slots = ((range.to - range.from) / step).floor() as usize + 1;
    let times: Vec<f64> = (0..slots).map(|at| range.from + at as f64 * step).collect();
    let any = Field {
        name: "",
        letter: "",
    };
    let unit = fields.unit(any);
    let total = named(answers).count();
    let series = named(answers).take(MAX_LINES).map(|(answer, one, name)| {
        let field = Field {
            name: &name,
            letter: &answer.letter,
        };
        let own = fields.unit(field);
        let factor = own.chart_factor();
        let mut values = vec![Value::Null; slots];
        for (time, value) in &one.points {
            let at = ((time - range.from) / step).round();
            if at >= 0.0
                && value.is_finite()
                && let Some(slot) = values.get_mut(at as usize)
            {
                *slot = json!(value * factor);
            }
        }
        let display = fields
            .option(field, "displayName")
            .as_str()
            .unwrap_or(&name);
        let dashed = fields.option(field, "custom.lineStyle")["fill"] == "dash";
        let mut line = json!({ "label": display, "values": values });
        if own != unit {
            line["right"] = json!(true);
            line["unit"] = own.json();
        }
        if dashed {
            line["dash"] = json!([6, 5]);
        }
        let stacking = fields.option(field, "custom.stacking")["mode"]
            .as_str()
            .unwrap_or("none");
        line["stacked"] = json!(stacking != "none" && own == unit);
        line
    });
    let mut series: Vec<Value> = series.collect();
    let stacked = series.iter().any(|it| it["stacked"] == true);
    if stacked {
        // The page stacks upwards from the last one, Grafana from the first.
        series.reverse();
    }
    let custom = fields.option(any, "custom");
    let filled = custom["fillOpacity"].as_f64().unwrap_or_default() > 0.0;
    let marks = if custom["thresholdsStyle"]["mode"]
        .as_str()
        .is_some_and(|it| it != "off")
    {
        marks(fields.option(any, "thresholds"), unit.chart_factor())
    } else {
        Vec::new()
    };
    let chart = json!({
        "kind": if stacked || filled { "area" } else { "lines" },
        "points": custom["drawStyle"] == "points",
        "height": height,
        "unit": unit.json(),
        "times": times,
        "series": series,
        "marks": marks,
    });
    let left_out = total.saturating_sub(MAX_LINES);
    let note = (left_out > 0).then(|| format!("{left_out} of {total} lines are left out"));
    (chart, note)
}

/// Lines at thresholds.
fn marks(thresholds: &Value, factor: f64) -> Vec<Value> {
    let steps = thresholds["steps"].as_array().into_iter().flatten();
    let marks = steps.filter_map(|it| {
        let colour = css(it["color"].as_str()?)?;
        // The script looks colours up by their names.
        let colour = colour.trim_start_matches("var(").trim_end_matches(')');
        Some(json!({ "value": it["value"].as_f64()? * factor, "colour": colour }))
    });
    marks.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_labels() {
        let labels = BTreeMap::from([("pod".to_owned(), "web-1".to_owned())]);
        let name = |legend: &str| {
            let legend = legend.to_owned();
            Answered {
                letter: String::new(),
                legend,
                series: Vec::new(),
            }
            .name(&labels)
        };
        assert_eq!(name("{{pod}} limit"), "web-1 limit");
        assert_eq!(name("{{ pod }}{{none}}"), "web-1");
        assert_eq!(name("__auto"), "{pod=\"web-1\"}");
        assert_eq!(name("{{none}}"), "Value");
        assert_eq!(name("{{pod"), "{{pod");
    }

    #[test]
    fn values_stand_at_their_times_in_the_scripts_unit() {
        let panel = json!({ "fieldConfig": { "defaults": { "unit": "ms" } } });
        let series = Series {
            points: vec![(12.0, 500.0), (14.0, f64::NAN)],
            ..Series::default()
        };
        let answers = [Answered {
            letter: "A".to_owned(),
            legend: "x".to_owned(),
            series: vec![series],
        }];
        let range = Range {
            from: 10.0,
            to: 14.0,
        };
        let (chart, note) = lines(&panel, &answers, range, 2.0, 100);
        assert_eq!(chart["times"], json!([10.0, 12.0, 14.0]));
        assert_eq!(chart["series"][0]["values"], json!([null, 0.5, null]));
        assert_eq!((chart["unit"].as_str(), note), (Some("s"), None));
    }
}
