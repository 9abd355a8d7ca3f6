//! The parcels that wait for delivery, in order and bounded in bytes.
//!
//! Not a channel of tokio's: room for a new parcel is made by giving up old ones, and only those of
//! an earlier generation, so that what was taken at one moment is never delivered by half because
//! of its own size.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// Encoded data on its way to the receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// What goes over the wire.
    pub body: Vec<u8>,
    /// How many points it holds, for the counts in [`Stats`].
    pub points: u64,
    /// Which moment it belongs to; ascending. Parcels of one snapshot have the same generation.
    pub generation: u64,
}

/// What was sent, and how it went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Points that the receiver took.
    pub delivered: u64,
    /// Points that the receiver refused for good.
    pub rejected: u64,
    /// Points given up: a full queue, or the deadline at the end.
    pub dropped: u64,
    /// Sends, retries included.
    pub attempts: u64,
    /// Sends that were repeated because the receiver could not take the parcel at that moment.
    pub retries: u64,
    /// The newest reason of a retry.
    pub last_error: Option<String>,
    /// The first reason of a refusal; one sentence is enough for many refusals.
    pub first_rejection: Option<String>,
}

/// The producer's half of a delivery.
#[derive(Debug)]
pub struct Queue {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// A parcel came, or none will come any more.
    filled: Notify,
    /// A parcel went, or the deliverer has ended.
    freed: Notify,
    deadline: watch::Sender<Option<Instant>>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    parcels: VecDeque<Parcel>,
    bytes: usize,
    finished: bool,
    ended: bool,
    stats: Stats,
}

impl Parcel {
    /// What it takes in memory, about.
    fn size(&self) -> usize {
        self.body.len() + size_of::<Self>()
    }
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Self {
        let shared = Shared {
            state: Mutex::default(),
            filled: Notify::new(),
            freed: Notify::new(),
            deadline: watch::Sender::new(None),
            capacity,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Puts a parcel at the end. When the queue is full, the oldest parcels of earlier generations
    /// are given up, counted; when all that wait are of the parcel's own generation, this waits
    /// until one is delivered. A parcel that is larger than the queue goes through alone.
    pub async fn push(&self, parcel: Parcel) {
        let size = parcel.size();
        loop {
            {
                let mut state = self.shared.state();
                if state.ended || state.finished {
                    state.stats.dropped += parcel.points;
                    return;
                }
                let capacity = self.shared.capacity;
                while state.bytes + size > capacity {
                    let older = |front: &Parcel| front.generation < parcel.generation;
                    if !state.parcels.front().is_some_and(older) {
                        break;
                    }
                    let given_up = state.take().map_or(0, |oldest| oldest.points);
                    state.stats.dropped += given_up;
                }
                if state.parcels.is_empty() || state.bytes + size <= capacity {
                    state.bytes += size;
                    state.parcels.push_back(parcel);
                    break;
                }
            }
            self.shared.freed.notified().await;
        }
        self.shared.filled.notify_one();
    }

    /// Nothing more will come: the deliverer ends once the queue is empty.
    pub fn finish(&self) {
        self.shared.state().finished = true;
        self.shared.filled.notify_one();
    }

    /// The deliverer ends at this moment at the latest; what waits then is given up, counted.
    pub fn expire_at(&self, deadline: Instant) {
        self.shared.deadline.send_replace(Some(deadline));
    }

    /// What happened so far.
    pub fn stats(&self) -> Stats {
        self.shared.state().stats.clone()
    }
}

/// A producer that goes away has nothing more to say.
impl Drop for Queue {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next parcel; `None` once the queue is finished and empty. Cancel-safe.
    pub(crate) async fn next(&self) -> Option<Parcel> {
        loop {
            {
                let mut state = self.state();
                if let Some(parcel) = state.take() {
                    drop(state);
                    self.freed.notify_one();
                    return Some(parcel);
                }
                if state.finished {
                    return None;
                }
            }
            self.filled.notified().await;
        }
    }

    /// Changes the counts.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Stats)) {
        change(&mut self.state().stats);
    }

    /// Waits until the deadline, if one is ever set.
    pub(crate) async fn expired(&self) {
        let mut deadline = self.deadline.subscribe();
        loop {
            let at = *deadline.borrow_and_update();
            let moved = match at {
                None => deadline.changed().await,
                Some(at) => tokio::select! {
                    () = tokio::time::sleep_until(at) => return,
                    moved = deadline.changed() => moved,
                },
            };
            if moved.is_err() {
                // The sender lives in `self`, so it cannot be gone.
                std::future::pending::<()>().await;
            }
        }
    }

    /// The deliverer has ended: gives up what is left, lets a waiting producer go on.
    pub(crate) fn end(&self, in_hand: u64) -> Stats {
        let mut state = self.state();
        state.ended = true;
        let left: u64 = state.parcels.drain(..).map(|parcel| parcel.points).sum();
        state.bytes = 0;
        state.stats.dropped += left + in_hand;
        let stats = state.stats.clone();
        drop(state);
        self.freed.notify_waiters();
        self.freed.notify_one();
        stats
    }
}

impl State {
    fn take(&mut self) -> Option<Parcel> {
        let parcel = self.parcels.pop_front()?;
        self.bytes -= parcel.size();
        Some(parcel)
    }
}
