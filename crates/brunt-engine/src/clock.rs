//! The clock that engine and executors are driven by; injected, so that tests run in virtual time.

use std::task::{Context, Poll};

/// Monotonic time with an alarm, and its relation to the wall clock.
pub trait Clock {
    /// Monotonic nanoseconds. In production `CLOCK_MONOTONIC`, so that they compare with the
    /// sockets' timings.
    fn now(&self) -> i64;

    /// Ready once `now()` has reached `at`; else wakes the task then. A later call replaces the
    /// alarm of an earlier one.
    fn poll_alarm(&mut self, at: i64, cx: &mut Context<'_>) -> Poll<()>;

    /// Nanoseconds since the Unix epoch at a monotonic time. The wall clock is read once and
    /// advanced by the monotonic clock, so a stepped clock does not tear a run's time line.
    fn wall(&self, monotonic: i64) -> i64;
}
