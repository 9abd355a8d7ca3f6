//! The mark that a dashboard carries: a tag with the hash of what was written.
//!
//! A tag, because it is the one member that Grafana keeps as it is in all versions and both interfaces. What Grafana itself
//! sets, and the mark, are not part of what is hashed.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// What the tag begins with.
const PREFIX: &str = "brunt:";

/// Members that Grafana sets.
const GRAFANAS: [&str; 5] = ["id", "version", "iteration", "uid", "folderUid"];

/// The hash of a dashboard in the classic form, whoever made it: 16 hexadecimal digits.
pub fn hash(dashboard: &Value) -> String {
    let mut text = String::new();
    canonical(&without_mark(dashboard), true, &mut text);
    let digest = Sha256::digest(text.as_bytes());
    let mut hash = String::with_capacity(16);
    for byte in digest.iter().take(8) {
        // Writing to a string cannot fail.
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

/// The dashboard with its mark.
pub fn marked(dashboard: &Value) -> Value {
    let mut marked = without_mark(dashboard);
    let mark = format!("{PREFIX}{}", hash(dashboard));
    if let Some(members) = marked.as_object_mut() {
        let tags = members
            .entry("tags")
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Some(tags) = tags.as_array_mut() {
            tags.push(mark.into());
        }
    }
    marked
}

/// The hash in a dashboard's mark, if it carries one.
pub fn of(dashboard: &Value) -> Option<&str> {
    let tags = dashboard["tags"].as_array()?;
    tags.iter()
        .find_map(|tag| tag.as_str()?.strip_prefix(PREFIX))
}

fn without_mark(dashboard: &Value) -> Value {
    let mut plain = dashboard.clone();
    if let Some(tags) = plain.get_mut("tags").and_then(Value::as_array_mut) {
        tags.retain(|tag| !tag.as_str().is_some_and(|tag| tag.starts_with(PREFIX)));
        if tags.is_empty()
            && let Some(members) = plain.as_object_mut()
        {
            members.remove("tags");
        }
    }
    plain
}

/// JSON with sorted members and short numbers, so that order says nothing and 1.0 is 1, as Grafana writes it.
fn canonical(value: &Value, is_root: bool, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort_unstable();
            text.push('{');
            for key in keys {
                if is_root && GRAFANAS.contains(&key.as_str()) {
                    continue;
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                canonical(&members[key], false, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for value in values {
                canonical(value, false, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Number(number) => {
            let number = number.to_string();
            text.push_str(number.strip_suffix(".0").unwrap_or(&number));
        }
        other => text.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_grafana_sets_does_not_change_the_hash_and_what_people_change_does() {
        let ours = json!({ "uid": "a", "title": "T", "tags": ["k6"], "panels": [{ "id": 1.0 }] });
        let stored = json!({
            "panels": [{ "id": 1 }], "id": 7, "version": 3, "uid": "a", "title": "T", "tags": ["k6", "brunt:0"],
        });
        assert_eq!(hash(&ours), hash(&stored));
        for edited in [
            json!({ "uid": "a", "title": "U", "tags": ["k6"], "panels": [{ "id": 1 }] }),
            json!({ "uid": "a", "title": "T", "tags": ["k6", "mine"], "panels": [{ "id": 1 }] }),
            json!({ "uid": "a", "title": "T", "tags": ["k6"], "panels": [{ "id": 2 }] }),
        ] {
            assert_ne!(hash(&ours), hash(&edited), "{edited}");
        }
    }

    #[test]
    fn a_marked_dashboard_tells_its_hash_and_keeps_it() {
        let ours = json!({ "title": "T" });
        let marked = marked(&ours);
        assert_eq!(of(&marked), Some(hash(&ours).as_str()));
        assert_eq!(hash(&marked), hash(&ours));
        assert_eq!(super::marked(&marked), marked);
    }
}
