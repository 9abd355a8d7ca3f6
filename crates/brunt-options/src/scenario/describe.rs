//! One line about a scenario, for the block that is shown before the start.

use super::{ExecutorConfig, ScenarioConfig};
use crate::duration::format_duration;

impl ScenarioConfig {
    /// What it does, as in `3 iterations shared among 1 VUs (maxDuration: 10m0s, gracefulStop: 30s)`.
    /// The name is not part of it.
    pub fn describe(&self) -> String {
        let length = format_duration(self.executor.regular_duration());
        let mut facts = Vec::new();
        let what = match &self.executor {
            ExecutorConfig::SharedIterations {
                vus, iterations, ..
            } => {
                facts.push(format!("maxDuration: {length}"));
                format!("{iterations} iterations shared among {vus} VUs")
            }
            ExecutorConfig::PerVuIterations {
                vus, iterations, ..
            } => {
                facts.push(format!("maxDuration: {length}"));
                format!("{iterations} iterations for each of {vus} VUs")
            }
            ExecutorConfig::ConstantVus { vus, .. } => format!("{vus} looping VUs for {length}"),
            ExecutorConfig::RampingVus {
                stages,
                graceful_ramp_down,
                ..
            } => {
                let grace = format_duration(*graceful_ramp_down);
                facts.push(format!("gracefulRampDown: {grace}"));
                let vus = self.executor.planned_vus();
                format!(
                    "Up to {vus} looping VUs for {length} over {} stages",
                    stages.len()
                )
            }
            ExecutorConfig::ConstantArrivalRate {
                rate, time_unit, ..
            } => {
                facts.push(self.vus_fact());
                let rate = *rate as f64 / time_unit.as_secs_f64();
                format!("{rate:.2} iterations/s for {length}")
            }
            ExecutorConfig::RampingArrivalRate {
                start_rate,
                time_unit,
                stages,
                ..
            } => {
                facts.push(self.vus_fact());
                let highest = stages
                    .iter()
                    .map(|stage| stage.target)
                    .fold(*start_rate, u64::max);
                let rate = highest as f64 / time_unit.as_secs_f64();
                format!(
                    "Up to {rate:.2} iterations/s for {length} over {} stages",
                    stages.len()
                )
            }
        };
        if self.exec != "default" {
            facts.push(format!("exec: {}", self.exec));
        }
        if !self.start_time.is_zero() {
            facts.push(format!("startTime: {}", format_duration(self.start_time)));
        }
        if !self.graceful_stop.is_zero() {
            facts.push(format!(
                "gracefulStop: {}",
                format_duration(self.graceful_stop)
            ));
        }
        if facts.is_empty() {
            return what;
        }
        format!("{what} ({})", facts.join(", "))
    }

    fn vus_fact(&self) -> String {
        let (planned, most) = (self.executor.planned_vus(), self.executor.max_vus());
        if planned == most {
            format!("maxVUs: {most}")
        } else {
            format!("maxVUs: {planned}-{most}")
        }
    }
}
