//! Deltas to totals, snapshots and thresholds.
//!
//! Workers send [`Delta`]s; the [`Aggregator`] adds them up by an [`AggregatePlan`] and answers with
//! [`Snapshot`]s for outputs, verdicts on [`Thresholds`], and the [`Report`] at the end.

#![forbid(unsafe_code)]

pub mod aggregator;
pub mod delta;
pub mod expression;
pub mod groups;
pub mod key;
pub mod plan;
pub mod sections;
pub mod snapshot;
pub mod thresholds;
mod total;
pub mod totals;

pub use aggregator::Aggregator;
pub use delta::{Delta, DeltaValue, SeriesDelta, TrendDelta};
pub use expression::{Aggregation, Expression, Operator};
pub use groups::{CheckCount, CheckNode, GroupNode, Groups, ScenarioCheck};
pub use key::{KeyError, MetricKey};
pub use plan::{AggregateId, AggregatePlan, Submetric};
pub use sections::{MOST_SECTIONS, Section, SectionId, Sections, section_scenario};
pub use snapshot::{OwnPoint, SeriesPoint, SeriesValue, Snapshot};
pub use thresholds::{Breach, ThresholdError, ThresholdSpec, Thresholds};
pub use totals::{Report, SectionTotals, ThresholdResult, Totals, TrendTotals, Values};
