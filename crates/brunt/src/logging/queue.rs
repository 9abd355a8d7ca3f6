//! The bounded queue between those who log and the thread that writes.

use std::time::{Duration, Instant, SystemTime};

use brunt_engine::Record;
use parking_lot::{Condvar, Mutex};

/// A record with the moment at which it was made, on both clocks.
pub(super) struct Entry {
    pub(super) wall: SystemTime,
    pub(super) at: Instant,
    pub(super) record: Record,
}

/// What is to be written next.
pub(super) struct Batch {
    pub(super) entries: Vec<Entry>,
    /// How many records were dropped after these.
    pub(super) dropped: u64,
    /// How many batches were taken before it.
    number: u64,
}

/// Bounded in records and in bytes of text; what is being written does not count, so memory holds
/// twice the bound at most. A single record larger than the bound passes if it comes alone.
pub(super) struct Queue {
    limits: Limits,
    inner: Mutex<Inner>,
    filled: Condvar,
    written: Condvar,
}

#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) records: usize,
    pub(super) bytes: usize,
}

#[derive(Default)]
struct Inner {
    entries: Vec<Entry>,
    bytes: usize,
    dropped: u64,
    closed: bool,
    taken: u64,
    written: u64,
}

impl Inner {
    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.dropped == 0
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self::new(Limits {
            records: 16_384,
            bytes: 16 << 20,
        })
    }
}

impl Queue {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            inner: Mutex::default(),
            filled: Condvar::new(),
            written: Condvar::new(),
        }
    }

    /// Adds an entry or, without room, counts it; never waits for the writer.
    pub(super) fn push(&self, entry: Entry) {
        let size = size(&entry.record);
        let mut inner = self.inner.lock();
        let full = inner.entries.len() >= self.limits.records
            || inner.bytes.saturating_add(size) > self.limits.bytes;
        if full && !inner.entries.is_empty() {
            inner.dropped += 1;
        } else {
            inner.bytes += size;
            inner.entries.push(entry);
        }
        drop(inner);
        self.filled.notify_one();
    }

    /// Waits for entries; `None` when the queue is closed and empty.
    pub(super) fn take(&self) -> Option<Batch> {
        let mut inner = self.inner.lock();
        while inner.is_empty() {
            if inner.closed {
                return None;
            }
            self.filled.wait(&mut inner);
        }
        inner.bytes = 0;
        inner.taken += 1;
        let number = inner.taken;
        let dropped = std::mem::take(&mut inner.dropped);
        let entries = std::mem::take(&mut inner.entries);
        Some(Batch {
            entries,
            dropped,
            number,
        })
    }

    /// Tells those who wait for it that a batch is written.
    pub(super) fn written(&self, batch: &Batch) {
        self.inner.lock().written = batch.number;
        self.written.notify_all();
    }

    /// Waits until what was pushed before is written.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        let Some(deadline) = Instant::now().checked_add(limit) else {
            return false;
        };
        let mut inner = self.inner.lock();
        // Entries that are still here leave with the next batch.
        let last = inner.taken + u64::from(!inner.is_empty());
        while inner.written < last {
            if self.written.wait_until(&mut inner, deadline).timed_out() {
                return inner.written >= last;
            }
        }
        true
    }

    /// Lets the writer end once the queue is empty.
    pub(super) fn close(&self) {
        self.inner.lock().closed = true;
        self.filled.notify_one();
    }
}

fn size(record: &Record) -> usize {
    let fields: usize = record
        .fields
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    size_of::<Entry>() + record.message.len() + fields
}
