//! Single values: switches, counts, texts, durations, tags.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::{OptionValue, json_text, object};
use crate::duration::{
    DurationError, format_duration, from_millis, parse_duration, parse_duration_or_ms,
};
use crate::error::Invalid;
use crate::options::{HttpDebug, SummaryTimeUnit, Tags};

const DURATION: &str = "a duration";

/// A whole number of at least `least`; texts with digits count too, because variables of the
/// environment reach scripts as texts.
pub(crate) fn count(value: &Value, least: u64) -> Result<u64, Invalid> {
    let number = match value {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => whole_text(text),
        _ => None,
    };
    number
        .filter(|&number| number >= least)
        .ok_or_else(|| Invalid::expected(counted(least), value))
}

/// What [`count`] expects, in words.
fn counted(least: u64) -> &'static str {
    if least == 0 {
        "a whole number, 0 or more"
    } else {
        "a positive whole number"
    }
}

/// A float that is a whole number.
fn whole(number: f64) -> Option<u64> {
    // 2^64 is the first that does not fit.
    (number >= 0.0 && number.fract() == 0.0 && number < 18_446_744_073_709_551_616.0)
        .then_some(number as u64)
}

fn whole_text(text: &str) -> Option<u64> {
    let text = text.trim();
    // `parse` would let a plus sign through.
    (text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// A duration as scripts write it: a text with units, or milliseconds.
pub(crate) fn duration(value: &Value) -> Result<Duration, Invalid> {
    let result = match value {
        Value::Number(number) => from_millis(number.as_f64().unwrap_or(f64::NAN)).map_err(Some),
        Value::String(text) => parse_duration_or_ms(text).map_err(Some),
        _ => Err(None),
    };
    result.map_err(|error| match error {
        Some(error @ (DurationError::Negative | DurationError::TooLong)) => {
            Invalid::expected(format_args!("{DURATION} ({error})"), value)
        }
        _ => Invalid::expected(
            format_args!("{DURATION} such as \"30s\", \"1m30s\" or 500 (milliseconds)"),
            value,
        ),
    })
}

/// A text.
pub(crate) fn text_of(value: &Value) -> Result<String, Invalid> {
    match value {
        Value::String(text) => Ok(text.clone()),
        other @ (Value::Number(_) | Value::Bool(_)) => Err(Invalid::expected(
            format_args!("a text (write \"{other}\")"),
            other,
        )),
        other => Err(Invalid::expected("a text", other)),
    }
}

/// One of some names.
pub(crate) fn choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, Invalid> {
    let found = choices.iter().find(|(name, _)| *name == text.trim());
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        Invalid::expected_text(format_args!("one of {}", names.join(", ")), text)
    })
}

/// A truth value in one of Go's forms, which variables and flags of k6 have: `1`, `t`, `true`, `0`, …
pub fn parse_bool(text: &str) -> Option<bool> {
    match text.trim() {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

impl OptionValue for bool {
    fn schema() -> Value {
        json!({ "type": "boolean" })
    }

    fn from_json(value: &Value) -> Result<Self, Invalid> {
        value
            .as_bool()
            .ok_or_else(|| Invalid::expected("true or false", value))
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        parse_bool(text).ok_or_else(|| Invalid::expected_text("true or false", text))
    }

    fn to_json(&self) -> Value {
        Value::Bool(*self)
    }
}

impl OptionValue for u64 {
    fn schema() -> Value {
        json!({ "$ref": "#/$defs/count" })
    }

    fn from_json(value: &Value) -> Result<Self, Invalid> {
        count(value, 0)
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        whole_text(text).ok_or_else(|| Invalid::expected_text(counted(0), text))
    }

    fn to_json(&self) -> Value {
        Value::from(*self)
    }
}

impl OptionValue for String {
    fn from_json(value: &Value) -> Result<Self, Invalid> {
        text_of(value)
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        Ok(text.to_owned())
    }

    fn to_json(&self) -> Value {
        Value::String(self.clone())
    }
}

impl OptionValue for Duration {
    fn schema() -> Value {
        json!({ "$ref": "#/$defs/duration" })
    }

    fn from_json(value: &Value) -> Result<Self, Invalid> {
        duration(value)
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        parse_duration(text).map_err(|error| {
            Invalid::expected_text(format_args!("{DURATION} such as 30s or 1m30s"), text)
                .because(error)
        })
    }

    fn to_json(&self) -> Value {
        Value::String(format_duration(*self))
    }
}

impl OptionValue for Tags {
    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": { "type": "string" } })
    }

    fn from_json(value: &Value) -> Result<Self, Invalid> {
        let mut tags = BTreeMap::new();
        for (key, value) in object(value)? {
            let text = text_of(value).map_err(|invalid| invalid.within(key))?;
            tags.insert(key.clone(), text);
        }
        Ok(Self(tags))
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        if text.trim_start().starts_with('{') {
            return json_text(text, "{\"team\": \"blue\"}");
        }
        let mut tags = BTreeMap::new();
        for pair in super::comma_separated(text) {
            let Some((key, value)) = pair.split_once(':').filter(|(key, _)| !key.is_empty()) else {
                return Err(Invalid::expected_text(
                    "tags such as team:blue,tier:one",
                    text,
                ));
            };
            tags.insert(key.to_owned(), value.to_owned());
        }
        Ok(Self(tags))
    }

    fn from_flag(text: &str, before: Option<Self>) -> Result<Self, Invalid> {
        let mut tags = before.unwrap_or_default();
        let Some((key, value)) = text.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(Invalid::expected_text("a tag such as team=blue", text));
        };
        tags.0.insert(key.to_owned(), value.to_owned());
        Ok(tags)
    }

    fn to_json(&self) -> Value {
        self.0
            .iter()
            .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
            .collect()
    }
}

impl OptionValue for HttpDebug {
    fn schema() -> Value {
        json!({ "enum": ["headers", "full"] })
    }

    fn from_json(value: &Value) -> Result<Self, Invalid> {
        Self::from_text(&text_of(value)?)
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        choice(text, &[("headers", Self::Headers), ("full", Self::Full)])
    }

    fn to_json(&self) -> Value {
        Value::from(match self {
            Self::Headers => "headers",
            Self::Full => "full",
        })
    }
}

impl OptionValue for SummaryTimeUnit {
    fn schema() -> Value {
        json!({ "enum": ["s", "ms", "us"] })
    }

    fn from_json(value: &Value) -> Result<Self, Invalid> {
        Self::from_text(&text_of(value)?)
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        choice(
            text,
            &[
                ("s", Self::Seconds),
                ("ms", Self::Milliseconds),
                ("us", Self::Microseconds),
            ],
        )
    }

    fn to_json(&self) -> Value {
        Value::from(self.as_str())
    }
}
