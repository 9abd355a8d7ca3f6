//! The command line: commands, flags, help texts with examples.

mod delivery;
mod runtime;
mod verbs;

use clap::{Arg, ArgAction, ArgMatches, Command};

pub(crate) use runtime::without_effect;

/// A flag that sets an option of the test: `brunt-options` reads its value.
#[derive(Clone, Copy)]
struct OptionFlag {
    long: &'static str,
    short: Option<char>,
    value: Option<&'static str>,
    /// What it means without a value, if it may come without.
    missing: Option<&'static str>,
    help: &'static str,
}

const fn value(long: &'static str, value: &'static str, help: &'static str) -> OptionFlag {
    OptionFlag {
        long,
        short: None,
        value: Some(value),
        missing: None,
        help,
    }
}

const fn switch(long: &'static str, help: &'static str) -> OptionFlag {
    OptionFlag {
        long,
        short: None,
        value: None,
        missing: Some("true"),
        help,
    }
}

const fn short(flag: OptionFlag, short: char) -> OptionFlag {
    OptionFlag {
        short: Some(short),
        ..flag
    }
}

const OPTION_FLAGS: &[OptionFlag] = &[
    short(value("vus", "N", "Number of virtual users"), 'u'),
    short(
        value("duration", "TIME", "How long to run, such as 30s or 5m"),
        'd',
    ),
    short(
        value(
            "iterations",
            "N",
            "How many iterations in all, shared by the virtual users",
        ),
        'i',
    ),
    short(
        value(
            "stage",
            "TIME:N",
            "Ramp to N virtual users over TIME; repeatable",
        ),
        's',
    ),
    short(
        switch("paused", "Wait for a command before the test starts"),
        'p',
    ),
    switch("no-setup", "Do not run setup()"),
    switch("no-teardown", "Do not run teardown()"),
    value("max-redirects", "N", "How many redirects to follow"),
    value(
        "batch",
        "N",
        "How many requests of one http.batch() run at once",
    ),
    value("batch-per-host", "N", "The same for one host"),
    value(
        "rps",
        "N",
        "Requests per second of all virtual users at most",
    ),
    value("user-agent", "TEXT", "The User-Agent header"),
    value(
        "dns",
        "SETTINGS",
        "How names become addresses, such as ttl=5m,select=random,policy=preferIPv4",
    ),
    OptionFlag {
        missing: Some("headers"),
        ..value(
            "http-debug",
            "PARTS",
            "Log every request and response: headers, or full with bodies",
        )
    },
    switch("insecure-skip-tls-verify", "Accept any certificate"),
    switch("no-connection-reuse", "Open a connection for every request"),
    switch(
        "no-vu-connection-reuse",
        "Close connections between iterations",
    ),
    value(
        "min-iteration-duration",
        "TIME",
        "How long an iteration takes at least",
    ),
    short(switch("throw", "Failed requests throw"), 'w'),
    value(
        "blacklist-ip",
        "CIDR",
        "Addresses that must not be called; repeatable",
    ),
    value("block-hostnames", "NAMES", "Hosts that must not be called"),
    value(
        "summary-trend-stats",
        "LIST",
        "Statistics of trends in the summary, such as avg,p(99)",
    ),
    value(
        "summary-time-unit",
        "UNIT",
        "Unit of times in the summary: s, ms or us",
    ),
    value("system-tags", "LIST", "System tags that are put on samples"),
    value("tag", "NAME=VALUE", "A tag for every sample; repeatable"),
    switch("discard-response-bodies", "Do not keep response bodies"),
    value(
        "execution-segment",
        "SEGMENT",
        "Which part of the test this instance runs, such as 0:1/4",
    ),
    value(
        "execution-segment-sequence",
        "POINTS",
        "All parts of the test, such as 0,1/4,1",
    ),
    value(
        "console-output",
        "FILE",
        "A file for what scripts write with console.log() and its like",
    ),
    value("local-ips", "LIST", "Addresses that connections come from"),
];

const EXAMPLES: &str = "Examples:
  brunt run script.js
  brunt run --vus 50 --duration 30s script.js
  brunt run --out mimir=http://localhost:9009,tenant=team-a script.js
  brunt run --out json=results.json.gz --out prometheus=http://localhost:9090 script.ts
  brunt run -e BASE_URL=http://localhost:8080 --tag testid=nightly script.js
  cat script.js | brunt run -

Every test option can also stand in the script's `options`, in a K6_* variable or in a config file.";

const DEMO_HELP: &str =
    "Everything is on loopback. The receiver is asked by PromQL for every value of the summary; the
exit code is 1 if one differs, else that of the run.

Examples:
  brunt demo
  brunt demo --receiver built-in examples/arrival-rate.js";

/// Everything that brunt understands.
pub(crate) fn command() -> Command {
    Command::new("brunt")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Runs k6 scripts fast and puts every measurement into your LGTM stack")
        .after_help("Start with: brunt run script.js --out mimir=http://localhost:9009")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(
            global("verbose", 'v')
                .action(ArgAction::SetTrue)
                .help("Show debug messages"),
        )
        .arg(
            global("quiet", 'q')
                .action(ArgAction::SetTrue)
                .help("No banner, no progress"),
        )
        .arg(
            Arg::new("no-color")
                .long("no-color")
                .global(true)
                .help_heading(runtime::GLOBAL)
                .action(ArgAction::SetTrue)
                .help("No colours (also NO_COLOR)"),
        )
        .arg(
            Arg::new("log-format")
                .long("log-format")
                .value_name("FORMAT")
                .global(true)
                .help_heading(runtime::GLOBAL)
                .hide_possible_values(true)
                .value_parser(["text", "json", "raw"])
                .env("K6_LOG_FORMAT")
                .help("Form of log lines: text, json or raw"),
        )
        .args(runtime::global())
        .subcommand(run())
        .subcommand(
            Command::new("outputs")
                .about("Lists the outputs with every key, default and an example")
                .after_help("Example:\n  brunt outputs"),
        )
        .subcommand(
            Command::new("demo")
                .about("Runs a short test against a target of its own and checks what arrived")
                .after_help(DEMO_HELP)
                .arg(
                    Arg::new("script")
                        .value_name("SCRIPT")
                        .value_parser(clap::value_parser!(std::path::PathBuf))
                        .help(
                            "A script that reads BASE_URL from __ENV [default: one of brunt's own]",
                        ),
                )
                .arg(
                    Arg::new("receiver")
                        .long("receiver")
                        .value_name("WHICH")
                        .default_value("auto")
                        .value_parser(crate::demo::RECEIVERS)
                        .help("Who receives: Prometheus if it is installed, or brunt's own"),
                ),
        )
        .subcommand(delivery::send())
        .subcommands(verbs::commands())
        .subcommand(inspect())
        .subcommand(crate::convert::command())
        .subcommand(crate::summary::command())
        .subcommand(crate::compare::command())
        .subcommand(crate::report::command())
        .subcommand(crate::dashboards::command())
        .subcommand(crate::repair::command())
        .subcommand(crate::scaffold::command())
        .subcommand(completion())
        .subcommand(
            Command::new("version")
                .about("Prints the version")
                .after_help("Examples:\n  brunt version\n  brunt version --json")
                .arg(
                    Arg::new("json")
                        .long("json")
                        .action(ArgAction::SetTrue)
                        .help("As JSON, with the platform"),
                ),
        )
}

fn global(name: &'static str, short: char) -> Arg {
    Arg::new(name)
        .long(name)
        .short(short)
        .global(true)
        .help_heading(runtime::GLOBAL)
}

fn inspect() -> Command {
    Command::new("inspect")
        .about("Prints the options of a script as JSON, without running it")
        .after_help(
            "It takes the flags of `brunt run` too.

Examples:
  brunt inspect script.js
  brunt inspect --execution-requirements script.js | jq .maxVUs",
        )
        .args(of_script())
        .args(flags_of_run().into_iter().map(|arg| arg.hide(true)))
        .arg(
            Arg::new("execution-requirements")
                .long("execution-requirements")
                .action(ArgAction::SetTrue)
                .help("The options that result with defaults, variables and --config, with the VUs and time that the test needs"),
        )
}

fn completion() -> Command {
    Command::new("completion")
        .about("Prints a completion script for a shell")
        .after_help(
            "Examples:
  source <(brunt completion bash)
  brunt completion zsh > ~/.zfunc/_brunt
  brunt completion fish > ~/.config/fish/completions/brunt.fish",
        )
        .arg(
            Arg::new("shell")
                .required(true)
                .value_name("SHELL")
                .value_parser(clap::value_parser!(clap_complete::Shell))
                .help("Whose completion"),
        )
}

/// What says which script is loaded, and what it sees.
fn of_script() -> [Arg; 4] {
    [
        Arg::new("script")
            .required(true)
            .value_name("SCRIPT")
            .help("A .js or .ts file, or - for standard input"),
        Arg::new("env")
            .long("env")
            .short('e')
            .action(ArgAction::Append)
            .value_name("NAME=VALUE")
            .help("Sets a member of __ENV; repeatable"),
        Arg::new("include-system-env-vars")
            .long("include-system-env-vars")
            .value_name("BOOL")
            .hide_possible_values(true)
            .num_args(0..=1)
            .require_equals(true)
            .default_value("true")
            .default_missing_value("true")
            .value_parser(runtime::go_bool)
            .env("K6_INCLUDE_SYSTEM_ENV_VARS")
            .help("Whether __ENV holds the environment"),
        Arg::new("config")
            .long("config")
            .short('c')
            .value_name("FILE")
            .env("K6_CONFIG")
            .help("A JSON file with options"),
    ]
}

fn run() -> Command {
    Command::new("run")
        .about("Runs a test")
        .after_help(EXAMPLES)
        .args(of_script())
        .args(flags_of_run())
}

/// What sets up a run, besides its script.
fn flags_of_run() -> Vec<Arg> {
    let mut flags = vec![
        Arg::new("out")
            .long("out")
            .help_heading("Results")
            .short('o')
            .action(ArgAction::Append)
            .env("K6_OUT")
            .value_name("NAME[=TARGET][,KEY=VALUE…]")
            .help("Where measurements go; repeatable; see `brunt outputs`"),
        Arg::new("summary-export")
            .long("summary-export")
            .help_heading("Results")
            .value_name("FILE")
            .env("K6_SUMMARY_EXPORT")
            .help("Writes the end-of-test summary as JSON"),
        Arg::new("summary-mode")
            .long("summary-mode")
            .help_heading("Results")
            .value_name("MODE")
            .env("K6_SUMMARY_MODE")
            .default_value("compact")
            .value_parser(["compact", "full", "disabled"])
            .help("How much the summary shows"),
        runtime::switch("no-thresholds", "K6_NO_THRESHOLDS")
            .help_heading("Results")
            .help("Do not judge thresholds"),
        Arg::new("no-usage-report")
            .long("no-usage-report")
            .action(ArgAction::SetTrue)
            .hide(true)
            .help("For compatibility: brunt never reports usage"),
        Arg::new("workers")
            .long("workers")
            .value_name("N")
            .env("BRUNT_WORKERS")
            .value_parser(clap::value_parser!(u16).range(1..))
            .help("Threads that run virtual users [default: cores - 1]"),
        Arg::new("vu-memory-limit")
            .long("vu-memory-limit")
            .value_name("MIB")
            .env("BRUNT_VU_MEMORY_LIMIT")
            .default_value("512")
            .value_parser(clap::value_parser!(u32))
            .help("JavaScript memory of one virtual user in MiB, eight times as much while it makes a SharedArray; 0 for no limit"),
        Arg::new("max-series")
            .long("max-series")
            .help_heading("Results")
            .value_name("N")
            .env("BRUNT_MAX_SERIES")
            .default_value("1000000")
            .value_parser(clap::value_parser!(u32).range(1..))
            .help("Time series that are told apart; more count towards one overflow series"),
    ];
    flags.extend(delivery::of_run());
    flags.extend(runtime::of_run());
    for flag in OPTION_FLAGS {
        let mut arg = Arg::new(flag.long)
            .long(flag.long)
            .help(option_help(flag))
            .help_heading(heading(flag.long));
        if let Some(short) = flag.short {
            arg = arg.short(short);
        }
        arg = arg.value_name(flag.value.unwrap_or("BOOL"));
        arg = match flag.missing {
            None => arg.action(ArgAction::Append).allow_hyphen_values(true),
            Some(missing) => arg
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value(missing)
                .hide_possible_values(true),
        };
        flags.push(arg);
    }
    flags
}

/// The help of an option's flag; says if the option is only read so far.
fn option_help(flag: &OptionFlag) -> String {
    let name = format!("--{}", flag.long);
    let later = brunt_options::TABLE
        .iter()
        .any(|spec| spec.flag == Some(&*name) && spec.support == brunt_options::Support::Later);
    if later {
        format!("{} [no effect yet]", flag.help)
    } else {
        flag.help.to_owned()
    }
}

/// Where an option's flag stands in the help.
fn heading(long: &str) -> &'static str {
    match long {
        "vus"
        | "duration"
        | "iterations"
        | "stage"
        | "paused"
        | "no-setup"
        | "no-teardown"
        | "min-iteration-duration"
        | "execution-segment"
        | "execution-segment-sequence" => "Load",
        "summary-trend-stats" | "summary-time-unit" | "system-tags" | "tag" | "console-output" => {
            "Results"
        }
        _ => "Network",
    }
}

/// The flags of test options that were given, in the form that the options crate reads.
pub(crate) fn option_flags(matches: &ArgMatches) -> Vec<(String, String)> {
    let mut given = Vec::new();
    for flag in OPTION_FLAGS {
        let name = format!("--{}", flag.long);
        for text in matches.get_many::<String>(flag.long).into_iter().flatten() {
            given.push((name.clone(), text.clone()));
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_flag_of_an_option_is_one_that_the_options_know() {
        for flag in OPTION_FLAGS {
            let name = format!("--{}", flag.long);
            assert!(
                brunt_options::TABLE
                    .iter()
                    .any(|spec| spec.flag == Some(&*name)),
                "{name} sets nothing"
            );
        }
    }

    #[test]
    fn every_flag_that_the_options_know_is_there() {
        for flag in brunt_options::TABLE.iter().filter_map(|spec| spec.flag) {
            let known = OPTION_FLAGS
                .iter()
                .any(|own| flag == format!("--{}", own.long));
            assert!(known, "{flag} is missing");
        }
    }
}
