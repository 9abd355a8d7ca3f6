//! One worker's end of the sample path: interned slots, local sinks, and batches for raw outputs.

use std::sync::Arc;

use brunt_aggregate::{AggregateId, Delta};
use brunt_metrics::{MetricId, MetricKind, SeriesId, TagSet, TagSetId, ValueType};
use rustc_hash::FxHashMap;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use crate::local::{ListId, LocalSinks, NewSeries, SeriesSinks};
use crate::raw::RawBatch;
use crate::shared::Shared;

/// From how many samples on a recorder wants to be flushed.
const FLUSH_SAMPLES: u64 = 4096;

/// How many tag sets a worker knows by heart; for the rest it asks the shared table.
const KNOWN_TAGS: usize = 4096;

/// Into how many parts a worker's table of slots is split.
const SLOT_PARTS: usize = 64;

/// A series as one worker's [`Recorder`] knows it; cheap to keep and to record to. It means nothing
/// to another recorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot(pub u32);

/// Takes the measurements of one worker. Owned by the worker's thread. What it still holds when it
/// is dropped reaches the bus.
#[derive(Debug)]
pub struct Recorder {
    /// None where everything is discarded.
    inner: Option<Box<Inner>>,
}

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    /// None where only raw samples count.
    deltas: Option<Sender<Delta>>,
    slots: Vec<SlotState>,
    known_tags: FxHashMap<TagSet, TagSetId>,
    /// In parts, so that none is large enough to stop the worker for long when it grows.
    known_slots: Vec<FxHashMap<(MetricId, TagSetId), Slot>>,
    /// The slot of each metric's overflow series.
    overflow: FxHashMap<MetricId, Slot>,
    sinks: LocalSinks,
    series: Option<SeriesSinks>,
    raw: Option<RawBatch>,
    pending: u64,
    rejected: u64,
    /// Whether the sinks hold anything.
    dirty: bool,
}

#[derive(Debug, Clone, Copy)]
struct SlotState {
    id: SeriesId,
    list: ListId,
    /// Where its series' sink is, if it has one now.
    place: u32,
    kind: MetricKind,
    contains: ValueType,
}

impl Recorder {
    /// A recorder that discards what it is given: for tests, and for scripts that are only loaded.
    /// Every series gets the same slot.
    pub fn discarding() -> Self {
        Self { inner: None }
    }

    pub(crate) fn new(shared: Arc<Shared>, deltas: Option<Sender<Delta>>) -> Self {
        let series = (deltas.is_some() && shared.wants_snapshots())
            .then(|| SeriesSinks::new(shared.wants_explicit()));
        let raw = shared.wants_samples().then(RawBatch::default);
        let inner = Inner {
            shared,
            deltas,
            slots: Vec::new(),
            known_tags: FxHashMap::default(),
            known_slots: vec![FxHashMap::default(); SLOT_PARTS],
            overflow: FxHashMap::default(),
            sinks: LocalSinks::default(),
            series,
            raw,
            pending: 0,
            rejected: 0,
            dirty: false,
        };
        Self {
            inner: Some(Box::new(inner)),
        }
    }

    /// The slot of a series, to be kept by the caller; `None` when the interner is full and the
    /// series is new: then use [`Recorder::record_tagged`]. Also `None` for a metric that the bus'
    /// registry does not have.
    pub fn slot(&mut self, metric: MetricId, tags: &TagSet) -> Option<Slot> {
        self.inner
            .as_mut()
            .map_or(Some(Slot(0)), |inner| inner.slot(metric, tags))
    }

    /// Records a sample: no lock, no allocation in the usual case. `time` is in nanoseconds since
    /// the Unix epoch, `value` in the metric's unit (milliseconds for time). NaN and infinite
    /// values are counted as rejected and go nowhere, as does a slot of another recorder.
    #[inline]
    pub fn record(&mut self, slot: Slot, meta: Option<&Arc<TagSet>>, time: i64, value: f64) {
        if let Some(inner) = &mut self.inner {
            inner.record(slot, meta, time, value);
        }
    }

    /// Records a sample of a series that the caller keeps no slot for.
    ///
    /// Where the interner is full, totals and sub-metrics stay exact, raw outputs get the tags with
    /// the batch, and outputs of snapshots see the metric's one overflow series.
    pub fn record_tagged(
        &mut self,
        metric: MetricId,
        tags: &TagSet,
        meta: Option<&Arc<TagSet>>,
        time: i64,
        value: f64,
    ) {
        let Some(inner) = &mut self.inner else { return };
        match inner.slot(metric, tags) {
            Some(slot) => inner.record(slot, meta, time, value),
            None => inner.record_overflow((metric, tags), meta, time, value),
        }
    }

    /// Whether 4096 samples or more wait for a flush.
    pub fn wants_flush(&self) -> bool {
        self.inner
            .as_ref()
            .is_some_and(|inner| inner.pending >= FLUSH_SAMPLES)
    }

    /// Sends batches and deltas off. Called by the worker every 50 ms and when
    /// [`Recorder::wants_flush`] says so. Never waits: what cannot go now goes with the next one.
    pub fn flush(&mut self) {
        if let Some(inner) = &mut self.inner {
            inner.flush();
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let Some(inner) = &mut self.inner else { return };
        inner.flush();
        if inner.dirty {
            let delta = inner.drain();
            inner.shared.leftovers.lock().push(delta);
        }
    }
}

impl Inner {
    fn slot(&mut self, metric: MetricId, tags: &TagSet) -> Option<Slot> {
        let interner = &self.shared.interner;
        let tag_set = if let Some(&id) = self.known_tags.get(tags) {
            id
        } else {
            let id = interner.tag_set(tags)?;
            if self.known_tags.len() >= KNOWN_TAGS {
                self.known_tags.clear();
            }
            self.known_tags.insert(tags.clone(), id);
            id
        };
        let part = tag_set.0 as usize % SLOT_PARTS;
        if let Some(&slot) = self.known_slots[part].get(&(metric, tag_set)) {
            return Some(slot);
        }
        let types = self.types(metric)?;
        let id = interner.series(metric, tag_set)?;
        let slot = self.add_slot(id, (metric, tags), types);
        self.known_slots[part].insert((metric, tag_set), slot);
        Some(slot)
    }

    /// What the metric measures; none if it is not in the registry.
    fn types(&self, metric: MetricId) -> Option<(MetricKind, ValueType)> {
        let metric = self.shared.plan.metric_of(AggregateId::Root(metric))?;
        Some((metric.kind, metric.contains))
    }

    fn add_slot(
        &mut self,
        id: SeriesId,
        series: (MetricId, &TagSet),
        types: (MetricKind, ValueType),
    ) -> Slot {
        let list = self.sinks.list(&self.shared.plan, series, types);
        let (kind, contains) = types;
        self.slots.push(SlotState {
            id,
            list,
            place: SeriesSinks::NONE,
            kind,
            contains,
        });
        Slot(self.slots.len() as u32 - 1)
    }

    #[inline]
    fn record(&mut self, slot: Slot, meta: Option<&Arc<TagSet>>, time: i64, value: f64) {
        let Some(&SlotState { id, list, .. }) = self.slots.get(slot.0 as usize) else {
            self.rejected += 1;
            return;
        };
        if !self.accept(list, time, value) {
            return;
        }
        self.add_to_series(slot, time, value);
        if let Some(raw) = &mut self.raw {
            raw.push(id, meta, time, value);
        }
    }

    fn record_overflow(
        &mut self,
        (metric, tags): (MetricId, &TagSet),
        meta: Option<&Arc<TagSet>>,
        time: i64,
        value: f64,
    ) {
        let Some(types) = self.types(metric) else {
            self.rejected += 1;
            return;
        };
        let list = self.sinks.list(&self.shared.plan, (metric, tags), types);
        if !self.accept(list, time, value) {
            return;
        }
        if self.series.is_some() {
            let slot = self.overflow_slot(metric, types);
            self.add_to_series(slot, time, value);
        }
        if let Some(raw) = &mut self.raw {
            raw.push_overflow(metric, tags, meta, time, value);
        }
    }

    fn overflow_slot(&mut self, metric: MetricId, types: (MetricKind, ValueType)) -> Slot {
        if let Some(&slot) = self.overflow.get(&metric) {
            return slot;
        }
        let id = self.shared.interner.overflow_series(metric);
        let slot = self.add_slot(id, (metric, &TagSet::new()), types);
        self.overflow.insert(metric, slot);
        slot
    }

    /// Counts a sample towards totals; false if it is no number.
    #[inline]
    fn accept(&mut self, list: ListId, time: i64, value: f64) -> bool {
        if !value.is_finite() {
            self.rejected += 1;
            return false;
        }
        self.pending += 1;
        self.dirty = true;
        self.sinks.add(list, time, value);
        true
    }

    #[inline]
    fn add_to_series(&mut self, slot: Slot, time: i64, value: f64) {
        let Some(series) = &mut self.series else {
            return;
        };
        let state = &mut self.slots[slot.0 as usize];
        let SlotState {
            id, kind, contains, ..
        } = *state;
        let new = NewSeries {
            slot: slot.0,
            id,
            kind,
            contains,
        };
        state.place = series.add(state.place, new, time, value);
    }

    fn flush(&mut self) {
        let batch = self.raw.as_mut().and_then(RawBatch::take);
        if self.deltas.as_ref().is_some_and(Sender::is_closed) {
            // The edges are closed as well: what goes in there now would be sent, but never arrive.
            self.rejected += self.pending;
            self.pending = 0;
        } else if let Some(batch) = batch {
            self.shared.push_samples(batch);
        }
        if self.pending > 0 || self.rejected > 0 {
            self.shared.count(self.pending, self.rejected);
            (self.pending, self.rejected) = (0, 0);
        }
        if !self.dirty {
            return;
        }
        match self.deltas.clone().as_ref().map(Sender::try_reserve) {
            Some(Ok(permit)) => permit.send(self.drain()),
            // The sinks go on adding up; the next flush takes all of it.
            Some(Err(TrySendError::Full(()))) => {}
            // Nobody adds up any more.
            Some(Err(TrySendError::Closed(()))) | None => drop(self.drain()),
        }
    }

    fn drain(&mut self) -> Delta {
        let mut delta = Delta::default();
        self.sinks.drain(&mut delta);
        let slots = &mut self.slots;
        if let Some(series) = &mut self.series {
            series.drain(&mut delta, |slot| {
                slots[slot as usize].place = SeriesSinks::NONE;
            });
        }
        self.dirty = false;
        delta
    }
}
