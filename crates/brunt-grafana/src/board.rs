//! Anybody's dashboard as the linter and the comparison see it, whichever form it was written in.
//!
//! Grafana has three forms (classic, the same in an envelope, and v2 with another structure) and within
//! the classic one several ways to write a data source or a variable's query. They are told apart here,
//! once; what reads a [`Board`] knows of none of them. Only what is judged or compared is kept.

mod classic;
mod v2;

use serde_json::Value;

pub use classic::OLDEST_SCHEMA;

/// A dashboard.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Board {
    /// The heading.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Whether it may be changed in Grafana.
    pub editable: bool,
    /// How it is found.
    pub tags: Vec<String>,
    /// The time range at first, such as `now-1h to now`.
    pub time: String,
    /// How often it is drawn again.
    pub refresh: String,
    /// What a reader chooses.
    pub variables: Vec<BoardVariable>,
    /// Without headings of rows.
    pub panels: Vec<BoardPanel>,
}

/// A variable.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BoardVariable {
    /// As queries name it.
    pub name: String,
    /// As people see it.
    pub label: String,
    /// `query`, `datasource`, `custom`, …
    pub kind: String,
    /// Of a data source the plug-in, of a query what is asked, of others the choices.
    pub query: String,
    /// The id of the data source that is asked, mostly a variable.
    pub datasource: String,
    /// Whether several can be chosen.
    pub multi: bool,
    /// What stands for all.
    pub all_value: String,
    /// When it is asked anew: 0 never, 1 when the dashboard is loaded, 2 when the time changes.
    pub refresh: u8,
    /// What is chosen at first.
    pub current: String,
}

/// A panel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BoardPanel {
    /// Its number.
    pub id: i64,
    /// The heading.
    pub title: String,
    /// What it shows.
    pub description: String,
    /// The plug-in that draws it.
    pub kind: String,
    /// The id of its data source.
    pub datasource: String,
    /// The unit of its values.
    pub unit: String,
    /// Whether words stand for values.
    pub mapped: bool,
    /// Colours by value: `80 red`.
    pub thresholds: Vec<String>,
    /// Own units of lines or columns: `p95: s`.
    pub units: Vec<String>,
    /// The row in which it stands.
    pub row: String,
    /// Columns from the left, lines from the top, width, height.
    pub place: [i64; 4],
    /// Its queries.
    pub targets: Vec<BoardTarget>,
}

/// A query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoardTarget {
    /// Its letter.
    pub letter: String,
    /// The plug-in that is asked: `prometheus`, `loki`, …; empty where nothing says it.
    pub plugin: String,
    /// The id of the data source, mostly a variable.
    pub datasource: String,
    /// What is asked.
    pub expr: String,
    /// The name of a line.
    pub legend: String,
    /// Whether it is asked at one time only.
    pub instant: bool,
}

/// Why a text is no dashboard that can be read.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum BoardError {
    /// Not even JSON, or an array or a number.
    #[error("not a dashboard: {0}")]
    NotADashboard(String),
    /// An object of Kubernetes' kind that is something else.
    #[error("not a dashboard: its apiVersion is {0}; dashboards have dashboard.grafana.app/…")]
    UnknownResource(String),
    /// From before Grafana 5.
    #[error(
        "schemaVersion {0} is older than {OLDEST_SCHEMA}: open it in a Grafana and save it, which brings it up to date"
    )]
    TooOld(i64),
}

impl Board {
    /// Reads a dashboard in any of the forms.
    pub fn read(json: &Value) -> Result<Self, BoardError> {
        let spec = classic_or_spec(json)?;
        if spec.get("elements").is_some_and(Value::is_object) {
            return Ok(v2::read(spec));
        }
        classic::read(spec)
    }

    /// The kinds of data sources that can be chosen: `prometheus`, …
    pub(crate) fn sources(&self) -> impl Iterator<Item = &BoardVariable> {
        self.variables.iter().filter(|it| it.kind == "datasource")
    }

    /// Whether a data source is chosen by a variable of this dashboard.
    pub(crate) fn chosen(&self, datasource: &str) -> bool {
        let name = datasource.strip_prefix('$').unwrap_or_default();
        let braced = name.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
        let name = braced.unwrap_or(name);
        // Inputs of the public gallery are chosen at import.
        name.starts_with("DS_") || self.sources().any(|it| it.name == name)
    }

    /// The plug-in behind a data source that a variable chooses; empty if nothing says it.
    pub(crate) fn plugin(&self, datasource: &str) -> &str {
        let mut found = self.sources();
        let found = found.find(|it| {
            datasource == format!("${{{}}}", it.name) || datasource == format!("${}", it.name)
        });
        found.map_or("", |it| it.query.as_str())
    }
}

/// What is inside the envelopes: of Kubernetes' kind, or of an answer of Grafana's API.
fn classic_or_spec(json: &Value) -> Result<&Value, BoardError> {
    let Value::Object(map) = json else {
        return Err(BoardError::NotADashboard(
            "the text is no JSON object".to_owned(),
        ));
    };
    if let Some(version) = map.get("apiVersion").and_then(Value::as_str) {
        if !version.starts_with("dashboard.grafana.app/") {
            return Err(BoardError::UnknownResource(version.to_owned()));
        }
        let spec = map.get("spec").filter(|it| it.is_object());
        return spec.ok_or_else(|| BoardError::NotADashboard("it has no spec".to_owned()));
    }
    Ok(map
        .get("dashboard")
        .filter(|it| it.is_object())
        .unwrap_or(json))
}

/// A text behind a key, or nothing.
fn text(json: &Value, key: &str) -> String {
    json[key].as_str().unwrap_or_default().to_owned()
}

/// Texts of a list.
fn texts(json: &Value) -> Vec<String> {
    let list = json.as_array().into_iter().flatten();
    list.filter_map(|it| it.as_str().map(str::to_owned))
        .collect()
}

/// What is chosen: a text, or the first of several.
fn current(json: &Value) -> String {
    let value = &json["value"];
    let value = value.get(0).unwrap_or(value);
    value.as_str().unwrap_or_default().to_owned()
}

/// Unit, colours and the like, which both forms write the same way.
fn field_config(json: &Value, panel: &mut BoardPanel) {
    let defaults = &json["defaults"];
    panel.unit = text(defaults, "unit");
    panel.mapped = defaults["mappings"]
        .as_array()
        .is_some_and(|it| !it.is_empty());
    let steps = defaults["thresholds"]["steps"].as_array();
    let steps = steps.into_iter().flatten();
    panel.thresholds = steps
        .filter(|it| !it["value"].is_null())
        .map(|it| format!("{} {}", it["value"], it["color"].as_str().unwrap_or("?")))
        .collect();
    let overrides = json["overrides"].as_array().into_iter().flatten();
    panel.units = overrides
        .flat_map(|it| {
            let of = &it["matcher"]["options"];
            let of = of.as_str().map_or_else(|| of.to_string(), str::to_owned);
            let properties = it["properties"].as_array().into_iter().flatten();
            properties
                .filter(|it| it["id"] == "unit")
                .map(move |it| format!("{of}: {}", it["value"].as_str().unwrap_or("?")))
                .collect::<Vec<_>>()
        })
        .collect();
}

/// The words of a query.
fn target(json: &Value) -> BoardTarget {
    let expr = ["expr", "query", "rawSql"];
    let expr = expr.iter().find_map(|key| json[key].as_str());
    BoardTarget {
        expr: expr.unwrap_or_default().to_owned(),
        legend: text(json, "legendFormat"),
        instant: json["instant"] == true && json["range"] != true,
        ..BoardTarget::default()
    }
}
