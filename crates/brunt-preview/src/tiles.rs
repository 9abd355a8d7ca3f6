//! Panels of single values: numbers, gauges, bars; and states over time.

use std::fmt::Write as _;

use brunt_page::escape;
use serde_json::Value;

use crate::answer::Series;
use crate::chart::{Answered, named};
use crate::fields::{Field, Fields};
use crate::time::Range;

/// More tiles than this have no room.
const MOST: usize = 40;

/// The value of a series by a calculation of Grafana's.
pub(crate) fn reduce(series: &Series, calculation: &str) -> Option<f64> {
    let mut values = series
        .points
        .iter()
        .map(|it| it.1)
        .filter(|it| !it.is_nan());
    let count = values.clone().count() as f64;
    match calculation {
        "last" => series.points.last().map(|it| it.1),
        "first" | "firstNotNull" => values.next(),
        "min" => values.reduce(f64::min),
        "max" => values.reduce(f64::max),
        "sum" => values.next().map(|first| first + values.sum::<f64>()),
        "mean" => values
            .next()
            .map(|first| (first + values.sum::<f64>()) / count),
        "count" => Some(count),
        _ => values.next_back(),
    }
}

/// Names and values of a panel's series.
fn values(panel: &Value, answers: &[Answered]) -> Vec<(String, String, f64)> {
    let calculation = panel["options"]["reduceOptions"]["calcs"][0].as_str();
    let calculation = calculation.unwrap_or("lastNotNull");
    let named = named(answers).filter_map(|(answer, series, name)| {
        Some((name, answer.letter.clone(), reduce(series, calculation)?))
    });
    named.take(MOST).collect()
}

/// Numbers, each with its name if there are several; none without a value.
pub(crate) fn stat(panel: &Value, answers: &[Answered]) -> Option<String> {
    let fields = Fields::of(panel);
    let values = values(panel, answers);
    let named = values.len() > 1 || panel["options"]["textMode"] == "value_and_name";
    let mut html = String::new();
    for (name, letter, value) in &values {
        let shown = fields.show(Field { name, letter }, *value);
        let style = shown
            .colour
            .map_or(String::new(), |it| format!(" style=\"color:{it}\""));
        let name = if named {
            format!("<span class=\"name\">{}</span>", escape(name))
        } else {
            String::new()
        };
        // Writing to a string cannot fail.
        let _ = write!(
            html,
            "<div class=\"stat\">{name}<span class=\"value\"{style} data-value=\"{value}\">{}</span></div>",
            escape(&shown.text)
        );
    }
    (!values.is_empty()).then(|| format!("<div class=\"stats\">{html}</div>"))
}

/// Numbers with a bar that says how large they are between the panel's bounds.
pub(crate) fn bars(panel: &Value, answers: &[Answered]) -> Option<String> {
    let fields = Fields::of(panel);
    let values = values(panel, answers);
    let largest = values.iter().map(|it| it.2).fold(0.0, f64::max);
    let mut html = String::new();
    for (name, letter, value) in &values {
        let field = Field { name, letter };
        let bound = |id: &str| fields.option(field, id).as_f64();
        let unit = fields.option(field, "unit").as_str();
        let usual = match unit {
            Some("percent") => 100.0,
            Some("percentunit") => 1.0,
            _ => largest,
        };
        let (min, max) = (bound("min").unwrap_or(0.0), bound("max").unwrap_or(usual));
        let share = if max > min {
            ((value - min) / (max - min)).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let shown = fields.show(field, *value);
        let colour = shown.colour.as_deref().unwrap_or("var(--accent)");
        let _ = write!(
            html,
            "<div class=\"bar\"><span class=\"name\">{}</span><span class=\"track\"><span style=\"width:{:.2}%;background:{colour}\"></span></span><span class=\"value\" data-value=\"{value}\">{}</span></div>",
            escape(name),
            share * 100.0,
            escape(&shown.text)
        );
    }
    (!values.is_empty()).then(|| format!("<div class=\"bars\">{html}</div>"))
}

/// A line of states for each series, equal neighbours as one.
pub(crate) fn states(
    panel: &Value,
    answers: &[Answered],
    range: Range,
    step: f64,
) -> Option<String> {
    let fields = Fields::of(panel);
    let whole = range.to - range.from;
    let mut html = String::new();
    for (answer, series, name) in named(answers).take(MOST) {
        let field = Field {
            name: &name,
            letter: &answer.letter,
        };
        let mut pieces: Vec<(f64, f64, f64)> = Vec::new();
        for &(time, value) in series.points.iter().filter(|it| !it.1.is_nan()) {
            match pieces.last_mut() {
                Some((_, to, last)) if *last == value && time - *to < step * 0.5 => {
                    *to = time + step;
                }
                _ => pieces.push((time, time + step, value)),
            }
        }
        let mut line = String::new();
        for (from, to, value) in pieces {
            let shown = fields.show(field, value);
            let percent = |time: f64| ((time - range.from) / whole).clamp(0.0, 1.0) * 100.0;
            let (left, right) = (percent(from), percent(to));
            let colour = shown.colour.as_deref().unwrap_or("var(--faint)");
            let text = escape(&shown.text);
            let _ = write!(
                line,
                "<span style=\"left:{left:.2}%;width:{:.2}%;--state:{colour}\" title=\"{text}\">{text}</span>",
                right - left
            );
        }
        let _ = write!(
            html,
            "<div class=\"state\"><span class=\"name\">{}</span><span class=\"line\">{line}</span></div>",
            escape(&name)
        );
    }
    (!html.is_empty()).then(|| format!("<div class=\"states\">{html}</div>"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answered(points: &[(f64, f64)]) -> Vec<Answered> {
        let series = Series {
            points: points.to_vec(),
            ..Series::default()
        };
        vec![Answered {
            letter: "A".to_owned(),
            legend: "<b>".to_owned(),
            series: vec![series],
        }]
    }

    #[test]
    fn series_are_reduced_to_what_the_panel_wants() {
        let series = &answered(&[(1.0, 4.0), (2.0, 2.0), (3.0, f64::NAN)])[0].series[0];
        for (calculation, value) in [
            ("lastNotNull", 2.0),
            ("mean", 3.0),
            ("max", 4.0),
            ("sum", 6.0),
            ("first", 4.0),
            ("count", 2.0),
        ] {
            assert_eq!(reduce(series, calculation), Some(value), "{calculation}");
        }
        assert_eq!(reduce(&Series::default(), "mean"), None);
    }

    #[test]
    fn neighbours_of_one_state_are_one_piece() {
        let answers = answered(&[(0.0, 1.0), (1.0, 1.0), (2.0, 2.0), (3.0, 2.0)]);
        let html = states(&json!({}), &answers, Range { from: 0.0, to: 4.0 }, 1.0).unwrap();
        assert_eq!(html.matches("left:").count(), 2, "{html}");
        assert!(
            html.contains("left:50.00%;width:50.00%") && html.contains("&lt;b&gt;"),
            "{html}"
        );
    }

    #[test]
    fn a_bar_ends_where_its_value_lies() {
        let panel = json!({ "fieldConfig": { "defaults": { "unit": "percent" } } });
        let html = bars(&panel, &answered(&[(1.0, 25.0)])).unwrap();
        assert!(
            html.contains("width:25.00%") && html.contains("25 %"),
            "{html}"
        );
        assert_eq!(stat(&panel, &[]), None);
    }
}
