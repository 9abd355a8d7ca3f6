//! `brunt run`: from a script to an exit code.

mod choice;
mod config_file;
mod delivery;
mod explain;
pub(crate) mod inspect;
mod layers;
mod limits;
mod network;
mod outcome;
pub(crate) mod outputs;
mod reports;
mod script;
mod settings;
pub(crate) mod signals;
mod summary;
mod telemetry;
mod test;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use brunt_engine::{Level, LogSink, Record};
use brunt_metrics::TagSet;
use brunt_options::Features;
use brunt_output::Drain;
use tokio::sync::oneshot;

use crate::api::{Address, Api, Server};
use crate::exit::{Exit, Failure};
use crate::logging::ConsoleFile;
use crate::run::config_file::ConfigFile;
pub(crate) use crate::run::delivery::Delivery;
use crate::run::outputs::Outputs;
use crate::run::reports::Finished;
use crate::run::script::Script;
use crate::run::settings::Settings;
use crate::run::signals::Signals;
use crate::terminal::Terminal;

/// The arguments of `brunt run`.
#[derive(Debug, Clone)]
pub(crate) struct RunArgs {
    pub(crate) script: String,
    pub(crate) out: Vec<String>,
    pub(crate) env: Vec<String>,
    pub(crate) system_env: bool,
    pub(crate) config: Option<PathBuf>,
    /// The file of `config` or of the default place; filled in by [`run`].
    pub(crate) config_file: Option<Arc<ConfigFile>>,
    /// As named by flag or variable.
    pub(crate) feature_names: Vec<String>,
    /// Those that are on; filled in by [`run`].
    pub(crate) features: Features,
    pub(crate) compatibility_mode: String,
    /// The form in which the options are to be explained instead of run.
    pub(crate) explain: Option<String>,
    pub(crate) summary_export: Option<PathBuf>,
    /// Whether the summary has the newer form for programs.
    pub(crate) machine_summary: bool,
    pub(crate) junit: Option<PathBuf>,
    pub(crate) console_output: Option<PathBuf>,
    pub(crate) summary_mode: String,
    pub(crate) no_thresholds: bool,
    pub(crate) workers: usize,
    /// Bytes.
    pub(crate) vu_memory_limit: Option<usize>,
    pub(crate) max_series: usize,
    /// Flags of test options with their values.
    pub(crate) option_flags: Vec<(String, String)>,
    /// Flags that were given and that nothing acts on yet.
    pub(crate) without_effect: Vec<String>,
    /// Names of the only scenarios to run; all of them if empty.
    pub(crate) scenarios: Vec<String>,
    /// One iteration of each scenario.
    pub(crate) once: bool,
    /// Where the REST API listens, `HOST:PORT`; `None` for where it is needed only.
    pub(crate) address: Option<String>,
    /// Stay after the test; [`run`] fills in what the configuration file says if nobody else does.
    pub(crate) linger: Option<bool>,
    /// From SIGTERM to the end of the process.
    pub(crate) shutdown_budget: Duration,
    /// How long and where measurements wait for their receivers.
    pub(crate) delivery: Delivery,
    pub(crate) quiet: bool,
    pub(crate) no_colour: bool,
}

/// From SIGTERM to the end of the process, unless the user says else: Kubernetes kills after 30 s.
pub(crate) const SHUTDOWN_BUDGET: Duration = Duration::from_secs(25);

/// How long the summary waits for log lines that a slow reader holds up.
const LOG_TIMEOUT: Duration = Duration::from_secs(1);

/// What scripts are parsed on: deep nesting takes stack.
const LOADER_STACK: usize = 8 << 20;

/// Runs a test to its end.
pub(crate) fn run(args: RunArgs, terminal: &Arc<Terminal>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("brunt-control")
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot start: {error}")))?;
    let exit = runtime.block_on(run_logged(Arc::new(args), terminal));
    // What does not end by itself must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

/// With what scripts log in a file of its own, if that is wanted.
async fn run_logged(args: Arc<RunArgs>, terminal: &Arc<Terminal>) -> Result<Exit, Failure> {
    let others = Arc::clone(&terminal.log);
    let Some(path) = &args.console_output else {
        return run_async(args, terminal, others).await;
    };
    let console = ConsoleFile::create(path, terminal.format, terminal.level, others)?;
    let console = Arc::new(console);
    let exit = run_async(args, terminal, Arc::clone(&console) as Arc<dyn LogSink>).await;
    console.flush(LOG_TIMEOUT);
    exit
}

async fn run_async(
    args: Arc<RunArgs>,
    terminal: &Arc<Terminal>,
    log: Arc<dyn LogSink>,
) -> Result<Exit, Failure> {
    let args = Arc::new(completed(&args, &log)?);
    if let Some(form) = &args.explain {
        let script = load(Arc::clone(&args), Arc::clone(&log)).await?;
        let options = layers::consolidate(&args, &script)?;
        let warnings = settings::warnings(&args, &options);
        crate::terminal::print(explain::render(form, &args, &script, &options, &warnings));
        return Ok(Exit::Success);
    }
    let signals = Signals::listen(args.shutdown_budget)?;
    let Prepared {
        script,
        settings,
        outputs,
        server,
    } = tokio::select! {
        prepared = prepare(&args, &log) => prepared?,
        () = signals.first() => {
            let message = "test run was aborted because brunt received a signal, before it had started: nothing was run";
            return Err(Failure::new(Exit::Signal, message));
        }
    };
    if !args.quiet {
        crate::terminal::print(summary::banner(&args, &settings, &outputs));
    }
    let drain = Drain::within(args.delivery.drain);
    let (edges, running) =
        outputs.start(&settings.output_context(&args.delivery.spool, &drain), &log);
    let mut ran = test::run(
        test::Test {
            args: &args,
            script: &script,
            settings: &settings,
            outputs: &running,
            signals: &signals,
            terminal,
            log: &log,
        },
        server,
        edges,
    )
    .await?;
    let api = ran.api.take();
    let verdict = outcome::judge(&ran);
    close(&ran, &verdict, &args.script, &settings.k6.run_tags).await?;
    let delivered = tokio::select! {
        delivered = running.finish(&drain) => delivered,
        // Never returns.
        () = signals.shorten(&drain) => Vec::new(),
    };
    // What iterations logged stands above the summary, also where both go to one file.
    terminal.log.flush(LOG_TIMEOUT);
    let finished = Finished {
        args: &args,
        script: &script,
        settings: &settings,
        ran: &ran,
        verdict: &verdict,
    };
    summary::show(&finished, &delivered, signals.hurried(), &log);
    verdict.log(&log);
    if args.linger == Some(true) {
        linger(&signals, api.as_ref(), &log).await;
    }
    if let Some(api) = api {
        api.serving.close().await;
    }
    let undelivered = |one: &outputs::Delivered| one.counts.lost() || one.report.is_err();
    if args.delivery.required && verdict.exit == Exit::Success && delivered.iter().any(undelivered)
    {
        return Ok(Exit::Undelivered);
    }
    Ok(verdict.exit)
}

/// Gives the outputs their last snapshot, with how the run went.
async fn close(
    ran: &test::Ran,
    verdict: &outcome::Verdict,
    script: &str,
    tags: &TagSet,
) -> Result<(), Failure> {
    let facts = telemetry::RunFacts {
        script,
        verdict: verdict.word(),
        exit_code: verdict.exit as u8,
        tags,
        started: ran.started,
    };
    let own = telemetry::of_run(&ran.report, &facts);
    let gone = |error| Failure::new(Exit::Internal, format!("{error}"));
    ran.bus.close(own).await.map_err(gone)
}

/// Waits after the test until somebody ends it; a test that somebody ended does not wait.
async fn linger(signals: &Signals, api: Option<&Api>, log: &Arc<dyn LogSink>) {
    let stopped = || async {
        match api {
            Some(api) => api.subject.stopped.notified().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = signals.first() => return,
        () = stopped() => return,
        () = std::future::ready(()) => {}
    }
    let how = if api.is_some() {
        "the REST API is up until Ctrl-C or `brunt stop`"
    } else {
        "press Ctrl-C to leave"
    };
    log.log(Record {
        level: Level::Info,
        message: format!("the test is over, --linger keeps brunt running: {how}"),
        fields: Vec::new(),
    });
    tokio::select! {
        () = signals.first() => {}
        () = stopped() => {}
    }
}

/// All that is settled before anything runs.
struct Prepared {
    script: Script,
    settings: Settings,
    outputs: Outputs,
    server: Option<Server>,
}

async fn prepare(args: &Arc<RunArgs>, log: &Arc<dyn LogSink>) -> Result<Prepared, Failure> {
    let configured = outputs::configure(&args.out)?;
    let script = load(Arc::clone(args), Arc::clone(log)).await?;
    let settings = settings::settle(args, &script, log)?;
    let server = listen(args, &settings, log).await?;
    let outputs = outputs::check(configured).await?;
    Ok(Prepared {
        script,
        settings,
        outputs,
        server,
    })
}

/// Opens the port of the REST API, if there is to be one.
async fn listen(
    args: &RunArgs,
    settings: &Settings,
    log: &Arc<dyn LogSink>,
) -> Result<Option<Server>, Failure> {
    let scenarios = &settings.options.scenarios;
    let needed = scenarios
        .iter()
        .any(|it| it.executor.kind() == "externally-controlled");
    let address = match &args.address {
        Some(text) => text
            .parse()
            .map_err(|error| Failure::new(Exit::ApiFailed, format!("--address: {error}")))?,
        None if needed => Address::local(),
        None => return Ok(None),
    };
    let server = Server::bind(&address).await.map_err(|error| {
        let message = format!(
            "the REST API cannot listen on {address}: {error}; name another address, such as --address localhost:0 for any free port"
        );
        Failure::new(Exit::ApiFailed, message)
    })?;
    log.log(Record {
        level: Level::Info,
        message: format!("the REST API listens on http://{}", server.address()),
        fields: Vec::new(),
    });
    Ok(Some(server))
}

/// Loads the script on a thread of its own, because a script's first evaluation can take any time:
/// whoever waits for it can go away.
async fn load(args: Arc<RunArgs>, log: Arc<dyn LogSink>) -> Result<Script, Failure> {
    let (done, loaded) = oneshot::channel();
    std::thread::Builder::new()
        .name("brunt-init".to_owned())
        .stack_size(LOADER_STACK)
        .spawn(move || {
            // Nobody to tell: the run was ended by a signal.
            let _ = done.send(script::load(&args, &log));
        })
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot start: {error}")))?;
    loaded.await.unwrap_or_else(|_| {
        let message =
            "brunt crashed while it evaluated the script; please report it with the script";
        Err(Failure::new(Exit::Internal, message))
    })
}

/// The arguments with what the configuration file adds where neither flag nor variable speaks.
fn completed(args: &RunArgs, log: &Arc<dyn LogSink>) -> Result<RunArgs, Failure> {
    let mut args = args.clone();
    let say = |level, message| {
        log.log(Record {
            level,
            message,
            fields: Vec::new(),
        });
    };
    args.config_file = ConfigFile::find(args.config.as_deref())?.map(Arc::new);
    let keys = args.config_file.as_ref().map(|file| file.keys.clone());
    let keys = keys.unwrap_or_default();
    if args.out.is_empty() {
        args.out = keys.out.unwrap_or_default();
    }
    if args.feature_names.is_empty() {
        args.feature_names = keys.features.unwrap_or_default();
    }
    args.linger = args.linger.or(keys.linger);
    let (features, unknown) = Features::parse(args.feature_names.iter().map(String::as_str));
    for message in unknown {
        say(Level::Error, format!("--features: {message}"));
    }
    args.features = features;
    if args.compatibility_mode == "experimental_enhanced" {
        let message = "--compatibility-mode: experimental_enhanced is an old name of extended";
        say(Level::Warn, message.to_owned());
    }
    Ok(args)
}
