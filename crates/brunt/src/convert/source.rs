//! The result files that a command reads: its flags, what is known of the files before their samples, and what
//! is said about them. The same for every command that reads results.

use std::sync::Arc;

use brunt_convert::{Broken, Declared, Inputs, Known, Tally};
use brunt_engine::{Level, LogSink, Record};
use brunt_metrics::{Interner, MetricKind, Registry, ValueType};
use clap::{Arg, ArgAction, ArgMatches};

use crate::exit::{Exit, Failure};

/// About what a series takes in the interner.
const SERIES_BYTES: u64 = 200;

/// What `--memory-limit` is without the flag.
const MEMORY: u64 = 512_000_000;

/// The flags.
pub(crate) fn args() -> [Arg; 4] {
    [
        Arg::new("input")
            .required(true)
            .num_args(1..)
            .value_name("INPUT")
            .help("A result file, a folder, a pattern, or - for standard input; repeatable"),
        Arg::new("metric")
            .long("metric")
            .action(ArgAction::Append)
            .value_name("NAME=KIND[:CONTENT]")
            .value_parser(metric)
            .help("What a metric of a CSV file is: counter, gauge, rate or trend, of default, time or data [default: trend]; repeatable"),
        Arg::new("skip-invalid")
            .long("skip-invalid")
            .action(ArgAction::SetTrue)
            .help("Do not exit with 123 because lines were broken and left out"),
        Arg::new("memory-limit")
            .long("memory-limit")
            .value_name("BYTES")
            .default_value("512MB")
            .value_parser(memory)
            .help("How much memory it may take, about"),
    ]
}

fn memory(text: &str) -> Result<u64, String> {
    brunt_output::settings::parse_size(text)
        .filter(|bytes| *bytes >= 64_000_000)
        .ok_or_else(|| "write a size of at least 64MB, such as 512MB or 2GiB".to_owned())
}

/// A metric as `--metric` names it.
type Given = (String, MetricKind, ValueType);

fn metric(text: &str) -> Result<Given, String> {
    let wrong = "write a name and what it is, such as orders=counter or took=trend:time";
    let (name, what) = text.split_once('=').ok_or(wrong)?;
    let (kind, contains) = what.split_once(':').unwrap_or((what, "default"));
    let kind = match kind {
        "counter" => MetricKind::Counter,
        "gauge" => MetricKind::Gauge,
        "rate" => MetricKind::Rate,
        "trend" => MetricKind::Trend,
        _ => return Err(wrong.to_owned()),
    };
    let contains = match contains {
        "default" => ValueType::Default,
        "time" => ValueType::Time,
        "data" => ValueType::Data,
        _ => return Err(wrong.to_owned()),
    };
    Ok((name.to_owned(), kind, contains))
}

/// Files that were found, and what they say beside their samples.
pub(crate) struct Source {
    pub(crate) inputs: Inputs,
    /// Where their metrics and series are made.
    pub(crate) known: Known,
    pub(crate) declared: Declared,
    /// Bytes that the command may take.
    pub(crate) memory: u64,
}

impl Source {
    /// Finds the files and reads what they declare.
    pub(crate) fn open(matches: &ArgMatches) -> Result<Self, Failure> {
        let names = matches.get_many("input").into_iter().flatten();
        let names: Vec<String> = names.cloned().collect();
        let memory = matches.get_one::<u64>("memory-limit");
        let memory = memory.copied().unwrap_or(MEMORY);
        let inputs = Inputs::find(&names).map_err(usage)?;
        let most = usize::try_from(memory / 4 / SERIES_BYTES).unwrap_or(usize::MAX);
        let known = Known {
            registry: Arc::new(Registry::new()),
            interner: Arc::new(Interner::new(most.min(Interner::DEFAULT_MAX_SERIES))),
        };
        for (name, kind, contains) in matches.get_many::<Given>("metric").into_iter().flatten() {
            let made = known.registry.register(name, *kind, *contains);
            made.map_err(|error| Failure::new(Exit::InvalidConfig, format!("--metric: {error}")))?;
        }
        let declared = brunt_convert::declared(&inputs, &known.registry).map_err(usage)?;
        Ok(Self {
            inputs,
            known,
            declared,
            memory,
        })
    }
}

fn usage(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Usage, error.to_string())
}

/// Says that a line is broken.
pub(crate) fn tell(log: &Arc<dyn LogSink>, broken: &Broken) {
    let Broken {
        name,
        line,
        offset,
        reason,
    } = broken;
    let message = format!("{name}, line {line} (byte {offset}): {reason}; left out");
    say(log, Level::Warn, message);
}

/// Says what was noticed while the files were read.
pub(crate) fn report(log: &Arc<dyn LogSink>, tally: &Tally) {
    for notice in &tally.notices {
        say(log, Level::Info, notice.clone());
    }
    if tally.broken > 0 {
        let message = format!("{} broken lines were left out", tally.broken);
        say(log, Level::Warn, message);
    }
    if tally.doubtful > 0 {
        let message = format!(
            "{} rows have tags that could have meant something else, because k6 does not escape `extra_tags`",
            tally.doubtful
        );
        say(log, Level::Warn, message);
    }
}

fn say(log: &Arc<dyn LogSink>, level: Level, message: String) {
    log.log(Record {
        level,
        message,
        fields: Vec::new(),
    });
}
