//! Series: a metric with a set of tags, interned once for the whole process.
//!
//! Workers keep look-ups of their own in front of this table, so its locks are taken once for each
//! new series and worker. The table is bounded: ten million unique URLs must not grow memory
//! without end. Beyond the bound a series gets no id of its own; aggregating outputs see one
//! overflow series for each metric, raw outputs get the tags through the batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::HashMap;
use parking_lot::RwLock;
use rustc_hash::FxBuildHasher;

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
struct TagTable {
    by_id: Vec<Arc<TagSet>>,
    ids: HashMap<Arc<TagSet>, TagSetId, FxBuildHasher>,
}

#[derive(Debug, Default)]
struct SeriesTable {
    by_id: Vec<(MetricId, TagSetId)>,
    ids: HashMap<(MetricId, TagSetId), SeriesId, FxBuildHasher>,
}

impl Interner {
    /// The bound used when the user gives none.
    pub const DEFAULT_MAX_SERIES: usize = 1_000_000;

    /// A table that holds at most this many series (and as many tag sets).
    pub fn new(max_series: usize) -> Self {
        Self {
            tags: RwLock::default(),
            series: RwLock::default(),
            max_series: max_series.min(SeriesId::OVERFLOW as usize),
            overflowed: AtomicU64::new(0),
        }
    }

    /// The id of a tag set, or `None` when the table is full and the set is new.
    pub fn tag_set(&self, tags: &TagSet) -> Option<TagSetId> {
        if let Some(&id) = self.tags.read().ids.get(tags) {
            return Some(id);
        }
        let mut table = self.tags.write();
        if let Some(&id) = table.ids.get(tags) {
            return Some(id);
        }
        if table.by_id.len() >= self.max_series {
            return None;
        }
        let id = TagSetId(table.by_id.len() as u32);
        let tags = Arc::new(tags.clone());
        table.by_id.push(Arc::clone(&tags));
        table.ids.insert(tags, id);
        Some(id)
    }

    /// The id of a series, or `None` (counted) when the table is full and the series is new.
    pub fn series(&self, metric: MetricId, tags: TagSetId) -> Option<SeriesId> {
        let key = (metric, tags);
        if let Some(&id) = self.series.read().ids.get(&key) {
            return Some(id);
        }
        let mut table = self.series.write();
        if let Some(&id) = table.ids.get(&key) {
            return Some(id);
        }
        if table.by_id.len() >= self.max_series {
            self.overflowed.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let id = SeriesId(table.by_id.len() as u32);
        table.by_id.push(key);
        table.ids.insert(key, id);
        Some(id)
    }

    /// The metric's one series for everything beyond the bound; made past the bound if need be.
    pub fn overflow_series(&self, metric: MetricId) -> SeriesId {
        let tags: TagSet = std::iter::once(OVERFLOW_TAG).collect();
        let tag_set = {
            let mut table = self.tags.write();
            if let Some(&id) = table.ids.get(&tags) {
                id
            } else {
                let id = TagSetId(table.by_id.len() as u32);
                let tags = Arc::new(tags);
                table.by_id.push(Arc::clone(&tags));
                table.ids.insert(tags, id);
                id
            }
        };
        let mut table = self.series.write();
        if let Some(&id) = table.ids.get(&(metric, tag_set)) {
            return id;
        }
        let id = SeriesId(table.by_id.len() as u32);
        table.by_id.push((metric, tag_set));
        table.ids.insert((metric, tag_set), id);
        id
    }

    /// Metric and tags of an interned series; `None` for an id that this table never gave.
    pub fn resolve(&self, id: SeriesId) -> Option<Series> {
        let (metric, tags) = *self.series.read().by_id.get(id.0 as usize)?;
        let tags = Arc::clone(self.tags.read().by_id.get(tags.0 as usize)?);
        Some(Series { metric, tags })
    }

    /// The tags of an interned tag set.
    pub fn tags(&self, id: TagSetId) -> Option<Arc<TagSet>> {
        self.tags.read().by_id.get(id.0 as usize).map(Arc::clone)
    }

    /// How many series are interned.
    pub fn len(&self) -> usize {
        self.series.read().by_id.len()
    }

    /// Whether no series is interned yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many look-ups found the table full.
    pub fn overflowed(&self) -> u64 {
        self.overflowed.load(Ordering::Relaxed)
    }
}
