//! The output against a strict receiver: what arrives, by both protocols, and what becomes of faults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod faults;
mod tls;
mod values;
