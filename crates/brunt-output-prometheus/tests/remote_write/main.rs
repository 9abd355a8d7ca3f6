//! Remote write against receivers: the strict one of the testkit, and Debian's Prometheus.

// The lints' exception for tests does not cover the functions beside them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod common;
mod faults;
mod prometheus;
mod receiver;
mod tls;
