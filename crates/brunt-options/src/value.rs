//! How the value of an option is read from JSON and from text, and shown again.
//!
//! Not serde's derive: an error must say what was expected in the words of the documentation, and the
//! accepted forms (a number or a text with a unit, a list or a text with commas) differ by source.

mod dns;
mod local_ips;
mod network;
mod scalar;
mod threshold;
mod tls;

pub use dns::{Dns, DnsPolicy, DnsSelect, DnsTtl};
pub use local_ips::LocalIps;
pub use network::{HostTarget, IpRange};
pub use threshold::Threshold;
pub use tls::{TlsAuth, TlsVersion, TlsVersions};

use std::collections::BTreeMap;

use brunt_pacing::{ExecutionSegment, SegmentSequence};
use serde_json::{Map, Value, json};

use crate::error::Invalid;
pub use scalar::parse_bool;
pub(crate) use scalar::{choice, count, duration, text_of};

/// A type that an option may have.
pub(crate) trait OptionValue: Sized {
    /// Reads the value of a script or a configuration file; never called with `null`.
    fn from_json(value: &Value) -> Result<Self, Invalid>;

    /// Reads the value of an environment variable.
    fn from_text(text: &str) -> Result<Self, Invalid>;

    /// Reads the value of a flag; `before` is what the same flag said earlier on the command line.
    fn from_flag(text: &str, before: Option<Self>) -> Result<Self, Invalid> {
        let _ = before;
        Self::from_text(text)
    }

    /// The JSON Schema (draft 2020-12) of the forms that `from_json` reads.
    fn schema() -> Value {
        json!({ "type": "string" })
    }

    /// The value as a script sees it.
    fn to_json(&self) -> Value;

    /// What results when a stronger layer sets it to `over`.
    fn overridden(self, over: Self) -> Self {
        drop(self);
        over
    }
}

/// JSON in a variable, for what has no other form there.
pub(crate) fn json_text<T: OptionValue>(text: &str, example: &str) -> Result<T, Invalid> {
    match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => T::from_json(&value),
        _ => Err(Invalid::expected_text(
            format_args!("JSON such as {example}"),
            text,
        )),
    }
}

/// The parts of a text with commas; none for an empty one.
pub(crate) fn comma_separated(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// A list of anything; in text with commas, on the command line also by repeating the flag.
impl<T: OptionValue> OptionValue for Vec<T> {
    fn from_json(value: &Value) -> Result<Self, Invalid> {
        let Value::Array(items) = value else {
            return Err(Invalid::expected("a list, as in [ … ]", value));
        };
        let read = |(i, item)| T::from_json(item).map_err(|invalid| invalid.at(i));
        items.iter().enumerate().map(read).collect()
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        if text.trim_start().starts_with('[')
            && let Ok(value) = serde_json::from_str(text)
        {
            return Self::from_json(&value);
        }
        comma_separated(text).map(T::from_text).collect()
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }

    fn from_flag(text: &str, before: Option<Self>) -> Result<Self, Invalid> {
        let mut all = before.unwrap_or_default();
        all.extend(Self::from_text(text)?);
        Ok(all)
    }

    fn to_json(&self) -> Value {
        self.iter().map(T::to_json).collect()
    }
}

/// A map from names to anything; in text it is JSON.
impl<T: OptionValue> OptionValue for BTreeMap<String, T> {
    fn from_json(value: &Value) -> Result<Self, Invalid> {
        let object = object(value)?;
        let mut map = Self::new();
        for (key, value) in object {
            let value = T::from_json(value).map_err(|invalid| invalid.within(key))?;
            map.insert(key.clone(), value);
        }
        Ok(map)
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        json_text(text, "{\"name\": …}")
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": T::schema() })
    }

    fn to_json(&self) -> Value {
        let entries = self
            .iter()
            .map(|(key, value)| (key.clone(), value.to_json()));
        Value::Object(entries.collect())
    }
}

impl OptionValue for ExecutionSegment {
    fn from_json(value: &Value) -> Result<Self, Invalid> {
        match value {
            Value::String(text) => Self::from_text(text),
            other => Err(Invalid::expected(
                "a part such as \"0:1/4\" or \"25%\"",
                other,
            )),
        }
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        text.parse()
            .map_err(|error| Invalid::new(format!("{error}")))
    }

    fn to_json(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl OptionValue for SegmentSequence {
    fn from_json(value: &Value) -> Result<Self, Invalid> {
        match value {
            Value::String(text) => Self::from_text(text),
            other => Err(Invalid::expected("points such as \"0,1/3,2/3,1\"", other)),
        }
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        text.parse()
            .map_err(|error| Invalid::new(format!("{error}")))
    }

    fn to_json(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// Whatever the user wrote: kept, because another product reads it.
impl OptionValue for Value {
    fn from_json(value: &Value) -> Result<Self, Invalid> {
        Ok(value.clone())
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        json_text(text, "{ … }")
    }

    fn schema() -> Value {
        json!(true)
    }

    fn to_json(&self) -> Value {
        self.clone()
    }
}

pub(crate) fn object(value: &Value) -> Result<&Map<String, Value>, Invalid> {
    match value {
        Value::Object(object) => Ok(object),
        other => Err(Invalid::expected("an object, as in { … }", other)),
    }
}
