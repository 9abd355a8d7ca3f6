//! `brunt summary`: what `brunt run` prints at the end of a test, from the files that it wrote. The totals come from
//! `brunt-results`, the text from `brunt-summary`; here is the command.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use brunt_aggregate::{AggregatePlan, Report, ThresholdError, ThresholdSpec, Thresholds};
use brunt_convert::Declared;
use brunt_engine::{Level, LogSink, Record};
use brunt_metrics::Registry;
use brunt_results::Reading;
use brunt_summary::{Mode, SummaryOptions};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::convert::{Source, input_arg, source_args};
use crate::exit::{Exit, Failure};
use crate::terminal::{self, Terminal};

/// The command.
pub(crate) fn command() -> Command {
    Command::new("summary")
        .about("Prints the end-of-test summary of result files, and judges thresholds")
        .after_help(
            "Inputs are those of `brunt convert`; several files are added up, as those of several load generators.
Thresholds are those that the files tell, and those of --threshold.

The exit code is 99 if a threshold was crossed, 123 if a line was broken, unless --skip-invalid is given.

Examples:
  brunt summary results.json.gz
  brunt summary generator-*.parquet --threshold 'http_req_duration: p(95)<300'
  brunt summary results.csv --metric orders=counter --summary-export summary.json",
        )
        .arg(input_arg())
        .args(source_args())
        .args(threshold_args())
        .arg(
            Arg::new("summary-export")
                .long("summary-export")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("Writes the summary as JSON, in the form of `brunt run`"),
        )
        .arg(
            Arg::new("summary-mode")
                .long("summary-mode")
                .value_name("MODE")
                .default_value("compact")
                .value_parser(["compact", "full"])
                .help("How much the summary shows"),
        )
        .arg(
            Arg::new("summary-trend-stats")
                .long("summary-trend-stats")
                .value_name("STATS")
                .help("Statistics of trends, such as 'avg,med,p(99.9)'"),
        )
        .arg(
            Arg::new("summary-time-unit")
                .long("summary-time-unit")
                .value_name("UNIT")
                .help("Unit of times: s, ms or us"),
        )
}

/// Which thresholds are judged.
pub(crate) fn threshold_args() -> [Arg; 2] {
    [
        Arg::new("threshold")
            .long("threshold")
            .action(ArgAction::Append)
            .value_name("METRIC: EXPRESSION")
            .value_parser(threshold)
            .help("A further threshold, such as 'http_req_duration{scenario:buy}: p(95)<300'; repeatable"),
        Arg::new("no-thresholds")
            .long("no-thresholds")
            .action(ArgAction::SetTrue)
            .help("Do not judge the thresholds that the files tell"),
    ]
}

/// A threshold as `--threshold` gives it: metric and expression. An expression has no colon, but tags have.
fn threshold(text: &str) -> Result<(String, String), String> {
    let wrong = || "write metric and expression, such as 'http_req_duration: p(95)<300'".to_owned();
    let (metric, expression) = text.rsplit_once(':').ok_or_else(wrong)?;
    let (metric, expression) = (metric.trim(), expression.trim());
    if metric.is_empty() || expression.is_empty() {
        return Err(wrong());
    }
    Ok((metric.to_owned(), expression.to_owned()))
}

fn invalid(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::InvalidConfig, error.to_string())
}

/// Reads the files and prints what they come to.
pub(crate) fn run(matches: &ArgMatches, terminal: &Arc<Terminal>) -> Result<Exit, Failure> {
    let log: Arc<dyn LogSink> = Arc::clone(&terminal.log) as _;
    // What is wrong with the flags is said before gigabytes are read.
    let options = summary_options(matches)?;
    let source = Source::open(matches)?;
    let known = &source.known;
    let thresholds = thresholds(matches, &source.declared, &known.registry)?;
    let submetrics = source.submetrics(&thresholds);
    let mut plan = AggregatePlan::new(Arc::clone(&known.registry), submetrics);
    if options.mode == Mode::Full {
        plan = plan.with_sections();
    }
    let mut reading = Reading::new(Arc::new(plan), thresholds, Arc::clone(&known.interner));
    let quiet = matches.get_flag("quiet");
    let tally = source.read(quiet, &log, |batch| reading.add(batch))?;
    tell_rejected(&log, &reading);
    let report = reading.finish();
    terminal::print(brunt_summary::text::render(&report, &options));
    if let Some(path) = matches.get_one::<PathBuf>("summary-export") {
        export(path, &report, &options)?;
    }
    let crossed = crossed(&report);
    if let Some(names) = &crossed {
        let message = format!("thresholds on metrics {names} have been crossed");
        say(&log, Level::Error, message);
    }
    // A verdict on a part of the samples is none.
    Ok(if tally.broken > 0 && !matches.get_flag("skip-invalid") {
        Exit::InvalidInput
    } else if crossed.is_some() {
        Exit::ThresholdsFailed
    } else {
        Exit::Success
    })
}

fn export(path: &Path, report: &Report, options: &SummaryOptions) -> Result<(), Failure> {
    let text = brunt_summary::export::render(report, options, None);
    let written = text
        .map_err(std::io::Error::from)
        .and_then(|text| std::fs::write(path, text));
    written.map_err(|error| {
        let message = format!("--summary-export {}: {error}", path.display());
        Failure::new(Exit::Usage, message)
    })
}

/// Says how many samples did not count, if there were any.
pub(crate) fn tell_rejected(log: &Arc<dyn LogSink>, reading: &Reading) {
    if reading.rejected() > 0 {
        let message = format!(
            "{} samples were no finite numbers and were not counted",
            reading.rejected()
        );
        say(log, Level::Warn, message);
    }
}

fn say(log: &Arc<dyn LogSink>, level: Level, message: String) {
    log.log(Record {
        level,
        message,
        fields: Vec::new(),
    });
}

/// The metrics with crossed thresholds, if there are any.
fn crossed(report: &Report) -> Option<String> {
    let is_crossed = |it: &&brunt_aggregate::Totals| it.thresholds.iter().any(|one| !one.ok);
    let crossed = report.totals.iter().filter(is_crossed);
    let names: Vec<String> = crossed.map(|it| format!("'{}'", it.full_name())).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn summary_options(matches: &ArgMatches) -> Result<SummaryOptions, Failure> {
    let colour = !terminal::no_colour(matches) && std::io::stdout().is_terminal();
    let mut options = SummaryOptions {
        colour,
        ..SummaryOptions::default()
    };
    let text = |name: &str| matches.get_one::<String>(name);
    if let Some(stats) = text("summary-trend-stats") {
        let stats = stats.split(',').map(str::trim).filter(|it| !it.is_empty());
        let stats: Result<_, _> = stats.map(str::parse).collect();
        options.trend_stats = stats.map_err(invalid)?;
    }
    if let Some(unit) = text("summary-time-unit") {
        options.time_unit = Some(unit.parse().map_err(invalid)?);
    }
    if text("summary-mode").is_some_and(|mode| mode == "full") {
        options.mode = Mode::Full;
    }
    Ok(options)
}

/// Those of the files and those of the flags.
pub(crate) fn thresholds(
    matches: &ArgMatches,
    declared: &Declared,
    registry: &Registry,
) -> Result<Thresholds, Failure> {
    let mut all: BTreeMap<String, Vec<ThresholdSpec>> = BTreeMap::new();
    let mut add = |metric: &str, expression: &str| {
        let of = all.entry(metric.to_owned()).or_default();
        if !of.iter().any(|known| known.expression == expression) {
            of.push(ThresholdSpec {
                expression: expression.to_owned(),
                ..ThresholdSpec::default()
            });
        }
    };
    if !matches.get_flag("no-thresholds") {
        for (name, declaration) in &declared.declarations {
            for expression in &declaration.thresholds {
                add(name, expression);
            }
            for part in &declaration.submetrics {
                for expression in &part.thresholds {
                    add(&format!("{name}{{{}}}", part.suffix), expression);
                }
            }
        }
    }
    let given = matches.get_many::<(String, String)>("threshold");
    for (metric, expression) in given.into_iter().flatten() {
        add(metric, expression);
    }
    let specs = all.iter().map(|(key, specs)| (key.as_str(), &specs[..]));
    Thresholds::parse(specs, registry).map_err(|error| match error {
        ThresholdError::UnknownMetric { key, name } => invalid(format!(
            "--threshold '{key}': the files tell of no metric '{name}'; of a CSV file, say what it is with --metric {name}=KIND"
        )),
        other => invalid(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_split_at_its_last_colon() {
        let of = |text: &str| threshold(text).ok();
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(
            of("http_reqs: count>1"),
            pair("http_reqs", "count>1"),
            "blanks"
        );
        assert_eq!(
            of("m{name:http://a/b}:p(95)<300"),
            pair("m{name:http://a/b}", "p(95)<300")
        );
        for wrong in ["http_reqs", ":", "http_reqs:", ": count>1"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
