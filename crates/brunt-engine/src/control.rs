//! The handle by which signals, thresholds and the API end a running test.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Why a test is stopped before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// SIGINT or SIGTERM.
    Signal,
    /// A threshold with `abortOnFail` was crossed.
    ThresholdAbort,
    /// A script called `exec.test.abort(message)`.
    ScriptAbort(String),
    /// Someone asked for it through the API.
    Api,
}

/// Stops a running test; clones act on the same test and may live on any thread.
#[derive(Debug, Clone, Default)]
pub struct Control {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    reason: Mutex<Option<Reason>>,
    killed: AtomicBool,
    changed: Notify,
}

impl Control {
    /// Starts no more iterations, interrupts the running ones at once, then runs `teardown()`. The
    /// first reason is the one that counts.
    pub fn interrupt(&self, reason: Reason) {
        self.shared.reason.lock().get_or_insert(reason);
        self.shared.changed.notify_one();
    }

    /// Ends the test at once, without `teardown()`: for the second signal.
    pub fn kill(&self) {
        self.shared.reason.lock().get_or_insert(Reason::Signal);
        self.shared.killed.store(true, Ordering::Release);
        self.shared.changed.notify_one();
    }

    /// The reason of the first interrupt.
    pub fn reason(&self) -> Option<Reason> {
        self.shared.reason.lock().clone()
    }

    /// Whether the test was told to end at once.
    pub fn is_killed(&self) -> bool {
        self.shared.killed.load(Ordering::Acquire)
    }

    /// Whether the test was told to stop.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.shared.reason.lock().is_some()
    }

    /// Returns after an interrupt or a kill. For one waiter: the engine.
    pub(crate) async fn changed(&self) {
        self.shared.changed.notified().await;
    }
}
