//! Tag sets: sorted pairs of strings that identify, with a metric, a series.

use std::sync::Arc;

/// The number of an interned tag set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagSetId(pub u32);

/// Tags sorted by key, each key once. An empty value is a value: k6 tells `group=""` from no group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct TagSet(Vec<(Arc<str>, Arc<str>)>);

impl TagSet {
    /// No tags.
    pub fn new() -> Self {
        Self::default()
    }

    /// Pairs that are in the order of their keys already.
    pub(crate) fn from_sorted(pairs: Vec<(Arc<str>, Arc<str>)>) -> Self {
        Self(pairs)
    }

    /// The value of a tag.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .binary_search_by(|(k, _)| (**k).cmp(key))
            .ok()
            .map(|at| &*self.0[at].1)
    }

    /// Sets a tag, over a value it may have had.
    pub fn set(&mut self, key: impl Into<Arc<str>>, value: impl Into<Arc<str>>) {
        let (key, value) = (key.into(), value.into());
        match self.0.binary_search_by(|(k, _)| k.cmp(&key)) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    /// Takes a tag out; tells whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let found = self.0.binary_search_by(|(k, _)| (**k).cmp(key));
        found.is_ok_and(|at| {
            self.0.remove(at);
            true
        })
    }

    /// The pairs in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (&**k, &**v))
    }

    /// The pairs in the order of their keys, to share their text.
    pub fn pairs(&self) -> &[(Arc<str>, Arc<str>)] {
        &self.0
    }

    /// How many tags there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every tag of `wanted` is here with the same value: how sub-metrics match.
    pub fn contains_all(&self, wanted: &Self) -> bool {
        wanted
            .iter()
            .all(|(key, value)| self.get(key) == Some(value))
    }
}

impl<K: Into<Arc<str>>, V: Into<Arc<str>>> FromIterator<(K, V)> for TagSet {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut tags = Self::new();
        for (key, value) in pairs {
            tags.set(key, value);
        }
        tags
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn setting_replaces_and_removing_tells() {
        let mut tags: TagSet = [("b", "2"), ("a", "1"), ("b", "3")].into_iter().collect();
        assert_eq!(tags.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "3")]);
        assert!(tags.remove("a") && !tags.remove("a"));
        assert_eq!(
            (tags.get("a"), tags.get("b"), tags.len()),
            (None, Some("3"), 1)
        );
        tags.set("empty", "");
        assert_eq!(tags.get("empty"), Some(""));
    }

    #[test]
    fn a_submetric_matches_where_all_its_tags_do() {
        let tags: TagSet = [("a", "1"), ("b", "")].into_iter().collect();
        let wanted = |pairs: &[(&str, &str)]| tags.contains_all(&pairs.iter().copied().collect());
        assert!(wanted(&[]) && wanted(&[("b", "")]) && wanted(&[("b", ""), ("a", "1")]));
        assert!(!wanted(&[("a", "")]) && !wanted(&[("a", "1"), ("c", "")]));
    }

    proptest! {
        #[test]
        fn a_tag_set_is_a_sorted_map(changes in prop::collection::vec(("[a-e]{1,2}", "[xy]?", any::<bool>()), 0..40)) {
            let (mut tags, mut map) = (TagSet::new(), BTreeMap::new());
            for (key, value, set) in changes {
                if set {
                    tags.set(key.as_str(), value.as_str());
                    map.insert(key, value);
                } else {
                    prop_assert_eq!(tags.remove(&key), map.remove(&key).is_some());
                }
            }
            prop_assert!(tags.iter().eq(map.iter().map(|(k, v)| (k.as_str(), v.as_str()))));
            prop_assert_eq!(tags.is_empty(), map.is_empty());
        }
    }
}
