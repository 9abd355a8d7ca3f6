//! What recorders, driver and handle of one bus share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use brunt_aggregate::{AggregatePlan, Delta, Snapshot};
use brunt_metrics::{Interner, SampleBatch};
use brunt_output::{EdgeSender, Item, Wants};
use parking_lot::Mutex;

/// Shared by everything that belongs to one bus.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) interner: Arc<Interner>,
    pub(crate) plan: Arc<AggregatePlan>,
    /// In the order in which the outputs were given.
    pub(crate) edges: Vec<(Wants, EdgeSender)>,
    /// Deltas of recorders that ended while the channel was full.
    pub(crate) leftovers: Mutex<Vec<Delta>>,
    /// Samples that were flushed.
    pub(crate) samples: AtomicU64,
    /// Samples that were turned away: NaN, an infinity, an unknown metric, or too late.
    pub(crate) rejected: AtomicU64,
}

impl Shared {
    pub(crate) fn new(
        interner: Arc<Interner>,
        plan: Arc<AggregatePlan>,
        edges: Vec<(Wants, EdgeSender)>,
    ) -> Self {
        Self {
            interner,
            plan,
            edges,
            leftovers: Mutex::default(),
            samples: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
        }
    }

    pub(crate) fn wants_samples(&self) -> bool {
        self.edges.iter().any(|(wants, _)| *wants == Wants::Samples)
    }

    pub(crate) fn wants_snapshots(&self) -> bool {
        self.edges.iter().any(|(wants, _)| *wants != Wants::Samples)
    }

    /// Whether some output sends explicit buckets.
    pub(crate) fn wants_explicit(&self) -> bool {
        let explicit = |wants: &Wants| matches!(wants, Wants::Snapshots { explicit: true, .. });
        self.edges.iter().any(|(wants, _)| explicit(wants))
    }

    pub(crate) fn push_samples(&self, batch: SampleBatch) {
        let batch = Arc::new(batch);
        for (wants, edge) in &self.edges {
            if *wants == Wants::Samples {
                edge.push(Item::Samples(Arc::clone(&batch)));
            }
        }
    }

    pub(crate) fn push_snapshot(&self, edge: usize, snapshot: &Arc<Snapshot>) {
        if let Some((_, edge)) = self.edges.get(edge) {
            edge.push(Item::Snapshot(Arc::clone(snapshot)));
        }
    }

    pub(crate) fn count(&self, samples: u64, rejected: u64) {
        self.samples.fetch_add(samples, Ordering::Relaxed);
        self.rejected.fetch_add(rejected, Ordering::Relaxed);
    }

    pub(crate) fn close_edges(&self) {
        for (_, edge) in &self.edges {
            edge.close();
        }
    }
}
