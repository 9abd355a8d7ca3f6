//! `brunt dashboards diff`: what differs between two dashboards, for people and for programs.

use std::fmt::Write as _;
use std::path::PathBuf;

use brunt_grafana::{Board, Difference, diff};
use clap::{Arg, ArgMatches, Command};
use serde_json::{Value, json};

use super::{argument, load, usage};
use crate::exit::{Exit, Failure};
use crate::terminal::print;

/// The command.
pub(super) fn command() -> Command {
    let of = |name: &'static str| {
        Arg::new(name)
            .required(true)
            .value_name(if name == "a" { "A" } else { "B" })
            .value_parser(clap::value_parser!(PathBuf))
            .help("A file in any form, or the name of a bundled dashboard")
    };
    Command::new("diff")
        .about("Says what differs between two dashboards")
        .after_help(
            "Ids, versions and the order of keys are no differences. The exit code is 1 if there is one.

Examples:
  brunt dashboards diff latency edited.json
  brunt dashboards diff before.json after.json --format json",
        )
        .arg(of("a"))
        .arg(of("b"))
        .arg(super::report_format())
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let board = |name: &str| {
        let path = argument(matches, name);
        let board = Board::read(&load::named(path)?);
        board.map_err(|error| usage(format!("{}: {error}", path.display())))
    };
    let found = diff(&board("a")?, &board("b")?);
    let text = if super::wants_json(matches) {
        let list: Vec<_> = found.iter().map(object).collect();
        format!("{:#}\n", Value::Array(list))
    } else {
        text(&found)
    };
    print(text);
    Ok(if found.is_empty() {
        Exit::Success
    } else {
        Exit::Different
    })
}

fn object(it: &Difference) -> Value {
    json!({ "subject": it.subject, "what": it.what, "before": it.before, "after": it.after })
}

/// `~` changed with both values below, `-` only in A, `+` only in B.
fn text(found: &[Difference]) -> String {
    let mut text = String::new();
    for it in found {
        let sign = match (&it.before, &it.after) {
            (Some(_), None) => '-',
            (None, Some(_)) => '+',
            _ => '~',
        };
        let what = if it.what.is_empty() { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{sign} {}{what}{}", it.subject, it.what);
        for (sign, value) in [('-', &it.before), ('+', &it.after)] {
            if let Some(value) = value {
                let _ = writeln!(text, "    {sign} {value}");
            }
        }
    }
    text
}
