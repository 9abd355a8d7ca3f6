//! The resource form (`dashboard.grafana.app/v2`) of Grafana 13 and later: the same dashboard as an
//! object of Grafana's Kubernetes-like API.

use serde_json::{Map, Value, json};

use super::classic::{custom_query, first};
use super::{links, options, query};
use crate::layout::places;
use crate::model::{Dashboard, Source};
use crate::panel::{Panel, letter};
use crate::variable::{Variable, VariableKind};

/// The dashboard as a resource: kind, name and specification.
pub fn v2(dashboard: &Dashboard) -> Value {
    let mut elements = Map::new();
    let mut rows = Vec::new();
    let mut id = 0;
    for row in &dashboard.rows {
        let mut items = Vec::new();
        for (it, place) in row.panels.iter().zip(places(&row.panels).0) {
            id += 1;
            let name = format!("panel-{id}");
            items.push(json!({
                "kind": "GridLayoutItem",
                "spec": {
                    "x": place.x, "y": place.y, "width": place.w, "height": place.h,
                    "element": { "kind": "ElementReference", "name": name },
                },
            }));
            elements.insert(name, panel(dashboard, it, id));
        }
        let mut spec = json!({
            "title": row.title,
            "collapse": row.collapsed,
            "layout": { "kind": "GridLayout", "spec": { "items": items } },
        });
        if let (Some(variable), Value::Object(map)) = (row.repeat, &mut spec) {
            let repeat = json!({ "mode": "variable", "value": variable });
            map.insert("repeat".to_owned(), repeat);
        }
        rows.push(json!({ "kind": "RowsLayoutRow", "spec": spec }));
    }
    let variables: Vec<_> = dashboard
        .all_variables()
        .iter()
        .map(|it| variable(dashboard, it))
        .collect();
    json!({
        "apiVersion": "dashboard.grafana.app/v2",
        "kind": "Dashboard",
        "metadata": { "name": dashboard.uid },
        "spec": {
            "title": dashboard.title,
            "description": dashboard.description,
            "tags": dashboard.tags,
            "editable": false,
            "preload": false,
            "cursorSync": "Crosshair",
            "links": links(dashboard),
            "annotations": annotations(dashboard),
            "variables": variables,
            "timeSettings": {
                "timezone": "browser",
                "from": format!("now-{}", dashboard.since),
                "to": "now",
                "autoRefresh": dashboard.refresh,
                "autoRefreshIntervals": ["5s", "10s", "30s", "1m", "5m"],
                "hideTimepicker": false,
                "fiscalYearStartMonth": 0,
            },
            "elements": elements,
            "layout": { "kind": "RowsLayout", "spec": { "rows": rows } },
        },
    })
}

fn data_query(dashboard: &Dashboard, source: Source, spec: &Value) -> Value {
    json!({
        "kind": "DataQuery",
        "group": source.plugin(),
        "version": "v0",
        "datasource": { "name": format!("${{{}}}", dashboard.source_variable(source)) },
        "spec": spec,
    })
}

fn annotations(dashboard: &Dashboard) -> Vec<Value> {
    let list = dashboard.annotations.iter().map(|it| {
        let spec = json!({
            "expr": it.expr,
            "titleFormat": it.title,
            "useValueForTime": true,
        });
        json!({
            "kind": "AnnotationQuery",
            "spec": {
                "query": data_query(dashboard, Source::Prometheus, &spec),
                "enable": true,
                "hide": false,
                "iconColor": it.colour,
                "name": it.name,
            },
        })
    });
    list.collect()
}

fn panel(dashboard: &Dashboard, it: &Panel, id: u32) -> Value {
    let queries = it.targets.iter().enumerate().map(|(at, target)| {
        json!({
            "kind": "PanelQuery",
            "spec": {
                "refId": letter(at),
                "hidden": false,
                "query": data_query(dashboard, target.source, &query(target)),
            },
        })
    });
    let transformations = it.transformations.iter().map(|it| {
        let (id, options) = options::transformation(it);
        json!({ "kind": "Transformation", "group": id, "spec": { "options": options } })
    });
    json!({
        "kind": "Panel",
        "spec": {
            "id": id,
            "title": it.title,
            "description": it.description,
            "links": [],
            "data": {
                "kind": "QueryGroup",
                "spec": {
                    "queries": queries.collect::<Vec<_>>(),
                    "transformations": transformations.collect::<Vec<_>>(),
                    "queryOptions": {},
                },
            },
            "vizConfig": {
                "kind": "VizConfig",
                "group": options::plugin(&it.visual),
                "version": "",
                "spec": {
                    "options": options::options(it),
                    "fieldConfig": options::field_config(it),
                },
            },
        },
    })
}

fn variable(dashboard: &Dashboard, it: &Variable) -> Value {
    let (kind, more) = match &it.kind {
        VariableKind::Datasource(source) => (
            "DatasourceVariable",
            json!({
                "pluginId": source.plugin(), "refresh": "onDashboardLoad", "regex": "",
                "current": { "text": "", "value": "" }, "options": [], "multi": false, "includeAll": false,
                "hide": "dontHide", "skipUrlSync": false, "allowCustomValue": true,
            }),
        ),
        VariableKind::Constant { value } => (
            "ConstantVariable",
            json!({
                "query": value, "current": { "text": value, "value": value },
                "hide": "hideVariable", "skipUrlSync": true,
            }),
        ),
        VariableKind::Query {
            query,
            multi,
            all,
            newest_first,
        } => {
            let spec =
                json!({ "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery" });
            let current = if *multi {
                json!({ "text": "All", "value": "$__all" })
            } else {
                json!({ "text": "", "value": "" })
            };
            let mut json = json!({
                "current": current, "hide": "dontHide", "refresh": "onTimeRangeChanged", "skipUrlSync": false,
                "query": data_query(dashboard, Source::Prometheus, &spec),
                "definition": query, "regex": "",
                "sort": if *newest_first { "alphabeticalDesc" } else { "alphabeticalAsc" },
                "options": [], "multi": multi, "includeAll": multi, "allowCustomValue": true,
            });
            if let (true, Value::Object(map)) = (*multi, &mut json) {
                map.insert("allValue".to_owned(), json!(all));
            }
            ("QueryVariable", json)
        }
        VariableKind::Custom(choices) => (
            "CustomVariable",
            json!({
                "query": custom_query(choices), "current": first(choices),
                "options": choices.iter().map(|(text, value)| json!({ "text": text, "value": value })).collect::<Vec<_>>(),
                "multi": false, "includeAll": false, "hide": "dontHide", "skipUrlSync": false, "allowCustomValue": false,
            }),
        ),
        VariableKind::Text { value } => (
            "TextVariable",
            json!({
                "current": { "text": value, "value": value }, "query": value,
                "hide": "dontHide", "skipUrlSync": false,
            }),
        ),
        VariableKind::Adhoc => (
            "AdhocVariable",
            json!({
                "baseFilters": [], "filters": [], "defaultKeys": [], "hide": "dontHide",
                "skipUrlSync": false, "allowCustomValue": true,
            }),
        ),
    };
    let mut spec = json!({ "name": it.name, "label": it.label, "description": it.description });
    if let (Value::Object(spec), Value::Object(more)) = (&mut spec, more) {
        spec.extend(more);
    }
    let mut json = json!({ "kind": kind, "spec": spec });
    if it.kind == VariableKind::Adhoc
        && let Value::Object(map) = &mut json
    {
        // The schema wants the plug-in beside the kind of these, and the data source.
        map.insert("group".to_owned(), json!(Source::Prometheus.plugin()));
        let name = format!("${{{}}}", dashboard.source_variable(Source::Prometheus));
        map.insert("datasource".to_owned(), json!({ "name": name }));
    }
    json
}
