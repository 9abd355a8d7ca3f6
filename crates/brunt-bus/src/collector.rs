//! A recorder whose samples can be read back, for the tests of whatever records.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use brunt_aggregate::AggregatePlan;
use brunt_metrics::{Interner, Metric, Registry, TagSet};
use brunt_output::{Inbox, Item, Wants};

use crate::recorder::Recorder;
use crate::shared::Shared;

/// What an edge of a collector may hold, in bytes: far more than a test records.
const CAPACITY: usize = 1 << 30;

/// Reads back what the recorder made beside it was given.
#[derive(Debug)]
pub struct Collector {
    inbox: Inbox,
    shared: Arc<Shared>,
}

/// A sample with its names.
#[derive(Debug, Clone, PartialEq)]
pub struct Collected {
    /// The metric.
    pub metric: Arc<Metric>,
    /// Its tags.
    pub tags: TagSet,
    /// Its metadata.
    pub meta: TagSet,
    /// Nanoseconds since the Unix epoch.
    pub time: i64,
    /// The value in the metric's unit.
    pub value: f64,
}

impl Recorder {
    /// A recorder for tests, without a bus, and the collector that reads what it was given.
    pub fn collecting(registry: Arc<Registry>) -> (Self, Collector) {
        let (sender, inbox) = brunt_output::edge::edge(CAPACITY, brunt_output::Account::default());
        let interner = Arc::new(Interner::new(Interner::DEFAULT_MAX_SERIES));
        let plan = Arc::new(AggregatePlan::new(registry, []));
        let shared = Arc::new(Shared::new(interner, plan, vec![(Wants::Samples, sender)]));
        (
            Self::new(Arc::clone(&shared), None),
            Collector { inbox, shared },
        )
    }
}

impl Collector {
    /// The samples that were flushed since the last call, in their order. Never waits.
    pub fn samples(&mut self) -> Vec<Collected> {
        let mut samples = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(item)) = pin!(self.inbox.next()).poll(&mut cx) {
            let Item::Samples(batch) = item else { continue };
            for sample in &batch.samples {
                let series = match sample.series.overflow_row() {
                    Some(row) => batch.overflow.get(row).cloned(),
                    None => self.shared.interner.resolve(sample.series),
                };
                let Some(series) = series else { continue };
                samples.push(Collected {
                    metric: self.shared.plan.registry().metric(series.metric),
                    tags: (*series.tags).clone(),
                    meta: batch.meta.get(sample.meta).cloned().unwrap_or_default(),
                    time: sample.time,
                    value: sample.value,
                });
            }
        }
        samples
    }

    /// The samples of one metric, as [`Collector::samples`] gives them; those of others are gone.
    pub fn samples_of(&mut self, metric: &str) -> Vec<Collected> {
        let mut samples = self.samples();
        samples.retain(|sample| *sample.metric.name == *metric);
        samples
    }
}
