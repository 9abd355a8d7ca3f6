//! The interface at `/apis`, which names, versions and refuses as Kubernetes does, and stores dashboards otherwise than
//! they are sent: with defaults filled in.

use serde_json::{Value, json};

use super::state::State;
use super::{Reply, reply, text};

/// The version that both groups have.
const VERSION: &str = "v1beta1";

pub(super) fn answer(
    state: &mut State,
    method: &str,
    group: &str,
    path: &[&str],
    body: &Value,
    namespace: &str,
) -> Reply {
    let unknown = || {
        let message = "the server could not find the requested resource";
        failure(404, "NotFound", message)
    };
    let kind = match group {
        "folder.grafana.app" => "Folder",
        "dashboard.grafana.app" => "Dashboard",
        _ => return unknown(),
    };
    let rest = match (method, path) {
        ("GET", []) => {
            let versions = json!([{ "version": VERSION }, { "version": "v2alpha1" }]);
            let body = json!({ "kind": "APIGroup", "name": group, "versions": versions });
            return reply(200, body);
        }
        (_, [VERSION, "namespaces", named, _, rest @ ..]) if *named == namespace => rest,
        _ => return unknown(),
    };
    let name = rest.first().copied();
    if let ("GET", Some(uid)) = (method, name) {
        return match kind {
            "Folder" => folder(state, uid),
            _ => dashboard(state, uid),
        };
    }
    if body["apiVersion"] != format!("{group}/{VERSION}") || body["kind"] != kind {
        return failure(
            400,
            "BadRequest",
            "the object is of another kind or version",
        );
    }
    let uid = text(&body["metadata"]["name"]);
    match (method, kind, name) {
        ("POST", "Folder", None) => new_folder(state, uid, body),
        ("POST", "Dashboard", None) if state.dashboards.contains_key(&uid) => exists(),
        ("POST", "Dashboard", None) => write(state, body, 201),
        ("PUT", "Dashboard", Some(name)) if name == uid => changed(state, &uid, body),
        _ => failure(400, "BadRequest", "the name in the path is another one"),
    }
}

/// An answer that refuses.
fn failure(status: u16, reason: &str, message: &str) -> Reply {
    reply(
        status,
        json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": status }),
    )
}

fn exists() -> Reply {
    failure(409, "AlreadyExists", "it is there already")
}

fn missing() -> Reply {
    failure(404, "NotFound", "it is not there")
}

fn folder(state: &State, uid: &str) -> Reply {
    let Some(title) = state.folders.get(uid) else {
        return missing();
    };
    let body = json!({ "metadata": { "name": uid }, "spec": { "title": title } });
    reply(200, body)
}

fn new_folder(state: &mut State, uid: String, body: &Value) -> Reply {
    if state.folders.contains_key(&uid) {
        return exists();
    }
    state.folders.insert(uid, text(&body["spec"]["title"]));
    reply(201, body.clone())
}

fn dashboard(state: &State, uid: &str) -> Reply {
    let Some(stored) = state.dashboards.get(uid) else {
        return missing();
    };
    let mut annotations = json!({ "grafana.app/folder": stored.folder });
    if stored.provisioned {
        annotations["grafana.app/managedBy"] = "classic-file-provisioning".into();
    }
    let metadata = json!({ "name": uid, "resourceVersion": stored.version.to_string(), "annotations": annotations });
    let body = json!({ "metadata": metadata, "spec": stored.dashboard });
    reply(200, body)
}

fn changed(state: &mut State, uid: &str, body: &Value) -> Reply {
    let Some(stored) = state.dashboards.get(uid) else {
        return missing();
    };
    if stored.provisioned {
        return failure(403, "Forbidden", "it comes from a file");
    }
    if text(&body["metadata"]["resourceVersion"]).parse() != Ok(stored.version) {
        let message = "the object has been modified; please apply your changes to the latest version and try again";
        return failure(409, "Conflict", message);
    }
    write(state, body, 200)
}

fn write(state: &mut State, body: &Value, status: u16) -> Reply {
    let annotations = &body["metadata"]["annotations"];
    let folder = text(&annotations["grafana.app/folder"]);
    if !folder.is_empty() && !state.folders.contains_key(&folder) {
        return failure(400, "BadRequest", "folder not found");
    }
    let mut spec = body["spec"].clone();
    spec["uid"] = body["metadata"]["name"].clone();
    spec["weekStart"] = "".into();
    spec["fiscalYearStartMonth"] = 0.into();
    state.write(spec, folder, &text(&annotations["grafana.app/message"]));
    reply(status, body.clone())
}
