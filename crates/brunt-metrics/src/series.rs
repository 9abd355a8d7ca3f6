//! Series: a metric with a set of tags, interned once for the whole process.
//!
//! Workers keep look-ups of their own in front of this table, so its locks are taken once for each
//! new series and worker. The table is bounded: ten million unique URLs must not grow memory
//! without end. Beyond the bound a series gets no id of its own; aggregating outputs see one
//! overflow series for each metric, raw outputs get the tags through the batch.
//!
//! Texts and sets are packed, so a million series with URLs of 100 bytes cost some 170 MB; as plain
//! maps of tag sets they would be five times that.

mod arena;
mod chunked;
mod index;
mod symbols;
mod tag_table;

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use rustc_hash::FxBuildHasher;

use self::chunked::Chunked;
use self::index::Index;
use self::tag_table::TagTable;
use crate::registry::MetricId;
use crate::tags::{TagSet, TagSetId};

/// The number of an interned series, or with the highest bit set a row of a batch's own overflow table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesId(pub u32);

impl SeriesId {
    const OVERFLOW: u32 = 1 << 31;

    /// The id that stands for row `row` of a batch's overflow table.
    pub fn overflow(row: u32) -> Self {
        Self(row | Self::OVERFLOW)
    }

    /// The row in the batch's overflow table, if this is not an interned series.
    pub fn overflow_row(self) -> Option<usize> {
        (self.0 & Self::OVERFLOW != 0).then_some((self.0 & !Self::OVERFLOW) as usize)
    }
}

/// A metric with its tags.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Series {
    /// The metric.
    pub metric: MetricId,
    /// The tags.
    pub tags: Arc<TagSet>,
}

/// The tags that the overflow series of a metric carries instead of the real ones.
pub const OVERFLOW_TAG: (&str, &str) = ("brunt_overflow", "true");

/// The process-wide table of tag sets and series.
#[derive(Debug)]
pub struct Interner {
    tags: RwLock<TagTable>,
    series: RwLock<SeriesTable>,
    max_series: usize,
    overflowed: AtomicU64,
}

#[derive(Debug, Default)]
struct SeriesTable {
    by_id: Chunked<(MetricId, TagSetId)>,
    index: Index,
}

impl Interner {
    /// The bound used when the user gives none.
    pub const DEFAULT_MAX_SERIES: usize = 1_000_000;

    /// A table that holds at most this many series (and as many tag sets).
    pub fn new(max_series: usize) -> Self {
        Self {
            tags: RwLock::default(),
            series: RwLock::default(),
            // Leaves numbers for the overflow series of every metric.
            max_series: max_series.min(SeriesId::OVERFLOW as usize / 2),
            overflowed: AtomicU64::new(0),
        }
    }

    /// The id of a tag set, or `None` when the table is full and the set is new.
    pub fn tag_set(&self, tags: &TagSet) -> Option<TagSetId> {
        {
            let table = self.tags.read();
            if let Some(at) = table.find(tags) {
                return Some(TagSetId(at));
            }
            if table.len() >= self.max_series {
                return None;
            }
        }
        let mut table = self.tags.write();
        // Another worker may have come first.
        if table.len() >= self.max_series {
            return table.find(tags).map(TagSetId);
        }
        Some(TagSetId(table.intern(tags)))
    }

    /// The id of a series, or `None` (counted) when the table is full and the series is new.
    pub fn series(&self, metric: MetricId, tags: TagSetId) -> Option<SeriesId> {
        let key = (metric, tags);
        if let Some(id) = self.series.read().find(key) {
            return Some(id);
        }
        let mut table = self.series.write();
        if let Some(id) = table.find(key) {
            return Some(id);
        }
        if table.by_id.len() >= self.max_series {
            self.overflowed.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(table.add(key))
    }

    /// The metric's one series for everything beyond the bound; made past the bound if need be.
    pub fn overflow_series(&self, metric: MetricId) -> SeriesId {
        let tags: TagSet = std::iter::once(OVERFLOW_TAG).collect();
        let key = (metric, TagSetId(self.tags.write().intern(&tags)));
        let mut table = self.series.write();
        table.find(key).unwrap_or_else(|| table.add(key))
    }

    /// Metric and tags of an interned series; `None` for an id that this table never gave. Tags
    /// beyond the first few thousand sets are put together anew, so keep what you made of them.
    pub fn resolve(&self, id: SeriesId) -> Option<Series> {
        let (metric, tags) = self.series.read().by_id.get(id.0 as usize)?;
        Some(Series {
            metric,
            tags: self.tags(tags)?,
        })
    }

    /// The tags of an interned tag set, as [`Interner::resolve`] gives them.
    pub fn tags(&self, id: TagSetId) -> Option<Arc<TagSet>> {
        self.tags.read().get(id.0)
    }

    /// How many series are interned.
    pub fn len(&self) -> usize {
        self.series.read().by_id.len()
    }

    /// Whether no series is interned yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tag with the most different values, and how many it has: what to tell users whose series are
    /// too many. Takes as long as looking at every tag set does.
    pub fn widest_tag(&self) -> Option<(Arc<str>, usize)> {
        self.tags.read().widest()
    }

    /// How many look-ups found the table of series full.
    pub fn overflowed(&self) -> u64 {
        self.overflowed.load(Ordering::Relaxed)
    }
}

impl SeriesTable {
    fn find(&self, key: (MetricId, TagSetId)) -> Option<SeriesId> {
        self.index
            .find(hash(key), |at| self.by_id.get(at as usize) == Some(key))
            .map(SeriesId)
    }

    fn add(&mut self, key: (MetricId, TagSetId)) -> SeriesId {
        let at = self.by_id.len() as u32;
        self.by_id.push(key);
        // Every number in the index has an entry.
        let by_id = &self.by_id;
        self.index
            .insert(hash(key), at, |at| by_id.get(at as usize).map_or(0, hash));
        SeriesId(at)
    }
}

fn hash(key: (MetricId, TagSetId)) -> u64 {
    FxBuildHasher.hash_one(key)
}

#[cfg(test)]
mod tests;
