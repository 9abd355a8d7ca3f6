//! What a Grafana has stored.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value, json};

use super::{Trouble, text};

#[derive(Debug, Default)]
pub(super) struct State {
    /// Titles by uid.
    pub(super) folders: BTreeMap<String, String>,
    pub(super) data_sources: BTreeMap<String, Value>,
    pub(super) dashboards: BTreeMap<String, Stored>,
    /// `GET /path` and so on, in order.
    pub(super) calls: Vec<String>,
    /// What happens to the next calls; `None` for nothing.
    pub(super) troubles: VecDeque<Option<Trouble>>,
}

#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) dashboard: Value,
    /// Empty for the root.
    pub(super) folder: String,
    pub(super) version: u64,
    /// What the last writer said.
    pub(super) message: String,
    pub(super) provisioned: bool,
}

impl Stored {
    /// Another version.
    pub(super) fn touched(&mut self, message: &str) {
        self.version += 1;
        message.clone_into(&mut self.message);
    }
}

impl State {
    /// Writes a dashboard; gives its version.
    pub(super) fn write(&mut self, dashboard: Value, folder: String, message: &str) -> u64 {
        let uid = text(&dashboard["uid"]);
        let version = self.dashboards.get(&uid).map_or(0, |it| it.version) + 1;
        let stored = Stored {
            dashboard,
            folder,
            version,
            message: message.to_owned(),
            provisioned: false,
        };
        self.dashboards.insert(uid, stored);
        version
    }

    /// Puts a dashboard there as others do.
    pub(super) fn put(&mut self, dashboard: Value, provisioned: bool) {
        let uid = text(&dashboard["uid"]);
        self.write(dashboard, String::new(), "");
        if let Some(stored) = self.dashboards.get_mut(&uid) {
            stored.provisioned = provisioned;
        }
    }

    pub(super) fn contents(&self) -> Value {
        let without = |value: &Value| {
            let mut value = value.clone();
            if let Some(members) = value.as_object_mut() {
                members.remove("id");
                members.remove("version");
            }
            value
        };
        let dashboards = self.dashboards.iter().map(|(uid, stored)| {
            let dashboard = without(&stored.dashboard);
            let value = json!({ "folder": stored.folder, "dashboard": dashboard });
            (uid.clone(), value)
        });
        let dashboards: Map<String, Value> = dashboards.collect();
        let sources = self.data_sources.iter();
        let sources: Map<String, Value> = sources
            .map(|(uid, source)| (uid.clone(), without(source)))
            .collect();
        json!({ "folders": self.folders, "dataSources": sources, "dashboards": dashboards })
    }
}
