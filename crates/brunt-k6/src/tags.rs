//! The tags that a virtual user puts on everything it measures right now.
//!
//! Each distinct set gets a small number, so that what was resolved for one set (slots of series)
//! is found again when the virtual user comes back to it: groups are entered and left all the time.

use std::sync::Arc;

use brunt_metrics::TagSet;

/// Sets that are remembered; a script that invents a tag value per iteration makes them go round.
const REMEMBERED: usize = 64;

/// The current tag set and its number.
#[derive(Debug, Default)]
pub(crate) struct TagContext {
    tags: TagSet,
    known: Vec<TagSet>,
    number: usize,
    /// Grows whenever the numbers start anew.
    epoch: u32,
}

impl TagContext {
    /// The set as it is.
    pub(crate) fn tags(&self) -> &TagSet {
        &self.tags
    }

    /// The set's number, unique over all epochs.
    pub(crate) fn id(&self) -> u64 {
        u64::from(self.epoch) << 32 | self.number as u64
    }

    /// Replaces the whole set.
    pub(crate) fn replace(&mut self, tags: TagSet) {
        if tags != self.tags || self.known.is_empty() {
            self.tags = tags;
            self.renumber();
        }
    }

    /// Sets a tag.
    pub(crate) fn set(&mut self, key: impl Into<Arc<str>>, value: impl Into<Arc<str>>) {
        self.tags.set(key, value);
        self.renumber();
    }

    /// Removes a tag.
    pub(crate) fn remove(&mut self, key: &str) {
        if self.tags.remove(key) {
            self.renumber();
        }
    }

    fn renumber(&mut self) {
        if let Some(at) = self.known.iter().position(|known| *known == self.tags) {
            self.number = at;
            return;
        }
        if self.known.len() >= REMEMBERED {
            self.known.clear();
            self.epoch = self.epoch.wrapping_add(1);
        }
        self.known.push(self.tags.clone());
        self.number = self.known.len() - 1;
    }
}
