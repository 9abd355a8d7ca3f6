//! What all parts of a running test know of it: counters and the state of each scenario.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use brunt_options::scenario::ScenarioPart;

use crate::vu::Scenario;

/// Counters and flags of a running test, shared by all threads.
#[derive(Debug, Default)]
pub struct TestState {
    /// Iterations that ran to their end.
    pub iterations_completed: AtomicU64,
    /// Iterations that were interrupted.
    pub iterations_interrupted: AtomicU64,
    /// Iterations that were never started, as counted by `dropped_iterations`.
    pub iterations_dropped: AtomicU64,
    /// VUs that run an iteration or are held by an executor right now.
    pub vus_active: AtomicU64,
    /// VUs that have evaluated the script.
    pub vus_initialized: AtomicU64,
    /// VUs that did not return after they were interrupted.
    pub vus_stuck: AtomicU64,
    /// How late a worker came to a timer of its own at most, in nanoseconds; whoever reads it may set
    /// it back to 0.
    pub worker_lag: AtomicU64,
    /// Monotonic nanoseconds at which the scenarios started; 0 before that.
    pub started: AtomicI64,
    /// Monotonic nanoseconds since when the running test stands still; 0 when it does not.
    pub paused_since: AtomicI64,
    /// For how many nanoseconds it stood still, pauses that are over.
    pub paused_for: AtomicI64,
    /// `exec.test.fail()` was called. A VU sets it; the test goes on.
    pub marked_failed: AtomicBool,
    /// The scenarios in the order of the plan; set by the engine before any VU is made.
    pub scenarios: OnceLock<Vec<Arc<ScenarioState>>>,
}

impl TestState {
    /// The scenarios in the order of the plan; empty before the engine started.
    pub fn scenarios(&self) -> &[Arc<ScenarioState>] {
        self.scenarios.get().map_or(&[], Vec::as_slice)
    }

    /// Whether the scenarios stand still.
    pub fn is_paused(&self) -> bool {
        self.paused_since.load(Ordering::Acquire) != 0
    }

    /// The test's own time at `now` (monotonic nanoseconds): pauses are left out. Comparable with
    /// `started`.
    pub fn test_time(&self, now: i64) -> i64 {
        let since = match self.paused_since.load(Ordering::Acquire) {
            0 => now,
            since => now.min(since),
        };
        since.saturating_sub(self.paused_for.load(Ordering::Acquire))
    }
}

/// How far a scenario is: for progress lines.
#[derive(Debug)]
pub struct ScenarioState {
    /// What it is, when it started, and its progress from 0 to 1.
    pub scenario: Arc<Scenario>,
    /// What of it this instance runs.
    pub part: ScenarioPart,
    /// Iterations that were started.
    pub started: AtomicU64,
    /// Iterations that ran to their end.
    pub completed: AtomicU64,
    /// Iterations that were interrupted.
    pub interrupted: AtomicU64,
    /// Iterations that were never started.
    pub dropped: AtomicU64,
    /// VUs that are active in it right now.
    pub vus_active: AtomicU64,
    /// VUs that it may use now; grows in arrival-rate scenarios, follows commands where they
    /// control it.
    pub vus: AtomicU64,
    /// Nothing of it runs any more.
    pub finished: AtomicBool,
}

impl ScenarioState {
    pub(crate) fn new(scenario: Arc<Scenario>, part: ScenarioPart) -> Self {
        Self {
            scenario,
            vus: AtomicU64::new(part.vus),
            part,
            started: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            interrupted: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            vus_active: AtomicU64::new(0),
            finished: AtomicBool::new(false),
        }
    }
}
