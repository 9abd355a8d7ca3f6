//! What all parts of a running test know of it: counters, phase, and the wish to stop.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};

/// Counters and flags of a running test, shared by all threads.
#[derive(Debug, Default)]
pub struct TestState {
    /// Iterations that ran to their end.
    pub iterations_completed: AtomicU64,
    /// Iterations that were interrupted.
    pub iterations_interrupted: AtomicU64,
    /// VUs that run an iteration or are held by an executor right now.
    pub vus_active: AtomicU64,
    /// VUs that have evaluated the script.
    pub vus_initialized: AtomicU64,
    /// Monotonic nanoseconds at which the scenarios started; 0 before that.
    pub started: AtomicI64,
    /// `exec.test.fail()` was called.
    pub marked_failed: AtomicBool,
}
