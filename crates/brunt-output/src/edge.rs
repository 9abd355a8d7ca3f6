//! The bounded edge between the bus and one output.
//!
//! The sending side never waits. An edge is bounded in bytes; when it is full the oldest item
//! goes, counted. It is not a channel of tokio's, because those either make the sender wait or
//! refuse the newest item, and here the newest one is worth the most.
//!
//! # What a drop means
//!
//! - A sample batch that is pushed out is lost: its samples are missing at the receiver, and
//!   [`Counts::dropped`](crate::Counts::dropped) says how many.
//! - Snapshots are cumulative. The newest one holds everything that a pushed-out one held, so a
//!   drop costs resolution in time and never a final count. It is counted all the same, in points.
//! - An item that is larger than the whole edge goes through alone: the bound is then that item.
//! - What is pushed after the end, or after the output has gone, is counted as dropped.

use std::collections::VecDeque;
use std::sync::Arc;

use brunt_aggregate::{SeriesValue, Snapshot};
use brunt_metrics::{Sample, SampleBatch};
use tokio::sync::{Notify, watch};

use crate::account::Account;

/// What travels over an edge.
#[derive(Debug, Clone)]
pub enum Item {
    /// Raw samples of one worker.
    Samples(Arc<SampleBatch>),
    /// Cumulative values of all series.
    Snapshot(Arc<Snapshot>),
}

#[derive(Debug)]
struct Shared {
    queue: std::sync::Mutex<Queue>,
    ready: Notify,
    /// Something was taken, or the output has gone.
    taken: Notify,
    closed: watch::Sender<bool>,
    account: Account,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Queue {
    /// Each item with its size, which is measured once.
    items: VecDeque<(Item, usize)>,
    bytes: usize,
    closed: bool,
}

/// The bus's end. Closing is explicit, or happens when it is dropped.
#[derive(Debug)]
pub struct EdgeSender {
    shared: Arc<Shared>,
}

/// The output's end.
#[derive(Debug)]
pub struct Inbox {
    shared: Arc<Shared>,
}

/// Tells when an edge is closed, also while items still wait in it: the drain begins.
#[derive(Debug, Clone)]
pub struct Closing(watch::Receiver<bool>);

/// An edge that holds at most about this many bytes, and writes into the output's books what goes in
/// and what is pushed out.
pub fn edge(capacity: usize, account: Account) -> (EdgeSender, Inbox) {
    let shared = Arc::new(Shared {
        queue: std::sync::Mutex::default(),
        ready: Notify::new(),
        taken: Notify::new(),
        closed: watch::Sender::new(false),
        account,
        capacity,
    });
    (
        EdgeSender {
            shared: Arc::clone(&shared),
        },
        Inbox { shared },
    )
}

impl Item {
    /// How many samples or points this holds.
    pub fn len(&self) -> usize {
        match self {
            Self::Samples(batch) => batch.samples.len(),
            Self::Snapshot(snapshot) => snapshot.series.len(),
        }
    }

    /// The time of its newest sample or of the snapshot, in nanoseconds since the Unix epoch. Samples
    /// of a batch are about in order, so that the last one is near enough.
    pub fn newest(&self) -> i64 {
        match self {
            Self::Samples(batch) => batch.samples.last().map_or(0, |sample| sample.time),
            Self::Snapshot(snapshot) => snapshot.time,
        }
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About what it takes in memory. Histograms are shared between snapshots as long as they do
    /// not change, so each is taken for a typical one instead of being measured.
    fn bytes(&self) -> usize {
        const OVERFLOW_SERIES: usize = 256;
        const HISTOGRAM: usize = 1024;
        const SELF: usize = 64;
        match self {
            Self::Samples(batch) => {
                batch.samples.len() * size_of::<Sample>()
                    + batch.overflow.len() * OVERFLOW_SERIES
                    + SELF
            }
            Self::Snapshot(snapshot) => {
                let is_trend = |value: &SeriesValue| matches!(value, SeriesValue::Trend(_));
                let trends = snapshot
                    .series
                    .iter()
                    .filter(|point| is_trend(&point.value))
                    .count();
                size_of_val(snapshot.series.as_slice())
                    + snapshot.own.len() * OVERFLOW_SERIES
                    + trends * HISTOGRAM
                    + SELF
            }
        }
    }
}

impl Shared {
    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn count_dropped(&self, items: usize) {
        self.account.dropped(items as u64);
    }

    fn close(&self) {
        self.queue().closed = true;
        self.closed.send_replace(true);
        self.ready.notify_one();
    }
}

impl EdgeSender {
    /// Hands an item over; makes room at the cost of the oldest. Never waits.
    pub fn push(&self, item: Item) {
        let (count, bytes) = (item.len(), item.bytes());
        self.shared.account.accepted(count as u64, item.newest());
        let mut queue = self.shared.queue();
        if queue.closed {
            drop(queue);
            self.shared.count_dropped(count);
            return;
        }
        while queue.bytes + bytes > self.shared.capacity {
            let Some((oldest, size)) = queue.items.pop_front() else {
                break;
            };
            queue.bytes -= size;
            self.shared.count_dropped(oldest.len());
        }
        queue.bytes += bytes;
        queue.items.push_back((item, bytes));
        drop(queue);
        self.shared.ready.notify_one();
    }

    /// Waits until fewer than this many bytes wait here; `false` if the output has gone. For whoever
    /// reads what was measured long ago and loses nothing by waiting: a test never does. Cancel-safe.
    pub async fn room(&self, bytes: usize) -> bool {
        loop {
            {
                let queue = self.shared.queue();
                if queue.closed {
                    return false;
                }
                if queue.bytes < bytes {
                    return true;
                }
            }
            self.shared.taken.notified().await;
        }
    }

    /// Nothing more will come; the output drains what is there and finishes.
    pub fn close(&self) {
        self.shared.close();
    }

    /// The books that this edge writes into.
    pub fn account(&self) -> &Account {
        &self.shared.account
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
                if let Some((item, size)) = queue.items.pop_front() {
                    queue.bytes -= size;
                    self.shared.taken.notify_one();
                    return Some(item);
                }
                if queue.closed {
                    return None;
                }
            }
            self.shared.ready.notified().await;
        }
    }

    /// The oldest item that waits, without waiting for one.
    pub fn take(&mut self) -> Option<Item> {
        let mut queue = self.shared.queue();
        let (item, size) = queue.items.pop_front()?;
        queue.bytes -= size;
        self.shared.taken.notify_one();
        Some(item)
    }

    /// Waits until more than this many bytes wait here. Cancel-safe.
    pub async fn fuller_than(&mut self, bytes: usize) {
        while self.bytes() <= bytes {
            self.shared.ready.notified().await;
        }
    }

    /// Bytes that wait here, about.
    pub fn bytes(&self) -> usize {
        self.shared.queue().bytes
    }

    /// Samples or points that wait here.
    pub fn points(&self) -> u64 {
        let queue = self.shared.queue();
        queue.items.iter().map(|(item, _)| item.len() as u64).sum()
    }

    /// How many bytes can wait here.
    pub fn capacity(&self) -> usize {
        self.shared.capacity
    }

    /// Tells when the sending side closed, while items may still wait here.
    pub fn closing(&self) -> Closing {
        Closing(self.shared.closed.subscribe())
    }

    /// The books that this edge writes into.
    pub fn account(&self) -> &Account {
        &self.shared.account
    }
}

/// An output that ends early takes nothing more: what waits is given up and counted.
impl Drop for Inbox {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        queue.closed = true;
        let left: usize = queue.items.drain(..).map(|(item, _)| item.len()).sum();
        queue.bytes = 0;
        drop(queue);
        self.shared.taken.notify_one();
        self.shared.count_dropped(left);
    }
}

impl Closing {
    /// Waits until the edge is closed. Cancel-safe.
    pub async fn wait(&mut self) {
        // An error means that both ends are gone, which is closed as well.
        let _ = self.0.wait_for(|closed| *closed).await;
    }
}

#[cfg(test)]
mod tests {
    use brunt_aggregate::SeriesPoint;
    use brunt_metrics::{MetaId, SeriesId};

    use super::*;

    fn batch(samples: u32, mark: f64) -> Item {
        let sample = |at| Sample {
            series: SeriesId(at),
            meta: MetaId::NONE,
            time: i64::from(at),
            value: mark,
        };
        Item::Samples(Arc::new(SampleBatch {
            samples: (0..samples).map(sample).collect(),
            ..SampleBatch::default()
        }))
    }

    fn snapshot(time: i64, series: u32) -> Item {
        let point = |at| SeriesPoint {
            id: SeriesId(at),
            first: 0,
            newest: time,
            value: SeriesValue::Counter(1.0),
        };
        Item::Snapshot(Arc::new(Snapshot {
            time,
            last: false,
            series: (0..series).map(point).collect(),
            own: Vec::new(),
        }))
    }

    fn mark(item: &Item) -> f64 {
        match item {
            Item::Samples(batch) => batch.samples[0].value,
            Item::Snapshot(snapshot) => snapshot.time as f64,
        }
    }

    #[tokio::test]
    async fn a_patient_sender_loses_nothing() {
        let account = Account::default();
        let (sender, mut inbox) = edge(1000, account.clone());
        let sending = tokio::spawn(async move {
            for at in 0..100 {
                assert!(sender.room(500).await);
                sender.push(batch(10, f64::from(at)));
            }
        });
        for at in 0..100 {
            assert_eq!(mark(&inbox.next().await.unwrap()), f64::from(at));
        }
        sending.await.unwrap();
        assert_eq!(account.counts().dropped, 0);
    }

    #[tokio::test]
    async fn a_patient_sender_is_told_that_the_output_has_gone() {
        let (sender, inbox) = edge(1000, Account::default());
        sender.push(batch(30, 0.0));
        let waiting = tokio::spawn(async move { sender.room(100).await });
        tokio::task::yield_now().await;
        drop(inbox);
        assert!(!waiting.await.unwrap());
    }

    #[tokio::test]
    async fn items_arrive_in_order_and_the_end_follows_them() {
        let (sender, mut inbox) = edge(1 << 20, Account::default());
        for at in 0..3 {
            sender.push(batch(2, f64::from(at)));
        }
        sender.close();
        for at in 0..3 {
            assert_eq!(mark(&inbox.next().await.unwrap()), f64::from(at));
        }
        assert!(inbox.next().await.is_none());
        assert!(inbox.next().await.is_none(), "the end is final");
        assert_eq!(
            (
                sender.account().counts().accepted,
                sender.account().counts().dropped
            ),
            (6, 0)
        );
    }

    #[tokio::test]
    async fn a_full_edge_gives_up_the_oldest_and_counts_its_samples() {
        let one = batch(10, 0.0).bytes();
        let (sender, mut inbox) = edge(one * 3, Account::default());
        for at in 0..5 {
            sender.push(batch(10, f64::from(at)));
        }
        assert_eq!(sender.account().counts().dropped, 20);
        sender.close();
        let mut left = Vec::new();
        while let Some(item) = inbox.next().await {
            left.push(mark(&item));
        }
        assert_eq!(left, [2.0, 3.0, 4.0]);
        assert_eq!(inbox.account().counts().accepted, 50);
    }

    #[tokio::test]
    async fn a_newer_snapshot_takes_the_oldest_one_s_place() {
        let one = snapshot(0, 100).bytes();
        let (sender, mut inbox) = edge(one * 2, Account::default());
        for time in 1..=4 {
            sender.push(snapshot(time, 100));
        }
        assert_eq!(sender.account().counts().dropped, 200);
        assert_eq!(mark(&inbox.next().await.unwrap()), 3.0);
        assert_eq!(mark(&inbox.next().await.unwrap()), 4.0);
    }

    #[tokio::test]
    async fn an_item_larger_than_the_edge_still_goes_through() {
        let (sender, mut inbox) = edge(64, Account::default());
        sender.push(batch(1_000, 7.0));
        assert_eq!(mark(&inbox.next().await.unwrap()), 7.0);
        assert_eq!(sender.account().counts().dropped, 0);
    }

    #[tokio::test]
    async fn a_waiting_output_wakes_for_an_item_and_for_the_end() {
        let (sender, mut inbox) = edge(1 << 20, Account::default());
        let reader = tokio::spawn(async move {
            let mut seen = 0;
            while let Some(item) = inbox.next().await {
                seen += item.len();
            }
            seen
        });
        tokio::task::yield_now().await;
        sender.push(batch(4, 0.0));
        tokio::task::yield_now().await;
        drop(sender);
        assert_eq!(reader.await.unwrap(), 4);
    }

    #[tokio::test]
    async fn the_beginning_of_the_drain_is_seen_while_items_wait() {
        let (sender, inbox) = edge(1 << 20, Account::default());
        let mut closing = inbox.closing();
        sender.push(batch(1, 0.0));
        assert!(
            tokio::time::timeout(std::time::Duration::ZERO, closing.wait())
                .await
                .is_err(),
            "open"
        );
        sender.close();
        closing.wait().await;
    }

    #[test]
    fn what_a_gone_output_leaves_is_counted() {
        let (sender, inbox) = edge(1 << 20, Account::default());
        sender.push(batch(3, 0.0));
        drop(inbox);
        assert_eq!(sender.account().counts().dropped, 3);
        sender.push(batch(5, 0.0));
        assert_eq!(sender.account().counts().dropped, 8);
    }
}
