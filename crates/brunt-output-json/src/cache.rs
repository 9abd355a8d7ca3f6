//! Rendered series, bounded in bytes.
//!
//! Two generations instead of a list in order of use: what was used lately is in the young one,
//! and when that is half the bound, it becomes the old one and the old one is forgotten. So a look-up
//! is one hash, a series in use is never rendered again, and millions of unique URLs cost no memory.

use rustc_hash::FxHashMap;

/// What is the same in all lines of a series.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// Everything before and everything after the time and the value.
    text: Box<[u8]>,
    prefix: usize,
}

impl Rendered {
    pub(crate) fn new(prefix: &[u8], suffix: &[u8]) -> Self {
        Self {
            text: [prefix, suffix].concat().into_boxed_slice(),
            prefix: prefix.len(),
        }
    }

    /// What stands before the time.
    pub(crate) fn prefix(&self) -> &[u8] {
        &self.text[..self.prefix]
    }

    /// What stands after the value.
    pub(crate) fn suffix(&self) -> &[u8] {
        &self.text[self.prefix..]
    }

    fn size(&self) -> usize {
        // The table's own share is about as large as the entry.
        self.text.len() + 2 * size_of::<(u32, Self)>()
    }
}

/// Rendered series by id.
#[derive(Debug)]
pub(crate) struct Cache {
    young: FxHashMap<u32, Rendered>,
    old: FxHashMap<u32, Rendered>,
    bytes: usize,
    bound: usize,
}

impl Cache {
    /// A cache that takes about this many bytes.
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            young: FxHashMap::default(),
            old: FxHashMap::default(),
            bytes: 0,
            bound: bound / 2,
        }
    }

    /// The series' text, rendered if it is not known; `None` if it cannot be rendered.
    pub(crate) fn get(
        &mut self,
        id: u32,
        render: impl FnOnce() -> Option<Rendered>,
    ) -> Option<&Rendered> {
        if !self.young.contains_key(&id) {
            let rendered = match self.old.remove(&id) {
                Some(rendered) => rendered,
                None => render()?,
            };
            if self.bytes + rendered.size() > self.bound {
                self.old = std::mem::take(&mut self.young);
                self.bytes = 0;
            }
            self.bytes += rendered.size();
            self.young.insert(id, rendered);
        }
        self.young.get(&id)
    }

    #[cfg(test)]
    fn held(&self) -> usize {
        self.young
            .values()
            .chain(self.old.values())
            .map(Rendered::size)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(id: u32) -> Rendered {
        Rendered::new(format!("a{id}").as_bytes(), &[0; 100])
    }

    #[test]
    fn a_series_in_use_is_rendered_once_while_others_pass_by() {
        let mut cache = Cache::new(64 * 1024);
        let mut renders = 0;
        for id in 1..10_000 {
            let kept = cache.get(0, || {
                renders += 1;
                Some(render(0))
            });
            assert_eq!(kept.unwrap().prefix(), b"a0");
            assert_eq!(
                cache.get(id, || Some(render(id))).unwrap().prefix(),
                format!("a{id}").as_bytes()
            );
            assert!(cache.held() <= 64 * 1024);
        }
        assert_eq!(renders, 1);
    }
}
