//! What the user sees around a test: banner, end-of-test summary, files.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use brunt_aggregate::Report;
use brunt_engine::{Level, LogSink, Record, TestOutcome};
use brunt_options::plan;
use brunt_summary::{Banner, HandleState, OutputLine};
use serde_json::Value;

use crate::run::RunArgs;
use crate::run::outputs::{Delivered, GaveUp, Outputs};
use crate::run::reports::{self, Finished, with_run_info};
use crate::run::script::Script;
use crate::run::settings::Settings;
use crate::run::test::Ran;

/// Logo, script, outputs and scenarios.
pub(crate) fn banner(args: &RunArgs, settings: &Settings, outputs: &Outputs) -> String {
    let scenarios = &settings.options.scenarios;
    let partition = &settings.options.partition;
    let described: Vec<(String, String)> = scenarios
        .iter()
        .filter_map(|it| {
            // What is too fine to be dealt out is refused when the engine starts.
            let part = it.describe_part(partition).ok().flatten()?;
            Some((it.name.clone(), part))
        })
        .collect();
    Banner {
        script: &args.script,
        outputs: &outputs.descriptions(),
        scenarios: &described,
        share: partition.segment().length(),
        max_vus: plan::vu_requirements_of(scenarios, partition).max,
        max_duration: plan::total_duration(scenarios),
        colour: settings.summary.colour,
    }
    .render()
}

/// The argument of `handleSummary`, as JSON.
pub(crate) fn data(
    script: &Script,
    settings: &Settings,
    outcome: &TestOutcome,
    report: &Report,
) -> Arc<str> {
    if settings.machine_summary {
        let value = with_run_info(script, |info| {
            brunt_summary::machine::value(report, &settings.summary, info)
        });
        return value.to_string().into();
    }
    let setup = setup_data(outcome);
    let state = HandleState {
        stdout_is_tty: std::io::stdout().is_terminal(),
        stderr_is_tty: std::io::stderr().is_terminal(),
        setup_data: setup.as_ref(),
    };
    brunt_summary::handle::data(report, &settings.summary, state)
        .to_string()
        .into()
}

/// What `setup()` returned.
pub(crate) fn setup_data(outcome: &TestOutcome) -> Option<Value> {
    outcome
        .setup_data
        .as_ref()
        .and_then(|json| serde_json::from_str(json).ok())
}

/// Prints or writes the summary, and says what outputs lost. Somebody in a hurry only gets the
/// latter.
pub(crate) fn show(
    run: &Finished<'_>,
    delivered: &[Delivered],
    hurried: bool,
    log: &Arc<dyn LogSink>,
) {
    let Finished {
        args,
        settings,
        ran,
        ..
    } = run;
    let say = |level: Level, message: String| {
        log.log(Record {
            level,
            message,
            fields: Vec::new(),
        });
    };
    if hurried {
        return report_outputs(delivered, None, &say);
    }
    // What a script's own summary prints may be read by a program: nothing is added to it.
    let default = settings.summary_enabled && print_summary(settings, ran, &say);
    for failure in reports::write(run) {
        say(Level::Error, failure);
    }
    if ran.rejected > 0 {
        let message = format!(
            "{} samples were no finite numbers or came too late and were not counted",
            ran.rejected
        );
        say(Level::Warn, message);
    }
    if ran.overflowed > 0 {
        say(Level::Warn, too_many_series(args.max_series, settings));
    }
    let colour = default.then_some(settings.summary.colour);
    report_outputs(delivered, colour, &say);
}

fn too_many_series(most: usize, settings: &Settings) -> String {
    let tag = settings.interner.widest_tag();
    let tag = tag.map_or_else(String::new, |(tag, values)| {
        format!(", because tag `{tag}` has {values} values")
    });
    format!(
        "more than --max-series={most} time series{tag}: what came later is counted in one series per metric, tagged brunt_overflow=true; use fewer values, such as a `name` tag for URLs"
    )
}

/// Prints the summary, or what the script makes of it; whether it was brunt's own.
fn print_summary(settings: &Settings, ran: &Ran, say: &dyn Fn(Level, String)) -> bool {
    let default = || {
        crate::terminal::print(brunt_summary::text::render(&ran.report, &settings.summary));
        true
    };
    match &ran.handled {
        None => default(),
        Some(Err(error)) => {
            say(
                Level::Error,
                format!("handleSummary() failed, here is the default summary: {error}"),
            );
            default()
        }
        Some(Ok(json)) => {
            let returned = json
                .as_deref()
                .and_then(|json| serde_json::from_str::<Value>(json).ok());
            match returned.unwrap_or_default() {
                Value::Object(files) => {
                    for (name, contents) in files {
                        write_file(&name, &contents, say);
                    }
                    false
                }
                returned => {
                    if !is_falsy(&returned) {
                        let message = "handleSummary() must return an object of texts by file name, such as { stdout: text }; here is the default summary";
                        say(Level::Error, message.to_owned());
                    }
                    default()
                }
            }
        }
    }
}

/// As JavaScript sees it.
fn is_falsy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// A text, or bytes as the list of numbers that the script's host makes of them.
fn bytes_of(contents: &Value) -> Option<Vec<u8>> {
    match contents {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Array(bytes) => {
            let byte = |value: &Value| u8::try_from(value.as_u64()?).ok();
            bytes.iter().map(byte).collect()
        }
        _ => None,
    }
}

fn write_file(name: &str, contents: &Value, say: &dyn Fn(Level, String)) {
    let Some(contents) = bytes_of(contents) else {
        return say(
            Level::Error,
            format!("handleSummary(): the contents of '{name}' must be a string or an ArrayBuffer"),
        );
    };
    let written = match name {
        "stdout" => {
            crate::terminal::print(&contents);
            Ok(())
        }
        "stderr" => std::io::stderr().write_all(&contents),
        path => std::fs::write(path, contents),
    };
    if let Err(error) = written {
        say(
            Level::Error,
            format!("handleSummary(): cannot write '{name}': {error}"),
        );
    }
}

/// The summary's block on outputs, for people, and what was lost, for the log.
fn report_outputs(delivered: &[Delivered], colour: Option<bool>, say: &dyn Fn(Level, String)) {
    let lines: Vec<OutputLine> = delivered.iter().map(line).collect();
    if let Some(colour) = colour {
        crate::terminal::print(brunt_summary::outputs::render(&lines, colour));
    }
    for (one, line) in delivered.iter().zip(&lines) {
        if let Err(GaveUp::Unsaid(error)) = &one.report {
            say(Level::Error, format!("output {}: {error}", one.instance));
        }
        let counts = &one.counts;
        // What was dropped on the way is then in what came after it, if that has arrived.
        let caught_up = one.cumulative && !one.cut_off && counts.delivered > 0;
        if one.report.is_ok() && caught_up && counts.rejected + counts.spooled == 0 {
            if counts.dropped > 0 {
                let message = format!(
                    "output {}: could not keep up, {} points between the start and the end are missing; the last values are complete",
                    one.instance, counts.dropped
                );
                say(Level::Warn, message);
            }
        } else if counts.lost() {
            let message = format!(
                "output {}: {} of {} {} delivered, {} rejected, {} dropped, {} spooled",
                one.instance,
                counts.delivered,
                counts.accepted,
                line.unit,
                counts.rejected,
                counts.dropped,
                counts.spooled
            );
            say(Level::Warn, message);
        }
        let level = if counts.lost() {
            Level::Warn
        } else {
            Level::Info
        };
        // The last error was told when it came.
        let notes = one.report.iter().flat_map(|report| &report.notes);
        let refused = counts
            .first_rejection
            .iter()
            .map(|reason| format!("rejected, the first because: {reason}"));
        for note in notes.cloned().chain(refused) {
            say(level, format!("output {}: {note}", one.instance));
        }
    }
}

fn line(one: &Delivered) -> OutputLine {
    let Delivered {
        instance,
        cumulative,
        counts,
        report,
        ..
    } = one;
    let mut notes = match report {
        Ok(report) => report.notes.clone(),
        Err(_) => Vec::new(),
    };
    if let Some(reason) = &counts.first_rejection {
        notes.push(format!("rejected, the first because: {reason}"));
    }
    if let Some(reason) = &counts.last_error
        && counts.first_rejection.as_ref() != Some(reason)
    {
        notes.push(format!("the last error was: {reason}"));
    }
    OutputLine {
        name: instance.clone(),
        unit: if *cumulative { "points" } else { "samples" },
        accepted: counts.accepted,
        delivered: counts.delivered,
        rejected: counts.rejected,
        dropped: counts.dropped,
        spooled: counts.spooled,
        retries: counts.retries,
        bytes: counts.bytes,
        notes,
    }
}
