//! The remote write receiver, spoken to with bytes made by hand.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::unwrap_used)]

#[path = "receiver/bytes.rs"]
mod bytes;
#[path = "receiver/faults.rs"]
mod faults;
#[path = "receiver/queries.rs"]
mod queries;
#[path = "receiver/rules.rs"]
mod rules;
#[path = "receiver/two.rs"]
mod two;
