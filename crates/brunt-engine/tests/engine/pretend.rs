//! Virtual users that pretend: each call does what the test says and is written down.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use brunt_bus::Recorder;
use brunt_engine::{
    Call, Control, Engine, EngineConfig, Level, LogSink, Outcome, Parts, Record, Step, TestOutcome,
    TestState, TimeSource, Vu, VuFactory, VuId, WorkerCx,
};
use brunt_options::ScenarioConfig;
use brunt_options::scenario::ExecutorConfig;

use crate::simulation::{BEGIN, SimulatedTime, Simulation};

pub(crate) const MILLI: i64 = 1_000_000;
pub(crate) const SECOND: i64 = 1_000_000_000;

/// What a call does.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    /// How long it waits.
    pub(crate) sleep: i64,
    /// How long it holds the thread, in slices of 1 ms.
    pub(crate) burn: i64,
    /// How long it holds the thread at its beginning, in one piece.
    pub(crate) hold: i64,
    /// How it ends.
    pub(crate) outcome: Outcome,
    /// It does not care about interrupts.
    pub(crate) stubborn: bool,
}

/// A call that was made. Times are counted from the beginning of the simulation.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) what: &'static str,
    pub(crate) vu: u64,
    /// The VU's number and the iteration's among those of all instances.
    pub(crate) in_test: (u64, u64),
    /// The scenario's name and the iteration's number.
    pub(crate) iteration: Option<(String, u64)>,
    pub(crate) scheduled: i64,
    /// The data of setup that it got.
    pub(crate) data: Option<String>,
    pub(crate) start: i64,
    pub(crate) end: Option<(i64, Outcome)>,
}

type Behaviour = dyn Fn(&Call, VuId, i64) -> Act + Send + Sync;

/// Everything that is shared by the VUs of one test.
pub(crate) struct World {
    pub(crate) simulation: Arc<Simulation>,
    pub(crate) state: Arc<TestState>,
    entries: Mutex<Vec<Entry>>,
    records: Mutex<Vec<Record>>,
    behaviour: Box<Behaviour>,
    /// Told when the test begins, for VUs that stop it.
    pub(crate) control: Mutex<Option<Control>>,
}

/// Lets one who steers a test wait.
pub(crate) struct Clockwork(SimulatedTime);

impl Clockwork {
    /// Returns at that many milliseconds after the beginning.
    pub(crate) async fn until(&self, millis: i64) {
        let left = BEGIN + millis * MILLI - self.0.now();
        self.0.sleep(Duration::from_nanos(left.max(0) as u64)).await;
    }
}

struct Factory(Arc<World>);
struct Log(Arc<World>);

struct PretendVu {
    world: Arc<World>,
    cx: WorkerCx,
    id: VuId,
    act: Act,
    entry: usize,
    until: i64,
    begun: Option<Call>,
    interrupted: bool,
}

impl Act {
    pub(crate) fn sleep(nanos: i64) -> Self {
        Self {
            sleep: nanos,
            burn: 0,
            hold: 0,
            outcome: Outcome::Completed(None),
            stubborn: false,
        }
    }

    pub(crate) fn end(outcome: Outcome) -> Self {
        Self {
            outcome,
            ..Self::sleep(0)
        }
    }
}

impl World {
    pub(crate) fn new(
        behaviour: impl Fn(&Call, VuId, i64) -> Act + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            simulation: Simulation::new(),
            state: Arc::default(),
            entries: Mutex::default(),
            records: Mutex::default(),
            behaviour: Box::new(behaviour),
            control: Mutex::default(),
        })
    }

    /// Iterations that wait for a while and return.
    pub(crate) fn sleeping(nanos: i64) -> Arc<Self> {
        Self::new(move |call, _, _| match call {
            Call::Iteration(_) => Act::sleep(nanos),
            _ => Act::sleep(0),
        })
    }

    pub(crate) fn parts(self: &Arc<Self>) -> Parts {
        Parts {
            factory: Arc::new(Factory(Arc::clone(self))),
            log: Arc::new(Log(Arc::clone(self))),
            state: Arc::clone(&self.state),
            time: Arc::new(SimulatedTime(Arc::clone(&self.simulation))),
        }
    }

    /// Runs a test with so many workers, on this thread.
    pub(crate) fn run(self: &Arc<Self>, config: EngineConfig, workers: usize) -> TestOutcome {
        self.run_with(
            config,
            (0..workers).map(|_| Recorder::discarding()).collect(),
        )
    }

    pub(crate) fn run_with(
        self: &Arc<Self>,
        config: EngineConfig,
        recorders: Vec<Recorder>,
    ) -> TestOutcome {
        self.drive(config, recorders, async |_, _| {})
    }

    /// Runs a test while somebody steers it, who sleeps until times counted from the beginning.
    pub(crate) fn steered(
        self: &Arc<Self>,
        config: EngineConfig,
        workers: usize,
        steer: impl AsyncFnOnce(Control, Clockwork) + 'static,
    ) -> TestOutcome {
        let recorders = (0..workers).map(|_| Recorder::discarding()).collect();
        self.drive(config, recorders, steer)
    }

    fn drive(
        self: &Arc<Self>,
        config: EngineConfig,
        recorders: Vec<Recorder>,
        steer: impl AsyncFnOnce(Control, Clockwork) + 'static,
    ) -> TestOutcome {
        let time = SimulatedTime(Arc::clone(&self.simulation));
        let (mut engine, seeds) = Engine::assemble(config, self.parts(), recorders.len()).unwrap();
        *self.control.lock().unwrap() = Some(engine.control());
        let clockwork = Clockwork(SimulatedTime(Arc::clone(&self.simulation)));
        let control = engine.control();
        let mut others: Vec<std::pin::Pin<Box<dyn Future<Output = ()>>>> = seeds
            .into_iter()
            .zip(recorders)
            .map(|(seed, recorder)| {
                let worker = seed.into_worker(recorder, time.clock().unwrap());
                Box::pin(worker) as std::pin::Pin<Box<dyn Future<Output = ()>>>
            })
            .collect();
        let main = async move {
            let outcome = engine.run().await;
            engine.finish().await;
            outcome
        };
        others.push(Box::pin(async move { steer(control, clockwork).await }));
        self.simulation.run(main, others)
    }

    pub(crate) fn interrupt(&self, reason: brunt_engine::Reason) {
        self.control
            .lock()
            .unwrap()
            .as_ref()
            .unwrap()
            .interrupt(reason);
    }

    pub(crate) fn kill(&self) {
        self.control.lock().unwrap().as_ref().unwrap().kill();
    }

    pub(crate) fn entries(&self, what: &str) -> Vec<Entry> {
        self.entries
            .lock()
            .unwrap()
            .iter()
            .filter(|entry| entry.what == what)
            .cloned()
            .collect()
    }

    /// The iterations of a scenario.
    pub(crate) fn iterations(&self, scenario: &str) -> Vec<Entry> {
        let of = |entry: &Entry| {
            entry
                .iteration
                .as_ref()
                .is_some_and(|(name, _)| name == scenario)
        };
        self.entries
            .lock()
            .unwrap()
            .iter()
            .filter(|entry| of(entry))
            .cloned()
            .collect()
    }

    /// The numbers of a scenario's iterations, sorted.
    pub(crate) fn numbers(&self, scenario: &str) -> Vec<u64> {
        let mut numbers: Vec<u64> = self
            .iterations(scenario)
            .into_iter()
            .filter_map(|entry| entry.iteration.map(|(_, number)| number))
            .collect();
        numbers.sort_unstable();
        numbers
    }

    pub(crate) fn messages(&self, level: Level) -> Vec<String> {
        let records = self.records.lock().unwrap();
        records
            .iter()
            .filter(|r| r.level == level)
            .map(|r| r.message.clone())
            .collect()
    }

    fn since_begin(&self) -> i64 {
        self.simulation.now() - BEGIN
    }
}

impl LogSink for Log {
    fn enabled(&self, _level: Level) -> bool {
        true
    }

    fn log(&self, record: Record) {
        self.0.records.lock().unwrap().push(record);
    }
}

impl VuFactory for Factory {
    fn create(&self, cx: &WorkerCx, id: VuId) -> Box<dyn Vu> {
        Box::new(PretendVu {
            world: Arc::clone(&self.0),
            cx: cx.clone(),
            id,
            act: Act::sleep(0),
            entry: 0,
            until: 0,
            begun: None,
            interrupted: false,
        })
    }
}

impl Vu for PretendVu {
    fn begin(&mut self, call: Call) {
        assert!(self.begun.is_none(), "calls of one VU never overlap");
        self.interrupted = false;
        self.begun = Some(call);
    }

    fn poll_wait(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        if self.interrupted && !self.act.stubborn || self.cx.clock.borrow().now() >= self.until {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    fn deadline(&self) -> Option<i64> {
        Some(self.until)
    }

    fn resume(&mut self) -> Step {
        let now = self.cx.clock.borrow().now();
        if let Some(call) = self.begun.take() {
            self.act = (self.world.behaviour)(&call, self.id, now - BEGIN);
            self.until = now + self.act.sleep;
            let number_in_test = match &call {
                Call::Iteration(it) => it.in_test,
                _ => 0,
            };
            let (what, iteration, scheduled, data) = match &call {
                Call::Init => ("init", None, now, None),
                Call::Setup => ("setup", None, now, None),
                Call::Iteration(it) => {
                    let name = it.scenario.config.name.clone();
                    (
                        "iteration",
                        Some((name, it.in_instance)),
                        it.scheduled,
                        it.data.clone(),
                    )
                }
                Call::Teardown { data } => ("teardown", None, now, data.clone()),
                Call::HandleSummary { data } => ("summary", None, now, Some(Arc::clone(data))),
            };
            let mut entries = self.world.entries.lock().unwrap();
            self.entry = entries.len();
            entries.push(Entry {
                what,
                vu: self.id.in_instance,
                in_test: (self.id.in_test, number_in_test),
                iteration,
                scheduled: scheduled - BEGIN,
                data: data.map(|data| data.to_string()),
                start: now - BEGIN,
                end: None,
            });
            drop(entries);
            self.world.simulation.advance(self.act.hold);
        }
        let outcome = if self.interrupted && !self.act.stubborn {
            Outcome::Interrupted
        } else if self.act.burn > 0 {
            self.act.burn -= MILLI;
            self.world.simulation.advance(MILLI);
            return Step::Yielded;
        } else if now < self.until {
            return Step::Waiting;
        } else {
            self.act.outcome.clone()
        };
        let end = Some((self.world.since_begin(), outcome.clone()));
        self.world.entries.lock().unwrap()[self.entry].end = end;
        Step::Done(outcome)
    }

    fn interrupt(&mut self) {
        self.interrupted = true;
    }
}

/// A scenario of this name, without a graceful stop.
pub(crate) fn scenario(name: &str, executor: ExecutorConfig) -> ScenarioConfig {
    ScenarioConfig {
        name: name.to_owned(),
        executor,
        start_time: Duration::ZERO,
        graceful_stop: Duration::ZERO,
        exec: "default".to_owned(),
        env: std::collections::BTreeMap::new(),
        tags: std::collections::BTreeMap::new(),
    }
}

pub(crate) fn only(executor: ExecutorConfig) -> EngineConfig {
    EngineConfig::new(vec![scenario("s", executor)])
}

pub(crate) fn shared(vus: u64, iterations: u64) -> ExecutorConfig {
    ExecutorConfig::SharedIterations {
        vus,
        iterations,
        max_duration: Duration::from_secs(600),
    }
}

pub(crate) fn per_vu(vus: u64, iterations: u64) -> ExecutorConfig {
    ExecutorConfig::PerVuIterations {
        vus,
        iterations,
        max_duration: Duration::from_secs(600),
    }
}

pub(crate) fn constant(vus: u64, seconds: u64) -> ExecutorConfig {
    ExecutorConfig::ConstantVus {
        vus,
        duration: Duration::from_secs(seconds),
    }
}

pub(crate) fn arrival(
    rate: u64,
    seconds: u64,
    pre_allocated_vus: u64,
    max_vus: u64,
) -> ExecutorConfig {
    ExecutorConfig::ConstantArrivalRate {
        rate,
        time_unit: Duration::from_secs(1),
        duration: Duration::from_secs(seconds),
        pre_allocated_vus,
        max_vus,
    }
}
