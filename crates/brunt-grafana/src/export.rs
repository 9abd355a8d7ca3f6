//! The forms in which a dashboard is handed over: each way into Grafana wants its own wrapping.
//!
//! Kubernetes objects are written as JSON, which `kubectl` takes like YAML, and which cannot break at a
//! line that only looks like YAML.

use serde_json::{Value, json};

use crate::boards;
use crate::files::{GeneratedFile, pretty};
use crate::form::{classic, v2};
use crate::model::Dashboard;

/// What Kubernetes takes as data of a `ConfigMap` at most, in bytes.
const CONFIG_MAP_LIMIT: usize = 1 << 20;

/// A way of handing over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportForm {
    /// Classic JSON, for the import dialogue and the HTTP API.
    Classic,
    /// The resource of Grafana 13's API.
    V2,
    /// A `ConfigMap` with the label that the sidecar of Grafana's Helm chart looks for.
    ConfigMap,
    /// A `GrafanaDashboard` of the Grafana operator.
    GrafanaOperator,
    /// Classic JSON with a provider file for Grafana's provisioning folder.
    FileProvider,
    /// Classic JSON with `__inputs`, for the public gallery.
    GrafanaCom,
}

/// Why a dashboard cannot be handed over in a form.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ExportError {
    /// The text is no dashboard.
    #[error("not a dashboard: {0}")]
    NotADashboard(&'static str),
    /// It does not fit into a `ConfigMap`.
    #[error(
        "{0} has {1} bytes, and a ConfigMap holds 1 MiB at most: use file-provider or grafana-operator"
    )]
    TooLarge(String, usize),
    /// There is no way from a classic dashboard.
    #[error(
        "a dashboard from a file cannot become a v2 resource here: import the classic form, Grafana 13 converts it"
    )]
    NoV2,
}

impl ExportForm {
    /// All forms by name.
    pub const ALL: [(&'static str, Self); 6] = [
        ("classic", Self::Classic),
        ("v2", Self::V2),
        ("configmap", Self::ConfigMap),
        ("grafana-operator", Self::GrafanaOperator),
        ("file-provider", Self::FileProvider),
        ("grafana-com", Self::GrafanaCom),
    ];

    /// The form of this name.
    pub fn of(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(own, _)| *own == name);
        found.map(|(_, form)| *form)
    }

    /// A bundled dashboard in this form.
    pub fn bundled(self, dashboard: &Dashboard) -> Result<GeneratedFile, ExportError> {
        if self == Self::V2 {
            return Ok(GeneratedFile {
                path: format!("{}.json", dashboard.file),
                text: pretty(&v2(dashboard)),
            });
        }
        self.classic(dashboard.file, &classic(dashboard))
    }

    /// A classic dashboard in this form; `file` is its name without an ending.
    pub fn classic(self, file: &str, dashboard: &Value) -> Result<GeneratedFile, ExportError> {
        read(dashboard)?;
        let json = match self {
            Self::Classic | Self::FileProvider => dashboard.clone(),
            Self::V2 => return Err(ExportError::NoV2),
            Self::ConfigMap => config_map(file, dashboard)?,
            Self::GrafanaOperator => operator(file, dashboard),
            Self::GrafanaCom => for_gallery(dashboard),
        };
        Ok(GeneratedFile {
            path: format!("{file}.json"),
            text: pretty(&json),
        })
    }

    /// What belongs beside the dashboards: `None` in most forms.
    pub fn companion(self) -> Option<GeneratedFile> {
        (self == Self::FileProvider).then(|| GeneratedFile {
            path: "brunt.yaml".to_owned(),
            text: PROVIDER.to_owned(),
        })
    }
}

const PROVIDER: &str = "# For Grafana's folder provisioning/dashboards; the dashboards belong into the folder of `path`.
apiVersion: 1
providers:
  - name: brunt
    orgId: 1
    folder: Load tests
    type: file
    disableDeletion: false
    allowUiUpdates: false
    updateIntervalSeconds: 30
    options:
      path: /var/lib/grafana/dashboards/brunt
";

/// Fails where this is no classic dashboard, and says why.
fn read(dashboard: &Value) -> Result<(), ExportError> {
    let Value::Object(map) = dashboard else {
        return Err(ExportError::NotADashboard("the text is no JSON object"));
    };
    if map.get("apiVersion").is_some() || map.get("elements").is_some() {
        return Err(ExportError::NotADashboard(
            "it is in the v2 form; export the classic form from Grafana (Export, then Classic)",
        ));
    }
    if map.get("dashboard").is_some_and(Value::is_object) {
        return Err(ExportError::NotADashboard(
            "it is an answer of Grafana's API; take what is in its key dashboard",
        ));
    }
    if !map.get("panels").is_some_and(Value::is_array) {
        return Err(ExportError::NotADashboard("it has no panels"));
    }
    if !map.get("title").is_some_and(Value::is_string) {
        return Err(ExportError::NotADashboard("it has no title"));
    }
    Ok(())
}

/// A name that Kubernetes allows: RFC 1123, at most 63 characters.
fn object_name(file: &str) -> String {
    let name: String = format!("dashboard-{file}")
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(63)
        .collect();
    name.trim_end_matches('-').to_owned()
}

fn config_map(file: &str, dashboard: &Value) -> Result<Value, ExportError> {
    let text = dashboard.to_string();
    if text.len() >= CONFIG_MAP_LIMIT {
        return Err(ExportError::TooLarge(file.to_owned(), text.len()));
    }
    Ok(json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": object_name(file),
            "labels": { "grafana_dashboard": "1" },
            "annotations": { "grafana_folder": "Load tests" },
        },
        "data": { format!("{file}.json"): text },
    }))
}

fn operator(file: &str, dashboard: &Value) -> Value {
    json!({
        "apiVersion": "grafana.integreatly.org/v1beta1",
        "kind": "GrafanaDashboard",
        "metadata": { "name": object_name(file) },
        "spec": {
            "instanceSelector": { "matchLabels": { "dashboards": "grafana" } },
            "folder": "Load tests",
            "resyncPeriod": "10m",
            "json": dashboard.to_string(),
        },
    })
}

/// The gallery asks for data sources when a dashboard is imported, so variables of them become inputs.
fn for_gallery(dashboard: &Value) -> Value {
    let mut dashboard = dashboard.clone();
    let mut inputs = Vec::new();
    if let Some(Value::Array(variables)) = dashboard.pointer_mut("/templating/list") {
        variables.retain(|variable| {
            let (Some("datasource"), Some(name), Some(plugin)) = (
                variable["type"].as_str(),
                variable["name"].as_str(),
                variable["query"].as_str(),
            ) else {
                return true;
            };
            inputs.push((name.to_owned(), plugin.to_owned()));
            false
        });
    }
    for (name, plugin) in &inputs {
        let (from, to) = (format!("${{{name}}}"), input_name(plugin));
        replace_text(&mut dashboard, &from, &format!("${{{to}}}"));
    }
    if let Value::Object(map) = &mut dashboard {
        let inputs = inputs.iter().map(|(_, plugin)| {
            json!({
                "name": input_name(plugin),
                "label": plugin,
                "description": "",
                "type": "datasource",
                "pluginId": plugin,
                "pluginName": plugin,
            })
        });
        map.insert("__inputs".to_owned(), inputs.collect());
    }
    dashboard
}

fn input_name(plugin: &str) -> String {
    format!("DS_{}", plugin.to_ascii_uppercase().replace('-', "_"))
}

/// Replaces texts that are exactly this.
fn replace_text(json: &mut Value, from: &str, to: &str) {
    match json {
        Value::String(text) if text == from => to.clone_into(text),
        Value::Array(list) => list.iter_mut().for_each(|it| replace_text(it, from, to)),
        Value::Object(map) => map.values_mut().for_each(|it| replace_text(it, from, to)),
        _ => {}
    }
}

/// Every bundled dashboard, and what belongs beside them, in a form; `prefix` replaces `k6_`.
pub fn export(form: ExportForm, prefix: Option<&str>) -> Result<Vec<GeneratedFile>, ExportError> {
    let mut files = Vec::new();
    for dashboard in boards::all() {
        let dashboard = match prefix {
            Some(prefix) => dashboard.with_prefix(prefix),
            None => dashboard,
        };
        files.push(form.bundled(&dashboard)?);
    }
    files.extend(form.companion());
    Ok(files)
}
