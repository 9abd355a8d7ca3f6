//! What a reader chooses above the panels.

use crate::model::Source;

/// Where the values of a variable come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableKind {
    /// The data sources of a kind.
    Datasource(Source),
    /// A fixed text, not shown.
    Constant {
        /// The text.
        value: String,
    },
    /// Values of a label, asked from Prometheus.
    Query {
        /// `label_values(…)`
        query: String,
        /// Whether several can be chosen, and all of them.
        multi: bool,
        /// What stands for all: `.+`, or `.*` where series without the label count too.
        all: &'static str,
        /// Whether the newest (last by name) comes first.
        newest_first: bool,
    },
    /// One of these, the first at the start: what is shown and what is put into queries.
    Custom(Vec<(&'static str, &'static str)>),
    /// Free text.
    Text {
        /// What it is at the start.
        value: &'static str,
    },
    /// Filters of the reader's own on any label.
    Adhoc,
}

/// A variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// As queries name it.
    pub name: String,
    /// As people see it.
    pub label: String,
    /// What it does, as a tooltip.
    pub description: String,
    /// Where values come from.
    pub kind: VariableKind,
}

impl Variable {
    /// A variable of any kind.
    pub fn new(name: &str, label: &str, description: &str, kind: VariableKind) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            description: description.to_owned(),
            kind,
        }
    }

    /// Which data source is asked.
    pub(crate) fn datasource(name: &str, label: &str, source: Source) -> Self {
        let description = format!("Which {} the panels ask.", source.title());
        Self::new(name, label, &description, VariableKind::Datasource(source))
    }

    /// What names of series begin with: `k6_`, unless the output's key `prefix` says otherwise.
    pub fn prefix() -> Self {
        let value = "k6_".to_owned();
        let what = "What names of series begin with: the output's key prefix.";
        Self::new("prefix", "Prefix", what, VariableKind::Constant { value })
    }

    /// Values of a label; several can be chosen.
    pub fn labels(name: &str, label: &str, description: &str, query: &str) -> Self {
        let kind = VariableKind::Query {
            query: query.to_owned(),
            multi: true,
            all: ".+",
            newest_first: false,
        };
        Self::new(name, label, description, kind)
    }

    /// The same, where series without the label count too if nothing is chosen.
    #[must_use]
    pub fn or_none(mut self) -> Self {
        if let VariableKind::Query { all, .. } = &mut self.kind {
            *all = ".*";
        }
        self
    }

    /// The same, where all are those that the query found, not whatever has the label.
    #[must_use]
    pub fn only_found(mut self) -> Self {
        if let VariableKind::Query { all, .. } = &mut self.kind {
            *all = "";
        }
        self
    }

    /// The same with the last by name first.
    #[must_use]
    pub fn newest_first(mut self) -> Self {
        if let VariableKind::Query { newest_first, .. } = &mut self.kind {
            *newest_first = true;
        }
        self
    }

    /// The same, of which one is chosen.
    #[must_use]
    pub fn single(mut self) -> Self {
        if let VariableKind::Query { multi, .. } = &mut self.kind {
            *multi = false;
        }
        self
    }
}
