//! Tags to attributes of data points. OTLP takes every name and value, so nothing is rewritten.

use std::sync::Arc;

use brunt_metrics::TagSet;
use brunt_output::TagChoice;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};

/// The attributes of a data point, sorted by name, each name once.
pub(crate) type Attributes = Arc<[(Arc<str>, Arc<str>)]>;

/// What is the same for all series of a run.
#[derive(Debug)]
pub(crate) struct Attributer {
    tags: TagChoice,
    /// Attributes that a tag of the same name wins over.
    fixed: Vec<(Arc<str>, Arc<str>)>,
}

impl Attributer {
    /// `testid` stands where neither the test nor the user has given one.
    pub(crate) fn new(tags: TagChoice, labels: &[(String, String)], testid: &str) -> Self {
        let given = labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let mut fixed: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        for (name, value) in given.chain([("testid", testid)]) {
            if !name.is_empty() && fixed.iter().all(|(known, _)| **known != *name) {
                fixed.push((Arc::from(name), Arc::from(value)));
            }
        }
        Self { tags, fixed }
    }

    /// Those of a series with these tags.
    pub(crate) fn of(&self, tags: &TagSet) -> Attributes {
        self.with_fixed(self.tags.of(tags).cloned().collect())
    }

    /// Those of a series of brunt's own.
    pub(crate) fn own(&self, labels: &[(Arc<str>, Arc<str>)]) -> Attributes {
        self.with_fixed(labels.to_vec())
    }

    fn with_fixed(&self, mut all: Vec<(Arc<str>, Arc<str>)>) -> Attributes {
        for (name, value) in &self.fixed {
            if !value.is_empty() && all.iter().all(|(known, _)| known != name) {
                all.push((Arc::clone(name), Arc::clone(value)));
            }
        }
        all.sort();
        all.into()
    }
}

/// A text attribute.
pub(crate) fn attribute(name: &str, value: &str) -> KeyValue {
    KeyValue {
        key: name.to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(value.to_owned())),
        }),
        ..KeyValue::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(attributes: &Attributes) -> String {
        let pairs: Vec<_> = attributes
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join(" ")
    }

    #[test]
    fn a_tag_wins_over_a_label_and_that_over_brunt_s_own() {
        let labels = [("team".into(), "a".into()), ("zone".into(), "b".into())];
        let attributer = Attributer::new(TagChoice::default(), &labels, "run-1");
        let tags: TagSet = [("team", "x"), ("weird-tag", "é"), ("group", "")]
            .into_iter()
            .collect();
        assert_eq!(
            text(&attributer.of(&tags)),
            "team=x testid=run-1 weird-tag=é zone=b"
        );
        let own: TagSet = [("testid", "mine")].into_iter().collect();
        assert_eq!(text(&attributer.of(&own)), "team=a testid=mine zone=b");
    }
}
