//! A test from the outside: start it, run it, ask for its summary, end it.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;
use std::time::Duration;

use brunt_bus::Recorder;
use brunt_options::scenario::ScenarioPart;
use tokio::sync::mpsc::unbounded_channel;

use crate::conductor::Conductor;
use crate::config::EngineConfig;
use crate::control::Control;
use crate::executor::Shared;
use crate::log::{Level, LogSink, Record};
use crate::mailbox::Mailbox;
use crate::outcome::{CallError, StartError, TestOutcome};
use crate::plan::{self, Plan, nanos};
use crate::state::{ScenarioState, TestState};
use crate::threads;
use crate::time::TimeSource;
use crate::vu::{Scenario, VuFactory};
use crate::worker::{Common, WorkerSeed};

/// What a test is made of besides its configuration.
pub struct Parts {
    /// Makes the VUs.
    pub factory: Arc<dyn VuFactory>,
    /// Where log records go.
    pub log: Arc<dyn LogSink>,
    /// What all threads know about the test.
    pub state: Arc<TestState>,
    /// The test's time line: [`crate::MonotonicTime`] but for tests.
    pub time: Arc<dyn TimeSource>,
}

/// A test with its workers.
pub struct Engine {
    conductor: Conductor,
    threads: Vec<JoinHandle<()>>,
}

impl Engine {
    /// Starts one worker thread for each recorder. Nothing of the script runs yet.
    ///
    /// # Errors
    /// When the scenarios cannot be run, or the system refuses a thread.
    pub fn start(
        config: EngineConfig,
        parts: Parts,
        recorders: Vec<Recorder>,
    ) -> Result<Self, StartError> {
        let time = Arc::clone(&parts.time);
        let (mut engine, seeds) = Self::assemble(config, parts, recorders.len())?;
        for (seed, recorder) in seeds.into_iter().zip(recorders) {
            engine
                .threads
                .push(threads::spawn(seed, recorder, Arc::clone(&time))?);
        }
        Ok(engine)
    }

    /// An engine whose workers the caller makes and polls: tests run several of them in virtual
    /// time on one thread.
    ///
    /// # Errors
    /// When the scenarios cannot be run.
    pub fn assemble(
        mut config: EngineConfig,
        parts: Parts,
        workers: usize,
    ) -> Result<(Self, Vec<WorkerSeed>), StartError> {
        if workers == 0 {
            return Err(StartError::NoWorkers);
        }
        let own = take_parts(&mut config, parts.log.as_ref())?;
        let plan = Plan::new(&config.scenarios, &own)?;
        let states: Vec<Arc<ScenarioState>> = config
            .scenarios
            .iter()
            .zip(&own)
            .enumerate()
            .map(|(index, (scenario, part))| {
                let scenario = Scenario {
                    index,
                    config: scenario.clone(),
                    started: std::sync::OnceLock::new(),
                    progress: AtomicU64::new(0),
                };
                Arc::new(ScenarioState::new(Arc::new(scenario), part.clone()))
            })
            .collect();
        let scenarios = states
            .iter()
            .zip(plan.vus)
            .map(|(state, vus)| Arc::new(Shared::new(Arc::clone(state), vus, workers)))
            .collect();
        // Set before by someone who runs one state through two tests: then that is what it shows.
        let _ = parts.state.scenarios.set(states);
        let common = Arc::new(Common {
            factory: parts.factory,
            log: parts.log,
            state: parts.state,
            scenarios,
            mailboxes: (0..workers).map(|_| Arc::new(Mailbox::default())).collect(),
            vu_numbers: config.partition.stripes().clone(),
            next_vu: AtomicU64::new(u64::from(plan.pool) + 1),
            run_tags: Arc::clone(&config.run_tags),
            scenario_tag: config.scenario_tag,
            lateness: config.lateness,
            interrupt_grace: nanos(config.interrupt_grace),
        });
        let (sender, events) = unbounded_channel();
        let seeds = (0..workers)
            .map(|index| WorkerSeed {
                index,
                common: Arc::clone(&common),
                events: sender.clone(),
            })
            .collect();
        let conductor = Conductor::new(config, common, plan.pool, parts.time, events);
        Ok((
            Self {
                conductor,
                threads: Vec::new(),
            },
            seeds,
        ))
    }

    /// A handle that stops this test.
    pub fn control(&self) -> Control {
        self.conductor.control().clone()
    }

    /// Runs the test from init to teardown. The recorders are flushed when it returns. Only waits,
    /// so any tokio runtime with time enabled will do. To be called once.
    pub async fn run(&mut self) -> TestOutcome {
        self.conductor.run().await
    }

    /// Runs `handleSummary(data)` in a VU of its own, after [`Engine::run`]. Gives what it returned,
    /// as JSON; `None` stands for `undefined`.
    ///
    /// # Errors
    /// When it throws, calls `exec.test.abort()`, takes longer than `timeout`, or is killed.
    pub async fn handle_summary(
        &mut self,
        data: Arc<str>,
        timeout: Duration,
    ) -> Result<Option<Arc<str>>, CallError> {
        self.conductor.handle_summary(data, timeout).await
    }

    /// Flushes and drops the recorders and ends the worker threads. Waits for none that is stuck.
    pub async fn finish(mut self) {
        let finished = self.conductor.finish().await;
        for (thread, finished) in self.threads.into_iter().zip(finished) {
            if finished {
                // It has said that it is at its end, so this does not block. It cannot have
                // panicked after that either.
                let _ = thread.join();
            }
        }
    }
}

/// What this instance runs of each scenario. Those of which it runs nothing are left out.
fn take_parts(
    config: &mut EngineConfig,
    log: &dyn LogSink,
) -> Result<Vec<ScenarioPart>, StartError> {
    let mut own = Vec::with_capacity(config.scenarios.len());
    for scenario in std::mem::take(&mut config.scenarios) {
        match plan::part(&scenario, &config.partition)? {
            Some(part) => {
                own.push(part);
                config.scenarios.push(scenario);
            }
            None if log.enabled(Level::Warn) => log.log(Record {
                level: Level::Warn,
                message: format!(
                    "scenario {} has no VU in the segment {}, so it does not run here",
                    scenario.name,
                    config.partition.segment()
                ),
                fields: Vec::new(),
            }),
            None => {}
        }
    }
    Ok(own)
}

/// Starts a test, runs it and ends its threads.
///
/// # Errors
/// When it cannot start; everything later is in the outcome.
pub async fn run_test(
    config: EngineConfig,
    parts: Parts,
    recorders: Vec<Recorder>,
) -> Result<TestOutcome, StartError> {
    let mut engine = Engine::start(config, parts, recorders)?;
    let outcome = engine.run().await;
    engine.finish().await;
    Ok(outcome)
}
