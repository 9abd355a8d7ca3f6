//! Deltas to totals, snapshots and thresholds.

#![forbid(unsafe_code)]

pub mod groups;
pub mod snapshot;
pub mod totals;

pub use groups::{CheckCount, GroupNode, Groups};
pub use snapshot::{SeriesPoint, SeriesValue, Snapshot};
pub use totals::{Report, ThresholdResult, Totals, TrendTotals, Values};
