//! Runs a script in one virtual user, without an engine, and keeps all that comes out of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use brunt_aggregate::{GroupNode, Groups};
use brunt_bus::Recorder;
use brunt_engine::{
    Call, Iteration, Level, LogSink, MonotonicTime, Outcome, Record, Scenario, SetupData, Step,
    TestState, TimeSource, Vu, VuId, WorkerCx, WorkerLocal,
};
use brunt_js::{JsVu, Program, VuLimits, run_alone};
use brunt_k6::{K6Config, K6Factory};
use brunt_metrics::Registry;
use brunt_options::{ExecutorConfig, ScenarioConfig};
use brunt_script::{Entry, LoadError, Loader};

/// A script with the files beside it and the options that it runs with.
pub(crate) struct Script {
    name: &'static str,
    files: Vec<(&'static str, String)>,
    memory: Option<usize>,
    configure: Box<dyn FnOnce(&mut K6Config)>,
}

/// What came out of a script.
pub(crate) struct Run {
    pub(crate) init: Outcome,
    pub(crate) iterations: Vec<Outcome>,
    /// `level: message` of every record; consoles' and others alike.
    pub(crate) log: Vec<String>,
    pub(crate) records: Vec<Record>,
    pub(crate) samples: Vec<brunt_bus::Collected>,
    pub(crate) groups: GroupNode,
    pub(crate) state: Arc<TestState>,
}

#[derive(Default)]
struct Kept(Mutex<Vec<Record>>);

impl LogSink for Kept {
    fn enabled(&self, _level: Level) -> bool {
        true
    }

    fn log(&self, record: Record) {
        self.0.lock().unwrap().push(record);
    }
}

impl Script {
    pub(crate) fn js(text: impl Into<String>) -> Self {
        Self::named("main.js", text)
    }

    pub(crate) fn ts(text: impl Into<String>) -> Self {
        Self::named("main.ts", text)
    }

    /// A script whose default function has this body.
    pub(crate) fn body(text: &str) -> Self {
        Self::js(format!(
            "{IMPORTS}export default function () {{\n{text}\n}}"
        ))
    }

    fn named(name: &'static str, text: impl Into<String>) -> Self {
        let files = vec![(name, text.into())];
        Self {
            name,
            files,
            memory: None,
            configure: Box::new(|_| ()),
        }
    }

    pub(crate) fn file(mut self, name: &'static str, text: &str) -> Self {
        self.files.push((name, text.to_owned()));
        self
    }

    pub(crate) fn memory(mut self, bytes: usize) -> Self {
        self.memory = Some(bytes);
        self
    }

    pub(crate) fn configure(mut self, configure: impl FnOnce(&mut K6Config) + 'static) -> Self {
        self.configure = Box::new(configure);
        self
    }

    /// Init and this many iterations.
    pub(crate) fn run(self, iterations: u64) -> Run {
        self.with(|lab, vu| lab.iterate(vu, iterations))
    }

    /// Init and one iteration; what the script printed.
    pub(crate) fn printed(self) -> Vec<String> {
        let run = self.run(1);
        assert_eq!(run.init, Outcome::Completed(None), "{:?}", run.log);
        assert_eq!(run.iterations, [Outcome::Completed(None)], "{:?}", run.log);
        let console = run
            .records
            .into_iter()
            .filter(|it| it.source() == Some("console"));
        console.map(|record| record.message).collect()
    }

    /// Init and one iteration that is interrupted once it waits.
    pub(crate) fn run_interrupted(self) -> Run {
        self.with(|lab, vu| {
            vu.begin(lab.iteration(0));
            let mut cx = Context::from_waker(Waker::noop());
            loop {
                match vu.resume() {
                    Step::Done(outcome) => return vec![outcome],
                    Step::Yielded => {}
                    Step::Waiting => match vu.poll_wait(&mut cx) {
                        Poll::Ready(()) => {}
                        Poll::Pending => vu.interrupt(),
                    },
                }
            }
        })
    }

    /// Init and then one call.
    pub(crate) fn call(self, call: Call) -> Run {
        self.with(|lab, vu| vec![lab.runtime.block_on(run_alone(vu, call))])
    }

    /// Why the script cannot even be loaded.
    pub(crate) fn load_error(self) -> String {
        let folder = tempfile::tempdir().unwrap();
        let error = self.load(folder.path()).unwrap_err();
        error
            .to_string()
            .replace(&format!("file://{}/", folder.path().display()), "")
    }

    fn load(&self, folder: &std::path::Path) -> Result<Arc<Loader>, LoadError> {
        for (name, text) in &self.files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let entry = Entry::Path(folder.join(self.name));
        let loader = Loader::new(entry, brunt_k6::MODULES.iter().copied())?;
        loader.preload()?;
        Ok(Arc::new(loader))
    }

    fn with(self, work: impl FnOnce(&Lab, &mut JsVu) -> Vec<Outcome>) -> Run {
        let folder = tempfile::tempdir().unwrap();
        let loader = self.load(folder.path()).unwrap();
        let registry = Arc::new(Registry::new());
        let (recorder, mut collector) = Recorder::collecting(Arc::clone(&registry));
        let groups = Arc::new(Groups::default());
        let mut config = K6Config::new(registry, Arc::clone(&groups));
        (self.configure)(&mut config);
        let factory = K6Factory {
            config: Arc::new(config),
            program: Arc::new(Program::new(loader)),
            limits: VuLimits {
                memory: self.memory,
                read_exports: false,
            },
        };
        let log = Arc::new(Kept::default());
        let recorder = Rc::new(RefCell::new(recorder));
        let lab = Lab::new();
        let state = Arc::new(TestState::default());
        let (init, iterations) = {
            let _inside = lab.runtime.enter();
            let cx = WorkerCx {
                index: 0,
                recorder: Rc::clone(&recorder),
                clock: MonotonicTime::new().clock().unwrap(),
                state: Arc::clone(&state),
                log: Arc::clone(&log) as Arc<dyn LogSink>,
                local: WorkerLocal::default(),
            };
            let mut vu = factory.create_js(
                &cx,
                VuId {
                    in_instance: 3,
                    in_test: 5,
                },
            );
            let init = lab.runtime.block_on(run_alone(&mut vu, Call::Init));
            let ran = init == Outcome::Completed(None);
            let iterations = if ran { work(&lab, &mut vu) } else { Vec::new() };
            (init, iterations)
        };
        recorder.borrow_mut().flush();
        let place = format!("file://{}/", folder.path().display());
        let records: Vec<Record> = log.0.lock().unwrap().drain(..).collect();
        let shown =
            |it: &Record| format!("{}: {}", it.level.as_str(), it.message.replace(&place, ""));
        let clean = |outcome: Outcome| match outcome {
            Outcome::Failed(message) => Outcome::Failed(message.replace(&place, "")),
            other => other,
        };
        Run {
            init: clean(init),
            iterations: iterations.into_iter().map(clean).collect(),
            log: records.iter().map(shown).collect(),
            records,
            samples: collector.samples(),
            groups: groups.tree(),
            state,
        }
    }
}

/// Everything that a test's body may use.
const IMPORTS: &str = "import http from 'k6/http'; import { check, group, sleep, fail } from 'k6'; \
    import exec from 'k6/execution'; import encoding from 'k6/encoding';\n";

/// A runtime and a scenario.
pub(crate) struct Lab {
    pub(crate) runtime: tokio::runtime::Runtime,
    scenario: Arc<Scenario>,
}

impl Lab {
    fn new() -> Self {
        let executor = ExecutorConfig::SharedIterations {
            vus: 1,
            iterations: 9,
            max_duration: Duration::from_mins(1),
        };
        let scenario = Scenario {
            index: 0,
            config: ScenarioConfig {
                name: "lab".to_owned(),
                executor,
                start_time: Duration::ZERO,
                graceful_stop: Duration::ZERO,
                exec: "default".to_owned(),
                env: BTreeMap::from([("COLOUR".to_owned(), "red".to_owned())]),
                tags: BTreeMap::from([("team".to_owned(), "blue".to_owned())]),
            },
            started: OnceLock::from(0),
            progress: 0.25_f64.to_bits().into(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        Self {
            runtime,
            scenario: Arc::new(scenario),
        }
    }

    pub(crate) fn iteration(&self, number: u64) -> Call {
        self.iteration_with(number, Some(Arc::from(r#"{"list":[1]}"#)))
    }

    fn iteration_with(&self, number: u64, data: SetupData) -> Call {
        Call::Iteration(Iteration {
            scenario: Arc::clone(&self.scenario),
            in_instance: number,
            in_test: number * 10,
            scheduled: 0,
            data,
        })
    }

    fn iterate(&self, vu: &mut JsVu, iterations: u64) -> Vec<Outcome> {
        let data: SetupData = Some(Arc::from(r#"{"list":[1]}"#));
        let one = |number| {
            let call = self.iteration_with(number, data.clone());
            self.runtime.block_on(run_alone(vu, call))
        };
        (0..iterations).map(one).collect()
    }
}

impl Run {
    /// Values of a metric, in their order.
    pub(crate) fn values(&self, metric: &str) -> Vec<f64> {
        self.of(metric).map(|sample| sample.value).collect()
    }

    pub(crate) fn of(&self, metric: &str) -> impl Iterator<Item = &brunt_bus::Collected> {
        self.samples
            .iter()
            .filter(move |sample| *sample.metric.name == *metric)
    }

    /// The one message that was logged as an error.
    pub(crate) fn error(&self) -> &str {
        let mut errors = self
            .log
            .iter()
            .filter_map(|line| line.strip_prefix("error: "));
        let first = errors.next().expect("an error is logged");
        assert_eq!(errors.next(), None, "logged once");
        first
    }
}

trait Source {
    fn source(&self) -> Option<&str>;
}

impl Source for Record {
    fn source(&self) -> Option<&str> {
        self.fields
            .iter()
            .find(|(key, _)| key == "source")
            .map(|(_, value)| &**value)
    }
}
