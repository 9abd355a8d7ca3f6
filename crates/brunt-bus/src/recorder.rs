//! One worker's end of the sample path: interned slots, local sinks, and batches for raw outputs.

use std::sync::Arc;

use brunt_metrics::{MetricId, TagSet};

/// A series as one worker's [`Recorder`] knows it; cheap to keep and to record to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot(pub u32);

/// Takes the measurements of one worker. Owned by the worker's thread.
#[derive(Debug)]
pub struct Recorder {}

impl Recorder {
    /// A recorder that discards what it is given: for tests, and for scripts that are only loaded.
    pub fn discarding() -> Self {
        Self {}
    }

    /// The slot of a series, to be kept by the caller; `None` when the interner is full and the
    /// series is new: then use [`Recorder::record_tagged`].
    pub fn slot(&mut self, _metric: MetricId, _tags: &TagSet) -> Option<Slot> {
        None
    }

    /// Records a sample: no lock, no allocation in the usual case. `time` is in nanoseconds since
    /// the Unix epoch, `value` in the metric's unit (milliseconds for time).
    pub fn record(&mut self, _slot: Slot, _meta: Option<&Arc<TagSet>>, _time: i64, _value: f64) {}

    /// Records a sample of a series that the caller keeps no slot for.
    pub fn record_tagged(
        &mut self,
        _metric: MetricId,
        _tags: &TagSet,
        _meta: Option<&Arc<TagSet>>,
        _time: i64,
        _value: f64,
    ) {
    }

    /// Whether 4096 samples or more wait for a flush.
    pub fn wants_flush(&self) -> bool {
        false
    }

    /// Sends batches and deltas off. Called by the worker every 50 ms and when
    /// [`Recorder::wants_flush`] says so. Never waits: what cannot go now goes with the next one.
    pub fn flush(&mut self) {}
}
