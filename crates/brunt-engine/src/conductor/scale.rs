//! Changing the VUs of an externally-controlled scenario.
//!
//! New VUs are initialized before any of them starts, because a command that is answered has been
//! carried out. Meanwhile only the test's end is looked for.

use std::sync::atomic::Ordering;
use std::time::Duration;

use brunt_options::ExecutorConfig;

use crate::control::{ControlError, Phase, Scale};
use crate::mailbox::Message;
use crate::plan::MAX_VUS;
use crate::worker::Event;

use super::{Conductor, Wake};

/// How long the VUs of one command may take to evaluate the script.
const PATIENCE: Duration = Duration::from_mins(1);

impl Conductor {
    pub(super) async fn scale(&mut self, scale: &Scale) -> Result<(), ControlError> {
        let index = self.scalable(scale.scenario.as_deref())?;
        if self.control.phase() != Phase::Running {
            return Err(ControlError::NotStarted);
        }
        if self.common.scenarios[index]
            .state
            .finished
            .load(Ordering::Acquire)
        {
            let name = self.config.scenarios[index].name.clone();
            return Err(ControlError::ScenarioOver(name));
        }
        let (vus_now, max_now) = self.scaled[index];
        let max = scale.max.unwrap_or(max_now);
        let vus = scale.vus.unwrap_or(vus_now);
        if vus > max {
            return Err(ControlError::AboveMaximum { vus, max });
        }
        let planned = self.common.state.vus_initialized.load(Ordering::Relaxed);
        let others = planned.saturating_sub(max_now);
        if others.saturating_add(max) > MAX_VUS {
            let limit = MAX_VUS.saturating_sub(others);
            return Err(ControlError::TooManyVus { max, limit });
        }
        let added = self.add_vus(index, max_now, max).await;
        // Those that were made before one failed are there: so the maximum is what there is.
        let max = match &added {
            Ok(()) => max,
            Err(_) => max_now,
        };
        let vus = vus.min(max);
        self.scaled[index] = (vus, max);
        let state = &self.common.scenarios[index].state;
        state.vus.store(max, Ordering::Relaxed);
        self.broadcast(|| Message::Scale {
            scenario: index,
            vus,
            max,
        });
        added
    }

    /// The scenario that a command means.
    fn scalable(&self, name: Option<&str>) -> Result<usize, ControlError> {
        let scenarios = &self.config.scenarios;
        let is_controlled = |executor: &ExecutorConfig| {
            matches!(executor, ExecutorConfig::ExternallyControlled { .. })
        };
        let Some(name) = name else {
            return (0..scenarios.len())
                .filter(|&index| is_controlled(&scenarios[index].executor))
                .min_by_key(|&index| &scenarios[index].name)
                .ok_or(ControlError::NothingToScale);
        };
        match scenarios.iter().position(|scenario| scenario.name == name) {
            Some(index) if is_controlled(&scenarios[index].executor) => Ok(index),
            Some(index) => Err(ControlError::NotScalable {
                scenario: name.to_owned(),
                executor: scenarios[index].executor.kind(),
            }),
            None => Err(ControlError::NoSuchScenario {
                name: name.to_owned(),
                known: scenarios
                    .iter()
                    .map(|scenario| scenario.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }

    /// Lets the workers make the VUs numbered from `from` to `to`, and waits until all are there.
    async fn add_vus(&mut self, scenario: usize, from: u64, to: u64) -> Result<(), ControlError> {
        let workers = self.common.mailboxes.len();
        for number in from..to {
            let worker = (number % workers as u64) as usize;
            self.common.mailboxes[worker].send(Message::Add { scenario, number });
        }
        let mut waiting = to.saturating_sub(from);
        let mut failed = None;
        let until = self.in_future(PATIENCE);
        while waiting > 0 {
            if self.control.is_interrupted() {
                return Err(ControlError::Ended);
            }
            let left = until.saturating_sub(self.time.now()).max(0) as u64;
            match self.wake(Some(Duration::from_nanos(left))).await {
                Wake::Event(_, Event::Added(result)) => {
                    waiting -= 1;
                    failed = failed.or(result.err());
                }
                Wake::Event(worker, event @ (Event::ScenariosOver | Event::Aborted(_))) => {
                    self.deferred.push_back((worker, event));
                    if self
                        .deferred
                        .iter()
                        .any(|(_, event)| matches!(event, Event::Aborted(_)))
                    {
                        return Err(ControlError::Ended);
                    }
                }
                Wake::Event(..) | Wake::Control | Wake::Command(_) => {}
                Wake::Timeout => {
                    failed = Some(format!("not within {} s", PATIENCE.as_secs()));
                    waiting = 0;
                }
            }
        }
        failed.map_or(Ok(()), |reason| Err(ControlError::InitFailed(reason)))
    }
}
