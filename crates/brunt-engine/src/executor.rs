//! What decides when iterations start: one small state machine for each scenario and worker.
//!
//! An executor is told what happened and at what time, and answers with [`Orders`]. It reads no
//! clock and waits for nothing, so virtual time is nothing special to it. What the parts of one
//! scenario on several workers have in common are atomics in [`Shared`].

mod arrival_rate;
mod looping_vus;
mod per_vu_iterations;
mod shared_iterations;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use brunt_options::scenario::ExecutorConfig;
use brunt_pacing::{ArrivalSchedule, PacingError, VuRamp};

use crate::plan::nanos;
use crate::state::ScenarioState;

use arrival_rate::ArrivalRate;
use looping_vus::LoopingVus;
use per_vu_iterations::PerVuIterations;
use shared_iterations::SharedIterations;

/// What all workers know of one scenario.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Its configuration, and how far it is.
    pub(crate) state: Arc<ScenarioState>,
    /// Its VUs by number, counted from 0; rising.
    pub(crate) vus: Vec<u32>,
    /// Workers that have VUs of it and share its starts; one at least.
    pub(crate) participants: Vec<usize>,
    /// The number of the next iteration.
    pub(crate) numbers: AtomicU64,
    /// Workers that are not done with it.
    pub(crate) parts_left: AtomicUsize,
    /// For each worker the idle VUs that are promised to nobody.
    pub(crate) permits: Vec<AtomicU32>,
    /// A VU is being made for it, or that failed and no more are tried.
    pub(crate) growing: AtomicBool,
    /// The user was warned of too few VUs.
    pub(crate) warned: AtomicBool,
}

/// What an executor wants done.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    /// Iterations to start.
    pub(crate) starts: Vec<Start>,
    /// VUs that it needs no more.
    pub(crate) released: Vec<u32>,
    /// Starts for other workers: worker and due time.
    pub(crate) lent: Vec<(usize, i64)>,
    /// VUs whose iterations are to be interrupted.
    pub(crate) interrupted: Vec<u32>,
    /// Samples of `dropped_iterations`.
    pub(crate) dropped: Vec<u64>,
    /// One more VU is needed.
    pub(crate) grow: bool,
}

/// An iteration to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    /// The worker's slot of the VU.
    pub(crate) slot: u32,
    /// The iteration's number in the scenario.
    pub(crate) number: u64,
    /// When it was due.
    pub(crate) scheduled: i64,
}

/// One worker's part of a scenario.
pub(crate) trait Executor {
    /// A VU will be given that has this number in the scenario, from 0.
    fn on_vu(&mut self, _slot: u32, _number: u64) {}

    /// A VU was given, or came back from its iteration. Start something with it, keep it or give it
    /// up.
    fn on_idle(&mut self, slot: u32, now: i64, orders: &mut Orders);

    /// The scenario started, or [`Executor::deadline`] has come.
    fn on_tick(&mut self, _now: i64, _orders: &mut Orders) {}

    /// Another worker took an idle VU's permit and sends a start for it.
    fn on_lent(&mut self, _scheduled: i64, _orders: &mut Orders) {}

    /// The first `vus` VUs are to loop; those from `max` on are needed no more.
    fn on_scale(&mut self, _vus: u64, _max: u64, _now: i64, _orders: &mut Orders) {}

    /// The regular duration is over: nothing new becomes due.
    fn on_end(&mut self, orders: &mut Orders);

    /// The graceful stop is over: give up what is idle, and what waits counts as dropped.
    fn on_hard_end(&mut self, _orders: &mut Orders) {}

    /// The test is being stopped: give up everything that is idle, count nothing as dropped.
    fn on_stop(&mut self, _orders: &mut Orders) {}

    /// The last part of the scenario is done; called on that part only, and not after a stop.
    fn on_last(&mut self, _orders: &mut Orders) {}

    /// When [`Executor::on_tick`] is to be called.
    fn deadline(&self) -> Option<i64> {
        None
    }

    /// Whether it may start something though no VU of it is running.
    fn is_open(&self) -> bool {
        false
    }

    /// Progress from 0 to 1, if it is not simply the share of the regular duration.
    fn progress(&self) -> Option<f64> {
        None
    }

    /// Whether commands change its VUs.
    fn is_controlled(&self) -> bool {
        false
    }

    /// Whether iterations have due times of their own.
    fn is_arrival_rate(&self) -> bool {
        false
    }
}

impl Shared {
    pub(crate) fn new(state: Arc<ScenarioState>, vus: Vec<u32>, workers: usize) -> Self {
        let mut participants: Vec<usize> = vus
            .iter()
            .take(workers)
            .map(|&vu| vu as usize % workers)
            .collect();
        participants.sort_unstable();
        participants.dedup();
        if participants.is_empty() {
            participants.push(state.scenario.index % workers);
        }
        Self {
            state,
            vus,
            participants,
            numbers: AtomicU64::new(0),
            parts_left: AtomicUsize::new(workers),
            permits: (0..workers).map(|_| AtomicU32::new(0)).collect(),
            growing: AtomicBool::new(false),
            warned: AtomicBool::new(false),
        }
    }

    /// The executor's part on one worker; `start` is the scenario's start. `None` for what the plan
    /// refuses.
    pub(crate) fn executor(
        self: &Arc<Self>,
        worker: usize,
        start: i64,
    ) -> Option<Box<dyn Executor>> {
        let (shared, part) = (Arc::clone(self), &self.state.part);
        let executor = &self.state.scenario.config.executor;
        Some(match executor {
            ExecutorConfig::SharedIterations { .. } => {
                Box::new(SharedIterations::new(shared, part.iterations))
            }
            ExecutorConfig::PerVuIterations { .. } => {
                Box::new(PerVuIterations::new(shared, part.vus, part.iterations))
            }
            ExecutorConfig::ConstantVus { .. } | ExecutorConfig::ExternallyControlled { .. } => {
                Box::new(LoopingVus::new(shared))
            }
            ExecutorConfig::RampingVus {
                start_vus,
                stages,
                graceful_ramp_down,
            } => {
                let ramp = VuRamp::new(*start_vus, stages);
                let grace = nanos(*graceful_ramp_down);
                Box::new(LoopingVus::ramping(shared, start, &ramp, grace))
            }
            ExecutorConfig::ConstantArrivalRate { .. }
            | ExecutorConfig::RampingArrivalRate { .. } => {
                let arrivals = arrivals(executor)?.ok()?;
                Box::new(ArrivalRate::new(shared, worker, start, arrivals))
            }
        })
    }

    /// The number in the whole test of an iteration that has this number here.
    pub(crate) fn number_in_test(&self, number: u64) -> u64 {
        self.state.part.numbers.global(number).unwrap_or(number)
    }

    /// The number of an iteration that starts now.
    fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Iterations that are over, to their end or interrupted.
    fn iterations_over(&self) -> u64 {
        self.state.completed.load(Ordering::Relaxed)
            + self.state.interrupted.load(Ordering::Relaxed)
    }
}

impl Orders {
    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.starts.is_empty()
            && self.released.is_empty()
            && self.lent.is_empty()
            && self.interrupted.is_empty()
            && self.dropped.is_empty()
            && !self.grow
    }
}

/// When the iterations of an arrival rate start; `None` for other executors.
pub(crate) fn arrivals(executor: &ExecutorConfig) -> Option<Result<ArrivalSchedule, PacingError>> {
    match executor {
        ExecutorConfig::ConstantArrivalRate {
            rate,
            time_unit,
            duration,
            ..
        } => Some(ArrivalSchedule::constant(*rate, *time_unit, *duration)),
        ExecutorConfig::RampingArrivalRate {
            start_rate,
            time_unit,
            stages,
            ..
        } => Some(ArrivalSchedule::ramping(*start_rate, *time_unit, stages)),
        _ => None,
    }
}
