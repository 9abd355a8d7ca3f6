//! What Grafana's visualisations want to know beside the data: the same in both forms.

use serde_json::{Value, json};

use crate::panel::{Panel, Transformation, Visual};
use crate::unit::Unit;

/// The id of the plug-in that draws.
pub(super) fn plugin(visual: &Visual) -> &'static str {
    match visual {
        Visual::Graph { .. } => "timeseries",
        Visual::Stat => "stat",
        Visual::Table => "table",
        Visual::Heatmap => "heatmap",
        Visual::States => "state-timeline",
        Visual::Text(_) => "text",
        Visual::Logs => "logs",
    }
}

/// Options of the visualisation.
pub(super) fn options(panel: &Panel) -> Value {
    match &panel.visual {
        Visual::Graph { .. } => json!({
            "legend": {
                "displayMode": "table",
                "placement": "bottom",
                "showLegend": true,
                "calcs": ["mean", "max", "lastNotNull"],
            },
            "tooltip": { "mode": "multi", "sort": "desc" },
        }),
        Visual::Stat => json!({
            "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "textMode": "auto",
        }),
        Visual::Table => json!({ "showHeader": true, "cellHeight": "sm" }),
        Visual::Heatmap => json!({
            "calculate": false,
            "cellGap": 0,
            "color": { "mode": "scheme", "scheme": "Turbo", "steps": 64, "scale": "exponential", "exponent": 0.5 },
            "exemplars": { "color": "rgba(255,0,255,0.7)" },
            "legend": { "show": true },
            "tooltip": { "mode": "single", "yHistogram": true, "showColorScale": true },
            "yAxis": { "axisPlacement": "left", "unit": panel.unit.id() },
        }),
        Visual::States => json!({
            "mergeValues": true,
            "showValue": "auto",
            "rowHeight": 0.9,
            "legend": { "displayMode": "list", "placement": "bottom", "showLegend": false },
            "tooltip": { "mode": "single" },
        }),
        Visual::Text(content) => json!({ "mode": "markdown", "content": content }),
        Visual::Logs => json!({
            "showTime": true,
            "wrapLogMessage": true,
            "sortOrder": "Descending",
            "enableLogDetails": true,
            "dedupStrategy": "none",
        }),
    }
}

/// Units, colours, words for values.
pub(super) fn field_config(panel: &Panel) -> Value {
    let mut steps = vec![json!({ "value": null, "color": base_colour(panel) })];
    let coloured = panel.steps.iter();
    steps.extend(coloured.map(|(from, colour)| json!({ "value": from, "color": colour.name() })));
    let mut defaults = json!({
        "unit": panel.unit.id(),
        "color": { "mode": if matches!(panel.visual, Visual::Graph { .. }) { "palette-classic" } else { "thresholds" } },
        "thresholds": { "mode": "absolute", "steps": steps },
        "mappings": mappings(panel),
        "custom": custom(panel),
    });
    if let (Some(min), Value::Object(map)) = (panel.min, &mut defaults) {
        map.insert("min".to_owned(), json!(min));
    }
    json!({ "defaults": defaults, "overrides": overrides(panel) })
}

/// Numbers without a judgement are not green.
fn base_colour(panel: &Panel) -> &'static str {
    if panel.steps.is_empty() {
        "text"
    } else {
        "green"
    }
}

fn mappings(panel: &Panel) -> Vec<Value> {
    let words = panel.mappings.iter().enumerate().map(|(at, mapping)| {
        let text = json!({ "text": mapping.text, "color": mapping.colour.name(), "index": at });
        (mapping.value.clone(), text)
    });
    let words: serde_json::Map<_, _> = words.collect();
    if words.is_empty() {
        return Vec::new();
    }
    vec![json!({ "type": "value", "options": words })]
}

fn custom(panel: &Panel) -> Value {
    match &panel.visual {
        Visual::Graph { stacked, points } => json!({
            "drawStyle": if *points { "points" } else { "line" },
            "lineWidth": 1,
            "fillOpacity": if *stacked { 40 } else { 8 },
            "pointSize": if *points { 8 } else { 4 },
            "showPoints": if *points { "always" } else { "auto" },
            // Two snapshots may be 15 s apart where nothing changes; a longer gap is one.
            "spanNulls": if *points { json!(false) } else { json!(30_000) },
            "stacking": { "mode": if *stacked { "normal" } else { "none" }, "group": "A" },
            "axisSoftMin": 0,
            "thresholdsStyle": { "mode": if panel.steps.is_empty() { "off" } else { "dashed" } },
        }),
        Visual::Table => json!({ "align": "auto", "filterable": true }),
        Visual::States => json!({ "fillOpacity": 70, "lineWidth": 0 }),
        _ => json!({}),
    }
}

/// The fields of this name, which may have `{{label}}` in it: fields are called what stands there in the end.
fn matcher(name: &str) -> Value {
    if !name.contains("{{") {
        return json!({ "id": "byName", "options": name });
    }
    let pieces = name.split("{{").enumerate().map(|(at, piece)| match at {
        0 => piece,
        _ => piece.split_once("}}").map_or(piece, |(_, rest)| rest),
    });
    let escaped = pieces.map(|piece| {
        let character = |c: char| match c {
            c if c.is_alphanumeric() || c == ' ' => c.to_string(),
            c => format!("\\{c}"),
        };
        piece.chars().map(character).collect::<String>()
    });
    let pattern = escaped.collect::<Vec<_>>().join(".*");
    json!({ "id": "byRegexp", "options": format!("/^{pattern}$/") })
}

fn overrides(panel: &Panel) -> Vec<Value> {
    let by_name = |name: &str, properties: Value| json!({ "matcher": matcher(name), "properties": properties });
    let unit = |unit: Unit| json!([{ "id": "unit", "value": unit.id() }]);
    let units = panel.units.iter();
    let mut overrides: Vec<_> = units.map(|(name, it)| by_name(name, unit(*it))).collect();
    overrides.extend(panel.dashed.iter().map(|name| {
        by_name(
            name,
            json!([
                { "id": "custom.lineStyle", "value": { "fill": "dash", "dash": [8, 8] } },
                { "id": "custom.fillOpacity", "value": 0 },
                { "id": "custom.stacking", "value": { "mode": "none", "group": "B" } },
            ]),
        )
    }));
    overrides.extend(panel.links.iter().map(|it| {
        let link = json!({ "title": it.title, "url": it.url, "targetBlank": true });
        by_name(&it.of, json!([{ "id": "links", "value": [link] }]))
    }));
    overrides
}

/// Id and options of a transformation.
pub(super) fn transformation(it: &Transformation) -> (&'static str, Value) {
    match it {
        Transformation::Merge => ("merge", json!({})),
        Transformation::Labels => (
            "extractFields",
            json!({ "source": "labels", "format": "json", "replace": false, "keepTime": true }),
        ),
        Transformation::Columns { renamed, hidden } => {
            let renamed: serde_json::Map<_, _> = renamed
                .iter()
                .map(|(from, to)| (from.clone(), json!(to)))
                .collect();
            let hidden: serde_json::Map<_, _> =
                hidden.iter().map(|it| (it.clone(), json!(true))).collect();
            let options =
                json!({ "renameByName": renamed, "excludeByName": hidden, "indexByName": {} });
            ("organize", options)
        }
        Transformation::Sort(column) => {
            let options = json!({ "sort": [{ "field": column, "desc": true }] });
            ("sortBy", options)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_labels_in_it_is_a_pattern() {
        let of = |name: &str| {
            matcher(name)["options"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        assert_eq!(of("p95"), "p95");
        assert_eq!(of("{{pod}} limit"), "/^.* limit$/");
        assert_eq!(of("a.b {{x}}, {{y}}"), r"/^a\.b .*\, .*$/");
    }
}
