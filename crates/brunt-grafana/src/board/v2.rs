//! The v2 form: panels by name, and a layout that refers to them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Board, BoardPanel, BoardTarget, BoardVariable, current, field_config, target, text, texts,
};

pub(super) fn read(spec: &Value) -> Board {
    let variables = spec["variables"].as_array().into_iter().flatten();
    let time = &spec["timeSettings"];
    let mut board = Board {
        title: text(spec, "title"),
        description: text(spec, "description"),
        editable: spec["editable"] != false,
        tags: texts(&spec["tags"]),
        time: format!("{} to {}", text(time, "from"), text(time, "to")),
        refresh: text(time, "autoRefresh"),
        variables: variables.map(variable).collect(),
        panels: Vec::new(),
    };
    let mut places = BTreeMap::new();
    find(&spec["layout"], "", 0, &mut places);
    let elements = spec["elements"].as_object().into_iter().flatten();
    let panels = elements.filter(|(_, it)| it["kind"] == "Panel");
    let panels = panels.map(|(name, it)| {
        let (row, place) = places.get(name.as_str()).cloned().unwrap_or_default();
        panel(&board, &it["spec"], row, place)
    });
    board.panels = panels.collect();
    board
}

/// Row and place of an element.
type Spot = (String, [i64; 4]);

/// How deep layouts are followed: Grafana nests rows and tabs once or twice.
const DEEPEST: usize = 16;

/// Places of elements in a layout of any kind: whatever refers to an element is an item of it.
fn find(json: &Value, row: &str, depth: usize, places: &mut BTreeMap<String, Spot>) {
    if depth > DEEPEST {
        return;
    }
    let spec = &json["spec"];
    if let Some(name) = spec["element"]["name"].as_str() {
        let place = ["x", "y", "width", "height"].map(|key| spec[key].as_i64().unwrap_or_default());
        places.insert(name.to_owned(), (row.to_owned(), place));
    }
    let row = spec["title"].as_str().unwrap_or(row);
    if spec["layout"].is_object() {
        find(&spec["layout"], row, depth + 1, places);
    }
    for key in ["items", "rows", "tabs"] {
        for it in spec[key].as_array().into_iter().flatten() {
            find(it, row, depth + 1, places);
        }
    }
}

/// Kinds of variables as the classic form calls them.
fn kind(json: &Value) -> String {
    match json["kind"].as_str().unwrap_or_default() {
        "TextVariable" => "textbox".to_owned(),
        other => other.trim_end_matches("Variable").to_lowercase(),
    }
}

/// The id behind a data source.
fn datasource(json: &Value) -> String {
    text(&json["datasource"], "name")
}

fn variable(json: &Value) -> BoardVariable {
    let spec = &json["spec"];
    let query = &spec["query"];
    let of_query = [text(&query["spec"], "query"), text(spec, "pluginId")];
    let of_query = of_query.into_iter().find(|it| !it.is_empty());
    BoardVariable {
        name: text(spec, "name"),
        label: text(spec, "label"),
        kind: kind(json),
        query: query
            .as_str()
            .map_or_else(|| of_query.unwrap_or_default(), str::to_owned),
        // Filters of the reader's own have it beside their kind.
        datasource: datasource(if query.is_object() { query } else { json }),
        multi: spec["multi"] == true,
        all_value: text(spec, "allValue"),
        refresh: match spec["refresh"].as_str() {
            Some("onTimeRangeChanged") => 2,
            Some("onDashboardLoad") => 1,
            _ => 0,
        },
        current: current(&spec["current"]),
    }
}

fn panel(board: &Board, spec: &Value, row: String, place: [i64; 4]) -> BoardPanel {
    let queries = spec["data"]["spec"]["queries"].as_array();
    let targets = queries.into_iter().flatten().map(|it| {
        let query = &it["spec"]["query"];
        let datasource = datasource(query);
        let plugin = text(query, "group");
        BoardTarget {
            letter: text(&it["spec"], "refId"),
            plugin: if plugin.is_empty() {
                board.plugin(&datasource).to_owned()
            } else {
                plugin
            },
            datasource,
            ..target(&query["spec"])
        }
    });
    let viz = &spec["vizConfig"];
    // Before v2 was final, the kind was the plug-in's id.
    let group = viz["group"].as_str().or(viz["kind"].as_str());
    let mut panel = BoardPanel {
        id: spec["id"].as_i64().unwrap_or_default(),
        title: text(spec, "title"),
        description: text(spec, "description"),
        kind: group.unwrap_or_default().to_owned(),
        row,
        place,
        targets: targets.collect(),
        ..BoardPanel::default()
    };
    field_config(&viz["spec"]["fieldConfig"], &mut panel);
    panel.datasource = panel
        .targets
        .first()
        .map(|it| it.datasource.clone())
        .unwrap_or_default();
    panel
}
