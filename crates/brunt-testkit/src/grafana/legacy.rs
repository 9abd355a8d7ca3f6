//! The interface at `/api`.

use serde_json::{Map, Value, json};

use super::state::State;
use super::{Reply, reply, says, text};

pub(super) fn answer(
    state: &mut State,
    method: &str,
    path: &[&str],
    body: &Value,
    major: u32,
) -> Reply {
    match (method, path) {
        ("GET", ["org"]) => reply(200, json!({ "id": 1, "name": "Main Org." })),
        ("GET", ["folders", uid]) => match state.folders.get(*uid) {
            Some(title) => reply(200, json!({ "uid": uid, "title": title })),
            None => says(404, "folder not found"),
        },
        ("POST", ["folders"]) => new_folder(state, body),
        ("GET", ["datasources"]) => reply(200, state.data_sources.values().map(shown).collect()),
        ("GET", ["datasources", "uid", uid]) => match state.data_sources.get(*uid) {
            Some(source) => reply(200, shown(source)),
            None => says(404, "Data source not found"),
        },
        ("POST", ["datasources"]) => new_data_source(state, body),
        ("PUT", ["datasources", "uid", uid]) => changed_data_source(state, uid, body),
        ("GET", ["dashboards", "uid", uid]) => match state.dashboards.get(*uid) {
            Some(stored) => {
                let mut dashboard = stored.dashboard.clone();
                dashboard["id"] = 7.into();
                dashboard["version"] = stored.version.into();
                let meta = json!({ "provisioned": stored.provisioned, "folderUid": stored.folder, "version": stored.version });
                reply(200, json!({ "dashboard": dashboard, "meta": meta }))
            }
            None => says(404, "Dashboard not found"),
        },
        ("GET", ["dashboards", "uid", uid, "versions"]) => match state.dashboards.get(*uid) {
            Some(stored) => {
                let last =
                    json!([{ "uid": uid, "version": stored.version, "message": stored.message }]);
                // The list has stood in an object since version 11.
                let is_plain = major < 11;
                reply(
                    200,
                    if is_plain {
                        last
                    } else {
                        json!({ "continueToken": "", "versions": last })
                    },
                )
            }
            None => says(404, "Dashboard not found"),
        },
        ("POST", ["dashboards", "db"]) => write_dashboard(state, body),
        _ => says(404, "Not found"),
    }
}

/// Secrets are not given out: only that there are some.
fn shown(source: &Value) -> Value {
    let mut shown = source.clone();
    if let Some(members) = shown.as_object_mut() {
        let secret = members.remove("secureJsonData");
        let names = secret.as_ref().and_then(Value::as_object);
        let fields: Map<String, Value> = names
            .into_iter()
            .flatten()
            .map(|(name, _)| (name.clone(), true.into()))
            .collect();
        members.insert("secureJsonFields".to_owned(), fields.into());
    }
    shown
}

fn new_folder(state: &mut State, body: &Value) -> Reply {
    let uid = text(&body["uid"]);
    if state.folders.contains_key(&uid) {
        return reply(
            412,
            json!({ "message": "the folder has been changed by someone else", "status": "version-mismatch" }),
        );
    }
    state.folders.insert(uid, text(&body["title"]));
    reply(200, body.clone())
}

fn new_data_source(state: &mut State, body: &Value) -> Reply {
    let mut all = state.data_sources.values();
    if all.any(|it| it["name"] == body["name"] || it["uid"] == body["uid"]) {
        return says(409, "data source with the same name already exists");
    }
    store_data_source(state, body.clone(), 1);
    says(200, "Datasource added")
}

fn changed_data_source(state: &mut State, uid: &str, body: &Value) -> Reply {
    let Some(there) = state.data_sources.get(uid).cloned() else {
        return says(404, "Data source not found");
    };
    if there["readOnly"] == true {
        return says(403, "Cannot update read-only data source");
    }
    let mut others = state.data_sources.iter().filter(|(it, _)| *it != uid);
    if others.any(|(_, it)| it["name"] == body["name"]) {
        return says(409, "data source with the same name already exists");
    }
    if body["version"] != there["version"] {
        return says(
            409,
            "Datasource has already been updated by someone else. Please reload and try again",
        );
    }
    let mut source = body.clone();
    // Secrets that are not sent stay.
    let mut secrets = there["secureJsonData"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    secrets.extend(
        source["secureJsonData"]
            .as_object()
            .cloned()
            .unwrap_or_default(),
    );
    source["secureJsonData"] = secrets.into();
    store_data_source(state, source, there["version"].as_u64().unwrap_or(0) + 1);
    says(200, "Datasource updated")
}

fn store_data_source(state: &mut State, mut source: Value, version: u64) {
    if let Some(members) = source.as_object_mut() {
        members.remove("secureJsonFields");
    }
    source["version"] = version.into();
    source["readOnly"] = false.into();
    state.data_sources.insert(text(&source["uid"]), source);
}

fn write_dashboard(state: &mut State, body: &Value) -> Reply {
    let (dashboard, folder) = (&body["dashboard"], text(&body["folderUid"]));
    let (uid, title) = (text(&dashboard["uid"]), text(&dashboard["title"]));
    if !folder.is_empty() && !state.folders.contains_key(&folder) {
        return says(400, "folder not found");
    }
    if title.is_empty() {
        return says(400, "Dashboard title cannot be empty");
    }
    let there = state.dashboards.get(&uid);
    if there.is_some_and(|it| it.provisioned) {
        return says(400, "Cannot save provisioned dashboard");
    }
    let version = there.map_or(0, |it| it.version);
    if body["overwrite"] != true && dashboard["version"].as_u64().unwrap_or(0) != version {
        return reply(
            412,
            json!({ "status": "version-mismatch", "message": "The dashboard has been changed by someone else" }),
        );
    }
    let mut others = state.dashboards.iter().filter(|(it, _)| **it != uid);
    if others.any(|(_, it)| it.folder == folder && it.dashboard["title"] == title.as_str()) {
        return reply(
            412,
            json!({ "status": "name-exists", "message": "A dashboard with the same name in the folder already exists" }),
        );
    }
    let version = state.write(dashboard.clone(), folder, &text(&body["message"]));
    reply(
        200,
        json!({ "status": "success", "uid": uid, "version": version }),
    )
}
