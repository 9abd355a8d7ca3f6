//! One line about a scenario, for the block that is shown before the start.

use brunt_pacing::{PacingError, Partition};

use super::{ExecutorConfig, ScenarioConfig, ScenarioPart};
use crate::duration::format_duration;

impl ScenarioConfig {
    /// What it does, as in `3 iterations shared among 1 VUs (maxDuration: 10m0s, gracefulStop: 30s)`.
    /// The name is not part of it.
    pub fn describe(&self) -> String {
        // The whole has always something to do and no fraction is too fine.
        self.describe_part(&Partition::whole())
            .ok()
            .flatten()
            .unwrap_or_default()
    }

    /// The same for what one instance runs of it; `None` if that is nothing.
    ///
    /// # Errors
    /// When the numbers are too fine to be dealt out.
    pub fn describe_part(&self, partition: &Partition) -> Result<Option<String>, PacingError> {
        let part = self.executor.part(partition)?;
        Ok(part.map(|part| self.text(&part, partition)))
    }

    fn text(&self, part: &ScenarioPart, partition: &Partition) -> String {
        let share = partition.segment().length();
        let length = format_duration(self.executor.regular_duration());
        let mut facts = Vec::new();
        let what = match &self.executor {
            ExecutorConfig::SharedIterations { .. } => {
                let (iterations, vus) = (part.iterations, part.vus);
                facts.push(format!("maxDuration: {length}"));
                format!("{iterations} iterations shared among {vus} VUs")
            }
            ExecutorConfig::PerVuIterations { .. } => {
                let (iterations, vus) = (part.iterations, part.vus);
                facts.push(format!("maxDuration: {length}"));
                format!("{iterations} iterations for each of {vus} VUs")
            }
            ExecutorConfig::ConstantVus { .. } => {
                format!("{} looping VUs for {length}", part.vus)
            }
            ExecutorConfig::RampingVus {
                stages,
                graceful_ramp_down,
                ..
            } => {
                let grace = format_duration(*graceful_ramp_down);
                facts.push(format!("gracefulRampDown: {grace}"));
                let vus = part.vus;
                format!(
                    "Up to {vus} looping VUs for {length} over {} stages",
                    stages.len()
                )
            }
            ExecutorConfig::ConstantArrivalRate {
                rate, time_unit, ..
            } => {
                facts.push(vus_fact(part));
                let rate = *rate as f64 * share / time_unit.as_secs_f64();
                format!("{rate:.2} iterations/s for {length}")
            }
            ExecutorConfig::RampingArrivalRate {
                start_rate,
                time_unit,
                stages,
                ..
            } => {
                facts.push(vus_fact(part));
                let highest = stages
                    .iter()
                    .map(|stage| stage.target)
                    .fold(*start_rate, u64::max);
                let rate = highest as f64 * share / time_unit.as_secs_f64();
                format!(
                    "Up to {rate:.2} iterations/s for {length} over {} stages",
                    stages.len()
                )
            }
            ExecutorConfig::ExternallyControlled { duration, .. } => {
                let length = match duration {
                    Some(_) => format!("for {length}"),
                    None => "until stopped".to_owned(),
                };
                let (vus, most) = (part.start_vus, part.max_vus);
                format!("{vus} of {most} looping VUs {length}, controlled from outside")
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
}

fn vus_fact(part: &ScenarioPart) -> String {
    let (planned, most) = (part.vus, part.max_vus);
    if planned == most {
        format!("maxVUs: {most}")
    } else {
        format!("maxVUs: {planned}-{most}")
    }
}
