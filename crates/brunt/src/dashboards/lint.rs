//! `brunt dashboards lint`: the rules of Grafana's linter on files, and what is said of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use brunt_grafana::{
    BUNDLED_LINT, Board, Finding, LintConfig, RULES, Severity, boards, classic, lint,
};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};

use super::{load, usage};
use crate::exit::{Exit, Failure};
use crate::terminal::print;

/// The file that excludes rules, as Grafana's linter calls it.
const CONFIG: &str = ".lint";

/// The command.
pub(super) fn command() -> Command {
    Command::new("lint")
        .about("Checks dashboards by the rules of Grafana's dashboard-linter")
        .after_help(
            "A file .lint beside the dashboards, or in a folder above, says which rules do not hold there,
and why. The exit code is 1 if there is an error.

Examples:
  brunt dashboards lint                        # the bundled ones
  brunt dashboards lint mine.json provisioning/dashboards
  brunt dashboards lint --strict --format json mine.json
  brunt dashboards lint --rules",
        )
        .arg(
            Arg::new("file")
                .value_name("FILE|FOLDER|NAME")
                .num_args(0..)
                .value_parser(clap::value_parser!(PathBuf))
                .help("Dashboards in any form; folders with all below them; or names of bundled ones [default: all bundled ones]"),
        )
        .arg(super::report_format())
        .arg(
            Arg::new("strict")
                .long("strict")
                .action(ArgAction::SetTrue)
                .help("Warnings count as errors"),
        )
        .arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("This file in place of .lint"),
        )
        .arg(
            Arg::new("rules")
                .long("rules")
                .action(ArgAction::SetTrue)
                .help("Lists the rules, and checks nothing"),
        )
}

/// A dashboard with the rules that hold for it.
struct Job {
    name: String,
    json: Value,
    config: LintConfig,
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    if matches.get_flag("rules") {
        print(rules());
        return Ok(Exit::Success);
    }
    let mut counts = BTreeMap::new();
    let (mut text, mut list) = (String::new(), Vec::new());
    for Job { name, json, config } in jobs(matches)? {
        let board = Board::read(&json).map_err(|error| usage(format!("{name}: {error}")))?;
        for finding in lint(&board, &config) {
            *counts.entry(finding.severity).or_insert(0_usize) += 1;
            if finding.severity != Severity::Excluded {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{}", line(&name, &finding));
            }
            list.push(object(&name, &board.title, &finding));
        }
    }
    let number = |severity| counts.get(&severity).copied().unwrap_or_default();
    let (errors, warnings) = (number(Severity::Error), number(Severity::Warning));
    if super::wants_json(matches) {
        print(format!("{:#}\n", Value::Array(list)));
    } else {
        let excluded = number(Severity::Excluded);
        print(format!(
            "{text}{errors} errors, {warnings} warnings, {excluded} excluded\n"
        ));
    }
    let strict = matches.get_flag("strict");
    let bad = errors > 0 || strict && warnings > 0;
    Ok(if bad { Exit::Different } else { Exit::Success })
}

fn rules() -> String {
    let mut text = String::new();
    for rule in RULES {
        let _ = writeln!(text, "{:<36} {}", rule.name, rule.description);
    }
    text
}

fn line(file: &str, it: &Finding) -> String {
    let severity = if it.severity == Severity::Warning {
        "warning: "
    } else {
        ""
    };
    let panel = it.panel.as_ref();
    let panel = panel.map_or_else(String::new, |(title, id)| {
        format!("panel {title:?} ({id}): ")
    });
    let target = it.target;
    let target = target.map_or_else(String::new, |it| format!("query {}: ", it + 1));
    format!(
        "{file}: {severity}{}: {panel}{target}{}",
        it.rule, it.message
    )
}

fn object(file: &str, title: &str, it: &Finding) -> Value {
    json!({
        "file": file,
        "dashboard": title,
        "rule": it.rule,
        "severity": it.severity.name(),
        "panel": it.panel.as_ref().map(|(title, id)| json!({ "title": title, "id": id })),
        "targetIdx": it.target,
        "message": it.message,
    })
}

/// What is to be checked.
fn jobs(matches: &ArgMatches) -> Result<Vec<Job>, Failure> {
    let given = matches.get_one::<PathBuf>("config");
    let given = given.map(|path| read_config(path)).transpose()?;
    let named = matches.get_many::<PathBuf>("file").into_iter().flatten();
    let named: Vec<_> = named.collect();
    let own =
        || LintConfig::read(BUNDLED_LINT).map_err(|error| usage(format!("{CONFIG}: {error}")));
    let mut jobs = Vec::new();
    if named.is_empty() {
        for it in boards::all() {
            jobs.push(Job {
                name: it.file.to_owned(),
                json: classic(&it),
                config: given.clone().map_or_else(own, Ok)?,
            });
        }
    }
    for path in named {
        if !path.exists() {
            jobs.push(Job {
                name: path.display().to_string(),
                json: load::named(path)?,
                config: given.clone().map_or_else(own, Ok)?,
            });
            continue;
        }
        for file in load::files(path)? {
            let config = given.clone().map_or_else(|| beside(&file), Ok)?;
            jobs.push(Job {
                name: file.display().to_string(),
                json: load::read(&file)?,
                config,
            });
        }
    }
    Ok(jobs)
}

fn read_config(path: &Path) -> Result<LintConfig, Failure> {
    let failed = |what: String| usage(format!("{}: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    LintConfig::read(&text).map_err(|error| failed(error.to_string()))
}

/// The nearest `.lint`: beside the file or in a folder above it, as far as its path names them.
fn beside(file: &Path) -> Result<LintConfig, Failure> {
    let folders = file.ancestors().skip(1);
    let paths = folders.map(|it| it.join(CONFIG));
    let found = paths.into_iter().find(|it| it.is_file());
    found.map_or_else(|| Ok(LintConfig::default()), |it| read_config(&it))
}
