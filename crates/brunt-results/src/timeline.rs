//! What came to each metric and sub-metric in each slot of time: for charts, and for how much a run varied.
//!
//! Neither the times nor the length of a run are known before its last sample was read, and its memory must not depend
//! on them: so there are at most so many slots, and when a sample falls outside, pairs of neighbours become
//! one. So they do when many metrics make many slots too much. Slots begin at multiples of their width, so those of
//! two readings lie over each other.

use std::collections::VecDeque;
use std::sync::Arc;

use brunt_aggregate::{AggregateId, AggregatePlan};
use brunt_metrics::{Interner, MetricId, MetricKind, Sample, SampleBatch, Sink, TagSet, ValueType};
use rustc_hash::FxHashMap;

/// The width of slots at first: a quarter of a second.
const NARROWEST: i64 = 250_000_000;

/// How many metrics times slots there are at most: each takes up to ten kilobytes, the histogram of a trend whose
/// values lie far from each other.
const MOST_SINKS: usize = 20_000;

/// Slots of time, and what was counted in each.
#[derive(Debug)]
pub struct Timeline {
    plan: Arc<AggregatePlan>,
    interner: Arc<Interner>,
    /// There are never more slots.
    most: usize,
    /// In nanoseconds.
    width: i64,
    /// The number of the first slot: its begin divided by the width.
    first: i64,
    slots: VecDeque<Slot>,
    /// How many sinks are in the slots.
    sinks: usize,
    /// The first and the last sample's time.
    range: Option<(i64, i64)>,
    aggregates: Vec<Aggregate>,
    known: FxHashMap<AggregateId, u32>,
    /// The aggregates of each series, by the series' number.
    places: Vec<Option<Arc<[u32]>>>,
}

#[derive(Debug, Clone, Copy)]
struct Aggregate {
    id: AggregateId,
    kind: MetricKind,
    contains: ValueType,
}

/// What was counted in one slot.
#[derive(Debug, Clone, Default)]
struct Slot {
    /// By the aggregate's place; nothing where no sample came.
    sinks: Vec<Option<Sink>>,
}

impl Slot {
    /// Counts a value; whether it is the first one of the aggregate.
    fn add(&mut self, at: u32, aggregate: Aggregate, time: i64, value: f64) -> bool {
        let at = at as usize;
        if at >= self.sinks.len() {
            self.sinks.resize_with(at + 1, || None);
        }
        let is_first = self.sinks[at].is_none();
        self.sinks[at]
            .get_or_insert_with(|| Sink::for_slot(aggregate.kind, aggregate.contains))
            .add(time, value);
        is_first
    }

    fn made(&self) -> usize {
        self.sinks.iter().flatten().count()
    }

    fn merge(&mut self, other: Self) {
        if other.sinks.len() > self.sinks.len() {
            self.sinks.resize_with(other.sinks.len(), || None);
        }
        for (own, other) in self.sinks.iter_mut().zip(other.sinks) {
            match (own, other) {
                (Some(own), Some(other)) => own.merge(&other),
                (own @ None, other) => *own = other,
                (Some(_), None) => {}
            }
        }
    }
}

impl Timeline {
    /// Nothing read yet. The interner is that of the batches; there will be at most `most` slots, at least 2.
    pub fn new(plan: Arc<AggregatePlan>, interner: Arc<Interner>, most: usize) -> Self {
        Self {
            plan,
            interner,
            most: most.max(2),
            width: NARROWEST,
            first: 0,
            slots: VecDeque::new(),
            sinks: 0,
            range: None,
            aggregates: Vec::new(),
            known: FxHashMap::default(),
            places: Vec::new(),
        }
    }

    /// Adds the samples of a batch. Those that are not finite, and those of unknown series, are left out.
    pub fn add(&mut self, batch: &SampleBatch) {
        // A series beyond the interner is looked up once for each batch.
        let mut beyond: Vec<Option<Arc<[u32]>>> = vec![None; batch.overflow.len()];
        for sample in &batch.samples {
            if !sample.value.is_finite() {
                continue;
            }
            let place = match sample.series.overflow_row() {
                None => self.of_series(sample),
                Some(row) => beyond.get_mut(row).and_then(|known| {
                    let series = batch.overflow.get(row)?;
                    if known.is_none() {
                        *known = self.place(series.metric, &series.tags);
                    }
                    known.clone()
                }),
            };
            if let Some(place) = place {
                self.count(&place, sample.time, sample.value);
            }
        }
    }

    /// How long a slot is, in nanoseconds.
    pub fn width(&self) -> i64 {
        self.width
    }

    /// The times of the first and the last sample, in nanoseconds since the Unix epoch.
    pub fn range(&self) -> Option<(i64, i64)> {
        self.range
    }

    /// When each slot begins, in nanoseconds since the Unix epoch; the first one before the first sample.
    pub fn begins(&self) -> impl Iterator<Item = i64> {
        (0..self.slots.len() as i64).map(|at| (self.first + at).saturating_mul(self.width))
    }

    /// What each slot counted of a metric or sub-metric, in the order of time.
    pub fn of(&self, id: AggregateId) -> impl Iterator<Item = Option<&Sink>> {
        let at = self.known.get(&id).map(|at| *at as usize);
        self.slots
            .iter()
            .map(move |slot| slot.sinks.get(at?)?.as_ref())
    }

    /// The plan whose metrics and sub-metrics are counted.
    pub fn plan(&self) -> &Arc<AggregatePlan> {
        &self.plan
    }

    fn of_series(&mut self, sample: &Sample) -> Option<Arc<[u32]>> {
        let at = sample.series.0 as usize;
        if let Some(Some(place)) = self.places.get(at) {
            return Some(Arc::clone(place));
        }
        let series = self.interner.resolve(sample.series)?;
        let place = self.place(series.metric, &series.tags)?;
        if at >= self.places.len() {
            self.places.resize(at + 1, None);
        }
        self.places[at] = Some(Arc::clone(&place));
        Some(place)
    }

    fn place(&mut self, metric: MetricId, tags: &TagSet) -> Option<Arc<[u32]>> {
        let types = self.plan.metric_of(AggregateId::Root(metric))?;
        let ids = self.plan.matching(metric, tags).into_iter();
        Some(
            ids.map(|id| {
                *self.known.entry(id).or_insert_with(|| {
                    self.aggregates.push(Aggregate {
                        id,
                        kind: types.kind,
                        contains: types.contains,
                    });
                    self.aggregates.len() as u32 - 1
                })
            })
            .collect(),
        )
    }

    fn count(&mut self, place: &[u32], time: i64, value: f64) {
        let (first, last) = self.range.unwrap_or((time, time));
        self.range = Some((first.min(time), last.max(time)));
        let at = self.slot(time);
        let Some(slot) = self.slots.get_mut(at) else {
            return;
        };
        for &at in place {
            if let Some(aggregate) = self.aggregates.get(at as usize) {
                self.sinks += usize::from(slot.add(at, *aggregate, time, value));
            }
        }
        while self.sinks > MOST_SINKS && self.slots.len() > 2 {
            self.double();
        }
    }

    /// The place of a time's slot, which is made.
    fn slot(&mut self, time: i64) -> usize {
        if self.slots.is_empty() {
            self.first = time.div_euclid(self.width);
            self.slots.push_back(Slot::default());
        }
        loop {
            let number = time.div_euclid(self.width);
            let last = self.first + self.slots.len() as i64 - 1;
            let (low, high) = (number.min(self.first), number.max(last));
            if high - low < self.most as i64 {
                for _ in low..self.first {
                    self.slots.push_front(Slot::default());
                }
                for _ in last..high {
                    self.slots.push_back(Slot::default());
                }
                self.first = low;
                return (number - low) as usize;
            }
            self.double();
        }
    }

    /// Makes one slot of each pair.
    fn double(&mut self) {
        let first = self.first.div_euclid(2);
        let slots = std::mem::take(&mut self.slots);
        for (at, slot) in (self.first..).zip(slots) {
            let at = (at.div_euclid(2) - first) as usize;
            match self.slots.get_mut(at) {
                Some(pair) => pair.merge(slot),
                None => self.slots.push_back(slot),
            }
        }
        self.first = first;
        self.width *= 2;
        self.sinks = self.slots.iter().map(Slot::made).sum();
    }

    /// The metrics and sub-metrics that had samples.
    pub fn aggregates(&self) -> impl Iterator<Item = AggregateId> {
        self.aggregates.iter().map(|it| it.id)
    }
}

#[cfg(test)]
mod tests;
