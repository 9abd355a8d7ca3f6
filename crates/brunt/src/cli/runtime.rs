//! Flags of k6 that set up the run around a test and are no options of it.
//!
//! Apart from the table of options, because a script cannot set them: they say how it is loaded, what
//! is logged and what is kept. What nothing acts on yet is read all the same, and named in a warning.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};

/// Flags that nothing acts on yet, by their long names.
const WITHOUT_EFFECT: &[&str] = &["profiling-enabled", "secret-source", "traces-output"];

/// A switch: `--name`, `--name=false`, or its variable with one of Go's forms.
pub(super) fn switch(name: &'static str, env: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .env(env)
        .num_args(0..=1)
        .require_equals(true)
        .default_value("false")
        .default_missing_value("true")
        .value_name("BOOL")
        .hide_default_value(true)
        .value_parser(go_bool)
}

/// Go's forms of a truth value, which k6's variables have.
pub(super) fn go_bool(text: &str) -> Result<bool, String> {
    brunt_options::parse_bool(text).ok_or_else(|| "use true or false".to_owned())
}

/// Where the help of each command has what all of them take.
pub(super) const GLOBAL: &str = "Global Options";

/// Of every command.
pub(super) fn global() -> [Arg; 4] {
    let of_run = |arg: Arg| arg.global(true).help_heading(GLOBAL);
    [
        of_run(Arg::new("address").long("address").short('a'))
            .value_name("HOST:PORT")
            .env("K6_ADDRESS")
            .help("Where the REST API of a test is [default: off; localhost:6565 with an externally-controlled scenario]"),
        of_run(Arg::new("log-output").long("log-output"))
            .value_name("WHERE")
            .env("K6_LOG_OUTPUT")
            .help("Where log lines go: stderr, stdout, none or file=PATH[,level=LEVEL]"),
        of_run(switch("profiling-enabled", "K6_PROFILING_ENABLED")).hide(true),
        of_run(Arg::new("secret-source").long("secret-source"))
            .value_name("SOURCE")
            .action(ArgAction::Append)
            .help("Where k6/secrets looks; repeatable; without effect yet"),
    ]
}

/// Of `run`.
pub(super) fn of_run() -> Vec<Arg> {
    vec![
        Arg::new("scenario")
            .long("scenario")
            .help_heading("Load")
            .value_name("NAME")
            .action(ArgAction::Append)
            .help("Run only this scenario; repeatable"),
        Arg::new("once")
            .long("once")
            .help_heading("Load")
            .action(ArgAction::SetTrue)
            .help("Run one iteration of each scenario, to try a script"),
        Arg::new("shutdown-budget")
            .long("shutdown-budget")
            .value_name("TIME")
            .env("BRUNT_SHUTDOWN_BUDGET")
            .value_parser(brunt_options::parse_duration)
            .help("How long it may take from SIGTERM to the end of the process [default: 25s]"),
        Arg::new("explain-config")
            .long("explain-config")
            .value_name("FORM")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("text")
            .value_parser(["text", "json"])
            .help("Shows every option's value and where it comes from, and runs nothing"),
        switch("linger", "K6_LINGER")
            .short('l')
            .help("Stay after the test, with the REST API, until Ctrl-C or `brunt stop`"),
        Arg::new("features")
            .long("features")
            .value_name("NAMES")
            .env("K6_FEATURES")
            .action(ArgAction::Append)
            .value_delimiter(',')
            .help("Experimental features to turn on, such as merge-run-tags; repeatable"),
        Arg::new("compatibility-mode")
            .long("compatibility-mode")
            .value_name("MODE")
            .env("K6_COMPATIBILITY_MODE")
            .default_value("extended")
            .hide_possible_values(true)
            .value_parser(["base", "extended", "experimental_enhanced"])
            .help("base leaves out the global `global`; extended has it"),
        Arg::new("type")
            .long("type")
            .short('t')
            .value_name("TYPE")
            .env("K6_TYPE")
            .value_parser(["js", "archive"])
            .help("What SCRIPT is, unless its content tells"),
        Arg::new("junit")
            .long("junit")
            .value_name("FILE")
            .env("BRUNT_JUNIT")
            .help_heading("Results")
            .help("Writes thresholds and checks as a JUnit report, for CI servers"),
        switch(
            "new-machine-readable-summary",
            "K6_NEW_MACHINE_READABLE_SUMMARY",
        )
        .help_heading("Results")
        .help("handleSummary and --summary-export get the newer form, with groups and scenarios"),
        Arg::new("traces-output")
            .long("traces-output")
            .value_name("WHERE")
            .env("K6_TRACES_OUTPUT")
            .default_value("none")
            .help("Where spans go: none or otel[=proto://host:port]; without effect yet"),
    ]
}

/// The flags that were set, by whatever means, and that nothing acts on yet: each as the user wrote it.
pub(crate) fn without_effect(matches: &ArgMatches) -> Vec<String> {
    let given = |name: &&&str| {
        let source = matches.try_contains_id(name).unwrap_or(false);
        let source = source.then(|| matches.value_source(name)).flatten();
        !matches!(source, None | Some(ValueSource::DefaultValue))
    };
    let kind = matches.try_get_one::<String>("type").ok().flatten();
    let archive = kind.filter(|kind| *kind == "archive");
    let archive = archive.map(|_| "--type=archive".to_owned());
    WITHOUT_EFFECT
        .iter()
        .filter(given)
        .map(|name| format!("--{name}"))
        .chain(archive)
        .collect()
}
