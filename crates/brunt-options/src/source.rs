//! Options from where users write them: JSON, the environment, the command line.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Invalid, OptionsError, quoted};
use crate::layer::{Layer, LayerOptions};
use crate::options::{OptionSpec, Options, TABLE};
use crate::suggest;

mod run_keys;

pub use run_keys::{CONFIG_FILE_ONLY, RunKeys};

/// Variables that say something when they are empty.
const MEANINGFUL_WHEN_EMPTY: [&str; 2] = ["userAgent", "systemTags"];

impl LayerOptions {
    /// Options from the object that a script exports; `null` sets nothing.
    pub fn from_script(value: &Value) -> Result<Self, OptionsError> {
        Self::from_json(Layer::Script, value)
    }

    /// Options from a configuration file.
    pub fn from_config_file(value: &Value) -> Result<Self, OptionsError> {
        Self::from_json(Layer::ConfigFile, value)
    }

    /// Options from an object. A wrong type is an error, an unknown key a warning.
    pub fn from_json(layer: Layer, value: &Value) -> Result<Self, OptionsError> {
        let mut own = Self::empty(layer);
        let object = match value {
            Value::Null => return Ok(own),
            Value::Object(object) => object,
            other => {
                return Err(OptionsError {
                    layer,
                    path: "options".to_owned(),
                    reason: format!(
                        "expected an object, as in {{ vus: 10 }}, found {}",
                        quoted(other)
                    ),
                    place: None,
                });
            }
        };
        let script = layer == Layer::Script;
        let known = || TABLE.iter().filter(|spec| spec.script).map(|spec| spec.key);
        for (key, value) in object {
            // An editor's note of which schema the file has is no option.
            if !script && (CONFIG_FILE_ONLY.contains(&key.as_str()) || key == "$schema") {
                continue;
            }
            if !known().any(|name| name == key) {
                let elsewhere = CONFIG_FILE_ONLY.into_iter().filter(|_| !script);
                let hint = suggest::hint(key, known().chain(elsewhere));
                own.warnings.push(format!(
                    "options ({layer}): unknown option {} has no effect{hint}",
                    quoted(&key.as_str().into())
                ));
                continue;
            }
            if !value.is_null() {
                own.options
                    .set_json(key, value)
                    .map_err(|invalid| invalid.within(key).in_layer(layer))?;
            }
        }
        Ok(own)
    }

    /// Options from `K6_*` variables; others are ignored, and so is an empty one but for those that
    /// mean something when they are empty.
    pub fn from_env(variables: &BTreeMap<String, String>) -> Result<Self, OptionsError> {
        let mut own = Self::empty(Layer::Env);
        for spec in TABLE {
            let Some(name) = spec.env else { continue };
            let Some(text) = variables.get(name) else {
                continue;
            };
            if text.is_empty() && !MEANINGFUL_WHEN_EMPTY.contains(&spec.key) {
                continue;
            }
            own.options
                .set_text(spec.key, text)
                .map_err(|invalid| invalid.within(name).in_layer(Layer::Env))?;
        }
        Ok(own)
    }

    /// A command line without flags yet; see [`LayerOptions::set_flag`].
    pub fn cli() -> Self {
        Self::empty(Layer::Cli)
    }

    /// Sets what a flag of the command line says: its long name (`--vus`) and its value; that of a
    /// switch is `true` or `false`. Flags of lists and tags may come several times.
    pub fn set_flag(&mut self, flag: &str, text: &str) -> Result<(), OptionsError> {
        let outcome = match TABLE.iter().find(|spec| spec.flag == Some(flag)) {
            Some(spec) => self.options.add_text(spec.key, text),
            None => Err(Invalid::new("no option of a test has this flag")),
        };
        outcome.map_err(|invalid| invalid.within(flag).in_layer(Layer::Cli))
    }
}

impl OptionSpec {
    /// What this option is called where a layer sets it.
    pub fn name_in(&self, layer: Layer) -> &'static str {
        match layer {
            Layer::Env => self.env.unwrap_or(self.key),
            Layer::Cli => self.flag.unwrap_or(self.key),
            Layer::Default | Layer::ConfigFile | Layer::Script => self.key,
        }
    }
}

impl Options {
    /// The table's row of a key.
    pub fn spec(key: &str) -> Option<&'static OptionSpec> {
        TABLE.iter().find(|spec| spec.key == key)
    }
}
