//! The loop that takes parcels out of the queue and sends each until its fate is known.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::backoff::Backoff;
use crate::queue::{Parcel, Queue, Shared, Stats};

/// What the receiver made of a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It took all of it.
    Delivered,
    /// It could not be asked, or cannot take it now: the same parcel goes again.
    Retry {
        /// The receiver's own wish for the wait (`Retry-After`).
        after: Option<Duration>,
        /// What happened, for the user.
        reason: String,
    },
    /// It will never take it.
    Reject {
        /// The receiver's answer, for the user.
        reason: String,
        /// Whether a part of it may be all right, so that it is worth sending in two halves.
        split: bool,
    },
}

/// The way to a receiver.
pub trait Transport: Send {
    /// Sends a body once. A time limit is the transport's own affair.
    fn send(&mut self, body: &[u8]) -> impl Future<Output = Verdict> + Send;

    /// Cuts a parcel in two, each with its share of the points; `None` if it cannot be cut.
    fn split(&self, parcel: &Parcel) -> Option<(Parcel, Parcel)> {
        let _ = parcel;
        None
    }
}

/// Hears of outages: the reason when one begins or goes on, nothing when the receiver is there.
type Listener = Box<dyn FnMut(Option<&str>) + Send>;

/// The sending half of a delivery.
pub struct Deliverer<T> {
    transport: T,
    backoff: Backoff,
    shared: Arc<Shared>,
    /// The parcel being sent, or its pieces; the first one is next.
    hand: VecDeque<Parcel>,
    listener: Listener,
}

impl<T: fmt::Debug> fmt::Debug for Deliverer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliverer")
            .field("transport", &self.transport)
            .field("hand", &self.hand)
            .finish_non_exhaustive()
    }
}

impl<T: Transport> Deliverer<T> {
    /// No receiver may put off a generator for longer than this.
    pub const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(5);

    /// From how many failures in a row on it is an outage: one may be a hiccup, and nobody wants to
    /// read of each.
    pub const OUTAGE: u32 = 2;

    /// How many pieces of one parcel are sent at most. A few bad points in a large parcel are found
    /// by halving; a parcel that is bad all over must not become thousands of requests.
    pub const MOST_PIECES: usize = 64;

    pub(crate) fn new(transport: T, backoff: Backoff, queue: &Queue) -> Self {
        Self {
            transport,
            backoff,
            shared: queue.shared(),
            hand: VecDeque::new(),
            listener: Box::new(|_| {}),
        }
    }

    /// Tells `listener` how the receiver is: `Some(reason)` from the [`Self::OUTAGE`]-th failure in
    /// a row on, at each of them, `None` whenever it has answered.
    #[must_use]
    pub fn telling(mut self, listener: impl FnMut(Option<&str>) + Send + 'static) -> Self {
        self.listener = Box::new(listener);
        self
    }

    /// Delivers until the queue is finished and empty, or until its deadline
    /// ([`Queue::expire_at`]). What is left then, the parcel being sent included, counts as dropped.
    pub async fn run(mut self) -> Stats {
        let shared = Arc::clone(&self.shared);
        tokio::select! {
            biased;
            () = shared.expired() => {}
            () = self.work() => {}
        }
        let in_hand = self.hand.iter().map(|parcel| parcel.points).sum();
        shared.end(in_hand)
    }

    async fn work(&mut self) {
        while let Some(parcel) = self.shared.next().await {
            self.hand.push_back(parcel);
            let mut pieces = 1;
            while let Some(parcel) = self.hand.front() {
                match send_until_settled(
                    &mut self.transport,
                    &mut self.backoff,
                    &self.shared,
                    parcel,
                    &mut self.listener,
                )
                .await
                {
                    Settled::Delivered => {
                        self.shared.count(|stats| stats.delivered += parcel.points);
                        self.hand.pop_front();
                    }
                    Settled::Rejected { reason, split } => {
                        let halves = (split && pieces < Self::MOST_PIECES)
                            .then(|| self.transport.split(parcel))
                            .flatten();
                        let points = parcel.points;
                        self.hand.pop_front();
                        if let Some((first, second)) = halves {
                            pieces += 2;
                            self.hand.push_front(second);
                            self.hand.push_front(first);
                        } else {
                            self.shared.count(|stats| {
                                stats.rejected += points;
                                stats.first_rejection.get_or_insert(reason);
                            });
                        }
                    }
                }
            }
        }
    }
}

enum Settled {
    Delivered,
    Rejected { reason: String, split: bool },
}

async fn send_until_settled<T: Transport>(
    transport: &mut T,
    backoff: &mut Backoff,
    shared: &Shared,
    parcel: &Parcel,
    listener: &mut Listener,
) -> Settled {
    let mut failures: u32 = 0;
    loop {
        shared.count(|stats| stats.attempts += 1);
        match transport.send(&parcel.body).await {
            Verdict::Delivered => {
                backoff.reset();
                listener(None);
                return Settled::Delivered;
            }
            Verdict::Reject { reason, split } => {
                // The receiver is well; it is the parcel that is not.
                backoff.reset();
                listener(None);
                return Settled::Rejected { reason, split };
            }
            Verdict::Retry { after, reason } => {
                failures += 1;
                if failures >= Deliverer::<T>::OUTAGE {
                    listener(Some(&reason));
                }
                shared.count(|stats| stats.last_error = Some(reason));
                // The wish is a lower bound; the jitter on top keeps generators apart.
                let wish = after
                    .unwrap_or_default()
                    .min(Deliverer::<T>::LONGEST_RETRY_AFTER);
                tokio::time::sleep(wish + backoff.next_wait()).await;
                shared.count(|stats| stats.retries += 1);
            }
        }
    }
}

#[cfg(test)]
mod tests;
