//! Scripts against the real modules: what a script prints, measures and ends in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bodies;
mod console;
mod cookies;
mod data;
mod errors;
mod execution;
mod globals;
mod harness;
mod html;
mod http;
mod k6;
mod members;
mod metrics;
mod modules;
mod on_demand;
mod side_by_side;
mod timers;
