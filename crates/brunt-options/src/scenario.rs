//! A scenario after validation: which executor runs which function, when and with what.

mod describe;
pub(crate) mod draft;
pub mod part;
pub(crate) mod validate;

use std::collections::BTreeMap;
use std::time::Duration;

pub use brunt_pacing::Stage;
pub use draft::ScenarioDraft;
pub use part::ScenarioPart;

/// One validated scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioConfig {
    /// Matches `^[0-9a-zA-Z_-]+$`; `default` for the one made from shortcuts.
    pub name: String,
    /// How iterations are started.
    pub executor: ExecutorConfig,
    /// When it starts, counted from the test's start.
    pub start_time: Duration,
    /// How long running iterations may go on after the regular end.
    pub graceful_stop: Duration,
    /// The exported function that is an iteration.
    pub exec: String,
    /// Added to `__ENV`.
    pub env: BTreeMap<String, String>,
    /// Added to every sample.
    pub tags: BTreeMap<String, String>,
}

/// An executor with its fields, all filled in.
#[derive(Debug, Clone, PartialEq)]
pub enum ExecutorConfig {
    /// VUs take iterations from a common counter.
    SharedIterations {
        /// How many VUs.
        vus: u64,
        /// How many iterations in all.
        iterations: u64,
        /// The regular end, even if iterations are left.
        max_duration: Duration,
    },
    /// Every VU runs the same number of iterations.
    PerVuIterations {
        /// How many VUs.
        vus: u64,
        /// How many iterations each.
        iterations: u64,
        /// The regular end, even if iterations are left.
        max_duration: Duration,
    },
    /// VUs loop until the end.
    ConstantVus {
        /// How many VUs.
        vus: u64,
        /// For how long.
        duration: Duration,
    },
    /// VUs loop; their number follows the stages.
    RampingVus {
        /// How many VUs at the start.
        start_vus: u64,
        /// What follows; never empty. A target is a number of VUs.
        stages: Vec<Stage>,
        /// How long a VU that is taken away may go on with its iteration.
        graceful_ramp_down: Duration,
    },
    /// Iterations start at a fixed rate.
    ConstantArrivalRate {
        /// Starts per `time_unit`.
        rate: u64,
        /// The period that `rate` counts for.
        time_unit: Duration,
        /// For how long.
        duration: Duration,
        /// VUs made before the start.
        pre_allocated_vus: u64,
        /// VUs at most.
        max_vus: u64,
    },
    /// Iterations start at a rate that follows the stages.
    RampingArrivalRate {
        /// Starts per `time_unit` at the start.
        start_rate: u64,
        /// The period that rates count for.
        time_unit: Duration,
        /// What follows; never empty. A target is a number of starts per `time_unit`.
        stages: Vec<Stage>,
        /// VUs made before the start.
        pre_allocated_vus: u64,
        /// VUs at most.
        max_vus: u64,
    },
    /// VUs loop; their number is changed from outside while the test runs.
    ExternallyControlled {
        /// How many VUs at the start.
        vus: u64,
        /// How many are made before the start.
        max_vus: u64,
        /// For how long; `None` until it is stopped.
        duration: Option<Duration>,
    },
}

/// The regular duration of what only ends when it is stopped: long enough, and short enough to be
/// added up in nanoseconds.
pub const ENDLESS: Duration = Duration::from_hours(50 * 365 * 24);

impl ScenarioConfig {
    /// When the last iteration has ended at the latest, counted from the test's start.
    pub fn end(&self) -> Duration {
        self.start_time
            .saturating_add(self.executor.regular_duration())
            .saturating_add(self.graceful_stop)
    }
}

impl ExecutorConfig {
    /// The name in `executor: '…'`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SharedIterations { .. } => "shared-iterations",
            Self::PerVuIterations { .. } => "per-vu-iterations",
            Self::ConstantVus { .. } => "constant-vus",
            Self::RampingVus { .. } => "ramping-vus",
            Self::ConstantArrivalRate { .. } => "constant-arrival-rate",
            Self::RampingArrivalRate { .. } => "ramping-arrival-rate",
            Self::ExternallyControlled { .. } => "externally-controlled",
        }
    }

    /// The time after which nothing new starts.
    pub fn regular_duration(&self) -> Duration {
        match self {
            Self::SharedIterations { max_duration, .. }
            | Self::PerVuIterations { max_duration, .. } => *max_duration,
            Self::ConstantVus { duration, .. } | Self::ConstantArrivalRate { duration, .. } => {
                *duration
            }
            Self::ExternallyControlled { duration, .. } => duration.unwrap_or(ENDLESS),
            Self::RampingVus { stages, .. } | Self::RampingArrivalRate { stages, .. } => {
                stages.iter().fold(Duration::ZERO, |sum, stage| {
                    sum.saturating_add(stage.duration)
                })
            }
        }
    }

    /// VUs that must be there before its start: for ramping-vus, the most that it will want.
    pub fn planned_vus(&self) -> u64 {
        match self {
            Self::SharedIterations { vus, .. }
            | Self::PerVuIterations { vus, .. }
            | Self::ConstantVus { vus, .. } => *vus,
            Self::RampingVus {
                start_vus, stages, ..
            } => stages
                .iter()
                .map(|stage| stage.target)
                .fold(*start_vus, u64::max),
            Self::ConstantArrivalRate {
                pre_allocated_vus, ..
            }
            | Self::RampingArrivalRate {
                pre_allocated_vus, ..
            } => *pre_allocated_vus,
            Self::ExternallyControlled { max_vus, .. } => *max_vus,
        }
    }

    /// VUs that it may come to use.
    pub fn max_vus(&self) -> u64 {
        match self {
            Self::ConstantArrivalRate { max_vus, .. }
            | Self::RampingArrivalRate { max_vus, .. } => *max_vus,
            other => other.planned_vus(),
        }
    }
}
