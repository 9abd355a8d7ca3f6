//! `brunt new`: a script to start from.

use std::io::Write as _;
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::exit::{Exit, Failure};
use crate::terminal::print;

const MINIMAL: &str = include_str!("scaffold/minimal.js");
const PROTOCOL: &str = include_str!("scaffold/protocol.js");

/// The command.
pub(crate) fn command() -> Command {
    Command::new("new")
        .about("Writes a script to start from")
        .after_help("Examples:\n  brunt new\n  brunt new --template protocol checkout.js\n  brunt new --template team/template.js checkout.js")
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .default_value("script.js")
                .help("The file to write"),
        )
        .arg(
            Arg::new("force")
                .long("force")
                .short('f')
                .action(ArgAction::SetTrue)
                .help("Overwrite FILE if it is there"),
        )
        .arg(
            Arg::new("template")
                .long("template")
                .value_name("TEMPLATE")
                .default_value("minimal")
                .help("minimal, protocol (HTTP with setup, thresholds and scenarios), or a file to copy"),
        )
}

/// Writes the script.
pub(crate) fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let text = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let (file, template) = (text("file"), text("template"));
    let script = match template.as_str() {
        "minimal" => MINIMAL.to_owned(),
        "protocol" => PROTOCOL.to_owned(),
        "browser" => {
            let message =
                "--template browser: brunt has no browser module; use minimal or protocol";
            return Err(Failure::new(Exit::Usage, message));
        }
        path => std::fs::read_to_string(path).map_err(|error| {
            let message = format!(
                "--template {path}: {error}; use minimal, protocol, or the path of a script"
            );
            Failure::new(Exit::Usage, message)
        })?,
    };
    let wrong = |error: std::io::Error| {
        let message = if error.kind() == std::io::ErrorKind::AlreadyExists {
            format!("{file} is there already: name another file, or overwrite it with --force")
        } else {
            format!("cannot write {file}: {error}")
        };
        Failure::new(Exit::Usage, message)
    };
    let force = matches.get_flag("force");
    // One step, so that a file that comes into being at this moment is not overwritten either.
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .create_new(!force)
        .truncate(force)
        .open(Path::new(&file))
        .and_then(|mut out| out.write_all(script.as_bytes()))
        .map_err(wrong)?;
    print(format!(
        "{file} is written: run it with `brunt run {file}`\n"
    ));
    Ok(Exit::Success)
}
