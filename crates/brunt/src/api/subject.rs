//! The running test as the API sees it: counters, control and the aggregation.

use std::sync::{Arc, OnceLock};

use brunt_aggregate::{Groups, Report};
use brunt_bus::BusHandle;
use brunt_engine::{Control, Reason, TestState};
use brunt_output::Account;
use tokio::sync::Notify;

/// What the API reads and acts on.
pub(crate) struct Subject {
    /// The engine's counters.
    pub(crate) state: Arc<TestState>,
    /// Pause, scale, stop.
    pub(crate) control: Control,
    /// Totals while the test runs.
    pub(crate) bus: Arc<BusHandle>,
    /// Totals once the test is over, for `--linger`.
    pub(crate) last: OnceLock<Report>,
    /// Groups and checks.
    pub(crate) groups: Arc<Groups>,
    /// The outputs' names with their books.
    pub(crate) outputs: Vec<(String, Account)>,
    /// Somebody asked for the end: a test that is over stops to linger.
    pub(crate) stopped: Notify,
}

impl Subject {
    /// Ends the test, or its lingering.
    pub(super) fn stop(&self) {
        self.control.interrupt(Reason::Api);
        self.stopped.notify_one();
    }

    /// The totals as they stand; `None` in the moment in which the test ends.
    pub(super) async fn report(&self) -> Option<Report> {
        if let Some(last) = self.last.get() {
            return Some(last.clone());
        }
        match self.bus.report().await {
            Ok(report) => Some(report),
            Err(_) => self.last.get().cloned(),
        }
    }
}
