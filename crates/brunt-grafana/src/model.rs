//! A dashboard: what is common to its panels, and its rows.
//!
//! Neither ids nor coordinates nor letters of queries are here: the forms number and place what the
//! model lists in order.

use crate::panel::Panel;
use crate::variable::{Variable, VariableKind};

/// Where a query goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Prometheus or Mimir.
    Prometheus,
    /// Loki.
    Loki,
    /// Tempo.
    Tempo,
}

impl Source {
    /// Grafana's id of the data source plug-in.
    pub const fn plugin(self) -> &'static str {
        match self {
            Self::Prometheus => "prometheus",
            Self::Loki => "loki",
            Self::Tempo => "tempo",
        }
    }

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Prometheus => "Prometheus",
            Self::Loki => "Loki",
            Self::Tempo => "Tempo",
        }
    }
}

/// Marks on the time axis.
#[derive(Debug, Clone)]
pub struct Annotation {
    /// What the switch above the panels says.
    pub name: String,
    /// `PromQL`: a mark wherever it has a value.
    pub expr: String,
    /// The title of a mark; `{{label}}` stands for a label's value.
    pub title: String,
    /// A colour of Grafana's.
    pub colour: &'static str,
}

/// Panels below a heading.
#[derive(Debug, Clone)]
pub struct Row {
    /// The heading.
    pub title: String,
    /// Whether it is closed until somebody opens it.
    pub collapsed: bool,
    /// The variable for each of whose values the row is there.
    pub repeat: Option<&'static str>,
    /// In reading order.
    pub panels: Vec<Panel>,
}

impl Row {
    /// An open row.
    pub fn new(title: &str, panels: Vec<Panel>) -> Self {
        Self {
            title: title.to_owned(),
            collapsed: false,
            repeat: None,
            panels,
        }
    }

    /// The same, closed.
    #[must_use]
    pub fn collapsed(mut self) -> Self {
        self.collapsed = true;
        self
    }

    /// The same, once for each value of a variable.
    #[must_use]
    pub fn repeated(mut self, variable: &'static str) -> Self {
        self.repeat = Some(variable);
        self
    }
}

/// A dashboard.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// Its id in Grafana's URLs, 8 to 40 characters, never changed.
    pub uid: &'static str,
    /// The file's name without its ending.
    pub file: &'static str,
    /// The heading.
    pub title: &'static str,
    /// A sentence on what it is for.
    pub description: &'static str,
    /// How it is found; the first one is common to all of ours, and the links go by it.
    pub tags: &'static [&'static str],
    /// How far back it looks at first, such as `30m`.
    pub since: &'static str,
    /// How often it is drawn again at first; empty for never.
    pub refresh: &'static str,
    /// Besides those for data sources.
    pub variables: Vec<Variable>,
    /// Marks on the time axis.
    pub annotations: Vec<Annotation>,
    /// From top to bottom.
    pub rows: Vec<Row>,
}

impl Dashboard {
    /// All panels in reading order.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flat_map(|row| &row.panels)
    }

    /// The kinds of data sources that it asks, each once.
    pub fn sources(&self) -> Vec<Source> {
        let asked = self.panels().flat_map(|panel| &panel.targets);
        let mut sources: Vec<_> = asked.map(|target| target.source).collect();
        let from_variables = |it: &Variable| matches!(it.kind, VariableKind::Query { .. });
        if self.variables.iter().any(from_variables) || sources.is_empty() {
            sources.push(Source::Prometheus);
        }
        sources.sort_unstable();
        sources.dedup();
        sources
    }

    /// The variable that says which data source of this kind is asked. The names are those that
    /// Grafana's linter wants: with a single kind simply `datasource`.
    pub fn source_variable(&self, source: Source) -> String {
        if self.sources().len() == 1 {
            "datasource".to_owned()
        } else {
            format!("{}_datasource", source.plugin())
        }
    }

    /// The variables in the order in which they are shown, those for data sources first.
    pub fn all_variables(&self) -> Vec<Variable> {
        let sources = self.sources();
        let mut all: Vec<_> = sources
            .iter()
            .map(|&source| {
                let label = match (sources.len(), source) {
                    (1, _) => "Data source".to_owned(),
                    (_, source) => format!("{} data source", source.title()),
                };
                Variable::datasource(&self.source_variable(source), &label, source)
            })
            .collect();
        all.extend(self.variables.iter().cloned());
        all
    }

    /// The same for series whose names begin with something else than `k6_`.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        for variable in &mut self.variables {
            if let (true, VariableKind::Constant { value }) =
                (variable.name == "prefix", &mut variable.kind)
            {
                prefix.clone_into(value);
            }
        }
        self
    }
}
