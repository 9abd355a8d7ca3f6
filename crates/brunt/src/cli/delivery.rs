//! What says how long and where measurements wait for their receivers: flags of `run`, and the command
//! `send` for what was left.

use clap::{Arg, ArgAction, Command};

const SEND_HELP: &str = "A run that cannot deliver everything in time leaves a spool and names it in the summary. `send` delivers
it in its order, for as long as it takes, and removes it; Ctrl-C leaves the rest. The receiver may
refuse what is older than it accepts: that is counted.

The exit code is 0 if everything was delivered, else 120.

Examples:
  brunt send ~/.local/state/brunt/spool/host-1a2b-mimir --out mimir=http://localhost:9009
  brunt send SPOOL --out prometheus=http://localhost:9090,bearer-file=token";

/// Of `run`.
pub(super) fn of_run() -> [Arg; 4] {
    [
        Arg::new("drain")
            .long("drain")
            .help_heading("Results")
            .value_name("TIME")
            .env("BRUNT_DRAIN")
            .value_parser(brunt_options::parse_duration)
            .help("How long outputs may take after the test to deliver the rest [default: 30s]"),
        spool_size(),
        Arg::new("spool")
            .long("spool")
            .help_heading("Results")
            .value_name("FOLDER")
            .env("BRUNT_SPOOL")
            .help("Where measurements wait on disk for a receiver that is away, or off [default: brunt/spool below the user's state folder]"),
        super::runtime::switch("require-outputs", "BRUNT_REQUIRE_OUTPUTS")
            .help_heading("Results")
            .help("Exit with 120 if an output lost something or could not deliver everything"),
    ]
}

fn spool_size() -> Arg {
    Arg::new("spool-size")
        .long("spool-size")
        .help_heading("Results")
        .value_name("BYTES")
        .env("BRUNT_SPOOL_SIZE")
        .default_value("1GiB")
        .value_parser(parse_size)
        .help("How much one output's spool may take; beyond it the oldest goes")
}

/// `brunt send`.
pub(super) fn send() -> Command {
    Command::new("send")
        .about("Delivers what a run could not: a spool on disk")
        .after_help(SEND_HELP)
        .arg(
            Arg::new("spool")
                .required(true)
                .value_name("SPOOL")
                .value_parser(clap::value_parser!(std::path::PathBuf))
                .help("The folder that the run named"),
        )
        .arg(
            Arg::new("out")
                .long("out")
                .short('o')
                .action(ArgAction::Set)
                .required(true)
                .value_name("NAME[=TARGET][,KEY=VALUE…]")
                .help("Where to; see `brunt outputs`"),
        )
}

/// A size in bytes such as 500MB or 2GiB; the smallest is a mebibyte.
fn parse_size(text: &str) -> Result<u64, String> {
    brunt_output::settings::parse_size(text)
        .filter(|bytes| *bytes >= 1 << 20)
        .ok_or_else(|| "write a size of at least 1MiB, such as 500MB or 2GiB".to_owned())
}
