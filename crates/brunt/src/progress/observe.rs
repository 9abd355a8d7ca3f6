//! From the engine's counters to what is shown.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use brunt_engine::{ScenarioState, TestState};
use brunt_options::ExecutorConfig;
use brunt_options::scenario::ScenarioPart;
use brunt_pacing::{ArrivalSchedule, nanos};
use brunt_summary::{Phase, Progress, ScenarioProgress, Stage, Work};

/// A test as it stands at `now` (monotonic nanoseconds; after the test, the moment at which its
/// scenarios ended). `stopped` tells whether it was told to end before its time.
pub(crate) fn observe(state: &TestState, now: i64, stopped: bool) -> Progress {
    let started = state.started.load(Relaxed);
    let now = state.test_time(now);
    let is_started = started != 0;
    let elapsed = if is_started {
        since(started, now)
    } else {
        Duration::ZERO
    };
    let scenarios = state.scenarios();
    let longest = scenarios
        .iter()
        .map(|scenario| scenario.scenario.config.end())
        .max();
    Progress {
        stage: if is_started {
            Stage::Running
        } else {
            Stage::Initializing
        },
        elapsed,
        max_duration: longest.unwrap_or_default(),
        active_vus: state.vus_active.load(Relaxed),
        vus: state.vus_initialized.load(Relaxed),
        completed: state.iterations_completed.load(Relaxed),
        interrupted: state.iterations_interrupted.load(Relaxed),
        scenarios: scenarios
            .iter()
            .map(|s| scenario(s, elapsed, stopped))
            .collect(),
        outages: Vec::new(),
    }
}

fn scenario(state: &ScenarioState, elapsed: Duration, stopped: bool) -> ScenarioProgress {
    let config = &state.scenario.config;
    let duration = config.executor.regular_duration();
    let fraction = f64::from_bits(state.scenario.progress.load(Relaxed));
    let started = state
        .scenario
        .started
        .get()
        .map(|_| elapsed.saturating_sub(config.start_time));
    let phase = match started {
        _ if state.finished.load(Relaxed) => {
            if stopped && fraction < 1.0 {
                Phase::Interrupted
            } else {
                Phase::Done
            }
        }
        None if stopped => Phase::Interrupted,
        None => Phase::Waiting(config.start_time.saturating_sub(elapsed)),
        Some(running) if stopped || running >= duration => Phase::Stopping,
        Some(_) => Phase::Running,
    };
    // What goes by time is as far as its time is: what the engine noted last may be a moment old.
    let shown = match (&config.executor, started) {
        (ExecutorConfig::SharedIterations { .. } | ExecutorConfig::PerVuIterations { .. }, _)
        | (_, None) => fraction,
        _ if stopped || duration.is_zero() => fraction,
        (_, Some(running)) => running.div_duration_f64(duration).min(1.0),
    };
    ScenarioProgress {
        name: config.name.clone(),
        phase,
        fraction: shown,
        elapsed: started.unwrap_or_default().min(duration),
        duration,
        active_vus: state.vus_active.load(Relaxed),
        vus: state.vus.load(Relaxed),
        work: work(state, started.unwrap_or_default()),
    }
}

fn work(state: &ScenarioState, elapsed: Duration) -> Work {
    let (part, done) = (&state.part, state.completed.load(Relaxed));
    match &state.scenario.config.executor {
        ExecutorConfig::SharedIterations { .. } => Work::Shared {
            done,
            total: part.iterations,
        },
        ExecutorConfig::PerVuIterations { .. } => Work::PerVu {
            done,
            total: part.vus.saturating_mul(part.iterations),
            each: part.iterations,
        },
        ExecutorConfig::ConstantVus { .. } => Work::Time,
        ExecutorConfig::RampingVus { .. } | ExecutorConfig::ExternallyControlled { .. } => {
            Work::VaryingVus
        }
        ExecutorConfig::ConstantArrivalRate {
            rate, time_unit, ..
        } => {
            let now = per_second(*rate, *time_unit) * share(part);
            Work::Rate { now, peak: now }
        }
        ExecutorConfig::RampingArrivalRate {
            start_rate,
            time_unit,
            stages,
            ..
        } => {
            let highest = stages.iter().map(|stage| stage.target);
            let highest = highest.fold(*start_rate, u64::max);
            let arrivals = ArrivalSchedule::ramping(*start_rate, *time_unit, stages);
            let now = arrivals.map_or(0.0, |arrivals| arrivals.rate_at(nanos(elapsed)));
            Work::Rate {
                now: now * share(part),
                peak: per_second(highest, *time_unit) * share(part),
            }
        }
    }
}

fn per_second(rate: u64, time_unit: Duration) -> f64 {
    rate as f64 / time_unit.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// How much of all starts is this instance's.
fn share(part: &ScenarioPart) -> f64 {
    part.numbers.slots().len() as f64 / part.numbers.period() as f64
}

fn since(started: i64, now: i64) -> Duration {
    Duration::from_nanos(u64::try_from(now.saturating_sub(started)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64};
    use std::sync::{Arc, OnceLock};

    use brunt_engine::Scenario;
    use brunt_options::ScenarioConfig;
    use brunt_pacing::Partition;

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn scenario(executor: ExecutorConfig, started: Option<i64>, fraction: f64) -> ScenarioState {
        let config = ScenarioConfig {
            name: "x".to_owned(),
            executor,
            start_time: Duration::from_secs(3),
            graceful_stop: Duration::from_secs(30),
            exec: "default".to_owned(),
            env: [].into(),
            tags: [].into(),
        };
        let once = OnceLock::new();
        if let Some(started) = started {
            once.set(started).expect("empty");
        }
        let progress = AtomicU64::new(fraction.to_bits());
        let part = config.executor.part(&Partition::whole());
        let part = part.expect("not too fine").expect("something to do");
        ScenarioState {
            scenario: Arc::new(Scenario {
                index: 0,
                config,
                started: once,
                progress,
            }),
            part,
            started: AtomicU64::new(7),
            completed: AtomicU64::new(5),
            interrupted: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            vus_active: AtomicU64::new(1),
            vus: AtomicU64::new(2),
            finished: AtomicBool::new(false),
        }
    }

    fn looping(started: Option<i64>, fraction: f64) -> ScenarioState {
        let duration = Duration::from_secs(10);
        scenario(
            ExecutorConfig::ConstantVus { vus: 2, duration },
            started,
            fraction,
        )
    }

    fn test(scenario: ScenarioState) -> TestState {
        let state = TestState::default();
        state.started.store(100 * SECOND, Relaxed);
        state
            .scenarios
            .set(vec![Arc::new(scenario)])
            .expect("empty");
        state
    }

    fn phase(scenario: ScenarioState, second: i64, stopped: bool) -> Phase {
        observe(&test(scenario), second * SECOND, stopped).scenarios[0].phase
    }

    #[test]
    fn phases_follow_the_scenario() {
        let started = Some(103 * SECOND);
        let rest = Duration::from_secs(2);
        assert_eq!(phase(looping(None, 0.0), 101, false), Phase::Waiting(rest));
        assert_eq!(phase(looping(started, 0.1), 104, false), Phase::Running);
        assert_eq!(phase(looping(started, 1.0), 113, false), Phase::Stopping);
        assert_eq!(phase(looping(started, 0.1), 104, true), Phase::Stopping);
        assert_eq!(phase(looping(None, 0.0), 101, true), Phase::Interrupted);
        let finished = |fraction| {
            let scenario = looping(started, fraction);
            scenario.finished.store(true, Relaxed);
            scenario
        };
        assert_eq!(phase(finished(1.0), 113, false), Phase::Done);
        assert_eq!(phase(finished(0.5), 108, true), Phase::Interrupted);
        // A signal during teardown does not make it unfinished.
        assert_eq!(phase(finished(1.0), 113, true), Phase::Done);
    }

    #[test]
    fn the_bar_of_what_goes_by_time_is_where_its_time_is() {
        let shown = |second, stopped| {
            let test = test(looping(Some(103 * SECOND), 0.25));
            observe(&test, second * SECOND, stopped).scenarios[0].fraction
        };
        assert_eq!(shown(108, false), 0.5);
        assert_eq!(shown(120, false), 1.0);
        assert_eq!(shown(108, true), 0.25);
    }

    #[test]
    fn times_and_counts_are_those_of_the_engine() {
        let max_duration = Duration::from_mins(10);
        let executor = ExecutorConfig::SharedIterations {
            vus: 2,
            iterations: 9,
            max_duration,
        };
        let state = test(scenario(executor, Some(103 * SECOND), 0.5));
        state.iterations_completed.store(5, Relaxed);
        state.vus_initialized.store(4, Relaxed);
        let progress = observe(&state, 104 * SECOND, false);
        assert_eq!(progress.elapsed, Duration::from_secs(4));
        assert_eq!(progress.max_duration, Duration::from_secs(633));
        assert_eq!((progress.completed, progress.vus), (5, 4));
        assert_eq!(progress.scenarios[0].elapsed, Duration::from_secs(1));
        assert_eq!(
            progress.scenarios[0].work,
            Work::Shared { done: 5, total: 9 }
        );
    }

    #[test]
    fn before_the_start_nothing_has_passed() {
        let progress = observe(&TestState::default(), 5 * SECOND, false);
        assert_eq!(
            (progress.stage, progress.elapsed),
            (Stage::Initializing, Duration::ZERO)
        );
    }
}
