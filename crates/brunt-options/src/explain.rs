//! Where each option's value comes from, and what it was before.

use serde_json::{Map, Value};

use crate::consolidate::Consolidated;
use crate::layer::Layer;
use crate::options::{OptionSpec, Options, TABLE};

/// What each layer said, the weakest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct History(Vec<(Layer, Map<String, Value>)>);

impl History {
    pub(crate) fn note(&mut self, layer: Layer, options: &Options) {
        if let Value::Object(mut all) = options.to_json() {
            all.retain(|_, value| !value.is_null());
            if !all.is_empty() {
                self.0.push((layer, all));
            }
        }
    }
}

/// One option of a test and how it came to its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// Which option.
    pub spec: &'static OptionSpec,
    /// Its value in the end; `null` if it has none. Keys of certificates are left out.
    pub value: Value,
    /// Who set it.
    pub layer: Layer,
    /// The option that was set for it: the same, but for scenarios that a shortcut stands for.
    pub by: &'static OptionSpec,
    /// What weaker layers had set, the strongest of them first.
    pub overridden: Vec<(Layer, Value)>,
}

impl Consolidated {
    /// Every option with its value, in the table's order. The scenario that shortcuts stand for is
    /// shown as `scenarios`, with the layer of the shortcut that decides.
    pub fn explain(&self) -> Vec<Explained> {
        let settled = match self.options.to_json() {
            Value::Object(settled) => settled,
            _ => Map::new(),
        };
        let one = |spec: &'static OptionSpec| {
            let by = self.decided_by(spec);
            let layer = self.origin(by.key);
            let said = self.history.0.iter().rev();
            let said = said.filter_map(|(by, all)| Some((*by, all.get(spec.key)?.clone())));
            let overridden = said
                .filter(|(by, _)| *by != layer || (spec.key == "scenarios" && self.derived))
                .map(|(by, value)| (by, without_secrets(spec.key, value)));
            let value = settled.get(spec.key).filter(|value| !value.is_null());
            let value = match value.cloned() {
                Some(value) => value,
                None if self.history.says(spec.key) => Value::Null,
                None => Options::default_value(spec.key),
            };
            Explained {
                spec,
                value: without_secrets(spec.key, value),
                layer,
                by,
                overridden: overridden.collect(),
            }
        };
        TABLE.iter().map(one).collect()
    }

    /// The option that says what another one is.
    fn decided_by(&self, spec: &'static OptionSpec) -> &'static OptionSpec {
        if spec.key != "scenarios" || !self.derived {
            return spec;
        }
        ["iterations", "duration", "stages", "vus"]
            .into_iter()
            .find(|key| self.options.is_set(key))
            .and_then(Options::spec)
            .unwrap_or(spec)
    }
}

impl History {
    fn says(&self, key: &str) -> bool {
        self.0.iter().any(|(_, all)| all.contains_key(key))
    }
}

/// Options end up in logs; the keys of certificates must not.
fn without_secrets(key: &str, mut value: Value) -> Value {
    if key == "tlsAuth" {
        let certificates = value.as_array_mut().into_iter().flatten();
        for certificate in certificates.filter_map(Value::as_object_mut) {
            for secret in ["key", "password"] {
                if let Some(text) = certificate.get_mut(secret).filter(|text| !text.is_null()) {
                    *text = Value::from("(secret)");
                }
            }
        }
    }
    value
}
