//! Executor arithmetic: stages, arrival schedules and execution segments.
//!
//! Everything here is a function of numbers: no clock, no threads, no I/O. An executor asks *when*
//! the next start is due and owns the waiting; so the same arithmetic runs in production and, exactly
//! as it is, in tests without time. All of it is exact: integers and fractions of integers, never a
//! sum of rounded steps, because a schedule that drifts by a nanosecond per start is off by seconds
//! at the end of a long test.
//!
//! Times are nanoseconds since the start of the scenario, as `u64` (584 years).

#![forbid(unsafe_code)]

pub mod arrival;
pub mod error;
pub mod fraction;
pub mod partition;
pub mod segment;
pub mod stage;
pub mod stripes;
pub mod vu_ramp;
mod wide;

pub use arrival::{ArrivalSchedule, Share, Start, Starts};
pub use error::PacingError;
pub use fraction::Fraction;
pub use partition::Partition;
pub use segment::{ExecutionSegment, SegmentSequence};
pub use stage::Stage;
pub use stripes::Stripes;
pub use vu_ramp::{Steps, VuRamp, VuStep};

use std::time::Duration;

/// A duration in nanoseconds; what does not fit is as good as never.
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
