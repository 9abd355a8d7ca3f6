//! The options of a test: model, layers, validation and durations.

#![forbid(unsafe_code)]

pub mod scenario;

pub use scenario::{ExecutorConfig, ScenarioConfig};
