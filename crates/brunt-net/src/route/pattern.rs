//! Host names, and patterns with `*` for the labels in front.

use rustc_hash::FxHashMap;

/// Values by name or pattern. Looking one up costs a hash per label of the name.
#[derive(Debug)]
pub(crate) struct Patterns<T> {
    exact: FxHashMap<String, T>,
    /// By what follows the asterisk, with the dot.
    below: FxHashMap<String, T>,
}

impl<T> Default for Patterns<T> {
    fn default() -> Self {
        Self {
            exact: FxHashMap::default(),
            below: FxHashMap::default(),
        }
    }
}

impl<T> Patterns<T> {
    pub(crate) fn insert(&mut self, pattern: &str, value: T) {
        let pattern = pattern.to_ascii_lowercase();
        match pattern.strip_prefix('*') {
            Some(below) => self.below.insert(below.to_owned(), value),
            None => self.exact.insert(pattern, value),
        };
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.below.is_empty()
    }

    /// The value of the name itself, else of the longest pattern that it fits.
    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        if self.is_empty() {
            return None;
        }
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        self.exact.get(&name).or_else(|| {
            if self.below.is_empty() {
                return None;
            }
            name.match_indices('.')
                .find_map(|(at, _)| self.below.get(&name[at..]))
        })
    }
}
