//! The classic form (`schemaVersion` 42), which every Grafana from 10 on takes by every way.

use serde_json::{Map, Value, json};

use super::{links, options, query};
use crate::layout::{Place, places};
use crate::model::{Dashboard, Row};
use crate::panel::{Panel, letter};
use crate::variable::{Variable, VariableKind};

/// The schema that is written; newer ones are migrated to by Grafana itself.
const SCHEMA_VERSION: u32 = 42;

/// The dashboard in the classic form.
pub fn classic(dashboard: &Dashboard) -> Value {
    let variables: Vec<_> = dashboard
        .all_variables()
        .iter()
        .map(|it| variable(dashboard, it))
        .collect();
    json!({
        "uid": dashboard.uid,
        "id": null,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": dashboard.tags,
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": false,
        "graphTooltip": 1,
        "fiscalYearStartMonth": 0,
        "timezone": "browser",
        "time": { "from": format!("now-{}", dashboard.since), "to": "now" },
        "timepicker": { "refresh_intervals": ["5s", "10s", "30s", "1m", "5m"] },
        "refresh": dashboard.refresh,
        "links": links(dashboard),
        "annotations": { "list": annotations(dashboard) },
        "templating": { "list": variables },
        "panels": panels(dashboard),
        "__requires": requires(dashboard),
    })
}

/// What the public gallery wants to know; Grafana itself ignores it.
fn requires(dashboard: &Dashboard) -> Vec<Value> {
    let mut needed =
        vec![json!({ "type": "grafana", "id": "grafana", "name": "Grafana", "version": "10.0.0" })];
    needed.extend(dashboard.sources().iter().map(|source| {
        json!({ "type": "datasource", "id": source.plugin(), "name": source.title(), "version": "1.0.0" })
    }));
    needed
}

fn annotations(dashboard: &Dashboard) -> Vec<Value> {
    let mut list = vec![json!({
        "builtIn": 1,
        "datasource": { "type": "grafana", "uid": "-- Grafana --" },
        "enable": true,
        "hide": true,
        "iconColor": "rgba(0, 211, 255, 1)",
        "name": "Annotations & Alerts",
        "type": "dashboard",
    })];
    let source = crate::model::Source::Prometheus;
    list.extend(dashboard.annotations.iter().map(|it| {
        json!({
            "datasource": { "type": source.plugin(), "uid": format!("${{{}}}", dashboard.source_variable(source)) },
            "enable": true,
            "hide": false,
            "iconColor": it.colour,
            "name": it.name,
            "expr": it.expr,
            "titleFormat": it.title,
            "useValueForTime": true,
        })
    }));
    list
}

fn variable(dashboard: &Dashboard, it: &Variable) -> Value {
    let mut json = json!({ "name": it.name, "label": it.label, "description": it.description });
    let more = match &it.kind {
        VariableKind::Datasource(source) => json!({
            "type": "datasource", "query": source.plugin(), "regex": "", "hide": 0, "refresh": 1,
            "multi": false, "includeAll": false, "options": [], "current": { "text": "", "value": "" },
        }),
        VariableKind::Constant { value } => json!({
            "type": "constant", "query": value, "hide": 2, "skipUrlSync": true,
            "current": { "text": value, "value": value }, "options": [],
        }),
        VariableKind::Query {
            query,
            multi,
            all,
            newest_first,
        } => {
            let source = crate::model::Source::Prometheus;
            let mut query = json!({
                "type": "query",
                "datasource": { "type": source.plugin(), "uid": format!("${{{}}}", dashboard.source_variable(source)) },
                "definition": query,
                "query": { "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery" },
                "regex": "", "hide": 0, "refresh": 2,
                // 1 and 2: by name, rising and falling.
                "sort": if *newest_first { 2 } else { 1 },
                "multi": multi, "includeAll": multi, "options": [],
                "current": { "text": "", "value": "" },
            });
            if let (true, Value::Object(map)) = (*multi, &mut query) {
                map.insert("allValue".to_owned(), json!(all));
                map.insert(
                    "current".to_owned(),
                    json!({ "text": "All", "value": "$__all" }),
                );
            }
            query
        }
        VariableKind::Custom(choices) => {
            let options = choices.iter().enumerate().map(
                |(at, (text, value))| json!({ "text": text, "value": value, "selected": at == 0 }),
            );
            json!({
                "type": "custom", "query": custom_query(choices), "hide": 0, "multi": false, "includeAll": false,
                "options": options.collect::<Vec<_>>(),
                "current": first(choices),
            })
        }
        VariableKind::Text { value } => json!({
            "type": "textbox", "query": value, "hide": 0,
            "current": { "text": value, "value": value },
            "options": [],
        }),
        VariableKind::Adhoc => {
            let source = crate::model::Source::Prometheus;
            json!({
                "type": "adhoc", "hide": 0,
                "datasource": { "type": source.plugin(), "uid": format!("${{{}}}", dashboard.source_variable(source)) },
            })
        }
    };
    if let (Value::Object(json), Value::Object(more)) = (&mut json, more) {
        json.extend(more);
    }
    json
}

/// The choices in the form that a custom variable has: `text : value, …`
pub(super) fn custom_query(choices: &[(&str, &str)]) -> String {
    let choices: Vec<_> = choices
        .iter()
        .map(|(text, value)| format!("{text} : {value}"))
        .collect();
    choices.join(", ")
}

pub(super) fn first(choices: &[(&str, &str)]) -> Value {
    let (text, value) = choices.first().copied().unwrap_or_default();
    json!({ "text": text, "value": value })
}

fn panels(dashboard: &Dashboard) -> Vec<Value> {
    let (mut list, mut top, mut id) = (Vec::new(), 0, 0);
    for row in &dashboard.rows {
        id += 1;
        let row_id = id;
        let (places, height) = places(&row.panels);
        let inside = row.panels.iter().zip(places).map(|(it, place)| {
            id += 1;
            panel(dashboard, it, id, place, top + 1)
        });
        let inside: Vec<_> = inside.collect();
        let (within, below) = if row.collapsed {
            (inside, Vec::new())
        } else {
            (Vec::new(), inside)
        };
        list.push(heading(row, row_id, top, &within));
        list.extend(below);
        // A closed row's panels take no room.
        top += if row.collapsed { 1 } else { 1 + height };
    }
    list
}

fn heading(row: &Row, id: u32, top: u32, panels: &[Value]) -> Value {
    let mut json = json!({
        "id": id,
        "type": "row",
        "title": row.title,
        "collapsed": row.collapsed,
        "gridPos": { "x": 0, "y": top, "w": 24, "h": 1 },
        "panels": panels,
    });
    if let (Some(variable), Value::Object(map)) = (row.repeat, &mut json) {
        map.insert("repeat".to_owned(), json!(variable));
    }
    json
}

fn panel(dashboard: &Dashboard, it: &Panel, id: u32, place: Place, top: u32) -> Value {
    let mut json = json!({
        "id": id,
        "type": options::plugin(&it.visual),
        "title": it.title,
        "description": it.description,
        "gridPos": { "x": place.x, "y": top + place.y, "w": place.w, "h": place.h },
        "fieldConfig": options::field_config(it),
        "options": options::options(it),
    });
    let Value::Object(map) = &mut json else {
        return json;
    };
    let source = |source: crate::model::Source| json!({ "type": source.plugin(), "uid": format!("${{{}}}", dashboard.source_variable(source)) });
    if let Some(asked) = it.targets.first() {
        map.insert("datasource".to_owned(), source(asked.source));
        let targets = it.targets.iter().enumerate().map(|(at, target)| {
            let mut json = Map::new();
            json.insert("refId".to_owned(), json!(letter(at)));
            json.insert("datasource".to_owned(), source(target.source));
            if let Value::Object(more) = query(target) {
                json.extend(more);
            }
            Value::Object(json)
        });
        map.insert("targets".to_owned(), targets.collect());
    }
    if !it.transformations.is_empty() {
        let list = it.transformations.iter().map(|it| {
            let (id, options) = options::transformation(it);
            json!({ "id": id, "options": options })
        });
        map.insert("transformations".to_owned(), list.collect());
    }
    json
}
