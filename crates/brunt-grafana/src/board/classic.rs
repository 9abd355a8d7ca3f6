//! The classic form, as Grafana 5 and later have written it.

use serde_json::Value;

use super::{
    Board, BoardError, BoardPanel, BoardTarget, BoardVariable, current, field_config, target, text,
    texts,
};
use crate::panel::letter;

/// The first schema whose panels stand on a grid (Grafana 5); older ones have rows of spans.
pub const OLDEST_SCHEMA: i64 = 16;

/// Fails where it is no dashboard, or an old one.
pub(super) fn read(json: &Value) -> Result<Board, BoardError> {
    let not = |what: &str| Err(BoardError::NotADashboard(what.to_owned()));
    let schema = json["schemaVersion"].as_i64();
    if schema.is_some_and(|it| it < OLDEST_SCHEMA) || json["rows"].is_array() {
        return Err(BoardError::TooOld(schema.unwrap_or_default()));
    }
    if !json["panels"].is_array() {
        return not("it has no panels");
    }
    if !json["title"].is_string() {
        return not("it has no title");
    }
    let variables = json["templating"]["list"].as_array().into_iter().flatten();
    let mut board = Board {
        title: text(json, "title"),
        description: text(json, "description"),
        editable: json["editable"] != false,
        tags: texts(&json["tags"]),
        time: format!(
            "{} to {}",
            text(&json["time"], "from"),
            text(&json["time"], "to")
        ),
        refresh: text(json, "refresh"),
        variables: variables.map(variable).collect(),
        panels: Vec::new(),
    };
    let mut row = String::new();
    for it in json["panels"].as_array().into_iter().flatten() {
        if it["type"] == "row" {
            row = text(it, "title");
            // Those of a closed row stand inside it.
            let inside = it["panels"].as_array().into_iter().flatten();
            let inside: Vec<_> = inside.map(|it| panel(&board, it, &row)).collect();
            board.panels.extend(inside);
        } else {
            let panel = panel(&board, it, &row);
            board.panels.push(panel);
        }
    }
    Ok(board)
}

/// The id of a data source: an object, or (before Grafana 8) a name.
fn datasource(json: &Value) -> String {
    let json = &json["datasource"];
    json.as_str()
        .map_or_else(|| text(json, "uid"), str::to_owned)
}

fn variable(json: &Value) -> BoardVariable {
    let query = &json["query"];
    let query = query
        .as_str()
        .map_or_else(|| text(query, "query"), str::to_owned);
    BoardVariable {
        name: text(json, "name"),
        label: text(json, "label"),
        kind: text(json, "type"),
        query: if query.is_empty() {
            text(json, "definition")
        } else {
            query
        },
        datasource: datasource(json),
        multi: json["multi"] == true,
        all_value: text(json, "allValue"),
        refresh: json["refresh"]
            .as_u64()
            .and_then(|it| it.try_into().ok())
            .unwrap_or_default(),
        current: current(&json["current"]),
    }
}

fn panel(board: &Board, json: &Value, row: &str) -> BoardPanel {
    let place = ["x", "y", "w", "h"].map(|key| json["gridPos"][key].as_i64().unwrap_or_default());
    let own = datasource(json);
    let own_plugin = text(&json["datasource"], "type");
    let targets = json["targets"].as_array().into_iter().flatten();
    let targets = targets.enumerate().map(|(at, it)| {
        let given = text(it, "refId");
        let asked = datasource(it);
        let datasource = if asked.is_empty() { own.clone() } else { asked };
        let plugin = [text(&it["datasource"], "type"), own_plugin.clone()];
        let plugin = plugin.into_iter().find(|it| !it.is_empty());
        BoardTarget {
            letter: if given.is_empty() { letter(at) } else { given },
            plugin: plugin.unwrap_or_else(|| board.plugin(&datasource).to_owned()),
            datasource,
            ..target(it)
        }
    });
    let mut panel = BoardPanel {
        id: json["id"].as_i64().unwrap_or_default(),
        title: text(json, "title"),
        description: text(json, "description"),
        kind: text(json, "type"),
        row: row.to_owned(),
        place,
        targets: targets.collect(),
        ..BoardPanel::default()
    };
    field_config(&json["fieldConfig"], &mut panel);
    panel.datasource = own;
    panel
}
