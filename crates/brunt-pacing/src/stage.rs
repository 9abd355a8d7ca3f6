//! A stage: the straight line that both ramping executors are made of.

use std::time::Duration;

/// A linear change towards a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// How long the change takes; zero jumps.
    pub duration: Duration,
    /// What is reached at the end: VUs, or starts per time unit.
    pub target: u64,
}
