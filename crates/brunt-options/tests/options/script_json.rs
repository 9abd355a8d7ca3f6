//! What a script sees of its options.

use brunt_options::{to_export_json, to_script_json};
use serde_json::{Value, json};

use super::script;

#[test]
fn the_scenario_made_from_shortcuts_is_shown_and_the_shortcuts_are_not() {
    let options =
        json!({"vus": 1, "iterations": 2, "tags": {"a": "b"}, "thresholds": {"n": ["count>0"]}});
    let consolidated = script(&options).unwrap();
    let seen = to_script_json(&consolidated);
    assert_eq!(
        seen["scenarios"],
        json!({"default": {
            "executor": "shared-iterations", "startTime": null, "gracefulStop": null, "env": null,
            "exec": null, "tags": null, "options": null,
            "vus": 1, "iterations": 2, "maxDuration": null,
        }})
    );
    for key in ["vus", "iterations", "duration", "stages"] {
        assert_eq!(seen.get(key), None, "{key}");
    }
    assert_eq!(seen["tags"], json!({"a": "b"}));
    assert_eq!(seen["thresholds"], json!({"n": ["count>0"]}));
    assert_eq!(seen.get("noSetup"), Some(&Value::Null));
    assert_eq!(seen.get("consoleOutput"), Some(&Value::Null));
    assert_eq!(
        seen["dns"],
        json!({"ttl": null, "select": null, "policy": null})
    );
    assert_eq!(seen["summaryTrendStats"][5], "p(95)");
    assert_eq!(seen["systemTags"].as_array().unwrap().len(), 14);

    let exported = to_export_json(&consolidated);
    assert_eq!(
        (&exported["vus"], &exported["iterations"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(exported.get("duration"), Some(&Value::Null));
    assert_eq!(exported["scenarios"], seen["scenarios"]);
}

#[test]
fn durations_are_shown_as_texts() {
    let options = json!({
        "scenarios": {"a": {
            "executor": "ramping-vus", "gracefulStop": 1500, "gracefulRampDown": "1m2.5s",
            "stages": [{"duration": "5s", "target": 4}, {"duration": 0, "target": 0}],
        }},
        "setupTimeout": "2m", "teardownTimeout": "1500us", "minIterationDuration": 0,
        "dns": {"ttl": 300_000}, "tlsVersion": {"min": "tls1.2"}, "hosts": {"a.b": "::1"},
        "thresholds": {"checks": [{"threshold": "rate>0", "abortOnFail": true, "delayAbortEval": 90_000}]},
        "executionSegment": "25%",
    });
    let seen = to_script_json(&script(&options).unwrap());
    let scenario = &seen["scenarios"]["a"];
    assert_eq!(scenario["gracefulStop"], "1.5s");
    assert_eq!(scenario["gracefulRampDown"], "1m2.5s");
    assert_eq!(
        scenario["stages"],
        json!([{"duration": "5s", "target": 4}, {"duration": "0s", "target": 0}])
    );
    assert_eq!(seen["setupTimeout"], "2m0s");
    assert_eq!(seen["teardownTimeout"], "1.5ms");
    assert_eq!(seen["minIterationDuration"], "0s");
    assert_eq!(seen["dns"]["ttl"], "5m0s");
    assert_eq!(seen["hosts"], json!({"a.b": "::1"}));
    assert_eq!(seen["executionSegment"], "0:1/4");
    assert_eq!(
        seen["thresholds"]["checks"],
        json!([{"threshold": "rate>0", "abortOnFail": true, "delayAbortEval": "1m30s"}])
    );
}

/// Options that were shown can be read again: an archive does.
#[test]
fn what_is_shown_is_valid_and_means_the_same() {
    let options = json!({
        "scenarios": {
            "a": {"executor": "constant-arrival-rate", "rate": 3, "duration": "1m", "preAllocatedVUs": 2, "env": {"X": "y"}},
            "b": {"executor": "ramping-arrival-rate", "startTime": "7s", "preAllocatedVUs": 1, "stages": [{"duration": "1s", "target": 3}]},
            "c": {"executor": "per-vu-iterations", "exec": "f", "tags": {"t": "u"}},
        },
        "dns": {"ttl": "inf", "policy": "any"}, "tlsVersion": "tls1.3", "blacklistIPs": ["10.0.0.0/8"],
        "summaryTimeUnit": "us", "httpDebug": "headers", "tlsAuth": [{"cert": "c", "key": "k"}],
    });
    let first = script(&options).unwrap();
    let second = script(&to_script_json(&first)).unwrap();
    assert_eq!(first.scenarios, second.scenarios);
    assert_eq!(to_script_json(&first), to_script_json(&second));
}
