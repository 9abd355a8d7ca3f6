//! Thresholds as they are written. What an expression means is the aggregation's business.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{OptionValue, json_text};
use crate::duration::format_duration;
use crate::error::Invalid;
use crate::options::Thresholds;

/// One condition on a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threshold {
    /// The expression, such as `p(95)<500`.
    pub threshold: String,
    /// Whether the test is stopped when it is crossed.
    pub abort_on_fail: bool,
    /// How old the test must be before it is stopped; none means 0.
    pub delay_abort_eval: Option<Duration>,
}

const FORMS: &str =
    "an expression such as \"p(95)<500\" or {threshold: \"p(95)<500\", abortOnFail: true}";

impl Threshold {
    /// A condition that stops nothing.
    pub fn new(threshold: impl Into<String>) -> Self {
        Self {
            threshold: threshold.into(),
            abort_on_fail: false,
            delay_abort_eval: None,
        }
    }
}

/// A field that may be left out.
fn field<T: OptionValue>(object: &Map<String, Value>, key: &str) -> Result<Option<T>, Invalid> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => T::from_json(value)
            .map(Some)
            .map_err(|error| error.within(key)),
    }
}

impl OptionValue for Threshold {
    fn schema() -> Value {
        let expression = json!({ "type": "string", "examples": ["p(95)<500", "rate>0.99"] });
        let object = json!({
            "type": "object",
            "properties": {
                "threshold": expression,
                "abortOnFail": bool::schema(),
                "delayAbortEval": Duration::schema(),
            },
            "required": ["threshold"],
        });
        json!({ "anyOf": [expression, object] })
    }

    fn from_json(value: &Value) -> Result<Self, Invalid> {
        let object = match value {
            Value::String(text) => return Ok(Self::new(text.as_str())),
            Value::Object(object) => object,
            other => return Err(Invalid::expected(FORMS, other)),
        };
        let threshold: Option<String> = field(object, "threshold")?;
        Ok(Self {
            threshold: threshold.ok_or_else(|| {
                Invalid::new("is required: an expression such as \"p(95)<500\"").within("threshold")
            })?,
            abort_on_fail: field(object, "abortOnFail")?.unwrap_or(false),
            delay_abort_eval: field(object, "delayAbortEval")?,
        })
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        Ok(Self::new(text))
    }

    fn to_json(&self) -> Value {
        if !self.abort_on_fail && self.delay_abort_eval.is_none() {
            return Value::from(self.threshold.as_str());
        }
        let mut object = Map::new();
        object.insert("threshold".to_owned(), Value::from(self.threshold.as_str()));
        object.insert("abortOnFail".to_owned(), Value::from(self.abort_on_fail));
        let delay = self.delay_abort_eval.map(format_duration);
        object.insert("delayAbortEval".to_owned(), Value::from(delay));
        Value::Object(object)
    }
}

impl OptionValue for Thresholds {
    fn schema() -> Value {
        let list = json!({ "type": "array", "items": Threshold::schema() });
        let one = json!({ "type": "string" });
        json!({ "type": "object", "additionalProperties": { "anyOf": [one, list] } })
    }

    fn from_json(value: &Value) -> Result<Self, Invalid> {
        let Value::Object(object) = value else {
            return Err(Invalid::expected(
                "an object such as {http_req_duration: [\"p(95)<500\"]}",
                value,
            ));
        };
        let mut thresholds = Self::default();
        for (metric, value) in object {
            let conditions = match value {
                Value::String(text) => Ok(vec![Threshold::new(text.as_str())]),
                Value::Array(_) => Vec::from_json(value),
                other => Err(Invalid::expected(
                    format_args!("{FORMS}, or a list of them"),
                    other,
                )),
            };
            let conditions = conditions.map_err(|invalid| invalid.within(metric))?;
            thresholds.0.insert(metric.clone(), conditions);
        }
        Ok(thresholds)
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        json_text(text, "{\"http_req_duration\": [\"p(95)<500\"]}")
    }

    fn to_json(&self) -> Value {
        self.0
            .iter()
            .map(|(metric, conditions)| (metric.clone(), conditions.to_json()))
            .collect()
    }
}
