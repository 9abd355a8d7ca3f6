//! `make bench`: what the project promises about speed and memory, measured side by side.
//!
//! Ratios from one run, medians of interleaved rounds: absolute figures depend on the machine and
//! its neighbours, and no test may depend on them. Real processes and sockets, nothing mocked.

mod awake;
mod child;
mod lab;
mod prober;
mod report;
mod scripts;
mod sections;
mod stats;
mod steal;
mod sys;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use lab::Lab;
use report::{Row, Verdict};
use steal::Ticks;

const USAGE: &str = "\
usage: brunt-bench --brunt BINARY [--report FILE] [--only SECTION[,SECTION]] [--rounds N] [--seconds N]

Sections: throughput, memory, arrival, ramp, truth, flatness,
interner, outputs, convert, shared-array, startup. Needs nginx and wrk.
--rounds (default 5) and --seconds (default 3) are those of the throughput section.
";

#[derive(Debug)]
struct Arguments {
    brunt: PathBuf,
    report: Option<PathBuf>,
    only: Vec<String>,
    rounds: usize,
    seconds: u64,
}

fn main() -> ExitCode {
    let result = parse(std::env::args().skip(1)).and_then(|arguments| run(&arguments));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "brunt-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut rest: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut brunt = None;
    let mut arguments = Arguments {
        brunt: PathBuf::new(),
        report: None,
        only: Vec::new(),
        rounds: 5,
        seconds: 3,
    };
    while let Some(name) = rest.next() {
        let value = rest
            .next()
            .ok_or_else(|| format!("{name} needs a value\n\n{USAGE}"))?;
        let number = || match value.parse::<u64>() {
            Ok(number @ 1..=3600) => Ok(number),
            _ => Err(format!(
                "{name} wants a number from 1 to 3600, not {value:?}"
            )),
        };
        match name.as_str() {
            "--brunt" => brunt = Some(value.into()),
            "--report" => arguments.report = Some(value.into()),
            "--only" => arguments.only = value.split(',').map(str::to_owned).collect(),
            "--rounds" => arguments.rounds = number()? as usize,
            "--seconds" => arguments.seconds = number()?,
            _ => return Err(format!("unknown argument {name:?}\n\n{USAGE}")),
        }
    }
    let known = |name: &String| sections::ALL.iter().any(|(section, _)| section == name);
    if let Some(unknown) = arguments.only.iter().find(|name| !known(name)) {
        return Err(format!("no section is called {unknown:?}\n\n{USAGE}"));
    }
    arguments.brunt = brunt.ok_or_else(|| format!("--brunt is missing\n\n{USAGE}"))?;
    Ok(arguments)
}

fn run(arguments: &Arguments) -> Result<(), String> {
    // Thousands of connections need as many descriptors, also in the children.
    sys::raise_file_limit().map_err(|error| format!("cannot raise the file limit: {error}"))?;
    let lab = Lab::open(arguments.brunt.clone(), arguments.rounds, arguments.seconds)
        .map_err(|error| error.to_string())?;
    let mut report = String::new();
    let mut short = 0;
    let mut missing = 0;
    for (name, section) in sections::ALL {
        if !arguments.only.is_empty() && !arguments.only.iter().any(|only| only == name) {
            continue;
        }
        let before = Ticks::now();
        let mut rows = section(&lab).unwrap_or_else(|error| vec![Row::missing(name, &error)]);
        if let (Some(before), Some(after)) = (before, Ticks::now()) {
            let stolen = after.stolen_since(before);
            rows.push(Row::info("processor time that the host took", stolen, " %"));
        }
        let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
        short += count(Verdict::Short);
        missing += count(Verdict::Missing);
        let table = report::table(name, &rows);
        say(&format!("{table}\n"))?;
        report.push_str(&table);
        report.push('\n');
    }
    let closing = format!("{short} figures short, {missing} not measured\n");
    say(&closing)?;
    report.push_str(&closing);
    if let Some(file) = &arguments.report {
        std::fs::write(file, report)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    Ok(())
}

fn say(text: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| error.to_string())
}
