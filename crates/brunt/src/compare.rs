//! `brunt compare`: two runs side by side, from their result files. What is compared, and how, is `brunt-compare`; here is
//! the command.

use std::io::IsTerminal as _;
use std::sync::Arc;

use brunt_aggregate::{AggregatePlan, Thresholds};
use brunt_compare::{Comparison, Direction, Directions, Limit, Run, Settings};
use brunt_engine::{Level, LogSink, Record};
use brunt_results::{Reading, Timeline};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::convert::{Source, source_args};
use crate::exit::{Exit, Failure};
use crate::terminal::{self, Terminal};

/// Blocks of time that a run is cut into at most: at least half as many, in all but the shortest runs.
const BLOCKS: usize = 120;

/// The command.
pub(crate) fn command() -> Command {
    let metrics = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .action(ArgAction::Append)
            .value_name("METRIC")
            .help(help)
    };
    Command::new("compare")
        .about("Shows two runs side by side: what changed, and how sure that is")
        .after_help(
            "A and B are inputs as those of `brunt convert`; a folder or a pattern in quotes stands for the files of all load
generators of a run. Intervals come from drawing blocks of time again and again, so a run should take a minute or more.

The exit code is 122 if something got worse by more than --max-regression, and surely worse; 123 if a line was
broken, unless --skip-invalid is given.

Examples:
  brunt compare before.parquet after.parquet
  brunt compare before.json.gz after.json.gz --max-regression 5%
  brunt compare 'main-*.csv.gz' 'branch-*.csv.gz' --max-regression 'http_req_duration: p(95): 10%' --format json",
        )
        .arg(run_arg("a", "A", "The run before: a result file, a folder or a pattern"))
        .arg(run_arg("b", "B", "The run after"))
        .arg(
            Arg::new("max-regression")
                .long("max-regression")
                .action(ArgAction::Append)
                .value_name("[METRIC: [STAT:]] PERCENT")
                .value_parser(|text: &str| text.parse::<Limit>().map_err(|error| error.to_string()))
                .help("How much worse is too much; of rates in percentage points; repeatable"),
        )
        .arg(metrics("lower-is-better", "A metric of which less is better; repeatable"))
        .arg(metrics("higher-is-better", "A metric of which more is better; repeatable"))
        .arg(
            Arg::new("confidence")
                .long("confidence")
                .value_name("PERCENT")
                .default_value("95")
                .value_parser(confidence)
                .help("How many of a hundred intervals hold the true change, 50 to 99"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORM")
                .default_value("table")
                .value_parser(["table", "json"])
                .help("What it prints"),
        )
        .args(source_args())
}

fn run_arg(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).required(true).value_name(value).help(help)
}

fn confidence(text: &str) -> Result<f64, String> {
    let percent: Option<f64> = text.trim_end_matches('%').trim().parse().ok();
    let percent = percent.filter(|it| (50.0..=99.0).contains(it));
    percent
        .map(|it| it / 100.0)
        .ok_or_else(|| "write a number from 50 to 99".to_owned())
}

/// Compares; the exit code tells whether it got worse.
pub(crate) fn run(matches: &ArgMatches, terminal: &Arc<Terminal>) -> Result<Exit, Failure> {
    let log: Arc<dyn LogSink> = Arc::clone(&terminal.log) as _;
    let settings = settings(matches);
    let names = ["a", "b"].map(|name| {
        let name = matches.get_one::<String>(name);
        name.map_or("", String::as_str)
    });
    // Both are found before gigabytes of the first are read.
    let sources = [
        Source::of(&[names[0].to_owned()], matches)?,
        Source::of(&[names[1].to_owned()], matches)?,
    ];
    let quiet = matches.get_flag("quiet");
    let [first, second] = &sources;
    let (a, first_broken) = read(first, quiet, &log)?;
    let (b, second_broken) = read(second, quiet, &log)?;
    let comparison = brunt_compare::compare(&a, &b, &settings);
    unknown(&settings, &comparison)?;
    let json = matches
        .get_one::<String>("format")
        .is_some_and(|it| it == "json");
    let colour = !terminal::no_colour(matches) && std::io::stdout().is_terminal();
    terminal::print(if json {
        format!("{:#}\n", brunt_compare::json(&comparison, names))
    } else {
        brunt_compare::text(&comparison, names, colour)
    });
    let regressions: Vec<String> = comparison
        .regressions()
        .map(|row| format!("{} {}", row.metric, row.stat))
        .collect();
    if !regressions.is_empty() {
        let message = format!(
            "worse by more than --max-regression: {}",
            regressions.join(", ")
        );
        let level = Level::Error;
        log.log(Record {
            level,
            message,
            fields: Vec::new(),
        });
    }
    Ok(
        if (first_broken || second_broken) && !matches.get_flag("skip-invalid") {
            // A verdict on a part of the samples is none.
            Exit::InvalidInput
        } else if regressions.is_empty() {
            Exit::Success
        } else {
            Exit::Regression
        },
    )
}

fn settings(matches: &ArgMatches) -> Settings {
    let mut directions = Directions::default();
    for (flag, direction) in [
        ("lower-is-better", Direction::Lower),
        ("higher-is-better", Direction::Higher),
    ] {
        for metric in matches.get_many::<String>(flag).into_iter().flatten() {
            directions.set(metric, direction);
        }
    }
    let limits = matches.get_many::<Limit>("max-regression");
    Settings {
        confidence: matches
            .get_one::<f64>("confidence")
            .copied()
            .unwrap_or(0.95),
        directions,
        limits: limits.into_iter().flatten().cloned().collect(),
    }
}

/// What a run's files come to, and whether lines were broken.
fn read(source: &Source, quiet: bool, log: &Arc<dyn LogSink>) -> Result<(Run, bool), Failure> {
    let known = &source.known;
    let none = Thresholds::default();
    let plan = AggregatePlan::new(Arc::clone(&known.registry), source.submetrics(&none));
    let plan = Arc::new(plan);
    let mut reading = Reading::new(Arc::clone(&plan), none, Arc::clone(&known.interner));
    let mut timeline = Timeline::new(plan, Arc::clone(&known.interner), BLOCKS);
    let tally = source.read(quiet, log, |batch| {
        reading.add(batch);
        timeline.add(batch);
    })?;
    let report = reading.finish();
    Ok((Run { report, timeline }, tally.broken > 0))
}

/// A metric that a flag names and no file has is a mistake: a limit on it would never be crossed. So is a limit on
/// something of which it is not known what is worse.
fn unknown(settings: &Settings, comparison: &Comparison) -> Result<(), Failure> {
    let wrong = |message: String| Err(Failure::new(Exit::InvalidConfig, message));
    let has = |metric: &str| comparison.rows.iter().any(|row| row.metric == metric);
    for name in settings.directions.names() {
        if !has(name) {
            return wrong(format!(
                "no file has a metric '{name}', of which a flag says what is better"
            ));
        }
    }
    for limit in &settings.limits {
        let Some(metric) = &limit.metric else {
            continue;
        };
        let mut rows = comparison.rows.iter().filter(|row| row.metric == *metric);
        let Some(row) = rows.next() else {
            return wrong(format!("--max-regression: no file has a metric '{metric}'"));
        };
        if row.direction == Direction::Unknown {
            return wrong(format!(
                "--max-regression: is more of '{metric}' worse? Say --lower-is-better {metric} or --higher-is-better {metric}"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_is_a_percentage() {
        assert_eq!(confidence("95"), Ok(0.95));
        assert_eq!(confidence("99 %"), Ok(0.99));
        for wrong in ["", "0.95", "100", "NaN", "x"] {
            assert!(confidence(wrong).is_err(), "{wrong}");
        }
    }
}
