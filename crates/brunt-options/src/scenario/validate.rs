//! From a scenario as it was written to one that can run: defaults and rules.

use std::time::Duration;

use brunt_pacing::Stage;

use super::draft::{ExecutorKind, ScenarioDraft, StageDraft};
use super::{ExecutorConfig, ScenarioConfig};
use crate::duration::format_duration;
use crate::error::{Invalid, quoted};

/// What `gracefulStop` and `gracefulRampDown` are unless set.
pub(crate) const DEFAULT_GRACE: Duration = Duration::from_secs(30);
/// What `maxDuration` is unless set.
pub(crate) const DEFAULT_MAX_DURATION: Duration = Duration::from_mins(10);
/// The shortest regular duration.
const MIN_DURATION: Duration = Duration::from_secs(1);
/// The most VUs that a stage may lead to.
const MAX_STAGE_VUS: u64 = 100_000_000;
/// The longest scenario, from the test's start to the end of its graceful stop: a hundred years, so
/// that times in nanoseconds can be added up without a thought.
const MAX_END: Duration = Duration::from_hours(100 * 365 * 24);

impl ScenarioDraft {
    /// The scenario with its defaults.
    pub(crate) fn validate(&self, name: &str) -> Result<ScenarioConfig, Invalid> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(allowed) {
            return Err(Invalid::new(format!(
                "the name of the scenario {} may only have letters, digits, _ and -",
                quoted(&name.into())
            )));
        }
        if self.exec.as_deref() == Some("") {
            let reason =
                "must not be empty; name an exported function, or leave it out for default";
            return Err(Invalid::new(reason).within("exec"));
        }
        if self.executor == ExecutorKind::ExternallyControlled {
            self.check_external()?;
        }
        let scenario = ScenarioConfig {
            name: name.to_owned(),
            executor: self.executor()?,
            start_time: self.start_time.unwrap_or_default(),
            graceful_stop: self.graceful_stop.unwrap_or(DEFAULT_GRACE),
            exec: self.exec.clone().unwrap_or_else(|| "default".to_owned()),
            env: self.env.clone().unwrap_or_default(),
            tags: self.tags.clone().unwrap_or_default(),
        };
        if scenario.end() > MAX_END {
            return Err(Invalid::new(
                "it would take more than 100 years; shorten its durations",
            ));
        }
        Ok(scenario)
    }

    fn executor(&self) -> Result<ExecutorConfig, Invalid> {
        Ok(match self.executor {
            ExecutorKind::SharedIterations => {
                let vus = positive("vus", self.vus, Some(1))?;
                let iterations = positive("iterations", self.iterations, Some(1))?;
                if iterations < vus {
                    let reason = format!(
                        "{iterations} iterations are too few for {vus} VUs; there must be at least as many as VUs"
                    );
                    return Err(Invalid::new(reason).within("iterations"));
                }
                ExecutorConfig::SharedIterations {
                    vus,
                    iterations,
                    max_duration: self.max_duration()?,
                }
            }
            ExecutorKind::PerVuIterations => ExecutorConfig::PerVuIterations {
                vus: positive("vus", self.vus, Some(1))?,
                iterations: positive("iterations", self.iterations, Some(1))?,
                max_duration: self.max_duration()?,
            },
            ExecutorKind::ConstantVus => ExecutorConfig::ConstantVus {
                vus: positive("vus", self.vus, Some(1))?,
                duration: self.duration()?,
            },
            ExecutorKind::RampingVus => {
                let start_vus = self.start_vus.unwrap_or(1);
                let stages = self.stages()?;
                if start_vus > MAX_STAGE_VUS {
                    let reason = format!("more than {MAX_STAGE_VUS} VUs");
                    return Err(Invalid::new(reason).within("startVUs"));
                }
                if let Some(i) = stages.iter().position(|stage| stage.target > MAX_STAGE_VUS) {
                    let reason = format!("more than {MAX_STAGE_VUS} VUs");
                    return Err(Invalid::new(reason).within("target").at(i).within("stages"));
                }
                if start_vus == 0 && stages.iter().all(|stage| stage.target == 0) {
                    let reason = "no VU would ever run; give startVUs or some target above 0";
                    return Err(Invalid::new(reason).within("stages"));
                }
                ExecutorConfig::RampingVus {
                    start_vus,
                    stages,
                    graceful_ramp_down: self.graceful_ramp_down.unwrap_or(DEFAULT_GRACE),
                }
            }
            ExecutorKind::ConstantArrivalRate => {
                let rate = positive("rate", self.rate, None)?;
                let time_unit = self.time_unit()?;
                let duration = self.duration()?;
                let (pre_allocated_vus, max_vus) = self.arrival_vus()?;
                ExecutorConfig::ConstantArrivalRate {
                    rate,
                    time_unit,
                    duration,
                    pre_allocated_vus,
                    max_vus,
                }
            }
            ExecutorKind::ExternallyControlled => self.external()?,
            ExecutorKind::RampingArrivalRate => {
                let time_unit = self.time_unit()?;
                let stages = self.stages()?;
                let (pre_allocated_vus, max_vus) = self.arrival_vus()?;
                ExecutorConfig::RampingArrivalRate {
                    start_rate: self.start_rate.unwrap_or(0),
                    time_unit,
                    stages,
                    pre_allocated_vus,
                    max_vus,
                }
            }
        })
    }

    /// Externally-controlled scenarios run from the test's start until they are stopped or their
    /// duration is over; iterations then get [`DEFAULT_GRACE`].
    fn check_external(&self) -> Result<(), Invalid> {
        if self.start_time.is_some_and(|at| !at.is_zero()) {
            let reason = "an externally-controlled scenario starts with the test; leave it out";
            return Err(Invalid::new(reason).within("startTime"));
        }
        if self.graceful_stop.is_some() {
            let reason =
                "an externally-controlled scenario lets iterations end by itself; leave it out";
            return Err(Invalid::new(reason).within("gracefulStop"));
        }
        Ok(())
    }

    fn external(&self) -> Result<ExecutorConfig, Invalid> {
        let vus = self.vus.unwrap_or(0);
        let max_vus = self.max_vus.unwrap_or(vus);
        if max_vus < vus {
            let reason = format!("{max_vus} is less than vus, {vus}");
            return Err(Invalid::new(reason).within("maxVUs"));
        }
        let duration = self.duration.ok_or_else(|| {
            let reason = "is required: a duration such as \"30s\", or \"0\" to run until stopped";
            Invalid::new(reason).within("duration")
        })?;
        Ok(ExecutorConfig::ExternallyControlled {
            vus,
            max_vus,
            duration: Some(duration).filter(|duration| !duration.is_zero()),
        })
    }

    fn max_duration(&self) -> Result<Duration, Invalid> {
        long_enough(
            "maxDuration",
            self.max_duration.unwrap_or(DEFAULT_MAX_DURATION),
        )
    }

    fn duration(&self) -> Result<Duration, Invalid> {
        let duration = self.duration.ok_or_else(|| {
            Invalid::new("is required: a duration such as \"30s\"").within("duration")
        })?;
        long_enough("duration", duration)
    }

    fn time_unit(&self) -> Result<Duration, Invalid> {
        let unit = self.time_unit.unwrap_or(Duration::from_secs(1));
        if unit.is_zero() {
            let reason = "must be longer than 0; write for example \"1s\" or \"1m\"";
            return Err(Invalid::new(reason).within("timeUnit"));
        }
        Ok(unit)
    }

    /// `preAllocatedVUs` and `maxVUs`.
    fn arrival_vus(&self) -> Result<(u64, u64), Invalid> {
        let planned = self.pre_allocated_vus.ok_or_else(|| {
            let reason = "is required: how many VUs to make before the start, such as 50";
            Invalid::new(reason).within("preAllocatedVUs")
        })?;
        let most = self.max_vus.unwrap_or(planned);
        if most < planned {
            let reason = format!("{most} is less than preAllocatedVUs, {planned}");
            return Err(Invalid::new(reason).within("maxVUs"));
        }
        if most == 0 {
            let reason = "there would be no VU at all; give preAllocatedVUs or maxVUs above 0";
            return Err(Invalid::new(reason).within("maxVUs"));
        }
        Ok((planned, most))
    }

    fn stages(&self) -> Result<Vec<Stage>, Invalid> {
        let drafts = self.stages.as_deref().unwrap_or_default();
        if drafts.is_empty() {
            let reason = "is required: at least one stage such as {duration: \"30s\", target: 10}";
            return Err(Invalid::new(reason).within("stages"));
        }
        let checked = |(i, draft): (usize, &StageDraft)| {
            let missing = |field: &str| {
                Invalid::new("is required in every stage, as in {duration: \"30s\", target: 10}")
                    .within(field)
                    .at(i)
                    .within("stages")
            };
            Ok(Stage {
                duration: draft.duration.ok_or_else(|| missing("duration"))?,
                target: draft.target.ok_or_else(|| missing("target"))?,
            })
        };
        drafts.iter().enumerate().map(checked).collect()
    }
}

fn positive(field: &str, value: Option<u64>, default: Option<u64>) -> Result<u64, Invalid> {
    match value.or(default) {
        None => Err(Invalid::new("is required: a positive whole number such as 10").within(field)),
        Some(0) => Err(Invalid::expected("a positive whole number", &0.into()).within(field)),
        Some(value) => Ok(value),
    }
}

fn long_enough(field: &str, duration: Duration) -> Result<Duration, Invalid> {
    if duration < MIN_DURATION {
        let found = format_duration(duration);
        let reason = format!("expected at least \"1s\", found \"{found}\"");
        return Err(Invalid::new(reason).within(field));
    }
    Ok(duration)
}
