//! What a virtual user is to the engine: something that runs calls in steps and waits in between.
//!
//! A VU never moves between workers, so nothing here is `Send` but the factory.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use brunt_bus::Recorder;
use brunt_options::ScenarioConfig;

use crate::clock::Clock;
use crate::local::WorkerLocal;
use crate::log::LogSink;
use crate::state::TestState;

/// The two numbers of a VU, both from 1; 0 for the transient VUs of setup and teardown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VuId {
    /// Counts this process' VUs.
    pub in_instance: u64,
    /// Counts the VUs of all processes of a segmented test.
    pub in_test: u64,
}

/// What `setup()` returned, as JSON; `None` stands for `undefined`.
pub type SetupData = Option<Arc<str>>;

/// What a VU is asked to run. Calls of one VU never overlap; `Init` comes first and once.
#[derive(Debug, Clone)]
pub enum Call {
    /// Evaluate the script.
    Init,
    /// Run `setup()`.
    Setup,
    /// Run one iteration of a scenario.
    Iteration(Iteration),
    /// Run `teardown(data)`.
    Teardown {
        /// What setup returned.
        data: SetupData,
    },
    /// Run `handleSummary(data)`.
    HandleSummary {
        /// Its argument, as JSON.
        data: Arc<str>,
    },
}

/// A running scenario, shared by all workers.
#[derive(Debug)]
pub struct Scenario {
    /// Its place in the plan.
    pub index: usize,
    /// Its configuration.
    pub config: ScenarioConfig,
    /// When it started, in monotonic nanoseconds; set once, before its first iteration.
    pub started: std::sync::OnceLock<i64>,
    /// Its progress from 0 to 1, as the bits of an `f64`; kept by its executor.
    pub progress: std::sync::atomic::AtomicU64,
}

/// One iteration of a scenario.
#[derive(Debug, Clone)]
pub struct Iteration {
    /// The scenario it belongs to.
    pub scenario: Arc<Scenario>,
    /// Its number among the scenario's iterations of this process, from 0.
    pub in_instance: u64,
    /// Its number among the scenario's iterations of all processes, from 0.
    pub in_test: u64,
    /// When it was due, in monotonic nanoseconds. A late start is recorded, never re-based.
    pub scheduled: i64,
    /// What setup returned.
    pub data: SetupData,
}

/// How a VU stands after it ran for a while.
#[derive(Debug)]
pub enum Step {
    /// It waits for something ([`Vu::poll_wait`]).
    Waiting,
    /// It used up its slice and would go on at once; others come first.
    Yielded,
    /// The call is over.
    Done(Outcome),
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It returned; for setup (and handleSummary) with the value as JSON.
    Completed(SetupData),
    /// It threw. In iterations that is logged by the VU and the test goes on.
    Failed(String),
    /// It was interrupted.
    Interrupted,
    /// The script called `exec.test.abort(message)`.
    Aborted(String),
}

/// A virtual user.
pub trait Vu {
    /// Gets ready to run a call. Nothing of the script runs before [`Vu::resume`].
    fn begin(&mut self, call: Call);

    /// Asks whether what the VU waits for has come: sockets, timers, a deadline of its own. Runs no
    /// script; registers the waker otherwise. Called on the worker's own stack, for all woken VUs
    /// before any of them is resumed.
    fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// The monotonic time at which [`Vu::poll_wait`] is to be asked again, woken or not.
    fn deadline(&self) -> Option<i64>;

    /// Runs the VU's code until it waits, used up its slice or is done.
    fn resume(&mut self) -> Step;

    /// Ends the current call soon: waits return early and code is broken at the next instruction.
    /// The engine resumes the VU until it is `Done`: at once, whatever [`Vu::poll_wait`] answers, and
    /// after that whenever it is ready. One that does not return in time is left behind.
    fn interrupt(&mut self);
}

/// What a worker shares with its VUs.
#[derive(Clone)]
pub struct WorkerCx {
    /// The worker's number, from 0.
    pub index: usize,
    /// Where measurements go. Never borrowed across a wait.
    pub recorder: Rc<RefCell<Recorder>>,
    /// The worker's clock.
    pub clock: Rc<RefCell<dyn Clock>>,
    /// What all workers know about the test.
    pub state: Arc<TestState>,
    /// Where log records go.
    pub log: Arc<dyn LogSink>,
    /// What its VUs share among themselves.
    pub local: WorkerLocal,
}

/// Makes VUs; called on the thread of the worker that will own them.
pub trait VuFactory: Send + Sync {
    /// Makes a VU that has not run anything yet.
    fn create(&self, cx: &WorkerCx, id: VuId) -> Box<dyn Vu>;
}
