//! Worker buffers, fan-out over bounded edges, and accounting.
//!
//! Each worker owns a [`Recorder`]; the [`Bus`] gathers what they hand over. Raw samples go from the
//! worker straight to the outputs that want them, as shared batches; everything else is added up on
//! the worker and sent as deltas, so its cost does not depend on the request rate. Nothing here
//! ever makes a worker wait: a delta that cannot go stays in the worker's sinks, and an edge that is
//! full loses its oldest batch and counts it.

#![forbid(unsafe_code)]

pub mod bus;
pub mod collector;
mod driver;
pub mod local;
mod raw;
pub mod recorder;
mod shared;

pub use bus::{Bus, BusConfig, BusGone, BusHandle, Progress};
pub use collector::{Collected, Collector};
pub use recorder::{Recorder, Slot};
