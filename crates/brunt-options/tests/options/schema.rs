//! The schema that editors use, and that the file in the repository is it.

use brunt_options::schema::json_schema;
use brunt_options::{ExecutorKind, TABLE};
use serde_json::{Value, json};

#[test]
fn the_file_in_the_repository_is_up_to_date() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../schemas/options.schema.json"
    );
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(
        file == json_schema(),
        "write it again: cargo run --release -p brunt-options --example schema > schemas/options.schema.json"
    );
}

#[test]
fn every_option_of_a_script_is_in_it_with_its_meaning() {
    let schema = json_schema();
    let properties = schema["properties"].as_object().unwrap();
    for spec in TABLE {
        let property = properties.get(spec.key);
        assert_eq!(property.is_some(), spec.script, "{}", spec.key);
        let about = property.map(|it| it["description"].as_str().unwrap_or_default());
        assert!(
            about.is_none_or(|about| about.ends_with('.')),
            "{}",
            spec.key
        );
    }
    assert_eq!(properties["paused"]["type"], "boolean");
    assert_eq!(properties["maxRedirects"]["default"], json!(10));
}

#[test]
fn scenarios_have_one_form_for_each_executor() {
    let schema = json_schema();
    let forms = &schema["properties"]["scenarios"]["additionalProperties"]["oneOf"];
    let forms = forms.as_array().unwrap();
    assert_eq!(forms.len(), ExecutorKind::ALL.len());
    let rate = forms
        .iter()
        .find(|form| form["title"] == "constant-arrival-rate")
        .unwrap();
    assert_eq!(
        rate["properties"]["executor"],
        json!({"const": "constant-arrival-rate"})
    );
    assert_eq!(
        rate["properties"]["timeUnit"],
        json!({"$ref": "#/$defs/duration"})
    );
    assert!(rate["properties"].get("stages").is_none());
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(schema: &Value, root: &Value) {
        match schema {
            Value::Object(members) => {
                if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                    let pointer = target.strip_prefix('#').unwrap();
                    assert!(root.pointer(pointer).is_some(), "{target}");
                }
                members.values().for_each(|member| check(member, root));
            }
            Value::Array(items) => items.iter().for_each(|item| check(item, root)),
            _ => {}
        }
    }
    let schema = json_schema();
    check(&schema, &schema);
}
