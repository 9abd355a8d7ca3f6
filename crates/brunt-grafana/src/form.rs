//! A dashboard as JSON: what both forms have in common, and the forms.

mod classic;
mod options;
mod v2;

pub use classic::classic;
pub use v2::v2;

use serde_json::{Value, json};

use crate::model::{Dashboard, Source};
use crate::panel::{Format, Target};

/// The links of every dashboard: the others of ours, with time and variables kept.
fn links(dashboard: &Dashboard) -> Value {
    let tag = dashboard.tags.first().copied().unwrap_or_default();
    json!([{
        "title": "Load test dashboards",
        "type": "dashboards",
        "icon": "external link",
        "tooltip": "The same time and variables on another dashboard",
        "url": "",
        "tags": [tag],
        "asDropdown": true,
        "targetBlank": false,
        "includeVars": true,
        "keepTime": true,
    }])
}

/// What a query says beside its letter and data source.
fn query(target: &Target) -> Value {
    match target.source {
        Source::Prometheus => {
            let range = matches!(target.format, Format::Range | Format::Heatmap);
            let format = match target.format {
                Format::Range | Format::Instant => "time_series",
                Format::Table => "table",
                Format::Heatmap => "heatmap",
            };
            json!({
                "editorMode": "code",
                "expr": target.expr,
                "legendFormat": target.legend,
                "format": format,
                "range": range,
                "instant": !range,
                "exemplar": target.exemplars,
            })
        }
        Source::Loki => json!({
            "editorMode": "code",
            "expr": target.expr,
            "legendFormat": target.legend,
            "queryType": "range",
        }),
        Source::Tempo => json!({
            "query": target.expr,
            "queryType": "traceql",
            "tableType": "traces",
            "limit": 50,
        }),
    }
}
