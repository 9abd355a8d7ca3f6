//! What one instance runs of a scenario when a test is cut into segments.
//!
//! The configuration stays that of the whole test, because times and rates come from it; this says
//! which VUs, iterations and starts of it are an instance's own.

use brunt_pacing::{PacingError, Partition, Stripes};

use super::ExecutorConfig;

/// An instance's part of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioPart {
    /// VUs to be made before its start.
    pub vus: u64,
    /// VUs that it may come to use.
    pub max_vus: u64,
    /// VUs that are active at the start, for executors that change their number.
    pub start_vus: u64,
    /// Iterations of all VUs together (shared-iterations) or of each (per-vu-iterations); 0 for the
    /// others.
    pub iterations: u64,
    /// The numbers of the iterations among those of the whole test; for arrival rates, of the starts.
    pub numbers: Stripes,
    /// The numbers of the VUs among those of the whole test.
    pub vu_numbers: Stripes,
}

impl ExecutorConfig {
    /// The part of an instance; `None` if it has nothing to do.
    ///
    /// # Errors
    /// When the numbers are too fine to be dealt out.
    pub fn part(&self, partition: &Partition) -> Result<Option<ScenarioPart>, PacingError> {
        let max_vus = partition.scale(self.max_vus());
        if max_vus == 0 && !self.may_grow() {
            return Ok(None);
        }
        let mut part = ScenarioPart {
            vus: partition.scale(self.planned_vus()),
            max_vus,
            start_vus: 0,
            iterations: 0,
            numbers: partition.stripes().clone(),
            vu_numbers: partition.stripes().clone(),
        };
        match self {
            Self::SharedIterations {
                vus, iterations, ..
            } => {
                let Some(numbers) = partition.by_vus(*vus)? else {
                    return Ok(None);
                };
                part.iterations = numbers.scale(*iterations);
                part.numbers = numbers;
            }
            Self::PerVuIterations { iterations, .. } => part.iterations = *iterations,
            Self::ConstantVus { .. } => part.start_vus = part.vus,
            Self::RampingVus { start_vus, .. } => part.start_vus = partition.scale(*start_vus),
            Self::ConstantArrivalRate { max_vus, .. }
            | Self::RampingArrivalRate { max_vus, .. } => {
                let Some(numbers) = partition.by_vus(*max_vus)? else {
                    return Ok(None);
                };
                part.numbers = numbers;
            }
            Self::ExternallyControlled { vus, .. } => part.start_vus = partition.scale(*vus),
        }
        Ok(Some(part))
    }

    /// Whether VUs beyond the maximum may come by a command.
    fn may_grow(&self) -> bool {
        matches!(self, Self::ExternallyControlled { .. })
    }
}
