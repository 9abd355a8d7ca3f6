//! Tags to labels that every receiver takes.
//!
//! k6 sends tags as they are, and Prometheus answers some of them with an error that it wants
//! retried for ever. So names and values are put into the form the protocol demands: names of
//! letters, digits and underscores, each once, sorted by bytes; values neither empty nor longer than
//! what Mimir takes.

use std::sync::Arc;

use brunt_metrics::TagSet;
use brunt_output::TagChoice;

use crate::config::Shape;

/// Mimir's limit for a label's value, in bytes.
const LONGEST_VALUE: usize = 2_048;

/// Mimir's limit for a label's name, in bytes.
const LONGEST_NAME: usize = 1_024;

/// The labels of a series without its name, sorted.
pub(crate) type Labels = Arc<[(Arc<str>, Arc<str>)]>;

/// What is the same for all series of a run.
#[derive(Debug)]
pub(crate) struct Labeller {
    tags: TagChoice,
    /// Labels that a tag of the same name wins over.
    fixed: Vec<(Arc<str>, Arc<str>)>,
}

impl Labeller {
    /// `instance` becomes the label `instance` and, without a better one, `testid`.
    pub(crate) fn new(shape: &Shape, instance: &str) -> Self {
        let mut fixed: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        let own = [("instance", instance), ("testid", instance)];
        let given = shape
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in given.chain(own) {
            let name = sanitise(name);
            if fixed.iter().all(|(known, _)| **known != *name) {
                fixed.push((Arc::from(name), Arc::from(bounded(value))));
            }
        }
        Self {
            tags: shape.tags.clone(),
            fixed,
        }
    }

    /// The labels of a series with these tags.
    pub(crate) fn labels(&self, tags: &TagSet) -> Labels {
        let mut labels: Vec<(Arc<str>, Arc<str>)> = Vec::with_capacity(tags.len() + 2);
        for (name, value) in self.tags.of(tags) {
            let short = bounded(value);
            let value = if short.len() == value.len() {
                Arc::clone(value)
            } else {
                short.into()
            };
            let name = if is_label_name(name) {
                Arc::clone(name)
            } else {
                sanitise(name).into()
            };
            labels.push((name, value));
        }
        for (name, value) in &self.fixed {
            if !value.is_empty() && labels.iter().all(|(known, _)| known != name) {
                labels.push((Arc::clone(name), Arc::clone(value)));
            }
        }
        labels.sort();
        // Two tags can become one label, `a-b` and `a.b`; both values are kept, as OpenTelemetry's
        // rules for Prometheus have it.
        labels.dedup_by(|second, first| {
            let same = second.0 == first.0;
            if same {
                first.1 = Arc::from(bounded(&format!("{};{}", first.1, second.1)));
            }
            same
        });
        labels.into()
    }
}

fn bounded(value: &str) -> &str {
    &value[..value.floor_char_boundary(LONGEST_VALUE)]
}

/// Whether a name can be sent as it is: `[a-zA-Z_][a-zA-Z0-9_]*`, and not reserved by `__`.
fn is_label_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    !bytes.is_empty()
        && bytes.len() <= LONGEST_NAME
        && !bytes[0].is_ascii_digit()
        && !name.starts_with("__")
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

fn sanitise(name: &str) -> String {
    let valid = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '_'
        }
    };
    let mut clean: String = name.chars().map(valid).collect();
    if clean.is_empty() || clean.starts_with(|c: char| c.is_ascii_digit()) {
        clean.insert(0, '_');
    }
    if clean.starts_with("__") {
        clean.insert_str(0, "tag");
    }
    clean.truncate(LONGEST_NAME);
    clean
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(shape: &Shape, tags: &[(&str, &str)]) -> Vec<(String, String)> {
        let tags: TagSet = tags.iter().copied().collect();
        let labels = Labeller::new(shape, "host-1").labels(&tags);
        labels
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect()
    }

    fn text(labels: &[(String, String)]) -> String {
        let pairs: Vec<_> = labels
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join(" ")
    }

    #[test]
    fn a_tag_wins_over_a_label_and_that_over_brunt_s_own() {
        let shape = Shape {
            labels: vec![
                ("instance".into(), "mine".into()),
                ("team".into(), "a".into()),
            ],
            ..Shape::default()
        };
        let tags = [("team", "b"), ("testid", "t"), ("group", "")];
        assert_eq!(
            text(&labels(&shape, &tags)),
            "instance=mine team=b testid=t"
        );
    }

    #[test]
    fn names_and_values_are_put_into_form() {
        let long = "é".repeat(2_000);
        let tags = [
            ("weird-tag", "1"),
            ("weird.tag", "2"),
            ("0x", "3"),
            ("__name__", "4"),
            ("v", &long),
        ];
        let labels = labels(&Shape::default(), &tags);
        let shown = text(&labels[..labels.len() - 2]);
        assert_eq!(shown, "_0x=3 instance=host-1 tag__name__=4 testid=host-1");
        assert_eq!(labels[labels.len() - 2].1.len(), 2_048);
        assert_eq!(
            labels[labels.len() - 1],
            ("weird_tag".to_owned(), "1;2".to_owned())
        );
    }

    proptest! {
        #[test]
        fn whatever_the_tags_the_labels_are_valid(
            tags in prop::collection::vec((any::<String>(), any::<String>()), 0..12)
        ) {
            let tags: Vec<(&str, &str)> = tags.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            let labels = labels(&Shape::default(), &tags);
            prop_assert!(labels.windows(2).all(|pair| pair[0].0 < pair[1].0));
            for (name, value) in labels {
                prop_assert!(is_label_name(&name) || name.starts_with("tag__"));
                prop_assert!(!value.is_empty() && value.len() <= LONGEST_VALUE);
            }
        }
    }
}
