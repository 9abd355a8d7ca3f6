//! `brunt convert`: result files in, outputs of samples out. What reads files is `brunt-convert`; here are
//! the command, and what is different from a run: outputs are waited for, and files appear when whole.

mod progress;
mod whole;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use brunt_convert::{Broken, Inputs, Known, Options, Tally};
use brunt_engine::{Level, LogSink, Record};
use brunt_metrics::{Interner, MetricKind, Registry, SampleBatch, SystemTags, ValueType};
use brunt_output::{Account, Drain, EdgeSender, Item, Log, OutputContext, Spool, Wants};
use clap::{Arg, ArgAction, ArgMatches, Command};
use tokio::runtime::Runtime;

use self::progress::Progress;
use self::whole::Whole;
use crate::exit::{Exit, Failure};
use crate::run::outputs::{self, Delivered, GaveUp};
use crate::terminal::Terminal;

/// Whatever the files need, an output may take it.
const NO_LIMIT: Duration = Duration::from_hours(24 * 365);

/// About what a series takes in the interner.
const SERIES_BYTES: u64 = 200;

/// The command.
pub(crate) fn command() -> Command {
    Command::new("convert")
        .about("Reads result files and writes them to any output of samples")
        .after_help(
            "Inputs are k6's JSON lines and CSV (plain, .gz, .zst, cut off by a crash too), and Parquet files and Arrow
streams of brunt's; what they are is told by their content. A folder stands for all results in it, - for the
standard input. Files of one kind at a time.

The exit code is 123 if a line was broken, unless --skip-invalid is given; what could be read is written.

Examples:
  brunt convert results.json.gz --out parquet=results.parquet
  brunt convert results/ --out csv=all.csv.zst,timeFormat=rfc3339_nano --out arrow=all.arrow
  zcat results.json.gz | brunt convert - --out json=copy.json
  brunt convert run.csv --metric orders=counter --metric took=trend:time --out json=run.json",
        )
        .arg(
            Arg::new("input")
                .required(true)
                .num_args(1..)
                .value_name("INPUT")
                .help("A result file, a folder, a pattern, or - for standard input; repeatable"),
        )
        .arg(
            Arg::new("out")
                .long("out")
                .short('o')
                .action(ArgAction::Append)
                .required(true)
                .value_name("NAME[=TARGET][,KEY=VALUE…]")
                .help("Where to: json, csv, parquet, arrow or exec; see `brunt outputs`; repeatable"),
        )
        .arg(
            Arg::new("metric")
                .long("metric")
                .action(ArgAction::Append)
                .value_name("NAME=KIND[:CONTENT]")
                .value_parser(metric)
                .help("What a metric of a CSV file is: counter, gauge, rate or trend, of default, time or data [default: trend]; repeatable"),
        )
        .arg(
            Arg::new("skip-invalid")
                .long("skip-invalid")
                .action(ArgAction::SetTrue)
                .help("Exit with 0 even if lines were broken and left out"),
        )
        .arg(
            Arg::new("memory-limit")
                .long("memory-limit")
                .value_name("BYTES")
                .default_value("512MB")
                .value_parser(memory)
                .help("How much memory it may take, about"),
        )
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

/// Converts; the exit code tells whether all of it could be read and written.
pub(crate) fn run(matches: &ArgMatches, terminal: &Arc<Terminal>) -> Result<Exit, Failure> {
    let names: Vec<String> = matches
        .get_many("input")
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let out: Vec<String> = matches
        .get_many("out")
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let memory = matches
        .get_one::<u64>("memory-limit")
        .copied()
        .unwrap_or(512_000_000);
    let log: Arc<dyn LogSink> = Arc::clone(&terminal.log) as _;

    // Everything that can be wrong is found before anything is written.
    let (configured, files) = whole::configure(&outputs::catalogue(), &out)
        .map_err(|error| Failure::new(Exit::InvalidConfig, error.to_string()))?;
    let takes_samples = |one: &brunt_output::Configured| one.output.wants() == Wants::Samples;
    if let Some(one) = configured.iter().find(|one| !takes_samples(one)) {
        let message = format!(
            "--out {}: convert writes every sample, and this output takes sums over time: use json, csv, parquet, arrow or exec",
            one.instance
        );
        return Err(Failure::new(Exit::InvalidConfig, message));
    }
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
    let drain = Drain::within(NO_LIMIT);
    let context = OutputContext {
        registry: Arc::clone(&known.registry),
        interner: Arc::clone(&known.interner),
        system_tags: SystemTags::default(),
        declarations: Arc::new(declared.declarations),
        instance: declared.instance.unwrap_or_default().into(),
        utc_offset: declared.utc_offset,
        spool: Spool::off(),
        drain: drain.clone(),
        account: Account::default(),
        log: Log::default(),
    };
    let conversion = Conversion {
        inputs: &inputs,
        options: Options {
            known,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        },
        room: usize::try_from(memory / 16).unwrap_or(usize::MAX) / configured.len().max(1),
        quiet: matches.get_flag("quiet"),
        runtime: runtime()?,
        log,
    };
    let running = conversion.runtime.block_on(outputs::check(configured))?;
    let read = {
        // Starting an output needs the runtime.
        let _entered = conversion.runtime.enter();
        let (edges, running) = running.start(&context, &conversion.log);
        let read = conversion.read(edges);
        let delivered = conversion.runtime.block_on(running.finish(&drain));
        (read, delivered)
    };
    let (read, delivered) = read;
    let tally = read?;
    let written = conversion.report(&tally, &delivered, files);
    if !written {
        return Ok(Exit::Undelivered);
    }
    if tally.broken > 0 && !matches.get_flag("skip-invalid") {
        return Ok(Exit::InvalidInput);
    }
    Ok(Exit::Success)
}

fn usage(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Usage, error.to_string())
}

fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("brunt-control")
        .enable_all()
        .build()
        .map_err(|error| usage(format!("cannot start: {error}")))
}

/// What becomes of the outputs' files when the reading ends early.
const TAKEN_BACK: &str =
    "files of json, csv and arrow were not written, those of parquet end where the reading did";

struct Conversion<'a> {
    inputs: &'a Inputs,
    options: Options,
    /// Bytes that may wait for an output before the next batch is given to it.
    room: usize,
    quiet: bool,
    runtime: Runtime,
    log: Arc<dyn LogSink>,
}

impl Conversion<'_> {
    /// Gives every sample to all outputs, as fast as the slowest takes them.
    fn read(&self, edges: Vec<(Wants, EdgeSender)>) -> Result<Tally, Failure> {
        let interrupted = Arc::new(AtomicBool::new(false));
        self.runtime.spawn({
            let interrupted = Arc::clone(&interrupted);
            async move {
                if tokio::signal::ctrl_c().await.is_ok() {
                    interrupted.store(true, Ordering::Relaxed);
                }
            }
        });
        let rows = Arc::new(AtomicU64::new(0));
        let progress = Progress::start(
            self.quiet,
            self.inputs.bytes(),
            self.inputs.bytes_read(),
            Arc::clone(&rows),
        );
        let give = |batch: SampleBatch| {
            rows.fetch_add(batch.samples.len() as u64, Ordering::Relaxed);
            let batch = Arc::new(batch);
            let mut taken = false;
            for (_, edge) in &edges {
                // One that has gone does not keep the others from theirs.
                if self.runtime.block_on(edge.room(self.room)) {
                    edge.push(Item::Samples(Arc::clone(&batch)));
                    taken = true;
                }
            }
            taken && !interrupted.load(Ordering::Relaxed)
        };
        let tell = |broken: &Broken| {
            let Broken {
                name,
                line,
                offset,
                reason,
            } = broken;
            self.say(
                Level::Warn,
                format!("{name}, line {line} (byte {offset}): {reason}; left out"),
            );
        };
        let read = brunt_convert::read(self.inputs, &self.options, give, tell);
        drop(progress);
        // The outputs end when nobody gives them anything any more.
        drop(edges);
        if interrupted.load(Ordering::Relaxed) {
            return Err(Failure::new(
                Exit::Signal,
                format!("interrupted: {TAKEN_BACK}"),
            ));
        }
        read.map_err(|error| Failure::new(Exit::InvalidInput, format!("{error}; {TAKEN_BACK}")))
    }

    /// Says what was read and written, and gives whole files their names; whether all was written.
    fn report(&self, tally: &Tally, delivered: &[Delivered], files: Vec<Whole>) -> bool {
        for notice in &tally.notices {
            self.say(Level::Info, notice.clone());
        }
        if tally.broken > 0 {
            let message = format!("{} broken lines were left out", tally.broken);
            self.say(Level::Warn, message);
        }
        if tally.doubtful > 0 {
            let message = format!(
                "{} rows have tags that could have meant something else, because k6 does not escape `extra_tags`",
                tally.doubtful
            );
            self.say(Level::Warn, message);
        }
        let mut whole = true;
        for one in delivered {
            let counts = &one.counts;
            if counts.lost() || one.report.is_err() {
                whole = false;
            }
            if !self.quiet {
                self.say(
                    Level::Info,
                    format!(
                        "{}: {} of {} samples written",
                        one.instance, counts.delivered, tally.samples
                    ),
                );
            }
            if let Some(reason) = counts
                .first_rejection
                .as_ref()
                .or(counts.last_error.as_ref())
            {
                self.say(Level::Warn, format!("{}: {reason}", one.instance));
            }
            if let Err(GaveUp::Unsaid(error)) = &one.report {
                self.say(Level::Error, format!("{}: {error}", one.instance));
            }
        }
        for file in files {
            // Samples that the format cannot hold are missing in a whole file; one that failed is not whole.
            let broke = delivered
                .iter()
                .any(|one| one.instance == file.instance() && one.report.is_err());
            if !broke && let Err(error) = file.keep() {
                self.say(Level::Error, error);
                whole = false;
            }
        }
        whole
    }

    fn say(&self, level: Level, message: String) {
        self.log.log(Record {
            level,
            message,
            fields: Vec::new(),
        });
    }
}
