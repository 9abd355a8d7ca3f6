//! `/v1/groups`: groups with their checks, as a flat list whose relationships make the tree.

use brunt_aggregate::GroupNode;
use brunt_summary::path_id;
use serde_json::{Value, json};

use super::answer::Answer;
use super::subject::Subject;

/// All groups, a group before those inside it.
pub(super) fn list(subject: &Subject) -> Answer {
    Answer::data(&Value::Array(all(&subject.groups.tree())))
}

/// One group by its id.
pub(super) fn one(subject: &Subject, id: &str) -> Answer {
    let groups = all(&subject.groups.tree());
    let found = groups.into_iter().find(|group| group["id"] == id);
    found.map_or_else(
        || Answer::missing("group", id),
        |group| Answer::data(&group),
    )
}

fn all(root: &GroupNode) -> Vec<Value> {
    let mut groups = Vec::new();
    add(root, None, &mut groups);
    groups
}

fn add(group: &GroupNode, parent: Option<&GroupNode>, all: &mut Vec<Value>) {
    let reference = |group: &GroupNode| json!({ "type": "groups", "id": path_id(&group.path) });
    let checks: Vec<Value> = group
        .checks
        .iter()
        .map(|check| {
            let path = format!("{}::{}", group.path, check.name);
            json!({
                "id": path_id(&path),
                "path": path,
                "name": check.name,
                "passes": check.passes,
                "fails": check.fails,
            })
        })
        .collect();
    let inner: Vec<Value> = group.groups.iter().map(reference).collect();
    all.push(json!({
        "type": "groups",
        "id": path_id(&group.path),
        "attributes": {
            "path": group.path,
            "name": group.name,
            "checks": if checks.is_empty() { Value::Null } else { Value::Array(checks) },
        },
        "relationships": {
            "groups": { "data": inner },
            "parent": { "data": parent.map(reference) },
        },
    }));
    for inner in &group.groups {
        add(inner, Some(group), all);
    }
}

#[cfg(test)]
mod tests {
    use brunt_aggregate::Groups;

    use super::*;

    #[test]
    fn the_tree_is_in_the_relationships() {
        let groups = Groups::default();
        groups.check("::outer::inner", "is even", "").add(true);
        let all = all(&groups.tree());
        let id = |path: &str| path_id(path);
        let expected = json!([
            {
                "type": "groups", "id": "d41d8cd98f00b204e9800998ecf8427e",
                "attributes": { "path": "", "name": "", "checks": null },
                "relationships": {
                    "groups": { "data": [{ "type": "groups", "id": id("::outer") }] },
                    "parent": { "data": null },
                },
            },
            {
                "type": "groups", "id": id("::outer"),
                "attributes": { "path": "::outer", "name": "outer", "checks": null },
                "relationships": {
                    "groups": { "data": [{ "type": "groups", "id": id("::outer::inner") }] },
                    "parent": { "data": { "type": "groups", "id": id("") } },
                },
            },
            {
                "type": "groups", "id": id("::outer::inner"),
                "attributes": { "path": "::outer::inner", "name": "inner", "checks": [{
                    "id": id("::outer::inner::is even"), "path": "::outer::inner::is even",
                    "name": "is even", "passes": 1, "fails": 0,
                }] },
                "relationships": {
                    "groups": { "data": [] },
                    "parent": { "data": { "type": "groups", "id": id("::outer") } },
                },
            },
        ]);
        assert_eq!(Value::Array(all), expected);
    }
}
