//! The result files that a command reads: its flags, what is known of the files before their samples, and what
//! is said about them. The same for every command that reads results.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use brunt_aggregate::{MetricKey, Submetric, Thresholds};
use brunt_convert::{Broken, Declared, Inputs, Known, Options, Tally};
use brunt_engine::{Level, LogSink, Record};
use brunt_metrics::{Interner, MetricKind, Registry, SampleBatch, ValueType, builtin};
use brunt_output::DeclaredSubmetric;
use clap::{Arg, ArgAction, ArgMatches};

use super::progress::Progress;
use crate::exit::{Exit, Failure};

/// About what a series takes in the interner.
const SERIES_BYTES: u64 = 200;

/// What `--memory-limit` is without the flag.
const MEMORY: u64 = 512_000_000;

/// The files.
pub(crate) fn input() -> Arg {
    Arg::new("input")
        .required(true)
        .num_args(1..)
        .value_name("INPUT")
        .help("A result file, a folder, a pattern, s3://BUCKET/PREFIX, or - for standard input; repeatable")
}

/// How files are read.
pub(crate) fn args() -> [Arg; 3] {
    [
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
    /// Finds the files of `input` and reads what they declare.
    pub(crate) fn open(matches: &ArgMatches) -> Result<Self, Failure> {
        let names = matches.get_many("input").into_iter().flatten();
        let names: Vec<String> = names.cloned().collect();
        Self::of(&names, matches)
    }

    /// The same of files named otherwise.
    pub(crate) fn of(names: &[String], matches: &ArgMatches) -> Result<Self, Failure> {
        let memory = matches.get_one::<u64>("memory-limit");
        let memory = memory.copied().unwrap_or(MEMORY);
        let inputs = Inputs::find(names).map_err(usage)?;
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

    /// Gives every sample to `take`, and says what was noticed on the way.
    pub(crate) fn read(
        &self,
        quiet: bool,
        log: &Arc<dyn LogSink>,
        mut take: impl FnMut(&SampleBatch),
    ) -> Result<Tally, Failure> {
        let rows = Arc::new(AtomicU64::new(0));
        let inputs = &self.inputs;
        let (bytes, read) = (inputs.bytes(), inputs.bytes_read());
        let progress = Progress::start(quiet, bytes, read, Arc::clone(&rows));
        let options = Options {
            known: self.known.clone(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            instance_tag: false,
        };
        let read = brunt_convert::read(
            inputs,
            &options,
            |batch| {
                rows.fetch_add(batch.samples.len() as u64, Ordering::Relaxed);
                take(&batch);
                true
            },
            |broken| tell(log, broken),
        );
        drop(progress);
        let tally = read.map_err(|error| Failure::new(Exit::InvalidInput, error.to_string()))?;
        report(log, &tally);
        Ok(tally)
    }

    /// The sub-metrics of thresholds, those that the files tell, and the one that every run has.
    pub(crate) fn submetrics(&self, thresholds: &Thresholds) -> Vec<Submetric> {
        let mut all: Vec<Submetric> = thresholds.submetrics().collect();
        for (name, declaration) in &self.declared.declarations {
            let Some(metric) = self.known.registry.get(name) else {
                continue;
            };
            for DeclaredSubmetric { suffix, .. } in &declaration.submetrics {
                // The same reading of the text as that of thresholds.
                let key = MetricKey::parse(&format!("{name}{{{suffix}}}"));
                if let Some((suffix, tags)) = key.ok().and_then(|key| key.submetric) {
                    let metric = metric.id;
                    all.push(Submetric {
                        metric,
                        suffix,
                        tags,
                    });
                }
            }
        }
        all.push(Submetric {
            metric: builtin::HTTP_REQ_DURATION,
            suffix: "expected_response:true".to_owned(),
            tags: std::iter::once(("expected_response", "true")).collect(),
        });
        all
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
