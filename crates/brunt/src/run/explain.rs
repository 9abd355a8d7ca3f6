//! `--explain-config`: every option with its value and where that comes from.

use brunt_options::{Consolidated, Explained, Layer, OptionSpec, Support};
use serde_json::{Map, Value, json};

use crate::run::RunArgs;
use crate::run::layers;
use crate::run::script::Script;

/// How much of a value a table shows.
const WIDEST: usize = 60;

/// The text or JSON that is printed.
pub(crate) fn render(
    form: &str,
    args: &RunArgs,
    script: &Script,
    options: &Consolidated,
    warnings: &[String],
) -> String {
    let place = |layer: Layer, spec: &OptionSpec| layers::place(layer, spec.key, args, script);
    let explained = options.explain();
    if form == "json" {
        to_json(&explained, warnings, place)
    } else {
        to_text(&explained, warnings, place)
    }
}

fn to_json(
    explained: &[Explained],
    warnings: &[String],
    place: impl Fn(Layer, &OptionSpec) -> Option<String>,
) -> String {
    let options: Map<String, Value> = explained
        .iter()
        .map(|one| {
            let source = |layer: Layer, spec: &OptionSpec, value: &Value| {
                json!({
                    "value": value,
                    "layer": layer.to_string(),
                    "name": spec.name_in(layer),
                    "place": place(layer, spec),
                })
            };
            let mut entry = source(one.layer, one.by, &one.value);
            let overridden = one.overridden.iter();
            entry["overrides"] = overridden
                .map(|(layer, value)| source(*layer, one.spec, value))
                .collect();
            entry["supported"] = json!(one.spec.support == Support::Now);
            (one.spec.key.to_owned(), entry)
        })
        .collect();
    let document = json!({ "options": options, "warnings": warnings });
    format!("{document:#}\n")
}

fn to_text(
    explained: &[Explained],
    warnings: &[String],
    place: impl Fn(Layer, &OptionSpec) -> Option<String>,
) -> String {
    let mut rows = vec![["option", "value", "from", "overrides"].map(str::to_owned)];
    for one in explained {
        let name = |layer: Layer, spec: &OptionSpec| match (layer, place(layer, spec)) {
            (Layer::Env | Layer::Cli, _) => spec.name_in(layer).to_owned(),
            (Layer::Default, _) => layer.to_string(),
            (layer, None) => layer.to_string(),
            (_, Some(place)) => place,
        };
        let overridden = one
            .overridden
            .iter()
            .map(|(layer, value)| format!("{} ({})", shown(value), name(*layer, one.spec)));
        let no_effect = one.layer != Layer::Default && one.spec.support != Support::Now;
        let note = if no_effect { " [no effect]" } else { "" };
        rows.push([
            one.spec.key.to_owned(),
            shown(&one.value),
            format!("{}{note}", name(one.layer, one.by)),
            overridden.collect::<Vec<_>>().join(", "),
        ]);
    }
    let width = |column: usize| {
        let lengths = rows.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            let missing = width.saturating_sub(cell.chars().count());
            line.extend(std::iter::repeat_n(' ', missing + 2));
        }
        line.push_str(&row[3]);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if !warnings.is_empty() {
        text.push_str("\nwarnings\n");
    }
    for warning in warnings {
        text.push_str("  ");
        text.push_str(warning);
        text.push('\n');
    }
    text
}

/// A value on one line, cut where it is long.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::String(text) if !text.is_empty() && !text.contains(['\n', ' ']) => text.clone(),
        other => without_nulls(other).to_string(),
    };
    if text.chars().count() <= WIDEST {
        return text;
    }
    let start: String = text.chars().take(WIDEST - 1).collect();
    format!("{start}…")
}

/// A value without the members that are not set.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let set = members.iter().filter(|(_, value)| !value.is_null());
            let set = set.map(|(key, value)| (key.clone(), without_nulls(value)));
            Value::Object(set.collect())
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}
