//! The files that tell of a run: `--summary-export` and `--junit`.

use std::io;

use brunt_aggregate::{Report, Values};
use brunt_summary::{JunitRun, RunInfo};
use jiff::Timestamp;

use crate::exit::Exit;
use crate::run::RunArgs;
use crate::run::outcome::Verdict;
use crate::run::script::Script;
use crate::run::settings::Settings;
use crate::run::summary::setup_data;
use crate::run::test::Ran;

/// Metrics that a JUnit report has as properties: what a reader wants to know of every run.
const PROPERTIES: [&str; 4] = ["iterations", "http_reqs", "vus_max", "dropped_iterations"];

/// A finished run with all that belongs to it.
pub(crate) struct Finished<'a> {
    pub(crate) args: &'a RunArgs,
    pub(crate) script: &'a Script,
    pub(crate) settings: &'a Settings,
    pub(crate) ran: &'a Ran,
    pub(crate) verdict: &'a Verdict,
}

/// Writes the files that were asked for; says of each that cannot be written why.
pub(crate) fn write(run: &Finished<'_>) -> Vec<String> {
    let mut failures = Vec::new();
    let mut put = |flag: &str, path: &std::path::Path, text: io::Result<String>| {
        if let Err(error) = text.and_then(|text| std::fs::write(path, text)) {
            failures.push(format!("{flag} {}: {error}", path.display()));
        }
    };
    if let Some(path) = &run.args.summary_export {
        put("--summary-export", path, export(run));
    }
    if let Some(path) = &run.args.junit {
        put("--junit", path, junit(run));
    }
    failures
}

fn export(run: &Finished<'_>) -> io::Result<String> {
    let (report, options) = (&run.ran.report, &run.settings.summary);
    let text = if run.args.machine_summary {
        with_run_info(run.script, |info| {
            brunt_summary::machine::render(report, options, info)
        })
    } else {
        let setup = setup_data(&run.ran.outcome);
        brunt_summary::export::render(report, options, setup.as_ref())
    };
    text.map_err(io::Error::from)
}

/// Lends what the summary for programs tells about the run.
pub(crate) fn with_run_info<T>(script: &Script, work: impl FnOnce(RunInfo<'_>) -> T) -> T {
    let text = script.program.loader().entry_text();
    work(RunInfo {
        script: text.as_deref().unwrap_or_default(),
        generated_at: &second(Timestamp::now(), "%Y-%m-%dT%H:%M:%SZ"),
        brunt_version: env!("CARGO_PKG_VERSION"),
    })
}

fn junit(run: &Finished<'_>) -> io::Result<String> {
    let started = run.ran.started.and_then(|nanoseconds| {
        let time = Timestamp::from_nanosecond(nanoseconds.into()).ok()?;
        Some(second(time, "%Y-%m-%dT%H:%M:%S"))
    });
    // Broken thresholds have cases of their own.
    let broke_off = !matches!(run.verdict.exit, Exit::Success | Exit::ThresholdsFailed);
    let failure = broke_off.then(|| run.verdict.messages.join("\n"));
    let report = JunitRun {
        script: &run.args.script,
        started: started.as_deref(),
        failure: failure.as_deref(),
        properties: properties(run),
    };
    brunt_summary::junit::render(&run.ran.report, &run.settings.summary, &report)
        .map_err(io::Error::other)
}

fn properties(run: &Finished<'_>) -> Vec<(String, String)> {
    let text = |name: &str, value: String| (name.to_owned(), value);
    let mut properties = vec![
        text("script", run.args.script.clone()),
        text("brunt_version", env!("CARGO_PKG_VERSION").to_owned()),
        text("exit_code", (run.verdict.exit as u8).to_string()),
    ];
    for name in PROPERTIES {
        properties.extend(total(&run.ran.report, name).map(|value| text(name, value.to_string())));
    }
    let tags = run.settings.k6.run_tags.iter();
    properties.extend(tags.map(|(key, value)| (format!("tag.{key}"), value.to_owned())));
    properties
}

fn total(report: &Report, name: &str) -> Option<f64> {
    let totals = report
        .totals
        .iter()
        .find(|it| it.seen && it.submetric.is_none() && *it.metric.name == *name)?;
    match totals.values {
        Values::Counter { count } => Some(count),
        Values::Gauge { value, .. } => Some(value),
        Values::Rate { .. } | Values::Trend(_) => None,
    }
}

fn second(time: Timestamp, format: &str) -> String {
    time.strftime(format).to_string()
}
