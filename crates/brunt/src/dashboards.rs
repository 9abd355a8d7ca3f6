//! `brunt dashboards`: lists the bundled Grafana dashboards, writes them in the form in which Grafana
//! gets them, brings other dashboards into these forms, and draws them without Grafana.

mod convert;
mod diff;
mod lint;
mod load;
mod preview;
mod provision;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use brunt_grafana::{ExportForm, GeneratedFile, boards, export};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};

use crate::exit::{Exit, Failure};
use crate::terminal::print;

/// The command.
pub(crate) fn command() -> Command {
    Command::new("dashboards")
        .about("Lists, exports, converts, checks and previews Grafana dashboards")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("list")
                .about("Lists the bundled dashboards")
                .after_help("Example:\n  brunt dashboards list"),
        )
        .subcommand(
            Command::new("export")
                .about("Writes the bundled dashboards into a folder")
                .after_help(
                    "Examples:
  brunt dashboards export dashboards
  brunt dashboards export --format configmap manifests && kubectl apply -f manifests
  brunt dashboards export --format file-provider provisioning",
                )
                .arg(path("folder", "DIR").help("Where to; made if it is not there"))
                .arg(format())
                .arg(Arg::new("prefix").long("prefix").value_name("TEXT").help(
                    "What names of series begin with: the output's key prefix [default: k6_]",
                )),
        )
        .subcommand(convert::command())
        .subcommand(lint::command())
        .subcommand(diff::command())
        .subcommand(preview::command())
        .subcommand(provision::command())
}

/// The flag of commands that report.
fn report_format() -> Arg {
    Arg::new("format")
        .long("format")
        .value_name("FORM")
        .default_value("text")
        .value_parser(["text", "json"])
        .help("For people or for programs")
}

fn wants_json(matches: &ArgMatches) -> bool {
    matches
        .get_one::<String>("format")
        .is_some_and(|it| it == "json")
}

fn path(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name)
        .required(true)
        .value_name(value)
        .value_parser(clap::value_parser!(PathBuf))
}

fn format() -> Arg {
    Arg::new("format")
        .long("format")
        .value_name("FORM")
        .default_value("classic")
        .value_parser(PossibleValuesParser::new(
            ExportForm::ALL.map(|(name, _)| name),
        ))
        .help("How Grafana gets them")
}

/// Runs it.
pub(crate) fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    match matches.subcommand() {
        Some(("export", own)) => write(own)?,
        Some(("convert", own)) => return convert::run(own),
        Some(("diff", own)) => return diff::run(own),
        Some(("provision", own)) => return provision::run(own),
        Some(("lint", own)) => return lint::run(own),
        Some(("preview", own)) => return preview::run(own),
        _ => print(list()),
    }
    Ok(Exit::Success)
}

fn list() -> String {
    let mut text = String::new();
    for dashboard in boards::all() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<16} {}\n{:<16} {}",
            dashboard.file, dashboard.title, "", dashboard.description
        );
    }
    text
}

fn usage(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, message)
}

fn form(matches: &ArgMatches) -> ExportForm {
    let name = matches.get_one::<String>("format");
    name.and_then(|name| ExportForm::of(name))
        .unwrap_or(ExportForm::Classic)
}

/// The path of an argument that has to be there.
fn argument<'a>(matches: &'a ArgMatches, name: &str) -> &'a Path {
    matches
        .get_one::<PathBuf>(name)
        .map_or(Path::new(""), PathBuf::as_path)
}

fn write(matches: &ArgMatches) -> Result<(), Failure> {
    let folder = argument(matches, "folder");
    let prefix = matches.get_one::<String>("prefix").map(String::as_str);
    if let Some(prefix) = prefix
        && !is_prefix(prefix)
    {
        return Err(usage(format!(
            "--prefix {prefix}: names of series begin with a letter or _, and hold letters, digits and _ only"
        )));
    }
    let files = export(form(matches), prefix).map_err(|error| usage(error.to_string()))?;
    let failed = |path: &Path, error: std::io::Error| {
        usage(format!("cannot write {}: {error}", path.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for GeneratedFile { path, text } in &files {
        let path = folder.join(path);
        std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
    }
    print(format!(
        "{} files written to {}\n",
        files.len(),
        folder.display()
    ));
    Ok(())
}

fn is_prefix(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(plain) && !text.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_the_beginning_of_a_name() {
        assert!(is_prefix("load_") && is_prefix(""));
        assert!(!is_prefix("9a") && !is_prefix("a-b") && !is_prefix("k6{"));
    }
}
