//! `brunt dashboards preview`: a dashboard with live data as one page. What is on the page is `brunt-preview`; here is
//! the command.

use std::path::{Path, PathBuf};
use std::time::Duration;

use brunt_options::parse_duration;
use brunt_preview::{PreviewError, Settings, preview};
use clap::{Arg, ArgAction, ArgMatches, Command};
use jiff::Timestamp;

use super::{argument, load, usage};
use crate::exit::{Exit, Failure};
use crate::terminal::print;

/// The command.
pub(super) fn command() -> Command {
    Command::new("preview")
        .about("Draws a dashboard with live data into one HTML page, without Grafana")
        .after_help(
            "The page needs no network. What is asked of Loki, Tempo or other data sources is named, not shown.

The exit code is 1 if a query was refused (the page says in which panel), 121 if no Prometheus answers.

Examples:
  brunt dashboards preview test-overview --prometheus http://localhost:9090
  brunt dashboards preview mine.json --prometheus https://mimir.example/prometheus --header 'X-Scope-OrgID: team'
  brunt dashboards preview compare --prometheus http://localhost:9090 --from now-7d --var a=monday --var b=tuesday
  brunt dashboards preview latency --prometheus http://localhost:9090 --header @headers.txt -o latency.html",
        )
        .arg(
            Arg::new("dashboard")
                .required(true)
                .value_name("FILE|NAME")
                .value_parser(clap::value_parser!(PathBuf))
                .help("A file in the classic form, or the name of a bundled dashboard"),
        )
        .arg(
            Arg::new("prometheus")
                .long("prometheus")
                .required(true)
                .value_name("URL")
                .help("The Prometheus or Mimir that is asked: the URL below which /api/v1/query lies"),
        )
        .arg(
            Arg::new("out")
                .long("out")
                .short('o')
                .value_name("FILE")
                .default_value("preview.html")
                .value_parser(clap::value_parser!(PathBuf))
                .help("The page"),
        )
        .arg(
            Arg::new("from")
                .long("from")
                .value_name("TIME")
                .allow_hyphen_values(true)
                .help("From when: now-30m, 2026-11-23T10:00:00Z or seconds since 1970 [default: the dashboard's]"),
        )
        .arg(
            Arg::new("to")
                .long("to")
                .value_name("TIME")
                .allow_hyphen_values(true)
                .help("Until when [default: the dashboard's]"),
        )
        .arg(
            Arg::new("var")
                .long("var")
                .value_name("NAME=VALUE")
                .action(ArgAction::Append)
                .help("What is chosen for a variable; again for one more value, All for everything"),
        )
        .arg(
            Arg::new("header")
                .long("header")
                .value_name("NAME: VALUE")
                .action(ArgAction::Append)
                .help("A header of each request, such as a tenant or credentials; @FILE for those of a file, one in each line"),
        )
        .arg(
            Arg::new("scrape-interval")
                .long("scrape-interval")
                .value_name("DURATION")
                .default_value("15s")
                .help("How often the data has a sample, as a data source in Grafana is told; the output's interval"),
        )
}

/// Asks and writes the page.
pub(super) fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let board = load::named(argument(matches, "dashboard"))?;
    let settings = settings(matches)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| usage(format!("cannot start: {error}")))?;
    let made = runtime.block_on(preview(&board, &settings));
    let made = made.map_err(|error| match error {
        PreviewError::Unreachable(_) => Failure::new(Exit::OutputUnreachable, error.to_string()),
        error => usage(error.to_string()),
    })?;
    let path = argument(matches, "out");
    std::fs::write(path, &made.html)
        .map_err(|error| usage(format!("--out {}: {error}", path.display())))?;
    let (all, filled) = made.panels;
    print(format!(
        "{} written: {filled} of {all} panels have data\n",
        path.display()
    ));
    if made.failed.is_empty() {
        return Ok(Exit::Success);
    }
    let failed = made.failed.join("\n  ");
    Err(Failure::new(
        Exit::Different,
        format!("not everything could be asked:\n  {failed}"),
    ))
}

fn settings(matches: &ArgMatches) -> Result<Settings, Failure> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let all = |name: &str| matches.get_many::<String>(name).into_iter().flatten();
    let variable = |it: &String| {
        let pair = it.split_once('=');
        let pair = pair.ok_or_else(|| usage(format!("--var {it}: not NAME=VALUE")))?;
        Ok((pair.0.to_owned(), pair.1.to_owned()))
    };
    let scrape = text("scrape-interval").unwrap_or_default();
    let scrape = parse_duration(&scrape)
        .map_err(|error| usage(format!("--scrape-interval {scrape}: {error}")))?;
    let mut headers = Vec::new();
    for it in all("header") {
        match it.strip_prefix('@') {
            Some(path) => headers.extend(lines(Path::new(path))?),
            None => headers.push(it.clone()),
        }
    }
    Ok(Settings {
        prometheus: text("prometheus").unwrap_or_default(),
        headers,
        from: text("from"),
        to: text("to"),
        variables: all("var").map(variable).collect::<Result<_, Failure>>()?,
        scrape: scrape.max(Duration::from_millis(1)),
        now: Timestamp::now().as_millisecond() as f64 / 1000.0,
    })
}

/// The lines of a file with headers.
fn lines(path: &Path) -> Result<Vec<String>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| usage(format!("--header @{}: {error}", path.display())))?;
    let lines = text.lines().map(str::trim).filter(|it| !it.is_empty());
    Ok(lines.map(str::to_owned).collect())
}
