//! What a test will need: virtual users at its busiest moment, and time.

use std::time::Duration;

use brunt_pacing::{Partition, VuRamp, nanos};

use crate::scenario::{ExecutorConfig, ScenarioConfig};

/// How many moments are looked at to find the busiest one. Only climbs of ramping-vus scenarios with
/// more changes in all than this are sampled; their ends are always looked at.
const MAX_MOMENTS: u64 = 200_000;

/// How many VUs a test needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VuRequirements {
    /// To be made before the start: the most that scenarios plan to use at a time, those that may
    /// still end their last iteration included.
    pub initialized: u64,
    /// The most that there may come to be, with those that arrival rates may add.
    pub max: u64,
}

/// The VUs of a test that one instance runs alone.
pub fn vu_requirements(scenarios: &[ScenarioConfig]) -> VuRequirements {
    vu_requirements_of(scenarios, &Partition::whole())
}

/// The VUs that an instance needs for its part of the test.
pub fn vu_requirements_of(scenarios: &[ScenarioConfig], partition: &Partition) -> VuRequirements {
    let demands: Vec<Demand> = scenarios.iter().map(Demand::new).collect();
    let ramps = demands
        .iter()
        .filter(|demand| demand.ramp.is_some())
        .count() as u64;
    let limit = MAX_MOMENTS / ramps.max(1);
    // A scenario needs its own, even if it reaches them at the very moment of its end.
    let own = |vus: fn(&Demand) -> u64| demands.iter().map(vus).max().unwrap_or_default();
    let mut most = VuRequirements {
        initialized: partition.scale(own(|demand| demand.planned)),
        max: partition.scale(own(|demand| demand.possible)),
    };
    // The sum can only reach its maximum where some demand has just risen.
    for demand in &demands {
        for moment in demand.rises(limit) {
            let sum = demands.iter().filter(|other| other.holds(moment)).fold(
                VuRequirements::default(),
                |sum, other| {
                    let (planned, possible) = other.at(moment);
                    VuRequirements {
                        initialized: sum.initialized.saturating_add(partition.scale(planned)),
                        max: sum.max.saturating_add(partition.scale(possible)),
                    }
                },
            );
            most.initialized = most.initialized.max(sum.initialized);
            most.max = most.max.max(sum.max);
        }
    }
    most
}

/// How long a test takes at most, graceful stops included.
pub fn total_duration(scenarios: &[ScenarioConfig]) -> Duration {
    scenarios
        .iter()
        .map(ScenarioConfig::end)
        .max()
        .unwrap_or_default()
}

/// The VUs of one scenario over time, in nanoseconds since the test's start.
struct Demand {
    begin: u64,
    end: u64,
    planned: u64,
    possible: u64,
    /// For ramping-vus, with its grace.
    ramp: Option<(VuRamp, u64)>,
}

impl Demand {
    fn new(scenario: &ScenarioConfig) -> Self {
        let ramp = match &scenario.executor {
            ExecutorConfig::RampingVus {
                start_vus,
                stages,
                graceful_ramp_down,
            } => Some((VuRamp::new(*start_vus, stages), nanos(*graceful_ramp_down))),
            _ => None,
        };
        Self {
            begin: nanos(scenario.start_time),
            end: nanos(scenario.end()),
            planned: scenario.executor.planned_vus(),
            possible: scenario.executor.max_vus(),
            ramp,
        }
    }

    /// A VU that is free again may serve a scenario that starts at the same moment.
    fn holds(&self, moment: u64) -> bool {
        self.begin <= moment && moment < self.end
    }

    /// Planned and possible VUs at a moment within it.
    fn at(&self, moment: u64) -> (u64, u64) {
        match &self.ramp {
            Some((ramp, grace)) => {
                let vus = ramp.reserved_at(moment - self.begin, *grace);
                (vus, vus)
            }
            None => (self.planned, self.possible),
        }
    }

    fn rises(&self, limit: u64) -> impl Iterator<Item = u64> + '_ {
        let later = self
            .ramp
            .iter()
            .flat_map(move |(ramp, _)| ramp.rises(limit));
        let begin = self.begin;
        std::iter::once(begin).chain(later.map(move |at| begin.saturating_add(at)))
    }
}
