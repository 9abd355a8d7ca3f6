//! `brunt run`: from a script to an exit code.

mod outcome;
pub(crate) mod outputs;
mod script;
mod settings;
mod summary;
mod test;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use brunt_engine::LogSink;

use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// The arguments of `brunt run`.
#[derive(Debug, Clone)]
pub(crate) struct RunArgs {
    pub(crate) script: String,
    pub(crate) out: Vec<String>,
    pub(crate) env: Vec<String>,
    pub(crate) system_env: bool,
    pub(crate) config: Option<PathBuf>,
    pub(crate) summary_export: Option<PathBuf>,
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
    pub(crate) quiet: bool,
    pub(crate) no_colour: bool,
}

/// How long outputs get to deliver what is left after the test.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(25);

/// How long the summary waits for log lines that a slow reader holds up.
const LOG_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs a test to its end.
pub(crate) fn run(args: &RunArgs, terminal: &Arc<Terminal>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("brunt-control")
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot start: {error}")))?;
    let exit = runtime.block_on(run_async(args, terminal));
    // What does not end by itself must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

async fn run_async(args: &RunArgs, terminal: &Arc<Terminal>) -> Result<Exit, Failure> {
    let log: Arc<dyn LogSink> = Arc::clone(&terminal.log) as Arc<dyn LogSink>;
    let configured = outputs::configure(&args.out)?;
    let script = script::load(args, &log)?;
    let settings = settings::settle(args, &script, &log)?;
    let outputs = outputs::check(configured).await?;
    if !args.quiet {
        crate::terminal::print(summary::banner(args, &settings, &outputs));
    }
    let (edges, running) = outputs.start(&settings.output_context(DRAIN_TIMEOUT));
    let ran = test::run(args, &script, &settings, edges, terminal, &log).await?;
    let delivered = running.finish(DRAIN_TIMEOUT).await;
    // What iterations logged stands above the summary, also where both go to one file.
    terminal.log.flush(LOG_TIMEOUT);
    summary::show(args, &settings, &ran, &delivered, &log);
    Ok(outcome::exit(&ran, &log))
}
