//! The sinks of one worker: of all metrics and sub-metrics, and of the series touched since the
//! last flush.
//!
//! Series get a sink when they are touched and lose it at the flush; histograms are used again. So
//! a worker's memory follows what happens within 50 ms, not how many series there ever were.

use brunt_aggregate::{AggregateId, AggregatePlan, Delta};
use brunt_metrics::{MetricId, MetricKind, SeriesId, Sink, TagSet, ValueType};
use rustc_hash::FxHashMap;

/// How many idle histograms of series are kept for the next flush.
const POOLED: usize = 1024;

/// A list of [`LocalSinks`]' aggregates.
pub type ListId = u32;

/// Sinks of metrics and sub-metrics.
#[derive(Debug, Default)]
pub struct LocalSinks {
    sinks: Vec<(AggregateId, Sink)>,
    places: FxHashMap<AggregateId, u32>,
    /// The sinks that a series counts towards. Many series share a list.
    lists: Vec<Box<[u32]>>,
    known: FxHashMap<Box<[u32]>, ListId>,
}

impl LocalSinks {
    /// The list of the aggregates that a series counts towards.
    pub fn list(
        &mut self,
        plan: &AggregatePlan,
        (metric, tags): (MetricId, &TagSet),
        (kind, contains): (MetricKind, ValueType),
    ) -> ListId {
        let list: Box<[u32]> = plan
            .matching(metric, tags)
            .into_iter()
            .map(|id| {
                *self.places.entry(id).or_insert_with(|| {
                    self.sinks.push((id, id.sink(kind, contains)));
                    self.sinks.len() as u32 - 1
                })
            })
            .collect();
        if let Some(&id) = self.known.get(&list) {
            return id;
        }
        let id = self.lists.len() as ListId;
        self.lists.push(list.clone());
        self.known.insert(list, id);
        id
    }

    /// Adds a finite value to every sink of a list that [`LocalSinks::list`] gave.
    #[inline]
    pub fn add(&mut self, list: ListId, time: i64, value: f64) {
        let Some(list) = self.lists.get(list as usize) else {
            return;
        };
        for &at in &**list {
            self.sinks[at as usize].1.add(time, value);
        }
    }

    /// Empties the sinks into a delta.
    pub fn drain(&mut self, delta: &mut Delta) {
        for (id, sink) in &mut self.sinks {
            delta.take_aggregate(*id, sink);
        }
    }
}

/// Sinks of the series that were touched since the last flush.
#[derive(Debug, Default)]
pub(crate) struct SeriesSinks {
    active: Vec<Active>,
    pool: Vec<Sink>,
    /// Whether trends count explicit buckets.
    explicit: bool,
}

#[derive(Debug)]
struct Active {
    slot: u32,
    id: SeriesId,
    first: i64,
    newest: i64,
    sink: Sink,
}

impl SeriesSinks {
    /// The place that stands for a series without a sink.
    pub(crate) const NONE: u32 = u32::MAX;

    /// Sinks whose trends count explicit buckets, or do not.
    pub(crate) fn new(explicit: bool) -> Self {
        Self {
            explicit,
            ..Self::default()
        }
    }

    /// Adds to the sink of a slot's series; the answer is the sink's place from now on.
    #[inline]
    pub(crate) fn add(&mut self, place: u32, new: NewSeries, time: i64, value: f64) -> u32 {
        if let Some(active) = self.active.get_mut(place as usize) {
            active.first = active.first.min(time);
            active.newest = active.newest.max(time);
            active.sink.add(time, value);
            return place;
        }
        let mut sink = match new.kind {
            MetricKind::Trend => self.pooled(new.contains),
            kind => Sink::for_series(kind, new.contains),
        };
        sink.add(time, value);
        let NewSeries { slot, id, .. } = new;
        self.active.push(Active {
            slot,
            id,
            first: time,
            newest: time,
            sink,
        });
        self.active.len() as u32 - 1
    }

    /// Empties the sinks into a delta and tells which slots have none any more.
    pub(crate) fn drain(&mut self, delta: &mut Delta, mut gone: impl FnMut(u32)) {
        for mut active in self.active.drain(..) {
            delta.take_series(active.id, active.first, active.newest, &mut active.sink);
            gone(active.slot);
            if matches!(active.sink, Sink::Trend(_)) && self.pool.len() < POOLED {
                self.pool.push(active.sink);
            }
        }
    }

    fn pooled(&mut self, contains: ValueType) -> Sink {
        let mut sink = self
            .pool
            .pop()
            .unwrap_or_else(|| Sink::for_series(MetricKind::Trend, contains));
        if let Sink::Trend(trend) = &mut sink {
            trend.per_base = brunt_metrics::sink::per_base(contains);
            trend.explicit = self.explicit;
        }
        sink
    }
}

/// What a series' sink is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewSeries {
    pub(crate) slot: u32,
    pub(crate) id: SeriesId,
    pub(crate) kind: MetricKind,
    pub(crate) contains: ValueType,
}
