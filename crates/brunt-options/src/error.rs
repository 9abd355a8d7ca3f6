//! What is wrong with an option, where it was set, and how to write it right.

use std::fmt;

use serde_json::Value;
use thiserror::Error;

use crate::layer::Layer;

/// How much of a wrong value an error quotes.
const MAX_QUOTED: usize = 60;

/// An option that cannot be used; the test must not start (exit code 104).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("options ({layer}{}): {path}: {reason}", after_comma(place.as_deref()))]
pub struct OptionsError {
    /// Who set it.
    pub layer: Layer,
    /// Which option, as its layer writes it: `scenarios.buy.rate`, `K6_VUS`, `--stage`.
    pub path: String,
    /// What was expected and found, and how to write it.
    pub reason: String,
    /// Where it is written, such as `script.js:4:3`, if the one who read the layer knows it.
    pub place: Option<String>,
}

impl OptionsError {
    /// Adds where the option is written.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }
}

fn after_comma(place: Option<&str>) -> String {
    place.map_or(String::new(), |place| format!(", {place}"))
}

/// An [`OptionsError`] on its way up from a nested value, which knows neither its full path nor its
/// layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invalid {
    path: String,
    reason: String,
}

impl Invalid {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            reason: reason.into(),
        }
    }

    /// The usual sentence.
    pub(crate) fn expected(what: impl fmt::Display, found: &Value) -> Self {
        Self::new(format!("expected {what}, found {}", quoted(found)))
    }

    /// The same for a text from the environment or the command line.
    pub(crate) fn expected_text(what: impl fmt::Display, found: &str) -> Self {
        Self::expected(what, &Value::String(found.to_owned()))
    }

    /// Adds the cause.
    #[must_use]
    pub(crate) fn because(mut self, cause: impl fmt::Display) -> Self {
        self.reason = format!("{}: {cause}", self.reason);
        self
    }

    /// Adds the name of what holds the value.
    #[must_use]
    pub(crate) fn within(mut self, key: &str) -> Self {
        self.path = match self.path.as_bytes().first() {
            None => key.to_owned(),
            Some(b'[') => format!("{key}{}", self.path),
            Some(_) => format!("{key}.{}", self.path),
        };
        self
    }

    /// Adds the position in the list that holds the value.
    #[must_use]
    pub(crate) fn at(self, index: usize) -> Self {
        self.within(&format!("[{index}]"))
    }

    /// Where, as far as it is known.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// What.
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    pub(crate) fn in_layer(self, layer: Layer) -> OptionsError {
        OptionsError {
            layer,
            path: self.path,
            reason: self.reason,
            place: None,
        }
    }
}

/// A value as errors show it.
pub(crate) fn quoted(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) if text.chars().count() > MAX_QUOTED => {
            let start: String = text.chars().take(MAX_QUOTED).collect();
            format!("{}…", Value::String(start))
        }
        other => other.to_string(),
    }
}
