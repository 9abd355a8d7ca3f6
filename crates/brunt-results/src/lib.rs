//! Adds up samples that were read from files, as a run adds up those that it takes.
//!
//! Apart from the bus, which has workers, channels and a clock: here samples come from one place, and time is
//! what they say. Sinks, plan, aggregator and thresholds are those of a run, so that the same samples
//! come to the same report.

#![forbid(unsafe_code)]

mod span;
mod ticks;
mod timeline;
mod totals;

pub use ticks::Ticks;
pub use timeline::Timeline;
pub use totals::Reading;
