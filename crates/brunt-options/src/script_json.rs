//! The settled options as a script sees them.

use serde_json::{Map, Value};

use crate::consolidate::Consolidated;
use crate::options::Options;

/// The shortcuts, which `exec.test.options` does not have: what they mean is in `scenarios`.
const SHORTCUTS: [&str; 4] = ["vus", "iterations", "duration", "stages"];

/// `exec.test.options`: everything that is not set is `null`; the scenarios are those that run, under
/// their fields' names and with durations as texts.
pub fn to_script_json(consolidated: &Consolidated) -> Value {
    let entries = filled(&consolidated.options);
    let kept = entries
        .into_iter()
        .filter(|(key, _)| !SHORTCUTS.contains(&key.as_str()));
    Value::Object(kept.collect())
}

/// What the script's own exported `options` become after the init stage: the same with the shortcuts.
pub fn to_export_json(consolidated: &Consolidated) -> Value {
    Value::Object(filled(&consolidated.options))
}

/// The options with those defaults that scripts see.
fn filled(options: &Options) -> Map<String, Value> {
    let mut options = options.clone();
    options.summary_trend_stats = Some(options.summary_trend_stats());
    options.system_tags = Some(options.system_tags());
    options.dns = Some(options.dns.unwrap_or_default());
    match options.to_json() {
        Value::Object(object) => object,
        other => Map::from_iter([("options".to_owned(), other)]),
    }
}
