//! `brunt dashboards convert`: somebody's dashboard in another form, with other names of metrics.

use std::path::PathBuf;

use brunt_grafana::{Board, NamedRename, mapping, rename_metrics};
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{argument, form, format, load, path, usage};
use crate::exit::{Exit, Failure};
use crate::terminal::print;

/// The command.
pub(super) fn command() -> Command {
    Command::new("convert")
        .about("Brings a dashboard of your own into one of the forms")
        .after_help(
            "It reads the classic form, and prints the result.

otlp-to-remote-write and remote-write-to-otlp rename k6's metrics between the names that its two outputs
lead to. Trends are milliseconds there and seconds here: look at units and thresholds of these panels.

Examples:
  brunt dashboards convert mine.json --format configmap | kubectl apply -f -
  brunt dashboards convert otlp.json --rename otlp-to-remote-write > mimir.json
  brunt dashboards convert mine.json --rename my_reqs=k6_my_reqs_total --rename-file names.txt",
        )
        .arg(path("file", "FILE").help("A dashboard in the classic form"))
        .arg(format())
        .arg(
            Arg::new("rename")
                .long("rename")
                .value_name("OLD=NEW|MAPPING")
                .action(ArgAction::Append)
                .help("Another name for a metric in every query, or a mapping by its name; repeatable"),
        )
        .arg(
            Arg::new("rename-file")
                .long("rename-file")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("Other names for metrics, OLD=NEW in each line"),
        )
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let path = argument(matches, "file");
    let of_file = |what: String| usage(format!("{}: {what}", path.display()));
    let mut dashboard = load::read(path)?;
    // What cannot be read as a dashboard is told before what cannot be converted.
    let convertible = form(matches).classic("", &dashboard).map(drop);
    if convertible.is_ok() {
        Board::read(&dashboard).map_err(|error| of_file(error.to_string()))?;
    }
    convertible.map_err(|error| of_file(error.to_string()))?;
    let names = names(matches)?;
    if !names.is_empty() && rename_metrics(&mut dashboard, &names) == 0 {
        return Err(of_file("no query asks for a metric of --rename".to_owned()));
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let file = form(matches).classic(&stem, &dashboard);
    print(file.map_err(|error| of_file(error.to_string()))?.text);
    Ok(Exit::Success)
}

/// Old and new names: single ones win over those of files and of named mappings.
fn names(matches: &ArgMatches) -> Result<Vec<(String, String)>, Failure> {
    let (mut single, mut named) = (Vec::new(), Vec::new());
    for it in matches.get_many::<String>("rename").into_iter().flatten() {
        if let Some(mapping) = NamedRename::of(it) {
            named.extend(mapping.pairs());
            continue;
        }
        let pair = it.split_once('=');
        let Some((old, new)) = pair.filter(|it| !it.0.is_empty() && !it.1.is_empty()) else {
            let all = NamedRename::ALL.map(|it| it.0).join(" or ");
            return Err(usage(format!(
                "--rename {it}: wants OLD=NEW, two names of metrics, or {all}"
            )));
        };
        single.push((old.to_owned(), new.to_owned()));
    }
    if let Some(file) = matches.get_one::<PathBuf>("rename-file") {
        let failed = |what: String| usage(format!("{}: {what}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
        single.extend(mapping(&text).map_err(|error| failed(error.to_string()))?);
    }
    single.extend(named);
    Ok(single)
}
