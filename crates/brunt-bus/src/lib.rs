//! Worker buffers, fan-out over bounded edges, and accounting.

#![forbid(unsafe_code)]

pub mod recorder;

pub use recorder::{Recorder, Slot};
