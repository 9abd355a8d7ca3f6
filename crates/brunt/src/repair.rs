//! `brunt repair`: whole files of those that were cut off. Which crate repairs a file is told by the file.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use brunt_engine::{Level, LogSink, Record};
use brunt_file::repair::{self as text, Place};
use brunt_output_parquet as parquet;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::exit::{Exit, Failure};
use crate::terminal::{Terminal, print};

/// The command.
pub(crate) fn command() -> Command {
    Command::new("repair")
        .about("Makes a whole file of a result file that was cut off by a crash")
        .after_help(
            "What is whole is kept: every line of JSON, every row of CSV (also in .gz and .zst files), every batch of
an Arrow stream. The original stays, and FILE.repaired is written; with --in-place the new file takes its
place once it is whole. A Parquet file is made of the two files that a crash leaves, and gets the name it would
have had.

Examples:
  brunt repair results.json.gz
  brunt repair results.parquet
  brunt repair --in-place results/*.csv",
        )
        .arg(
            Arg::new("file")
                .required(true)
                .num_args(1..)
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("A file of --out json, csv, parquet or arrow; repeatable"),
        )
        .arg(
            Arg::new("in-place")
                .long("in-place")
                .action(ArgAction::SetTrue)
                .help("Replace FILE instead of writing FILE.repaired"),
        )
}

/// Repairs each file; one that cannot be repaired does not keep the others from it.
#[expect(clippy::unnecessary_wraps, reason = "the form of all commands")]
pub(crate) fn run(matches: &ArgMatches, terminal: &Arc<Terminal>) -> Result<Exit, Failure> {
    let place = if matches.get_flag("in-place") {
        Place::Instead
    } else {
        Place::Beside
    };
    let mut exit = Exit::Success;
    for path in matches.get_many::<PathBuf>("file").into_iter().flatten() {
        match repair(path, place) {
            Ok(done) => print(format!("{}: {done}\n", path.display())),
            Err(message) => {
                exit = Exit::Usage;
                terminal.log.log(Record {
                    level: Level::Error,
                    message,
                    fields: Vec::new(),
                });
            }
        }
    }
    Ok(exit)
}

/// What became of a file, or why nothing did, in words.
fn repair(path: &Path, place: Place) -> Result<String, String> {
    if parquet::is_ours(path) {
        return of_parquet(path);
    }
    let is_arrow = || {
        let mut file = BufReader::new(File::open(path).ok()?);
        brunt_arrow::is_stream(&mut file).ok()
    };
    if is_arrow() == Some(true) {
        return of_arrow(path, place);
    }
    let repaired = text::repair(path, place).map_err(|error| error.to_string())?;
    let found = &repaired.found;
    let (kept, records) = (found.kept, found.records);
    let Some(written) = &repaired.written else {
        return Ok(format!("whole, {kept} {records}, nothing to do"));
    };
    let damage = found.damage.iter().map(|damage| format!("; {damage}"));
    let cut = match found.cut {
        0 => "nothing was cut".to_owned(),
        1 => "1 byte of what is not whole was cut".to_owned(),
        cut => format!("{cut} bytes of what is not whole were cut"),
    };
    Ok(format!(
        "{kept} {records} kept, {cut}{}; written to {}",
        damage.collect::<String>(),
        written.display()
    ))
}

fn of_parquet(path: &Path) -> Result<String, String> {
    match parquet::repair(path) {
        Ok(repaired) => Ok(samples(repaired.samples, repaired.cut, &repaired.path)),
        Err(parquet::RepairError::Whole(_)) => Ok("whole, nothing to do".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn of_arrow(path: &Path, place: Place) -> Result<String, String> {
    let target = place.of(path).map_err(|error| error.to_string())?;
    match brunt_output_arrow::repair(path, &target) {
        Ok(repaired) => Ok(samples(repaired.samples, repaired.cut, &repaired.path)),
        Err(error) => Err(error.to_string()),
    }
}

fn samples(count: u64, cut: bool, written: &Path) -> String {
    let cut = if cut {
        "the last batch, which is not whole, was cut"
    } else {
        "nothing was cut"
    };
    format!(
        "{count} samples kept, {cut}; written to {}",
        written.display()
    )
}
