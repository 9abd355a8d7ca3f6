//! From the text of tags to the numbers of series, each text read once per thread.
//!
//! The interner alone would not do: it takes tags that were parsed, and parsing them is most of the work
//! of a line.

use std::sync::Arc;

use brunt_metrics::{
    Interner, MetricId, MetricKind, Registry, SampleBatch, Series, SeriesId, TagSet, TagSetId,
    ValueType,
};
use rustc_hash::FxHashMap;

/// The texts that are kept take at most about this much in each thread.
const CACHE_BYTES: usize = 24 << 20;

/// What a kept text costs beside itself.
const ENTRY: usize = 128;

/// Where metrics and series are looked up and made.
#[derive(Debug, Clone)]
pub struct Known {
    /// Metrics by name.
    pub registry: Arc<Registry>,
    /// Series by number.
    pub interner: Arc<Interner>,
}

/// Tags by their text.
#[derive(Debug)]
pub(crate) struct SeriesReader {
    known: Known,
    metrics: FxHashMap<Box<[u8]>, MetricId>,
    sets: FxHashMap<Box<[u8]>, SetId>,
    tags: Vec<Tags>,
    series: FxHashMap<(MetricId, SetId), SeriesId>,
    /// Series that are in no interner, of the batch at hand.
    beyond: FxHashMap<(MetricId, SetId), SeriesId>,
    bytes: usize,
}

/// A set of tags that this reader has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SetId(u32);

#[derive(Debug)]
struct Tags {
    interned: Option<TagSetId>,
    /// Only where the interner is full.
    own: Option<Arc<TagSet>>,
    /// Whether its text could have meant something else.
    doubtful: bool,
}

impl SeriesReader {
    pub(crate) fn new(known: Known) -> Self {
        Self {
            known,
            metrics: FxHashMap::default(),
            sets: FxHashMap::default(),
            tags: Vec::new(),
            series: FxHashMap::default(),
            beyond: FxHashMap::default(),
            bytes: 0,
        }
    }

    /// Called before each block: what was given before, but metrics, means nothing any more.
    pub(crate) fn begin_batch(&mut self) {
        self.beyond.clear();
        if self.bytes > CACHE_BYTES {
            self.sets.clear();
            self.tags.clear();
            self.series.clear();
            self.bytes = 0;
        }
    }

    /// The metric of this name. One that no file declared is taken for a trend, which keeps every value.
    pub(crate) fn metric(&mut self, name: &[u8]) -> Option<MetricId> {
        match self.metrics.get(name) {
            Some(id) => Some(*id),
            None => self.new_metric(name),
        }
    }

    #[cold]
    fn new_metric(&mut self, name: &[u8]) -> Option<MetricId> {
        let text = std::str::from_utf8(name).ok()?;
        let registry = &self.known.registry;
        let id = if let Some(metric) = registry.get(text) {
            metric.id
        } else {
            let made = registry.register(text, MetricKind::Trend, ValueType::Default);
            made.ok()?.id
        };
        self.metrics.insert(name.into(), id);
        Some(id)
    }

    /// The tags that this text means; `parse` says so where it is new, and whether that is doubtful.
    pub(crate) fn tags(
        &mut self,
        text: &[u8],
        parse: impl FnOnce(&[u8]) -> Option<(TagSet, bool)>,
    ) -> Option<SetId> {
        if let Some(id) = self.sets.get(text) {
            return Some(*id);
        }
        let (tags, doubtful) = parse(text)?;
        let interned = self.known.interner.tag_set(&tags);
        let id = SetId(self.tags.len() as u32);
        self.bytes += text.len() + ENTRY;
        self.tags.push(Tags {
            interned,
            own: interned.is_none().then(|| Arc::new(tags)),
            doubtful,
        });
        self.sets.insert(text.into(), id);
        Some(id)
    }

    /// Whether the text of these tags could have meant something else.
    pub(crate) fn is_doubtful(&self, set: SetId) -> bool {
        self.tags
            .get(set.0 as usize)
            .is_some_and(|tags| tags.doubtful)
    }

    /// The series of this metric with these tags, which goes with the batch where the interner is full.
    pub(crate) fn series(
        &mut self,
        metric: MetricId,
        set: SetId,
        batch: &mut SampleBatch,
    ) -> Option<SeriesId> {
        let key = (metric, set);
        if let Some(id) = self.series.get(&key) {
            return Some(*id);
        }
        let tags = self.tags.get(set.0 as usize)?;
        let interner = &self.known.interner;
        if let Some(id) = tags.interned.and_then(|tags| interner.series(metric, tags)) {
            self.bytes += ENTRY / 4;
            self.series.insert(key, id);
            return Some(id);
        }
        if let Some(id) = self.beyond.get(&key) {
            return Some(*id);
        }
        let tags = match (&tags.own, tags.interned) {
            (Some(tags), _) => Arc::clone(tags),
            (None, Some(id)) => interner.tags(id)?,
            (None, None) => return None,
        };
        let id = SeriesId::overflow(batch.overflow.len() as u32);
        batch.overflow.push(Series { metric, tags });
        self.beyond.insert(key, id);
        Some(id)
    }
}

/// A text that was looked at last, with what it meant, because the next line mostly has it again.
#[derive(Debug)]
pub(crate) struct Last<T> {
    pub(crate) text: Vec<u8>,
    pub(crate) meaning: Option<T>,
}

impl<T: Clone> Last<T> {
    pub(crate) fn new() -> Self {
        Self {
            text: Vec::new(),
            meaning: None,
        }
    }

    /// What the text meant if `line` begins with it, and how long it is.
    pub(crate) fn at(&self, line: &[u8]) -> Option<(T, usize)> {
        let meaning = self.meaning.as_ref()?;
        line.starts_with(&self.text)
            .then(|| (meaning.clone(), self.text.len()))
    }

    pub(crate) fn set(&mut self, text: &[u8], meaning: T) {
        self.text.clear();
        self.text.extend_from_slice(text);
        self.meaning = Some(meaning);
    }

    pub(crate) fn forget(&mut self) {
        self.meaning = None;
    }
}
