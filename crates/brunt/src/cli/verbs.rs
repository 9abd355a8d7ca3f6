//! `brunt pause`, `resume`, `scale`, `status` and `stop`: commands to a test that runs elsewhere.

use clap::{Arg, ArgAction, ArgGroup, Command};

const REACHING: &str = "The test must have been started with --address, or have an externally-controlled scenario, which
opens localhost:6565 by itself. --address (or K6_ADDRESS) says where it is.";

/// All of them.
pub(super) fn commands() -> [Command; 5] {
    [
        verb(
            "pause",
            "Lets a running test start no more iterations",
            "  brunt pause\n  brunt pause --address localhost:7000",
        ),
        verb(
            "resume",
            "Lets a paused test go on, or one that waits with --paused start",
            "  brunt resume\n  brunt resume --address localhost:7000",
        ),
        verb(
            "scale",
            "Changes the virtual users of an externally-controlled scenario",
            "  brunt scale --vus 20\n  brunt scale --vus 200 --max 500 --scenario browse",
        )
        .arg(number("vus", 'u').help("How many are active from now on"))
        .arg(number("max", 'm').help("How many there may be; more are initialized first"))
        .group(
            ArgGroup::new("what")
                .args(["vus", "max"])
                .required(true)
                .multiple(true),
        )
        .arg(
            Arg::new("scenario")
                .long("scenario")
                .value_name("NAME")
                .help("Which scenario [default: the first one by name]"),
        ),
        verb(
            "status",
            "Shows how far a running test is",
            "  brunt status\n  brunt status --json | jq .vus",
        ),
        verb(
            "stop",
            "Ends a running test; its exit code is 103",
            "  brunt stop\n  brunt stop --address localhost:7000",
        ),
    ]
}

fn verb(name: &'static str, about: &'static str, examples: &'static str) -> Command {
    Command::new(name)
        .about(about)
        .after_help(format!("{REACHING}\n\nExamples:\n{examples}"))
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print the status as JSON"),
        )
}

fn number(name: &'static str, short: char) -> Arg {
    Arg::new(name)
        .long(name)
        .short(short)
        .value_name("N")
        .value_parser(clap::value_parser!(u64))
}
