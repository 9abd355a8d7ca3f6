//! brunt: the command line. Commands, wiring, terminal output and exit codes; the only crate that
//! knows every plug-in.

mod api;
mod cli;
mod compare;
mod convert;
mod dashboards;
mod demo;
mod exit;
mod logging;
mod progress;
mod repair;
mod report;
mod run;
mod scaffold;
mod send;
mod summary;
mod terminal;
mod verbs;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use brunt_engine::{Level, LogSink, Record};
use clap::ArgMatches;
use clap::error::ErrorKind;
use clap::parser::ValueSource;

use crate::exit::{Exit, Failure};
use crate::run::RunArgs;
use crate::terminal::Terminal;

/// QuickJS and hyper allocate a lot of small things on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let matches = match cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // A closed pipe is not worth a word.
            let _ = error.print();
            let asked = matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            );
            return if asked { Exit::Success } else { Exit::Usage }.into();
        }
    };
    match matches.subcommand() {
        Some(("run", own)) => with_terminal(own, |terminal| run::run(run_args(own), terminal)),
        Some(("demo", own)) => with_terminal(own, |_| demo::run(own)),
        Some(("outputs", _)) => {
            terminal::print(run::outputs::catalogue().list());
            Exit::Success.into()
        }
        Some(("inspect", own)) => with_terminal(own, |terminal| {
            let requirements = own.get_flag("execution-requirements");
            run::inspect::inspect(&run_args(own), requirements, terminal)
        }),
        Some(("send", own)) => with_terminal(own, |terminal| send::run(own, terminal)),
        Some(("convert", own)) => with_terminal(own, |terminal| convert::run(own, terminal)),
        Some(("summary", own)) => with_terminal(own, |terminal| summary::run(own, terminal)),
        Some(("compare", own)) => with_terminal(own, |terminal| compare::run(own, terminal)),
        Some(("report", own)) => with_terminal(own, |terminal| report::run(own, terminal)),
        Some(("dashboards", own)) => with_terminal(own, |_| dashboards::run(own)),
        Some(("repair", own)) => with_terminal(own, |terminal| repair::run(own, terminal)),
        Some(("new", own)) => with_terminal(own, |_| scaffold::run(own)),
        Some(("completion", own)) => {
            let mut script = Vec::new();
            if let Some(shell) = own.get_one::<clap_complete::Shell>("shell") {
                clap_complete::generate(*shell, &mut cli::command(), "brunt", &mut script);
            }
            terminal::print(script);
            Exit::Success.into()
        }
        Some(("version", own)) => {
            terminal::print(version(own.get_flag("json")));
            Exit::Success.into()
        }
        Some((name, own)) => match verbs::of(name) {
            Some(verb) => with_terminal(own, |_| verb(own)),
            // The command line allows no other.
            None => Exit::Usage.into(),
        },
        None => Exit::Usage.into(),
    }
}

fn version(json: bool) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    if json {
        let json = serde_json::json!({ "version": version, "os": os, "arch": arch });
        format!("{json}\n")
    } else {
        format!("brunt v{version} ({os}/{arch})\n")
    }
}

fn with_terminal(
    matches: &ArgMatches,
    work: impl FnOnce(&Arc<Terminal>) -> Result<Exit, Failure>,
) -> ExitCode {
    let terminal = match Terminal::start(matches) {
        Ok(terminal) => Arc::new(terminal),
        Err(message) => {
            // There are no log lines yet.
            let _ = writeln!(std::io::stderr(), "error: {message}");
            return Exit::Usage.into();
        }
    };
    let exit = guarded(|| work(&terminal)).unwrap_or_else(|failure| {
        terminal.log.log(Record {
            level: Level::Error,
            message: failure.message,
            fields: Vec::new(),
        });
        failure.exit
    });
    terminal.log.flush(Duration::from_secs(2));
    exit.into()
}

/// The option `consoleOutput`, which only a flag or a variable sets: it is wanted before the script
/// is looked at.
fn console_output(matches: &ArgMatches) -> Option<PathBuf> {
    let flag = matches.get_many::<String>("console-output");
    let flag = flag.and_then(Iterator::last).map(PathBuf::from);
    let path = flag.or_else(|| std::env::var_os("K6_CONSOLE_OUTPUT").map(PathBuf::from));
    path.filter(|path| !path.as_os_str().is_empty())
}

/// A crash is an exit code like every other, and not the one of a language's runtime.
fn guarded(work: impl FnOnce() -> Result<Exit, Failure>) -> Result<Exit, Failure> {
    // What the crash left half done is not looked at again: the process ends.
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    done.unwrap_or_else(|_| {
        let message = "brunt crashed; please report it with the script and the lines above";
        Err(Failure::new(Exit::Internal, message))
    })
}

fn run_args(matches: &ArgMatches) -> RunArgs {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let texts = |name: &str| {
        matches
            .get_many(name)
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers = matches
        .get_one::<u16>("workers")
        .map(|workers| usize::from(*workers));
    let memory = matches
        .get_one::<u32>("vu-memory-limit")
        .copied()
        .unwrap_or_default();
    RunArgs {
        script: text("script").unwrap_or_default(),
        out: texts("out"),
        env: texts("env"),
        system_env: matches
            .get_one("include-system-env-vars")
            .copied()
            .unwrap_or(true),
        config: text("config").map(Into::into),
        config_file: None,
        feature_names: texts("features"),
        features: brunt_options::Features::default(),
        compatibility_mode: text("compatibility-mode").unwrap_or_default(),
        explain: text("explain-config"),
        summary_export: text("summary-export").map(Into::into),
        machine_summary: matches
            .get_one("new-machine-readable-summary")
            .copied()
            .unwrap_or(false),
        junit: text("junit").map(Into::into),
        console_output: console_output(matches),
        summary_mode: text("summary-mode").unwrap_or_default(),
        no_thresholds: matches.get_flag("no-thresholds"),
        workers: workers.unwrap_or(cores.saturating_sub(1).max(1)),
        vu_memory_limit: (memory > 0).then_some((memory as usize) << 20),
        max_series: matches
            .get_one::<u32>("max-series")
            .map_or(1_000_000, |it| *it as usize),
        option_flags: cli::option_flags(matches),
        without_effect: cli::without_effect(matches),
        scenarios: texts("scenario"),
        once: matches.get_flag("once"),
        address: text("address").filter(|address| !address.is_empty()),
        linger: given(matches, "linger"),
        shutdown_budget: matches
            .get_one("shutdown-budget")
            .copied()
            .unwrap_or(run::SHUTDOWN_BUDGET),
        delivery: run::Delivery::of(matches),
        quiet: matches.get_flag("quiet"),
        no_colour: terminal::no_colour(matches),
    }
}

/// A switch that flag or variable set; `None` leaves it to the configuration file.
fn given(matches: &ArgMatches, switch: &str) -> Option<bool> {
    (matches.value_source(switch)? != ValueSource::DefaultValue).then(|| matches.get_flag(switch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_is_109() {
        let crashed = guarded(|| panic!("on purpose")).unwrap_err();
        assert_eq!(crashed.exit as u8, 109);
        assert!(guarded(|| Ok(Exit::Success)).is_ok());
    }
}
