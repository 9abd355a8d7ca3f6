//! The JSON Schema of a configuration file, made from the table of options, so that an editor can
//! complete and check one.

use serde_json::{Map, Value, json};

use crate::options::{Options, TABLE};

/// The schema (draft 2020-12). It knows types and names; what only all options together show, such as
/// two that exclude each other, it does not.
pub fn json_schema() -> Value {
    let mut properties = Map::new();
    for spec in TABLE.iter().filter(|spec| spec.script) {
        let mut schema = Options::schema_of(spec.key).unwrap_or(json!(true));
        let description = spec.about;
        if let Value::Object(members) = &mut schema {
            members.insert("description".to_owned(), json!(description));
        } else {
            schema = json!({ "description": description });
        }
        let default = Options::default_value(spec.key);
        // The version in it would make the file another one with each release.
        if !default.is_null() && spec.key != "userAgent" {
            schema["default"] = default;
        }
        properties.insert(spec.key.to_owned(), schema);
    }
    for (key, schema) in of_the_run() {
        properties.insert(key.to_owned(), schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Options of a brunt test, as a configuration file has them",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "$defs": {
            "count": {
                "anyOf": [
                    { "type": "integer", "minimum": 0 },
                    { "type": "string", "pattern": "^[0-9]+$" },
                ],
            },
            "duration": {
                "description": "Numbers with units, such as \"1m30s\"; a number alone is milliseconds",
                "anyOf": [
                    { "type": "number", "minimum": 0 },
                    { "type": "string", "pattern": "^([0-9.]+(ns|us|µs|μs|ms|s|m|h|d))+$|^[0-9.]+$" },
                ],
            },
        },
    })
}

/// Keys of the file that set up the run around the test.
fn of_the_run() -> [(&'static str, Value); 7] {
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    let text_or_list =
        |about: &str| json!({ "description": about, "anyOf": [{ "type": "string" }, texts] });
    [
        (
            "out",
            text_or_list("Where measurements go, as --out has it."),
        ),
        (
            "features",
            text_or_list("Experimental features to turn on."),
        ),
        (
            "linger",
            json!({ "description": "Whether the REST API stays up after the test.", "type": "boolean" }),
        ),
        (
            "noUsageReport",
            json!({ "description": "No effect: brunt reports to nobody.", "type": "boolean" }),
        ),
        ("webDashboard", json!({ "description": "No effect." })),
        ("collectors", json!({ "description": "No effect." })),
        (
            "$schema",
            json!({ "description": "Where this schema is.", "type": "string" }),
        ),
    ]
}
