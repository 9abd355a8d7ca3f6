//! The engine in virtual time, with virtual users that only pretend to work.

// Helpers of tests are tests, which the exemptions of `clippy.toml` do not see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// A time-out of 60 s is written as in the documentation.
#![allow(clippy::duration_suboptimal_units)]

mod arrival;
mod control;
mod controlled;
mod executors;
mod lifecycle;
mod measurements;
mod pretend;
mod ramping;
mod segments;
mod simulation;
