//! What decides when iterations start: one small state machine for each scenario and worker.
//!
//! An executor is told what happened and at what time, and answers with [`Orders`]. It reads no
//! clock and waits for nothing, so virtual time is nothing special to it. What the parts of one
//! scenario on several workers have in common are atomics in [`Shared`].

mod constant_arrival_rate;
mod constant_vus;
mod per_vu_iterations;
mod shared_iterations;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use brunt_options::scenario::ExecutorConfig;
use brunt_pacing::ArrivalSchedule;

use crate::state::ScenarioState;

pub(crate) use constant_arrival_rate::ConstantArrivalRate;
pub(crate) use constant_vus::ConstantVus;
pub(crate) use per_vu_iterations::PerVuIterations;
pub(crate) use shared_iterations::SharedIterations;

/// What all workers know of one scenario.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Its configuration, and how far it is.
    pub(crate) state: Arc<ScenarioState>,
    /// Its VUs by number, counted from 0.
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
    /// A VU was given, or came back from its iteration. Start something with it, keep it or give it
    /// up.
    fn on_idle(&mut self, slot: u32, now: i64, orders: &mut Orders);

    /// The scenario started, or [`Executor::deadline`] has come.
    fn on_tick(&mut self, _now: i64, _orders: &mut Orders) {}

    /// Another worker took an idle VU's permit and sends a start for it.
    fn on_lent(&mut self, _scheduled: i64, _orders: &mut Orders) {}

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

    /// Whether VUs count as active only while they run an iteration.
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
        let shared = Arc::clone(self);
        Some(match &self.state.scenario.config.executor {
            ExecutorConfig::SharedIterations { iterations, .. } => {
                Box::new(SharedIterations::new(shared, *iterations))
            }
            ExecutorConfig::PerVuIterations {
                vus, iterations, ..
            } => Box::new(PerVuIterations::new(shared, *vus, *iterations)),
            ExecutorConfig::ConstantVus { .. } => Box::new(ConstantVus::new(shared)),
            ExecutorConfig::ConstantArrivalRate {
                rate,
                time_unit,
                duration,
                ..
            } => {
                let arrivals = ArrivalSchedule::constant(*rate, *time_unit, *duration).ok()?;
                Box::new(ConstantArrivalRate::new(shared, worker, start, arrivals))
            }
            _ => return None,
        })
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
            && self.dropped.is_empty()
            && !self.grow
    }
}
