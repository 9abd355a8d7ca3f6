//! What a test consists of once its options are settled: the engine's only input besides the VUs.

use std::sync::Arc;
use std::time::Duration;

use brunt_metrics::{MetricId, TagSet};
use brunt_options::ScenarioConfig;
use brunt_pacing::Partition;

/// How long a virtual user may take to return after it was interrupted, unless configured.
pub const DEFAULT_INTERRUPT_GRACE: Duration = Duration::from_secs(5);

/// What the engine is to run.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The scenarios; their order gives each one its index.
    pub scenarios: Vec<ScenarioConfig>,
    /// Which part of the test this instance runs.
    pub partition: Partition,
    /// Tags of every sample of the run.
    pub run_tags: Arc<TagSet>,
    /// Whether the system tag `scenario` is on.
    pub scenario_tag: bool,
    /// How long `setup()` may take; `None` when it is not to run.
    pub setup: Option<Duration>,
    /// How long `teardown()` may take; `None` when it is not to run.
    pub teardown: Option<Duration>,
    /// The trend (time, in ms) that takes how late arrival-rate iterations start; `None` keeps none.
    pub lateness: Option<MetricId>,
    /// Whether it waits after init until it is resumed.
    pub paused: bool,
    /// How long an interrupted VU may take to return before it is left behind and reported.
    pub interrupt_grace: Duration,
}

impl EngineConfig {
    /// Only these scenarios: no setup, no teardown, no tags but `scenario`.
    pub fn new(scenarios: Vec<ScenarioConfig>) -> Self {
        Self {
            scenarios,
            partition: Partition::whole(),
            run_tags: Arc::default(),
            scenario_tag: true,
            setup: None,
            teardown: None,
            lateness: None,
            paused: false,
            interrupt_grace: DEFAULT_INTERRUPT_GRACE,
        }
    }
}
