//! The tree of groups and checks as JSON, in its two forms: lists for `handleSummary`, maps by name
//! for the export.

use brunt_aggregate::{CheckNode, GroupNode};
use md5::{Digest, Md5};
use serde_json::{Map, Value, json};

/// `{name, path, id, groups: […], checks: […]}`.
pub(crate) fn as_lists(group: &GroupNode) -> Value {
    let groups: Vec<Value> = group.groups.iter().map(as_lists).collect();
    let checks: Vec<Value> = checks(group).map(|(_, check)| check).collect();
    node(group, Value::Array(groups), Value::Array(checks))
}

/// `{name, path, id, groups: {name: …}, checks: {name: …}}`.
pub(crate) fn as_maps(group: &GroupNode) -> Value {
    let groups: Map<String, Value> = group
        .groups
        .iter()
        .map(|inner| (inner.name.clone(), as_maps(inner)))
        .collect();
    let checks: Map<String, Value> = checks(group)
        .map(|(name, check)| (name.to_owned(), check))
        .collect();
    node(group, Value::Object(groups), Value::Object(checks))
}

fn node(group: &GroupNode, groups: Value, checks: Value) -> Value {
    let mut node = json!({ "name": group.name, "path": group.path, "id": path_id(&group.path) });
    node["groups"] = groups;
    node["checks"] = checks;
    node
}

fn checks(group: &GroupNode) -> impl Iterator<Item = (&str, Value)> {
    group.checks.iter().map(|check| {
        let CheckNode {
            name,
            passes,
            fails,
            ..
        } = check;
        let path = format!("{}::{name}", group.path);
        let check = json!({
            "name": name,
            "path": path,
            "id": path_id(&path),
            "passes": passes,
            "fails": fails,
        });
        (name.as_str(), check)
    })
}

/// The id of a group or check: the MD5 of its path (`::outer::inner`, then `::check`), in hexadecimal.
pub fn path_id(path: &str) -> String {
    let digest: [u8; 16] = Md5::digest(path.as_bytes()).into();
    format!("{:032x}", u128::from_be_bytes(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, passes: u64, fails: u64) -> CheckNode {
        CheckNode {
            name: name.to_owned(),
            passes,
            fails,
            ..CheckNode::default()
        }
    }

    fn tree() -> GroupNode {
        GroupNode {
            checks: vec![check("is small", 3, 1)],
            groups: vec![GroupNode {
                name: "inside".to_owned(),
                path: "::inside".to_owned(),
                groups: Vec::new(),
                checks: vec![check("is even", 2, 2)],
            }],
            ..GroupNode::default()
        }
    }

    #[test]
    fn maps_are_keyed_by_name_and_carry_k6_ids() {
        let expected = json!({
            "name": "", "path": "", "id": "d41d8cd98f00b204e9800998ecf8427e",
            "checks": {"is small": {
                "name": "is small", "path": "::is small",
                "id": "d07940eeacf5ad7d3ff5a50ab9244ae8", "passes": 3, "fails": 1,
            }},
            "groups": {"inside": {
                "name": "inside", "path": "::inside", "id": "8f556f99999458269cc869e9985810d3",
                "groups": {},
                "checks": {"is even": {
                    "name": "is even", "path": "::inside::is even",
                    "id": "b5bd424c13c6e366657a39a7b237bfb1", "passes": 2, "fails": 2,
                }},
            }},
        });
        assert_eq!(as_maps(&tree()), expected);
    }

    #[test]
    fn lists_keep_the_order() {
        let mut tree = tree();
        tree.checks.push(check("a later one", 1, 0));
        let lists = as_lists(&tree);
        assert_eq!(lists["checks"][1]["name"], "a later one");
        assert_eq!(lists["groups"][0]["checks"][0]["path"], "::inside::is even");
        assert_eq!(lists["groups"][0]["groups"], json!([]));
    }
}
