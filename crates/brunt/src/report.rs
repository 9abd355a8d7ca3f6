//! `brunt report`: a run as one HTML page, from its result files. What is on the page is `brunt-report`; here is the
//! command.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use brunt_aggregate::AggregatePlan;
use brunt_engine::LogSink;
use brunt_report::{About, Requests};
use brunt_results::{Reading, Timeline};
use clap::{Arg, ArgMatches, Command};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use crate::convert::{Source, input_arg, source_args};
use crate::exit::{Exit, Failure};
use crate::summary::{tell_rejected, threshold_args, thresholds};
use crate::terminal::{self, Terminal};

/// Points of a chart, at most; at least half as many in all but the shortest runs.
const SLOTS: usize = 240;

/// The command.
pub(crate) fn command() -> Command {
    Command::new("report")
        .about("Writes a run as one HTML page that needs no network")
        .after_help(
            "Inputs are those of `brunt convert`; several files are added up, as those of several load generators.

The exit code is 123 if a line was broken, unless --skip-invalid is given; crossed thresholds do not change it.

Examples:
  brunt report results.json.gz
  brunt report generator-*.parquet -o report.html --title 'Release 42, staging'
  brunt report results.csv --threshold 'http_req_duration: p(95)<300'",
        )
        .arg(input_arg())
        .arg(
            Arg::new("out")
                .long("out")
                .short('o')
                .value_name("FILE")
                .default_value("report.html")
                .value_parser(clap::value_parser!(PathBuf))
                .help("The page"),
        )
        .arg(
            Arg::new("title")
                .long("title")
                .value_name("TEXT")
                .help("The heading [default: the name of the first file]"),
        )
        .args(threshold_args())
        .args(source_args())
}

/// Reads the files and writes the page.
pub(crate) fn run(matches: &ArgMatches, terminal: &Arc<Terminal>) -> Result<Exit, Failure> {
    let log: Arc<dyn LogSink> = Arc::clone(&terminal.log) as _;
    let source = Source::open(matches)?;
    let (known, declared) = (&source.known, &source.declared);
    let thresholds = thresholds(matches, declared, &known.registry)?;
    let submetrics = source.submetrics(&thresholds);
    let plan = |submetrics| AggregatePlan::new(Arc::clone(&known.registry), submetrics);
    // Totals are told by scenario and group, what came to each slot of time is not.
    let totals = Arc::new(plan(submetrics.clone()).with_sections());
    let interner = || Arc::clone(&known.interner);
    let mut reading = Reading::new(totals, thresholds, interner());
    let mut timeline = Timeline::new(Arc::new(plan(submetrics)), interner(), SLOTS);
    let mut requests = Requests::new(interner());
    let quiet = matches.get_flag("quiet");
    let tally = source.read(quiet, &log, |batch| {
        reading.add(batch);
        timeline.add(batch);
        requests.add(batch);
    })?;
    tell_rejected(&log, &reading);
    let files: Vec<String> = matches
        .get_many("input")
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let title = matches.get_one::<String>("title").cloned();
    let about = About {
        title: title.unwrap_or_else(|| title_of(&files)),
        files,
        began: began(&timeline, declared.utc_offset),
        broken: tally.broken,
    };
    let page = brunt_report::page(&about, &reading.finish(), &timeline, &requests);
    let path = matches.get_one::<PathBuf>("out");
    let path = path.map_or(Path::new("report.html"), PathBuf::as_path);
    write(path, &page).map_err(|error| {
        let message = format!("--out {}: {error}", path.display());
        Failure::new(Exit::Usage, message)
    })?;
    if !quiet {
        terminal::print(format!("{} written\n", path.display()));
    }
    Ok(if tally.broken > 0 && !matches.get_flag("skip-invalid") {
        Exit::InvalidInput
    } else {
        Exit::Success
    })
}

fn title_of(files: &[String]) -> String {
    let first = files.first().map_or("", String::as_str);
    let name = Path::new(first).file_name();
    let name = name.map_or_else(
        || first.to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    match files.len() {
        0 | 1 => name,
        more => format!("{name} and {} more", more - 1),
    }
}

/// When the first sample was taken, by the clock of those who took it.
fn began(timeline: &Timeline, offset: Option<i32>) -> String {
    let first = timeline.range().map(|(first, _)| first);
    let first = first.and_then(|first| Timestamp::from_nanosecond(first.into()).ok());
    let offset = offset.and_then(|seconds| Offset::from_seconds(seconds).ok());
    let zone = offset.map_or(TimeZone::UTC, Offset::to_time_zone);
    first.map_or_else(
        || "no samples".to_owned(),
        |first| {
            first
                .to_zoned(zone)
                .strftime("%Y-%m-%d %H:%M:%S %:z")
                .to_string()
        },
    )
}

/// Under its name there is only a whole page.
fn write(path: &Path, page: &str) -> std::io::Result<()> {
    let mut until = path.as_os_str().to_owned();
    until.push(format!(".{}.tmp", std::process::id()));
    let until = PathBuf::from(until);
    let written = fs::write(&until, page).and_then(|()| fs::rename(&until, path));
    if written.is_err() {
        // It may not be there.
        let _ = fs::remove_file(&until);
    }
    written
}
