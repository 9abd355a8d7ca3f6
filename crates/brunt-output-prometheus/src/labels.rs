//! Tags to labels that every receiver takes.
//!
//! k6 sends tags as they are, and Prometheus answers some of them with an error that it wants
//! retried for ever. So names and values are put into the form the protocol demands: names of
//! letters, digits and underscores, each once, sorted by bytes; values not empty; and no more and no
//! longer ones than the receiver takes.

use std::sync::Arc;

use brunt_metrics::TagSet;
use brunt_output::TagChoice;

use crate::config::Shape;

/// Bounds of the receiver; Mimir's by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Labels of a series, its name among them.
    pub(crate) labels: usize,
    /// Bytes of a label's name.
    pub(crate) name: usize,
    /// Bytes of a label's value.
    pub(crate) value: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            labels: 30,
            name: 1_024,
            value: 2_048,
        }
    }
}

/// The labels of a series without its name, sorted.
pub(crate) type Labels = Arc<[(Arc<str>, Arc<str>)]>;

/// What is the same for all series of a run.
#[derive(Debug)]
pub(crate) struct Labeller {
    tags: TagChoice,
    limits: Limits,
    /// Labels that a tag of the same name wins over.
    fixed: Vec<(Arc<str>, Arc<str>)>,
    /// The first series that had too many labels, in words.
    pub(crate) crowded: Option<String>,
}

impl Labeller {
    /// `instance` becomes the label `instance` and, without a better one, `testid`.
    pub(crate) fn new(shape: &Shape, instance: &str) -> Self {
        let limits = shape.limits;
        let mut fixed: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        let own = [("instance", instance), ("testid", instance)];
        let given = shape
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in given.chain(own) {
            let name = sanitise(name, limits.name);
            if fixed.iter().all(|(known, _)| **known != *name) {
                fixed.push((Arc::from(name), Arc::from(bounded(value, limits.value))));
            }
        }
        Self {
            tags: shape.tags.clone(),
            limits,
            fixed,
            crowded: None,
        }
    }

    /// The labels of a series with these tags.
    pub(crate) fn labels(&mut self, tags: &TagSet) -> Labels {
        let sent: Vec<_> = self.tags.of(tags).cloned().collect();
        self.form(&sent)
    }

    /// The labels of a series of brunt's own; the user's patterns are not about them.
    pub(crate) fn own_labels(&mut self, labels: &[(Arc<str>, Arc<str>)]) -> Labels {
        self.form(labels)
    }

    fn form(&mut self, pairs: &[(Arc<str>, Arc<str>)]) -> Labels {
        let limits = self.limits;
        let mut labels: Vec<(Arc<str>, Arc<str>)> = Vec::with_capacity(pairs.len() + 2);
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            let short = bounded(value, limits.value);
            let value = if short.len() == value.len() {
                Arc::clone(value)
            } else {
                short.into()
            };
            let name = if is_label_name(name, limits.name) {
                Arc::clone(name)
            } else {
                sanitise(name, limits.name).into()
            };
            labels.push((name, value));
        }
        let mut fixed = 0;
        for (name, value) in &self.fixed {
            if !value.is_empty() && labels.iter().all(|(known, _)| known != name) {
                labels.push((Arc::clone(name), Arc::clone(value)));
                fixed += 1;
            }
        }
        // Two tags can become one label, `a-b` and `a.b`; both values are kept, as OpenTelemetry's
        // rules for Prometheus have it.
        let merge = |labels: &mut Vec<(Arc<str>, Arc<str>)>| {
            labels.sort();
            labels.dedup_by(|second, first| {
                let same = second.0 == first.0;
                if same {
                    let both = format!("{};{}", first.1, second.1);
                    first.1 = Arc::from(bounded(&both, limits.value));
                }
                same
            });
        };
        let most = limits.labels.saturating_sub(1);
        if labels.len() > most {
            // Labels of the run tell generators apart and stay; of the tags, the first ones do.
            let run = labels.split_off(labels.len() - fixed);
            merge(&mut labels);
            let before = labels.len() + run.len();
            labels.truncate(most.saturating_sub(run.len()));
            let after = labels.len() + run.len();
            labels.extend(run);
            if before > after && self.crowded.is_none() {
                self.crowded = Some(format!(
                    "a series had {} labels, of which the receiver takes {}: the last of its tags were \
                     left out; choose with drop=TAG or raise max-labels",
                    before + 1,
                    limits.labels
                ));
            }
        }
        merge(&mut labels);
        labels.into()
    }
}

fn bounded(value: &str, longest: usize) -> &str {
    &value[..value.floor_char_boundary(longest)]
}

/// Whether a name can be sent as it is: `[a-zA-Z_][a-zA-Z0-9_]*`, and not reserved by `__`.
fn is_label_name(name: &str, longest: usize) -> bool {
    let bytes = name.as_bytes();
    !bytes.is_empty()
        && bytes.len() <= longest
        && !bytes[0].is_ascii_digit()
        && !name.starts_with("__")
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

fn sanitise(name: &str, longest: usize) -> String {
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
    clean.truncate(longest);
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

    #[test]
    fn of_too_many_labels_those_of_the_run_stay() {
        let shape = Shape {
            limits: Limits {
                labels: 5,
                name: 4,
                value: 3,
            },
            ..Shape::default()
        };
        let mut labeller = Labeller::new(&shape, "host-1");
        let tags: TagSet = [("a", "1"), ("b", "2"), ("longer", "value"), ("zz", "4")]
            .into_iter()
            .collect();
        let labels = labeller.labels(&tags);
        let shown: Vec<_> = labels.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(shown, ["a=1", "b=2", "inst=hos", "test=hos"]);
        let told = labeller.crowded.unwrap();
        assert!(
            told.contains("had 7 labels") && told.contains("max-labels"),
            "{told}"
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
                prop_assert!(is_label_name(&name, 1_024) || name.starts_with("tag__"));
                prop_assert!(!value.is_empty() && value.len() <= 2_048);
            }
        }
    }
}
