//! Which virtual users each scenario gets, settled before the start.
//!
//! Scenarios that do not overlap in time share VUs. Giving out fixed numbers here, instead of
//! drawing them from a pool at run time, lets every worker know its own VUs without asking others.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::time::Duration;

use brunt_options::ScenarioConfig;
use brunt_options::scenario::ScenarioPart;
use brunt_pacing::Partition;

use crate::executor::arrivals;
use crate::outcome::StartError;

/// More VUs than this are refused: at 100 kB each they would take 100 GB.
pub(crate) const MAX_VUS: u64 = 1_000_000;

/// Who uses which VU.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// How many VUs to make before the start: the most that are planned at any one time.
    pub(crate) pool: u32,
    /// For each scenario its VUs, counted from 0.
    pub(crate) vus: Vec<Vec<u32>>,
}

impl Plan {
    /// Hands out VUs to the scenarios, for each of which there is a part.
    pub(crate) fn new(
        scenarios: &[ScenarioConfig],
        parts: &[ScenarioPart],
    ) -> Result<Self, StartError> {
        let mut order: Vec<usize> = (0..scenarios.len()).collect();
        order.sort_by_key(|&i| (scenarios[i].start_time, &scenarios[i].name, i));
        let mut plan = Self {
            pool: 0,
            vus: vec![Vec::new(); scenarios.len()],
        };
        let mut free = BTreeSet::new();
        let mut busy: BinaryHeap<Reverse<(Duration, usize)>> = BinaryHeap::new();
        for index in order {
            let scenario = &scenarios[index];
            while let Some(&Reverse((end, earlier))) = busy.peek() {
                if end > scenario.start_time {
                    break;
                }
                busy.pop();
                free.extend(plan.vus[earlier].iter().copied());
            }
            let wanted = parts[index].vus;
            let missing = wanted.saturating_sub(free.len() as u64);
            let vus = u64::from(plan.pool).saturating_add(missing);
            if vus > MAX_VUS {
                return Err(StartError::TooManyVus {
                    vus,
                    limit: MAX_VUS,
                });
            }
            free.extend(plan.pool..vus as u32);
            plan.pool = vus as u32;
            plan.vus[index] = std::iter::from_fn(|| free.pop_first())
                .take(wanted as usize)
                .collect();
            busy.push(Reverse((hard_end(scenario), index)));
        }
        Ok(plan)
    }
}

/// When the last iteration of a scenario is interrupted, counted from the test's start.
pub(crate) fn hard_end(scenario: &ScenarioConfig) -> Duration {
    scenario
        .start_time
        .saturating_add(scenario.executor.regular_duration())
        .saturating_add(scenario.graceful_stop)
}

/// A duration in nanoseconds, at most about 146 years so that sums of two do not overflow.
pub(crate) fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos())
        .unwrap_or(i64::MAX)
        .min(i64::MAX / 2)
}

/// What this instance runs of a scenario; `None` for nothing.
///
/// # Errors
/// When its rate cannot be kept or its numbers cannot be dealt out.
pub(crate) fn part(
    scenario: &ScenarioConfig,
    partition: &Partition,
) -> Result<Option<ScenarioPart>, StartError> {
    let refused = |reason| StartError::Schedule {
        scenario: scenario.name.clone(),
        reason,
    };
    if let Some(arrivals) = arrivals(&scenario.executor) {
        arrivals.map_err(refused)?;
    }
    scenario.executor.part(partition).map_err(refused)
}

#[cfg(test)]
mod tests {
    use brunt_options::scenario::ExecutorConfig;

    use super::*;

    fn plan(scenarios: &[ScenarioConfig]) -> Result<Plan, StartError> {
        let parts: Vec<_> = scenarios
            .iter()
            .filter_map(|scenario| part(scenario, &Partition::whole()).unwrap())
            .collect();
        Plan::new(scenarios, &parts)
    }

    fn scenario(name: &str, start: u64, seconds: u64, graceful: u64, vus: u64) -> ScenarioConfig {
        ScenarioConfig {
            name: name.to_owned(),
            executor: ExecutorConfig::ConstantVus {
                vus,
                duration: Duration::from_secs(seconds),
            },
            start_time: Duration::from_secs(start),
            graceful_stop: Duration::from_secs(graceful),
            exec: "default".to_owned(),
            env: std::collections::BTreeMap::new(),
            tags: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn scenarios_that_do_not_overlap_share_vus() {
        let plan = plan(&[scenario("a", 0, 5, 5, 3), scenario("b", 10, 5, 0, 4)]).unwrap();
        assert_eq!(plan.pool, 4);
        assert_eq!(plan.vus, [vec![0, 1, 2], vec![0, 1, 2, 3]]);
    }

    #[test]
    fn the_graceful_stop_counts_as_use() {
        let plan = plan(&[scenario("a", 0, 5, 6, 3), scenario("b", 10, 5, 0, 4)]).unwrap();
        assert_eq!(plan.pool, 7);
        assert_eq!(plan.vus[1], [3, 4, 5, 6]);
    }

    #[test]
    fn too_many_vus_are_refused_without_making_room_for_them() {
        let error = plan(&[scenario("a", 0, 1, 0, u64::MAX)]).unwrap_err();
        assert!(error.to_string().contains("lower vus"), "{error}");
    }
}
