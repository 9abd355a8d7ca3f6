//! The metrics of a test by name. Built-in ones come first, at fixed ids (see [`crate::builtin`]).

use std::sync::Arc;

use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use crate::builtin;
use crate::kind::{MetricKind, ValueType};

/// The position of a metric in its [`Registry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetricId(pub u32);

/// A metric: its name and how its values are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// Where it stands in the registry.
    pub id: MetricId,
    /// Matches `^[a-zA-Z_][a-zA-Z0-9_]{1,128}$`.
    pub name: Arc<str>,
    /// How samples add up.
    pub kind: MetricKind,
    /// What the values measure.
    pub contains: ValueType,
}

/// Why a metric could not be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The name does not match `^[a-zA-Z_][a-zA-Z0-9_]{1,128}$`.
    #[error(
        "invalid metric name '{0}': use 2 to 129 letters, digits or underscores, and start with a letter or an underscore"
    )]
    InvalidName(String),
    /// The name is taken by a metric of another kind or of other values.
    #[error(
        "metric '{name}' already exists as a {old_kind} of {old_contains} values, it cannot also be a {new_kind} of {new_contains} values"
    )]
    Conflict {
        /// The metric's name.
        name: String,
        /// The kind it has.
        old_kind: MetricKind,
        /// The values it has.
        old_contains: ValueType,
        /// The kind asked for.
        new_kind: MetricKind,
        /// The values asked for.
        new_contains: ValueType,
    },
}

/// All metrics of a test. Shared by every VU; locked only while scripts load.
#[derive(Debug)]
pub struct Registry {
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    by_id: Vec<Arc<Metric>>,
    by_name: FxHashMap<Arc<str>, MetricId>,
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// A registry that holds the built-in metrics.
    pub fn new() -> Self {
        let registry = Self {
            inner: RwLock::new(Inner::default()),
        };
        for &(_, name, kind, contains) in builtin::ALL {
            registry.inner.write().insert(name, kind, contains);
        }
        registry
    }

    /// Finds the metric of this name, or makes it.
    pub fn register(
        &self,
        name: &str,
        kind: MetricKind,
        contains: ValueType,
    ) -> Result<Arc<Metric>, RegistryError> {
        if !is_valid_name(name) {
            return Err(RegistryError::InvalidName(name.to_owned()));
        }
        let mut inner = self.inner.write();
        if let Some(&id) = inner.by_name.get(name) {
            let metric = &inner.by_id[id.0 as usize];
            if metric.kind == kind && metric.contains == contains {
                return Ok(Arc::clone(metric));
            }
            return Err(RegistryError::Conflict {
                name: name.to_owned(),
                old_kind: metric.kind,
                old_contains: metric.contains,
                new_kind: kind,
                new_contains: contains,
            });
        }
        Ok(inner.insert(name, kind, contains))
    }

    /// The metric of this name.
    pub fn get(&self, name: &str) -> Option<Arc<Metric>> {
        let inner = self.inner.read();
        inner
            .by_name
            .get(name)
            .map(|id| Arc::clone(&inner.by_id[id.0 as usize]))
    }

    /// The metric at this place; ids come from this registry, so it is there.
    ///
    /// # Panics
    /// If the id comes from another registry.
    pub fn metric(&self, id: MetricId) -> Arc<Metric> {
        Arc::clone(&self.inner.read().by_id[id.0 as usize])
    }

    /// How many metrics there are; ids are below this.
    pub fn len(&self) -> usize {
        self.inner.read().by_id.len()
    }

    /// Never true: the built-in metrics are always there.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every metric, by id.
    pub fn all(&self) -> Vec<Arc<Metric>> {
        self.inner.read().by_id.clone()
    }
}

impl Inner {
    fn insert(&mut self, name: &str, kind: MetricKind, contains: ValueType) -> Arc<Metric> {
        let id = MetricId(self.by_id.len() as u32);
        let name: Arc<str> = Arc::from(name);
        let metric = Arc::new(Metric {
            id,
            name: Arc::clone(&name),
            kind,
            contains,
        });
        self.by_id.push(Arc::clone(&metric));
        self.by_name.insert(name, id);
        metric
    }
}

/// Whether k6 takes this as a metric's name.
pub fn is_valid_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    (2..=129).contains(&bytes.len())
        && !bytes[0].is_ascii_digit()
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_metrics_are_at_their_fixed_ids() {
        let registry = Registry::new();
        for &(id, name, kind, contains) in builtin::ALL {
            let metric = registry.get(name).unwrap();
            assert_eq!(
                (metric.id, metric.kind, metric.contains),
                (id, kind, contains),
                "{name}"
            );
            assert_eq!(registry.metric(id), metric);
        }
        assert_eq!(registry.len(), builtin::ALL.len());
    }

    #[test]
    fn the_same_metric_may_be_declared_again_but_not_another_of_its_name() {
        let registry = Registry::new();
        let first = registry
            .register("mine", MetricKind::Trend, ValueType::Time)
            .unwrap();
        assert_eq!(
            registry.register("mine", MetricKind::Trend, ValueType::Time),
            Ok(Arc::clone(&first))
        );
        assert_eq!(registry.all().last(), Some(&first));
        for (kind, contains) in [
            (MetricKind::Trend, ValueType::Default),
            (MetricKind::Rate, ValueType::Time),
        ] {
            let message = registry
                .register("mine", kind, contains)
                .unwrap_err()
                .to_string();
            assert!(
                message.contains("'mine' already exists as a trend of time values"),
                "{message}"
            );
        }
        assert!(
            registry
                .register("http_reqs", MetricKind::Gauge, ValueType::Default)
                .is_err()
        );
    }

    #[test]
    fn names_follow_the_rule() {
        let longest = "a".repeat(129);
        for good in ["ab", "_1", "A9_z", &longest] {
            assert!(is_valid_name(good), "{good}");
        }
        let too_long = "a".repeat(130);
        for bad in ["", "a", "1a", "a-b", "a b", "aé", &too_long] {
            assert!(!is_valid_name(bad), "{bad}");
            let result = Registry::new().register(bad, MetricKind::Counter, ValueType::Default);
            assert_eq!(result, Err(RegistryError::InvalidName(bad.to_owned())));
        }
    }
}
