//! The test itself: bus, engine, progress and signals around it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use brunt_aggregate::Report;
use brunt_bus::{Bus, BusConfig, BusHandle};
use brunt_engine::{
    CallError, Control, Engine, LogSink, MonotonicTime, Parts, Phase, Reason, TestOutcome,
    TestState, TimeSource,
};
use brunt_js::VuLimits;
use brunt_k6::K6Factory;
use brunt_output::{EdgeSender, Wants};
use brunt_summary::{Progress, Stage};
use tokio::sync::Notify;

use crate::api::{Api, Server, Subject};
use crate::exit::{Exit, Failure};
use crate::progress::{Display, Show, observe};
use crate::run::RunArgs;
use crate::run::outputs::Running;
use crate::run::script::Script;
use crate::run::settings::Settings;
use crate::run::signals::Signals;
use crate::run::telemetry;
use crate::terminal::Terminal;

/// A test that is over.
pub(crate) struct Ran {
    /// Still open: outputs get their last snapshot when somebody closes it.
    pub(crate) bus: Arc<BusHandle>,
    pub(crate) outcome: TestOutcome,
    pub(crate) report: Report,
    /// When the scenarios started, in nanoseconds since the Unix epoch; `None` if they never did.
    pub(crate) started: Option<i64>,
    /// What `handleSummary` returned, as JSON, or why it did not; `None` without one.
    pub(crate) handled: Option<Result<Option<Arc<str>>, CallError>>,
    /// The REST API, if there is one; it is still up.
    pub(crate) api: Option<Api>,
    /// Iterations that ran to their end.
    pub(crate) iterations: u64,
    /// Samples that were no numbers or came too late.
    pub(crate) rejected: u64,
    pub(crate) overflowed: u64,
}

impl Ran {
    /// Whether every threshold was kept.
    pub(crate) fn thresholds_kept(&self) -> bool {
        self.report
            .totals
            .iter()
            .all(|it| it.thresholds.iter().all(|one| one.ok))
    }
}

/// What a test is made of, and what is around it.
pub(crate) struct Test<'a> {
    pub(crate) args: &'a RunArgs,
    pub(crate) script: &'a Script,
    pub(crate) settings: &'a Settings,
    pub(crate) outputs: &'a Running,
    pub(crate) signals: &'a Signals,
    pub(crate) terminal: &'a Arc<Terminal>,
    pub(crate) log: &'a Arc<dyn LogSink>,
}

/// Runs the test from the VUs' init to the last sample, which goes over the edges.
pub(crate) async fn run(
    test: Test<'_>,
    server: Option<Server>,
    edges: Vec<(Wants, EdgeSender)>,
) -> Result<Ran, Failure> {
    let Test {
        args,
        script,
        settings,
        ..
    } = test;
    let time = Arc::new(MonotonicTime::new());
    let state = Arc::new(TestState::default());
    let abort = Arc::new(OnceLock::<Control>::new());
    let (recorders, bus) = Bus::start(BusConfig {
        interner: Arc::clone(&settings.interner),
        plan: Arc::clone(&settings.plan),
        thresholds: settings.thresholds.clone(),
        groups: Arc::clone(&script.groups),
        workers: args.workers,
        outputs: edges,
        wall: {
            let time = Arc::clone(&time);
            Arc::new(move || time.wall(TimeSource::now(&*time)))
        },
        own: telemetry::source(
            test.outputs.accounts(),
            Arc::clone(&state),
            settings.k6.run_tags.clone(),
        ),
        on_abort: {
            let abort = Arc::clone(&abort);
            Box::new(move |_breach| {
                if let Some(control) = abort.get() {
                    control.interrupt(Reason::ThresholdAbort);
                }
            })
        },
        runtime: tokio::runtime::Handle::current(),
    });
    let parts = Parts {
        factory: Arc::new(K6Factory {
            config: Arc::clone(&settings.k6),
            program: Arc::clone(&script.program),
            limits: VuLimits {
                memory: args.vu_memory_limit,
                read_exports: false,
            },
        }),
        log: Arc::clone(test.log),
        state: Arc::clone(&state),
        time: Arc::clone(&time) as Arc<dyn TimeSource>,
    };
    let engine = Engine::start(settings.engine.clone(), parts, recorders)
        .map_err(|error| Failure::new(Exit::InvalidConfig, error.to_string()))?;
    let control = engine.control();
    // The only one who sets it.
    let _ = abort.set(control.clone());
    let bus = Arc::new(bus);
    let api = server.map(|server| {
        let subject = Arc::new(Subject {
            state: Arc::clone(&state),
            control: control.clone(),
            bus: Arc::clone(&bus),
            last: OnceLock::new(),
            groups: Arc::clone(&script.groups),
            outputs: test.outputs.accounts(),
            stopped: Notify::new(),
        });
        let serving = server.serve(Arc::clone(&subject));
        Api { serving, subject }
    });
    let display = show_progress(&test, &state, &time, &control);
    tokio::select! {
        ran = drive(&test, engine, &bus, &state, api, display) => {
            let started = state.started.load(Ordering::Relaxed);
            let started = (started != 0).then(|| time.wall(started));
            ran.map(|ran| Ran { started, ..ran })
        }
        // Never returns.
        () = test.signals.end_test(&control) => Err(Failure::new(Exit::Internal, "no signals")),
    }
}

/// Runs the engine to its end and adds everything up.
async fn drive(
    test: &Test<'_>,
    mut engine: Engine,
    bus: &Arc<BusHandle>,
    state: &TestState,
    api: Option<Api>,
    display: Option<Display>,
) -> Result<Ran, Failure> {
    let outcome = {
        let starting = started(state);
        let run = engine.run();
        tokio::pin!(run, starting);
        tokio::select! {
            outcome = &mut run => outcome,
            () = &mut starting => {
                bus.mark_started();
                run.await
            }
        }
    };
    if let Some(display) = display {
        display.finish();
    }
    let gone = |error| Failure::new(Exit::Internal, format!("{error}"));
    let report = bus.settle(outcome.ran).await.map_err(gone)?;
    if let Some(api) = &api {
        // The only one who sets it.
        let _ = api.subject.last.set(report.clone());
    }
    let progress = bus.progress();
    let handled = handle_summary(test.script, test.settings, &mut engine, &outcome, &report).await;
    brunt_js::leave_memory_to_exit();
    engine.finish().await;
    Ok(Ran {
        bus: Arc::clone(bus),
        outcome,
        report,
        started: None,
        handled,
        api,
        iterations: state.iterations_completed.load(Ordering::Relaxed),
        rejected: progress.rejected,
        overflowed: progress.overflowed,
    })
}

/// Returns once the scenarios have started.
async fn started(state: &TestState) {
    while state.started.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn show_progress(
    test: &Test<'_>,
    state: &Arc<TestState>,
    time: &Arc<MonotonicTime>,
    control: &Control,
) -> Option<Display> {
    let show = Show::choose(test.args.quiet, test.args.no_colour);
    let (state, time, control) = (Arc::clone(state), Arc::clone(time), control.clone());
    let outputs = test.outputs.accounts();
    let progress = move || {
        let observed = observe(&state, TimeSource::now(&*time), control.reason().is_some());
        let status = control.status();
        Progress {
            stage: match status.phase {
                Phase::Setup => Stage::Setup,
                Phase::Teardown => Stage::Teardown,
                Phase::PausedBeforeRun => Stage::Paused,
                Phase::Running if status.paused => Stage::Paused,
                _ => observed.stage,
            },
            outages: outputs
                .iter()
                .filter_map(|(output, account)| Some((output.clone(), account.outage()?)))
                .collect(),
            ..observed
        }
    };
    // Without a thread for it there is no progress, which is no reason to stop.
    Display::start(show, Arc::clone(&test.terminal.screen), progress).ok()
}

async fn handle_summary(
    script: &Script,
    settings: &Settings,
    engine: &mut Engine,
    outcome: &TestOutcome,
    report: &Report,
) -> Option<Result<Option<Arc<str>>, CallError>> {
    if !script.has("handleSummary") || !settings.summary_enabled || outcome.killed {
        return None;
    }
    let data = super::summary::data(script, settings, outcome, report);
    let timeout = settings.options.options.handle_summary_timeout();
    Some(engine.handle_summary(data, timeout).await)
}
