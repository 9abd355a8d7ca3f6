//! A dashboard: what is there, whose that is, and how ours is written over it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, Interface, ProvisionError};
use crate::mark;
use crate::plan::{Action, Found, Write, read};

/// One that is there.
struct Stored {
    dashboard: Value,
    /// It comes from a file, or from another tool that keeps it as it is.
    is_managed: bool,
    /// Nobody has changed it since it was written here.
    is_ours: bool,
    /// As its interface has it: a number or a text.
    version: Value,
    folder: Option<String>,
}

pub(crate) async fn look(
    client: &Client,
    wanted: &Value,
    folder: &str,
    force: bool,
) -> Result<Found, ProvisionError> {
    let uid = wanted["uid"].as_str().unwrap_or_default();
    let name = wanted["title"].as_str().unwrap_or(uid).to_owned();
    let there = stored(client, uid, &name).await?;
    let action = judge(wanted, there.as_ref(), force);
    let call = if client.interface() == Interface::Legacy {
        legacy(wanted, folder, there.as_ref())
    } else {
        resource(client, wanted, folder, there.as_ref())
    };
    Ok(Found { name, action, call })
}

async fn stored(client: &Client, uid: &str, name: &str) -> Result<Option<Stored>, ProvisionError> {
    let text = |value: &Value| {
        let text = value.as_str().filter(|it| !it.is_empty());
        text.map(str::to_owned)
    };
    let legacy = client.interface() == Interface::Legacy;
    let path = if legacy {
        format!("/api/dashboards/uid/{uid}")
    } else {
        format!("{}/{uid}", client.resources("dashboards"))
    };
    let Some(mut body) = read(client, &path, &format!("read dashboard '{name}'")).await? else {
        return Ok(None);
    };
    let mut stored = if legacy {
        Stored {
            is_managed: body["meta"]["provisioned"] == true,
            is_ours: false,
            version: body["dashboard"]["version"].take(),
            folder: text(&body["meta"]["folderUid"]),
            dashboard: body["dashboard"].take(),
        }
    } else {
        let annotations = &body["metadata"]["annotations"];
        Stored {
            is_managed: text(&annotations["grafana.app/managedBy"]).is_some(),
            is_ours: false,
            folder: text(&annotations["grafana.app/folder"]),
            version: body["metadata"]["resourceVersion"].take(),
            dashboard: body["spec"].take(),
        }
    };
    if let Some(mark) = mark::of(&stored.dashboard) {
        stored.is_ours =
            mark == mark::hash(&stored.dashboard) || last_was_ours(client, uid, mark).await?;
    }
    Ok(Some(stored))
}

/// What Grafana shows beside a version that was written here.
fn message(mark: &str) -> String {
    format!("brunt dashboards provision {mark}")
}

/// Whether the last version is the one with this mark. The dashboard's text alone does not tell where Grafana changes it
/// itself: `/apis` brings dashboards into the newest schema and fills in defaults.
async fn last_was_ours(client: &Client, uid: &str, mark: &str) -> Result<bool, ProvisionError> {
    let path = format!("/api/dashboards/uid/{uid}/versions?limit=1");
    let answer = client.call(Method::GET, &path, None).await?;
    // Without the right to read them, nothing speaks against a change by hand. Before version 11 the list stands alone.
    let versions = answer.body.get("versions").unwrap_or(&answer.body);
    Ok(versions[0]["message"] == message(mark))
}

/// What becomes of a dashboard.
fn judge(wanted: &Value, there: Option<&Stored>, force: bool) -> Action {
    let Some(there) = there else {
        return Action::Create;
    };
    let (hash, mark) = (mark::hash(wanted), mark::of(&there.dashboard));
    let is_written = there.is_ours && mark == Some(&hash);
    if is_written || mark::hash(&there.dashboard) == hash {
        return Action::Unchanged;
    }
    let reason = if there.is_managed {
        "it comes from a file or another tool, and Grafana lets nobody else write it: change it there, or delete it there and run this again"
    } else if force || there.is_ours {
        return Action::Update;
    } else if mark.is_some() {
        "it was changed by hand; --force writes over that"
    } else {
        "another one has this uid; --force writes over it"
    };
    Action::Skip(reason.to_owned())
}

fn legacy(wanted: &Value, folder: &str, there: Option<&Stored>) -> Write {
    let mut dashboard = mark::marked(wanted);
    dashboard["id"] = Value::Null;
    dashboard["version"] = there.map_or(0.into(), |there| there.version.clone());
    let body = json!({
        "dashboard": dashboard,
        "folderUid": place(folder, there).unwrap_or_default(),
        "message": message(&mark::hash(wanted)),
        "overwrite": false,
    });
    Write {
        method: Method::POST,
        path: "/api/dashboards/db".to_owned(),
        body,
    }
}

fn resource(client: &Client, wanted: &Value, folder: &str, there: Option<&Stored>) -> Write {
    let uid = wanted["uid"].as_str().unwrap_or_default();
    let mut annotations = json!({ "grafana.app/message": message(&mark::hash(wanted)) });
    if let Some(folder) = place(folder, there) {
        annotations["grafana.app/folder"] = folder.into();
    }
    let mut metadata = json!({ "name": uid, "annotations": annotations });
    let path = client.resources("dashboards");
    let (method, path) = match there {
        None => (Method::POST, path),
        Some(there) => {
            metadata["resourceVersion"] = there.version.clone();
            (Method::PUT, format!("{path}/{uid}"))
        }
    };
    let body = client.resource("dashboards", &metadata, &mark::marked(wanted));
    Write { method, path, body }
}

/// One that was moved stays where people have moved it, also to the root, which has no name.
fn place<'a>(folder: &'a str, there: Option<&'a Stored>) -> Option<&'a str> {
    there.map_or(Some(folder), |there| there.folder.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(dashboard: &Value, is_ours: bool, is_managed: bool) -> Stored {
        Stored {
            dashboard: dashboard.clone(),
            is_managed,
            is_ours,
            version: 1.into(),
            folder: None,
        }
    }

    #[test]
    fn what_people_changed_is_theirs() {
        let ours = json!({ "uid": "a", "title": "T" });
        let newer = json!({ "uid": "a", "title": "T2" });
        let written = mark::marked(&ours);
        let mut edited = written.clone();
        edited["title"] = "Mine".into();
        let foreign = json!({ "uid": "a", "title": "Other" });
        let is_skip = |action: &Action| matches!(action, Action::Skip(_));
        assert_eq!(judge(&ours, None, false), Action::Create);
        for (wanted, there, force, action) in [
            (
                &ours,
                stored(&written, true, false),
                false,
                Action::Unchanged,
            ),
            (&newer, stored(&written, true, false), false, Action::Update),
            // Grafana itself changed it after it was written.
            (
                &ours,
                stored(&edited, true, false),
                false,
                Action::Unchanged,
            ),
            (&newer, stored(&edited, true, false), false, Action::Update),
            (&newer, stored(&edited, false, false), true, Action::Update),
            (&ours, stored(&foreign, false, false), true, Action::Update),
            (
                &ours,
                stored(&written, true, true),
                false,
                Action::Unchanged,
            ),
        ] {
            assert_eq!(judge(wanted, Some(&there), force), action);
        }
        for (there, force) in [
            (stored(&edited, false, false), false),
            (stored(&foreign, false, false), false),
            // Not even by force.
            (stored(&written, true, true), true),
        ] {
            assert!(is_skip(&judge(&newer, Some(&there), force)));
        }
    }
}
