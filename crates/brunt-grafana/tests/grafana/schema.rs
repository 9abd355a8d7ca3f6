//! Both forms against Grafana's own schemas.

use brunt_grafana::{boards, classic, v2};
use serde_json::{Value, json};

fn schema(name: &str, reference: &str) -> Value {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    // Values of any type are declared as objects, in both schemas.
    let definitions = &mut schema["definitions"];
    definitions["MatcherConfig"]["properties"]["options"] = json!({});
    definitions["DynamicConfigValue"]["properties"]["value"] = json!({});
    schema["$ref"] = json!(reference);
    schema
}

fn check(schema: &Value, what: &str, json: &Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(json)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}:\n{}", errors.join("\n"));
}

#[test]
fn the_classic_form_is_valid() {
    let mut schema = schema("dashboard-classic.schema.json", "#/definitions/Dashboard");
    let query = &mut schema["definitions"]["VariableModel"]["properties"]["query"];
    *query = json!({ "type": ["string", "object"] });
    for dashboard in boards::all() {
        let mut json = classic(&dashboard);
        // For the public gallery; no part of a dashboard.
        assert!(json.as_object_mut().unwrap().remove("__requires").is_some());
        check(&schema, dashboard.uid, &json);
    }
}

#[test]
fn the_resource_form_is_valid() {
    let schema = schema("dashboard-v2.schema.json", "#/definitions/Dashboard");
    for dashboard in boards::all() {
        let json = v2(&dashboard);
        assert_eq!(json["metadata"]["name"], dashboard.uid);
        check(&schema, dashboard.uid, &json["spec"]);
    }
}

/// The forms are one dashboard: the same titles, queries and places.
#[test]
fn both_forms_say_the_same() {
    for dashboard in boards::all() {
        let (classic, v2) = (classic(&dashboard), v2(&dashboard));
        let elements = v2["spec"]["elements"].as_object().unwrap();
        let mut panels = Vec::new();
        for panel in classic["panels"].as_array().unwrap() {
            if panel["type"] == "row" {
                panels.extend(panel["panels"].as_array().unwrap());
            } else {
                panels.push(panel);
            }
        }
        assert_eq!(panels.len(), elements.len());
        for (panel, element) in panels.into_iter().zip(elements.values()) {
            let spec = &element["spec"];
            assert_eq!(panel["title"], spec["title"]);
            let own = panel["targets"].as_array().into_iter().flatten();
            let own: Vec<_> = own.map(|target| &target["expr"]).collect();
            let queries = spec["data"]["spec"]["queries"].as_array().unwrap();
            let theirs: Vec<_> = queries
                .iter()
                .map(|query| &query["spec"]["query"]["spec"]["expr"])
                .collect();
            assert_eq!(own, theirs, "{}", panel["title"]);
        }
    }
}
