//! What became of everything that an output was given, told while it happens and not only at the end.
//!
//! One law holds when an output has ended, and its tests assert it after every fault:
//! `accepted = delivered + rejected + dropped + spooled`. The unit is what travels over the edge:
//! samples, or for outputs of snapshots points (one series of one snapshot). The edge counts what it
//! accepts and pushes out, the output counts the rest. Books that are closed stay as they are: a thread that
//! hangs in the kernel cannot be ended, so what it writes after it was given up counts no more.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What became of the way to a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// Deliveries began to fail, for this reason; they are repeated.
    Failing(&'a str),
    /// They work again.
    Back,
}

/// A number of the books as a metric of brunt's own: its name, whether it is a counter (else a
/// gauge), what it tells, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct AccountMetric {
    /// The name, without a counter's `_total`.
    pub name: &'static str,
    /// Whether it only grows.
    pub counter: bool,
    /// One sentence.
    pub help: &'static str,
    /// Its value.
    pub value: fn(&Counts) -> f64,
}

/// The books as metrics, in the order in which they are shown.
pub const METRICS: [AccountMetric; 8] = [
    AccountMetric {
        name: "brunt_output_accepted",
        counter: true,
        help: "Samples or points that were handed to an output.",
        value: |counts| counts.accepted as f64,
    },
    AccountMetric {
        name: "brunt_output_delivered",
        counter: true,
        help: "Samples or points that the receiver took.",
        value: |counts| counts.delivered as f64,
    },
    AccountMetric {
        name: "brunt_output_rejected",
        counter: true,
        help: "Samples or points that the receiver refused or the format cannot express.",
        value: |counts| counts.rejected as f64,
    },
    AccountMetric {
        name: "brunt_output_dropped",
        counter: true,
        help: "Samples or points that were given up.",
        value: |counts| counts.dropped as f64,
    },
    AccountMetric {
        name: "brunt_output_retries",
        counter: true,
        help: "Requests that were sent again.",
        value: |counts| counts.retries as f64,
    },
    AccountMetric {
        name: "brunt_output_bytes",
        counter: true,
        help: "Bytes that were sent or written.",
        value: |counts| counts.bytes as f64,
    },
    AccountMetric {
        name: "brunt_output_spooled",
        counter: false,
        help: "Points that wait in the spool on disk.",
        value: |counts| counts.spooled as f64,
    },
    AccountMetric {
        name: "brunt_output_lag_seconds",
        counter: false,
        help: "How far the receiver is behind.",
        value: |counts| counts.lag as f64 / 1e9,
    },
];

/// Hears of outages.
type Listener = Box<dyn Fn(Change<'_>) + Send + Sync>;

/// The books of one output; clones are one and the same.
#[derive(Clone)]
pub struct Account(Arc<Inner>);

/// The books at one moment, in samples or points where nothing else is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// What the edge was given.
    pub accepted: u64,
    /// What the receiver took; for a file: what was written to it.
    pub delivered: u64,
    /// What the receiver refused for good, or what the format cannot express.
    pub rejected: u64,
    /// What was given up: a full edge, a full spool, a deadline, an output that failed.
    pub dropped: u64,
    /// What lies in the spool on disk.
    pub spooled: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Bytes that went to the receiver, compressed as they were.
    pub bytes: u64,
    /// How far the receiver is behind what was accepted, in nanoseconds.
    pub lag: u64,
    /// The newest reason why something was not delivered at once.
    pub last_error: Option<String>,
    /// The first reason of a refusal; one is enough for many.
    pub first_rejection: Option<String>,
}

#[derive(Default)]
struct Inner {
    accepted: AtomicU64,
    delivered: AtomicU64,
    rejected: AtomicU64,
    dropped: AtomicU64,
    spooled: AtomicU64,
    retries: AtomicU64,
    bytes: AtomicU64,
    /// The time of the newest thing that was accepted, in nanoseconds since the Unix epoch.
    accepted_until: AtomicI64,
    /// The time up to which the receiver has everything that it will ever have.
    settled_until: AtomicI64,
    /// Held while an entry is made, so that none falls between the last count and the closing.
    closed: Mutex<bool>,
    words: Mutex<Words>,
    tell: Option<Listener>,
}

#[derive(Default)]
struct Words {
    /// The newest reason, while deliveries fail.
    outage: Option<String>,
    last_error: Option<String>,
    first_rejection: Option<String>,
}

impl Counts {
    /// What was accepted and is neither delivered nor rejected, dropped or spooled: on its way.
    /// Nothing, once the output has ended.
    pub fn on_the_way(&self) -> u64 {
        let settled = self.delivered + self.rejected + self.dropped + self.spooled;
        self.accepted.saturating_sub(settled)
    }

    /// Whether something is missing at the receiver.
    pub fn lost(&self) -> bool {
        self.rejected + self.dropped + self.spooled > 0
    }
}

impl Account {
    /// Empty books. `tell` is called once when an outage begins and once when it is over, on the
    /// output's own task: it must not wait.
    pub fn new(tell: impl Fn(Change<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            tell: Some(Box::new(tell)),
            ..Inner::default()
        }))
    }

    /// The edge was given this much; `until` is the time of the newest of it, in nanoseconds since
    /// the Unix epoch.
    pub fn accepted(&self, count: u64, until: i64) {
        self.enter(|books| {
            books.accepted.fetch_add(count, Ordering::Relaxed);
            books.accepted_until.fetch_max(until, Ordering::Relaxed);
        });
    }

    /// The receiver took this much.
    pub fn delivered(&self, count: u64) {
        self.enter(|books| {
            books.delivered.fetch_add(count, Ordering::Relaxed);
        });
    }

    /// This much will never be taken.
    pub fn rejected(&self, count: u64, reason: &str) {
        self.enter(|books| {
            books.rejected.fetch_add(count, Ordering::Relaxed);
        });
        let mut words = self.words();
        words
            .first_rejection
            .get_or_insert_with(|| reason.to_owned());
        words.last_error = Some(reason.to_owned());
    }

    /// This much is given up.
    pub fn dropped(&self, count: u64) {
        self.enter(|books| {
            books.dropped.fetch_add(count, Ordering::Relaxed);
        });
    }

    /// This much went to the spool.
    pub fn spooled(&self, count: u64) {
        self.enter(|books| {
            books.spooled.fetch_add(count, Ordering::Relaxed);
        });
    }

    /// This much came back from the spool and is on its way again.
    pub fn unspooled(&self, count: u64) {
        self.enter(|books| {
            books.spooled.fetch_sub(count, Ordering::Relaxed);
        });
    }

    /// A request goes again.
    pub fn retried(&self) {
        self.0.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// This many bytes went to the receiver.
    pub fn wrote(&self, bytes: u64) {
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// All that was accepted up to this time (nanoseconds since the Unix epoch) is settled.
    pub fn settled(&self, until: i64) {
        self.0.settled_until.fetch_max(until, Ordering::Relaxed);
    }

    /// Something went wrong that is no outage.
    pub fn noted(&self, reason: &str) {
        self.words().last_error = Some(reason.to_owned());
    }

    /// Deliveries fail; called as often as they do.
    pub fn failing(&self, reason: &str) {
        let before = {
            let mut words = self.words();
            words.last_error = Some(reason.to_owned());
            words.outage.replace(reason.to_owned())
        };
        if before.is_none() {
            self.tell(Change::Failing(reason));
        }
    }

    /// The output cannot go on, for this reason. Somebody else tells it; here it only stays an outage, to
    /// the end or until [`Self::goes_on`].
    pub fn gave_up(&self, reason: &str) {
        let mut words = self.words();
        words.last_error = Some(reason.to_owned());
        words.outage = Some(reason.to_owned());
    }

    /// Deliveries work; called as often as anybody likes.
    pub fn well(&self) {
        if self.words().outage.take().is_some() {
            self.tell(Change::Back);
        }
    }

    /// The output that could not go on can, and tells it itself.
    pub fn goes_on(&self) {
        self.words().outage = None;
    }

    /// Why deliveries fail at the moment; `None` while they work.
    pub fn outage(&self) -> Option<String> {
        self.words().outage.clone()
    }

    /// The books as they are now. Counts that belong together can be a moment apart while the
    /// output works.
    pub fn counts(&self) -> Counts {
        let inner = &*self.0;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (accepted, settled) = (
            inner.accepted_until.load(Ordering::Relaxed),
            inner.settled_until.load(Ordering::Relaxed),
        );
        let words = self.words();
        let mut counts = Counts {
            delivered: read(&inner.delivered),
            rejected: read(&inner.rejected),
            dropped: read(&inner.dropped),
            spooled: read(&inner.spooled),
            retries: read(&inner.retries),
            bytes: read(&inner.bytes),
            lag: 0,
            last_error: words.last_error.clone(),
            first_rejection: words.first_rejection.clone(),
            accepted: read(&inner.accepted),
        };
        if counts.on_the_way() + counts.spooled > 0 && settled > 0 {
            counts.lag = u64::try_from(accepted - settled).unwrap_or_default();
        }
        counts
    }

    /// What is still on its way when the output has ended is given up, and nothing is entered any more.
    pub fn close(&self) {
        let mut closed = self.closed();
        if !*closed {
            let left = self.counts().on_the_way();
            self.0.dropped.fetch_add(left, Ordering::Relaxed);
            *closed = true;
        }
    }

    fn enter(&self, entry: impl FnOnce(&Inner)) {
        let closed = self.closed();
        if !*closed {
            entry(&self.0);
        }
    }

    fn closed(&self) -> MutexGuard<'_, bool> {
        let closed = self.0.closed.lock();
        closed.unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, change: Change<'_>) {
        if let Some(tell) = &self.0.tell {
            tell(change);
        }
    }

    fn words(&self) -> MutexGuard<'_, Words> {
        self.0.words.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Books that nobody is told of.
impl Default for Account {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Account").field(&self.counts()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_once_at_its_beginning_and_once_at_its_end() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let account = Account::new({
            let told = Arc::clone(&told);
            move |change| told.lock().unwrap().push(format!("{change:?}"))
        });
        account.well();
        account.failing("refused");
        account.failing("timed out");
        assert_eq!(account.outage().as_deref(), Some("timed out"));
        account.well();
        account.well();
        assert_eq!(account.outage(), None);
        assert_eq!(account.counts().last_error.as_deref(), Some("timed out"));
        assert_eq!(*told.lock().unwrap(), ["Failing(\"refused\")", "Back"]);
    }

    #[test]
    fn the_books_close() {
        let account = Account::default();
        account.accepted(100, 9_000);
        account.delivered(40);
        account.rejected(5, "out of order");
        account.rejected(1, "too long");
        account.dropped(4);
        account.spooled(30);
        account.unspooled(10);
        assert_eq!(account.counts().on_the_way(), 30);
        account.close();
        let counts = account.counts();
        assert_eq!((counts.dropped, counts.on_the_way()), (34, 0));
        assert_eq!(counts.first_rejection.as_deref(), Some("out of order"));
        assert!(counts.lost());
        // A thread that was left behind goes on writing.
        account.delivered(20);
        account.close();
        assert_eq!(account.counts(), counts);
    }

    #[test]
    fn the_lag_is_how_far_the_receiver_is_behind() {
        let account = Account::default();
        account.accepted(10, 5_000);
        assert_eq!(account.counts().lag, 0, "nothing to compare with yet");
        account.delivered(4);
        account.settled(2_000);
        assert_eq!(account.counts().lag, 3_000);
        account.delivered(6);
        assert_eq!(account.counts().lag, 0, "all is there");
    }
}
