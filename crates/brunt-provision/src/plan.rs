//! What is there, what is to be there, and so what has to be done. A step is found by reading one thing only, so that it
//! can be found again right before it is done, with the version that a change has to name.

use std::fmt;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::client::{Client, ProvisionError};
use crate::desired::Desired;
use crate::{dashboard, data_source, folder};

/// What has to be done, in the order in which it is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Folder, data sources, dashboards.
    pub steps: Vec<Step>,
    /// What the dashboards will lack, and how to get it.
    pub notes: Vec<String>,
}

/// One thing, and what is done with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub(crate) item: Item,
    /// What it is called.
    pub name: String,
    /// What is done.
    pub action: Action,
}

/// What is done with a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is not there.
    Create,
    /// It is another one than it should be.
    Update,
    /// It is as it should be.
    Unchanged,
    /// It is left alone, for this reason.
    Skip(String),
}

impl Action {
    /// Whether something is written.
    pub fn writes(&self) -> bool {
        matches!(self, Self::Create | Self::Update)
    }
}

impl Step {
    /// What it is and what it is called, as in a sentence.
    pub(crate) fn named(&self) -> String {
        format!("{} '{}'", self.item.kind(), self.name)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = (self.item.kind(), &self.name);
        match &self.action {
            Action::Create => write!(formatter, "create     {kind} {name}"),
            Action::Update => write!(formatter, "update     {kind} {name}"),
            Action::Unchanged => write!(formatter, "unchanged  {kind} {name}"),
            Action::Skip(reason) => write!(formatter, "left alone {kind} {name}: {reason}"),
        }
    }
}

/// A thing by its place in [`Desired`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    Folder,
    DataSource(usize),
    Dashboard(usize),
}

impl Item {
    fn kind(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::DataSource(_) => "data source",
            Self::Dashboard(_) => "dashboard",
        }
    }
}

/// What becomes of a thing, and the call that does it. The call counts only where the action writes.
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) action: Action,
    pub(crate) call: Write,
}

/// A call that writes.
pub(crate) struct Write {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// Reads everything and says what has to be done; writes nothing. With `force` dashboards that others wrote or changed
/// are written over.
///
/// # Errors
/// If something cannot be read.
pub async fn plan(client: &Client, desired: &Desired, force: bool) -> Result<Plan, ProvisionError> {
    let sources = (0..desired.data_sources.len()).map(Item::DataSource);
    let dashboards = (0..desired.dashboards.len()).map(Item::Dashboard);
    let mut steps = Vec::new();
    for item in [Item::Folder].into_iter().chain(sources).chain(dashboards) {
        if let Some((step, _)) = look(client, desired, item, force).await? {
            steps.push(step);
        }
    }
    let notes = data_source::missing(client, &desired.data_sources).await?;
    Ok(Plan {
        steps,
        notes: notes.into_iter().collect(),
    })
}

/// One step, by what is there now; `None` if the thing is not desired.
pub(crate) async fn look(
    client: &Client,
    desired: &Desired,
    item: Item,
    force: bool,
) -> Result<Option<(Step, Write)>, ProvisionError> {
    let found = match item {
        Item::Folder => folder::look(client, &desired.folder).await?,
        Item::DataSource(at) => match desired.data_sources.get(at) {
            Some(source) => data_source::look(client, source, &desired.data_sources).await?,
            None => return Ok(None),
        },
        Item::Dashboard(at) => match desired.dashboards.get(at) {
            Some(wanted) => dashboard::look(client, wanted, &desired.folder.uid, force).await?,
            None => return Ok(None),
        },
    };
    let Found { name, action, call } = found;
    Ok(Some((Step { item, name, action }, call)))
}

/// What is there; `None` if it is not.
pub(crate) async fn read(
    client: &Client,
    path: &str,
    what: &str,
) -> Result<Option<Value>, ProvisionError> {
    let answer = client.call(Method::GET, path, None).await?;
    if answer.status == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    client.expect(&answer, what)?;
    Ok(Some(answer.body))
}
