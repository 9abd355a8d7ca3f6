//! The bounded edge between the bus and one output.
//!
//! The sending side never waits. An edge is bounded in bytes; when it is full the oldest sample
//! batch goes, counted. Snapshots are cumulative: a newer one that finds the edge full takes the
//! place of the oldest snapshot, which costs resolution but no counts.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use brunt_aggregate::Snapshot;
use brunt_metrics::{Sample, SampleBatch};
use tokio::sync::Notify;

/// What travels over an edge.
#[derive(Debug, Clone)]
pub enum Item {
    /// Raw samples of one worker.
    Samples(Arc<SampleBatch>),
    /// Cumulative values of all series.
    Snapshot(Arc<Snapshot>),
}

/// What an edge carried and lost.
#[derive(Debug, Default)]
pub struct EdgeStats {
    /// Samples (or points) that went in.
    pub sent: AtomicU64,
    /// Samples (or points) that were pushed out by newer ones.
    pub dropped: AtomicU64,
}

#[derive(Debug)]
struct Shared {
    queue: std::sync::Mutex<Queue>,
    ready: Notify,
    stats: EdgeStats,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Item>,
    bytes: usize,
    closed: bool,
}

/// The bus's end. Closing is explicit, or happens when the last clone goes.
#[derive(Debug)]
pub struct EdgeSender {
    shared: Arc<Shared>,
}

/// The output's end.
#[derive(Debug)]
pub struct Inbox {
    shared: Arc<Shared>,
}

impl Item {
    /// How many samples or points this holds.
    pub fn len(&self) -> usize {
        match self {
            Self::Samples(batch) => batch.samples.len(),
            Self::Snapshot(snapshot) => snapshot.series.len(),
        }
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Samples(batch) => {
                size_of_val(batch.samples.as_slice()) + batch.overflow.len() * 256 + 64
            }
            Self::Snapshot(snapshot) => snapshot.series.len() * size_of::<Sample>() * 4 + 64,
        }
    }
}

/// An edge that holds at most about this many bytes.
pub fn edge(capacity: usize) -> (EdgeSender, Inbox) {
    let shared = Arc::new(Shared {
        queue: std::sync::Mutex::default(),
        ready: Notify::new(),
        stats: EdgeStats::default(),
        capacity,
    });
    (EdgeSender { shared: Arc::clone(&shared) }, Inbox { shared })
}

impl Shared {
    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl EdgeSender {
    /// Hands an item over; makes room at the cost of the oldest. Never waits.
    pub fn push(&self, item: Item) {
        let (count, bytes) = (item.len() as u64, item.bytes());
        self.shared.stats.sent.fetch_add(count, Ordering::Relaxed);
        let mut queue = self.shared.queue();
        while queue.bytes + bytes > self.shared.capacity {
            let Some(oldest) = queue.items.pop_front() else { break };
            queue.bytes -= oldest.bytes();
            self.shared.stats.dropped.fetch_add(oldest.len() as u64, Ordering::Relaxed);
        }
        queue.bytes += bytes;
        queue.items.push_back(item);
        drop(queue);
        self.shared.ready.notify_one();
    }

    /// Nothing more will come; the output drains what is there and finishes.
    pub fn close(&self) {
        self.shared.queue().closed = true;
        self.shared.ready.notify_one();
    }

    /// What went over this edge so far.
    pub fn stats(&self) -> &EdgeStats {
        &self.shared.stats
    }
}

impl Drop for EdgeSender {
    fn drop(&mut self) {
        self.close();
    }
}

impl Inbox {
    /// The next item; `None` once the edge is closed and empty. Cancel-safe.
    pub async fn next(&mut self) -> Option<Item> {
        loop {
            {
                let mut queue = self.shared.queue();
                if let Some(item) = queue.items.pop_front() {
                    queue.bytes -= item.bytes();
                    return Some(item);
                }
                if queue.closed {
                    return None;
                }
            }
            self.shared.ready.notified().await;
        }
    }

    /// What went over this edge so far.
    pub fn stats(&self) -> &EdgeStats {
        &self.shared.stats
    }
}
