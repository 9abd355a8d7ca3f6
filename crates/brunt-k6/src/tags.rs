//! The tags that a virtual user puts on everything it measures right now.
//!
//! Each distinct set gets a small number, so that what was resolved for one set (slots of series)
//! is found again when the virtual user comes back to it: groups are entered and left all the time.
//! The numbers are a worker's, so that its virtual users share what they resolved.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use brunt_metrics::TagSet;
use rustc_hash::FxHashMap;

/// Sets that a virtual user remembers; a script that invents a tag value per iteration makes them
/// go round.
const REMEMBERED: usize = 64;

/// Sets that a worker remembers.
const NUMBERED: usize = 8192;

/// The numbers of tag sets; none is given twice.
#[derive(Debug, Default)]
pub(crate) struct TagNumbers {
    known: FxHashMap<TagSet, u64>,
    next: u64,
}

impl TagNumbers {
    fn number(&mut self, tags: &TagSet) -> u64 {
        if let Some(number) = self.known.get(tags) {
            return *number;
        }
        if self.known.len() >= NUMBERED {
            self.known.clear();
        }
        let number = self.next;
        self.next += 1;
        self.known.insert(tags.clone(), number);
        number
    }
}

/// The current tag set and its number.
#[derive(Debug)]
pub(crate) struct TagContext {
    tags: TagSet,
    known: Vec<(TagSet, u64)>,
    number: u64,
    numbers: Rc<RefCell<TagNumbers>>,
}

impl TagContext {
    /// A context without tags.
    pub(crate) fn new(numbers: Rc<RefCell<TagNumbers>>) -> Self {
        Self {
            tags: TagSet::default(),
            known: Vec::new(),
            number: 0,
            numbers,
        }
    }

    /// The set as it is.
    pub(crate) fn tags(&self) -> &TagSet {
        &self.tags
    }

    /// The set's number, the same for all virtual users of the worker.
    pub(crate) fn id(&self) -> u64 {
        self.number
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
        if let Some((_, number)) = self.known.iter().find(|(known, _)| *known == self.tags) {
            self.number = *number;
            return;
        }
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.number = self.numbers.borrow_mut().number(&self.tags);
        self.known.push((self.tags.clone(), self.number));
    }
}
